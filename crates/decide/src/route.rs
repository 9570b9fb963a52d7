//! Which route takes a connection or a request.

use world::{ListenerIx, RouteIx, World};

/// What is known so far.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The listener it came in by.
    pub listener: ListenerIx,
    /// The request, once its head is there.
    pub asked: Option<Asked<'a>>,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The host without its port and without a dot at its end; empty where none is named.
    pub host: &'a [u8],
    /// The canonical path, which may have a query.
    pub path: &'a [u8],
}

/// What has to be known first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The head of a request.
    Head,
}

/// The answer to [`route`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routed {
    /// This route takes it.
    Chosen(RouteIx),
    /// No route takes it.
    NoMatch,
    /// Bring this and ask again.
    Need(Need),
}

/// Which route of `world` takes that of which `facts` are known: of the rules that match, the first in
/// their order of precedence. It asks for no more than the rules of that listener look at.
pub fn route(world: &World, facts: Facts<'_>) -> Routed {
    let Some(listener) = world.listener(facts.listener) else {
        return Routed::NoMatch;
    };
    let found = match facts.asked {
        _ if !listener.rules.ask_head() => listener.rules.any(),
        Some(asked) => listener.rules.find(asked.host, asked.path),
        None => return Routed::Need(Need::Head),
    };
    found.map_or(Routed::NoMatch, Routed::Chosen)
}
