//! What the access log says of many requests, and what a line costs.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::http::{clients, instructions_each, requests};
use crate::requests::{CONNECTIONS, MOST, allocations, calls};
use crate::support::{Driver, eventually, is_release, skip, web};

/// How many requests there are at least.
const MANY: usize = 100_000;
/// User instructions for a request with a line.
const MOST_INSTRUCTIONS: f64 = 13_500.0;

/// A file that is removed with its drop.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("fourseven-{name}-{}", std::process::id())))
    }

    /// The word that has the driver log there.
    fn word(&self, format: &str) -> String {
        format!("{format}={}", self.0.display())
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_lines_of_100_000_requests_add_up_to_the_counters() {
    let file = File::new("lines");
    let mut driver = Driver::http(&[&web().to_string(), "workers=2", &file.word("json")]);
    requests(&mut clients(driver.address, CONNECTIONS), MANY.div_ceil(CONNECTIONS));
    eventually("every line is written", || driver.read().lines.0 as usize >= MANY);
    let counted = driver.read();
    driver.quit();
    let text = fs::read_to_string(&file.0).unwrap();
    let (mut count, mut bytes_in, mut bytes_out, mut answered) = (0, 0, 0, vec![0; 5]);
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let number = |name: &str| line[name].as_u64().unwrap();
        count += 1;
        bytes_in += number("bytesIn");
        bytes_out += number("bytesOut");
        answered[number("status") as usize / 100 - 1] += 1;
        assert!(line["target"] == "/page?x=1" && line["fault"].is_null() && line["total"].is_f64(), "{line}");
    }
    assert!(text.ends_with('\n'));
    assert_eq!((count, 0), counted.lines);
    assert_eq!((count, bytes_in, bytes_out), (counted.requests, counted.bytes_in, counted.bytes_out));
    assert_eq!(answered, counted.answered);
}

#[test]
fn a_line_allocates_nothing() {
    let to = web().to_string();
    for format in ["json", "log"] {
        let file = File::new(&format!("allocations-{format}"));
        let mut driver = Driver::http(&[&to, "workers=1", &file.word(format)]);
        let mut clients = clients(driver.address, CONNECTIONS);
        // Until every buffer was used that goes from hand to hand.
        requests(&mut clients, 150);
        let each = allocations(&mut driver, |rounds| requests(&mut clients, rounds));
        assert!(each < 0.002, "{format}: {each} allocations a request");
    }
}

#[test]
fn a_line_makes_hardly_a_system_call() {
    let name = "a_line_makes_hardly_a_system_call";
    let file = File::new("calls");
    let (to, log) = (web().to_string(), file.word("log"));
    let (few, many) = (50, 350);
    let run = |rounds| {
        calls("http://0", &[&to, "workers=1", &log], |driver| {
            requests(&mut clients(driver.address, CONNECTIONS), rounds)
        })
    };
    let (first, second) = match run(few).and_then(|first| Ok((first, run(many)?))) {
        Ok(counted) => counted,
        Err(error) => return skip(name, &error),
    };
    let each = (second as f64 - first as f64) / ((many - few) * CONNECTIONS) as f64;
    println!("{each:.2} system calls a logged request");
    assert!(each <= MOST + 0.1, "{each} system calls a logged request");
}

#[test]
fn a_line_takes_few_instructions() {
    let name = "a_line_takes_few_instructions";
    if !is_release() {
        return println!("not counted: the driver was not built by the profile `release`");
    }
    let to = web().to_string();
    for format in ["log", "json"] {
        let file = File::new(&format!("instructions-{format}"));
        let each = match instructions_each(&[&to, "workers=1", &file.word(format)]) {
            Ok(counted) => counted,
            Err(error) => return skip(name, &error),
        };
        println!("{format}: {each:.0} user instructions a logged request");
        assert!(each <= MOST_INSTRUCTIONS, "{format}: {each} instructions a logged request");
    }
}
