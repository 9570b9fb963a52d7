//! What a worker lends to its connections.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use account::FaultCounts;
use fastrand::Rng;
use net::{Descriptors, Tools, Wheel};
use world::World;

use crate::adopted::Adopted;
use crate::connection::Connections;
use crate::filter::Filters;
#[cfg(feature = "inject")]
use crate::filter::{Filter, Stretch};
use crate::http1::Http;
use crate::log::{Log, Outlet};

/// What goes wrong on order, or differently, for tests.
#[cfg(feature = "inject")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injection {
    /// The next connection that comes to this point panics.
    Panic(PanicAt),
    /// Bodies get longer on their way from now on.
    Stretch,
}

/// Where a connection panics, for tests.
#[cfg(feature = "inject")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanicAt {
    /// While its route and endpoint are chosen.
    Choose,
    /// When it moves a byte.
    Relay,
}

/// What a worker lends to its connections.
#[derive(Debug)]
pub struct Station {
    /// The buffer and the pipes of its relays.
    pub tools: Tools,
    /// What its HTTP exchanges need.
    pub http: Http,
    /// Its timers.
    pub wheel: Wheel,
    /// Its connections.
    pub connections: Connections,
    /// What it counts of faults.
    pub faults: Arc<FaultCounts>,
    /// What it writes of requests and connections.
    pub log: Log,
    /// Where descriptors are counted.
    pub descriptors: Arc<Descriptors>,
    #[cfg(feature = "inject")]
    panic_next: std::cell::Cell<Option<PanicAt>>,
    #[cfg(feature = "inject")]
    stretches: std::cell::Cell<bool>,
    worker: u32,
    rng: RefCell<Rng>,
    adopted: RefCell<Option<Rc<Adopted>>>,
    /// How many worlds it has adopted.
    pub adoptions: std::cell::Cell<u32>,
}

/// Our name in Via: random to the process, so that a request that comes back is known.
fn pseudonym() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| format!("fourseven-{:08x}", fastrand::u32(..)))
}

impl Station {
    /// The station of worker number `worker`, which has adopted nothing yet. The number of its
    /// connections is kept in `load`, and the lines of its log go to `outlet`.
    pub fn new(
        worker: u32,
        load: Arc<AtomicUsize>,
        faults: Arc<FaultCounts>,
        outlet: Outlet,
        descriptors: Arc<Descriptors>,
    ) -> Self {
        let wheel = Wheel::default();
        Self {
            log: Log::new(outlet, &wheel),
            tools: Tools::new(&descriptors),
            http: Http::new(pseudonym()),
            wheel,
            connections: Connections::new(load, faults.clone()),
            faults,
            descriptors,
            #[cfg(feature = "inject")]
            panic_next: std::cell::Cell::default(),
            #[cfg(feature = "inject")]
            stretches: std::cell::Cell::default(),
            worker,
            rng: RefCell::new(Rng::new()),
            adopted: RefCell::default(),
            adoptions: std::cell::Cell::default(),
        }
    }

    /// Adopts a world. Connections keep what they were decided by.
    pub fn adopt(&self, world: Arc<World>) {
        self.log.adopt(world.log.as_ref());
        self.tools.splice.set(cfg!(target_os = "linux") && !world.engine.portable);
        let before = self.adopted();
        let adopted = Rc::new(Adopted::new(world, before.as_deref(), self.worker));
        *self.adopted.borrow_mut() = Some(adopted.clone());
        self.adoptions.set(self.adoptions.get().wrapping_add(1));
        self.connections.finish(|open| !adopted.has(&open.listener));
    }

    /// The world it has adopted. Look once per decision, and do not hold it over an await.
    pub fn adopted(&self) -> Option<Rc<Adopted>> {
        self.adopted.borrow().clone()
    }

    /// Milliseconds of one clock for all workers, which only grows.
    pub fn millis(&self) -> u64 {
        static START: OnceLock<Instant> = OnceLock::new();
        // As if it had begun long ago, so that what is earned by time is there from the begin.
        START.get_or_init(Instant::now).elapsed().as_millis() as u64 + 60_000
    }

    /// Does this from now on.
    #[cfg(feature = "inject")]
    pub fn inject(&self, what: Injection) {
        match what {
            Injection::Panic(at) => self.panic_next.set(Some(at)),
            Injection::Stretch => self.stretches.set(true),
        }
    }

    /// The filters that every body passes: none, but in tests.
    pub fn add_filters(&self, filters: &mut Filters) {
        #[cfg(feature = "inject")]
        if self.stretches.get() {
            filters.add(Filter::Stretch(Stretch::default()));
        }
        #[cfg(not(feature = "inject"))]
        let _ = filters;
    }

    /// Panics if that was ordered for a connection that has come `at` this point.
    #[cfg(feature = "inject")]
    #[expect(clippy::panic, reason = "it is asked for")]
    pub fn panic_if_ordered(&self, at: PanicAt) {
        if self.panic_next.get() == Some(at) {
            self.panic_next.set(None);
            panic!("injected");
        }
    }

    /// Draws random numbers.
    pub fn random<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.rng.borrow_mut())
    }
}
