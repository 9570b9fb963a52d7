//! The table of faults: every way in which a connection ends that is not a plain end.

use std::fmt;

/// How far a connection had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Before an endpoint was asked for.
    Accept,
    /// While an endpoint was chosen.
    Pick,
    /// While the endpoint was dialled.
    Dial,
    /// While bytes were relayed.
    Relay,
    /// While a request was read.
    Request,
    /// While a response was awaited or passed on.
    Response,
}

/// Who brought the end about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The client.
    Client,
    /// The endpoint, or the network before it.
    Endpoint,
    /// The balancer itself: its plan, its limits, or a bug.
    Balancer,
}

macro_rules! faults {
    ($($name:ident = $stage:ident, $side:ident, $label:literal, $sentence:literal;)*) => {
        /// An expected failure of the network, or an end that the balancer ordered.
        ///
        /// Each has one row in this table: stage, side, metric label, sentence. A new way to end
        /// adds a row here and nowhere else.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Fault { $(#[doc = $sentence] $name,)* }

        impl Fault {
            /// Every fault, in the order of the table.
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)*];

            /// How far the connection had come.
            pub fn stage(self) -> Stage { match self { $(Fault::$name => Stage::$stage,)* } }

            /// Who brought the end about.
            pub fn side(self) -> Side { match self { $(Fault::$name => Side::$side,)* } }

            /// The status that stands for it in HTTP. Where it is 499 nobody is there to be answered.
            pub fn status(self) -> u16 {
                match (self, self.stage(), self.side()) {
                    (Fault::RequestTimeout, ..) => 408,
                    (Fault::BodyTooLarge, ..) => 413,
                    (Fault::ConnectTimeout | Fault::FirstByteTimeout | Fault::ResponseTimeout | Fault::TotalTimeout, ..) => 504,
                    (Fault::NoRoute, ..) => 404,
                    (Fault::NoEndpoint | Fault::Exhausted, ..) => 503,
                    (_, Stage::Request, Side::Client) => 400,
                    (_, _, Side::Client) => 499,
                    (_, Stage::Dial | Stage::Response, Side::Endpoint) => 502,
                    _ => 500,
                }
            }

            /// The label of its metric.
            pub fn label(self) -> &'static str { match self { $(Fault::$name => $label,)* } }

            /// What happened, as a sentence.
            pub fn sentence(self) -> &'static str { match self { $(Fault::$name => $sentence,)* } }
        }
    };
}

faults! {
    NoRoute = Accept, Balancer, "no-route", "No route takes connections of this listener.";
    AcceptFailed = Accept, Balancer, "accept-failed", "The system could not accept a connection.";
    DescriptorLimit = Accept, Balancer, "descriptor-limit", "Accepting paused near the limit of open descriptors.";
    NoEndpoint = Pick, Balancer, "no-endpoint", "The pool had no endpoint to offer.";
    ClientGone = Dial, Client, "client-gone", "The client went away while the endpoint was dialled.";
    ConnectRefused = Dial, Endpoint, "connect-refused", "The endpoint refused the connection.";
    ConnectTimeout = Dial, Endpoint, "connect-timeout", "The endpoint did not answer within the connect timeout.";
    ConnectUnreachable = Dial, Endpoint, "connect-unreachable", "No way leads to the endpoint.";
    Exhausted = Dial, Balancer, "exhausted", "No descriptor or memory was left to dial with.";
    ConnectFailed = Dial, Endpoint, "connect-failed", "The connection to the endpoint could not be made.";
    ClientReset = Relay, Client, "client-reset", "The client reset the connection.";
    EndpointReset = Relay, Endpoint, "endpoint-reset", "The endpoint reset the connection.";
    IdleTimeout = Relay, Balancer, "idle-timeout", "No byte passed in either direction for the idle timeout.";
    HalfCloseTimeout = Relay, Balancer, "half-close-timeout", "One side had finished, and the other was silent for the half-close timeout.";
    DrainDeadline = Relay, Balancer, "drain-deadline", "The endpoint had left the plan and its drain deadline passed.";
    Closed = Relay, Balancer, "closed", "The balancer was closed.";
    BadRequest = Request, Client, "bad-request", "The request was malformed, ambiguous or too large.";
    RequestTimeout = Request, Client, "request-timeout", "The client did not send its request in time.";
    BodyTooLarge = Request, Client, "body-too-large", "The body of the request was larger than its route allows.";
    ClientAborted = Response, Client, "client-aborted", "The client went away before it had its response.";
    EndpointEnded = Response, Endpoint, "endpoint-ended", "The endpoint ended the connection before its response was complete.";
    BadResponse = Response, Endpoint, "bad-response", "The endpoint's response was malformed, ambiguous or too large.";
    FirstByteTimeout = Response, Endpoint, "first-byte-timeout", "The endpoint did not begin its response in time.";
    ResponseTimeout = Response, Endpoint, "response-timeout", "The response did not go on for too long.";
    TotalTimeout = Response, Balancer, "total-timeout", "The exchange took longer than its route allows.";
    Panic = Relay, Balancer, "panic", "A bug ended this connection; please report it.";
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn labels_are_unique_and_lower_case() {
        let labels: HashSet<_> = Fault::ALL.iter().map(|fault| fault.label()).collect();
        assert_eq!(labels.len(), Fault::ALL.len());
        assert!(labels.iter().all(|label| label.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
    }

    #[test]
    fn sentences_end_with_a_full_stop() {
        assert!(Fault::ALL.iter().all(|fault| fault.sentence().ends_with('.')));
    }
}
