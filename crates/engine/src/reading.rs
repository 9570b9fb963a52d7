//! What the counters say, laid out in one row of numbers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use account::{BOUNDS, Fault, FaultCounts, Histogram, LogCounts, Statuses};
use world::{EndpointLive, ListenerLive, PoolLive, RouteLive, Slots, World};

/// The numbers at the head of the row.
pub const HEADER: &[&str] = &["version", "worlds", "workers", "connections", "logWritten", "logDropped"];
/// The numbers of each listener.
pub const LISTENER_FIELDS: &[&str] =
    &["accepted", "open", "bytesIn", "bytesOut", "requests", "1xx", "2xx", "3xx", "4xx", "5xx"];
/// The numbers of each route, before those of its histogram.
pub const ROUTE_FIELDS: &[&str] = &["taken", "1xx", "2xx", "3xx", "4xx", "5xx"];
/// The numbers of each pool.
pub const POOL_FIELDS: &[&str] = &["requests", "retries", "retriesDenied"];
/// The numbers of each endpoint, before those of its histogram.
pub const ENDPOINT_FIELDS: &[&str] = &[
    "picked",
    "open",
    "inflight",
    "failed",
    "bytesSent",
    "bytesReceived",
    "reused",
    "1xx",
    "2xx",
    "3xx",
    "4xx",
    "5xx",
];
/// The numbers of a histogram: one for each bound, one for what is beyond, and the sum in microseconds.
pub const HISTOGRAM_LENGTH: usize = BOUNDS.len() + 2;

/// What is read from outside the control thread. The lock is held for one reading, and to swap worlds.
#[derive(Debug, Default)]
pub struct Board {
    world: Mutex<Option<Arc<World>>>,
    /// What each worker counts of faults.
    pub faults: Slots<FaultCounts>,
    /// What each worker, and the thread that writes it, counts of the access log.
    pub log: Slots<LogCounts>,
    worlds: Arc<AtomicUsize>,
    workers: AtomicUsize,
}

/// Which number stands where in the row, for one version of the plan.
///
/// The row is [`HEADER`], then [`LISTENER_FIELDS`] for each listener, [`ROUTE_FIELDS`] and a histogram for
/// each route, [`POOL_FIELDS`] for each pool, [`ENDPOINT_FIELDS`] and a histogram for each endpoint, then
/// one number for each fault.
#[derive(Debug, Clone)]
pub struct Index {
    /// The version of the plan.
    pub version: u32,
    /// How many numbers there are.
    pub length: usize,
    /// The keys of the listeners, in order.
    pub listeners: Vec<String>,
    /// The keys of the routes, in order.
    pub routes: Vec<String>,
    /// The keys of the pools, in order.
    pub pools: Vec<String>,
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
            routes: world.routes.iter().map(|route| route.live.key.clone()).collect(),
            pools: world.pools.iter().map(|pool| pool.live.key.clone()).collect(),
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
        let listeners: Vec<_> = world.listeners.iter().map(|at| listener_row(&at.live)).collect();
        let header = [
            u64::from(world.version),
            self.worlds.load(Ordering::Relaxed) as u64,
            self.workers.load(Ordering::Relaxed) as u64,
            listeners.iter().map(|[_, open, ..]| open).sum(),
            self.log.sum(|counts| counts.written.read()),
            self.log.sum(|counts| counts.dropped.read()),
        ];
        let mut writer = Writer { row, at: 0 };
        writer.put(&header);
        listeners.iter().for_each(|numbers| writer.put(numbers));
        world.routes.iter().for_each(|route| writer.route(&route.live));
        world.pools.iter().for_each(|pool| writer.put(&pool_row(&pool.live)));
        world.endpoints.iter().for_each(|endpoint| writer.endpoint(&endpoint.live));
        Fault::ALL.iter().for_each(|fault| writer.put(&[self.faults.sum(|counts| counts.read(*fault))]));
        Read::Version(world.version)
    }
}

/// Where the next number goes.
struct Writer<'a> {
    row: &'a mut [f64],
    at: usize,
}

impl Writer<'_> {
    fn put(&mut self, numbers: &[u64]) {
        for number in numbers {
            if let Some(place) = self.row.get_mut(self.at) {
                *place = *number as f64;
            }
            self.at += 1;
        }
    }

    fn route(&mut self, live: &RouteLive) {
        let counts = &live.counts;
        self.put(&[counts.sum(|counts| counts.taken.read())]);
        self.put(&statuses(|class| counts.sum(|counts| class(&counts.statuses))));
        self.histogram(|number| counts.sum(|counts| number(&counts.durations)));
    }

    fn endpoint(&mut self, live: &EndpointLive) {
        let counts = &live.counts;
        self.put(&[
            counts.sum(|counts| counts.picked.read()),
            u64::from(live.open()),
            u64::from(live.inflight()),
            counts.sum(|counts| counts.failed.read()),
            counts.sum(|counts| counts.bytes_sent.read()),
            counts.sum(|counts| counts.bytes_received.read()),
            counts.sum(|counts| counts.reused.read()),
        ]);
        self.put(&statuses(|class| counts.sum(|counts| class(&counts.statuses))));
        self.histogram(|number| counts.sum(|counts| number(&counts.first_bytes)));
    }

    /// `sum` adds a number of the histograms of all workers.
    fn histogram(&mut self, sum: impl Fn(&dyn Fn(&Histogram) -> u64) -> u64) {
        for bucket in 0..=BOUNDS.len() {
            self.put(&[sum(&|histogram| histogram.buckets().get(bucket).copied().unwrap_or(0))]);
        }
        self.put(&[sum(&Histogram::micros)]);
    }
}

fn length(world: &World) -> usize {
    HEADER.len()
        + world.listeners.len() * LISTENER_FIELDS.len()
        + world.routes.len() * (ROUTE_FIELDS.len() + HISTOGRAM_LENGTH)
        + world.pools.len() * POOL_FIELDS.len()
        + world.endpoints.len() * (ENDPOINT_FIELDS.len() + HISTOGRAM_LENGTH)
        + Fault::ALL.len()
}

/// `sum` adds a number of the statuses of all workers.
fn statuses(sum: impl Fn(&dyn Fn(&Statuses) -> u64) -> u64) -> [u64; Statuses::CLASSES] {
    std::array::from_fn(|class| sum(&|statuses| statuses.read().get(class).copied().unwrap_or(0)))
}

fn listener_row(live: &ListenerLive) -> [u64; LISTENER_FIELDS.len()] {
    // `ended` first: a connection that ends in between must not make the difference negative.
    let counts = &live.counts;
    let ended = counts.sum(|counts| counts.ended.read());
    let accepted = counts.sum(|counts| counts.accepted.read());
    let bytes_in = counts.sum(|counts| counts.bytes_in.read());
    let bytes_out = counts.sum(|counts| counts.bytes_out.read());
    let requests = counts.sum(|counts| counts.requests.read());
    let [c1, c2, c3, c4, c5] = statuses(|class| counts.sum(|counts| class(&counts.statuses)));
    [accepted, accepted.saturating_sub(ended), bytes_in, bytes_out, requests, c1, c2, c3, c4, c5]
}

fn pool_row(live: &PoolLive) -> [u64; POOL_FIELDS.len()] {
    let counts = &live.counts;
    [
        counts.sum(|counts| counts.requests.read()),
        counts.sum(|counts| counts.retries.read()),
        counts.sum(|counts| counts.retries_denied.read()),
    ]
}
