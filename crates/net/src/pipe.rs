//! Pipes through which bytes are spliced from one socket to another. Linux only.

use std::cell::{Cell, RefCell};
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::pipe::{PipeFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with};

use crate::descriptors::{Descriptors, Held};

/// The size asked for. Smaller ones cost measurably more per byte; where the system grants less, what
/// it grants is used.
const SIZE: usize = 1024 * 1024;
/// A pipe smaller than this is not worth its system calls.
const LEAST_SIZE: usize = 64 * 1024;
/// The most that all pipes of a process take together: half of what an unprivileged user may have
/// (`/proc/sys/fs/pipe-user-pages-soft`), past which the system grants only 8 KiB a pipe.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// The most empty pipes that a worker keeps. Making one costs a tenth of what filling it does, so as
/// many as bulky flows may hold at a time.
const MOST_SPARE: usize = MOST_BYTES / SIZE;

/// After a refusal of the system, so many are not asked for.
const REFUSED: u32 = 1000;

/// A pipe, empty when nobody splices through it.
#[derive(Debug)]
pub struct Pipe {
    /// Where bytes come out.
    pub out: OwnedFd,
    /// Where bytes go in.
    pub into: OwnedFd,
    /// How much it holds at least; it may hold more.
    pub size: usize,
    _held: Held,
    _share: Share,
}

/// The pipes of a worker. A flow holds one only while bytes are in it.
#[derive(Debug)]
pub struct Pipes {
    spare: RefCell<Vec<Pipe>>,
    /// How often to go without before asking the system again, which has refused one.
    refused: Cell<u32>,
    descriptors: Arc<Descriptors>,
}

/// Bytes of pipes in this process.
static BYTES: AtomicUsize = AtomicUsize::new(0);

/// A part of [`MOST_BYTES`], given back by its drop.
#[derive(Debug)]
struct Share(usize);

impl Share {
    fn take(bytes: usize) -> Option<Self> {
        BYTES
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                taken.checked_add(bytes).filter(|sum| *sum <= MOST_BYTES)
            })
            .ok()
            .map(|_| Self(bytes))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        BYTES.fetch_sub(self.0, Ordering::Relaxed);
    }
}

impl Pipes {
    /// No pipes yet; those made count among `descriptors`.
    pub fn new(descriptors: Arc<Descriptors>) -> Self {
        Self { spare: RefCell::default(), refused: Cell::default(), descriptors }
    }

    /// An empty pipe; `None` when there is no room for one more.
    pub fn take(&self) -> Option<Pipe> {
        self.spare.borrow_mut().pop().or_else(|| self.make())
    }

    /// Takes an empty pipe back.
    pub fn give(&self, pipe: Pipe) {
        let mut spare = self.spare.borrow_mut();
        // While pipes are short, one worker does not hoard what another could use.
        let short = BYTES.load(Ordering::Relaxed) + SIZE > MOST_BYTES;
        if spare.len() < if short { MOST_SPARE / 4 } else { MOST_SPARE } {
            spare.push(pipe);
        }
    }

    /// Closes the empty pipes, for when descriptors are short.
    pub fn close_spare(&self) {
        self.spare.take();
    }

    #[cold]
    fn make(&self) -> Option<Pipe> {
        let share = Share::take(SIZE)?;
        let held = self.descriptors.take(2)?;
        if let Some(rest) = self.refused.get().checked_sub(1) {
            self.refused.set(rest);
            return None;
        }
        let made = pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC).map_err(io::Error::from);
        let made = made.and_then(|(out, into)| Ok((grow(&into)?, out, into)));
        let Some((size, out, into)) = made.ok().filter(|(size, ..)| *size >= LEAST_SIZE) else {
            self.refused.set(REFUSED);
            return None;
        };
        Some(Pipe { out, into, size, _held: held, _share: share })
    }
}

/// The largest size up to [`SIZE`] that the system grants.
fn grow(pipe: &OwnedFd) -> io::Result<usize> {
    let mut size = SIZE;
    while fcntl_setpipe_size(pipe, size).is_err() && size > LEAST_SIZE {
        size /= 2;
    }
    Ok(fcntl_getpipe_size(pipe)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_are_used_again_and_bounded() {
        let pipes = Pipes::new(Arc::new(Descriptors::new(1 << 20)));
        let first = pipes.take().unwrap();
        assert!(first.size >= LEAST_SIZE);
        let number = std::os::fd::AsRawFd::as_raw_fd(&first.out);
        pipes.give(first);
        let again = pipes.take().unwrap();
        assert_eq!(std::os::fd::AsRawFd::as_raw_fd(&again.out), number);
        let mut all: Vec<Pipe> = std::iter::from_fn(|| pipes.take()).collect();
        assert!(all.len() < MOST_BYTES / SIZE);
        all.drain(..).for_each(|pipe| pipes.give(pipe));
        assert!(pipes.spare.borrow().len() <= MOST_SPARE);
    }
}
