//! Coarse time, in ticks.

use std::time::{Duration, Instant};

/// The length of a tick in milliseconds.
const MILLIS: u32 = 10;
/// The length of a tick in nanoseconds.
const NANOS: u64 = MILLIS as u64 * 1_000_000;
/// The length of a tick.
pub const TICK: Duration = Duration::from_millis(MILLIS as u64);

/// A point in time, in ticks since a clock was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(pub u64);

impl Tick {
    /// This many milliseconds later, rounded up to a whole tick and two more: one for the part of this
    /// tick that is over, one for a clock that is behind. So it never comes too early.
    pub fn after(self, millis: u32) -> Tick {
        Tick(self.0 + u64::from(millis.div_ceil(MILLIS)) + 2)
    }

    /// The milliseconds from `earlier` to here.
    pub fn since(self, earlier: Tick) -> u64 {
        self.0.saturating_sub(earlier.0) * u64::from(MILLIS)
    }
}

/// A monotonic clock that is cheap to read.
///
/// On Linux it is the kernel's coarse one, a quarter of the price and behind by one tick of the
/// kernel (4 ms, or 10 at worst).
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    #[cfg(target_os = "linux")]
    coarse_start: u64,
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            start: Instant::now(),
            #[cfg(target_os = "linux")]
            coarse_start: crate::sys::coarse_clock(),
        }
    }
}

impl Clock {
    /// The current tick.
    pub fn now(&self) -> Tick {
        #[cfg(target_os = "linux")]
        let nanos = crate::sys::coarse_clock().saturating_sub(self.coarse_start);
        #[cfg(not(target_os = "linux"))]
        let nanos = self.start.elapsed().as_nanos() as u64;
        Tick(nanos / NANOS)
    }

    /// When [`Clock::now`] will have come to `tick` at the latest.
    pub fn at(&self, tick: Tick) -> Instant {
        self.start + Duration::from_millis((tick.0 + 1).saturating_mul(u64::from(MILLIS)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_has_come_when_its_instant_has() {
        let clock = Clock::default();
        for _ in 0..5 {
            let next = Tick(clock.now().0 + 1);
            while Instant::now() < clock.at(next) {
                std::hint::spin_loop();
            }
            assert!(clock.now() >= next);
        }
    }
}
