//! Endpoints that have left the plan, and until when their connections may live.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Instant;

use world::{Endpoint, EndpointLive, State, World};

/// Endpoints that have left the plan. One whose last connection has ended is gone by itself.
#[derive(Debug, Default)]
pub struct Drains(Vec<(Instant, Weak<EndpointLive>)>);

impl Drains {
    /// Lets the endpoints of `before` that `now` no longer has drain until `deadline`.
    pub fn begin(&mut self, before: &World, now: &World, deadline: Instant) {
        let stays: HashSet<_> = now.endpoints.iter().map(|here| Arc::as_ptr(&here.live)).collect();
        // One that has come back has no deadline any more, also when it leaves once more later on.
        self.0.retain(|(_, live)| !stays.contains(&live.as_ptr()));
        let gone = |endpoint: &&Endpoint| !stays.contains(&Arc::as_ptr(&endpoint.live));
        for endpoint in before.endpoints.iter().filter(gone) {
            endpoint.live.set_state(State::Draining);
            self.0.push((deadline, Arc::downgrade(&endpoint.live)));
        }
    }

    /// The endpoints whose deadline has passed and that still have connections.
    pub fn due(&mut self, now: Instant) -> Vec<Arc<EndpointLive>> {
        let mut due = Vec::new();
        self.0.retain(|(deadline, live)| {
            let Some(live) = live.upgrade().filter(|live| live.state() == State::Draining) else {
                return false;
            };
            if *deadline <= now {
                due.push(live);
            }
            *deadline > now
        });
        due
    }
}
