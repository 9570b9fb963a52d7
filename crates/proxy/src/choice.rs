//! Which endpoint serves a connection.

use std::rc::Rc;

use account::Fault;
use decide::{Asked, Candidates, Facts, Need, Numbers, Routed, pick, route};
use net::Tick;
use world::{EndpointIx, Inflight, ListenerIx, Pool, PoolIx, RouteIx, State};

use crate::adopted::{Adopted, EndpointHere, PoolHere, RouteHere};
use crate::http1::Conn;
use crate::station::Station;

/// What was decided for a connection or a request. It holds single things of a world, never the whole.
#[derive(Debug)]
pub struct Choice {
    /// The route that took it.
    pub route: Rc<RouteHere>,
    /// The pool that serves it.
    pub pool: Rc<PoolHere>,
    /// The endpoint.
    pub endpoint: Rc<EndpointHere>,
    /// None once the endpoint has nothing to do with it any more.
    inflight: Option<Inflight>,
}

impl Choice {
    /// The endpoint is done with it, and may be chosen for others as though it had never been.
    pub fn leave(&mut self) {
        self.inflight = None;
    }

    /// Gives back a connection whose exchange is over, for the next one.
    pub fn give_back(&self, conn: Conn, now: Tick) {
        if self.endpoint.live.state() == State::Active {
            self.endpoint.idle.give(conn, now, &self.pool.reuse);
        }
    }
}

/// Routes a connection that came in by `listener`, and picks an endpoint for it.
///
/// # Errors
///
/// No route takes it, or no endpoint is to be had; with the route, if one took it.
pub fn choose(station: &Station, adopted: &Adopted, listener: ListenerIx) -> Result<Choice, NotChosen> {
    serve(station, adopted, &take(adopted, listener, || None)?)
}

/// The route that took something.
#[derive(Debug, Clone, Copy)]
pub struct Taken<'a> {
    /// The route.
    pub route: &'a Rc<RouteHere>,
    at: RouteIx,
    pool: PoolIx,
}

/// Routes what came in by `listener`. What a request asks for is brought only if a rule looks at it.
///
/// # Errors
///
/// No route takes it.
pub fn take<'a, 'b>(
    adopted: &'a Adopted,
    listener: ListenerIx,
    asked: impl FnOnce() -> Option<Asked<'b>>,
) -> Result<Taken<'a>, NotChosen> {
    let none = NotChosen { fault: Fault::NoRoute, route: None };
    let mut routed = route(&adopted.world, Facts { listener, asked: None });
    if routed == Routed::Need(Need::Head) {
        routed = route(&adopted.world, Facts { listener, asked: asked() });
    }
    let Routed::Chosen(at) = routed else { return Err(none) };
    let (route, pool) = adopted.route(at).ok_or(none)?;
    route.counts.taken.add(1);
    Ok(Taken { route, at, pool })
}

/// Whether the route that took something takes this as well.
pub fn takes(adopted: &Adopted, listener: ListenerIx, taken: &Taken<'_>, asked: Asked<'_>) -> bool {
    route(&adopted.world, Facts { listener, asked: Some(asked) }) == Routed::Chosen(taken.at)
}

/// Picks an endpoint for what a route has taken.
///
/// # Errors
///
/// None is to be had.
pub fn serve(station: &Station, adopted: &Adopted, taken: &Taken<'_>) -> Result<Choice, NotChosen> {
    if let Some((_, pool)) = adopted.pool(taken.pool) {
        pool.counts.requests.add(1);
    }
    let picked = pick_from(station, adopted, taken.route, taken.pool, &[]);
    picked.ok_or_else(|| NotChosen { fault: Fault::NoEndpoint, route: Some(taken.route.clone()) })
}

/// Why nothing was chosen.
#[derive(Debug)]
pub struct NotChosen {
    /// No route, or no endpoint.
    pub fault: Fault,
    /// The route that took it.
    pub route: Option<Rc<RouteHere>>,
}

/// Picks again, in the world of now, when the endpoints in `tried` could not serve. `None` when no other
/// endpoint is to be had, or the pool is gone.
pub fn choose_again(
    station: &Station,
    route: &Rc<RouteHere>,
    pool: &PoolHere,
    tried: &[Rc<EndpointHere>],
) -> Option<Choice> {
    let adopted = station.adopted()?;
    let at = adopted.position_of_pool(pool)?;
    pick_from(station, &adopted, route, at, tried)
}

fn pick_from(
    station: &Station,
    adopted: &Adopted,
    route: &Rc<RouteHere>,
    at: PoolIx,
    tried: &[Rc<EndpointHere>],
) -> Option<Choice> {
    let (pool, here) = adopted.pool(at)?;
    let members = Members { adopted, pool, tried };
    let position = station.random(|rng| pick(&pool.picker, &here.cursor, &members, rng))?;
    let chosen = members.at(position)?;
    let endpoint = adopted.endpoint(chosen)?;
    endpoint.counts.picked.add(1);
    Some(Choice {
        route: route.clone(),
        pool: here.clone(),
        endpoint: endpoint.clone(),
        inflight: Some(Inflight::new(&endpoint.live)),
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
