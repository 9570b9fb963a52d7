//! What a worker lends to its exchanges.

use std::cell::{Cell, RefCell};

use super::answer::Dates;
use super::buffer::Buffers;
use super::exchange::Exchange;

/// The most exchanges that are kept for others.
const MOST_SPARE: usize = 256;

/// What a worker lends to its exchanges.
pub struct Http {
    /// The buffer.
    pub buffers: Buffers,
    /// Our name in Via.
    pub pseudonym: Box<str>,
    /// The time, for answers of ours.
    pub dates: Dates,
    /// Idle connections are being looked after.
    pub sweeps: Cell<bool>,
    #[expect(clippy::vec_box, reason = "a box is what goes from hand to hand")]
    spare: RefCell<Vec<Box<Exchange>>>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// One that calls itself `pseudonym`.
    pub fn new(pseudonym: &str) -> Self {
        Self {
            buffers: Buffers::default(),
            pseudonym: pseudonym.into(),
            dates: Dates::default(),
            sweeps: Cell::default(),
            spare: RefCell::default(),
        }
    }

    /// What an exchange needs.
    pub fn take(&self) -> Box<Exchange> {
        self.spare.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes it back.
    pub fn give(&self, mut exchange: Box<Exchange>) {
        exchange.recycle();
        let mut spare = self.spare.borrow_mut();
        if spare.len() < MOST_SPARE {
            spare.push(exchange);
        }
    }
}
