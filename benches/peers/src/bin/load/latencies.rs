//! How long exchanges took, from the first byte sent to the last byte checked.

use std::time::Duration;

/// In nanoseconds; four seconds and more count as four.
#[derive(Default)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    pub fn add(&mut self, took: Duration) {
        self.0.push(u32::try_from(took.as_nanos()).unwrap_or(u32::MAX));
    }

    /// The microseconds that this share of the exchanges took at most; 0 when there were none.
    pub fn micros(&mut self, share: f64) -> f64 {
        let Some(last) = self.0.len().checked_sub(1) else {
            return 0.0;
        };
        let (_, nanos, _) = self.0.select_nth_unstable((share * last as f64).round() as usize);
        f64::from(*nanos) / 1e3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_exchanges_took_the_median_or_less() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.micros(0.5), 0.0);
        for micros in (0..=100).rev() {
            latencies.add(Duration::from_micros(micros));
        }
        assert_eq!((latencies.micros(0.5), latencies.micros(0.99)), (50.0, 99.0));
        latencies.add(Duration::from_secs(60));
        assert!(latencies.micros(1.0) > 4e6);
    }
}
