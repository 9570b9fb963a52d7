//! Trailers: fields behind a chunked body (RFC 9110 section 6.5).

use crate::Refusal;
use crate::facts::is_like;
use crate::head::{MOST_FIELDS, refuse_bare_lf};

/// Names that no trailer may have: a reader that merges trailers into the fields would let them decide
/// how long a message is, where it goes, who sends it, or what it is (RFC 9110 section 6.5.1).
const DENIED: [&[u8]; 44] = [
    b"age",
    b"authorization",
    b"cache-control",
    b"cdn-cache-control",
    b"connection",
    b"content-encoding",
    b"content-length",
    b"content-location",
    b"content-range",
    b"content-type",
    b"cookie",
    b"date",
    b"etag",
    b"expect",
    b"expires",
    b"forwarded",
    b"host",
    b"http2-settings",
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"if-unmodified-since",
    b"keep-alive",
    b"last-modified",
    b"location",
    b"max-forwards",
    b"pragma",
    b"proxy",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"range",
    b"retry-after",
    b"set-cookie",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
    b"vary",
    b"via",
    b"www-authenticate",
    b"x-real-ip",
    b"x-request-id",
];

/// Reads trailer lines, which end in an empty one, and appends those that may travel to `kept`, without
/// the empty line.
///
/// # Errors
///
/// They are malformed, or too many.
pub fn trailers(lines: &[u8], kept: &mut Vec<u8>) -> Result<(), Refusal> {
    refuse_bare_lf(lines)?;
    let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let (length, found) = match httparse::parse_headers(lines, &mut fields) {
        Ok(httparse::Status::Complete(read)) => read,
        _ => return Err(Refusal::Trailers),
    };
    if length != lines.len() {
        return Err(Refusal::Trailers);
    }
    for field in found.iter().filter(|field| !is_denied(field.name.as_bytes())) {
        kept.extend_from_slice(field.name.as_bytes());
        kept.extend_from_slice(b": ");
        kept.extend_from_slice(field.value);
        kept.extend_from_slice(b"\r\n");
    }
    Ok(())
}

/// Also spelt so that only a careless reader takes it for one of them.
fn is_denied(name: &[u8]) -> bool {
    let begins = |with: &[u8]| name.get(..with.len()).is_some_and(|begin| is_like(begin, with));
    begins(b"x-forwarded-") || DENIED.iter().any(|denied| is_like(name, denied))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(lines: &str) -> Result<String, Refusal> {
        let mut kept = Vec::new();
        trailers(lines.as_bytes(), &mut kept)?;
        Ok(String::from_utf8(kept).unwrap())
    }

    /// Conformance: 12.
    #[test]
    fn denied_names_are_dropped_and_the_rest_stay() {
        let lines = "Host: evil\r\nX-Sum:  1 \r\ncontent-LENGTH: 9\r\nX-Forwarded-For: a\r\nContent_Length: 9\r\nx_forwarded.for: a\r\ngrpc-status: 0\r\n\r\n";
        assert_eq!(kept(lines).unwrap(), "X-Sum: 1\r\ngrpc-status: 0\r\n");
        assert_eq!(kept("\r\n").unwrap(), "");
    }

    #[test]
    fn malformed_trailers_are_refused() {
        for lines in [
            "A : b\r\n\r\n",
            "A: b\r\n c\r\n\r\n",
            ": b\r\n\r\n",
            "nocolon\r\n\r\n",
            "A: b\n\r\n",
            "A: \0\r\n\r\n",
            "A: b\r\n\r\nB: c\r\n",
        ] {
            assert_eq!(kept(lines).map_err(|_| ()), Err(()), "{lines:?}");
        }
        assert_eq!(kept(&format!("{}\r\n", "A: b\r\n".repeat(MOST_FIELDS + 1))), Err(Refusal::Trailers));
    }
}
