//! The path of a target in its canonical form (RFC 3986 section 6), the one that is matched, logged and
//! sent on.
//!
//! ```text
//!   /a/./b/%2e%2e/%7euser/caf%c3%a9/x%2fy  ──▶  /a/~user/caf%C3%A9/x%2Fy
//! ```
//!
//! Unreserved bytes are decoded, the digits of what stays encoded are upper case, segments of dots are
//! removed once they are decoded; by choice several slashes are one, and `%2F` is a slash. What comes out is
//! never longer than what came, and canonical already when it is read again.

use crate::Refusal;

/// How a path is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Reading {
    /// Several slashes are one.
    pub merges: bool,
    /// `%2F` is a slash, as if it had been sent as one.
    pub decodes: bool,
}

/// What a path has that another reader may take for something else. It is the path as it came, with the
/// segments that dots remove: a `..` hides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks(u8);

impl Marks {
    /// `%2F`, which some take for a slash.
    pub const ENCODED_SLASH: Self = Self(1);
    /// `%5C`, which some take for a slash.
    pub const ENCODED_BACKSLASH: Self = Self(1 << 1);
    /// `%25`, behind which some decode once more.
    pub const ENCODED_PERCENT: Self = Self(1 << 2);
    /// `\`, which some take for a slash.
    pub const BACKSLASH: Self = Self(1 << 3);
    /// `;`, behind which some see parameters of the segment.
    pub const SEMICOLON: Self = Self(1 << 4);
    /// `;` right behind `.`, `..` or nothing in its segment, or `%3B` right behind dots: who leaves
    /// parameters out sees another path.
    pub const BARE_SEMICOLON: Self = Self(1 << 5);

    /// Those of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of those is among them.
    pub const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    fn add(&mut self, other: Self) {
        *self = self.and(other);
    }
}

/// The path of a target, and its query with the `?` before it, or nothing.
pub fn split_query(target: &[u8]) -> (&[u8], &[u8]) {
    target.split_at(memchr::memchr(b'?', target).unwrap_or(target.len()))
}

/// Whether a path without its query may differ from its canonical form, or have a mark; several slashes
/// are not looked for.
pub(crate) fn may_be_odd(path: &[u8]) -> bool {
    path.iter().any(|byte| matches!(byte, b'%' | b';' | b'\\')) || path.windows(2).any(|pair| pair == b"/.")
}

/// Writes the canonical form of a path without its query, which is empty or begins with a slash, into
/// `out`, and answers what it has that may be taken for something else.
///
/// # Errors
///
/// It has `%00`, a `%` without two digits behind it, or encoded bytes that are not UTF-8.
pub fn canonical(path: &[u8], reading: Reading, out: &mut Vec<u8>) -> Result<Marks, Refusal> {
    out.clear();
    let Some(mut rest) = path.strip_prefix(b"/") else {
        return if path.is_empty() { Ok(Marks::default()) } else { Err(Refusal::Path) };
    };
    out.reserve(path.len());
    out.push(b'/');
    let mut written = Written { out, start: 1, merges: reading.merges };
    let mut marks = Marks::default();
    while let [byte, more @ ..] = rest {
        rest = more;
        match *byte {
            b'/' => written.end(),
            b'%' => {
                let (octet, more) = octet(rest).ok_or(Refusal::Path)?;
                rest = more;
                match octet {
                    0 => return Err(Refusal::Path),
                    0x80.. => rest = written.character(octet, rest).ok_or(Refusal::Path)?,
                    b'/' if reading.decodes => {
                        marks.add(Marks::ENCODED_SLASH);
                        written.end();
                    }
                    _ if is_unreserved(octet) => written.out.push(octet),
                    _ => {
                        marks.add(written.mark_of(octet));
                        written.encode(octet);
                    }
                }
            }
            byte => {
                match byte {
                    b'\\' => marks.add(Marks::BACKSLASH),
                    b';' if written.segment().is_empty() => marks.add(Marks::SEMICOLON.and(Marks::BARE_SEMICOLON)),
                    b';' => marks.add(Marks::SEMICOLON.and(written.mark_of(b';'))),
                    _ => {}
                }
                written.out.push(byte);
            }
        }
    }
    written.finish();
    Ok(marks)
}

/// What is written so far: segments that stay, each with the slash behind it, and the beginning of one.
struct Written<'a> {
    out: &'a mut Vec<u8>,
    /// Where the last segment begins.
    start: usize,
    merges: bool,
}

impl Written<'_> {
    fn segment(&self) -> &[u8] {
        self.out.get(self.start..).unwrap_or_default()
    }

    /// A slash follows the last segment.
    fn end(&mut self) {
        let is_double = self.merges && self.segment().is_empty();
        if !self.removes_dots() && !is_double {
            self.out.push(b'/');
            self.start = self.out.len();
        }
    }

    /// Nothing follows it.
    fn finish(mut self) {
        self.removes_dots();
    }

    /// Removes the last segment if it is `.` or `..`, and with that the one before it (RFC 3986 section
    /// 5.2.4).
    fn removes_dots(&mut self) -> bool {
        let is_up = match self.segment() {
            b"." => false,
            b".." => true,
            _ => return false,
        };
        self.out.truncate(self.start);
        if is_up && self.start > 1 {
            self.out.pop();
            // The first slash stays: nothing is above it.
            self.start = self.out.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
            self.out.truncate(self.start);
        }
        true
    }

    /// What an encoded byte, or a semicolon, may be taken for where it stands.
    fn mark_of(&self, octet: u8) -> Marks {
        match octet {
            b'/' => Marks::ENCODED_SLASH,
            b'\\' => Marks::ENCODED_BACKSLASH,
            b'%' => Marks::ENCODED_PERCENT,
            b';' if matches!(self.segment(), b"." | b"..") => Marks::BARE_SEMICOLON,
            _ => Marks::default(),
        }
    }

    /// Takes the rest of a character beyond ASCII, whose first byte was read. `None` when it is none.
    fn character<'p>(&mut self, first: u8, mut rest: &'p [u8]) -> Option<&'p [u8]> {
        let mut octets = [first, 0, 0, 0];
        let length = match first {
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return None,
        };
        for place in octets.get_mut(1..length)? {
            (*place, rest) = octet(rest.strip_prefix(b"%")?)?;
        }
        let octets = octets.get(..length)?;
        std::str::from_utf8(octets).ok()?;
        octets.iter().for_each(|octet| self.encode(*octet));
        Some(rest)
    }

    fn encode(&mut self, octet: u8) {
        let digit = |half: u8| if half < 10 { b'0' + half } else { b'A' + half - 10 };
        self.out.extend([b'%', digit(octet >> 4), digit(octet & 15)]);
    }
}

/// The byte that two hexadecimal digits say, and what comes behind them.
fn octet(digits: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, rest @ ..] = digits else { return None };
    let half = |digit: &u8| char::from(*digit).to_digit(16).map(|half| half as u8);
    Some((half(high)? << 4 | half(low)?, rest))
}

/// `unreserved` (RFC 3986 section 2.3).
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const READINGS: [Reading; 4] = [
        Reading { merges: false, decodes: false },
        Reading { merges: true, decodes: false },
        Reading { merges: false, decodes: true },
        Reading { merges: true, decodes: true },
    ];

    fn read(path: &[u8], reading: Reading) -> Option<(Vec<u8>, Marks)> {
        let mut out = b"before".to_vec();
        canonical(path, reading, &mut out).ok().map(|marks| (out, marks))
    }

    const PIECES: [&str; 34] = [
        "/",
        "/",
        "/",
        "a",
        "B",
        ".",
        "..",
        "%2e",
        "%2E.",
        "%2f",
        "%2F",
        "%5c",
        "\\",
        ";",
        "%3b",
        "%25",
        "%252e",
        "%7e",
        "%7E",
        "%41",
        "%c3%a9",
        "%C3",
        "%E2%82%ac",
        "%f0%9f%98%80",
        "%ed%a0%80",
        "%00",
        "%",
        "%2",
        "%zz",
        "%20",
        "%0d",
        ":@!$&'()*+,=",
        "\"<>^`{|}[]",
        "-_~",
    ];

    /// Paths of what decides anything.
    pub fn paths() -> impl Strategy<Value = Vec<u8>> {
        let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..12);
        pieces.prop_map(|pieces| format!("/{}", pieces.concat()).into_bytes())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_canonical_stays_as_it_is(path in paths()) {
            for reading in READINGS {
                if let Some((once, _)) = read(&path, reading) {
                    prop_assert!(once.len() <= path.len() && once.starts_with(b"/"));
                    let (twice, _) = read(&once, reading).expect("it was taken");
                    prop_assert_eq!(once, twice, "{}", path.escape_ascii());
                }
            }
        }

        #[test]
        fn a_path_in_which_nothing_is_odd_is_canonical(path in paths()) {
            if !may_be_odd(&path) {
                prop_assert_eq!(read(&path, READINGS[0]), Some((path, Marks::default())));
            }
        }

        #[test]
        fn marks_do_not_go_with_the_segments_that_dots_remove(path in paths()) {
            let hidden = [&path[..], b"/../.."].concat();
            for reading in READINGS {
                let marks = |path: &[u8]| read(path, reading).map(|(_, marks)| marks);
                prop_assert_eq!(marks(&hidden), marks(&path));
            }
        }
    }
}
