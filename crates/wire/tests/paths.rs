//! Paths and their canonical form, by the cases of `__test__/corpus/paths.json`, which TypeScript reads too.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a panic in a test is the report")]

use serde_json::Value;
use wire::{Marks, Reading, Refusal, canonical, split_query};

const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../__test__/corpus/paths.json"));

const MARKS: [(&str, Marks); 6] = [
    ("encodedSlash", Marks::ENCODED_SLASH),
    ("encodedBackslash", Marks::ENCODED_BACKSLASH),
    ("encodedPercent", Marks::ENCODED_PERCENT),
    ("backslash", Marks::BACKSLASH),
    ("semicolon", Marks::SEMICOLON),
    ("bareSemicolon", Marks::BARE_SEMICOLON),
];

/// Conformance: 28, 29.
#[test]
fn a_path_has_one_canonical_form_or_is_refused() {
    let rows: Vec<Value> = serde_json::from_str(TEXT).unwrap();
    for row in &rows {
        let is = |name: &str| row.get(name).is_some_and(|value| value.as_bool().unwrap());
        let reading = Reading { merges: is("merges"), decodes: is("decodes") };
        let mut text = Vec::new();
        let read = canonical(row["came"].as_str().unwrap().as_bytes(), reading, &mut text);
        let has = row.get("has").and_then(Value::as_array).cloned().unwrap_or_default();
        let has = has.iter().map(|name| MARKS.iter().find(|(known, _)| name == known).expect("a mark").1);
        let expected = match row["canonical"].as_str() {
            Some(canonical) => Ok((canonical.to_owned(), has.fold(Marks::default(), Marks::and))),
            None => Err(Refusal::Path),
        };
        let read = read.map(|marks| (String::from_utf8(text).unwrap(), marks));
        assert_eq!(read, expected, "{}: {}", row["what"], row["came"]);
    }
}

#[test]
fn a_query_is_no_part_of_a_path() {
    assert_eq!(split_query(b"/a?b/../?c"), (&b"/a"[..], &b"?b/../?c"[..]));
    assert_eq!(split_query(b"/a"), (&b"/a"[..], &b""[..]));
    assert_eq!(split_query(b"?a"), (&b""[..], &b"?a"[..]));
    assert_eq!(split_query(b""), (&b""[..], &b""[..]));
}
