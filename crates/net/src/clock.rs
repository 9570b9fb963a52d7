//! Coarse time, in ticks.

use std::time::{Duration, Instant};

/// The length of a tick.
pub const TICK: Duration = Duration::from_millis(10);

/// A point in time, in ticks since a clock was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(pub u64);

impl Tick {
    /// This many milliseconds later, rounded up to a whole tick and one more, so never too early.
    pub fn after(self, millis: u32) -> Tick {
        let tick = TICK.as_millis() as u64;
        Tick(self.0 + u64::from(millis).div_ceil(tick) + 1)
    }

    /// The milliseconds from `earlier` to here.
    pub fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0) * TICK.as_millis() as u64
    }
}

/// A monotonic clock that is cheap to read.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock {
    /// The current tick.
    pub fn now(&self) -> Tick {
        Tick((self.start.elapsed().as_millis() / TICK.as_millis()) as u64)
    }

    /// When `tick` begins.
    pub fn at(&self, tick: Tick) -> Instant {
        self.start + TICK * u32::try_from(tick.0).unwrap_or(u32::MAX)
    }
}
