//! Which endpoint serves a connection.

use std::rc::Rc;
use std::sync::Arc;

use account::Fault;
use decide::{Candidates, Facts, Numbers, Routed, pick, route};
use plan::{Address, Timeouts};
use world::{EndpointIx, Inflight, ListenerIx, Pool, PoolIx, State};

use crate::adopted::{Adopted, EndpointHere, PoolHere};
use crate::station::Station;

/// What was decided for a connection. It holds single things of a world, never the whole.
#[derive(Debug)]
pub struct Choice {
    /// The pool that serves it.
    pub pool: Rc<PoolHere>,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// The endpoint.
    pub endpoint: Rc<EndpointHere>,
    /// Where that is reached.
    pub addresses: Arc<[Address]>,
    _inflight: Inflight,
}

/// Routes a connection that came in by `listener`, and picks an endpoint for it.
///
/// # Errors
///
/// No route takes it, or no endpoint is to be had.
pub fn choose(station: &Station, adopted: &Adopted, listener: ListenerIx) -> Result<Choice, Fault> {
    let Routed::Chosen(at) = route(&adopted.world, Facts { listener }) else {
        return Err(Fault::NoRoute);
    };
    let route = adopted.world.route(at).ok_or(Fault::NoRoute)?;
    pick_from(station, adopted, route.pool, route.timeouts, &[])
}

/// Picks again, in the world of now, when the endpoints in `tried` could not be reached.
///
/// # Errors
///
/// No other endpoint is to be had, or the pool is gone.
pub fn choose_again(
    station: &Station,
    pool: &PoolHere,
    timeouts: Timeouts,
    tried: &[Rc<EndpointHere>],
) -> Result<Choice, Fault> {
    let adopted = station.adopted().ok_or(Fault::NoEndpoint)?;
    let at = adopted.pool_named(&pool.key).ok_or(Fault::NoEndpoint)?;
    pick_from(station, &adopted, at, timeouts, tried)
}

fn pick_from(
    station: &Station,
    adopted: &Adopted,
    at: PoolIx,
    timeouts: Timeouts,
    tried: &[Rc<EndpointHere>],
) -> Result<Choice, Fault> {
    let (pool, here) = adopted.pool(at).ok_or(Fault::NoEndpoint)?;
    let members = Members { adopted, pool, tried };
    let position = station.random(|rng| pick(&pool.picker, &here.cursor, &members, rng)).ok_or(Fault::NoEndpoint)?;
    let chosen = members.at(position).ok_or(Fault::NoEndpoint)?;
    let endpoint = adopted.endpoint(chosen).ok_or(Fault::NoEndpoint)?;
    endpoint.counts.picked.add(1);
    Ok(Choice {
        pool: here.clone(),
        timeouts,
        endpoint: endpoint.clone(),
        addresses: adopted.world.endpoint(chosen).ok_or(Fault::NoEndpoint)?.addresses.clone(),
        _inflight: Inflight::new(&endpoint.live),
    })
}

/// The endpoints of a pool, as the picker sees them.
struct Members<'a> {
    adopted: &'a Adopted,
    pool: &'a Pool,
    tried: &'a [Rc<EndpointHere>],
}

impl Members<'_> {
    fn at(&self, position: u32) -> Option<EndpointIx> {
        self.pool.endpoints.get(position as usize).copied()
    }

    fn endpoint(&self, position: u32) -> Option<&Rc<EndpointHere>> {
        self.adopted.endpoint(self.at(position)?)
    }
}

impl Candidates for Members<'_> {
    fn count(&self) -> u32 {
        self.pool.endpoints.len() as u32
    }

    fn usable(&self, at: u32) -> bool {
        self.endpoint(at).is_some_and(|endpoint| {
            endpoint.live.state() == State::Active && !self.tried.iter().any(|tried| Rc::ptr_eq(tried, endpoint))
        })
    }

    fn numbers(&self, at: u32) -> Numbers {
        self.endpoint(at).map_or(Numbers { inflight: u32::MAX, open: u32::MAX }, |endpoint| Numbers {
            inflight: endpoint.live.inflight(),
            open: endpoint.live.open(),
        })
    }
}
