//! A response's head (RFC 9112 section 4).

use crate::fields::{Field, for_neighbour, length, members, persists, values};
use crate::head::{Limits, lines};
use crate::{Body, Read, Stop, unless};

/// What a response's head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The digit behind `HTTP/1.`.
    pub minor: u8,
    /// The fields, in their order.
    pub fields: Vec<Field>,
    /// Which of them are for the neighbour alone.
    pub for_neighbour: Vec<bool>,
    /// How long the body is.
    pub body: Body,
    /// What Content-Length says of the thing itself.
    pub length: Option<u64>,
    /// Whether another response may follow.
    pub persists: bool,
    /// The value of the last Upgrade.
    pub upgrade: Option<Vec<u8>>,
}

/// Reads the head of a response to a request, which may have been HEAD, and may have asked for another
/// protocol.
///
/// # Errors
///
/// It is not all there, or to be refused.
pub fn response(bytes: &[u8], limits: Limits, head: bool, upgrade: bool) -> Read<Response> {
    let (line, fields, end) = lines(bytes, 0, limits, true)?;
    let (version, rest) = line.split_at(line.len().min(9));
    let minor = match version {
        b"HTTP/1.0 " => 0,
        b"HTTP/1.1 " => 1,
        _ => return Err(Stop::Wrong("the version is not known")),
    };
    // The blank behind the status is left out by some when there is no reason.
    let (status, reason) = rest.split_at(rest.len().min(3));
    unless(status.len() == 3 && status.iter().all(u8::is_ascii_digit), "the status is no number")?;
    unless(reason.is_empty() || reason[0] == b' ', "something clings to the status")?;
    let may = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    unless(reason.iter().all(may), "the reason has a byte that none may have")?;
    let status = status.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0'));
    unless((100..=599).contains(&status), "the status is of no class")?;
    let says = !values(&fields, "upgrade").is_empty() && members(&fields, "connection").contains(&b"upgrade".to_vec());
    unless(status != 101 || (upgrade && says), "protocols are switched unasked, or to none")?;

    let (length, chunked) = length(&fields, minor)?;
    let never_has_one = status < 200 || status == 204;
    unless(!never_has_one || (!chunked && length.unwrap_or(0) == 0), "a body where none can be")?;
    let body = match length {
        _ if never_has_one || status == 304 || head => Body::None,
        _ if chunked => Body::Chunked,
        Some(0) => Body::None,
        Some(length) => Body::Length(length),
        None => Body::UntilClose,
    };
    let response = Response {
        status,
        minor,
        for_neighbour: for_neighbour(&fields),
        body,
        length: length.filter(|_| !never_has_one),
        persists: persists(&fields, minor) && body != Body::UntilClose && status != 101,
        upgrade: values(&fields, "upgrade").pop().map(<[u8]>::to_vec),
        fields,
    };
    Ok((response, end))
}
