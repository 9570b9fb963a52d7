//! One body on its way: what of the bytes that come is passed on.

use std::ops::Range;

use wire::{Framing, Piece, Refusal, Scanner, trailers};

use super::buffer::Buffer;

/// The most bytes of trailers. They are held until all of them are there.
const MOST_TRAILERS: usize = 8 * 1024;

/// Who reads what goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Knows chunks: speaks HTTP/1.1.
    pub chunks: bool,
    /// Has said that it takes trailers, or is an endpoint.
    pub trailers: bool,
}

/// How a body comes, and how it goes on.
#[derive(Debug, Clone, Copy, Default)]
pub enum Body {
    /// There is nothing more of it.
    #[default]
    Over,
    /// So many bytes are left; they go on as they are.
    Length(u64),
    /// Chunks go on as chunks, with their trailers or without.
    Chunks(Scanner, bool),
    /// Chunks go on as their data alone, to somebody who knows no chunks.
    Unchunked(Scanner),
    /// All until the end goes on as it is, and ends with the connection.
    UntilClose,
    /// All until the end goes on in chunks.
    Chunked,
}

/// What a pass over some bytes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Where lies what goes on.
    pub place: Range<usize>,
    /// How many bytes belong to the body; what follows is another message.
    pub read: usize,
}

impl Body {
    /// A body framed so, for a reader.
    pub fn new(framing: Framing, reader: Reader) -> Self {
        match framing {
            Framing::None | Framing::Length(0) => Self::Over,
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked if reader.chunks => Self::Chunks(Scanner::default(), reader.trailers),
            Framing::Chunked => Self::Unchunked(Scanner::default()),
            Framing::UntilClose if reader.chunks => Self::Chunked,
            Framing::UntilClose => Self::UntilClose,
        }
    }

    /// Whether nothing more of it comes.
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Over)
    }

    /// How many bytes are left that go on as they are, if that is known.
    pub fn left(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            _ => 0,
        }
    }

    /// So many are left now; with none left it is over, unless some are still on their way.
    pub fn set_left(&mut self, left: u64, held: bool) {
        *self = match left {
            0 if !held => Self::Over,
            left => Self::Length(left),
        };
    }

    /// Takes the bytes at `place`. Those that go on lie in one piece afterwards. Trailers are kept in
    /// `lines` until the last one is there.
    ///
    /// # Errors
    ///
    /// They are not what has to follow.
    pub fn pass(&mut self, buffer: &mut Buffer, place: Range<usize>, lines: &mut Vec<u8>) -> Result<Passed, Refusal> {
        match self {
            Self::Over => Ok(Passed { place: place.start..place.start, read: 0 }),
            Self::Length(left) => {
                let read = usize::try_from(*left).map_or(place.len(), |left| left.min(place.len()));
                *left -= read as u64;
                if *left == 0 {
                    *self = Self::Over;
                }
                Ok(Passed { place: place.start..place.start + read, read })
            }
            Self::UntilClose => Ok(Passed { read: place.len(), place }),
            Self::Chunked => Ok(chunk(buffer, place)),
            Self::Chunks(scanner, with_trailers) => {
                let passed = rechunk(scanner, *with_trailers, buffer, place, lines)?;
                if scanner.is_done() {
                    *self = Self::Over;
                }
                Ok(passed)
            }
            Self::Unchunked(scanner) => {
                let passed = unchunk(scanner, buffer, place)?;
                if scanner.is_done() {
                    *self = Self::Over;
                }
                Ok(passed)
            }
        }
    }

    /// The sender has closed. Answers what goes on behind the last byte, or `None` if there was more to
    /// come.
    pub fn end(&mut self) -> Option<&'static [u8]> {
        let last: &[u8] = match self {
            Self::Over | Self::UntilClose => b"",
            Self::Chunked => b"0\r\n\r\n",
            _ => return None,
        };
        *self = Self::Over;
        Some(last)
    }
}

/// Makes one chunk of what lies there.
fn chunk(buffer: &mut Buffer, place: Range<usize>) -> Passed {
    let read = place.len();
    if read == 0 {
        return Passed { place, read };
    }
    let mut line = [0; 18];
    let start = place.start - write_size(&mut line, read as u64);
    let length = place.start - start;
    buffer.at_mut(start..place.start).copy_from_slice(line.get(..length).unwrap_or_default());
    buffer.at_mut(place.end..place.end + 2).copy_from_slice(b"\r\n");
    Passed { place: start..place.end + 2, read }
}

/// Passes chunks on. What is left out, or written anew, makes it shorter, but for the line of a chunk of
/// which a part was withheld before, and for trailers: for those there is room before the first byte.
fn rechunk(
    scanner: &mut Scanner,
    with_trailers: bool,
    buffer: &mut Buffer,
    place: Range<usize>,
    lines: &mut Vec<u8>,
) -> Result<Passed, Refusal> {
    let (mut at, mut run) = (place.start, place.start..place.start);
    while at < place.end && !scanner.is_done() {
        let (start, bytes) = (at, buffer.at(at..place.end));
        match scanner.next(bytes)? {
            Piece::Pass(count) | Piece::Data(count) | Piece::Final(count) => {
                at += count;
                keep(buffer, &mut run, start..at);
            }
            Piece::Skip(count) | Piece::Last(count) => at += count,
            Piece::Size(count, size) => {
                at += count;
                let mut line = [0; 18];
                let length = write_size(&mut line, size);
                write(buffer, &mut run, at, line.get(..length).unwrap_or_default());
            }
            Piece::Trailer(count) => {
                at += count;
                lines.extend_from_slice(buffer.at(start..at));
                if lines.len() > MOST_TRAILERS {
                    return Err(Refusal::Trailers);
                }
            }
            Piece::End(count) => {
                at += count;
                let mut last = b"0\r\n".to_vec();
                lines.extend_from_slice(b"\r\n");
                // Malformed ones are refused, whether they go on or not.
                trailers(lines, &mut last)?;
                if !with_trailers {
                    last.truncate(3);
                }
                last.extend_from_slice(b"\r\n");
                write(buffer, &mut run, at, &last);
            }
        }
    }
    Ok(Passed { place: run, read: at - place.start })
}

/// Passes the data of chunks on, and nothing else.
fn unchunk(scanner: &mut Scanner, buffer: &mut Buffer, place: Range<usize>) -> Result<Passed, Refusal> {
    let (mut at, mut run) = (place.start, place.start..place.start);
    while at < place.end && !scanner.is_done() {
        let bytes = buffer.at(at..place.end);
        let piece = scanner.next(bytes)?;
        let count = match piece {
            Piece::Data(count) => {
                keep(buffer, &mut run, at..at + count);
                count
            }
            Piece::Pass(count)
            | Piece::Final(count)
            | Piece::Skip(count)
            | Piece::Size(count, _)
            | Piece::Last(count)
            | Piece::Trailer(count)
            | Piece::End(count) => count,
        };
        at += count;
    }
    Ok(Passed { place: run, read: at - place.start })
}

/// Adds what lies at a place to the run before it.
fn keep(buffer: &mut Buffer, run: &mut Range<usize>, place: Range<usize>) {
    if run.start == run.end && run.end != place.start {
        // Nothing was kept yet, so nothing has to move.
        *run = place;
        return;
    }
    let length = place.len();
    buffer.shift(place, run.end);
    run.end += length;
}

/// Adds `bytes` to the run; what was read up to `at` may be written over.
fn write(buffer: &mut Buffer, run: &mut Range<usize>, at: usize, bytes: &[u8]) {
    if run.end + bytes.len() > at {
        // Only at the begin of what was read; there is room before it.
        let (length, start) = (run.len(), run.start);
        let to = at - bytes.len() - length;
        buffer.shift(start..start + length, to);
        *run = to..to + length;
    }
    buffer.at_mut(run.end..run.end + bytes.len()).copy_from_slice(bytes);
    run.end += bytes.len();
}

/// Writes the line of a chunk, and answers its length.
fn write_size(line: &mut [u8; 18], size: u64) -> usize {
    let digits = (16 - size.leading_zeros() as usize / 4).max(1);
    for (at, digit) in line.iter_mut().take(digits).enumerate() {
        let nibble = (size >> (4 * (digits - 1 - at)) & 15) as u32;
        *digit = char::from_digit(nibble, 16).map_or(b'0', |digit| digit as u8);
    }
    for (at, byte) in line.iter_mut().skip(digits).take(2).enumerate() {
        *byte = if at == 0 { b'\r' } else { b'\n' };
    }
    digits + 2
}
