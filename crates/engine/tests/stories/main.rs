//! Stories of an engine: real sockets on loopback, real threads.
//!
//! `FOURSEVEN_PORTABLE=1` runs them all on the portable path, `FOURSEVEN_LONG=1` lets some take a
//! minute, and the feature `inject` adds those in which something of the engine's panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod chaos;
mod close;
mod conformance;

mod counters_http;
mod dialling;
mod drain;
mod endings;
mod expect;
#[cfg(feature = "inject")]
mod filters;
mod forwarding;
mod framing;
mod greedy;
mod hostile;
mod http;
mod http_connections;
mod http_ends;
mod limits;
mod log;
mod log_sinks;
#[cfg(target_os = "linux")]
mod nginx;
mod paths;
mod plans;
mod ports;
mod relay;
mod reload;
mod reload_http;
mod retries;
mod reuse;
mod routing;
mod timeouts;
mod traffic;
mod way;
mod workers;
