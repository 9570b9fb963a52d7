//! The heads that go on: what is left out, and what is added.

use wire::{Added, Edits, Framing, Head, Line, Method, Request, Response, Target, Version, emit, split_query};

use super::origin::{Origin, Said};
use crate::digits::Digits;

/// Fields that are added, at most `N`.
struct Fields<'a, const N: usize> {
    fields: [Added<'a>; N],
    count: usize,
}

impl<'a, const N: usize> Fields<'a, N> {
    fn new() -> Self {
        Self { fields: [Added { name: b"", value: &[] }; N], count: 0 }
    }

    fn add(&mut self, name: &'static [u8], value: &'a [&'a [u8]]) {
        if let Some(place) = self.fields.get_mut(self.count) {
            *place = Added { name, value };
            self.count += 1;
        }
    }

    fn all(&self) -> &[Added<'a>] {
        self.fields.get(..self.count).unwrap_or_default()
    }
}

/// What endpoints are told besides what came.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// Of where the request comes from.
    pub said: &'a Said,
    /// Of the connection that it came by.
    pub from: &'a Origin,
    /// In the place of Host.
    pub host: Option<&'a str>,
    /// In the place of the path.
    pub path: Option<&'a [u8]>,
}

/// Writes the head that an endpoint gets; `changes`: its body gets another length on its way. `None` when
/// `out` is too small.
pub fn to_endpoint(out: &mut [u8], head: &Head, request: &Request, told: Told<'_>, changes: bool) -> Option<usize> {
    let Told { said, from, host: other, path } = told;
    let host_stays = request.host_stays && other.is_none();
    let mut drop = request.connection.drop.and(said.drop);
    if !host_stays {
        drop = drop.and(request.host_fields);
    }
    let rechunks = changes && request.framing != Framing::None;
    let relengths = request.odd_length && !rechunks;
    if relengths || rechunks {
        drop = drop.and(request.length_fields);
    }
    // What is no number was refused before.
    let left = request.hops_left(head).ok().flatten();
    if left.is_some() {
        drop = drop.and(request.max_forwards);
    }
    let method = head.part(request.method_at);
    let came = head.part(request.target.path());
    let made: [&[u8]; 5] = match (request.target, came.first(), path) {
        (.., Some(path)) => [method, b" ", path, split_query(came).1, b" HTTP/1.1"],
        // The last on the way asks the endpoint itself (RFC 9112 section 3.2.4).
        (Target::Absolute(..), None, _) if request.method == Method::Options => [method, b" ", b"", b"*", b" HTTP/1.1"],
        (Target::Asterisk, ..) => [method, b" ", b"", b"*", b" HTTP/1.1"],
        (_, Some(b'/'), _) => [method, b" ", b"", came, b" HTTP/1.1"],
        _ => [method, b" ", b"/", came, b" HTTP/1.1"],
    };
    let same = path.is_none() && request.version == Version::Http11 && !matches!(request.target, Target::Absolute(..));
    let host = request.host.map(|host| head.part(host)).unwrap_or_default();
    let length = match request.framing {
        Framing::Length(length) if relengths => Digits::of(length),
        _ if relengths => Digits::of(0),
        _ => Digits::NONE,
    };
    let left = left.map_or(Digits::NONE, |left| Digits::of(left.saturating_sub(1)));
    let (asked, host) = ([host], [other.map_or(host, str::as_bytes)]);
    let (length, left) = ([length.text()], [left.text()]);
    let upgrade = [request.upgrade.map(|value| head.part(value)).unwrap_or_default()];
    let mut added = Fields::<7>::new();
    // HTTP/1.1 has one, if only an empty one (RFC 9112 section 3.2).
    if !host_stays {
        added.add(b"Host", &host);
    }
    if relengths {
        added.add(b"Content-Length", &length);
    }
    if rechunks {
        added.add(b"Transfer-Encoding", &[b"chunked"]);
    }
    match (request.upgrade.is_some(), request.takes_trailers) {
        (true, _) => {
            added.add(b"Connection", &[b"upgrade"]);
            added.add(b"Upgrade", &upgrade);
        }
        (false, true) => {
            added.add(b"Connection", &[b"TE"]);
            added.add(b"TE", &[b"trailers"]);
        }
        (false, false) => {}
    }
    if left != [b""] {
        added.add(b"Max-Forwards", &left);
    }
    if request.host.is_some() && said.adds_host {
        added.add(b"X-Forwarded-Host", &asked);
    }
    let line = if same { Line::Same } else { Line::Made(&made) };
    emit(out, head.view(), &Edits { line, drop, added: added.all(), lines: said.lines(from, request.version) })
}

/// What a client is told of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    /// Nothing: HTTP/1.1 keeps it.
    Nothing,
    /// That it stays, to HTTP/1.0.
    KeepAlive,
    /// That it ends.
    Close,
}

/// Writes the head that a client gets; `changes`: the body gets another length on its way. `None` when
/// `out` is too small.
pub fn to_client(
    out: &mut [u8],
    head: &Head,
    response: &Response,
    stays: Stays,
    knows_chunks: bool,
    changes: bool,
) -> Option<usize> {
    let mut drop = response.connection.drop;
    // Of a body that does not come, too: a client of HTTP/1.0 knows nothing of it.
    let unchunked = response.chunked && !knows_chunks;
    if response.odd_length || unchunked || changes {
        drop = drop.and(response.length_fields);
    }
    let rechunks = response.framing == Framing::UntilClose || (changes && response.framing != Framing::None);
    let relengths = response.odd_length && response.length.is_some() && !changes;
    let same = response.version == Version::Http11;
    let line = match same {
        true => None,
        false => head.bytes().split(|byte| *byte == b'\r').next(),
    };
    let made: [&[u8]; 2] = [b"HTTP/1.1", line.and_then(|line| line.get(8..)).unwrap_or_default()];
    let length = response.length.filter(|_| relengths).map_or(Digits::NONE, Digits::of);
    let length = [length.text()];
    let upgrade = [response.upgrade.map(|value| head.part(value)).unwrap_or_default()];
    let mut added = Fields::<4>::new();
    if relengths {
        added.add(b"Content-Length", &length);
    }
    if rechunks && knows_chunks {
        added.add(b"Transfer-Encoding", &[b"chunked"]);
    }
    match stays {
        _ if response.status == 101 => {
            added.add(b"Connection", &[b"upgrade"]);
            added.add(b"Upgrade", &upgrade);
        }
        Stays::Nothing => {}
        Stays::KeepAlive => added.add(b"Connection", &[b"keep-alive"]),
        Stays::Close => added.add(b"Connection", &[b"close"]),
    }
    let line = if same { Line::Same } else { Line::Made(&made) };
    emit(out, head.view(), &Edits { line, drop, added: added.all(), lines: b"" })
}
