//! Chunked bodies: the same data, trailers and end as the plain reader finds, whatever the segments; and
//! what goes on is the same body again.

use reference::{Decoded, Stop};
use wire::{Piece, Refusal, Scanner};

/// Holds the codec against the plain reader on a chunked body; now and then also behind a chunk whose
/// extension leaves little room for more. Always would be slow.
pub fn chunks(bytes: &[u8]) {
    alike(bytes);
    if bytes.len().is_multiple_of(64) {
        alike(&[b"1;", &[b'a'; 16 * 1024 - 8][..], b"\r\nx\r\n", bytes].concat());
    }
}

fn alike(bytes: &[u8]) {
    let read = scan(bytes, bytes.len());
    let odd = bytes.iter().fold(bytes.len(), |sum, byte| sum + usize::from(*byte)) % 17;
    for size in [1, 2 + odd] {
        let other = scan(bytes, size);
        let same = match (&read, &other) {
            (Ok(read), Ok(other)) => {
                (&read.data, &read.trailers, read.end) == (&other.data, &other.trailers, other.end)
            }
            (Err(_), Err(_)) => true,
            _ => false,
        };
        let (read, end) = (read.as_ref().map(|read| read.end), other.as_ref().map(|other| other.end));
        assert!(same, "{read:?} at once, {end:?} by {size}: {}", bytes.escape_ascii());
        other.iter().for_each(|other| goes_on(other, bytes));
    }
    match (&read, reference::body(bytes)) {
        (Ok(read), Ok((plain, length))) => {
            assert_eq!((&read.data, &read.trailers), (&plain.data, &plain.trailers), "{}", bytes.escape_ascii());
            assert_eq!(read.end, Some(length), "{}", bytes.escape_ascii());
            goes_on(read, bytes);
            trailers(&plain);
        }
        (Ok(Scanned { end: None, .. }), Err(Stop::Open)) | (Err(_), Err(Stop::Wrong(_))) => {}
        (codec, plain) => {
            let (codec, plain) = (codec.as_ref().map(|read| read.end), plain.map(|(_, length)| length));
            panic!("the codec {codec:?}, the plain reader {plain:?}: {}", bytes.escape_ascii());
        }
    }
}

/// What a scanner says of a body.
#[derive(Debug, Default)]
struct Scanned {
    data: Vec<u8>,
    trailers: Vec<u8>,
    /// What goes on of it, with all trailers.
    on: Vec<u8>,
    /// How long it was, if it is over.
    end: Option<usize>,
}

/// Shows a scanner a body in segments of one size.
fn scan(bytes: &[u8], size: usize) -> Result<Scanned, Refusal> {
    let mut scanner = Scanner::default();
    let mut scanned = Scanned::default();
    let mut at = 0;
    for segment in bytes.chunks(size.max(1)) {
        let mut left = segment;
        while !left.is_empty() && !scanner.is_done() {
            let (length, on) = match scanner.next(left)? {
                Piece::Pass(length) | Piece::Final(length) => (length, left[..length].to_vec()),
                Piece::Data(length) => {
                    scanned.data.extend(&left[..length]);
                    (length, left[..length].to_vec())
                }
                Piece::Trailer(length) => {
                    scanned.trailers.extend(&left[..length]);
                    (length, left[..length].to_vec())
                }
                Piece::Size(length, size) => (length, format!("{size:x}\r\n").into_bytes()),
                Piece::Last(length) => (length, b"0\r\n".to_vec()),
                Piece::End(length) => (length, b"\r\n".to_vec()),
                Piece::Skip(length) => (length, Vec::new()),
            };
            assert!(length > 0, "nothing was read of {}", left.escape_ascii());
            scanned.on.extend(on);
            left = &left[length..];
            at += length;
        }
    }
    scanned.end = scanner.is_done().then_some(at);
    Ok(scanned)
}

/// What goes on of a whole body is the same body, without extensions.
fn goes_on(scanned: &Scanned, bytes: &[u8]) {
    if scanned.end.is_some() {
        let same = Decoded { data: scanned.data.clone(), trailers: scanned.trailers.clone(), extensions: 0 };
        assert_eq!(reference::body(&scanned.on), Ok((same, scanned.on.len())), "{}", bytes.escape_ascii());
    }
}

/// The same trailers are refused; of the others travel those that may, as they are, and none that may not.
fn trailers(body: &Decoded) {
    let lines = [&body.trailers[..], b"\r\n"].concat();
    let mut kept = Vec::new();
    let read = wire::trailers(&lines, &mut kept);
    let Ok(plain) = reference::trailers(&body.trailers) else {
        assert!(read.is_err(), "{}", lines.escape_ascii());
        return;
    };
    assert_eq!(read, Ok(()), "{}", lines.escape_ascii());
    let kept = reference::trailers(&kept).unwrap_or_else(|stop| panic!("{stop:?} of {}", kept.escape_ascii()));
    let mut kept = kept.into_iter().peekable();
    for field in plain {
        let stays = kept.next_if_eq(&field).is_some();
        let denied = reference::is_denied(&field);
        assert!(denied != Some(stays), "{field:?} of {}", lines.escape_ascii());
    }
    assert_eq!(kept.next(), None, "{}", lines.escape_ascii());
}
