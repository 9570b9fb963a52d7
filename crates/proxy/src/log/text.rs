//! How values are written into a line: escaped, and bounded.

use std::net::IpAddr;
use std::time::Duration;

use plan::LogEncoding;

use crate::digits::Digits;

/// Stands at the end of what was cut. In text nothing else is beyond ASCII.
const CUT: &[u8] = "…".as_bytes();
/// The least room in which a text is written: an escape, two quotes and the mark of a cut.
const LEAST: usize = 16;

/// Writes values at the end of a line.
#[derive(Debug)]
pub struct Pen<'a> {
    pub out: &'a mut Vec<u8>,
    pub encoding: LogEncoding,
}

impl Pen<'_> {
    /// There is no value.
    pub fn nothing(&mut self) {
        self.out.extend_from_slice(if self.encoding == LogEncoding::Json { b"null" } else { b"-" });
    }

    /// A text that needs no escaping.
    pub fn plain(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let quote: &[u8] = if self.encoding == LogEncoding::Json { b"\"" } else { b"" };
        self.out.extend_from_slice(quote);
        write(self.out);
        self.out.extend_from_slice(quote);
    }

    /// A number.
    pub fn number(&mut self, number: u64) {
        decimal(self.out, number);
    }

    /// Yes or no.
    pub fn truth(&mut self, truth: bool) {
        self.out.extend_from_slice(if truth { b"true" } else { b"false" });
    }

    /// A length of time, in milliseconds with three decimals.
    pub fn length(&mut self, length: Duration) {
        let micros = u64::try_from(length.as_micros()).unwrap_or(u64::MAX);
        decimal(self.out, micros / 1000);
        self.out.extend_from_slice(b".");
        thousandths(self.out, (micros % 1000) as u32);
    }

    /// An address.
    pub fn address(&mut self, address: IpAddr) {
        self.plain(|out| match address {
            IpAddr::V4(four) => {
                // In one piece: most clients have such an address, and every line has one.
                let (mut text, mut length) = ([0; 16], 0);
                let mut put = |byte| {
                    if let Some(place) = text.get_mut(length) {
                        *place = byte;
                        length += 1;
                    }
                };
                for (at, octet) in four.octets().into_iter().enumerate() {
                    if at > 0 {
                        put(b'.');
                    }
                    if octet >= 100 {
                        put(b'0' + octet / 100);
                    }
                    if octet >= 10 {
                        put(b'0' + octet / 10 % 10);
                    }
                    put(b'0' + octet % 10);
                }
                out.extend_from_slice(text.get(..length).unwrap_or_default());
            }
            IpAddr::V6(six) => {
                use std::io::Write;
                // A vector takes whatever is written.
                let _ = write!(out, "{six}");
            }
        });
    }

    /// Bytes of somebody else's, in pieces that are joined by a comma, in at most so many bytes of the line.
    /// Nothing where there is no piece.
    pub fn pieces<'a>(&mut self, pieces: impl IntoIterator<Item = &'a [u8]>, most: usize) {
        let mut pieces = pieces.into_iter();
        let (Some(first), true) = (pieces.next(), most >= LEAST) else { return self.nothing() };
        let json = self.encoding == LogEncoding::Json;
        // Behind what is cut stand its mark and a quote.
        let start = self.out.len();
        let end = start + most - CUT.len() - 1;
        if json {
            self.out.push(b'"');
        }
        let mut whole = self.escaped(first, end);
        for piece in pieces {
            whole = whole && self.escaped(b", ", end) && self.escaped(piece, end);
        }
        if !whole {
            self.out.extend_from_slice(CUT);
        }
        if json {
            self.out.push(b'"');
        } else if self.out.len() == start {
            // What stands behind it could be taken for it.
            self.nothing();
        }
    }

    /// Bytes of somebody else's.
    pub fn text(&mut self, text: &[u8], most: usize) {
        self.pieces([text], most);
    }

    /// Writes as much as finds room before `end`, and says whether that was all.
    fn escaped(&mut self, text: &[u8], end: usize) -> bool {
        let mut rest = text;
        while !rest.is_empty() {
            let plain = rest.iter().position(|byte| !is_plain(*byte)).unwrap_or(rest.len());
            let fits = plain.min(end.saturating_sub(self.out.len()));
            self.out.extend_from_slice(rest.get(..fits).unwrap_or_default());
            if fits < plain {
                return false;
            }
            rest = rest.get(plain..).unwrap_or_default();
            let Some(first) = rest.first() else { return true };
            let (escape, length, taken) = match self.encoding {
                LogEncoding::Text => (hex(*b"\\x", *first, b"0123456789ABCDEF"), 4, 1),
                LogEncoding::Json => json(rest),
            };
            if self.out.len() + length > end {
                return false;
            }
            self.out.extend_from_slice(escape.get(..length).unwrap_or_default());
            rest = rest.get(taken..).unwrap_or_default();
        }
        true
    }
}

/// An escape, and how many of its bytes count.
type Escape = [u8; 6];

/// Visible ASCII and blanks, but for quotes and backslashes.
fn is_plain(byte: u8) -> bool {
    PLAIN.get(usize::from(byte)).is_some_and(|plain| *plain)
}

/// As a table: every byte of every value is looked at.
static PLAIN: [bool; 256] = plain();

#[expect(clippy::indexing_slicing, reason = "a loop over the array itself, when it is compiled")]
const fn plain() -> [bool; 256] {
    let (mut table, mut byte) = ([false; 256], b' ' as usize);
    while byte <= b'~' as usize {
        table[byte] = byte != b'"' as usize && byte != b'\\' as usize;
        byte += 1;
    }
    table
}

/// What stands for the first character of `text` in JSON, how long that is, and how many bytes it stands for.
fn json(text: &[u8]) -> (Escape, usize, usize) {
    let mut escape = [0; 6];
    match text.first() {
        Some(b'"') => ([b'\\', b'"', 0, 0, 0, 0], 2, 1),
        Some(b'\\') => ([b'\\', b'\\', 0, 0, 0, 0], 2, 1),
        Some(byte) if byte.is_ascii() => {
            let [b0, b1, b2, b3, ..] = hex(*b"00", *byte, b"0123456789abcdef");
            ([b'\\', b'u', b0, b1, b2, b3], 6, 1)
        }
        _ => {
            let whole = (2..=4).filter_map(|length| text.get(..length)).find(|part| std::str::from_utf8(part).is_ok());
            match whole {
                // C1 controls, and what ends a line or a paragraph: JSON takes them as they are, but not
                // everybody who shows a line, or splits a file into lines.
                Some([0xc2, last @ 0x80..=0x9f]) => {
                    let [b0, b1, b2, b3, ..] = hex(*b"00", *last, b"0123456789abcdef");
                    ([b'\\', b'u', b0, b1, b2, b3], 6, 2)
                }
                Some([0xe2, 0x80, 0xa8]) => (*b"\\u2028", 6, 3),
                Some([0xe2, 0x80, 0xa9]) => (*b"\\u2029", 6, 3),
                Some(character) => {
                    escape.iter_mut().zip(character).for_each(|(to, from)| *to = *from);
                    (escape, character.len(), character.len())
                }
                // It is no character at all.
                None => (*b"\\ufffd", 6, 1),
            }
        }
    }
}

/// `before` and the two digits of a byte.
fn hex(before: [u8; 2], byte: u8, digits: &[u8; 16]) -> Escape {
    let digit = |number: u8| digits.get(usize::from(number)).copied().unwrap_or_default();
    let [one, two] = before;
    [one, two, digit(byte >> 4), digit(byte & 15), 0, 0]
}

fn decimal(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(Digits::of(number).text());
}

/// Three digits of a number below 1000.
pub fn thousandths(out: &mut Vec<u8>, number: u32) {
    let digit = |number: u32| b'0' + (number % 10) as u8;
    out.extend_from_slice(&[digit(number / 100), digit(number / 10), digit(number)]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use plan::LogEncoding::{Json, Text};

    fn written(encoding: LogEncoding, text: &[u8], most: usize) -> String {
        let mut out = Vec::new();
        Pen { out: &mut out, encoding }.text(text, most);
        assert!(out.len() <= most, "{} of {most}", out.len());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn nothing_in_a_text_can_end_its_line_or_its_quotes() {
        for byte in 0..=255u8 {
            let written = written(Text, &[b'a', byte, b'z'], 100);
            let as_it_is = is_plain(byte);
            let want = if as_it_is { format!("a{}z", byte as char) } else { format!("a\\x{byte:02X}z") };
            assert_eq!(written, want);
        }
        assert_eq!(written(Text, b"", 100), "-");
    }

    #[test]
    fn json_has_every_character_back() {
        for text in ["plain", "\"\\/\u{8}\n\u{0}\u{7f}", "äß€😀", ""] {
            assert_eq!(json_string(&written(Json, text.as_bytes(), 100)), text);
        }
        for (bytes, text) in [(&b"a\xff\xc3"[..], "a\u{fffd}\u{fffd}"), (b"\xe2\x82", "\u{fffd}\u{fffd}")] {
            assert_eq!(json_string(&written(Json, bytes, 100)), text);
        }
    }

    #[test]
    fn nothing_in_json_is_a_control_or_ends_a_line_for_anybody() {
        let text: String = ('\0'..='\u{a0}').chain(['\u{2027}', '\u{2028}', '\u{2029}', '\u{202a}']).collect();
        let written = written(Json, text.as_bytes(), 1000);
        assert!(!written.contains(|c: char| c.is_control() || ['\u{2028}', '\u{2029}'].contains(&c)), "{written}");
        assert!(written.ends_with("\\u009f\u{a0}\u{2027}\\u2028\\u2029\u{202a}\""), "{written}");
        assert_eq!(json_string(&written), text);
    }

    fn json_string(text: &str) -> String {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn what_is_too_long_is_cut_visibly_and_never_within_a_character() {
        for most in LEAST..60 {
            for text in [
                &[b'x'; 100][..],
                &b"\"".repeat(100),
                "ä€😀\u{85}\u{2028}".repeat(20).as_bytes(),
                &[0; 100],
                &[0xff; 100],
            ] {
                assert!(json_string(&written(Json, text, most)).ends_with('…'));
                assert!(written(Text, text, most).ends_with('…'));
            }
        }
        assert_eq!(written(Json, b"long", LEAST - 1), "null");
        assert_eq!(written(Text, b"0123456789", 16), "0123456789");
    }

    #[test]
    fn lengths_of_time_are_milliseconds() {
        for (micros, text) in [(0, "0.000"), (7, "0.007"), (1_000, "1.000"), (61_012_345, "61012.345")] {
            let mut out = Vec::new();
            Pen { out: &mut out, encoding: Json }.length(Duration::from_micros(micros));
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn addresses_are_written_as_everybody_does() {
        for text in ["127.0.0.1", "10.200.3.255", "0.0.0.0", "109.100.99.9", "255.255.255.255", "2001:db8::7", "::1"] {
            let mut out = Vec::new();
            Pen { out: &mut out, encoding: Text }.address(text.parse().unwrap());
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }
}
