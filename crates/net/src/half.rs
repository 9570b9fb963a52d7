//! One half of a proxied connection.

use std::io::{self, IoSlice};
use std::task::{Context, Poll};

use crate::stream::Stream;

/// One half of a proxied connection: a socket, or anything that behaves as one.
///
/// The relay drives two of them by polling. Whatever returns `Pending` has arranged that the task is
/// woken when it is worth asking again.
pub trait Half {
    /// Reads some bytes; `Ok(0)` is the end of the stream.
    ///
    /// # Errors
    ///
    /// The connection is broken; `ConnectionReset` says that the peer reset it.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>>;

    /// Writes some bytes of `buffers`, in order.
    ///
    /// # Errors
    ///
    /// The connection is broken, or the peer takes nothing any more.
    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>>;

    /// Sends what was written and is still held here.
    ///
    /// # Errors
    ///
    /// As for writing.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Says that no more will be written, and keeps reading: FIN, `close_notify`, `END_STREAM`.
    ///
    /// # Errors
    ///
    /// As for writing.
    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    /// Makes the coming drop a reset, so that the peer cannot take the end for a plain one.
    fn abort(&mut self);

    /// Says whether reads follow. While they do not, a half may see to it that what comes wakes nobody:
    /// it would again and again, until its buffers are full.
    ///
    /// # Errors
    ///
    /// The connection cannot be used any more.
    fn set_reading(&mut self, _cx: &mut Context<'_>, _reading: bool) -> io::Result<()> {
        Ok(())
    }

    /// Whether the peer is known to be gone in both directions, though unread bytes may be left.
    /// Asked now and then while the other half blocks; a half that cannot tell says no.
    fn peer_gone(&self) -> bool;

    /// Whether the peer has taken all that was written, as far as is known.
    fn is_delivered(&self) -> bool {
        true
    }

    /// The socket, if bytes may be spliced in and out of it now: nothing is held between it and the
    /// caller, neither encryption nor bytes read before.
    fn socket(&self) -> Option<&Stream> {
        None
    }
}

/// A half from which some bytes were read before.
#[derive(Debug)]
pub struct Primed {
    stream: Stream,
    early: Vec<u8>,
    read: usize,
}

impl Primed {
    /// `stream`, from which `early` was read before.
    pub fn new(stream: Stream, early: Vec<u8>) -> Self {
        Self { stream, early, read: 0 }
    }
}

impl Half for Primed {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let rest = self.early.get(self.read..).unwrap_or_default();
        if rest.is_empty() {
            return self.stream.poll_read(cx, buffer);
        }
        let count = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        self.read += count;
        if self.read == self.early.len() {
            (self.early, self.read) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Half::poll_write(&mut self.stream, cx, buffers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Half::poll_flush(&mut self.stream, cx)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_finish(cx)
    }

    fn abort(&mut self) {
        self.stream.abort();
    }

    fn set_reading(&mut self, cx: &mut Context<'_>, reading: bool) -> io::Result<()> {
        self.stream.set_reading(cx, reading)
    }

    fn peer_gone(&self) -> bool {
        self.stream.peer_gone()
    }

    fn socket(&self) -> Option<&Stream> {
        self.early.is_empty().then_some(&self.stream)
    }
}
