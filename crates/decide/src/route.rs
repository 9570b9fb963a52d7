//! Which route takes a connection.

use world::{ListenerIx, RouteIx, World};

/// What is known of a connection so far.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The listener it came in by.
    pub listener: ListenerIx,
}

/// The answer to [`route`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routed {
    /// This route takes it.
    Chosen(RouteIx),
    /// No route takes it.
    NoMatch,
}

/// Which route of `world` takes a connection of which `facts` are known: the first that matches, in
/// their order of precedence.
pub fn route(world: &World, facts: Facts) -> Routed {
    let candidates = world.listener(facts.listener).map(|listener| &listener.routes);
    match candidates.and_then(|routes| routes.first()) {
        Some(route) => Routed::Chosen(*route),
        None => Routed::NoMatch,
    }
}
