//! What happened: the table of faults and the counters.
//!
//! No tokio and no clock. Counters have one writer each and any number of readers.

mod count;
mod fault;

pub use count::{Count, EndpointCounts, FaultCounts, ListenerCounts};
pub use fault::{Fault, Side, Stage};
