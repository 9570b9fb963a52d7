//! What the three programs of the side-by-side benchmark share: a few system calls, a protocol of
//! their own, and what they need of HTTP.
//!
//! ```text
//!   load  ──►  a contender (floor, fourseven, HAProxy, nginx)  ──►  endpoint
//! ```
//!
//! The same `load` and the same `endpoint` serve every contender, so they cancel out of a ratio.

pub mod http;
pub mod sys;
pub mod wire;
