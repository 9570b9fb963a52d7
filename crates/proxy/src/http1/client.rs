//! The client's side of a connection: the socket, and what was read from it too early.

use std::task::{Context, Poll};

use net::{Half, Stream};

use super::buffer::{Buffer, Buffers};

/// The most bytes that are read before their turn.
const MOST_EARLY: usize = 64 * 1024;

/// The client's side of a connection.
#[derive(Debug)]
pub struct Client {
    /// The socket.
    pub stream: Stream,
    /// Bytes that came behind the message that is read now.
    pub over: Vec<u8>,
    /// It sends nothing more.
    pub ended: bool,
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
        Self { stream, over: Vec::new(), ended: false }
    }

    /// Reads what comes while an answer is awaited: the next request, the end, or a reset. It is read
    /// rather than asked for, since being asked costs as much; no more than is kept for its turn.
    pub fn watch(&mut self, cx: &mut Context<'_>, buffers: &Buffers) -> Seen {
        if self.stream.awaits_bytes(cx) {
            return Seen::There;
        }
        while !self.ended && self.over.len() < MOST_EARLY {
            let most = MOST_EARLY - self.over.len();
            let read = buffers.lend(|buffer| {
                let room = buffer.room(0);
                let most = room.len().min(most);
                match Half::poll_read(&mut self.stream, cx, room.get_mut(..most).unwrap_or_default()) {
                    Poll::Ready(Ok(count)) => {
                        self.over.extend_from_slice(buffer.at(Buffer::place(count)));
                        Some(Ok(count))
                    }
                    Poll::Ready(Err(error)) => Some(Err(error)),
                    Poll::Pending => None,
                }
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

    /// Gives back memory that a burst has taken.
    pub fn shrink(&mut self) {
        if self.over.is_empty() {
            self.over = Vec::new();
        }
    }
}
