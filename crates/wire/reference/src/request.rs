//! A request's head (RFC 9112 section 3).

use crate::bytes::{is_token, list};
use crate::fields::{Field, for_neighbour, length, members, of_client, persists, values};
use crate::head::{Limits, lines};
use crate::host::authority;
use crate::{Body, Read, Stop, unless};

/// How a target is written (RFC 9112 section 3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `/path?query`.
    Origin,
    /// `http://authority/path?query`.
    Absolute,
    /// `*`.
    Asterisk,
}

/// What a request's head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Vec<u8>,
    /// How the target is written.
    pub form: Form,
    /// The path with its query, as it was written.
    pub path: Vec<u8>,
    /// Whom it is for.
    pub authority: Option<Vec<u8>>,
    /// The digit behind `HTTP/1.`.
    pub minor: u8,
    /// The fields, in their order.
    pub fields: Vec<Field>,
    /// Which of them are for the neighbour alone.
    pub for_neighbour: Vec<bool>,
    /// Which say something of a client, which name the request, and which have `_` in their names.
    pub client: [Vec<bool>; 3],
    /// How long the body is.
    pub body: Body,
    /// Whether another request may follow.
    pub persists: bool,
    /// What is asked for instead of HTTP.
    pub upgrade: Option<Vec<u8>>,
    /// The client takes trailers.
    pub takes_trailers: bool,
    /// The client waits for 100.
    pub expects_continue: bool,
}

/// Reads a request's head.
///
/// # Errors
///
/// It is not all there, or to be refused.
pub fn request(bytes: &[u8], limits: Limits) -> Read<Request> {
    let (line, fields, end) = lines(bytes, 2, limits, false)?;
    let parts: Vec<&[u8]> = line.split(|byte| *byte == b' ').collect();
    let [method, target, version] = parts[..] else {
        return Err(Stop::Wrong("the first line has not three parts"));
    };
    unless(is_token(method), "the method is no token")?;
    unless(method != b"CONNECT", "CONNECT is not served")?;
    let minor = match version {
        b"HTTP/1.0" => 0,
        b"HTTP/1.1" => 1,
        _ => return Err(Stop::Wrong("the version is not known")),
    };
    let (form, path, target_authority) = read_target(target, method)?;
    let host = read_host(&fields, minor)?;
    let (content_length, chunked) = length(&fields, minor)?;
    let body = match content_length {
        _ if chunked => Body::Chunked,
        Some(0) | None => Body::None,
        Some(length) => Body::Length(length),
    };
    let expectations = values(&fields, "expect");
    unless(expectations.iter().all(|value| value.eq_ignore_ascii_case(b"100-continue")), "an unknown expectation")?;
    let upgrade = read_upgrade(&fields, minor);
    unless(upgrade.is_none() || body == Body::None, "another protocol with a body")?;
    // Only to what is known an endpoint is asked to switch.
    let upgrade = upgrade.filter(|offered| list(offered).iter().all(|name| is_known(name)));
    let request = Request {
        method: method.to_vec(),
        form,
        path,
        // RFC 9112 section 3.2.2: the target wins.
        authority: target_authority.or(host),
        minor,
        for_neighbour: for_neighbour(&fields),
        client: of_client(&fields),
        body,
        persists: persists(&fields, minor),
        upgrade,
        takes_trailers: members(&fields, "te").contains(&b"trailers".to_vec()),
        expects_continue: minor == 1 && !expectations.is_empty(),
        fields,
    };
    Ok((request, end))
}

type Target = (Form, Vec<u8>, Option<Vec<u8>>);

/// Visible ASCII, no fragment, no NUL however it is written.
fn read_target(target: &[u8], method: &[u8]) -> Result<Target, Stop> {
    let visible = |byte: &u8| byte.is_ascii_graphic() && *byte != b'#';
    unless(target.iter().all(visible), "the target has a byte that none may have")?;
    let target = String::from_utf8_lossy(target).into_owned();
    unless(!target.contains("%00"), "the target has a NUL")?;
    if target.starts_with('/') {
        return Ok((Form::Origin, target.into_bytes(), None));
    }
    if target == "*" {
        unless(method == b"OPTIONS", "only OPTIONS is for the whole server")?;
        return Ok((Form::Asterisk, Vec::new(), None));
    }
    let (scheme, rest) = target.split_once("://").ok_or(Stop::Wrong("the target has no form"))?;
    unless(["http", "https"].contains(&&scheme.to_ascii_lowercase()[..]), "the scheme is not served")?;
    let (whom, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    unless(authority(whom.as_bytes()).is_some(), "the target names no host")?;
    Ok((Form::Absolute, path.as_bytes().to_vec(), Some(whom.as_bytes().to_vec())))
}

/// Exactly one, and a valid one; HTTP/1.0 may go without (RFC 9112 section 3.2).
fn read_host(fields: &[Field], minor: u8) -> Result<Option<Vec<u8>>, Stop> {
    match values(fields, "host")[..] {
        [] if minor == 0 => Ok(None),
        [host] if authority(host).is_some() => Ok(Some(host.to_vec())),
        _ => Err(Stop::Wrong("not exactly one valid Host")),
    }
}

fn is_known(protocol: &[u8]) -> bool {
    let name = String::from_utf8_lossy(protocol).to_lowercase();
    let name = name.split('/').next().unwrap_or_default();
    ["websocket", "connect-udp", "connect-ip", "spdy"].contains(&name)
}

/// What the last Upgrade offers, if Connection says that it is there for us (RFC 9110 section 7.8). An
/// offer of HTTP/2 without TLS is none.
fn read_upgrade(fields: &[Field], minor: u8) -> Option<Vec<u8>> {
    let offered = values(fields, "upgrade").pop().filter(|offered| !offered.is_empty())?;
    let said = minor == 1 && members(fields, "connection").contains(&b"upgrade".to_vec());
    (said && !list(offered).contains(&b"h2c".to_vec())).then(|| offered.to_vec())
}
