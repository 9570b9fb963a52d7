//! One connection's story: accept → route → pick → dial → relay → account.
//!
//! Everything here belongs to one worker and never leaves its thread.

mod adopted;
mod calendar;
mod choice;
mod connection;
mod digits;
mod filter;
mod http1;
mod log;
mod station;
mod stream;

pub use adopted::{Adopted, EndpointHere, Here, ListenerHere, PoolHere, RouteHere};
pub use connection::{Connection, Connections};
pub use log::{Batch, Outlet, Parcel};
pub use station::Station;
#[cfg(feature = "inject")]
pub use station::{Injection, PanicAt};
pub use stream::begin;
