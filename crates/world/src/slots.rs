//! One block of counters for each worker that writes them.

use std::sync::{Arc, Mutex, PoisonError};

/// Blocks of counters, each with one writer.
///
/// The lock is taken when a worker adopts a world and when somebody reads, never per connection.
/// Invariant: a block is in the hands of at most one worker; one that nobody holds any more keeps
/// what it counted and goes to the next worker that asks.
#[derive(Debug)]
pub struct Slots<T>(Mutex<Vec<Arc<T>>>);

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T: Default> Slots<T> {
    /// A block that only the caller writes until it drops it.
    pub fn claim(&self) -> Arc<T> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // `get_mut` succeeds only when nobody else holds it, and synchronises with whoever did.
        if let Some(free) = slots.iter_mut().find_map(|slot| Arc::get_mut(slot).is_some().then_some(slot)) {
            return free.clone();
        }
        let fresh = Arc::new(T::default());
        slots.push(fresh.clone());
        fresh
    }

    /// The sum of `number` over all blocks.
    pub fn sum(&self, number: impl Fn(&T) -> u64) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|slot| number(slot)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use account::EndpointCounts;

    #[test]
    fn a_block_has_one_writer_and_outlives_it() {
        let slots = Slots::<EndpointCounts>::default();
        let (first, second) = (slots.claim(), slots.claim());
        assert!(!Arc::ptr_eq(&first, &second));
        first.picked.add(3);
        second.picked.add(4);
        drop(first);
        slots.claim().picked.add(1);
        assert_eq!(slots.sum(|counts| counts.picked.read()), 8);
        assert_eq!(slots.0.lock().unwrap().len(), 2);
    }
}
