//! What holds for HTTP: on a listener, and for the exchanges of a route.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
#[cfg(feature = "types")]
use ts_rs::TS;

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
