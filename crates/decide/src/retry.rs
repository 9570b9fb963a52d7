//! Whether another try is made, and where.

use account::{Fault, Side, Stage};

/// The answer to [`retry`] and [`retry_request`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Try the pool's next choice.
    Next,
    /// Try the same endpoint on a fresh connection.
    Again,
    /// It ends with the fault.
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

/// What became of one try of a request.
#[derive(Debug, Clone, Copy)]
pub struct Tried {
    /// How it failed.
    pub fault: Fault,
    /// The endpoints that were tried, this one too, and how many may be.
    pub tried: usize,
    /// The most endpoints that may be.
    pub most: usize,
    /// The connection had served others before.
    pub reused: bool,
    /// A byte of a response came.
    pub answered: bool,
    /// The system took a byte of the request for that connection.
    pub taken: bool,
    /// Doing it twice is as good as doing it once.
    pub idempotent: bool,
    /// All that was sent of it is still there.
    pub replayable: bool,
}

/// Whether a request is tried again. What may do harm when it is done twice goes again only when nothing
/// of it was taken (RFC 9110 section 9.2.2); nothing goes again once an answer has begun.
pub fn retry_request(tried: Tried) -> Retry {
    let Tried { fault, reused, answered, taken, idempotent, replayable, .. } = tried;
    let another = if tried.tried < tried.most { Retry::Next } else { Retry::GiveUp };
    match fault {
        _ if fault.stage() == Stage::Dial && fault.side() == Side::Endpoint => another,
        _ if answered || !replayable || (taken && !idempotent) => Retry::GiveUp,
        // A connection that had waited may have been closed just then, which says nothing of the request.
        Fault::EndpointEnded if reused => Retry::Again,
        Fault::EndpointEnded | Fault::FirstByteTimeout => another,
        _ => Retry::GiveUp,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_dial_of_a_stream_is_tried_again() {
        assert_eq!(retry(Fault::ConnectRefused, 1), Retry::Next);
        assert_eq!(retry(Fault::ConnectTimeout, MOST_TRIES - 1), Retry::Next);
        assert_eq!(retry(Fault::ConnectRefused, MOST_TRIES), Retry::GiveUp);
        assert_eq!(retry(Fault::ClientGone, 1), Retry::GiveUp);
        assert_eq!(retry(Fault::Exhausted, 1), Retry::GiveUp);
        assert_eq!(retry(Fault::EndpointReset, 1), Retry::GiveUp);
    }

    /// A request of which everything was sent on a fresh connection, and that may be repeated.
    const SENT: Tried = Tried {
        fault: Fault::EndpointEnded,
        tried: 1,
        most: 3,
        reused: false,
        answered: false,
        taken: true,
        idempotent: true,
        replayable: true,
    };

    #[test]
    fn a_failed_dial_is_tried_elsewhere_for_any_method() {
        let dialled = Tried { fault: Fault::ConnectRefused, idempotent: false, replayable: false, ..SENT };
        assert_eq!(retry_request(dialled), Retry::Next);
        assert_eq!(retry_request(Tried { tried: 3, ..dialled }), Retry::GiveUp);
        assert_eq!(retry_request(Tried { fault: Fault::ClientGone, ..dialled }), Retry::GiveUp);
    }

    #[test]
    fn what_was_taken_goes_again_only_if_that_does_no_harm() {
        assert_eq!(retry_request(SENT), Retry::Next);
        assert_eq!(retry_request(Tried { reused: true, ..SENT }), Retry::Again);
        assert_eq!(retry_request(Tried { idempotent: false, ..SENT }), Retry::GiveUp);
        assert_eq!(retry_request(Tried { idempotent: false, reused: true, ..SENT }), Retry::GiveUp);
        assert_eq!(retry_request(Tried { idempotent: false, taken: false, ..SENT }), Retry::Next);
        assert_eq!(retry_request(Tried { idempotent: false, taken: false, reused: true, ..SENT }), Retry::Again);
        assert_eq!(retry_request(Tried { replayable: false, ..SENT }), Retry::GiveUp);
        assert_eq!(retry_request(Tried { fault: Fault::FirstByteTimeout, ..SENT }), Retry::Next);
        assert_eq!(retry_request(Tried { fault: Fault::FirstByteTimeout, reused: true, ..SENT }), Retry::Next);
    }

    #[test]
    fn nothing_goes_again_once_an_answer_has_begun_or_was_wrong() {
        assert_eq!(retry_request(Tried { answered: true, ..SENT }), Retry::GiveUp);
        assert_eq!(retry_request(Tried { fault: Fault::BadResponse, ..SENT }), Retry::GiveUp);
        assert_eq!(retry_request(Tried { fault: Fault::TotalTimeout, ..SENT }), Retry::GiveUp);
    }
}
