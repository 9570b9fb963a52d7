//! It gets longer, for tests.

use account::Fault;

use super::{Next, Part};

/// Says every byte twice, and a full stop at the end.
#[derive(Debug, Default)]
pub struct Stretch(Vec<u8>);

impl Stretch {
    /// Passes a part on.
    ///
    /// # Errors
    ///
    /// Those of what is behind it.
    pub fn pass(&mut self, part: Part<'_>, next: &mut Next<'_>) -> Result<(), Fault> {
        match part {
            Part::Data(bytes) => {
                self.0.clear();
                self.0.extend(bytes.iter().flat_map(|byte| [*byte, *byte]));
                next(Part::Data(&self.0))
            }
            Part::End => {
                next(Part::Data(b"."))?;
                next(part)
            }
            _ => next(part),
        }
    }
}
