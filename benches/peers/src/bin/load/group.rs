//! The connections kept under one name, and the two ways to open them.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::exchange::{Progress, Way};
use crate::run::{self, Ask, Outcome, STALL, Shared};
use peers::wire::{HEAD, Head, Kind};

/// Connections that stay open. One that breaks is not opened again, and one that the other side
/// ends with an answer is, and is counted: so who keeps connections is proved to have kept them.
#[derive(Default)]
pub struct Group {
    port: u16,
    conns: Vec<Option<TcpStream>>,
}

impl Group {
    pub fn open(port: u16, conns: usize) -> io::Result<Self> {
        let conns = (0..conns).map(|_| again(port).map(Some));
        Ok(Self { port, conns: conns.collect::<io::Result<_>>()? })
    }

    /// Opens connections that make one small exchange each and then stay; the number that failed.
    pub fn open_idle(&mut self, port: u16, conns: usize, shared: &mut Shared) -> u64 {
        let mut failed = 0;
        for _ in 0..conns {
            match idle(port, shared) {
                Ok(stream) => self.conns.push(Some(stream)),
                Err(_) => failed += 1,
            }
        }
        failed
    }

    /// How many connections were ever opened.
    pub fn connects(&self) -> usize {
        self.conns.len()
    }

    /// Exchanges on the first `flows` connections.
    pub fn run(&mut self, flows: usize, ask: Ask, shared: &mut Shared) -> io::Result<Outcome> {
        run::run(&mut self.conns[..flows], self.port, ask, shared)
    }
}

/// How many connections the endpoint on this port has accepted, this question's own included.
pub fn accepted(port: u16) -> io::Result<u64> {
    let mut stream = dial(port)?;
    let count = Head { kind: Kind::Count, salt: 0, length: HEAD as u32, bytes: 0 };
    stream.write_all(&count.encode())?;
    let mut head = [0; HEAD];
    stream.read_exact(&mut head)?;
    match Head::decode(&head) {
        Some(took) if took.kind == Kind::Took => Ok(took.bytes),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// A connection that has made one exchange.
fn idle(port: u16, shared: &mut Shared) -> io::Result<TcpStream> {
    let stream = dial(port)?;
    let way = Way::Ask { request: 256, answer: 256 };
    let mut exchange = shared.begin(way);
    exchange.send(&stream, &shared.pattern)?;
    loop {
        // The read blocks for the stall time at most; nothing moved means that it ran out.
        let before = exchange.moved();
        match exchange.receive(&stream, &shared.pattern, &mut shared.scratch)? {
            Progress::Done => break,
            _ if exchange.moved() == before => return Err(io::ErrorKind::TimedOut.into()),
            _ => {}
        }
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// A connection for the next exchange.
pub fn again(port: u16) -> io::Result<TcpStream> {
    let stream = dial(port)?;
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// A blocking connection to a port of the loopback, with the stall time as its patience.
fn dial(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(STALL))?;
    Ok(stream)
}
