//! Runs the engine without Node, for what has to be counted exactly.
//!
//! ```text
//! fourseven-driver LISTEN TO[,TO…] [workers=N|auto] [algorithm=cycle|least] [accept=per-worker|hand-off] [portable]
//!                  [log=FILE|json=FILE]
//! ```
//!
//! Prints `listening PORT` and then answers lines: `count` (live bytes and allocations so far),
//! `read` (the counters), `plan LISTEN TO[,TO…] …` (applies another plan, or says why not), `quit`. At the end of its
//! input it goes on until it is killed.

mod count;
mod options;

use std::collections::BTreeMap;
use std::io::{BufRead, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use engine::{ENDPOINT_FIELDS, Engine, HEADER, HISTOGRAM_LENGTH, LISTENER_FIELDS, Outcome};

use options::Options;

#[global_allocator]
static ALLOCATOR: count::Counting = count::Counting;

fn main() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut engine = Engine::start().map_err(|error| error.to_string())?;
    println!("listening {}", apply(&engine, &Options::parse(&words)?, 1)?);
    let mut version = 1;
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| error.to_string())?;
        let words: Vec<String> = line.split_whitespace().map(String::from).collect();
        match words.split_first() {
            Some((word, [])) if word == "count" => {
                println!("{} {}", count::live(), count::allocations())
            }
            Some((word, [])) if word == "read" => println!("{}", read(&engine)),
            Some((word, [])) if word == "quit" => {
                engine.shutdown(Duration::from_secs(1));
                return Ok(());
            }
            Some((word, rest)) if word == "plan" => {
                version += 1;
                match apply(&engine, &Options::parse(rest)?, version) {
                    Ok(address) => println!("listening {address}"),
                    Err(problems) => println!("refused {problems}"),
                }
            }
            _ => return Err(format!("unknown: {line}")),
        }
        std::io::stdout().flush().map_err(|error| error.to_string())?;
    }
    // Started without an input: whoever started it ends it.
    loop {
        std::thread::park();
    }
}

/// Applies the plan and returns the port, or the path, of its listener.
fn apply(engine: &Engine, options: &Options, version: u32) -> Result<String, String> {
    let (done, wait) = channel();
    let (json, tables) = options.plan(version);
    engine.apply(json, tables, move |outcome| drop(done.send(outcome)));
    match wait.recv().map_err(|error| error.to_string())? {
        Outcome::Applied(applied) => Ok(match applied.listeners.first() {
            Some((_, plan::Address::Tcp { port, .. })) => port.to_string(),
            Some((_, plan::Address::Unix { path })) => path.clone(),
            None => String::new(),
        }),
        refused => Err(format!("{refused:?}")),
    }
}

/// The counters that tests look at, by name; numbers of endpoints are added up.
fn read(engine: &Engine) -> serde_json::Value {
    let Some(index) = engine.index() else {
        return serde_json::Value::Null;
    };
    let mut row = vec![0.0; index.length];
    engine.read(&mut row);
    let listeners = HEADER.len();
    let head = |name: &str| HEADER.iter().position(|field| *field == name).and_then(|at| row.get(at));
    let listener = |name: &str| {
        let at = LISTENER_FIELDS.iter().position(|field| *field == name);
        at.and_then(|at| row.get(listeners + at))
    };
    let each = ENDPOINT_FIELDS.len() + HISTOGRAM_LENGTH;
    let faults = row.len() - index.faults.len();
    let endpoints = faults - index.endpoints.len() * each;
    let sum = |name: &str| {
        let field = ENDPOINT_FIELDS.iter().position(|field| *field == name).unwrap_or_default();
        row.iter().skip(endpoints + field).step_by(each).take(index.endpoints.len()).sum::<f64>()
    };
    let counted = index.faults.iter().zip(row.iter().skip(faults)).filter(|(_, count)| **count > 0.0);
    let answered = ["1xx", "2xx", "3xx", "4xx", "5xx"].map(listener);
    serde_json::json!({
        "workers": head("workers"),
        "logWritten": head("logWritten"),
        "logDropped": head("logDropped"),
        "accepted": listener("accepted"),
        "requests": listener("requests"),
        "bytesIn": listener("bytesIn"),
        "bytesOut": listener("bytesOut"),
        "answered": answered,
        "open": sum("open"),
        "inflight": sum("inflight"),
        "faults": counted.map(|(label, count)| (label.to_string(), *count)).collect::<BTreeMap<_, _>>(),
    })
}
