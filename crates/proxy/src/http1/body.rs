//! One body on its way: what of the bytes that come is passed on.

use std::ops::Range;

use account::Fault;
use wire::{Framing, Open, Piece, Refusal, Scanner, trailers};

use super::buffer::Buffer;
use super::reframe::{Reframe, write_size};
use crate::filter::{Filters, Hold, Part};

/// The most bytes of trailers. They are held until all of them are there.
pub const MOST_TRAILERS: usize = 8 * 1024;

/// Which trailers go on, of those that may travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trailers {
    /// None.
    #[default]
    None,
    /// Those without `_` in their names.
    Hyphenated,
    /// All.
    All,
}

/// Who reads what goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// Knows chunks: speaks HTTP/1.1.
    pub chunks: bool,
    /// Has said that it takes trailers, or is an endpoint.
    pub trailers: Trailers,
}

/// How a body comes, and how it goes on. The first four go on as they came, in the place where they were
/// read; anything else is framed anew.
#[derive(Debug, Default)]
pub enum Body {
    /// There is nothing more of it.
    #[default]
    Over,
    /// So many bytes are left.
    Length(u64),
    /// All until the end.
    UntilClose,
    /// Chunks, with their trailers or without.
    Chunks(Scanner, Trailers),
    /// Another framing goes on than came.
    Reframed(Reframe),
}

/// Why bytes are not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// They are not what has to follow.
    Malformed(Refusal),
    /// A filter ends the exchange.
    Filtered(Fault),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Malformed(refusal)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self::Filtered(fault)
    }
}

/// What a pass over some bytes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// Where in the buffer lies what goes on; `None`: it was made anew.
    pub place: Option<Range<usize>>,
    /// How many bytes belong to the body; what follows is another message.
    pub read: usize,
}

impl Body {
    /// A body framed so, for a reader; `changes`: filters pass on something else than comes.
    pub fn new(framing: Framing, reader: Reader, changes: bool) -> Self {
        match framing {
            Framing::None => Self::Over,
            Framing::Length(0) if !changes => Self::Over,
            _ if changes => Self::Reframed(Reframe::new(framing, reader)),
            Framing::Length(length) => Self::Length(length),
            Framing::Chunked if reader.chunks => Self::Chunks(Scanner::default(), reader.trailers),
            Framing::UntilClose if !reader.chunks => Self::UntilClose,
            Framing::Chunked | Framing::UntilClose => Self::Reframed(Reframe::new(framing, reader)),
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

    /// Takes the bytes at `place`, and shows their parts to the filters. Those that go on lie in one piece
    /// afterwards. Trailers are kept in `lines` until the last one is there.
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
        let passed = match self {
            Self::Over => return Ok(Passed { place: Some(place.start..place.start), read: 0 }),
            Self::Length(left) => {
                let read = usize::try_from(*left).map_or(place.len(), |left| left.min(place.len()));
                *left -= read as u64;
                Passed { place: Some(place.start..place.start + read), read }
            }
            Self::UntilClose => Passed { read: place.len(), place: Some(place) },
            Self::Chunks(scanner, which) => rechunk(scanner, *which, buffer, place, lines, filters)?,
            Self::Reframed(reframe) => reframe.pass(buffer, place, lines, filters)?,
        };
        if let (Self::Length(_) | Self::UntilClose, Some(place), false) = (&*self, &passed.place, filters.is_empty()) {
            filters.show(Part::Data(buffer.at(place.clone())))?;
            if self.has_all() {
                filters.show(Part::End)?;
            }
        }
        if self.has_all() {
            *self = Self::Over;
        }
        Ok(passed)
    }

    fn has_all(&self) -> bool {
        match self {
            Self::Over => true,
            Self::Length(left) => *left == 0,
            Self::UntilClose => false,
            Self::Chunks(scanner, _) => scanner.is_done(),
            Self::Reframed(reframe) => reframe.is_done(),
        }
    }

    /// The sender has closed. Answers what goes on behind the last byte, or `None` if there was more to
    /// come.
    ///
    /// # Errors
    ///
    /// A filter ends the exchange.
    pub fn end(&mut self, filters: &mut Filters) -> Result<Option<Vec<u8>>, Refused> {
        let last = match self {
            Self::Over => Vec::new(),
            Self::UntilClose => {
                filters.show(Part::End)?;
                Vec::new()
            }
            Self::Reframed(reframe) => match reframe.end(filters)? {
                Some(last) => last,
                None => return Ok(None),
            },
            Self::Length(_) | Self::Chunks(..) => return Ok(None),
        };
        *self = Self::Over;
        Ok(Some(last))
    }

    /// What was held, as it goes on before what is still to come: the same body from its begin, framed so
    /// that the rest fits behind it; in chunks, or as it is.
    pub fn again(&self, chunks: bool, hold: &Hold) -> Vec<u8> {
        if !chunks {
            return hold.data.clone();
        }
        let open = match self {
            Self::Chunks(scanner, _) => scanner.open(),
            _ => Open::Nothing,
        };
        let mut bytes = Vec::with_capacity(hold.data.len() + 40);
        if !hold.data.is_empty() {
            write_size(&mut bytes, hold.data.len() as u64);
            bytes.extend_from_slice(&hold.data);
            // The end of the line may still come as it is.
            bytes.extend_from_slice(match open {
                Open::Nothing | Open::Data(1..) => b"\r\n",
                Open::Data(0) => b"",
                Open::Lf => b"\r",
            });
        }
        if let Open::Data(left @ 1..) = open {
            write_size(&mut bytes, left);
        }
        if hold.ended {
            bytes.extend_from_slice(b"0\r\n");
            bytes.extend_from_slice(&hold.trailers);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }
}

/// Passes chunks on. What is left out, or written anew, makes it shorter, but for the line of a chunk of
/// which a part was withheld before, and for trailers: for those there is room before the first byte.
fn rechunk(
    scanner: &mut Scanner,
    which: Trailers,
    buffer: &mut Buffer,
    place: Range<usize>,
    lines: &mut Vec<u8>,
    filters: &mut Filters,
) -> Result<Passed, Refused> {
    let (mut at, mut run) = (place.start, place.start..place.start);
    while at < place.end && !scanner.is_done() {
        let (start, bytes) = (at, buffer.at(at..place.end));
        match scanner.next(bytes)? {
            Piece::Pass(count) => {
                at += count;
                keep(buffer, &mut run, start..at);
            }
            Piece::Data(count) => {
                at += count;
                if !filters.is_empty() {
                    filters.show(Part::Data(buffer.at(start..at)))?;
                }
                keep(buffer, &mut run, start..at);
            }
            Piece::Final(count) => {
                at += count;
                filters.show(Part::End)?;
                keep(buffer, &mut run, start..at);
            }
            Piece::Skip(count) | Piece::Last(count) => at += count,
            Piece::Size(count, size) => {
                at += count;
                let mut line = Vec::with_capacity(18);
                write_size(&mut line, size);
                write(buffer, &mut run, at, &line);
            }
            Piece::Trailer(count) => {
                at += count;
                keep_line(lines, buffer.at(start..at))?;
            }
            Piece::End(count) => {
                at += count;
                let mut last = b"0\r\n".to_vec();
                let kept = end_of_lines(lines, which)?;
                filters.show(Part::Trailers(&kept))?;
                filters.show(Part::End)?;
                if which != Trailers::None {
                    last.extend_from_slice(&kept);
                }
                last.extend_from_slice(b"\r\n");
                write(buffer, &mut run, at, &last);
            }
        }
    }
    Ok(Passed { place: Some(run), read: at - place.start })
}

/// Keeps a trailer line, or a part of one.
pub fn keep_line(lines: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Refusal> {
    lines.extend_from_slice(bytes);
    if lines.len() > MOST_TRAILERS { Err(Refusal::Trailers) } else { Ok(()) }
}

/// The trailers that may travel, once the last one is there. Malformed ones are refused, whether they go
/// on or not.
pub fn end_of_lines(lines: &mut Vec<u8>, which: Trailers) -> Result<Vec<u8>, Refusal> {
    let mut kept = Vec::new();
    lines.extend_from_slice(b"\r\n");
    trailers(lines, &mut kept)?;
    lines.clear();
    if which == Trailers::Hyphenated {
        let is_hyphenated = |line: &&[u8]| !line.split(|byte| *byte == b':').next().unwrap_or_default().contains(&b'_');
        kept = kept.split_inclusive(|byte| *byte == b'\n').filter(is_hyphenated).collect::<Vec<_>>().concat();
    }
    Ok(kept)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What goes on of chunks that come in two parts, the first of which is sent again before the second.
    fn sent_again(text: &[u8], cut: usize) -> Vec<u8> {
        let (mut buffer, mut lines, mut filters) = (Buffer::default(), Vec::new(), Filters::default());
        filters.add(crate::filter::Filter::Hold(Hold::new(1000)));
        let mut body = Body::new(Framing::Chunked, Reader { chunks: true, trailers: Trailers::All }, false);
        let mut pass = |body: &mut Body, filters: &mut Filters, bytes: &[u8]| {
            buffer.put(bytes).unwrap();
            let passed = body.pass(&mut buffer, Buffer::place(bytes.len()), &mut lines, filters).unwrap();
            buffer.out(&passed).to_vec()
        };
        pass(&mut body, &mut filters, &text[..cut]);
        let mut sent = body.again(true, filters.held().unwrap());
        sent.extend(pass(&mut body, &mut filters, &text[cut..]));
        sent
    }

    /// The data of chunks, and whether they are over.
    fn data_of(sent: &[u8]) -> (Vec<u8>, bool) {
        let (mut data, mut scanner, mut at) = (Vec::new(), Scanner::default(), 0);
        while at < sent.len() {
            at += match scanner.next(&sent[at..]).unwrap_or_else(|_| panic!("{}", sent.escape_ascii())) {
                Piece::Data(count) => {
                    data.extend_from_slice(&sent[at..at + count]);
                    count
                }
                Piece::Pass(count) | Piece::Skip(count) | Piece::Size(count, _) | Piece::Last(count) => count,
                Piece::Trailer(count) | Piece::End(count) | Piece::Final(count) => count,
            };
        }
        (data, scanner.is_done())
    }

    #[test]
    fn a_chunk_of_any_size_goes_again_as_it_is() {
        // Its size must not be added to what is held: what looks like the end of the body is data.
        let text = b"2\r\nx\r\r\n7FFFFFFFFFFFFFFF\r\n\n0\r\n\r\n";
        for cut in 0..=text.len() {
            assert_eq!(data_of(&sent_again(text, cut)), (b"x\r\n0\r\n\r\n".to_vec(), false), "{cut}");
        }
    }

    #[test]
    fn chunks_go_again_wherever_they_were_cut() {
        let text = b"5;x=y\r\nhello\r\n000c\r\n, wide world\r\n0\r\nX-Sum: 1\r\n\r\n";
        for cut in 0..=text.len() {
            let sent = sent_again(text, cut);
            assert_eq!(data_of(&sent), (b"hello, wide world".to_vec(), true), "{cut}");
            assert!(sent.ends_with(b"0\r\nX-Sum: 1\r\n\r\n"), "{cut}: {}", sent.escape_ascii());
        }
    }
}
