//! The canonical form of a path (RFC 3986 section 6), one step after the other.

use crate::{Stop, unless};

/// A path in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The canonical form.
    pub text: Vec<u8>,
    /// `%2F` was there.
    pub encoded_slash: bool,
    /// `%5C` was there.
    pub encoded_backslash: bool,
    /// `%25` was there.
    pub encoded_percent: bool,
    /// `\` was there.
    pub backslash: bool,
    /// `;` was there.
    pub semicolon: bool,
    /// Before the first `;` of a segment, encoded or not, were dots that would remove something; or nothing,
    /// before one that was not encoded.
    pub bare_semicolon: bool,
}

/// A byte of a path, and whether it was encoded.
type Letter = (u8, bool);

/// Reads a path without its query.
///
/// # Errors
///
/// It is to be refused.
pub fn path(came: &[u8], merges: bool, decodes: bool) -> Result<Path, Stop> {
    let letters = letters(came)?;
    let decoded: Vec<u8> = letters.iter().map(|(byte, _)| *byte).collect();
    unless(!decoded.contains(&0), "the path has a NUL")?;
    unless(std::str::from_utf8(&decoded).is_ok(), "the path is not UTF-8")?;
    // Section 6.2.2.2: an unreserved byte is the same, encoded or not.
    let letters: Vec<Letter> =
        letters.into_iter().map(|(byte, encoded)| (byte, encoded && !is_unreserved(byte))).collect();
    let is_slash = |letter: &Letter| *letter == (b'/', false) || (decodes && letter.0 == b'/');
    let segments: Vec<&[Letter]> = letters.split(is_slash).collect();
    let has = |byte: u8, encoded: bool| letters.contains(&(byte, encoded));
    let text: Vec<String> = segments.iter().map(|segment| written(segment)).collect();
    let mut text = text.join("/");
    while merges && text.contains("//") {
        text = text.replace("//", "/");
    }
    Ok(Path {
        text: without_dots(&text).into_bytes(),
        encoded_slash: has(b'/', true),
        encoded_backslash: has(b'\\', true),
        encoded_percent: has(b'%', true),
        backslash: has(b'\\', false),
        semicolon: has(b';', false),
        bare_semicolon: segments.iter().any(|segment| is_bare(segment)),
    })
}

/// Section 2.1: `pct-encoded = "%" HEXDIG HEXDIG`.
fn letters(came: &[u8]) -> Result<Vec<Letter>, Stop> {
    let mut letters = Vec::new();
    let mut at = 0;
    while at < came.len() {
        if came[at] != b'%' {
            letters.push((came[at], false));
            at += 1;
            continue;
        }
        let digits = came.get(at + 1..at + 3).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.ok_or(Stop::Wrong("a percent sign without two digits"))?;
        let byte = u8::from_str_radix(digits, 16).map_err(|_| Stop::Wrong("no digits"))?;
        letters.push((byte, true));
        at += 3;
    }
    Ok(letters)
}

/// Section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Section 6.2.2.1: digits are upper case.
fn written(letters: &[Letter]) -> String {
    let letter = |(byte, encoded): &Letter| match encoded {
        true => format!("%{byte:02X}"),
        false => char::from(*byte).to_string(),
    };
    letters.iter().map(letter).collect()
}

fn is_bare(segment: &[Letter]) -> bool {
    let Some(at) = segment.iter().position(|(byte, _)| *byte == b';') else { return false };
    let before = written(&segment[..at]);
    before == "." || before == ".." || (before.is_empty() && !segment[at].1)
}

/// Section 5.2.4, as it stands there.
fn without_dots(path: &str) -> String {
    let mut input = path.to_owned();
    let mut output = String::new();
    while !input.is_empty() {
        if input.starts_with("/./") {
            input = input.replacen("/./", "/", 1);
        } else if input == "/." {
            input = "/".into();
        } else if input.starts_with("/../") || input == "/.." {
            input = if input == "/.." { "/".into() } else { input.replacen("/../", "/", 1) };
            output.truncate(output.rfind('/').unwrap_or(0));
        } else {
            let end = input[1..].find('/').map_or(input.len(), |at| at + 1);
            output.push_str(&input[..end]);
            input.replace_range(..end, "");
        }
    }
    output
}
