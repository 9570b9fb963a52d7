//! The access log: one form for every format that users choose.

use serde::{Deserialize, Serialize};
#[cfg(feature = "types")]
use ts_rs::TS;

/// The access log: one line for each request, each connection at layer 4 and each tunnel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLog {
    /// Where lines go.
    pub to: LogSink,
    /// How values are written.
    pub encoding: LogEncoding,
    /// What a line is made of, but for its end.
    pub parts: Vec<LogPart>,
    /// Which lines are written.
    pub sample: LogSample,
    /// Positions of the listeners whose traffic is logged.
    pub listeners: Vec<u32>,
}

/// Where the lines of a log go.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum LogSink {
    /// The standard output of the process.
    #[serde(rename_all = "camelCase")]
    Stdout {},
    /// The end of a file, which is made when it is not there.
    #[serde(rename_all = "camelCase")]
    File {
        /// Its path.
        path: String,
    },
}

/// How the values of a log are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum LogEncoding {
    /// As a value of JSON, `null` where there is none.
    Json,
    /// As it is, `-` where there is none. Quotes, backslashes and what is not visible ASCII become `\xHH`.
    Text,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum LogPart {
    /// The same in every line. It has no control characters.
    #[serde(rename_all = "camelCase")]
    Text {
        /// As it is written.
        text: String,
    },
    /// Something that is known of every request or connection.
    #[serde(rename_all = "camelCase")]
    Value {
        /// What.
        value: LogValue,
    },
    /// A field of the request's head, with the values of all its lines.
    #[serde(rename_all = "camelCase")]
    Request {
        /// Its name, in lower case.
        name: String,
    },
    /// A field of the head of the endpoint's response, with the values of all its lines.
    #[serde(rename_all = "camelCase")]
    Response {
        /// Its name, in lower case.
        name: String,
    },
}

/// What is known of a request or a connection. Lengths of time are milliseconds with three decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase")]
pub enum LogValue {
    /// When it was over, in UTC (RFC 3339, with milliseconds).
    Time,
    /// The same as `21/Nov/2026:20:44:32 +0000`.
    CommonTime,
    /// The address of the client, as far as somebody who is trusted says so; none on a Unix socket.
    Client,
    /// The key of the listener.
    Listener,
    /// `HTTP/1.0` or `HTTP/1.1`, as the request says, or `tcp`.
    Protocol,
    /// The key of the route.
    Route,
    /// The key of the pool.
    Pool,
    /// The key of the endpoint that served it, or was tried last.
    Endpoint,
    /// The method.
    Method,
    /// The host, with a port that was said.
    Host,
    /// The target, as it was sent.
    Target,
    /// The first line of the request.
    RequestLine,
    /// The status that the client was sent.
    Status,
    /// Bytes that were passed from the client on.
    BytesIn,
    /// Bytes that the client was sent.
    BytesOut,
    /// Those of them that are not of a head.
    BodyOut,
    /// How long the request's head took, from its first byte on.
    Head,
    /// How long it waited for its turn.
    Queue,
    /// How long it took to connect to the endpoint that served it; none on a connection that was there.
    Connect,
    /// From the end of the request's head to the head of its response.
    FirstByte,
    /// All of it.
    Total,
    /// How often an endpoint was tried.
    Tries,
    /// Whether a connection to the endpoint was used again.
    Reused,
    /// The label of what went wrong.
    Fault,
    /// The trace that a valid `traceparent` names.
    TraceId,
    /// What the request is called.
    RequestId,
}

/// How many of a million lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogSample {
    /// Of those without a fault, by the class of the status: 1xx to 5xx.
    pub statuses: [u32; 5],
    /// Of those without a fault and without a status.
    pub other: u32,
    /// Of those with a fault.
    pub fault: u32,
}

impl LogSample {
    /// What is a whole.
    pub const WHOLE: u32 = 1_000_000;
}
