//! Whether another endpoint is tried.

use account::{Fault, Side, Stage};

/// The answer to [`retry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try the pool's next choice.
    Next,
    /// The connection ends with the fault.
    GiveUp,
}

/// The most endpoints that one connection tries.
const MOST_TRIES: usize = 16;

/// Whether another endpoint is tried after `fault`, when `tried` endpoints were.
///
/// A stream may be tried again only while not one of its bytes was sent, so only a failed dial is.
pub fn retry(fault: Fault, tried: usize) -> Retry {
    match (fault.stage(), fault.side()) {
        // It is the endpoint's fault, so another one may do better.
        (Stage::Dial, Side::Endpoint) if tried < MOST_TRIES => Retry::Next,
        _ => Retry::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_dial_is_tried_again() {
        assert_eq!(retry(Fault::ConnectRefused, 1), Retry::Next);
        assert_eq!(retry(Fault::ConnectTimeout, MOST_TRIES - 1), Retry::Next);
        assert_eq!(retry(Fault::ConnectRefused, MOST_TRIES), Retry::GiveUp);
        assert_eq!(retry(Fault::ClientGone, 1), Retry::GiveUp);
        assert_eq!(retry(Fault::Exhausted, 1), Retry::GiveUp);
        assert_eq!(retry(Fault::EndpointReset, 1), Retry::GiveUp);
    }
}
