//! Tells a bulky flow from one that talks to and fro.

use crate::clock::Tick;
use crate::wheel::Timer;

/// A read below this says that the flow talks to and fro. Splicing such a piece costs more than
/// copying it.
const SMALL: usize = 4096;
/// Large reads of this many bytes in a row, within [`WITHIN`], make a flow bulky.
const BULKY: usize = 64 * 1024;
/// In milliseconds.
const WITHIN: u64 = 100;
/// So many small splices in a row make it copy again.
const SMALL_SPLICES: u8 = 8;

/// How the bytes of a flow are moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Through the scratch buffer.
    #[default]
    Copy,
    /// Through a pipe.
    Splice,
    /// Through the scratch buffer, since splicing failed.
    Never,
}

/// What is known of the pace of a flow.
#[derive(Debug, Default)]
pub struct Bulk {
    mode: Mode,
    small: u8,
    large: u32,
    since: Option<Tick>,
}

impl Bulk {
    /// How the next bytes are moved.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// One read of `count` bytes was copied.
    pub fn copied(&mut self, count: usize, timer: &Timer) {
        if count < SMALL {
            self.large = 0;
        } else if self.mode == Mode::Copy {
            self.large_read(count, timer.now());
        }
    }

    fn large_read(&mut self, count: usize, now: Tick) {
        let since = *self.since.get_or_insert(now);
        if self.large == 0 || now.since(since) > WITHIN {
            self.since = Some(now);
            self.large = 0;
        }
        self.large += count as u32;
        if self.large as usize >= BULKY {
            *self = Self { mode: Mode::Splice, ..Self::default() };
        }
    }

    /// One splice took `count` bytes.
    #[cfg(target_os = "linux")]
    pub fn spliced(&mut self, count: usize) {
        self.small = if count < SMALL { self.small + 1 } else { 0 };
        if self.small >= SMALL_SPLICES {
            *self = Self::default();
        }
    }

    /// Splicing does not work between these two.
    #[cfg(target_os = "linux")]
    pub fn never_splice(&mut self) {
        self.mode = Mode::Never;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flow_is_bulky_after_enough_large_reads_in_a_row_and_in_time() {
        let mut bulk = Bulk::default();
        (0..3).for_each(|_| bulk.large_read(16 * 1024, Tick(0)));
        assert_eq!(bulk.mode(), Mode::Copy);
        bulk.large_read(16 * 1024, Tick(11));
        assert_eq!(bulk.mode(), Mode::Copy, "too slow");
        (0..3).for_each(|_| bulk.large_read(16 * 1024, Tick(12)));
        assert_eq!(bulk.mode(), Mode::Splice);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn small_splices_in_a_row_make_it_copy_again() {
        let mut bulk = Bulk { mode: Mode::Splice, ..Bulk::default() };
        (0..7).for_each(|_| bulk.spliced(100));
        bulk.spliced(5000);
        (0..7).for_each(|_| bulk.spliced(100));
        assert_eq!(bulk.mode(), Mode::Splice);
        bulk.spliced(100);
        assert_eq!(bulk.mode(), Mode::Copy);
    }
}
