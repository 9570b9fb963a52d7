//! The plan: everything the core needs to know, as data.
//!
//! TypeScript compiles what a user wrote into a [`Plan`] and hands it over as JSON, with large
//! integer tables beside it. [`decode`] turns those bytes into a plan that is already right: every
//! index names something, every key is unique, every table is there and every cost program runs on
//! a stack that cannot underflow. So the rooms above index without asking again.
//!
//! ```text
//!   JSON skeleton ──┐
//!                   ├─ decode ─▶ shape (serde) ─▶ tables (sha-256) ─▶ verify ─▶ Plan + Tables
//!   table bytes  ───┘
//! ```
//!
//! No tokio, no clock, no sockets here. The TypeScript types in `ts/plan/types.ts` are generated
//! from these definitions by `examples/types.rs`.

mod address;
mod cost;
mod decode;
mod log;
mod tables;
#[cfg(feature = "types")]
pub mod types;
mod verify;

pub use address::Address;
pub use cost::{COST_STACK, CostOp, stack_need};
pub use decode::{Decoded, Problem, decode};
pub use log::{AccessLog, LogEncoding, LogPart, LogSample, LogSink, LogValue};
pub use tables::{TableHash, Tables};

use std::net::IpAddr;

pub use ipnet::IpNet;
use serde::{Deserialize, Serialize};
#[cfg(feature = "types")]
use ts_rs::TS;

/// The format of the plan that this crate runs. A plan of any other format is refused.
pub const FORMAT: u32 = 1;

/// Everything the core needs to know, as data.
///
/// Lists refer to each other by position; a position belongs to the plan that holds it and never
/// leaves it. What outlives a plan is found by `key`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// The format of this plan: always 1.
    pub format: u32,
    /// The number of this plan among those given to one balancer; it only grows.
    pub version: u32,
    /// How the engine runs it.
    pub engine: EngineSettings,
    /// What is written of every request and connection; `null` writes nothing.
    pub access_log: Option<AccessLog>,
    /// Where connections come in.
    pub listeners: Vec<Listener>,
    /// Which route takes what, in order of precedence: the first that matches wins.
    pub rules: Vec<Rule>,
    /// What to do with what a rule has taken.
    pub routes: Vec<Route>,
    /// Sets of endpoints that can serve the same traffic.
    pub pools: Vec<Pool>,
    /// What stands behind the pools.
    pub endpoints: Vec<Endpoint>,
}

/// How the engine runs a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EngineSettings {
    /// Threads that carry traffic; `null` follows the processor quota of the process.
    pub workers: Option<u32>,
    /// Only what every system has: no `SO_REUSEPORT`, no splice.
    pub portable: bool,
    /// How long, in milliseconds, a connection may live on once its endpoint has left the plan.
    pub drain: u32,
    /// Milliseconds that a socket which leaves its group goes on accepting what was under way.
    pub leave: u32,
    /// Seconds after which a client that was answered 503 is told to ask again.
    pub retry_after: u32,
}

/// A transport, an address, and how connections are accepted there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listener {
    /// The stable name.
    pub key: String,
    /// Where to listen. Port 0 asks the system for a free one.
    pub address: Address,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Who accepts.
    pub accept: Accept,
    /// Connections that the system holds for a socket until they are accepted.
    pub backlog: u32,
}

/// What is spoken on a listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Protocol {
    /// Bytes, relayed as they come.
    #[serde(rename_all = "camelCase")]
    Tcp {},
    /// HTTP/1.1 in clear text.
    Http(HttpListener),
}

/// What holds for HTTP on a listener, before it is known which route a request takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpListener {
    /// How long the head of a request may take, in milliseconds.
    pub head: u32,
    /// How long a connection may wait for its next request, in milliseconds.
    pub keep_alive: u32,
    /// How large heads may be.
    pub heads: HeadLimits,
    /// Whose word about other clients is taken.
    pub trust: Trust,
    /// What becomes of fields whose names have `_`.
    pub underscores: Underscores,
    /// How many may have passed a request on, as its Via tells; beyond it 508.
    pub hops: u32,
    /// Answers of ours in other words, where the route has none for the status, or there is none. Each
    /// status once.
    pub answers: Vec<Answer>,
    /// Whether answers of ours that belong to no route say why, in `Proxy-Status`.
    pub proxy_status: bool,
    /// Several slashes in a path are one.
    pub merge_slashes: bool,
}

/// Whose word about other clients is taken: of proxies that are our own, or known.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Trust {
    /// Those in these networks, each written as `10.0.0.0/8`.
    #[cfg_attr(feature = "types", ts(type = "string[]"))]
    pub networks: Vec<IpNet>,
    /// Those who come by a Unix socket.
    pub unix: bool,
}

impl Trust {
    /// Whether the word of a client at this address is taken; `None` came by a Unix socket.
    pub fn takes(&self, address: Option<IpAddr>) -> bool {
        match address.map(|address| address.to_canonical()) {
            Some(address) => self.networks.iter().any(|network| network.contains(&address)),
            None => self.unix,
        }
    }
}

/// What becomes of fields whose names have `_`, which some take for `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum Underscores {
    /// They go on.
    Keep,
    /// They are left out.
    Drop,
    /// The request is refused.
    Reject,
}

/// An answer of ours in other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Answer {
    /// The status that it goes with: one of [`STATUSES`].
    pub status: u16,
    /// The media type of the body: visible ASCII and blanks.
    pub content_type: String,
    /// The body, at most 64 KiB.
    pub body: String,
}

/// The statuses of answers of our own that are no plain success.
pub const STATUSES: [u16; 16] = [400, 404, 405, 408, 413, 414, 417, 421, 431, 500, 501, 502, 503, 504, 505, 508];

/// How large the head of a message may be, from clients and from endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeadLimits {
    /// Bytes of the first line.
    pub line: u32,
    /// Bytes of all field lines.
    pub fields: u32,
    /// How many fields.
    pub count: u32,
}

/// Who accepts the connections of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum Accept {
    /// Every worker has a socket of its own (`SO_REUSEPORT`) and accepts for itself.
    PerWorker,
    /// One socket; an acceptor thread hands each connection to the least loaded worker.
    HandOff,
}

/// What is matched: every part that is there has to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Positions of the listeners whose connections it takes; `null` takes every listener's. With a host
    /// or a path it takes only what comes by HTTP.
    pub listeners: Option<Vec<u32>>,
    /// The host that a request is for: lower case, without port and without a dot at its end.
    pub host: Option<String>,
    /// The canonical path of a request begins with these segments: `/v2` matches `/v2` and `/v2/x`, not
    /// `/v2x`.
    pub path: Option<String>,
    /// Position of the route that takes a match.
    pub route: u32,
}

/// What to do with what a rule has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Route {
    /// The stable name.
    pub key: String,
    /// Position of the pool that serves it.
    pub pool: u32,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// What holds for HTTP alone.
    pub http: HttpPolicy,
}

/// What holds for the exchanges of a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpPolicy {
    /// In every so many milliseconds of a request's body at least one byte has to come, and as many as
    /// `body_rate` says.
    pub body: u32,
    /// Bytes a second.
    pub body_rate: u32,
    /// Milliseconds from the end of a request to the first byte of its response.
    pub first_byte: u32,
    /// Milliseconds without a byte of a response.
    pub response: u32,
    /// Milliseconds that one try may take until its response begins; `null` is as long as the others
    /// allow.
    pub attempt: Option<u32>,
    /// Milliseconds that an exchange may take with all its tries; `null` is as long as the others allow.
    pub total: Option<u32>,
    /// Milliseconds without a byte in either direction once both sides speak another protocol; `null`
    /// waits for ever.
    pub tunnel: Option<u32>,
    /// Bytes that the body of a request may have; `null` is any number.
    #[cfg_attr(feature = "types", ts(type = "number | null"))]
    pub most_body: Option<u64>,
    /// How many endpoints a request is tried at, at most.
    pub tries: u32,
    /// What endpoints are told of a request and its client.
    pub forward: Forward,
    /// Answers of ours in other words. Each status once.
    pub answers: Vec<Answer>,
    /// Whether answers of ours say why, in `Proxy-Status` (RFC 9209).
    pub proxy_status: bool,
    /// Whether TRACE goes on; else it is answered with 405.
    pub trace: bool,
    /// What the paths of requests may have, and in which form they go on.
    pub paths: PathPolicy,
}

/// What endpoints are told of a request and its client, besides `X-Forwarded-For`, `-Proto` and `-Host`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Forward {
    /// `Via` (RFC 9110 section 7.6.3).
    pub via: bool,
    /// `Forwarded` (RFC 7239).
    pub forwarded: bool,
    /// `X-Real-IP`.
    pub real_ip: bool,
    /// `X-Request-Id`.
    pub request_id: bool,
    /// The value of Host; `null` is that of the client.
    pub host: Option<String>,
}

impl Forward {
    /// Whether nothing is said but `Via`.
    pub fn is_plain(&self) -> bool {
        self.via && !self.forwarded && !self.real_ip && !self.request_id && self.host.is_none()
    }
}

/// What happens to what others may take for something else in a path, and in which form it goes on.
///
/// What is refused is looked for in the path as it came, with the segments that dots remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PathPolicy {
    /// `%2F`.
    pub encoded_slash: EncodedSlash,
    /// `%5C`.
    pub encoded_backslash: Admission,
    /// `%25`.
    pub encoded_percent: Admission,
    /// `\`.
    pub backslash: Admission,
    /// `;`.
    pub semicolon: Semicolon,
    /// What the endpoint gets.
    pub form: PathForm,
}

/// Whether something may stand in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    /// The request is answered with 400.
    Reject,
    /// It stays as it is.
    Keep,
}

/// What `%2F` is in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum EncodedSlash {
    /// The request is answered with 400.
    Reject,
    /// It stays as it is, a part of its segment.
    Keep,
    /// A slash. Both paths have to be of the same route, else the request is answered with 400.
    Decode,
}

/// What `;` is in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum Semicolon {
    /// The request is answered with 400.
    Reject,
    /// It stays, but right behind `.`, `..` or nothing in its segment: there the request is answered with
    /// 400, as it is for `%3B` right behind dots.
    Parameters,
    /// It stays as it is.
    Keep,
}

/// In which form a path goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "kebab-case")]
pub enum PathForm {
    /// The canonical one, by which its route was found.
    Canonical,
    /// As it came.
    Original,
}

/// How long the steps of a connection may take, in milliseconds. They are kept by a timer wheel of
/// 10 ms ticks and never fire early.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timeouts {
    /// To connect to one endpoint, all its addresses together.
    pub connect: u32,
    /// Without a byte in either direction; `null` waits for ever.
    pub idle: Option<u32>,
    /// Without a byte once one side has finished; `null` waits for ever.
    pub half_close: Option<u32>,
}

/// A named set of endpoints that can serve the same traffic, with one picker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Pool {
    /// The stable name.
    pub key: String,
    /// Positions of its endpoints in the plan.
    pub endpoints: Vec<u32>,
    /// How one of them is chosen.
    pub picker: Picker,
    /// How long connections to them are used again.
    pub reuse: Reuse,
    /// How many requests may be sent again.
    pub budget: RetryBudget,
}

/// How long HTTP connections to an endpoint are kept for other requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reuse {
    /// Milliseconds that one may wait for its next request.
    pub idle: u32,
    /// Milliseconds after which it serves no further request; `null` sets no end.
    pub age: Option<u32>,
    /// Requests that it may serve; `null` is any number.
    pub requests: Option<u32>,
    /// How many a worker keeps waiting for each endpoint.
    pub most: u32,
}

/// How many requests a pool may send again, so that retries do not bring down what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryBudget {
    /// Percent of its requests.
    pub percent: u32,
    /// This many a second besides.
    pub reserve: u32,
}

/// The data that the core executes to choose an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Picker {
    /// Walk a table of positions in the pool.
    #[serde(rename_all = "camelCase")]
    Cycle {
        /// The table, named by the hash of its bytes.
        table: TableHash,
    },
    /// The lowest cost among some endpoints drawn at random, or among all.
    #[serde(rename_all = "camelCase")]
    Least {
        /// A postfix program over an endpoint's live numbers.
        cost: Vec<CostOp>,
        /// How many to draw, from 1 to 32; `null` compares all.
        choices: Option<u32>,
    },
}

/// The addresses of one thing that serves traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "types", derive(TS))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Endpoint {
    /// The stable name.
    pub key: String,
    /// Where it is reached, tried in this order (RFC 8305 says how they race).
    pub addresses: Vec<Address>,
}
