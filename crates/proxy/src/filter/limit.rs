//! No more than so many bytes.

use account::Fault;

use super::{Next, Part};

/// No more than so many bytes of a body whose length nobody said.
#[derive(Debug)]
pub struct Limit {
    left: u64,
}

impl Limit {
    /// At most `most` bytes.
    pub fn new(most: u64) -> Self {
        Self { left: most }
    }

    /// Passes a part on.
    ///
    /// # Errors
    ///
    /// It is more than may come.
    pub fn pass(&mut self, part: Part<'_>, next: &mut Next<'_>) -> Result<(), Fault> {
        if let Part::Data(bytes) = part {
            self.left = self.left.checked_sub(bytes.len() as u64).ok_or(Fault::BodyTooLarge)?;
        }
        next(part)
    }
}
