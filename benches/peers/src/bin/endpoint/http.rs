//! A client that speaks HTTP/1.1. It may send requests before it has the answers to earlier ones,
//! and in pieces of any size.

use std::io;
use std::mem;
use std::net::TcpStream;

use crate::Shared;
use crate::answer::Answer;
use crate::request::Request;
use peers::http::{LONGEST_HEAD, head_length};
use peers::sys::{self, Epoll, READABLE, WRITABLE};
use peers::wire::Pattern;

pub struct Client {
    stream: TcpStream,
    step: Step,
    answer: Answer,
    /// What came and was of no use yet: part of a head, or requests behind an answer that did not
    /// fit.
    unread: Vec<u8>,
}

/// Where a client is in its exchange.
enum Step {
    /// Its head is not here yet.
    Head,
    /// Its body comes in.
    Taking { request: Request, taken: u64, right: bool },
    /// Its answer goes out, and did not fit at once.
    Giving,
}

impl Client {
    pub fn new(stream: TcpStream) -> Self {
        Self { stream, step: Step::Head, answer: Answer::default(), unread: Vec::new() }
    }

    /// One event; false when the client is done with.
    pub fn serve(&mut self, epoll: &Epoll, token: u64, shared: &mut Shared) -> io::Result<bool> {
        let Shared { pattern, scratch, .. } = shared;
        if let Step::Giving = self.step {
            if !self.answer.send(&self.stream, pattern)? {
                return Ok(true);
            }
            self.step = Step::Head;
            let unread = mem::take(&mut self.unread);
            let stays = !self.answer.closes && self.take(&unread, pattern)?;
            if stays && !matches!(self.step, Step::Giving) {
                epoll.modify(&self.stream, token, READABLE)?;
            }
            return Ok(stays);
        }
        // Level-triggered and one read an event: the clients take turns.
        let Some(n) = sys::read(&self.stream, scratch)? else {
            return Ok(true);
        };
        let Some(came) = scratch.get(..n).filter(|came| !came.is_empty()) else {
            return Ok(false);
        };
        let stays = if self.unread.is_empty() {
            self.take(came, pattern)?
        } else {
            let mut bytes = mem::take(&mut self.unread);
            bytes.extend_from_slice(came);
            self.take(&bytes, pattern)?
        };
        if stays && matches!(self.step, Step::Giving) {
            epoll.modify(&self.stream, token, WRITABLE)?;
        }
        Ok(stays)
    }

    /// Goes on with these bytes until they are used up or an answer does not fit; false when the
    /// client is done with.
    fn take(&mut self, mut bytes: &[u8], pattern: &Pattern) -> io::Result<bool> {
        loop {
            match &mut self.step {
                Step::Giving => break,
                Step::Head => {
                    let Some((head, rest)) = head_length(bytes).and_then(|length| bytes.split_at_checked(length))
                    else {
                        break;
                    };
                    let Some(request) = Request::parse(head) else {
                        return Ok(false);
                    };
                    bytes = rest;
                    self.step = Step::Taking { request, taken: 0, right: true };
                }
                Step::Taking { request, taken, right } => {
                    let missing = usize::try_from(request.length - *taken).unwrap_or(usize::MAX);
                    let (body, rest) = bytes.split_at(missing.min(bytes.len()));
                    bytes = rest;
                    *right &= pattern.holds(request.salt, *taken, body);
                    *taken += body.len() as u64;
                    if *taken < request.length {
                        break;
                    }
                    self.answer.begin(request, *right)?;
                    let all = self.answer.send(&self.stream, pattern)?;
                    if all && self.answer.closes {
                        return Ok(false);
                    }
                    self.step = if all { Step::Head } else { Step::Giving };
                }
            }
        }
        self.unread.extend_from_slice(bytes);
        Ok(self.unread.len() <= LONGEST_HEAD || matches!(self.step, Step::Giving))
    }
}
