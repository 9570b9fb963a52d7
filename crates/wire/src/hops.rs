//! What a request says of its way: by whom it has come, and how far it may go.

use crate::ascii::{decimal, members};
use crate::{Framing, Head, Method, Refusal, Request};

/// What Via says of the way that a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Way {
    /// How many have passed it on.
    pub hops: usize,
    /// One of them calls itself as we do.
    pub is_loop: bool,
}

impl Request {
    /// The way that it has come, for one who calls itself `name` (RFC 9110 section 7.6.3).
    ///
    /// A comma within a comment parts members too: a comment that somebody opens and never closes must not
    /// hide those who were added behind it.
    pub fn way(&self, head: &Head, name: &[u8]) -> Way {
        let mut way = Way::default();
        let lines = self.via.positions().map(|at| head.part(head.value_at(at)));
        for member in lines.flat_map(members).filter(|member| !member.is_empty()) {
            way.hops += 1;
            let mut words = member.split(|byte| matches!(byte, b' ' | b'\t'));
            way.is_loop |= words.any(|word| word.eq_ignore_ascii_case(name));
        }
        way
    }

    /// How many may still pass it on: what Max-Forwards says, of OPTIONS and TRACE alone (RFC 9110 section
    /// 7.6.2). `None` is any number.
    ///
    /// # Errors
    ///
    /// It is no number, or there are two.
    pub fn hops_left(&self, head: &Head) -> Result<Option<u64>, Refusal> {
        if !matches!(self.method, Method::Options | Method::Trace) {
            return Ok(None);
        }
        let mut left = None;
        for at in self.max_forwards.positions() {
            let digits = head.part(head.value_at(at));
            // What is beyond 64 bits is a number all the same.
            let number = match digits.iter().all(u8::is_ascii_digit) && !digits.is_empty() {
                true => decimal(digits).unwrap_or(u64::MAX),
                false => return Err(Refusal::MaxForwards),
            };
            if left.replace(number).is_some() {
                return Err(Refusal::MaxForwards);
            }
        }
        Ok(left)
    }

    /// Refuses a TRACE with a body, which it must not have (RFC 9110 section 9.3.8).
    ///
    /// # Errors
    ///
    /// It is one.
    pub fn refuse_traced_body(&self) -> Result<(), Refusal> {
        match self.method == Method::Trace && self.framing != Framing::None {
            true => Err(Refusal::TraceBody),
            false => Ok(()),
        }
    }
}

/// Fields that a TRACE is not answered with: what lets somebody in (RFC 9110 section 9.3.8).
const SENSITIVE: [&[u8]; 3] = [b"authorization", b"proxy-authorization", b"cookie"];

/// A request's head as it came, without the fields that let somebody in: what TRACE is answered.
pub fn traced(head: &Head) -> Vec<u8> {
    let (bytes, fields) = (head.bytes(), head.at());
    let first = fields.first().map_or(bytes.len().saturating_sub(2), |field| field.name.start());
    let mut out = bytes.get(..first).unwrap_or_default().to_vec();
    for (name, value) in head.view().fields() {
        if !SENSITIVE.iter().any(|sensitive| name.eq_ignore_ascii_case(sensitive)) {
            [name, b": ", value, b"\r\n"].iter().for_each(|part| out.extend_from_slice(part));
        }
    }
    out.extend_from_slice(b"\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    const LIMITS: Limits = Limits { line: 8000, fields: 65536, count: 100 };

    fn with(method: &str, fields: &str) -> (Head, Request) {
        let mut head = Head::default();
        let text = format!("{method} / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let (request, _) = Request::parse(&mut head, text.as_bytes(), &LIMITS).unwrap().unwrap();
        (head, request)
    }

    fn way(fields: &str) -> Way {
        let (head, request) = with("GET", fields);
        request.way(&head, b"fourseven-0a")
    }

    #[test]
    fn the_way_is_told_by_every_line_of_via() {
        assert_eq!(way(""), Way::default());
        assert_eq!(way("Via: 1.0 fred, 1.1 p.example.com (Apache/1.1)\r\n"), Way { hops: 2, is_loop: false });
        assert_eq!(way("Via: 1.1 a\r\nvia: ,, HTTP/1.1 b ,\r\n"), Way { hops: 2, is_loop: false });
    }

    #[test]
    fn our_own_name_is_known_whatever_its_case_and_wherever_it_stands() {
        for value in
            ["1.1 fourseven-0a", "1.1 a, 1.0 FourSeven-0A (x)", "1.1\tfourseven-0a", "1.1 a\r\nVia: 2 fourseven-0a"]
        {
            assert!(way(&format!("Via: {value}\r\n")).is_loop, "{value}");
        }
        assert!(way("Via: 1.1 x (never closed\r\nVia: 1.1 fourseven-0a\r\n").is_loop);
        assert!(way("Via: 1.1 x (never closed, 1.1 fourseven-0a\r\n").is_loop);
        for value in ["1.1 fourseven-0b", "1.1 fourseven-0a.example", "1.1 a-fourseven-0a"] {
            assert!(!way(&format!("Via: {value}\r\n")).is_loop, "{value}");
        }
    }

    #[test]
    fn how_far_it_may_go_counts_for_options_and_trace() {
        let left = |method: &str, fields: &str| {
            let (head, request) = with(method, fields);
            request.hops_left(&head)
        };
        for method in ["OPTIONS", "TRACE"] {
            assert_eq!(left(method, ""), Ok(None));
            assert_eq!(left(method, "Max-Forwards: 0\r\n"), Ok(Some(0)));
            assert_eq!(left(method, "max-forwards: 007\r\n"), Ok(Some(7)));
            assert_eq!(left(method, "Max-Forwards: 99999999999999999999\r\n"), Ok(Some(u64::MAX)));
            for junk in ["", "-1", "+1", "1.5", "1, 2", "x", "1\r\nMax-Forwards: 1"] {
                let fields = format!("Max-Forwards: {junk}\r\n");
                assert_eq!(left(method, &fields), Err(Refusal::MaxForwards), "{junk}");
            }
        }
        for method in ["GET", "POST", "OPTION"] {
            assert_eq!(left(method, "Max-Forwards: junk\r\n"), Ok(None));
        }
    }

    #[test]
    fn a_trace_has_no_body() {
        let (_, request) = with("TRACE", "");
        assert_eq!(request.refuse_traced_body(), Ok(()));
        for fields in ["Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n"] {
            assert_eq!(with("TRACE", fields).1.refuse_traced_body(), Err(Refusal::TraceBody));
            assert_eq!(with("POST", fields).1.refuse_traced_body(), Ok(()));
        }
    }

    #[test]
    fn what_is_traced_lets_nobody_in() {
        let (head, _) = with("TRACE", "COOKIE: a\r\nX:  1 \r\nAuthorization: b\r\nproxy-authorization: c\r\nY: 2\r\n");
        let expected = "TRACE / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\n\r\n";
        assert_eq!(String::from_utf8_lossy(&traced(&head)), expected);
        let (head, _) = with("TRACE", "");
        assert_eq!(String::from_utf8_lossy(&traced(&head)), "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
}
