//! A world as one worker has adopted it.

use std::collections::HashMap;
use std::hash::Hash;
use std::rc::Rc;
use std::sync::Arc;

use crate::http1::Idle;
use account::{EndpointCounts, ListenerCounts};
use decide::Cursor;
use plan::TableHash;
use world::{Endpoint, EndpointIx, EndpointLive, Listener, ListenerIx, ListenerLive, Picker, Pool, PoolIx, World};

/// A life, and the block of counters that this worker writes of it.
#[derive(Debug)]
pub struct Here<L, C> {
    /// What all workers share.
    pub live: Arc<L>,
    /// What this worker counts.
    pub counts: Arc<C>,
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
    /// Connections of this worker to it that wait for their next exchange.
    pub idle: Idle,
}

/// A pool, as this worker sees it. It lives while the pool's table is unchanged.
#[derive(Debug)]
pub struct PoolHere {
    /// The stable name.
    pub key: String,
    table: Option<TableHash>,
    /// Where this worker's walk through the pool stands.
    pub cursor: Cursor,
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
    pools: Vec<Rc<PoolHere>>,
    endpoints: Vec<Rc<EndpointHere>>,
}

impl Adopted {
    /// Adopts `world` as worker number `worker`, after `before`.
    pub fn new(world: Arc<World>, before: Option<&Adopted>, worker: u32) -> Self {
        let mut listeners = by(before.map(|before| &before.listeners), |here| Arc::as_ptr(&here.live));
        let mut endpoints = by(before.map(|before| &before.endpoints), |here| Arc::as_ptr(&here.live));
        let mut pools = by(before.map(|before| &before.pools), |here| here.key.clone());
        let listener = |listener: &Listener| {
            let same = listeners.remove(&Arc::as_ptr(&listener.live));
            same.unwrap_or_else(|| {
                let live = listener.live.clone();
                Rc::new(Here { counts: live.counts.claim(), live })
            })
        };
        let endpoint = |endpoint: &Endpoint| {
            let same = endpoints.remove(&Arc::as_ptr(&endpoint.live));
            same.unwrap_or_else(|| {
                let live = endpoint.live.clone();
                Rc::new(EndpointHere { counts: live.counts.claim(), live, idle: Idle::default() })
            })
        };
        let pool = |pool: &Pool| {
            let table = table(pool);
            let same = pools.remove(&pool.key).filter(|here| here.table == table);
            same.unwrap_or_else(|| {
                let cursor = Cursor::start(worker, length(pool));
                Rc::new(PoolHere { key: pool.key.clone(), table, cursor })
            })
        };
        Self {
            listeners: world.listeners.iter().map(listener).collect(),
            endpoints: world.endpoints.iter().map(endpoint).collect(),
            pools: world.pools.iter().map(pool).collect(),
            world,
        }
    }

    /// The listener at a position.
    pub fn listener(&self, at: ListenerIx) -> Option<&Rc<ListenerHere>> {
        self.listeners.get(at.index())
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

    /// The pool at a position, with what this worker knows of it.
    pub fn pool(&self, at: PoolIx) -> Option<(&Pool, &Rc<PoolHere>)> {
        Some((self.world.pool(at)?, self.pools.get(at.index())?))
    }

    /// The pool of a name. A search: for the rare case that a choice is made again.
    pub fn pool_named(&self, key: &str) -> Option<PoolIx> {
        (0u32..).zip(&self.pools).find(|(_, pool)| pool.key == key).map(|(at, _)| PoolIx(at))
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
