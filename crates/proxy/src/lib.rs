//! One connection's story: accept → route → pick → dial → relay → account.
//!
//! Everything here belongs to one worker and never leaves its thread.

mod adopted;
mod choice;
mod connection;
mod http1;
mod station;
mod stream;

pub use adopted::{Adopted, EndpointHere, Here, ListenerHere, PoolHere};
pub use connection::{Connection, Connections};
#[cfg(feature = "inject")]
pub use station::PanicAt;
pub use station::Station;
pub use stream::begin;
