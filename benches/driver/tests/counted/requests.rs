//! What a request costs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::support::{Driver, echo, greet, skip};

/// Connections that are kept open, and the bytes of a request and of its answer.
const CONNECTIONS: usize = 32;
const SIZE: usize = 256;
/// System calls for a request and its answer: two reads, two writes, and a share of a wait.
const MOST: f64 = 4.2;

fn connect(to: SocketAddr) -> Vec<TcpStream> {
    (0..CONNECTIONS).map(|_| greet(to).unwrap()).collect()
}

/// One request on each connection, all under way at once, so often.
fn requests(clients: &mut [TcpStream], rounds: usize) {
    let (request, mut answer) = ([7; SIZE], [0; SIZE]);
    for _ in 0..rounds {
        clients.iter_mut().for_each(|client| client.write_all(&request).unwrap());
        clients.iter_mut().for_each(|client| client.read_exact(&mut answer).unwrap());
    }
}

#[test]
fn a_request_allocates_nothing() {
    let to = echo().to_string();
    for words in [&[to.as_str(), "workers=1"][..], &[&to, "workers=2", "accept=hand-off"], &[&to, "portable"]] {
        let mut driver = Driver::start(words);
        let mut clients = connect(driver.address);
        requests(&mut clients, 50);
        // Asking allocates too.
        let (first, second) = (driver.count().1, driver.count().1);
        let rounds = 300;
        requests(&mut clients, rounds);
        let made = driver.count().1 - second - (second - first);
        let each = made as f64 / (rounds * CONNECTIONS) as f64;
        println!("{words:?}: {made} allocations in {} requests", rounds * CONNECTIONS);
        assert!(each < 0.001, "{words:?}: {each} allocations a request");
    }
}

/// System calls of a driver that served so many rounds, from its start to its end.
fn calls(words: &[&str], rounds: usize, file: &str) -> Result<u64, String> {
    let driver = Driver::try_by(&["strace", "-f", "-c", "-o", file], words)?;
    let mut clients = connect(driver.address);
    requests(&mut clients, rounds);
    drop(clients);
    driver.quit();
    let table = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    // The last line ends in `total`, and its fourth column counts the calls.
    let total = table.lines().rfind(|line| line.trim_end().ends_with("total")).ok_or(table.clone())?;
    let count = total.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
    count.max().ok_or(total.to_string())
}

#[test]
fn a_request_makes_few_system_calls() {
    let name = "a_request_makes_few_system_calls";
    if Command::new("strace").arg("-V").output().is_err() {
        return skip(name, "strace is not installed");
    }
    let to = echo().to_string();
    let file = std::env::temp_dir().join(format!("fourseven-strace-{}", std::process::id()));
    let file = file.to_str().unwrap();
    for words in [&[to.as_str(), "workers=1"][..], &[&to, "portable"]] {
        // What is not a request is in both counts.
        let (few, many) = (50, 350);
        let counted = calls(words, few, file).and_then(|first| Ok((first, calls(words, many, file)?)));
        let (first, second) = match counted {
            Ok(counted) => counted,
            Err(error) => return skip(name, &format!("strace cannot trace here: {error}")),
        };
        let each = (second as f64 - first as f64) / ((many - few) * CONNECTIONS) as f64;
        println!("{words:?}: {each:.2} system calls a request");
        assert!(each > 3.0, "{words:?}: {each} system calls a request are too few to be true");
        assert!(each <= MOST, "{words:?}: {each} system calls a request");
    }
    let _ = std::fs::remove_file(file);
}
