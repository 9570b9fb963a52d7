//! What is said of clients on the way: `X-Forwarded-For`, and `Forwarded` (RFC 7239).

use std::io::Write;
use std::net::{IpAddr, SocketAddr};

use crate::ascii::{all_token, members};
use crate::head::{FieldSet, HeadView};

/// The most members of `X-Forwarded-For` that are looked at, from the last one on.
const MOST_MEMBERS: usize = 32;
/// The most bytes of a request's name that is passed on.
const MOST_ID: usize = 128;

/// The client that came to those of whom `trusts` says so: in `X-Forwarded-For` the last address that is
/// not one of theirs, or the first of all. `None` when the last member names no address.
pub fn client(head: HeadView<'_>, claims: FieldSet, trusts: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let lists = named(head, claims, b"x-forwarded-for");
    let mut found = None;
    // The first lines do not matter when there are many: no honest proxy sends more than one.
    let mut last = [&b""[..]; MOST_MEMBERS];
    let mut count = 0;
    for member in lists.flat_map(members).filter(|member| !member.is_empty()) {
        if let Some(place) = last.get_mut(count % MOST_MEMBERS) {
            *place = member;
        }
        count += 1;
    }
    for back in 1..=count.min(MOST_MEMBERS) {
        let member = last.get((count - back) % MOST_MEMBERS).copied().unwrap_or_default();
        let Some(address) = node(member) else { break };
        found = Some(address);
        if !trusts(address) {
            break;
        }
    }
    found
}

/// The values of the fields of this name among those of a set.
pub fn named<'a>(head: HeadView<'a>, set: FieldSet, name: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let fields = head.fields().enumerate().filter(move |(at, _)| set.has(*at));
    fields.filter(move |(_, (other, _))| other.eq_ignore_ascii_case(name)).map(|(_, (_, value))| value)
}

/// The address in a member of `X-Forwarded-For`, which some write with its port.
fn node(member: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(member).ok()?;
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let address = inner.unwrap_or(text).parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

/// Writes an element of `Forwarded` (RFC 7239 section 4): who came, for which host, and how.
pub fn write_element(out: &mut Vec<u8>, client: Option<IpAddr>, host: &[u8], scheme: &str) {
    // Writing to memory does not fail.
    let _ = match client {
        Some(IpAddr::V4(address)) => write!(out, "for={address}"),
        // Colons and brackets are no token (section 6).
        Some(IpAddr::V6(address)) => write!(out, "for=\"[{address}]\""),
        None => write!(out, "for=unknown"),
    };
    if !host.is_empty() {
        let quote: &[u8] = if all_token(host) { b"" } else { b"\"" };
        [b";host=", quote, host, quote].into_iter().for_each(|part| out.extend_from_slice(part));
    }
    let _ = write!(out, ";proto={scheme}");
}

/// Whether a request may be called this: nothing that is more than a name in a log or a field.
pub fn is_request_id(value: &[u8]) -> bool {
    let may = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~:/@+=".contains(byte);
    (1..=MOST_ID).contains(&value.len()) && value.iter().all(may)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Head, Limits, MOST_FIELDS, Request};

    fn asked(fields: &str) -> (Head, Request) {
        let mut head = Head::default();
        let limits = Limits { line: 1000, fields: 60_000, count: MOST_FIELDS };
        let text = format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
        let (request, _) = Request::parse(&mut head, text.as_bytes(), &limits).unwrap().unwrap();
        (head, request)
    }

    fn found(fields: &str) -> Option<String> {
        let (head, request) = asked(fields);
        let ours = |address: IpAddr| address.to_string().starts_with("10.");
        client(head.view(), request.claims, ours).map(|address| address.to_string())
    }

    #[test]
    fn the_client_is_the_last_who_is_not_trusted() {
        assert_eq!(found("X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\n").as_deref(), Some("2.2.2.2"));
        assert_eq!(found("X-Forwarded-For: 1.1.1.1, 2.2.2.2,10.0.0.1\r\n").as_deref(), Some("2.2.2.2"));
        let lines = "X-Forwarded-For: 1.1.1.1\r\nX: y\r\nx-forwarded-for: 10.0.0.2 , ,10.0.0.1,\r\n";
        assert_eq!(found(lines).as_deref(), Some("1.1.1.1"));
        assert_eq!(found("X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n").as_deref(), Some("10.0.0.3"));
        assert_eq!(found(""), None);
    }

    #[test]
    fn whoever_writes_no_address_hides_those_before() {
        assert_eq!(found("X-Forwarded-For: 1.1.1.1, unknown\r\n"), None);
        assert_eq!(found("X-Forwarded-For: 1.1.1.1, x, 10.0.0.1\r\n").as_deref(), Some("10.0.0.1"));
    }

    #[test]
    fn of_many_only_the_last_are_looked_at() {
        let many = vec!["10.0.0.1"; MOST_MEMBERS].join(",");
        assert_eq!(found(&format!("X-Forwarded-For: 1.1.1.1,{many}\r\n")).as_deref(), Some("10.0.0.1"));
        let fewer = vec!["10.0.0.1"; MOST_MEMBERS - 1].join(",");
        assert_eq!(found(&format!("X-Forwarded-For: 1.1.1.1,{fewer}\r\n")).as_deref(), Some("1.1.1.1"));
    }

    #[test]
    fn addresses_are_read_however_they_are_written() {
        for (written, read) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:80", "192.0.2.1"),
            ("2001:DB8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(node(written.as_bytes()).map(|address| address.to_string()).as_deref(), Some(read), "{written}");
        }
        for none in ["", "a", "192.0.2", "192.0.2.1:", "[192.0.2.1", "1.2.3.4:99999", "\u{e4}"] {
            assert_eq!(node(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn an_element_quotes_what_is_no_token() {
        let element = |client: Option<&str>, host: &str| {
            let mut out = Vec::new();
            write_element(&mut out, client.and_then(|client| client.parse().ok()), host.as_bytes(), "http");
            String::from_utf8(out).unwrap()
        };
        assert_eq!(element(Some("192.0.2.1"), "a.example"), "for=192.0.2.1;host=a.example;proto=http");
        assert_eq!(element(Some("2001:db8::1"), "a:80"), "for=\"[2001:db8::1]\";host=\"a:80\";proto=http");
        assert_eq!(element(None, ""), "for=unknown;proto=http");
    }

    #[test]
    fn a_name_of_a_request_is_short_and_plain() {
        assert!(is_request_id(b"0af7651916cd43dd8448eb211c80319c") && is_request_id(&[b'a'; MOST_ID]));
        for wrong in [&b""[..], b"a b", b"a\"", b"a,b", b"\xe4", &[b'a'; MOST_ID + 1]] {
            assert!(!is_request_id(wrong), "{}", wrong.escape_ascii());
        }
    }
}
