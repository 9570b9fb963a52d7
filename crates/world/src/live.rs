//! The state of a listener, a route, a pool or an endpoint that outlives a plan.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use account::{EndpointCounts, ListenerCounts, PoolCounts, RouteCounts};
use plan::RetryBudget;

use crate::allowance::Allowance;
use crate::slots::Slots;

/// Whether an endpoint takes new connections.
///
/// ```text
///   Active ──(left the plan)──▶ Draining ──(back in a plan)──▶ Active
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// It takes new connections.
    Active = 0,
    /// It finishes what it has and takes nothing new.
    Draining = 1,
}

/// The state of an endpoint that outlives a plan.
///
/// All workers write `open` and `inflight`, so they have cache lines of their own.
#[derive(Debug)]
#[repr(align(64))]
pub struct EndpointLive {
    open: AtomicU32,
    inflight: AtomicU32,
    state: AtomicU8,
    /// Its stable name.
    pub key: String,
    /// What each worker counted of it.
    pub counts: Slots<EndpointCounts>,
}

impl EndpointLive {
    /// An endpoint of this name to which nothing happened yet.
    pub fn new(key: &str) -> Self {
        Self {
            open: AtomicU32::new(0),
            inflight: AtomicU32::new(0),
            state: AtomicU8::new(State::Active as u8),
            key: key.into(),
            counts: Slots::default(),
        }
    }

    /// Connections to it, idle ones too. Limits use this number.
    pub fn open(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// Relays and exchanges under way. Costs use this number.
    pub fn inflight(&self) -> u32 {
        self.inflight.load(Ordering::Relaxed)
    }

    /// Whether it takes new connections.
    pub fn state(&self) -> State {
        if self.state.load(Ordering::Relaxed) == State::Active as u8 { State::Active } else { State::Draining }
    }

    /// Says whether it takes new connections.
    pub fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Relaxed);
    }
}

/// One connection to an endpoint, counted from its making to its drop.
#[derive(Debug)]
pub struct Open(Arc<EndpointLive>);

impl Open {
    /// Counts one connection more.
    pub fn new(live: &Arc<EndpointLive>) -> Self {
        live.open.fetch_add(1, Ordering::Relaxed);
        Self(live.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One relay or exchange with an endpoint, counted from its making to its drop.
#[derive(Debug)]
pub struct Inflight(Arc<EndpointLive>);

impl Inflight {
    /// Counts one relay or exchange more.
    pub fn new(live: &Arc<EndpointLive>) -> Self {
        live.inflight.fetch_add(1, Ordering::Relaxed);
        Self(live.clone())
    }
}

impl Drop for Inflight {
    fn drop(&mut self) {
        self.0.inflight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The state of a listener that outlives a plan.
#[derive(Debug)]
pub struct ListenerLive {
    /// Its stable name.
    pub key: String,
    /// What each worker counted of it.
    pub counts: Slots<ListenerCounts>,
}

impl ListenerLive {
    /// A listener of this name to which nothing happened yet.
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), counts: Slots::default() }
    }
}

/// The state of a route that outlives a plan.
#[derive(Debug)]
pub struct RouteLive {
    /// Its stable name.
    pub key: String,
    /// What each worker counted of it.
    pub counts: Slots<RouteCounts>,
}

impl RouteLive {
    /// A route of this name to which nothing happened yet.
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), counts: Slots::default() }
    }
}

/// The state of a pool that outlives a plan.
#[derive(Debug)]
pub struct PoolLive {
    /// Its stable name.
    pub key: String,
    /// What each worker counted of it.
    pub counts: Slots<PoolCounts>,
    /// What is left to be sent again.
    allowance: Allowance,
}

impl PoolLive {
    /// A pool of this name to which nothing happened yet.
    pub fn new(key: &str) -> Self {
        Self { key: key.into(), counts: Slots::default(), allowance: Allowance::default() }
    }

    /// Whether one more request may be sent again at `now`, in milliseconds of any clock that only
    /// grows. It is asked for retries alone, so its lock is cold.
    pub fn may_retry(&self, budget: RetryBudget, now: u64) -> bool {
        let requests = self.counts.sum(|counts| counts.requests.read());
        self.allowance.take(budget, requests, now)
    }
}
