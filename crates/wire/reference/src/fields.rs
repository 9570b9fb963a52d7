//! Fields, and what those say that both kinds of head have.

use crate::bytes::{is_token, list, number, without_blanks};
use crate::{Stop, unless};

/// A field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name, as it was written.
    pub name: Vec<u8>,
    /// Its value, without the blanks around it.
    pub value: Vec<u8>,
}

impl Field {
    /// Whether it has this name, which is given in lower case.
    pub fn is(&self, name: &str) -> bool {
        self.name.to_ascii_lowercase() == name.as_bytes()
    }
}

impl Field {
    /// As a reader has it that takes `_` and `.` for `-`.
    pub fn as_careless(&self) -> Self {
        let name = self.name.iter().map(|byte| if matches!(byte, b'_' | b'.') { b'-' } else { *byte });
        Self { name: name.collect(), value: self.value.clone() }
    }
}

/// `field-line = field-name ":" OWS field-value OWS` (RFC 9112 section 5), without folding.
pub fn field(line: &[u8]) -> Result<Field, Stop> {
    let colon = line.iter().position(|byte| *byte == b':').ok_or(Stop::Wrong("a field without a colon"))?;
    let (name, value) = (&line[..colon], without_blanks(&line[colon + 1..]));
    unless(is_token(name), "the name of a field is no token")?;
    // RFC 9110 section 5.5: VCHAR, obs-text, SP and HTAB.
    let may = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    unless(value.iter().all(may), "the value of a field has a byte that none may have")?;
    Ok(Field { name: name.to_vec(), value: value.to_vec() })
}

/// The values of all fields of a name.
pub fn values<'a>(fields: &'a [Field], name: &str) -> Vec<&'a [u8]> {
    fields.iter().filter(|field| field.is(name)).map(|field| &field.value[..]).collect()
}

/// All members of all fields of a name (RFC 9110 section 5.3).
pub fn members(fields: &[Field], name: &str) -> Vec<Vec<u8>> {
    values(fields, name).into_iter().flat_map(list).collect()
}

/// What says how long the body is: Content-Length and whether it is chunked (RFC 9112 section 6.3). Both
/// together, either twice, and any coding but `chunked` alone are refused; so is a name that differs
/// only by `_` or `.` where `-` stands.
pub fn length(fields: &[Field], minor: u8) -> Result<(Option<u64>, bool), Stop> {
    for field in fields {
        for name in ["content-length", "transfer-encoding"] {
            let plain = String::from_utf8_lossy(&field.name).to_ascii_lowercase().replace(['_', '.'], "-");
            unless(plain != name || field.is(name), "a name that others take for one of framing")?;
        }
    }
    let lengths = values(fields, "content-length");
    let codings = values(fields, "transfer-encoding");
    unless(lengths.len() <= 1, "Content-Length twice")?;
    unless(codings.len() <= 1, "Transfer-Encoding twice")?;
    unless(lengths.is_empty() || codings.is_empty(), "both lengths")?;
    for coding in &codings {
        unless(coding.eq_ignore_ascii_case(b"chunked"), "a coding that is not chunked")?;
        unless(minor == 1, "Transfer-Encoding in HTTP/1.0")?;
    }
    let named = members(fields, "connection").into_iter();
    let options = ["", "close", "keep-alive", "upgrade"].map(str::as_bytes);
    unless(named.filter(|name| !options.contains(&&name[..])).count() <= 32, "Connection names too many fields")?;
    let length = match lengths[..] {
        [digits] => {
            let number = number(digits).filter(|number| i64::try_from(*number).is_ok());
            Some(number.ok_or(Stop::Wrong("Content-Length is no number"))?)
        }
        _ => None,
    };
    Ok((length, !codings.is_empty()))
}

/// Whether the connection stays for another message (RFC 9112 section 9.3).
pub fn persists(fields: &[Field], minor: u8) -> bool {
    let options = members(fields, "connection");
    !options.contains(&b"close".to_vec()) && (minor == 1 || options.contains(&b"keep-alive".to_vec()))
}

/// Which fields are for the neighbour alone (RFC 9110 section 7.6.1): those that always are, and those
/// that Connection names. It cannot name away what says how long a message is, where it goes, who sends
/// it, or what it is.
pub fn for_neighbour(fields: &[Field]) -> Vec<bool> {
    let always =
        "connection keep-alive te upgrade http2-settings proxy-connection proxy-authenticate proxy-authorization proxy";
    let never = "host content-length transfer-encoding content-type content-encoding content-range authorization \
        cookie set-cookie cache-control date expect range location via forwarded x-real-ip x-request-id";
    let named = members(fields, "connection");
    let one_of = |names: &str, field: &Field| names.split_whitespace().any(|name| field.is(name));
    let is_named = |field: &Field| named.contains(&field.name.to_ascii_lowercase());
    let may_go = |field: &Field| !one_of(never, field) && !is_claim(field);
    let is = |field: &Field| one_of(always, field) || is_alias(field) || (is_named(field) && may_go(field));
    fields.iter().map(is).collect()
}

/// Which say something of a client, which name the request, and which have `_` in their names.
pub fn of_client(fields: &[Field]) -> [Vec<bool>; 3] {
    let which = |is: &dyn Fn(&Field) -> bool| fields.iter().map(is).collect();
    [which(&is_claim), which(&|field| field.is("x-request-id")), which(&|field| field.name.contains(&b'_'))]
}

/// Whether it says something of a client before this one.
fn is_claim(field: &Field) -> bool {
    let name = String::from_utf8_lossy(&field.name).to_ascii_lowercase();
    name.starts_with("x-forwarded-") || name == "forwarded" || name == "x-real-ip"
}

/// Spelt so that only a careless reader takes it for what is said of a client or of a request.
fn is_alias(field: &Field) -> bool {
    let careless = field.as_careless();
    careless != *field && (is_claim(&careless) || careless.is("x-request-id"))
}
