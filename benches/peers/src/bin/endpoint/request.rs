//! What an HTTP client may ask for.
//!
//! ```text
//!   GET  /b/N    N bytes, with a Content-Length
//!   GET  /c/N    N bytes, in chunks
//!   POST /e      takes a body that has a Content-Length, and tells whether each byte was right
//! ```
//!
//! Bodies are the pattern of `peers::wire`; `?salt=S` says where it begins, and without it is 0.

use peers::http;

/// A request whose head is there.
pub struct Request {
    pub wish: Wish,
    pub salt: u16,
    /// Of its own body.
    pub length: u64,
    /// No other request follows on the connection.
    pub closes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wish {
    Bytes(u64),
    Chunks(u64),
    Check,
    Unknown,
    /// Its body has no length, which this endpoint needs.
    Lengthless,
}

impl Request {
    /// `None` for a head no honest client sends.
    pub fn parse(head: &[u8]) -> Option<Self> {
        let mut words = http::start_line(head)?;
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let salt = query.strip_prefix("salt=").map_or(Some(0), |salt| salt.parse().ok())?;
        let length = http::field(head, "Content-Length").map_or(Some(0), http::number)?;
        let lengthless = http::field(head, "Transfer-Encoding").is_some();
        let wish = if lengthless { Wish::Lengthless } else { wish(method, path) };
        let closes = lengthless
            || version != "HTTP/1.1"
            || http::field(head, "Connection").is_some_and(|value| value.eq_ignore_ascii_case(b"close"));
        Some(Self { wish, salt, length, closes })
    }
}

fn wish(method: &str, path: &str) -> Wish {
    let size = |prefix| path.strip_prefix(prefix).and_then(|size| http::number(size.as_bytes()));
    match method {
        "GET" => size("/b/").map(Wish::Bytes).or_else(|| size("/c/").map(Wish::Chunks)),
        "POST" => (path == "/e").then_some(Wish::Check),
        _ => None,
    }
    .unwrap_or(Wish::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str) -> Option<(Wish, u16, u64, bool)> {
        Request::parse(head.as_bytes()).map(|it| (it.wish, it.salt, it.length, it.closes))
    }

    #[test]
    fn what_is_wished_stands_in_the_first_line() {
        assert_eq!(parsed("GET /b/256?salt=7 HTTP/1.1\r\n\r\n"), Some((Wish::Bytes(256), 7, 0, false)));
        assert_eq!(parsed("GET /c/0 HTTP/1.1\r\n\r\n"), Some((Wish::Chunks(0), 0, 0, false)));
        assert_eq!(parsed("POST /e HTTP/1.1\r\ncontent-length: 9\r\n\r\n"), Some((Wish::Check, 0, 9, false)));
        assert_eq!(parsed("GET /b/x HTTP/1.1\r\n\r\n"), Some((Wish::Unknown, 0, 0, false)));
    }

    #[test]
    fn a_connection_ends_with_a_request_that_says_so() {
        for head in ["GET /b/1 HTTP/1.0\r\n\r\n", "GET /b/1 HTTP/1.1\r\nConnection: Close\r\n\r\n"] {
            assert_eq!(parsed(head), Some((Wish::Bytes(1), 0, 0, true)));
        }
        let chunked = "POST /e HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(parsed(chunked), Some((Wish::Lengthless, 0, 0, true)));
    }

    #[test]
    fn a_damaged_head_is_refused() {
        for head in ["\r\n\r\n", "GET /b/1\r\n\r\n", "GET /b/1?salt=x HTTP/1.1\r\n\r\n"] {
            assert_eq!(parsed(head), None, "{head:?}");
        }
        assert_eq!(parsed("POST /e HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), None);
    }
}
