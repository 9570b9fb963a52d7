//! The chunked transfer coding (RFC 9112 section 7.1), read strictly as its bytes come.
//!
//! ```text
//!   Size ─line─▶ Data ─▶ DataCr ─▶ DataLf ─▶ Size
//!     └─line of 0─▶ Line ─CRLF─▶ Done
//!                    └─trailer line─▶ Line
//! ```

use crate::Refusal;

/// The most bytes that all extensions of a body may have.
const MOST_EXTENSIONS: u32 = 16 * 1024;
/// The largest size: some readers count with a sign.
const MOST_SIZE: u64 = i64::MAX as u64;
/// The most digits of a size.
const MOST_DIGITS: u8 = 16;

/// What the next bytes of a chunked body are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece {
    /// So many bytes of framing that can be passed on as they are.
    Pass(usize),
    /// So many bytes of data.
    Data(usize),
    /// So many bytes that go no further: of an extension, or of a line that is not all there yet.
    Skip(usize),
    /// So many bytes end the line of a size, which is to be written anew.
    Size(usize, u64),
    /// So many bytes end the line of the last chunk, which is to be written anew once the trailers are
    /// known.
    Last(usize),
    /// So many bytes of trailer lines.
    Trailer(usize),
    /// So many bytes end the body, behind its trailers.
    End(usize),
    /// So many bytes are the whole end, without trailers, and can be passed on as they are.
    Final(usize),
}

/// How much of a chunk is still to come, when a body is cut there to be framed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Nothing: the next bytes are the line of a size.
    Nothing,
    /// So many bytes of data, and the end of the line behind them.
    Data(u64),
    /// The LF behind the data.
    Lf,
}

/// Reads a chunked body as its bytes come.
#[derive(Debug, Clone, Copy)]
pub struct Scanner {
    state: State,
    /// Bytes of extensions so far.
    extensions: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In the line of a size.
    Size(Line),
    /// So many bytes of data are left.
    Data(u64),
    /// Before the CR behind data.
    DataCr,
    /// Before the LF behind data.
    DataLf,
    /// At the begin of a line behind the last chunk.
    Line,
    /// Behind the CR of the empty line.
    EmptyLf,
    /// In a trailer line; whether its last byte was CR.
    Trailer { cr: bool },
    /// The body is over.
    Done,
}

/// The line of a size, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Line {
    size: u64,
    digits: u8,
    part: Part,
    /// Some of it was skipped, so it cannot be passed on as it is.
    cut: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Digits,
    Extension,
    Lf,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { state: State::Size(Line::default()), extensions: 0 }
    }
}

impl Scanner {
    /// Whether the body is over.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// What is still to come of the chunk that it stands in.
    pub fn open(&self) -> Open {
        match self.state {
            State::Data(left) => Open::Data(left),
            State::DataCr => Open::Data(0),
            State::DataLf => Open::Lf,
            _ => Open::Nothing,
        }
    }

    /// What the next bytes are, of which there is at least one. It has read those that it answers.
    ///
    /// # Errors
    ///
    /// They are not what has to follow, or the body is over.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Piece, Refusal> {
        match self.state {
            State::Data(left) => Ok(self.data(left, bytes.len())),
            State::DataCr | State::DataLf => self.data_end(bytes),
            State::Size(line) => self.size(line, bytes),
            State::Line | State::EmptyLf => self.line(bytes),
            State::Trailer { cr } => self.trailer(cr, bytes),
            State::Done => Err(Refusal::ChunkEnd),
        }
    }

    fn data(&mut self, left: u64, there: usize) -> Piece {
        let count = usize::try_from(left).map_or(there, |left| left.min(there));
        let left = left - count as u64;
        self.state = if left == 0 { State::DataCr } else { State::Data(left) };
        Piece::Data(count)
    }

    fn data_end(&mut self, bytes: &[u8]) -> Result<Piece, Refusal> {
        let (state, length) = match (self.state, bytes) {
            (State::DataCr, [b'\r', b'\n', ..]) => (State::Size(Line::default()), 2),
            (State::DataCr, [b'\r']) => (State::DataLf, 1),
            (State::DataLf, [b'\n', ..]) => (State::Size(Line::default()), 1),
            _ => return Err(Refusal::ChunkEnd),
        };
        self.state = state;
        Ok(Piece::Pass(length))
    }

    fn size(&mut self, mut line: Line, bytes: &[u8]) -> Result<Piece, Refusal> {
        for (at, byte) in bytes.iter().enumerate() {
            match (line.part, byte) {
                (Part::Digits, b'\r') if line.digits > 0 => line.part = Part::Lf,
                (Part::Digits, b';') if line.digits > 0 => (line.part, line.cut) = (Part::Extension, true),
                (Part::Digits, byte) => {
                    let digit = char::from(*byte).to_digit(16).filter(|_| line.digits < MOST_DIGITS);
                    line.size = line.size << 4 | u64::from(digit.ok_or(Refusal::ChunkSize)?);
                    line.digits += 1;
                }
                (Part::Extension, b'\r') => line.part = Part::Lf,
                (Part::Extension, b'\t' | b' '..=b'~' | 0x80..) if self.extensions < MOST_EXTENSIONS => {
                    self.extensions += 1;
                }
                (Part::Extension, _) => return Err(Refusal::ChunkExtension),
                (Part::Lf, b'\n') if line.size > MOST_SIZE => return Err(Refusal::ChunkSize),
                (Part::Lf, b'\n') => return Ok(self.sized(line, bytes, at + 1)),
                (Part::Lf, _) => return Err(Refusal::ChunkSize),
            }
        }
        line.cut = true;
        self.state = State::Size(line);
        Ok(Piece::Skip(bytes.len()))
    }

    /// The line of a size is over, at `end`.
    fn sized(&mut self, line: Line, bytes: &[u8], end: usize) -> Piece {
        if line.size > 0 {
            self.state = State::Data(line.size);
            return if line.cut { Piece::Size(end, line.size) } else { Piece::Pass(end) };
        }
        if !line.cut && bytes.get(end..end + 2) == Some(b"\r\n") {
            self.state = State::Done;
            return Piece::Final(end + 2);
        }
        self.state = State::Line;
        Piece::Last(end)
    }

    fn line(&mut self, bytes: &[u8]) -> Result<Piece, Refusal> {
        let (state, length) = match (self.state, bytes) {
            (State::Line, [b'\r', b'\n', ..]) => (State::Done, 2),
            (State::EmptyLf, [b'\n', ..]) => (State::Done, 1),
            (State::Line, [b'\r']) => {
                self.state = State::EmptyLf;
                return Ok(Piece::Skip(1));
            }
            (State::EmptyLf, _) | (_, [b'\r', ..]) => return Err(Refusal::Trailers),
            _ => return self.trailer(false, bytes),
        };
        self.state = state;
        Ok(Piece::End(length))
    }

    /// One trailer line, or what is there of it.
    fn trailer(&mut self, mut cr: bool, bytes: &[u8]) -> Result<Piece, Refusal> {
        for (at, byte) in bytes.iter().enumerate() {
            match (cr, byte) {
                (true, b'\n') => {
                    self.state = State::Line;
                    return Ok(Piece::Trailer(at + 1));
                }
                (true, _) | (false, b'\n') => return Err(Refusal::Trailers),
                (false, byte) => cr = *byte == b'\r',
            }
        }
        self.state = State::Trailer { cr };
        Ok(Piece::Trailer(bytes.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What was passed on, the data, the trailer lines, and how many bytes were read when it ended.
    type Seen = (Vec<u8>, Vec<u8>, Vec<u8>, usize);

    /// What is passed on of a body that comes in segments of these sizes.
    fn read(body: &[u8], segments: &mut dyn Iterator<Item = usize>) -> Result<Seen, Refusal> {
        let mut scanner = Scanner::default();
        let (mut passed, mut data, mut trailers, mut at) = (Vec::new(), Vec::new(), Vec::new(), 0);
        while at < body.len() && !scanner.is_done() {
            let end = (at + segments.next().unwrap_or(1).max(1)).min(body.len());
            while at < end && !scanner.is_done() {
                let bytes = &body[at..end];
                let (length, pass): (usize, Vec<u8>) = match scanner.next(bytes)? {
                    Piece::Pass(length) | Piece::Final(length) => (length, bytes[..length].into()),
                    Piece::Data(length) => {
                        data.extend(&bytes[..length]);
                        (length, bytes[..length].into())
                    }
                    Piece::Size(length, size) => (length, format!("{size:x}\r\n").into()),
                    Piece::Last(length) => (length, b"0\r\n".into()),
                    Piece::Trailer(length) => {
                        trailers.extend(&bytes[..length]);
                        (length, bytes[..length].into())
                    }
                    Piece::End(length) => (length, b"\r\n".into()),
                    Piece::Skip(length) => (length, Vec::new()),
                };
                assert!(length > 0 && length <= bytes.len());
                passed.extend(pass);
                at += length;
            }
        }
        if scanner.is_done() { Ok((passed, data, trailers, at)) } else { Ok((passed, data, trailers, usize::MAX)) }
    }

    fn whole(body: &[u8]) -> Result<Seen, Refusal> {
        let read_whole = read(body, &mut std::iter::repeat(body.len()));
        assert_eq!(
            read_whole.is_ok(),
            read(body, &mut std::iter::repeat(1)).is_ok(),
            "{:?}",
            String::from_utf8_lossy(body)
        );
        read_whole
    }

    #[test]
    fn data_trailers_and_the_end_are_found() {
        let (passed, data, trailers, at) = whole(b"5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\nGET").unwrap();
        assert_eq!((data, trailers, at), (b"hello0123456789".to_vec(), vec![], 30));
        assert_eq!(passed, b"5\r\nhello\r\nA\r\n0123456789\r\n0\r\n\r\n");
        let (passed, _, trailers, _) = whole(b"1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n").unwrap();
        assert_eq!(trailers, b"A: b\r\nC: d\r\n");
        assert_eq!(passed, b"1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n");
    }

    /// Conformance: 11.
    #[test]
    fn extensions_go_no_further() {
        let (passed, data, ..) = whole(b"5;a=\"b;c\";d\r\nhello\r\n0;last\r\n\r\n").unwrap();
        assert_eq!((passed, data), (b"5\r\nhello\r\n0\r\n\r\n".to_vec(), b"hello".to_vec()));
        let long = |count: usize| [b"5;".to_vec(), vec![b'a'; count], b"\r\nhello\r\n0\r\n\r\n".to_vec()].concat();
        assert!(whole(&long(MOST_EXTENSIONS as usize)).is_ok());
        assert_eq!(whole(&long(MOST_EXTENSIONS as usize + 1)), Err(Refusal::ChunkExtension));
        let many = [b"1;aaaa\r\nx\r\n".repeat(5000), b"0\r\n\r\n".to_vec()].concat();
        assert_eq!(whole(&many), Err(Refusal::ChunkExtension), "all of a body count together");
    }

    /// Conformance: 11.
    #[test]
    fn what_another_reader_could_understand_otherwise_is_refused() {
        let wrong: &[&[u8]] = &[
            b"5\nhello\r\n0\r\n\r\n",
            b"5;a\nhello\r\n0\r\n\r\n",
            b"5\r\nhello\n0\r\n\r\n",
            b"0x5\r\nhello\r\n0\r\n\r\n",
            b"+5\r\nhello\r\n0\r\n\r\n",
            b"-5\r\nhello\r\n0\r\n\r\n",
            b"5_\r\nhello\r\n0\r\n\r\n",
            b"FFFFFFFFFFFFFFFF0\r\n",
            b"5\r\nhelloXX0\r\n\r\n",
            b"5\r\nhello!!\r\n",
            b" 5\r\nhello\r\n0\r\n\r\n",
            b"5 \r\nhello\r\n0\r\n\r\n",
            b"\r\n5\r\nhello\r\n0\r\n\r\n",
            b"5\rXhello\r\n0\r\n\r\n",
            b";a\r\n",
            b"5\r\nhello\r\r\n0\r\n\r\n",
            b"0\r\nA: b\n\r\n",
            b"0\r\n\n",
            b"0\r\n\rX",
            b"0\r\nA: b\rc\r\n\r\n",
            b"5;\x00\r\nhello\r\n",
            b"5;\x7f\r\nhello\r\n",
            b"g\r\n",
        ];
        for body in wrong {
            assert!(whole(body).is_err(), "{:?}", String::from_utf8_lossy(body));
        }
    }

    proptest! {
        #[test]
        fn segments_change_nothing(chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..50), 0..8), sizes in prop::collection::vec(1usize..20, 1..40)) {
            let mut body = Vec::new();
            for chunk in &chunks {
                body.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
                body.extend(chunk);
                body.extend(b"\r\n");
            }
            body.extend(b"0\r\nT: x\r\n\r\nrest");
            let (passed, data, trailers, at) = read(&body, &mut sizes.iter().cycle().copied()).unwrap();
            prop_assert_eq!(data, chunks.concat());
            prop_assert_eq!(trailers, b"T: x\r\n");
            prop_assert_eq!(at, body.len() - 4);
            // What is passed on is the same body again.
            prop_assert_eq!(read(&passed, &mut std::iter::repeat(7)).unwrap().1, chunks.concat());
        }

        #[test]
        fn nothing_makes_it_panic_or_read_in_two_ways(body in prop::collection::vec(prop::sample::select(b"0123aF;\r\n \t=xX+-_\0".to_vec()), 0..60), sizes in prop::collection::vec(1usize..9, 1..20)) {
            let one = read(&body, &mut std::iter::repeat(body.len()));
            let other = read(&body, &mut sizes.iter().cycle().copied());
            match (one, other) {
                (Ok(one), Ok(other)) => prop_assert_eq!((one.1, one.2, one.3), (other.1, other.2, other.3)),
                (Err(_), Err(_)) => {}
                (one, other) => prop_assert!(false, "{one:?} and {other:?}"),
            }
        }
    }
}
