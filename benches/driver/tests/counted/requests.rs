//! What a request costs.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::support::{Driver, echo, greet, skip};

/// Connections that are kept open, and the bytes of a request and of its answer.
pub const CONNECTIONS: usize = 32;
const SIZE: usize = 256;
/// System calls for a request and its answer: two reads, two writes, and a share of a wait.
pub const MOST: f64 = 4.2;

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

/// Allocations a request, when `serve` makes so many rounds over all connections.
pub fn allocations(driver: &mut Driver, serve: impl FnOnce(usize)) -> f64 {
    // Asking allocates too.
    let (first, second) = (driver.count().1, driver.count().1);
    let rounds = 300;
    serve(rounds);
    let made = driver.count().1 - second - (second - first);
    println!("{made} allocations in {} requests", rounds * CONNECTIONS);
    made as f64 / (rounds * CONNECTIONS) as f64
}

#[test]
fn a_request_allocates_nothing() {
    let to = echo().to_string();
    for words in [&[to.as_str(), "workers=1"][..], &[&to, "workers=2", "accept=hand-off"], &[&to, "portable"]] {
        let mut driver = Driver::start(words);
        let mut clients = connect(driver.address);
        requests(&mut clients, 50);
        let each = allocations(&mut driver, |rounds| requests(&mut clients, rounds));
        assert!(each < 0.001, "{words:?}: {each} allocations a request");
    }
}

/// System calls of a driver from its start to its end, between which `serve` has it do something.
///
/// # Errors
///
/// They cannot be counted here.
pub fn calls(listen: &str, words: &[&str], serve: impl FnOnce(&Driver)) -> Result<u64, String> {
    if Command::new("strace").arg("-V").output().is_err() {
        return Err("strace is not installed".into());
    }
    let file = std::env::temp_dir()
        .join(format!("fourseven-strace-{}-{listen:?}", std::process::id()).replace(['/', '"'], ""));
    let name = file.to_str().unwrap();
    let driver = Driver::try_at(listen, &["strace", "-f", "-c", "-o", name], words)
        .map_err(|error| format!("strace cannot trace here: {error}"))?;
    serve(&driver);
    driver.quit();
    let table = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    let _ = std::fs::remove_file(&file);
    // The last line ends in `total`, and its fourth column counts the calls.
    let total = table.lines().rfind(|line| line.trim_end().ends_with("total")).ok_or(table.clone())?;
    let count = total.split_whitespace().filter_map(|word| word.parse::<u64>().ok());
    count.max().ok_or(total.to_string())
}

#[test]
fn a_request_makes_few_system_calls() {
    let name = "a_request_makes_few_system_calls";
    let to = echo().to_string();
    for words in [&[to.as_str(), "workers=1"][..], &[&to, "portable"]] {
        // What is not a request is in both counts.
        let (few, many) = (50, 350);
        let run = |rounds| calls("0", words, |driver| requests(&mut connect(driver.address), rounds));
        let (first, second) = match run(few).and_then(|first| Ok((first, run(many)?))) {
            Ok(counted) => counted,
            Err(error) => return skip(name, &error),
        };
        let each = (second as f64 - first as f64) / ((many - few) * CONNECTIONS) as f64;
        println!("{words:?}: {each:.2} system calls a request");
        assert!(each > 3.0, "{words:?}: {each} system calls a request are too few to be true");
        assert!(each <= MOST, "{words:?}: {each} system calls a request");
    }
}
