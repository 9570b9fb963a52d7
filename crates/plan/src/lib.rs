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
mod http;
mod log;
mod tables;
#[cfg(feature = "types")]
pub mod types;
mod verify;

pub use address::Address;
pub use cost::{COST_STACK, CostOp, stack_need};
pub use decode::{Decoded, Problem, decode};
pub use http::{
    Admission, Answer, EncodedSlash, Forward, HeadLimits, HttpListener, HttpPolicy, PathForm, PathPolicy, Semicolon,
    Trust, Underscores,
};
pub use log::{AccessLog, LogEncoding, LogPart, LogSample, LogSink, LogValue};
pub use tables::{TableHash, Tables};

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

/// The statuses of answers of our own that are no plain success.
pub const STATUSES: [u16; 16] = [400, 404, 405, 408, 413, 414, 417, 421, 431, 500, 501, 502, 503, 504, 505, 508];

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
