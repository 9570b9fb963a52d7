//! A request's head, read strictly: whatever two readers could understand in two ways is refused.

use std::mem::MaybeUninit;

use crate::Refusal;
use crate::ascii::members;
use crate::facts::{Connection, Facts};
use crate::framing::Framing;
use crate::head::{FieldSet, Head, Limits, MOST_FIELDS, Span, Version, refuse_bare_lf, refuse_large};
use crate::host::Host;
use crate::plain::{RequestLine, request_line};
use crate::target::Target;

/// The method of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
    /// OPTIONS.
    Options,
    /// TRACE.
    Trace,
    /// CONNECT.
    Connect,
    /// Any other.
    Other,
}

impl Method {
    pub(crate) fn of(name: &[u8]) -> Self {
        match name {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"CONNECT" => Self::Connect,
            _ => Self::Other,
        }
    }

    /// Whether doing it twice is as good as doing it once (RFC 9110 section 9.2.2).
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Connect | Self::Other)
    }
}

/// What a request's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The method, and where its name stands.
    pub method: Method,
    /// Where the name of the method stands.
    pub method_at: Span,
    /// The target.
    pub target: Target,
    /// Its path may not be canonical, or have a mark; several slashes are not looked for.
    pub odd_path: bool,
    /// The version.
    pub version: Version,
    /// Where the authority stands: of the target, or of Host. Only HTTP/1.0 may go without.
    pub host: Option<Span>,
    /// The Host field.
    pub host_fields: FieldSet,
    /// There is a Host field that goes on as it is.
    pub host_stays: bool,
    /// How long the body is.
    pub framing: Framing,
    /// The fields that say so.
    pub length_fields: FieldSet,
    /// Content-Length is not written as we would, and has to be written anew.
    pub odd_length: bool,
    /// What is said to the neighbour alone.
    pub connection: Connection,
    /// What it says of a client before this one: `X-Forwarded-…`, `Forwarded` and `X-Real-IP`.
    pub claims: FieldSet,
    /// `X-Request-Id`.
    pub request_ids: FieldSet,
    /// Fields whose names have `_`, which some take for `-`.
    pub underscored: FieldSet,
    /// The fields that say by whom it has come: Via.
    pub via: FieldSet,
    /// The fields that say how far it may go: Max-Forwards.
    pub max_forwards: FieldSet,
    /// The value of Upgrade, when another protocol is asked for.
    pub upgrade: Option<Span>,
    /// The client takes trailers.
    pub takes_trailers: bool,
    /// The client waits for 100 before it sends the body.
    pub expects_continue: bool,
}

impl Request {
    /// Reads the head at the beginning of `bytes` into `head`. Answers it and its length, or `None` when
    /// there is not all of it yet.
    ///
    /// # Errors
    ///
    /// It is malformed, ambiguous, or larger than `limits`; that may show before all of it is there.
    pub fn parse(head: &mut Head, bytes: &[u8], limits: &Limits) -> Result<Option<(Self, usize)>, Refusal> {
        // Some clients send an empty line after a body (RFC 9112 section 2.2).
        let skipped = match bytes {
            [b'\r', b'\n', b'\r', b'\n', ..] => 4,
            [b'\r', b'\n', ..] => 2,
            _ => 0,
        };
        let rest = bytes.get(skipped..).unwrap_or_default();
        if rest.starts_with(b"\r\n") {
            return Err(Refusal::StartLine);
        }
        if let Some(line) = request_line(rest) {
            let RequestLine { method, method_at, target_at, version, end } = line;
            if let Some((facts, length)) = Facts::take_plain(head, rest, end, version, limits) {
                let line = Line { method, method_at, target_at, version };
                return Self::understand(head, line, facts).map(|request| Some((request, skipped + length)));
            }
        }
        Self::parse_any(head, rest, limits).map(|parsed| parsed.map(|(request, length)| (request, skipped + length)))
    }

    /// Whatever is not plain.
    fn parse_any(head: &mut Head, rest: &[u8], limits: &Limits) -> Result<Option<(Self, usize)>, Refusal> {
        let mut fields = [const { MaybeUninit::uninit() }; MOST_FIELDS];
        let room = fields.get_mut(..limits.count.min(MOST_FIELDS)).unwrap_or_default();
        let mut parsed = httparse::Request::new(&mut []);
        let length = match parsed.parse_with_uninit_headers(rest, room) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => {
                refuse_bare_lf(rest)?;
                refuse_large(rest, limits)?;
                return Ok(None);
            }
            Err(httparse::Error::Version) if may_say_version(rest) => {
                refuse_large(rest, limits)?;
                return Ok(None);
            }
            Err(error) => return Err(refusal(error, rest, limits)),
        };
        let (Some(method), Some(target), Some(version)) = (parsed.method, parsed.path, parsed.version) else {
            return Err(Refusal::StartLine);
        };
        let own = rest.get(..length).unwrap_or_default();
        let (method_at, target_at) = (Span::of(method.as_bytes(), own), Span::of(target.as_bytes(), own));
        // One blank between the parts of the line, and no other.
        if method_at.start() != 0 || target_at.start() != method_at.end() + 1 {
            return Err(Refusal::StartLine);
        }
        let version = version_of(version);
        let facts = Facts::take(head, own, parsed.headers, version, limits)?;
        let line = Line { method: Method::of(method.as_bytes()), method_at, target_at, version };
        Self::understand(head, line, facts).map(|request| Some((request, length)))
    }

    fn understand(head: &Head, line: Line, facts: Facts) -> Result<Self, Refusal> {
        let Line { method, method_at, target_at, version } = line;
        if method == Method::Connect {
            let authority = Host::parse(head.part(target_at)).is_ok_and(|host| host.port.is_some());
            return Err(if authority { Refusal::Method } else { Refusal::Target });
        }
        let (target, odd_path) = Target::parse(head.bytes(), target_at, method)?;
        let host = host(head, target, &facts, version)?;
        if facts.expects_other {
            return Err(Refusal::Expectation);
        }
        let framing = match (facts.length, facts.chunked) {
            (_, true) => Framing::Chunked,
            (Some(length), _) if length > 0 => Framing::Length(length),
            _ => Framing::None,
        };
        let mut connection = facts.connection;
        let upgrade = match facts.upgrade.map(|at| head.value_at(at)) {
            Some(value) if connection.upgrade && version == Version::Http11 => offered(head, value),
            _ => None,
        };
        if upgrade.is_some() && framing != Framing::None {
            return Err(Refusal::UpgradeBody);
        }
        let upgrade = upgrade.filter(|value| members(head.part(*value)).all(is_known));
        if version == Version::Http10 {
            connection.close |= !connection.keep_alive;
        }
        let target_wins = matches!(target, Target::Absolute(..));
        Ok(Self {
            method,
            method_at,
            target,
            odd_path,
            version,
            host,
            host_stays: facts.hosts > 0 && !target_wins,
            host_fields: facts.host_fields,
            framing,
            length_fields: facts.length_fields,
            odd_length: facts.odd,
            connection,
            claims: facts.claims,
            request_ids: facts.request_ids,
            underscored: facts.underscored,
            via: facts.via,
            max_forwards: facts.max_forwards,
            upgrade,
            takes_trailers: facts.takes_trailers,
            expects_continue: facts.expects_continue && version == Version::Http11,
        })
    }

    /// Whether the client's connection may serve another request after this one.
    pub fn keeps_alive(&self) -> bool {
        !self.connection.close
    }
}

struct Line {
    method: Method,
    method_at: Span,
    target_at: Span,
    version: Version,
}

/// The authority that a request is for: that of the target before that of Host.
fn host(head: &Head, target: Target, facts: &Facts, version: Version) -> Result<Option<Span>, Refusal> {
    match facts.hosts {
        0 if version == Version::Http10 => {}
        1 if Host::parse(head.part(head.value_at(facts.host))).is_ok() => {}
        _ => return Err(Refusal::Host),
    }
    Ok(match target {
        Target::Absolute(authority, _) => Some(authority),
        _ => (facts.hosts > 0).then(|| head.value_at(facts.host)),
    })
}

/// What Upgrade offers, unless it offers HTTP/2 without TLS: that is for the neighbour alone, and the
/// request goes on without it.
fn offered(head: &Head, value: Span) -> Option<Span> {
    let clear = |member: &[u8]| member.eq_ignore_ascii_case(b"h2c");
    (!members(head.part(value)).any(clear) && !head.part(value).is_empty()).then_some(value)
}

/// The protocols that an endpoint may be asked to switch to, without their versions. A name that nobody
/// here knows goes no further: what it would switch to may read the bytes behind it otherwise.
const KNOWN: [&[u8]; 4] = [b"websocket", b"connect-udp", b"connect-ip", b"spdy"];

fn is_known(protocol: &[u8]) -> bool {
    let name = protocol.split(|byte| *byte == b'/').next().unwrap_or_default();
    KNOWN.iter().any(|known| known.eq_ignore_ascii_case(name))
}

pub(crate) fn version_of(minor: u8) -> Version {
    if minor == 0 { Version::Http10 } else { Version::Http11 }
}

#[cold]
fn refusal(error: httparse::Error, bytes: &[u8], limits: &Limits) -> Refusal {
    if let Err(refusal) = refuse_large(bytes, limits) {
        return refusal;
    }
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    match error {
        httparse::Error::TooManyHeaders => Refusal::FieldsCount,
        // The preface of HTTP/2 is not a request at all.
        httparse::Error::Version if says_version(line) && !line.starts_with(b"PRI ") => Refusal::Version,
        httparse::Error::Version | httparse::Error::Token => Refusal::StartLine,
        _ => refuse_bare_lf(bytes).err().unwrap_or(Refusal::Field),
    }
}

/// Whether the first line is not all there yet, and may turn out well-formed but for its version: which
/// refusal it gets does not depend on how its bytes come.
#[cold]
fn may_say_version(bytes: &[u8]) -> bool {
    let line = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    let rest = b"HTTP/0.0".get(version.len()..).unwrap_or_default();
    !line.starts_with(b"PRI ") && memchr::memchr(b'\n', bytes).is_none() && says_version(&[line, rest].concat())
}

/// Whether a line is well-formed but for its version of HTTP, whichever that is.
fn says_version(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let parts = line.split(|byte| *byte == b' ');
    let version = matches!(parts.clone().next_back(), Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor])
        if major.is_ascii_digit() && minor.is_ascii_digit());
    version && parts.clone().count() == 3 && parts.clone().all(|part| !part.is_empty())
}
