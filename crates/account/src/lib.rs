//! What happened: the table of faults, the counters and the histograms.
//!
//! No tokio and no clock. Counters have one writer each and any number of readers.

mod count;
mod fault;
mod histogram;

pub use count::{Count, EndpointCounts, FaultCounts, ListenerCounts, LogCounts, PoolCounts, RouteCounts, Statuses};
pub use fault::{Fault, Side, Stage};
pub use histogram::{BOUNDS, Histogram};
