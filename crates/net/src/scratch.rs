//! The large buffer of a worker.

use std::cell::RefCell;

/// The size of the buffer: as much as one read takes. Larger pays only where splicing pays more.
pub const SCRATCH: usize = 64 * 1024;

/// The large buffer of a worker, lent to one poll at a time.
///
/// The closure of [`Scratch::lend`] cannot await, so nobody holds the buffer across one; what must
/// be kept longer is copied out.
#[derive(Debug)]
pub struct Scratch(RefCell<Box<[u8]>>);

impl Default for Scratch {
    fn default() -> Self {
        Self(RefCell::new(vec![0; SCRATCH].into()))
    }
}

impl Scratch {
    /// Lends the buffer for the time of one call. `None` inside another loan.
    pub fn lend<T>(&self, borrow: impl FnOnce(&mut [u8]) -> T) -> Option<T> {
        self.0.try_borrow_mut().ok().map(|mut buffer| borrow(&mut buffer))
    }
}
