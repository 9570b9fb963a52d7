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
    ($($name:ident = $stage:ident, $side:ident, $label:literal, $error:literal, $sentence:literal;)*) => {
        /// An expected failure of the network, or an end that the balancer ordered.
        ///
        /// Each has one row in this table: stage, side, metric label, error of RFC 9209, sentence. A new way to end
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
                    (Fault::Loop, ..) => 508,
                    (Fault::NoEndpoint | Fault::Exhausted, ..) => 503,
                    (_, Stage::Request, Side::Client) => 400,
                    (_, _, Side::Client) => 499,
                    (_, Stage::Dial | Stage::Response, Side::Endpoint) => 502,
                    _ => 500,
                }
            }

            /// The label of its metric.
            pub fn label(self) -> &'static str { match self { $(Fault::$name => $label,)* } }

            /// What it is called in `Proxy-Status` (RFC 9209 section 2.3). `None` where nobody is there to
            /// be told.
            pub fn proxy_error(self) -> Option<&'static str> {
                let error = match self { $(Fault::$name => $error,)* };
                Some(error).filter(|error| !error.is_empty())
            }

            /// What happened, as a sentence.
            pub fn sentence(self) -> &'static str { match self { $(Fault::$name => $sentence,)* } }
        }
    };
}

faults! {
    NoRoute = Accept, Balancer, "no-route", "destination_not_found", "No route takes connections of this listener.";
    AcceptFailed = Accept, Balancer, "accept-failed", "", "The system could not accept a connection.";
    DescriptorLimit = Accept, Balancer, "descriptor-limit", "", "Accepting paused near the limit of open descriptors.";
    NoEndpoint = Pick, Balancer, "no-endpoint", "destination_unavailable", "The pool had no endpoint to offer.";
    ClientGone = Dial, Client, "client-gone", "", "The client went away while the endpoint was dialled.";
    ConnectRefused = Dial, Endpoint, "connect-refused", "connection_refused", "The endpoint refused the connection.";
    ConnectTimeout = Dial, Endpoint, "connect-timeout", "connection_timeout", "The endpoint did not answer within the connect timeout.";
    ConnectUnreachable = Dial, Endpoint, "connect-unreachable", "destination_ip_unroutable", "No way leads to the endpoint.";
    Exhausted = Dial, Balancer, "exhausted", "proxy_internal_error", "No descriptor or memory was left to dial with.";
    ConnectFailed = Dial, Endpoint, "connect-failed", "destination_unavailable", "The connection to the endpoint could not be made.";
    ClientReset = Relay, Client, "client-reset", "", "The client reset the connection.";
    EndpointReset = Relay, Endpoint, "endpoint-reset", "", "The endpoint reset the connection.";
    IdleTimeout = Relay, Balancer, "idle-timeout", "", "No byte passed in either direction for the idle timeout.";
    HalfCloseTimeout = Relay, Balancer, "half-close-timeout", "", "One side had finished, and the other was silent for the half-close timeout.";
    DrainDeadline = Relay, Balancer, "drain-deadline", "", "The endpoint had left the plan and its drain deadline passed.";
    Closed = Relay, Balancer, "closed", "", "The balancer was closed.";
    BadRequest = Request, Client, "bad-request", "http_request_error", "The request was malformed, ambiguous or too large.";
    RequestTimeout = Request, Client, "request-timeout", "http_request_error", "The client did not send its request in time.";
    Loop = Request, Balancer, "loop", "proxy_loop_detected", "The request had come by here before, or by too many others.";
    BodyTooLarge = Request, Client, "body-too-large", "http_request_error", "The body of the request was larger than its route allows.";
    ClientAborted = Response, Client, "client-aborted", "", "The client went away before it had its response.";
    EndpointEnded = Response, Endpoint, "endpoint-ended", "connection_terminated", "The endpoint ended the connection before its response was complete.";
    BadResponse = Response, Endpoint, "bad-response", "http_protocol_error", "The endpoint's response was malformed, ambiguous or too large.";
    FirstByteTimeout = Response, Endpoint, "first-byte-timeout", "connection_read_timeout", "The endpoint did not begin its response in time.";
    ResponseTimeout = Response, Endpoint, "response-timeout", "connection_read_timeout", "The response did not go on for too long.";
    TotalTimeout = Response, Balancer, "total-timeout", "http_response_timeout", "The exchange took longer than its route allows.";
    Panic = Relay, Balancer, "panic", "", "A bug ended this connection; please report it.";
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

    /// Those of RFC 9209 section 2.3.
    const ERRORS: &str = "dns_timeout dns_error destination_not_found destination_unavailable \
        destination_ip_prohibited destination_ip_unroutable connection_refused connection_terminated \
        connection_timeout connection_read_timeout connection_write_timeout connection_limit_reached \
        tls_protocol_error tls_certificate_error tls_alert_received http_request_error http_request_denied \
        http_response_incomplete http_response_header_section_size http_response_header_size \
        http_response_body_size http_response_trailer_section_size http_response_trailer_size \
        http_response_transfer_coding http_response_content_coding http_response_timeout http_upgrade_failed \
        http_protocol_error proxy_internal_response proxy_internal_error proxy_configuration_error \
        proxy_loop_detected";

    #[test]
    fn what_a_client_is_told_has_a_name_of_rfc_9209() {
        for fault in Fault::ALL {
            let error = fault.proxy_error();
            assert!(error.is_none_or(|error| ERRORS.split(' ').any(|known| known == error)), "{fault:?}");
            let is_told = matches!(fault.stage(), Stage::Pick | Stage::Dial | Stage::Request | Stage::Response)
                && fault.status() != 499;
            assert!(!is_told || error.is_some(), "{fault:?}");
        }
    }

    #[test]
    fn sentences_end_with_a_full_stop() {
        assert!(Fault::ALL.iter().all(|fault| fault.sentence().ends_with('.')));
    }
}
