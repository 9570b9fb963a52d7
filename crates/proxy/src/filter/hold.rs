//! What has passed is kept, to be sent again.

use account::Fault;

use super::{Next, Part};

/// Keeps what has passed of a body, as long as it is not too much, so that another try can send it.
#[derive(Debug)]
pub struct Hold {
    /// The bytes.
    pub data: Vec<u8>,
    /// The field lines behind it.
    pub trailers: Vec<u8>,
    /// All of it has passed.
    pub ended: bool,
    most: usize,
    /// There was more, and nothing is kept any more.
    spilled: bool,
}

impl Hold {
    /// Keeps at most `most` bytes.
    pub fn new(most: usize) -> Self {
        Self { data: Vec::new(), trailers: Vec::new(), ended: false, most, spilled: false }
    }

    /// Whether all that has passed is there.
    pub fn is_whole(&self) -> bool {
        !self.spilled
    }

    /// Passes a part on.
    ///
    /// # Errors
    ///
    /// Those of what is behind it.
    pub fn pass(&mut self, part: Part<'_>, next: &mut Next<'_>) -> Result<(), Fault> {
        match part {
            Part::Data(bytes) => self.keep(bytes),
            Part::Trailers(lines) => self.trailers.extend_from_slice(lines),
            Part::End => self.ended = true,
            Part::Abort(_) => {}
        }
        next(part)
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.spilled || self.data.len() + bytes.len() > self.most {
            return self.spill();
        }
        self.data.extend_from_slice(bytes);
    }

    /// Keeps nothing any more.
    pub fn spill(&mut self) {
        self.spilled = true;
        self.data = Vec::new();
    }
}
