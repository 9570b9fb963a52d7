//! An engine that runs.

use std::cell::Cell;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use account::Fault;
use engine::{
    Applied, Closed, ENDPOINT_FIELDS, Engine, HEADER, HISTOGRAM_LENGTH, LISTENER_FIELDS, Outcome, POOL_FIELDS,
    ROUTE_FIELDS, Read,
};
use plan::Address;

use super::{Draft, PATIENCE, no_panics};

/// An engine that runs. Its end is waited for, and no thread of it may have panicked.
#[derive(Debug)]
pub struct Running {
    pub engine: Engine,
    version: Cell<u32>,
}

/// The counters, by name.
#[derive(Debug, Clone)]
pub struct Counts {
    pub version: u32,
    pub worlds: u64,
    pub workers: u64,
    #[allow(dead_code, reason = "shown when an assertion fails")]
    pub connections: u64,
    /// Lines of the log: written, and dropped.
    pub lines: (u64, u64),
    pub listeners: Vec<(String, ListenerCounts)>,
    pub routes: Vec<(String, RouteCounts)>,
    pub pools: Vec<(String, PoolCounts)>,
    pub endpoints: Vec<(String, EndpointCounts)>,
    pub faults: Vec<(&'static str, u64)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ListenerCounts {
    pub accepted: u64,
    pub open: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub requests: u64,
    pub statuses: Statuses,
}

/// Responses by class, from 1xx to 5xx.
pub type Statuses = [u64; 5];
/// How many took at most each bound; the last is their sum in microseconds.
pub type Histogram = [u64; HISTOGRAM_LENGTH];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteCounts {
    pub taken: u64,
    pub statuses: Statuses,
    pub durations: Histogram,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolCounts {
    pub requests: u64,
    pub retries: u64,
    pub retries_denied: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EndpointCounts {
    pub picked: u64,
    pub open: u64,
    pub inflight: u64,
    pub failed: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub reused: u64,
    pub statuses: Statuses,
    pub first_bytes: Histogram,
}

impl Running {
    /// An engine without a plan.
    pub fn idle() -> Self {
        no_panics();
        Self { engine: Engine::start().unwrap(), version: Cell::new(0) }
    }

    /// An engine that runs a plan.
    pub fn start(draft: &Draft) -> Self {
        let running = Self::idle();
        running.apply(draft);
        running
    }

    /// Applies a plan that nothing speaks against.
    #[track_caller]
    pub fn apply(&self, draft: &Draft) -> Applied {
        match self.try_apply(draft) {
            Outcome::Applied(applied) => applied,
            other => panic!("not applied: {other:?}"),
        }
    }

    /// Applies a plan.
    #[track_caller]
    pub fn try_apply(&self, draft: &Draft) -> Outcome {
        self.send(draft).recv_timeout(PATIENCE).expect("an answer to `apply`")
    }

    /// Orders a plan to be applied, and does not wait.
    pub fn send(&self, draft: &Draft) -> Receiver<Outcome> {
        self.version.set(self.version.get() + 1);
        let (json, tables) = draft.encode(self.version.get());
        let (done, wait) = channel();
        self.engine.apply(json, tables, move |outcome| drop(done.send(outcome)));
        wait
    }

    /// Orders the end, and does not wait.
    pub fn send_close(&self, drain: Duration) -> Receiver<Closed> {
        let (done, wait) = channel();
        self.engine.close(drain, move |closed| {
            let _ = done.send(closed);
        });
        wait
    }

    /// Closes, and says how many connections were cut.
    #[track_caller]
    pub fn close(&self, drain: Duration) -> usize {
        self.send_close(drain).recv_timeout(PATIENCE + drain).expect("an answer to `close`").cut
    }

    /// The counters of now.
    #[track_caller]
    pub fn counts(&self) -> Counts {
        self.try_counts().expect("a plan is applied")
    }

    /// The counters of now, if a plan is applied.
    pub fn try_counts(&self) -> Option<Counts> {
        loop {
            let index = self.engine.index()?;
            let mut row = vec![0.0; index.length];
            match self.engine.read(&mut row) {
                // Another plan came in between.
                Read::TooShort => continue,
                Read::Version(version) if version != index.version => continue,
                Read::Nothing => return None,
                Read::Version(version) => {
                    let mut numbers = row.iter().map(|number| *number as u64);
                    let [_, worlds, workers, connections, written, dropped] = take::<{ HEADER.len() }>(&mut numbers);
                    let listeners = index.listeners.into_iter().map(|key| {
                        let [accepted, open, bytes_in, bytes_out, requests, statuses @ ..] =
                            take::<{ LISTENER_FIELDS.len() }>(&mut numbers);
                        (key, ListenerCounts { accepted, open, bytes_in, bytes_out, requests, statuses })
                    });
                    let listeners = listeners.collect();
                    let routes = index.routes.into_iter().map(|key| {
                        let [taken, statuses @ ..] = take::<{ ROUTE_FIELDS.len() }>(&mut numbers);
                        (key, RouteCounts { taken, statuses, durations: take(&mut numbers) })
                    });
                    let routes = routes.collect();
                    let pools = index.pools.into_iter().map(|key| {
                        let [requests, retries, retries_denied] = take::<{ POOL_FIELDS.len() }>(&mut numbers);
                        (key, PoolCounts { requests, retries, retries_denied })
                    });
                    let pools = pools.collect();
                    let endpoints = index.endpoints.into_iter().map(|key| {
                        let [picked, open, inflight, failed, bytes_sent, bytes_received, reused, statuses @ ..] =
                            take::<{ ENDPOINT_FIELDS.len() }>(&mut numbers);
                        let first_bytes = take(&mut numbers);
                        let counts = EndpointCounts {
                            picked,
                            open,
                            inflight,
                            failed,
                            bytes_sent,
                            bytes_received,
                            reused,
                            statuses,
                            first_bytes,
                        };
                        (key, counts)
                    });
                    let endpoints = endpoints.collect();
                    let faults = index.faults.into_iter().zip(numbers).collect();
                    return Some(Counts {
                        version,
                        worlds,
                        workers,
                        connections,
                        lines: (written, dropped),
                        listeners,
                        routes,
                        pools,
                        endpoints,
                        faults,
                    });
                }
            }
        }
    }

    /// How often a fault was counted.
    #[track_caller]
    pub fn fault(&self, fault: Fault) -> u64 {
        self.counts().fault(fault)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.engine.shutdown(PATIENCE);
        if !std::thread::panicking() {
            no_panics();
        }
    }
}

impl Counts {
    #[track_caller]
    pub fn listener(&self, key: &str) -> ListenerCounts {
        self.listeners.iter().find(|(name, _)| name == key).expect("the listener").1
    }

    #[track_caller]
    pub fn route(&self, key: &str) -> RouteCounts {
        self.routes.iter().find(|(name, _)| name == key).expect("the route").1
    }

    #[track_caller]
    pub fn pool(&self, key: &str) -> PoolCounts {
        self.pools.iter().find(|(name, _)| name == key).expect("the pool").1
    }

    #[track_caller]
    pub fn endpoint(&self, key: &str) -> EndpointCounts {
        self.endpoints.iter().find(|(name, _)| name == key).expect("the endpoint").1
    }

    pub fn fault(&self, fault: Fault) -> u64 {
        self.faults.iter().find(|(label, _)| *label == fault.label()).unwrap().1
    }

    /// The faults that were counted.
    pub fn all_faults(&self) -> Vec<(&'static str, u64)> {
        self.faults.iter().filter(|(_, count)| *count > 0).copied().collect()
    }

    /// Whether every listener and endpoint is back to nothing.
    pub fn is_quiet(&self) -> bool {
        let quiet = |(_, counts): &(String, EndpointCounts)| counts.open == 0 && counts.inflight == 0;
        self.endpoints.iter().all(quiet) && self.listeners.iter().all(|(_, counts)| counts.open == 0)
    }
}

/// Where a listener listens.
#[track_caller]
pub fn address(applied: &Applied, key: &str) -> Address {
    applied.listeners.iter().find(|(name, _)| name == key).expect("the listener").1.clone()
}

fn take<const N: usize>(numbers: &mut impl Iterator<Item = u64>) -> [u64; N] {
    std::array::from_fn(|_| numbers.next().unwrap())
}
