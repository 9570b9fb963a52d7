//! The client's side of a connection: the socket, and what was read from it too early.

use std::task::{Context, Poll};

use net::{Half, Stream};
use wire::Limits;

use super::buffer::{Buffer, Buffers};

/// The most bytes that are read before their turn.
const MOST_EARLY: usize = 16 * 1024;

/// The client's side of a connection.
#[derive(Debug)]
pub struct Client {
    /// The socket.
    pub stream: Stream,
    /// Bytes that came behind the message that is read now.
    pub over: Vec<u8>,
    /// It sends nothing more.
    pub ended: bool,
    /// How much of `over` was looked at, and whether a line ends in there.
    looked: usize,
    lines: bool,
}

/// What watching a client that has nothing to say came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// It is there, or has only ended its own direction.
    There,
    /// It has reset the connection.
    Gone,
}

impl Client {
    /// A client that has said nothing yet.
    pub fn new(stream: Stream) -> Self {
        Self { stream, over: Vec::new(), ended: false, looked: 0, lines: false }
    }

    /// Reads what comes while an answer is awaited: the next request, the end, or a reset. It is read
    /// rather than asked for, since being asked costs as much; no more than is kept for its turn.
    pub fn watch(&mut self, cx: &mut Context<'_>, buffers: &Buffers) -> Seen {
        if self.stream.awaits_bytes(cx) {
            return Seen::There;
        }
        while !self.ended && self.over.len() < MOST_EARLY {
            let most = MOST_EARLY - self.over.len();
            let read = buffers.lend(|buffer| match Half::poll_read(&mut self.stream, cx, buffer.room(most)) {
                Poll::Ready(Ok(count)) => {
                    self.over.extend_from_slice(buffer.at(Buffer::place(count)));
                    Some(Ok(count))
                }
                Poll::Ready(Err(error)) => Some(Err(error)),
                Poll::Pending => None,
            });
            match read.flatten() {
                None => return Seen::There,
                Some(Ok(0)) => self.ended = true,
                Some(Ok(_)) => {}
                Some(Err(_)) => return Seen::Gone,
            }
        }
        Seen::There
    }

    /// Whether bytes are there that nobody has looked at.
    pub fn has_unseen(&self) -> bool {
        self.over.len() > self.looked
    }

    /// Reads, and answers how many bytes; 0 when nothing more comes.
    pub fn read(&mut self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<usize> {
        if self.ended {
            return Poll::Ready(0);
        }
        self.stream.poll_read(cx, room).map(|read| read.unwrap_or(0))
    }

    /// Looks at what nobody has looked at, and says whether a head may have come to its end there, or
    /// to its limits.
    pub fn has_line(&mut self, limits: &Limits) -> bool {
        let fresh = self.over.get(self.looked..).unwrap_or_default();
        let line = fresh.contains(&b'\n');
        self.looked = self.over.len();
        self.lines |= line;
        line || self.over.len() > if self.lines { limits.head() } else { limits.line + 2 }
    }

    /// Keeps a part of a head.
    pub fn keep(&mut self, bytes: &[u8]) {
        self.over.clear();
        self.over.extend_from_slice(bytes);
        self.looked = self.over.len();
        self.lines = bytes.contains(&b'\n');
    }

    /// The head is there, and what came behind it is elsewhere.
    pub fn clear(&mut self) {
        self.over.clear();
        (self.looked, self.lines) = (0, false);
    }

    /// Gives back memory that a burst has taken.
    pub fn shrink(&mut self) {
        if self.over.is_empty() {
            self.over = Vec::new();
        }
    }
}
