//! Stories of an engine: real sockets on loopback, real threads.
//!
//! `FOURSEVEN_PORTABLE=1` runs them all on the portable path, `FOURSEVEN_LONG=1` lets some take a
//! minute, and the feature `inject` adds those in which something of the engine's panics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a panic is the report")]

#[path = "../support/mod.rs"]
mod support;

mod chaos;
mod close;
mod dialling;
mod drain;
mod endings;
mod greedy;
mod http;
mod plans;
mod ports;
mod relay;
mod reload;
mod reload_http;
mod traffic;
mod workers;
