//! The quick way through a head in which nothing is unusual.
//!
//! It takes only what the parser would take too, and understands it in the same way; whatever is not
//! plain, or not there yet, is left to the parser. So it decides nothing, and saves half of the work.

use crate::ascii::{is_token, trim};
use crate::block::{BLOCK, first_beside_name, first_control};
use crate::head::{FieldAt, Span, Version};
use crate::{Method, Refusal};

/// The first line of a request.
pub struct RequestLine {
    pub method: Method,
    pub method_at: Span,
    pub target_at: Span,
    pub version: Version,
    /// Where the fields begin.
    pub end: usize,
}

/// Reads `GET /path HTTP/1.1`.
pub fn request_line(bytes: &[u8]) -> Option<RequestLine> {
    let method = run(bytes, 0, is_token_byte)?;
    let target = run(bytes, after(bytes, method, b' ')?, is_visible)?;
    let line = bytes.get(after(bytes, target, b' ')?..)?;
    let version = match line.first_chunk()? {
        b"HTTP/1.1\r\n" => Version::Http11,
        b"HTTP/1.0\r\n" => Version::Http10,
        _ => return None,
    };
    Some(RequestLine {
        method: Method::of(bytes.get(..method)?),
        method_at: Span::new(0, method),
        target_at: Span::new(method + 1, target),
        version,
        end: target + 1 + b"HTTP/1.1\r\n".len(),
    })
}

/// The first line of a response.
pub struct StatusLine {
    pub status: u16,
    pub version: Version,
    /// Where the fields begin.
    pub end: usize,
}

/// Reads `HTTP/1.1 200 OK`.
pub fn status_line(bytes: &[u8]) -> Option<StatusLine> {
    let [b'H', b'T', b'T', b'P', b'/', b'1', b'.', minor, b' ', a, b, c, b' '] = *bytes.first_chunk::<13>()? else {
        return None;
    };
    let version = match minor {
        b'1' => Version::Http11,
        b'0' => Version::Http10,
        _ => return None,
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u16::from(byte - b'0'));
    let status = digit(a)? * 100 + digit(b)? * 10 + digit(c)?;
    let reason = bytes.get(13..)?;
    let end = 13 + value_length(reason)?;
    bytes.get(end..)?.starts_with(b"\r\n").then_some(StatusLine { status, version, end: end + 2 })
}

/// Reads field lines from `start` on, to behind the empty line, into `fields`, of which there may be
/// `most`, and shows `each`: its position, name and value. Answers where the head ends; `None` when there
/// is something that is not plain, or that `each` refuses, or the end is not there.
#[inline]
pub fn field_lines(
    bytes: &[u8],
    start: usize,
    most: usize,
    fields: &mut Vec<FieldAt>,
    mut each: impl FnMut(usize, &[u8], &[u8]) -> Result<(), Refusal>,
) -> Option<usize> {
    let mut rest = bytes.get(start..).unwrap_or_default();
    loop {
        let at = bytes.len() - rest.len();
        if let [b'\r', b'\n', ..] = rest {
            return Some(at + 2);
        }
        let (line, next) = field_line(rest).filter(|_| fields.len() < most)?;
        // It may be refused for what only looks so: the line may be folded.
        each(fields.len(), line.name, line.value).ok()?;
        let value = at + line.value_at;
        fields.push(FieldAt {
            name: Span::new(at, at + line.name.len()),
            value: Span::new(value, value + line.value.len()),
        });
        rest = next;
    }
}

struct FieldLine<'a> {
    name: &'a [u8],
    value: &'a [u8],
    value_at: usize,
}

/// One field line, and what comes behind it.
#[inline(always)]
fn field_line(rest: &[u8]) -> Option<(FieldLine<'_>, &[u8])> {
    let (name, behind) = rest.split_at_checked(name_length(rest))?;
    let mut behind = behind.strip_prefix(b":").filter(|_| !name.is_empty())?;
    // Mostly one blank, and no other.
    if let [b' ', more @ ..] = behind {
        behind = more;
    }
    if let [b' ' | b'\t', ..] = behind {
        behind = without_blanks(behind);
    }
    let value_at = rest.len() - behind.len();
    let (mut value, behind) = behind.split_at_checked(value_length(behind)?)?;
    if let [.., b' ' | b'\t'] = value {
        value = trim(value);
    }
    Some((FieldLine { name, value, value_at }, behind.strip_prefix(b"\r\n")?))
}

/// Behind the blanks at the begin, and not behind the end of the line.
#[cold]
fn without_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', more @ ..] = bytes {
        bytes = more;
    }
    bytes
}

/// How many bytes at the begin are letters, digits or `-`, of which names mostly are.
#[inline(always)]
fn name_length(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    loop {
        let found = match rest.split_first_chunk() {
            Some((block, behind)) => match first_beside_name(block) {
                BLOCK => {
                    rest = behind;
                    continue;
                }
                found => found,
            },
            None => rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').unwrap_or(rest.len()),
        };
        return bytes.len() - rest.len() + found;
    }
}

/// How many bytes there are before the first control byte that is no tab.
#[inline(always)]
fn value_length(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    loop {
        let found = match rest.split_first_chunk() {
            Some((block, behind)) => match first_control(block) {
                BLOCK => {
                    rest = behind;
                    continue;
                }
                found => found,
            },
            None => rest.iter().position(|byte| *byte < 0x20 || *byte == 0x7f)?,
        };
        rest = rest.get(found..)?;
        match rest {
            [b'\t', behind @ ..] => rest = behind,
            _ => return Some(bytes.len() - rest.len()),
        }
    }
}

/// Where a run of at least one byte of a class ends that begins at `start`.
#[inline]
fn run(bytes: &[u8], start: usize, class: impl Fn(u8) -> bool) -> Option<usize> {
    let length = bytes.get(start..)?.iter().position(|byte| !class(*byte))?;
    (length > 0).then_some(start + length)
}

/// Behind the byte that has to stand there.
#[inline]
fn after(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

#[inline]
fn is_visible(byte: u8) -> bool {
    byte.wrapping_sub(b'!') <= b'~' - b'!'
}

#[inline]
fn is_token_byte(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).is_some_and(|token| *token)
}

static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::indexing_slicing, reason = "the table has every byte")]
        {
            table[byte] = is_token(byte as u8);
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_end_at_the_first_control_byte() {
        for length in 0..40 {
            for stop in (0..=255u8).filter(|byte| is_control(*byte)) {
                let text = [&vec![b'x'; length][..], &[stop], &[b'\r'; 9]].concat();
                assert_eq!(value_length(&text), Some(length), "{stop} behind {length}");
            }
            for passes in (0..=255u8).filter(|byte| !is_control(*byte)) {
                let text = [&vec![passes; length][..], b"\r\n"].concat();
                assert_eq!(value_length(&text), Some(length), "{passes} {length} times");
            }
        }
    }

    fn is_control(byte: u8) -> bool {
        (byte < 0x20 && byte != b'\t') || byte == 0x7f
    }

    type Found = (Vec<u8>, Vec<u8>, Version, Vec<(Vec<u8>, Vec<u8>)>, usize);

    /// What is found of a request, and where it ends.
    fn quick(bytes: &[u8]) -> Option<Found> {
        let line = request_line(bytes)?;
        let (mut fields, mut found) = (Vec::new(), Vec::new());
        let end = field_lines(bytes, line.end, 10, &mut fields, |at, name, value| {
            assert_eq!(at, found.len());
            found.push((name.to_vec(), value.to_vec()));
            Ok(())
        });
        let part = |span: Span| bytes[span.start()..span.end()].to_vec();
        Some((part(line.method_at), part(line.target_at), line.version, found, end?))
    }

    fn parsed(bytes: &[u8]) -> Option<Found> {
        let mut fields = [httparse::EMPTY_HEADER; 10];
        let mut request = httparse::Request::new(&mut fields);
        let Ok(httparse::Status::Complete(end)) = request.parse(bytes) else { return None };
        let found = request.headers.iter().map(|field| (field.name.into(), field.value.to_vec())).collect();
        let version = if request.version? == 0 { Version::Http10 } else { Version::Http11 };
        Some((request.method?.into(), request.path?.into(), version, found, end))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn what_it_takes_the_parser_takes_in_the_same_way(
            pieces in prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..14),
            odd in any::<u8>(),
            place in any::<prop::sample::Index>(),
            changes in any::<bool>(),
        ) {
            let mut bytes = [b"GET /x HTTP/1.1\r\n".to_vec(), pieces.concat(), b"\r\n".to_vec()].concat();
            if changes {
                let at = place.index(bytes.len());
                bytes[at] = odd;
            }
            if let Some(found) = quick(&bytes) {
                prop_assert_eq!(Some(found), parsed(&bytes), "{}", bytes.escape_ascii());
            }
        }
    }

    const PIECES: [&[u8]; 17] = [
        b"Host: a\r\n",
        b"A:b\r\n",
        b"Accept: \t text/html; q=0.1 \t\r\n",
        b"Empty:\r\n",
        b"Blank: \t \r\n",
        b"X-Very-Long-Name-Indeed: 1\r\n",
        b"Tab: a\tb\tc\t\r\n",
        b"High: \xc3\xa4\xff\r\n",
        b"Nul: \0\r\n",
        b"Bare: a\nb\r\n",
        b"Fold: a\r\n b\r\n",
        b": x\r\n",
        b"No Colon\r\n",
        b"Space : x\r\n",
        b"Cr: a\rb\r\n",
        b"Del: \x7f\r\n",
        b"\r\n",
    ];

    #[test]
    fn what_is_plain_is_taken() {
        let text = b"GET /a?b HTTP/1.1\r\nHost: a\r\nEmpty:\r\nTab: a\tb \r\n\r\nrest";
        assert_eq!(quick(text), parsed(text));
        assert!(quick(text).is_some());
        let response =
            status_line(b"HTTP/1.1 200 Very Well\r\nA: b\r\n\r\n").map(|line| (line.status, line.version, line.end));
        assert_eq!(response, Some((200, Version::Http11, 24)));
        for odd in [
            "HTTP/1.1 2x0 \r\n",
            "HTTP/1.2 200 \r\n",
            "HTTP/1.1 200\r\n",
            "HTTP/1.1 200 a\rb\r\n",
            "HTTP/1.1 200 a\n",
            "HTTP/1.1 200 a",
        ] {
            assert!(status_line(odd.as_bytes()).is_none(), "{odd:?}");
        }
    }
}
