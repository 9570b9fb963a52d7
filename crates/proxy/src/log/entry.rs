//! What is known of a request or a connection once it is over.

use std::net::IpAddr;
use std::time::Duration;

use account::Fault;
use wire::{Head, Request, Target, Version};

use crate::choice::Choice;

/// What is known of a request, a connection at layer 4 or a tunnel once it is over.
#[derive(Debug, Clone, Copy, Default)]
pub struct Entry<'a> {
    /// Who asked: the client whose request it is, as far as somebody who is trusted says so.
    pub client: Option<IpAddr>,
    /// The listener it came in by.
    pub listener: &'a str,
    /// Whether that speaks HTTP.
    pub is_http: bool,
    /// The route that took it.
    pub route: Option<&'a str>,
    /// The pool that was to serve it.
    pub pool: Option<&'a str>,
    /// The endpoint that served it, or was tried last.
    pub endpoint: Option<&'a str>,
    /// The request, if it was understood.
    pub request: Option<(&'a Head, &'a Request)>,
    /// The head of an endpoint's response.
    pub response: Option<&'a Head>,
    /// The status that the client was sent.
    pub status: Option<u16>,
    /// Bytes that were passed from the client on.
    pub bytes_in: u64,
    /// Bytes that the client was sent.
    pub bytes_out: u64,
    /// Those of them that belong to heads.
    pub heads_out: u64,
    /// How long each step took.
    pub steps: Steps,
    /// How often an endpoint was tried.
    pub tries: u32,
    /// Whether a connection was used again.
    pub reused: Option<bool>,
    /// What the request is called.
    pub request_id: Option<&'a [u8]>,
    /// What went wrong.
    pub fault: Option<Fault>,
}

/// How long each step took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Steps {
    /// The head of the request.
    pub head: Option<Duration>,
    /// Until it had its turn.
    pub queue: Option<Duration>,
    /// To connect.
    pub connect: Option<Duration>,
    /// From the end of its head to the head of its response.
    pub first_byte: Option<Duration>,
    /// All of it.
    pub total: Option<Duration>,
}

impl<'a> Entry<'a> {
    /// The same, of what was chosen.
    #[must_use]
    pub fn of(self, choice: Option<&'a Choice>) -> Self {
        let Some(choice) = choice else { return self };
        let (route, pool) = (choice.route.key(), choice.pool.live.key.as_str());
        Self { route: Some(route), pool: Some(pool), endpoint: Some(&choice.endpoint.live.key), ..self }
    }

    /// What was spoken.
    pub fn protocol(&self) -> &'static str {
        match (self.is_http, self.request.map(|(_, request)| request.version)) {
            (false, _) => "tcp",
            (true, None) => "HTTP",
            (true, Some(Version::Http10)) => "HTTP/1.0",
            (true, Some(Version::Http11)) => "HTTP/1.1",
        }
    }

    /// The method.
    pub fn method(&self) -> Option<&'a [u8]> {
        self.request.map(|(head, request)| head.part(request.method_at))
    }

    /// The host.
    pub fn host(&self) -> Option<&'a [u8]> {
        let (head, request) = self.request?;
        request.host.map(|host| head.part(host))
    }

    /// The target, as it was sent.
    pub fn target(&self) -> Option<&'a [u8]> {
        let (head, request) = self.request?;
        Some(match request.target {
            Target::Origin(path) => head.part(path),
            // Whatever stands between the method and the version.
            Target::Absolute(..) | Target::Asterisk => self.line()?.split(|byte| *byte == b' ').nth(1)?,
        })
    }

    /// The first line.
    pub fn line(&self) -> Option<&'a [u8]> {
        let (head, request) = self.request?;
        match request.target {
            // Behind the target stands the version.
            Target::Origin(path) => head.bytes().get(..path.end() + " HTTP/1.1".len()),
            Target::Absolute(..) | Target::Asterisk => head.bytes().split(|byte| *byte == b'\r').next(),
        }
    }

    /// The values of a field of the request.
    pub fn asked(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.request.into_iter().flat_map(move |(head, _)| head.view().values(name.as_bytes()))
    }

    /// The values of a field of the response.
    pub fn answered(&self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.response.into_iter().flat_map(move |head| head.view().values(name.as_bytes()))
    }

    /// The trace that the request belongs to, when it has one `traceparent` that is valid (W3C Trace
    /// Context, section 3.2).
    pub fn trace_id(&self) -> Option<&'a [u8]> {
        let mut values = self.asked("traceparent");
        let (value, None) = (values.next()?, values.next()) else { return None };
        trace_id(value)
    }
}

fn trace_id(value: &[u8]) -> Option<&[u8]> {
    let hex = |part: &&[u8]| part.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let part = |start: usize, length: usize| value.get(start..start + length).filter(hex);
    let (version, trace, parent) = (part(0, 2)?, part(3, 32)?, part(36, 16)?);
    part(53, 2)?;
    let dashes = [2, 35, 52].iter().all(|at| value.get(*at) == Some(&b'-'));
    // A version beyond the first may say more behind a dash.
    let ends = value.len() == 55 || (version != b"00" && value.get(55) == Some(&b'-'));
    let is_something = |part: &[u8]| part.iter().any(|byte| *byte != b'0');
    (dashes && ends && version != b"ff" && is_something(trace) && is_something(parent)).then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_named_by_a_valid_field_alone() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        for (value, valid) in [
            (format!("00-{trace}-b7ad6b7169203331-01"), true),
            (format!("01-{trace}-b7ad6b7169203331-01-more"), true),
            (format!("00-{trace}-b7ad6b7169203331-01-more"), false),
            (format!("ff-{trace}-b7ad6b7169203331-01"), false),
            (format!("00-{trace}-0000000000000000-01"), false),
            (format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)), false),
            (format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()), false),
            (format!("00-{trace}_b7ad6b7169203331-01"), false),
            (format!("00-{trace}-b7ad6b7169203331"), false),
            (String::new(), false),
        ] {
            let found = trace_id(value.as_bytes());
            assert_eq!(found, valid.then_some(trace.as_bytes()), "{value}");
        }
    }
}
