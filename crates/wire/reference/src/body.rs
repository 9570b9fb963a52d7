//! A chunked body (RFC 9112 section 7.1).

use crate::{Read, Stop, unless};

/// The most bytes that all extensions may have.
const MOST_EXTENSIONS: usize = 16 * 1024;

/// What a chunked body carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The data.
    pub data: Vec<u8>,
    /// The trailer lines, each with its end.
    pub trailers: Vec<u8>,
    /// How many bytes of extensions there were.
    pub extensions: usize,
}

/// Reads a chunked body, one byte after the other: it is refused at the first byte that cannot be.
///
/// # Errors
///
/// It is not all there, or to be refused.
pub fn body(bytes: &[u8]) -> Read<Decoded> {
    let mut body = Decoded::default();
    let mut bytes_left = bytes;
    let left = &mut bytes_left;
    loop {
        let size = size(left, &mut body.extensions)?;
        if size == 0 {
            break;
        }
        for _ in 0..size {
            body.data.push(take(left)?);
        }
        expect(left, b"\r\n", "the data does not end where its size says")?;
    }
    loop {
        let line = trailer_line(left)?;
        if line == b"\r\n" {
            return Ok((body, bytes.len() - left.len()));
        }
        body.trailers.extend(line);
    }
}

/// `chunk-size [ chunk-ext ] CRLF`, with at most sixteen digits and no blank between.
fn size(left: &mut &[u8], extensions: &mut usize) -> Result<u64, Stop> {
    let mut digits = String::new();
    let behind = loop {
        let byte = take(left)?;
        if !byte.is_ascii_hexdigit() {
            break byte;
        }
        digits.push(char::from(byte));
        unless(digits.len() <= 16, "a size with too many digits")?;
    };
    unless(!digits.is_empty(), "a size without a digit")?;
    match behind {
        b'\r' => {}
        b';' => extension(left, extensions)?,
        _ => return Err(Stop::Wrong("a size with a byte that is no digit")),
    }
    expect(left, b"\n", "CR without LF behind a size")?;
    let size = i64::from_str_radix(&digits, 16).map_err(|_| Stop::Wrong("a size that has no room"))?;
    Ok(size.unsigned_abs())
}

/// All until CR: what stands in an extension is never looked at, but it cannot hide the end of a line.
fn extension(left: &mut &[u8], extensions: &mut usize) -> Result<(), Stop> {
    loop {
        let byte = take(left)?;
        if byte == b'\r' {
            return Ok(());
        }
        unless(byte == b'\t' || (byte >= b' ' && byte != 0x7f), "an extension with a control character")?;
        *extensions += 1;
        unless(*extensions <= MOST_EXTENSIONS, "too many bytes of extensions")?;
    }
}

/// A line with its end.
fn trailer_line(left: &mut &[u8]) -> Result<Vec<u8>, Stop> {
    let mut line = Vec::new();
    loop {
        let byte = take(left)?;
        unless(byte != b'\n', "LF without CR in the trailers")?;
        line.push(byte);
        if byte == b'\r' {
            expect(left, b"\n", "CR without LF in the trailers")?;
            line.push(b'\n');
            return Ok(line);
        }
    }
}

fn take(left: &mut &[u8]) -> Result<u8, Stop> {
    let (first, rest) = left.split_first().ok_or(Stop::Open)?;
    *left = rest;
    Ok(*first)
}

fn expect(left: &mut &[u8], what: &[u8], sentence: &'static str) -> Result<(), Stop> {
    for byte in what {
        unless(take(left)? == *byte, sentence)?;
    }
    Ok(())
}
