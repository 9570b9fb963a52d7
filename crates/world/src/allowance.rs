//! How many requests of a pool may be sent again.

use std::sync::{Mutex, PoisonError};

use plan::RetryBudget;

/// What a request earns is spent within about so many milliseconds, or is gone.
const MEMORY: f64 = 10_000.0;

/// How many requests of a pool may be sent again: a share of those that came lately, and a reserve
/// beside them, so that a pool with little traffic has retries too.
///
/// One for all workers. Nothing is written for a request: what they earned since the last retry is
/// worked out from their counters when the next one asks.
#[derive(Debug, Default)]
pub struct Allowance(Mutex<Option<Balance>>);

#[derive(Debug, Clone, Copy)]
struct Balance {
    left: f64,
    requests: u64,
    at: u64,
}

impl Allowance {
    /// Takes one of what is left, if one is. `requests` is how many there have been in all, `now` is in
    /// milliseconds.
    pub fn take(&self, budget: RetryBudget, requests: u64, now: u64) -> bool {
        let mut balance = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing was asked for before, so all that was earned lately is there.
        let before = balance.unwrap_or(Balance { left: 0.0, requests: 0, at: now.saturating_sub(MEMORY as u64) });
        let passed = now.saturating_sub(before.at) as f64;
        let earned = f64::from(budget.percent) / 100.0 * requests.saturating_sub(before.requests) as f64;
        let kept = (-passed / MEMORY).exp();
        // What came evenly over the time that passed has decayed by this much on average.
        let lately = if passed > 0.0 { MEMORY / passed * (1.0 - kept) } else { 1.0 };
        let reserve = f64::from(budget.reserve) / 1000.0 * passed;
        let left = before.left * kept + (earned + reserve) * lately;
        let may = left >= 1.0;
        *balance = Some(Balance { left: if may { left - 1.0 } else { left }, requests, at: now });
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: RetryBudget = RetryBudget { percent: 20, reserve: 10 };

    /// How many of so many retries a millisecond are allowed, with so many requests a millisecond.
    fn allowed(budget: RetryBudget, requests: u64, millis: std::ops::Range<u64>, allowance: &Allowance) -> u64 {
        millis.map(|at| (0..requests).filter(|_| allowance.take(budget, at * requests, at)).count() as u64).sum()
    }

    #[test]
    fn a_share_of_the_requests_and_the_reserve_may_go_again() {
        let allowance = Allowance::default();
        let _ = allowed(BUDGET, 2, 20_000..30_000, &allowance);
        let lasting = allowed(BUDGET, 2, 30_000..60_000, &allowance);
        let most = 60_000 / 5 + 300;
        assert!((most - 20..=most + 20).contains(&lasting), "{lasting} of 60000");
    }

    #[test]
    fn without_requests_there_is_the_reserve() {
        let allowance = Allowance::default();
        let burst = (0..1000).filter(|_| allowance.take(BUDGET, 0, 50_000)).count();
        assert!((60..=64).contains(&burst), "{burst}");
        let next = (0..1000).filter(|_| allowance.take(BUDGET, 0, 51_000)).count();
        assert!((9..=10).contains(&next), "{next}");
    }

    #[test]
    fn a_budget_of_nothing_allows_nothing() {
        let none = RetryBudget { percent: 0, reserve: 0 };
        assert!(!Allowance::default().take(none, 1_000_000, 1_000_000));
    }

    #[test]
    fn a_clock_that_stands_still_or_goes_back_is_no_harm() {
        let allowance = Allowance::default();
        assert!(allowance.take(BUDGET, 100, 10_000));
        assert!(allowance.take(BUDGET, 100, 9_000));
        assert!(allowance.take(BUDGET, 100, 9_000));
    }
}
