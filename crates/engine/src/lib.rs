//! Many connections over time: workers, the control thread, swapping worlds, drain.
//!
//! ```text
//!   caller ──Command──▶ control thread ──Message──▶ mailbox of each worker
//!                          │    ▲                      accept, relay
//!                          │    └── worker ended
//!                          └─────Message──▶ acceptor thread ──Message──▶ worker
//! ```
//!
//! What workers log goes to a thread of its own, which writes it: see `log`. The control thread owns the listener registry, the lives and the current world; a worker never
//! waits for it.

mod acceptor;
mod control;
mod engine;
mod log;
mod mailbox;
mod outcome;
mod reading;
mod registry;
mod thread;
mod worker;

pub use account::BOUNDS;
pub use engine::Engine;
pub use outcome::{Applied, Closed, Outcome, Problem, ProblemCode};
#[cfg(feature = "inject")]
pub use proxy::{Injection, PanicAt};
pub use reading::{ENDPOINT_FIELDS, HEADER, HISTOGRAM_LENGTH, Index, LISTENER_FIELDS, POOL_FIELDS, ROUTE_FIELDS, Read};

/// Whether this engine panics on demand, for tests.
pub const INJECTS: bool = cfg!(feature = "inject");
