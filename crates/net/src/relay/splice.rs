//! Moves bytes from socket to socket through a pipe, without copying them. Linux only.
//!
//! A pipe is filled only while it is empty. So when nothing goes in, that is the socket's doing, and
//! looking at it says what. What a pipe holds is counted here and never taken from its size: one slot may
//! hold much more than a page, or much less.

use std::io;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use rustix::pipe::{SpliceFlags, splice};

use crate::pipe::Pipe;
use crate::stream::{Stream, Taken};
use crate::sys;

/// A pipe with bytes in it.
#[derive(Debug)]
pub struct Piped {
    /// The pipe.
    pub pipe: Pipe,
    /// How many bytes.
    pub pending: usize,
}

/// What filling an empty pipe came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// So many bytes are in it.
    Bytes(usize),
    /// The socket has ended.
    End,
    /// Nothing could be spliced though there are bytes: splicing stops before an urgent byte, which
    /// reading steps over.
    Nothing,
    /// The socket cannot be spliced.
    Unable,
    /// The connection is broken.
    Broken,
}

fn flags() -> SpliceFlags {
    SpliceFlags::NONBLOCK | SpliceFlags::MOVE
}

/// Fills an empty pipe from a socket with `most` bytes; pending until there is something to read.
pub fn fill(cx: &mut Context<'_>, from: &Stream, pipe: &Pipe, most: usize) -> Poll<Filled> {
    let most = most.min(pipe.size);
    let taken = ready!(from.poll_read_by(cx, || {
        for _ in 0..2 {
            match splice(from, None, &pipe.into, None, most, flags()) {
                // Why nothing went in, only a look at the socket tells: it is empty, or it has ended,
                // or bytes came just now, or an urgent byte is in the way.
                Ok(0) | Err(Errno::AGAIN) if sys::peek(from)? == 0 => return Ok(Taken::Some(Filled::End)),
                Ok(0) | Err(Errno::AGAIN) => {}
                // That it is less than was offered does not say that the socket is empty: the slots of
                // the pipe may be full.
                taken => return Ok(Taken::Some(Filled::Bytes(taken?))),
            }
        }
        Ok(Taken::Some(Filled::Nothing))
    }));
    Poll::Ready(match taken {
        Ok(filled) => filled,
        Err(error) if is_unable(&error) => Filled::Unable,
        Err(_) => Filled::Broken,
    })
}

/// Empties a pipe into a socket; pending while the socket takes nothing.
pub fn drain(cx: &mut Context<'_>, to: &Stream, piped: &mut Piped) -> Poll<io::Result<()>> {
    while piped.pending > 0 {
        let put =
            ready!(to.poll_write_by(cx, || { Ok(splice(&piped.pipe.out, None, to, None, piped.pending, flags())?) }))?;
        if put == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        piped.pending = piped.pending.saturating_sub(put);
    }
    Poll::Ready(Ok(()))
}

/// Whether the system says that it cannot splice from this socket at all.
fn is_unable(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINVAL | libc::ENOSYS | libc::EPERM | libc::EACCES))
}
