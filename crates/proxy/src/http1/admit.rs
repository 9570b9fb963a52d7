//! Whether a request that a route has taken goes on.

use account::Fault;
use plan::HttpPolicy;
use wire::{Head, Method, Refusal, Request};

use super::exchange::Why;

/// What becomes of a request that a route has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// It goes on.
    On,
    /// It was to come this far and no further, so it is ours to answer.
    Here,
    /// It goes nowhere.
    Not(Why),
}

/// Decides it for one who calls itself `name`, where `hops` others may have passed a request on. Most
/// requests say nothing of their way, and cost nothing here.
pub fn admit(head: &Head, request: &Request, policy: &HttpPolicy, hops: usize, name: &str) -> Admitted {
    if !request.via.is_empty() {
        let way = request.way(head, name.as_bytes());
        if way.is_loop || way.hops > hops {
            return Admitted::Not(Why::Fault(Fault::Loop));
        }
    }
    match request.method {
        Method::Trace if !policy.trace => Admitted::Not(Why::Refused(Refusal::Method)),
        Method::Trace | Method::Options => last(head, request).unwrap_or_else(|why| Admitted::Not(Why::Refused(why))),
        _ => Admitted::On,
    }
}

fn last(head: &Head, request: &Request) -> Result<Admitted, Refusal> {
    request.refuse_traced_body()?;
    Ok(match request.hops_left(head)? {
        Some(0) => Admitted::Here,
        _ => Admitted::On,
    })
}
