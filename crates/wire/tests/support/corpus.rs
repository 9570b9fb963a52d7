//! The hostile messages of `__test__/corpus/hostile.json`, each with the right answer.
//!
//! Bytes are written as text: `⏎` is CR LF, and any other character stands for the one byte of its number,
//! so none is above U+00FF. A list joins its parts, and `{ "repeat": …, "times": … }` is one of them. With
//! `each`, a row is tried with every one of those in the place of `◇`.
//!
//! | field | meaning |
//! | --- | --- |
//! | `sends` | what the client sends; else a plain GET |
//! | `admits` | every request that reaches the endpoint, without what we add; else none does |
//! | `cut` | the head may reach the endpoint, the end of the body never does, and a reset tells so |
//! | `answers` | the statuses that the client gets, interim ones too |
//! | `answered` | what the endpoint answers; else each request by its first line |
//! | `behind` | what it sends behind that |
//! | `delivers` | every byte that the client then gets |
//! | `kept` | the endpoint's connection serves the next request; else a row with `answered` has ended it |
//! | `aborts` | where a part of the answer has gone out before it was wrong, the client is reset instead |
//! | `endpoint` | `refuses`: nobody listens there |
//! | `segment` | bytes a segment, where one each would take too long |

use serde_json::Value;

const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../__test__/corpus/hostile.json"));

/// One hostile message, and the right answer.
#[derive(Debug, Default)]
#[allow(dead_code, reason = "each suite looks at what concerns it")]
pub struct Row {
    /// Its id, and which of `each` it is.
    pub name: String,
    pub sends: Vec<u8>,
    pub admits: Vec<Vec<u8>>,
    pub cut: bool,
    pub answers: Vec<u16>,
    pub answered: Option<Vec<u8>>,
    pub behind: Vec<u8>,
    pub delivers: Option<Vec<u8>>,
    pub kept: bool,
    pub aborts: bool,
    pub refuses: bool,
    pub segment: usize,
}

/// All of them.
pub fn rows() -> Vec<Row> {
    let all: Vec<Value> = serde_json::from_str(TEXT).expect("JSON");
    all.iter().flat_map(rows_of).collect()
}

fn rows_of(value: &Value) -> Vec<Row> {
    let each = value.get("each").and_then(Value::as_array);
    let texts = |each: &Vec<Value>| each.iter().map(|one| one.as_str().expect("text").to_owned()).collect();
    let each: Vec<String> = each.map_or_else(|| vec![String::new()], texts);
    each.iter().map(|one| row(value, one)).collect()
}

fn row(value: &Value, one: &str) -> Row {
    let known = |name: &str| value.get(name).is_some_and(|value| value.as_bool().expect("true or false"));
    let bytes = |name: &str| value.get(name).map(|value| bytes(value, one));
    let list = |name: &str| value.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let id = value["id"].as_str().expect("an id");
    Row {
        name: format!("{id} {}", one.escape_debug()),
        sends: bytes("sends").unwrap_or_else(|| b"GET / HTTP/1.1\r\nHost: a\r\n\r\n".to_vec()),
        admits: list("admits").iter().map(|admitted| self::bytes(admitted, one)).collect(),
        cut: known("cut"),
        answers: list("answers").iter().map(|status| status.as_u64().expect("a status") as u16).collect(),
        answered: bytes("answered"),
        behind: bytes("behind").unwrap_or_default(),
        delivers: bytes("delivers"),
        kept: known("kept"),
        aborts: known("aborts"),
        refuses: value.get("endpoint").is_some_and(|endpoint| endpoint == "refuses"),
        segment: value.get("segment").map_or(1, |segment| segment.as_u64().expect("a number") as usize),
    }
}

fn bytes(value: &Value, one: &str) -> Vec<u8> {
    match value {
        Value::String(text) => {
            let text = text.replace('◇', one).replace('⏎', "\r\n");
            text.chars().map(|char| u8::try_from(u32::from(char)).expect("one byte")).collect()
        }
        Value::Array(parts) => parts.iter().flat_map(|part| bytes(part, one)).collect(),
        part => bytes(&part["repeat"], one).repeat(part["times"].as_u64().expect("a number") as usize),
    }
}
