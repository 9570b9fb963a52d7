//! Trailers: fields behind a chunked body (RFC 9110 section 6.5).

use crate::Stop;
use crate::fields::{Field, field};
use crate::unless;

/// The most fields that trailers may have.
const MOST: usize = 128;

/// Reads the trailer lines of a body, each with its end.
///
/// # Errors
///
/// One is malformed, or there are too many.
pub fn trailers(lines: &[u8]) -> Result<Vec<Field>, Stop> {
    let mut fields = Vec::new();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r\n").ok_or(Stop::Wrong("a line ends without CR"))?;
        unless(!line.is_empty(), "an empty line before the end")?;
        fields.push(field(line)?);
    }
    unless(fields.len() <= MOST, "too many trailers")?;
    Ok(fields)
}

/// Whether a trailer must not travel, because one who merges it into the fields would let it decide how
/// long a message is, where it goes, who sends it, or what it is; `None` where the RFC leaves it open.
pub fn is_denied(field: &Field) -> Option<bool> {
    let decide = "connection content-length content-encoding content-range content-type host trailer \
        transfer-encoding te upgrade authorization proxy-authorization cookie set-cookie cache-control expires age \
        vary expect max-forwards forwarded proxy via";
    let field = field.as_careless();
    if decide.split_whitespace().any(|name| field.is(name)) {
        return Some(true);
    }
    let name = field.name.to_ascii_lowercase();
    let ours = name.starts_with(b"x-forwarded-") || name == b"x-real-ip" || name == b"x-request-id";
    if ours {
        return Some(true);
    }
    // Names that nobody has given a meaning to, and those that gRPC lives by.
    let free = name.starts_with(b"x-") || name.starts_with(b"grpc-");
    free.then_some(false)
}
