//! One HTTP request and its answer: what a browser might ask, and a body that can be checked.

use std::io;
use std::net::TcpStream;

use peers::http::{LONGEST_HEAD, field, head_length, number, start_line};
use peers::sys;
use peers::wire::Pattern;

use crate::exchange::Progress;

/// What a browser says besides what it wants.
const FIELDS: &str = "Host: www.example.com\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Accept-Language: en-GB,en;q=0.7,de;q=0.3\r\n\
    Cookie: session=5f0c9e6d2b7a41f8a3c1e094d7b2685f; theme=dark; seen=1\r\n\
    Referer: https://www.example.com/catalogue/shoes?page=2\r\n\
    Cache-Control: max-age=0\r\n\r\n";

/// Where an exchange is.
pub struct Get {
    salt: u16,
    request: Vec<u8>,
    sent: usize,
    /// What came of the head, while it is not all there; almost always it comes at once.
    head: Vec<u8>,
    in_body: bool,
    closes: bool,
    /// Of the body.
    got: u64,
    to_get: u64,
}

impl Get {
    pub fn new(bytes: u64, salt: u16) -> Self {
        // As many digits each time, so that all requests are of one length.
        let request = format!("GET /b/{bytes}?salt={salt:05} HTTP/1.1\r\n{FIELDS}").into_bytes();
        Self { salt, request, sent: 0, head: Vec::new(), in_body: false, closes: false, got: 0, to_get: bytes }
    }

    /// Bytes sent, and bytes of the body that came back right.
    pub fn moved(&self) -> (u64, u64) {
        (self.sent as u64, self.got)
    }

    /// Whether the answer says that the connection ends with it.
    pub fn closes(&self) -> bool {
        self.closes
    }

    /// Sends what fits.
    pub fn send(&mut self, stream: &TcpStream) -> io::Result<Progress> {
        let rest = self.request.get(self.sent..).unwrap_or_default();
        if !rest.is_empty() {
            self.sent += sys::write(stream, rest)?;
        }
        Ok(if self.sent == self.request.len() { Progress::Waits } else { Progress::Full })
    }

    /// Reads once and checks what came.
    pub fn receive(&mut self, stream: &TcpStream, pattern: &Pattern, scratch: &mut [u8]) -> io::Result<Progress> {
        let Some(n) = sys::read(stream, scratch)? else {
            return Ok(Progress::Waits);
        };
        match scratch.get(..n) {
            None | Some([]) => Err(io::ErrorKind::UnexpectedEof.into()),
            Some(came) => self.take(came, pattern).ok_or_else(|| io::ErrorKind::InvalidData.into()),
        }
    }

    /// Goes on with what came; `None` when it does not answer this request.
    fn take(&mut self, came: &[u8], pattern: &Pattern) -> Option<Progress> {
        if self.in_body {
            return self.take_body(came, pattern);
        }
        if self.head.is_empty() && head_length(came).is_some() {
            return self.take_head(came, pattern);
        }
        self.head.extend_from_slice(came);
        if head_length(&self.head).is_some() {
            let came = std::mem::take(&mut self.head);
            return self.take_head(&came, pattern);
        }
        (self.head.len() <= LONGEST_HEAD).then_some(Progress::Waits)
    }

    /// A whole head, and what of the body came with it.
    fn take_head(&mut self, came: &[u8], pattern: &Pattern) -> Option<Progress> {
        let (head, body) = came.split_at_checked(head_length(came)?)?;
        let status = start_line(head)?.nth(1)?;
        let length = number(field(head, "Content-Length")?)?;
        if status != "200" || length != self.to_get {
            return None;
        }
        self.in_body = true;
        self.closes = field(head, "Connection").is_some_and(|value| value.eq_ignore_ascii_case(b"close"));
        self.take_body(body, pattern)
    }

    fn take_body(&mut self, body: &[u8], pattern: &Pattern) -> Option<Progress> {
        let length = body.len() as u64;
        if length > self.to_get - self.got || !pattern.holds(self.salt, self.got, body) {
            return None;
        }
        self.got += length;
        Some(if self.got == self.to_get { Progress::Done } else { Progress::Waits })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(pattern: &Pattern, fields: &str) -> Vec<u8> {
        [format!("HTTP/1.1 {fields}\r\n\r\n").as_bytes(), pattern.piece(7, 0, 40)].concat()
    }

    /// Whether an answer that comes in pieces of this length is the right one.
    fn holds(pattern: &Pattern, bytes: &[u8], length: usize) -> bool {
        let mut get = Get::new(40, 7);
        let mut last = None;
        for piece in bytes.chunks(length) {
            last = get.take(piece, pattern);
            if last.is_none() {
                return false;
            }
        }
        last == Some(Progress::Done)
    }

    #[test]
    fn an_answer_is_right_however_it_is_cut() {
        let pattern = Pattern::new();
        let bytes = answer(&pattern, "200 OK\r\nServer: x\r\ncontent-length: 40");
        for length in 1..=bytes.len() {
            assert!(holds(&pattern, &bytes, length), "in pieces of {length}");
        }
    }

    #[test]
    fn an_answer_may_be_the_last() {
        let pattern = Pattern::new();
        for (connection, closes) in [("close", true), ("Close", true), ("keep-alive", false)] {
            let mut get = Get::new(40, 7);
            let fields = format!("200 OK\r\nContent-Length: 40\r\nConnection: {connection}");
            assert!(get.take(&answer(&pattern, &fields), &pattern) == Some(Progress::Done));
            assert_eq!(get.closes(), closes, "{connection}");
        }
    }

    #[test]
    fn any_other_answer_is_noticed() {
        let pattern = Pattern::new();
        for fields in ["200 OK\r\nContent-Length: 41", "200 OK", "404 Not Found\r\nContent-Length: 40"] {
            assert!(!holds(&pattern, &answer(&pattern, fields), 1000), "{fields}");
        }
        let mut bytes = answer(&pattern, "200 OK\r\nContent-Length: 40");
        let more = [bytes.as_slice(), b"x"].concat();
        assert!(!holds(&pattern, &more, 1000));
        if let Some(last) = bytes.last_mut() {
            *last ^= 1;
        }
        assert!(!holds(&pattern, &bytes, 1000));
    }
}
