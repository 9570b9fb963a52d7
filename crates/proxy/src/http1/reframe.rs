//! A body that goes on in another framing than it came in.

use std::ops::Range;

use wire::{Framing, Piece, Scanner};

use super::body::{Passed, Reader, Refused, Trailers, end_of_lines, keep_line};
use super::buffer::Buffer;
use crate::filter::{Filters, Next, Part};

/// A body that goes on in another framing than it came in: because its reader knows no chunks, because
/// nobody knows its length, or because filters change that. It goes part by part.
#[derive(Debug)]
pub struct Reframe {
    from: From,
    /// In chunks, with trailers or without; or as bare bytes until the connection ends.
    chunks: Option<Trailers>,
}

#[derive(Debug)]
enum From {
    Length(u64),
    Chunks(Scanner),
    UntilClose,
    Done,
}

impl Reframe {
    /// A body framed so, for a reader.
    pub fn new(framing: Framing, reader: Reader) -> Self {
        let from = match framing {
            Framing::None => From::Done,
            Framing::Length(length) => From::Length(length),
            Framing::Chunked => From::Chunks(Scanner::default()),
            Framing::UntilClose => From::UntilClose,
        };
        Self { from, chunks: reader.chunks.then_some(reader.trailers) }
    }

    /// Whether all of it has come.
    pub fn is_done(&self) -> bool {
        matches!(self.from, From::Done)
    }

    /// Takes the bytes at `place`, and makes what goes on.
    ///
    /// # Errors
    ///
    /// They are not what has to follow, or a filter ends the exchange.
    pub fn pass(
        &mut self,
        buffer: &mut Buffer,
        place: Range<usize>,
        lines: &mut Vec<u8>,
        filters: &mut Filters,
    ) -> Result<Passed, Refused> {
        let mut made = std::mem::take(&mut buffer.made);
        made.clear();
        let read = self.read(buffer.at(place), lines, filters, &mut made);
        buffer.made = made;
        Ok(Passed { place: None, read: read? })
    }

    fn read(
        &mut self,
        bytes: &[u8],
        lines: &mut Vec<u8>,
        filters: &mut Filters,
        made: &mut Vec<u8>,
    ) -> Result<usize, Refused> {
        let which = self.chunks.unwrap_or_default();
        let mut writer = Writer { made, chunks: self.chunks, trailers: Vec::new() };
        let mut sink = |part: Part<'_>| {
            writer.put(part);
            Ok(())
        };
        match &mut self.from {
            From::Done => Ok(0),
            From::UntilClose => {
                filters.pass(Part::Data(bytes), &mut sink)?;
                Ok(bytes.len())
            }
            From::Length(left) => {
                let read = usize::try_from(*left).map_or(bytes.len(), |left| left.min(bytes.len()));
                *left -= read as u64;
                let ended = *left == 0;
                filters.pass(Part::Data(bytes.get(..read).unwrap_or_default()), &mut sink)?;
                if ended {
                    self.from = From::Done;
                    filters.pass(Part::End, &mut sink)?;
                }
                Ok(read)
            }
            From::Chunks(scanner) => {
                let read = unchunk((scanner, which), bytes, lines, filters, &mut sink)?;
                if scanner.is_done() {
                    self.from = From::Done;
                }
                Ok(read)
            }
        }
    }

    /// The sender has closed. Answers what goes on behind the last byte, or `None` if there was more to
    /// come.
    ///
    /// # Errors
    ///
    /// A filter ends the exchange.
    pub fn end(&mut self, filters: &mut Filters) -> Result<Option<Vec<u8>>, Refused> {
        if !matches!(self.from, From::UntilClose) {
            return Ok(None);
        }
        let mut last = Vec::new();
        let mut writer = Writer { made: &mut last, chunks: self.chunks, trailers: Vec::new() };
        filters.pass(Part::End, &mut |part| {
            writer.put(part);
            Ok(())
        })?;
        self.from = From::Done;
        Ok(Some(last))
    }
}

/// Reads chunks, and passes their data, trailers and end on.
fn unchunk(
    (scanner, which): (&mut Scanner, Trailers),
    bytes: &[u8],
    lines: &mut Vec<u8>,
    filters: &mut Filters,
    sink: &mut Next<'_>,
) -> Result<usize, Refused> {
    let mut at = 0;
    while at < bytes.len() && !scanner.is_done() {
        let rest = bytes.get(at..).unwrap_or_default();
        let part = |count: usize| rest.get(..count).unwrap_or_default();
        at += match scanner.next(rest)? {
            Piece::Data(count) => {
                filters.pass(Part::Data(part(count)), sink)?;
                count
            }
            Piece::Trailer(count) => {
                keep_line(lines, part(count))?;
                count
            }
            Piece::End(count) => {
                let kept = end_of_lines(lines, which)?;
                filters.pass(Part::Trailers(&kept), sink)?;
                filters.pass(Part::End, sink)?;
                count
            }
            Piece::Final(count) => {
                filters.pass(Part::End, sink)?;
                count
            }
            Piece::Pass(count) | Piece::Skip(count) | Piece::Size(count, _) | Piece::Last(count) => count,
        };
    }
    Ok(at)
}

/// Writes parts in their framing.
struct Writer<'a> {
    made: &'a mut Vec<u8>,
    chunks: Option<Trailers>,
    /// They stand behind the last chunk, and filters may have more to say until the end.
    trailers: Vec<u8>,
}

impl Writer<'_> {
    fn put(&mut self, part: Part<'_>) {
        match (part, self.chunks) {
            (Part::Data(b"") | Part::Abort(_), _) => {}
            (Part::Data(bytes), None) => self.made.extend_from_slice(bytes),
            (Part::Data(bytes), Some(_)) => {
                write_size(self.made, bytes.len() as u64);
                self.made.extend_from_slice(bytes);
                self.made.extend_from_slice(b"\r\n");
            }
            (Part::Trailers(lines), Some(Trailers::Hyphenated | Trailers::All)) => {
                self.trailers.extend_from_slice(lines)
            }
            (Part::End, Some(_)) => {
                self.made.extend_from_slice(b"0\r\n");
                self.made.extend_from_slice(&self.trailers);
                self.made.extend_from_slice(b"\r\n");
            }
            (Part::Trailers(_) | Part::End, _) => {}
        }
    }
}

/// Writes the line of a chunk.
pub fn write_size(line: &mut Vec<u8>, size: u64) {
    let digits = (16 - size.leading_zeros() as usize / 4).max(1);
    line.extend((0..digits).rev().map(|at| {
        let nibble = (size >> (4 * at) & 15) as u32;
        char::from_digit(nibble, 16).map_or(b'0', |digit| digit as u8)
    }));
    line.extend_from_slice(b"\r\n");
}
