//! A world as one worker has adopted it.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

use crate::http1::{Idle, Manners};
use account::{EndpointCounts, ListenerCounts, PoolCounts, RouteCounts};
use decide::Cursor;
use plan::{Address, HttpPolicy, RetryBudget, Reuse, TableHash, Timeouts};
use world::{
    Endpoint, EndpointIx, EndpointLive, Listener, ListenerIx, ListenerLive, Picker, Pool, PoolIx, PoolLive, Route,
    RouteIx, RouteLive, World,
};

/// A life, and the block of counters that this worker writes of it.
#[derive(Debug)]
pub struct Here<L, C> {
    /// What all workers share.
    pub live: Arc<L>,
    /// What this worker counts.
    pub counts: Arc<C>,
    /// Whether its traffic is logged now.
    pub logs: Cell<bool>,
}

/// A listener, as this worker sees it.
pub type ListenerHere = Here<ListenerLive, ListenerCounts>;

/// An endpoint, as this worker sees it.
#[derive(Debug)]
pub struct EndpointHere {
    /// What all workers share.
    pub live: Arc<EndpointLive>,
    /// What this worker counts.
    pub counts: Arc<EndpointCounts>,
    /// Where it is reached.
    pub addresses: Arc<[Address]>,
    /// Connections of this worker to it that wait for their next exchange.
    pub idle: Idle,
}

/// A route, as this worker sees it. What was decided by it keeps its policy.
#[derive(Debug)]
pub struct RouteHere {
    live: Arc<RouteLive>,
    /// What this worker counts.
    pub counts: Arc<RouteCounts>,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// What holds for HTTP alone.
    pub http: Arc<HttpPolicy>,
}

impl RouteHere {
    /// Its stable name.
    pub fn key(&self) -> &str {
        &self.live.key
    }
}

/// A pool, as this worker sees it.
#[derive(Debug)]
pub struct PoolHere {
    /// What all workers share.
    pub live: Arc<PoolLive>,
    /// What this worker counts.
    pub counts: Arc<PoolCounts>,
    table: Option<TableHash>,
    /// Where this worker's walk through the pool stands. It goes on while the table is unchanged.
    pub cursor: Rc<Cursor>,
    /// How long HTTP connections are used again.
    pub reuse: Reuse,
    /// How many requests may be sent again.
    pub budget: RetryBudget,
}

/// A world as one worker has adopted it: beside each thing stands what the worker alone changes,
/// found again by key in the world before.
///
/// Connections hold single things of it, never the whole, so that an old world can go.
#[derive(Debug)]
pub struct Adopted {
    /// The world.
    pub world: Arc<World>,
    listeners: Vec<Rc<ListenerHere>>,
    /// What holds for the clients of each listener that speaks HTTP.
    manners: Vec<Option<Rc<Manners>>>,
    routes: Vec<Rc<RouteHere>>,
    pools: Vec<Rc<PoolHere>>,
    endpoints: Vec<Rc<EndpointHere>>,
}

impl Adopted {
    /// Adopts `world` as worker number `worker`, after `before`.
    pub fn new(world: Arc<World>, before: Option<&Adopted>, worker: u32) -> Self {
        let mut listeners = by(before.map(|before| &before.listeners), |here| Arc::as_ptr(&here.live));
        let mut endpoints = by(before.map(|before| &before.endpoints), |here| Arc::as_ptr(&here.live));
        let mut routes = by(before.map(|before| &before.routes), |here| Arc::as_ptr(&here.live));
        let mut pools = by(before.map(|before| &before.pools), |here| Arc::as_ptr(&here.live));
        let listener = |listener: &Listener| {
            let same = listeners.remove(&Arc::as_ptr(&listener.live));
            let here = same.unwrap_or_else(|| {
                let live = listener.live.clone();
                Rc::new(Here { counts: live.counts.claim(), live, logs: Cell::default() })
            });
            here.logs.set(listener.logs);
            here
        };
        let endpoint = |endpoint: &Endpoint| {
            let (live, addresses) = (endpoint.live.clone(), endpoint.addresses.clone());
            match endpoints.get(&Arc::as_ptr(&live)) {
                // Idle connections lead where the endpoint was reached when they were made.
                Some(same) if same.addresses == addresses => {
                    let same = same.clone();
                    endpoints.remove(&Arc::as_ptr(&live));
                    same
                }
                other => {
                    let counts = other.map_or_else(|| live.counts.claim(), |other| other.counts.clone());
                    Rc::new(EndpointHere { counts, live, addresses, idle: Idle::default() })
                }
            }
        };
        let route = |route: &Route| {
            let (timeouts, http) = (route.timeouts, route.http.clone());
            match routes.remove(&Arc::as_ptr(&route.live)) {
                Some(same) if same.timeouts == timeouts && same.http == http => same,
                other => {
                    let live = route.live.clone();
                    let counts = other.map_or_else(|| live.counts.claim(), |other| other.counts.clone());
                    Rc::new(RouteHere { live, counts, timeouts, http })
                }
            }
        };
        let pool = |pool: &Pool| {
            let (table, live) = (table(pool), pool.live.clone());
            let same = pools.remove(&Arc::as_ptr(&live));
            let cursor = same.as_ref().filter(|same| same.table == table).map(|same| same.cursor.clone());
            let cursor = cursor.unwrap_or_else(|| Rc::new(Cursor::start(worker, length(pool))));
            let counts = same.map_or_else(|| live.counts.claim(), |same| same.counts.clone());
            Rc::new(PoolHere { live, counts, table, cursor, reuse: pool.reuse, budget: pool.budget })
        };
        let adopted = Self {
            listeners: world.listeners.iter().map(listener).collect(),
            manners: world.listeners.iter().map(|listener| Manners::of(&listener.protocol).map(Rc::new)).collect(),
            endpoints: world.endpoints.iter().map(endpoint).collect(),
            routes: world.routes.iter().map(route).collect(),
            pools: world.pools.iter().map(pool).collect(),
            world,
        };
        // Nobody asks any more for idle connections to those that are gone.
        endpoints.into_values().for_each(|gone| gone.idle.clear());
        adopted
    }

    /// The listener at a position.
    pub fn listener(&self, at: ListenerIx) -> Option<&Rc<ListenerHere>> {
        self.listeners.get(at.index())
    }

    /// What holds for the clients of the listener at a position, if it speaks HTTP.
    pub fn manners(&self, at: ListenerIx) -> Option<&Rc<Manners>> {
        self.manners.get(at.index())?.as_ref()
    }

    /// Whether a listener of an earlier world is still there.
    pub fn has(&self, here: &Rc<ListenerHere>) -> bool {
        self.listeners.iter().any(|there| Rc::ptr_eq(there, here))
    }

    /// Where a listener of an earlier world is now; `hint` is where it was.
    pub fn position_of(&self, here: &Rc<ListenerHere>, hint: ListenerIx) -> Option<ListenerIx> {
        if self.listener(hint).is_some_and(|there| Rc::ptr_eq(there, here)) {
            return Some(hint);
        }
        (0u32..).zip(&self.listeners).find(|(_, there)| Rc::ptr_eq(there, here)).map(|(at, _)| ListenerIx(at))
    }

    /// The route at a position, and its pool's.
    pub fn route(&self, at: RouteIx) -> Option<(&Rc<RouteHere>, PoolIx)> {
        Some((self.routes.get(at.index())?, self.world.route(at)?.pool))
    }

    /// The pool at a position, with what this worker knows of it.
    pub fn pool(&self, at: PoolIx) -> Option<(&Pool, &Rc<PoolHere>)> {
        Some((self.world.pool(at)?, self.pools.get(at.index())?))
    }

    /// Where a pool of an earlier world is now. A search: for the rare case that a choice is made again.
    pub fn position_of_pool(&self, here: &PoolHere) -> Option<PoolIx> {
        (0u32..).zip(&self.pools).find(|(_, pool)| Arc::ptr_eq(&pool.live, &here.live)).map(|(at, _)| PoolIx(at))
    }

    /// All endpoints.
    pub fn endpoints(&self) -> impl Iterator<Item = &Rc<EndpointHere>> {
        self.endpoints.iter()
    }

    /// The endpoint at a position.
    pub fn endpoint(&self, at: EndpointIx) -> Option<&Rc<EndpointHere>> {
        self.endpoints.get(at.index())
    }
}

/// What was known before, by what it is found again by.
fn by<T, K: Eq + Hash>(before: Option<&Vec<Rc<T>>>, key: impl Fn(&T) -> K) -> HashMap<K, Rc<T>> {
    before.into_iter().flatten().map(|here| (key(here), here.clone())).collect()
}

fn table(pool: &Pool) -> Option<TableHash> {
    match &pool.picker {
        Picker::Cycle { hash, .. } => Some(hash.clone()),
        Picker::Least { .. } => None,
    }
}

fn length(pool: &Pool) -> usize {
    match &pool.picker {
        Picker::Cycle { table, .. } => table.len(),
        Picker::Least { .. } => pool.endpoints.len(),
    }
}
