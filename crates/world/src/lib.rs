//! A world: a plan joined to the lives of what it names.
//!
//! ```text
//!   Plan ──┐
//!          ├─ World::join ─▶ World          every worker holds the one it adopted
//!   Lives ─┘                   │
//!     ▲                        └─ Arc ─▶ ListenerLive, RouteLive, PoolLive, EndpointLive
//!     └── found again by key ──────────────┘
//! ```
//!
//! A [`World`] is never changed. What changes is in the lives, which outlive it: a new plan that
//! keeps a key finds the same life, so counts and state survive, and a count goes down on the
//! object on which it went up.

mod allowance;
mod intern;
mod join;
mod live;
mod rules;
mod slots;

pub use intern::Lives;
pub use join::{Endpoint, EndpointIx, Listener, ListenerIx, Picker, Pool, PoolIx, Route, RouteIx, World};
pub use live::{EndpointLive, Inflight, ListenerLive, Open, PoolLive, RouteLive, State};
pub use rules::Rules;
pub use slots::Slots;
