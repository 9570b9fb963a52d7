//! What a segment costs that brings next to nothing: beside a loop that only copies.

mod floor;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::support::{Driver, cpu_of, eventually, is_release, long};
use crate::{alone, median};
use floor::Floor;

/// Times what the copying loop takes.
const MOST: f64 = 1.5;
const CLIENTS: usize = 64;
const ROUNDS: usize = 9;

/// The least that a request's head may be made to cost: one byte a segment.
const HEAD: &str = "GET /a/page?of=some&length=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0\r\n\
    Accept: text/html\r\nAccept-Encoding: gzip, br\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n";
/// A chunk of one byte, and as much beside it as a sender may want.
const CHUNK: &str = "1;name=\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\r\nx\r\n";

/// The pieces in which a head comes that never ends.
fn head_by_bytes() -> Vec<Vec<u8>> {
    HEAD.bytes().map(|byte| vec![byte]).collect()
}

fn chunks() -> Vec<Vec<u8>> {
    vec![CHUNK.into(); 200]
}

/// So many clients of a process, and what it costs it when they send these pieces, each a segment: in
/// seconds a segment.
fn each(pid: u32, to: SocketAddr, begin: &str, pieces: &[Vec<u8>]) -> f64 {
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| TcpStream::connect(to).unwrap()).collect();
    for client in &mut clients {
        client.set_nodelay(true).unwrap();
        client.write_all(begin.as_bytes()).unwrap();
    }
    let before = settled(pid);
    for piece in pieces {
        clients.iter_mut().for_each(|client| client.write_all(piece).unwrap());
        // The pace: what was sent is read before the next piece comes.
        std::thread::sleep(Duration::from_millis(2));
    }
    (settled(pid) - before) / (pieces.len() * clients.len()) as f64
}

/// The processor time of a process once it rests.
fn settled(pid: u32) -> f64 {
    let (mut before, mut still) = (0.0, 0);
    eventually("it rests", || {
        std::thread::sleep(Duration::from_millis(10));
        let now = cpu_of(pid);
        still = if now - std::mem::replace(&mut before, now) < 20e-6 { still + 1 } else { 0 };
        still == 3
    });
    before
}

/// An endpoint that takes everything in and says nothing.
fn sink() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let take = move || while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {};
            drop(std::thread::Builder::new().stack_size(64 * 1024).spawn(take).unwrap());
        }
    });
    address
}

/// The middle of the ratios of this balancer to the copying loop, of rounds that alternate.
fn compared(what: &str, begin: &str, pieces: &[Vec<u8>]) -> f64 {
    let to = sink();
    let (driver, floor) = (Driver::http(&[&to.to_string(), "workers=1"]), Floor::start(to.port()));
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let ours = || each(driver.pid, driver.address, begin, pieces);
        let floors = || each(floor.pid(), floor.address, begin, pieces);
        // Each goes first in its turn.
        let (ours, floors) = if round % 2 == 0 {
            let ours = ours();
            (ours, floors())
        } else {
            let floors = floors();
            (ours(), floors)
        };
        println!("{what}: {:.2} µs a segment, the copying loop {:.2} µs", ours * 1e6, floors * 1e6);
        ratios.push(ours / floors);
    }
    let middle = median(ratios);
    println!("{what}: {middle:.2} times the copying loop");
    middle
}

fn judge(what: &str, begin: &str, pieces: &[Vec<u8>]) {
    let _alone = alone();
    if !long() || !is_release() {
        return println!("not compared: it takes time, and the profile `release`");
    }
    let ratio = compared(what, begin, pieces);
    assert!(ratio <= MOST, "{what}: {ratio:.2} times the copying loop");
}

#[test]
fn a_head_of_one_byte_a_segment_costs_little_more_than_copying() {
    judge("a head by bytes", "", &head_by_bytes());
}

#[test]
fn a_chunk_of_one_byte_with_a_long_extension_costs_little_more_than_copying() {
    let begin = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    judge("chunks of one byte", begin, &chunks());
}

#[test]
fn a_body_of_one_byte_a_segment_costs_little_more_than_copying() {
    let begin = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n";
    judge("a body by bytes", begin, &vec![b"x".to_vec(); 200]);
}
