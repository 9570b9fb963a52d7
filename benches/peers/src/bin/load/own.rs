//! An exchange in the protocol of `peers::wire`.

use std::io;
use std::net::TcpStream;

use crate::exchange::Progress;
use peers::sys;
use peers::wire::{HEAD, Head, Kind, Pattern};

/// Where an exchange is.
pub struct Own {
    head: Head,
    /// Counted from the first byte of the head.
    sent: u64,
    to_send: u64,
    got: u64,
    to_get: u64,
}

impl Own {
    /// A request of so many bytes, head included, for an answer of so many.
    pub fn ask(request: u32, answer: u64, salt: u16) -> Self {
        Self::new(Head { kind: Kind::Ask, salt, length: request, bytes: answer }, answer)
    }

    /// So many bytes to the endpoint, which answers with a head.
    pub fn give(bytes: u64, salt: u16) -> Self {
        Self::new(Head { kind: Kind::Take, salt, length: HEAD as u32, bytes }, HEAD as u64)
    }

    fn new(head: Head, to_get: u64) -> Self {
        Self { head, sent: 0, to_send: HEAD as u64 + head.follows(), got: 0, to_get }
    }

    /// Bytes sent and bytes that came back right.
    pub fn moved(&self) -> (u64, u64) {
        (self.sent, self.got)
    }

    /// Sends what fits.
    pub fn send(&mut self, stream: &TcpStream, pattern: &Pattern) -> io::Result<Progress> {
        while self.sent < self.to_send {
            let at = self.sent.saturating_sub(HEAD as u64);
            let piece = pattern.piece(self.head.salt, at, self.head.follows() - at);
            let (sent, asked) = if self.sent < HEAD as u64 {
                let head = &self.head.encode()[self.sent as usize..];
                (sys::write_both(stream, head, piece)?, head.len() + piece.len())
            } else {
                (sys::write(stream, piece)?, piece.len())
            };
            self.sent += sent as u64;
            if sent < asked {
                return Ok(Progress::Full);
            }
        }
        Ok(Progress::Waits)
    }

    /// Reads once and checks what came. An error of kind InvalidData means that it was not the
    /// answer to this exchange.
    pub fn receive(&mut self, stream: &TcpStream, pattern: &Pattern, scratch: &mut [u8]) -> io::Result<Progress> {
        let Some(n) = sys::read(stream, scratch)? else {
            return Ok(Progress::Waits);
        };
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if n as u64 > self.to_get - self.got || !self.right(pattern, &scratch[..n]) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        self.got += n as u64;
        Ok(if self.got == self.to_get { Progress::Done } else { Progress::Waits })
    }

    fn right(&self, pattern: &Pattern, bytes: &[u8]) -> bool {
        if self.head.kind != Kind::Take {
            return pattern.holds(self.head.salt, self.got, bytes);
        }
        // The endpoint took everything, in order and unharmed.
        let took = Head { kind: Kind::Took, length: 0, ..self.head }.encode();
        took[self.got as usize..].starts_with(bytes)
    }
}
