//! The authority of a request: what Host says (RFC 3986 section 3.2, RFC 9110 section 7.2).

use crate::ascii::decimal;

/// The name and the port of an authority, without userinfo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host<'a> {
    /// A name, an IPv4 address, or an IPv6 address in brackets; as it was written, with no dot at its
    /// end. Names are the same whatever their case.
    pub name: &'a [u8],
    /// The port, if one is given.
    pub port: Option<u16>,
}

/// It is not an authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl<'a> Host<'a> {
    /// Reads an authority.
    ///
    /// # Errors
    ///
    /// It is empty, has an empty label, userinfo, a character that no name has, or a port that is none.
    pub fn parse(authority: &'a [u8]) -> Result<Self, Malformed> {
        let (name, rest) = match authority {
            [b'[', inner @ ..] => {
                let length = memchr::memchr(b']', inner).ok_or(Malformed)?;
                let (address, rest) = inner.split_at(length);
                let text = std::str::from_utf8(address).map_err(|_| Malformed)?;
                text.parse::<std::net::Ipv6Addr>().map_err(|_| Malformed)?;
                (authority.get(..length + 2).ok_or(Malformed)?, rest.get(1..).ok_or(Malformed)?)
            }
            _ => {
                let (name, rest) = authority.split_at(name_length(authority)?);
                (name.strip_suffix(b".").unwrap_or(name), rest)
            }
        };
        let port = match rest {
            [] | [b':'] => None,
            [b':', digits @ ..] if digits.len() <= 5 => {
                Some(decimal(digits).and_then(|port| u16::try_from(port).ok()).ok_or(Malformed)?)
            }
            _ => return Err(Malformed),
        };
        Ok(Self { name, port })
    }
}

/// How long the name at the begin is: labels with one dot between them, and at most one behind the last.
fn name_length(authority: &[u8]) -> Result<usize, Malformed> {
    let mut before = Class::Dot;
    let mut length = 0;
    for byte in authority {
        let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or(Class::No);
        match (class, before) {
            (Class::No, _) if *byte == b':' => break,
            (Class::No, _) | (Class::Dot, Class::Dot) => return Err(Malformed),
            _ => {}
        }
        (before, length) = (class, length + 1);
    }
    // One dot alone has no label.
    if length == 0 || (length == 1 && before == Class::Dot) { Err(Malformed) } else { Ok(length) }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    No,
    Label,
    Dot,
}

/// The bytes of a label are those of `reg-name` (RFC 3986 section 3.2.2) but `%`, `(`, `)` and `,`.
static CLASSES: [Class; 256] = {
    let mut table = [Class::No; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "the table has every byte")]
        match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'!' | b'$' | b'&' => {
                table[byte] = Class::Label
            }
            b'\'' | b'*' | b'+' | b';' | b'=' => table[byte] = Class::Label,
            b'.' => table[byte] = Class::Dot,
            _ => {}
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<(String, Option<u16>)> {
        let host = Host::parse(text.as_bytes()).ok()?;
        Some((String::from_utf8_lossy(host.name).into_owned(), host.port))
    }

    #[test]
    fn names_addresses_and_ports() {
        let some = |name: &str, port| Some((name.to_owned(), port));
        assert_eq!(parsed("a"), some("a", None));
        assert_eq!(parsed("Example.com.:80"), some("Example.com", Some(80)));
        assert_eq!(parsed("127.0.0.1:65535"), some("127.0.0.1", Some(65535)));
        assert_eq!(parsed("[::1]:8080"), some("[::1]", Some(8080)));
        assert_eq!(parsed("[::ffff:1.2.3.4]"), some("[::ffff:1.2.3.4]", None));
        assert_eq!(parsed("a:"), some("a", None), "an empty port is the default one");
        assert_eq!(parsed("my_service-1.local"), some("my_service-1.local", None));
    }

    #[test]
    fn what_is_no_authority_is_refused() {
        let wrong = [
            "",
            ".",
            "a..b",
            ".a",
            "a/b",
            "u@h",
            "a,b",
            "a b",
            "h:99999",
            "h:x",
            "h:1:2",
            "h:-1",
            "h:000080",
            "[::1",
            "[::1]x",
            "[g]",
            "[]",
            "::1",
            "a?b",
            "a#b",
            "a\\b",
            "a\"",
            "a%41",
            "ä",
            "a<b",
            "[::1%25eth0]",
        ];
        for text in wrong {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
