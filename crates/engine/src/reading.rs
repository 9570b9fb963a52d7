//! What the counters say, laid out in one row of numbers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use account::{Fault, FaultCounts};
use world::{EndpointLive, ListenerLive, Slots, World};

/// The numbers at the head of the row.
pub const HEADER: &[&str] = &["version", "worlds", "workers", "connections"];
/// The numbers of each listener.
pub const LISTENER_FIELDS: &[&str] = &["accepted", "open", "bytesIn", "bytesOut"];
/// The numbers of each endpoint.
pub const ENDPOINT_FIELDS: &[&str] = &["picked", "open", "inflight", "failed", "bytesSent", "bytesReceived"];

/// What is read from outside the control thread. The lock is held for one reading, and to swap worlds.
#[derive(Debug, Default)]
pub struct Board {
    world: Mutex<Option<Arc<World>>>,
    /// What each worker counts of faults.
    pub faults: Slots<FaultCounts>,
    worlds: Arc<AtomicUsize>,
    workers: AtomicUsize,
}

/// Which number stands where in the row, for one version of the plan.
///
/// The row is [`HEADER`], then [`LISTENER_FIELDS`] for each listener, then [`ENDPOINT_FIELDS`] for
/// each endpoint, then one number for each fault.
#[derive(Debug, Clone)]
pub struct Index {
    /// The version of the plan.
    pub version: u32,
    /// How many numbers there are.
    pub length: usize,
    /// The keys of the listeners, in order.
    pub listeners: Vec<String>,
    /// The keys of the endpoints, in order.
    pub endpoints: Vec<String>,
    /// The labels of the faults, in order.
    pub faults: Vec<&'static str>,
}

/// What reading came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// The numbers are those of this version of the plan.
    Version(u32),
    /// The row is too short; its index tells the length.
    TooShort,
    /// No plan is applied, or the engine is closed.
    Nothing,
}

impl Board {
    /// A board that shows the number of worlds that `worlds` counts.
    pub fn new(worlds: Arc<AtomicUsize>) -> Self {
        Self { worlds, ..Self::default() }
    }

    /// Shows this world from now on; the old one goes back to the caller.
    pub fn show(&self, world: Option<Arc<World>>, workers: usize) -> Option<Arc<World>> {
        self.workers.store(workers, Ordering::Relaxed);
        std::mem::replace(&mut *self.world.lock().unwrap_or_else(PoisonError::into_inner), world)
    }

    /// Which number stands where now.
    pub fn index(&self) -> Option<Index> {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let world = world.as_ref()?;
        Some(Index {
            version: world.version,
            length: length(world),
            listeners: world.listeners.iter().map(|listener| listener.live.key.clone()).collect(),
            endpoints: world.endpoints.iter().map(|endpoint| endpoint.live.key.clone()).collect(),
            faults: Fault::ALL.iter().map(|fault| fault.label()).collect(),
        })
    }

    /// Copies the counters into `row`.
    pub fn read(&self, row: &mut [f64]) -> Read {
        let world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(world) = world.as_ref() else {
            return Read::Nothing;
        };
        if row.len() < length(world) {
            return Read::TooShort;
        }
        let listeners: Vec<[u64; 4]> = world.listeners.iter().map(|at| listener_row(&at.live)).collect();
        let header = [
            u64::from(world.version),
            self.worlds.load(Ordering::Relaxed) as u64,
            self.workers.load(Ordering::Relaxed) as u64,
            listeners.iter().map(|[_, open, ..]| open).sum(),
        ];
        let endpoints = world.endpoints.iter().flat_map(|endpoint| endpoint_row(&endpoint.live));
        let faults = Fault::ALL.iter().map(|fault| self.faults.sum(|counts| counts.read(*fault)));
        let numbers = header.into_iter().chain(listeners.iter().flatten().copied()).chain(endpoints).chain(faults);
        for (place, number) in row.iter_mut().zip(numbers) {
            *place = number as f64;
        }
        Read::Version(world.version)
    }
}

fn length(world: &World) -> usize {
    HEADER.len()
        + world.listeners.len() * LISTENER_FIELDS.len()
        + world.endpoints.len() * ENDPOINT_FIELDS.len()
        + Fault::ALL.len()
}

fn listener_row(live: &ListenerLive) -> [u64; LISTENER_FIELDS.len()] {
    // `ended` first: a connection that ends in between must not make the difference negative.
    let ended = live.counts.sum(|counts| counts.ended.read());
    let accepted = live.counts.sum(|counts| counts.accepted.read());
    let bytes_in = live.counts.sum(|counts| counts.bytes_in.read());
    let bytes_out = live.counts.sum(|counts| counts.bytes_out.read());
    [accepted, accepted.saturating_sub(ended), bytes_in, bytes_out]
}

fn endpoint_row(live: &EndpointLive) -> [u64; ENDPOINT_FIELDS.len()] {
    [
        live.counts.sum(|counts| counts.picked.read()),
        u64::from(live.open()),
        u64::from(live.inflight()),
        live.counts.sum(|counts| counts.failed.read()),
        live.counts.sum(|counts| counts.bytes_sent.read()),
        live.counts.sum(|counts| counts.bytes_received.read()),
    ]
}
