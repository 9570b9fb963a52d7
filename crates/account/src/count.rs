//! Counters with one writer and any number of readers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::Fault;

/// A number that one thread adds to and any thread reads.
///
/// Invariant: one writer at a time. So adding is a load and a store, not a locked instruction; a
/// second writer would lose additions, and break nothing else.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds; only the one writer may call it.
    pub fn add(&self, amount: u64) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed);
    }

    /// What was added so far.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one worker counts of one listener.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct ListenerCounts {
    /// Connections accepted.
    pub accepted: Count,
    /// Connections that ended.
    pub ended: Count,
    /// Bytes read from clients.
    pub bytes_in: Count,
    /// Bytes written to clients.
    pub bytes_out: Count,
}

/// What one worker counts of one endpoint.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct EndpointCounts {
    /// How often it was chosen, retries too.
    pub picked: Count,
    /// Connections to it that could not be made.
    pub failed: Count,
    /// Bytes written to it.
    pub bytes_sent: Count,
    /// Bytes read from it.
    pub bytes_received: Count,
}

/// What one worker counts of each fault.
#[derive(Debug)]
pub struct FaultCounts([Count; Fault::ALL.len()]);

impl Default for FaultCounts {
    fn default() -> Self {
        Self([const { Count(AtomicU64::new(0)) }; Fault::ALL.len()])
    }
}

impl FaultCounts {
    /// Counts one `fault`; only the one writer may call it.
    pub fn add(&self, fault: Fault) {
        if let Some(count) = self.0.get(fault as usize) {
            count.add(1);
        }
    }

    /// How many of `fault` were counted.
    pub fn read(&self, fault: Fault) -> u64 {
        self.0.get(fault as usize).map_or(0, Count::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_has_a_count_of_its_own() {
        let counts = FaultCounts::default();
        for (at, fault) in Fault::ALL.iter().enumerate() {
            (0..=at).for_each(|_| counts.add(*fault));
        }
        for (at, fault) in Fault::ALL.iter().enumerate() {
            assert_eq!(counts.read(*fault), at as u64 + 1, "{fault:?}");
        }
    }
}
