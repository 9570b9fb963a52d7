//! What the tests of this crate share: a worker, sockets, a half that is no socket, and a pattern.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "each test uses its own part, and a panic in a test is the report"
)]

pub mod made;
pub mod pattern;
pub mod random;
pub mod script;
#[cfg(unix)]
pub mod sockets;
pub mod worker;
