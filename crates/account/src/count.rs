//! Counters with one writer and any number of readers.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Fault, Histogram};

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

/// Final responses by the class of their status: 2xx, 3xx, 4xx, 5xx, and 101.
#[derive(Debug, Default)]
pub struct Statuses([Count; Statuses::CLASSES]);

impl Statuses {
    /// How many classes there are.
    pub const CLASSES: usize = 5;

    /// Counts one response; only the one writer may call it.
    pub fn add(&self, status: u16) {
        if let Some(count) = (status / 100).checked_sub(1).and_then(|class| self.0.get(usize::from(class))) {
            count.add(1);
        }
    }

    /// How many were counted of each class, from 1xx to 5xx.
    pub fn read(&self) -> [u64; Self::CLASSES] {
        self.0.each_ref().map(Count::read)
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
    /// Requests whose head was read.
    pub requests: Count,
    /// Responses, our own too.
    pub statuses: Statuses,
}

/// What one worker counts of one route.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct RouteCounts {
    /// Connections and requests that it took.
    pub taken: Count,
    /// Responses, our own too.
    pub statuses: Statuses,
    /// How long exchanges took, from the head of the request to the end of the response.
    pub durations: Histogram,
}

/// What one worker counts of one pool.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct PoolCounts {
    /// Connections and requests for which an endpoint was asked for.
    pub requests: Count,
    /// Requests that were sent again.
    pub retries: Count,
    /// Requests that were not sent again because the budget was spent.
    pub retries_denied: Count,
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
    /// Exchanges that had a connection which had served others.
    pub reused: Count,
    /// Its responses.
    pub statuses: Statuses,
    /// How long it took from the head of a request to the head of its response.
    pub first_bytes: Histogram,
}

/// What one thread counts of the access log.
#[derive(Debug, Default)]
#[repr(align(64))]
pub struct LogCounts {
    /// Lines that were written.
    pub written: Count,
    /// Lines that were not, because nobody took them in time.
    pub dropped: Count,
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
    fn statuses_are_counted_by_class() {
        let statuses = Statuses::default();
        [101, 200, 204, 304, 404, 499, 502, 599].into_iter().for_each(|status| statuses.add(status));
        [0, 99, 600, u16::MAX].into_iter().for_each(|status| statuses.add(status));
        assert_eq!(statuses.read(), [1, 2, 1, 2, 2]);
    }

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
