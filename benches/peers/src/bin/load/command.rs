//! One line on stdin, read into what it asks for.

use std::str::{FromStr, SplitWhitespace};
use std::time::Duration;

use crate::exchange::Way;
use crate::run::Stop;
use peers::wire::HEAD;

/// What a line may ask for; the head of `main.rs` says what each does.
pub enum Command {
    Open {
        name: String,
        port: u16,
        conns: usize,
    },
    /// `rr` and `count`, `httprr` and `httpcount`: the first of each differs from the second only in
    /// when it stops.
    Rounds {
        name: String,
        stop: Stop,
        way: Way,
    },
    Bulk {
        name: String,
        flows: usize,
        bytes: u64,
        upload: bool,
    },
    Idle {
        port: u16,
        conns: usize,
    },
    Accepted {
        port: u16,
    },
    Close {
        name: String,
    },
}

impl Command {
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split_whitespace();
        let verb = words.next().unwrap_or_default();
        match verb {
            "open" => Ok(Self::Open {
                name: word(&mut words, "NAME")?,
                port: word(&mut words, "PORT")?,
                conns: word(&mut words, "CONNS")?,
            }),
            "rr" | "httprr" => {
                let name = word(&mut words, "NAME")?;
                let stop = Stop::After(Duration::from_millis(word(&mut words, "MILLIS")?));
                Ok(Self::Rounds { name, stop, way: way(verb, &mut words)? })
            }
            "count" | "httpcount" => {
                let name = word(&mut words, "NAME")?;
                let stop = Stop::Requests(word(&mut words, "REQUESTS")?);
                Ok(Self::Rounds { name, stop, way: way(verb, &mut words)? })
            }
            "bulk" => {
                let name = word(&mut words, "NAME")?;
                let flows: usize = word(&mut words, "FLOWS")?;
                let bytes = word(&mut words, "TOTAL_BYTES")?;
                let direction: String = word(&mut words, "DIRECTION")?;
                if !matches!(direction.as_str(), "download" | "upload") {
                    return Err("DIRECTION is download or upload".into());
                }
                if flows == 0 || bytes < flows as u64 {
                    return Err("FLOWS is at least 1, and each moves a byte".into());
                }
                Ok(Self::Bulk { name, flows, bytes, upload: direction == "upload" })
            }
            "idle" => Ok(Self::Idle { port: word(&mut words, "PORT")?, conns: word(&mut words, "N")? }),
            "accepted" => Ok(Self::Accepted { port: word(&mut words, "PORT")? }),
            "close" => Ok(Self::Close { name: word(&mut words, "NAME")? }),
            other => Err(format!("no verb is called {other}")),
        }
    }
}

/// What each exchange is, at the end of a line that says how many there are.
fn way(verb: &str, words: &mut SplitWhitespace<'_>) -> Result<Way, String> {
    if verb.starts_with("http") {
        return Ok(Way::Get { bytes: word(words, "BODY_BYTES")? });
    }
    let request = word(words, "REQ_BYTES")?;
    let answer = word(words, "RESP_BYTES")?;
    if (request as usize) < HEAD || answer == 0 {
        return Err(format!("a request has {HEAD} bytes and an answer 1, at least"));
    }
    Ok(Way::Ask { request, answer })
}

fn word<T: FromStr>(words: &mut SplitWhitespace<'_>, what: &str) -> Result<T, String> {
    words.next().and_then(|word| word.parse().ok()).ok_or_else(|| format!("{what} is missing"))
}
