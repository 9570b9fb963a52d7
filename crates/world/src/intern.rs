//! Lives by key.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use crate::live::{EndpointLive, ListenerLive, PoolLive, RouteLive, State};

/// The lives that some world or some connection still holds, by key.
///
/// The control thread owns it. It holds nothing alive itself.
#[derive(Debug, Default)]
pub struct Lives {
    listeners: HashMap<String, Weak<ListenerLive>>,
    routes: HashMap<String, Weak<RouteLive>>,
    pools: HashMap<String, Weak<PoolLive>>,
    endpoints: HashMap<String, Weak<EndpointLive>>,
    worlds: Arc<AtomicUsize>,
}

impl Lives {
    /// How many worlds are alive.
    pub fn worlds(&self) -> usize {
        self.worlds.load(Ordering::Relaxed)
    }

    /// The counter of worlds, to be read from elsewhere.
    pub fn census(&self) -> Arc<AtomicUsize> {
        self.worlds.clone()
    }

    pub(crate) fn listener(&mut self, key: &str) -> Arc<ListenerLive> {
        find(&mut self.listeners, key, ListenerLive::new)
    }

    pub(crate) fn route(&mut self, key: &str) -> Arc<RouteLive> {
        find(&mut self.routes, key, RouteLive::new)
    }

    pub(crate) fn pool(&mut self, key: &str) -> Arc<PoolLive> {
        find(&mut self.pools, key, PoolLive::new)
    }

    pub(crate) fn endpoint(&mut self, key: &str) -> Arc<EndpointLive> {
        let live = find(&mut self.endpoints, key, EndpointLive::new);
        live.set_state(State::Active);
        live
    }

    /// Forgets the keys whose lives have ended.
    pub(crate) fn sweep(&mut self) {
        self.listeners.retain(|_, live| live.strong_count() > 0);
        self.routes.retain(|_, live| live.strong_count() > 0);
        self.pools.retain(|_, live| live.strong_count() > 0);
        self.endpoints.retain(|_, live| live.strong_count() > 0);
    }
}

fn find<T>(lives: &mut HashMap<String, Weak<T>>, key: &str, new: impl FnOnce(&str) -> T) -> Arc<T> {
    if let Some(live) = lives.get(key).and_then(Weak::upgrade) {
        return live;
    }
    let live = Arc::new(new(key));
    lives.insert(key.into(), Arc::downgrade(&live));
    live
}

/// One world, counted from its making to its drop.
#[derive(Debug)]
pub(crate) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(crate) fn new(lives: &Lives) -> Self {
        lives.worlds.fetch_add(1, Ordering::Relaxed);
        Self(lives.worlds.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
