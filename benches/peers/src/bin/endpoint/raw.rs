//! A client that speaks the protocol of `peers::wire`.
//!
//! Answers come straight out of the pattern, so a large one costs a send a quarter of a megabyte;
//! what clients send is checked on the way in. A client sends its next request after the answer to
//! the last: one that does not, or whose bytes are damaged, is cut off, and `load` counts the error.

use std::io;
use std::net::TcpStream;

use crate::Shared;
use peers::sys::{self, Epoll, READABLE, WRITABLE};
use peers::wire::{HEAD, Head, Kind, Pattern};

pub struct Client {
    stream: TcpStream,
    step: Step,
}

/// Where a client is in its exchange.
enum Step {
    /// Its head is not here yet; these are the first bytes of it.
    Head(Vec<u8>),
    /// Its body comes in.
    Taking { head: Head, taken: u64, bad: u32 },
    /// Its answer goes out, and did not fit at once.
    Giving { head: Head, given: u64 },
}

impl Client {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, step: Step::Head(Vec::new()) }
    }

    /// One event; false when the client is done with.
    pub fn serve(&mut self, epoll: &Epoll, token: u64, shared: &mut Shared) -> io::Result<bool> {
        if let Step::Giving { head, given } = self.step {
            if let Step::Head(_) = self.give(head, given, &shared.pattern)? {
                epoll.modify(&self.stream, token, READABLE)?;
            }
            return Ok(true);
        }
        // Level-triggered and one read an event: the clients take turns.
        let Some(n) = sys::read(&self.stream, &mut shared.scratch)? else {
            return Ok(true);
        };
        if n == 0 || !self.take(n, shared)? {
            return Ok(false);
        }
        if let Step::Giving { .. } = self.step {
            epoll.modify(&self.stream, token, WRITABLE)?;
        }
        Ok(true)
    }

    /// Goes on with `n` bytes of the scratch; false when they are not what a client may send.
    fn take(&mut self, n: usize, shared: &Shared) -> io::Result<bool> {
        let mut bytes = &shared.scratch[..n];
        if let Step::Head(begun) = &mut self.step {
            let missing = HEAD - begun.len();
            if bytes.len() < missing {
                begun.extend_from_slice(bytes);
                return Ok(true);
            }
            let mut whole = [0; HEAD];
            whole[..begun.len()].copy_from_slice(begun);
            whole[HEAD - missing..].copy_from_slice(&bytes[..missing]);
            let Some(head) = Head::decode(&whole) else {
                return Ok(false);
            };
            bytes = &bytes[missing..];
            self.step = Step::Taking { head, taken: 0, bad: 0 };
        }
        let Step::Taking { head, taken, bad } = &mut self.step else {
            return Ok(false);
        };
        if bytes.len() as u64 > head.follows() - *taken {
            return Ok(false);
        }
        if !shared.pattern.holds(head.salt, *taken, bytes) {
            *bad += 1;
        }
        *taken += bytes.len() as u64;
        let (head, taken, bad) = (*head, *taken, *bad);
        if taken < head.follows() {
            return Ok(true);
        }
        self.answer(head, bad, shared)
    }

    fn answer(&mut self, head: Head, bad: u32, shared: &Shared) -> io::Result<bool> {
        let bytes = match head.kind {
            Kind::Ask if bad == 0 => {
                self.give(head, 0, &shared.pattern)?;
                return Ok(true);
            }
            Kind::Ask | Kind::Took => return Ok(false),
            Kind::Take => head.bytes,
            Kind::Count => shared.accepted,
        };
        let took = Head { kind: Kind::Took, salt: head.salt, length: bad, bytes };
        self.step = Step::Head(Vec::new());
        // Sixteen bytes always fit: the last answer has been read before this was asked.
        Ok(sys::write(&self.stream, &took.encode())? == HEAD)
    }

    /// Sends what fits of an answer and remembers the rest.
    fn give(&mut self, head: Head, mut given: u64, pattern: &Pattern) -> io::Result<&Step> {
        self.step = loop {
            if given == head.bytes {
                break Step::Head(Vec::new());
            }
            let piece = pattern.piece(head.salt, given, head.bytes - given);
            let sent = sys::write(&self.stream, piece)?;
            given += sent as u64;
            if sent < piece.len() {
                break Step::Giving { head, given };
            }
        };
        Ok(&self.step)
    }
}
