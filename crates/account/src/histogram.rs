//! How often something took how long.

use std::time::Duration;

use crate::Count;

/// The most microseconds that each bucket but the last counts. The steps are those that dashboards use,
/// in seconds: 0.0001, 0.00025, 0.0005 and so on.
pub const BOUNDS: [u64; 18] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000, 30_000_000, 60_000_000,
];

/// How often something took how long, with one writer and any number of readers.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [Count; BOUNDS.len() + 1],
    micros: Count,
}

impl Histogram {
    /// Counts one that took so long; only the one writer may call it.
    pub fn add(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // From below: most are short.
        let at = BOUNDS.iter().position(|bound| micros <= *bound).unwrap_or(BOUNDS.len());
        if let Some(bucket) = self.buckets.get(at) {
            bucket.add(1);
        }
        self.micros.add(micros);
    }

    /// How many took at most each bound, but more than the one before; the last took longer than all.
    pub fn buckets(&self) -> [u64; BOUNDS.len() + 1] {
        self.buckets.each_ref().map(Count::read)
    }

    /// All of them together, in microseconds.
    pub fn micros(&self) -> u64 {
        self.micros.read()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_length_has_its_bucket() {
        let histogram = Histogram::default();
        for micros in [0, 100, 101, 60_000_000, 60_000_001] {
            histogram.add(Duration::from_micros(micros));
        }
        let buckets = histogram.buckets();
        assert_eq!((buckets[0], buckets[1], buckets[BOUNDS.len() - 1], buckets[BOUNDS.len()]), (2, 1, 1, 1));
        assert_eq!((buckets.iter().sum::<u64>(), histogram.micros()), (5, 120_000_202));
    }
}
