//! The bytes of bodies, which follow from a number, and how many there are.

use std::io::{self, BufRead, Write};
use std::net::TcpStream;

/// The bytes repeat after so many: a prime, so that no block size falls in step with them.
const PERIOD: usize = 1_048_573;

/// At each place of each body there is one right byte.
pub struct Pattern(Vec<u8>);

impl Pattern {
    pub fn new() -> Self {
        let mut random = fastrand::Rng::with_seed(0x47);
        Self(std::iter::repeat_with(|| random.u8(..)).take(PERIOD).collect())
    }

    /// Body number `body` from a place on, at most so many bytes and at least one.
    pub fn at(&self, body: u64, place: usize, most: usize) -> &[u8] {
        // Neighbours are far apart.
        let start = (body.wrapping_mul(0x9E37_79B9).wrapping_add(place as u64) % PERIOD as u64) as usize;
        &self.0[start..(start + most).min(PERIOD)]
    }

    /// Whether these are the bytes of a body from a place on.
    fn holds(&self, body: u64, place: usize, mut bytes: &[u8]) -> bool {
        let mut at = place;
        while !bytes.is_empty() {
            let right = self.at(body, at, bytes.len());
            if bytes[..right.len()] != *right {
                return false;
            }
            bytes = &bytes[right.len()..];
            at += right.len();
        }
        true
    }
}

/// How a body is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length,
    /// In chunks of at most so many bytes.
    Chunks(usize),
}

/// What is asked for at random, and comes again with its seed.
pub struct Random(fastrand::Rng);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    /// From 0 to one less than this.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0.u64(..end)
    }

    /// Log-uniform up to 64 KiB, one in a hundred up to 10 MB; now and then nothing at all.
    pub fn size(&mut self) -> usize {
        let top: f64 = if self.below(100) == 0 { 1e7 } else { 65_536.0 };
        let exponent = self.below(1 << 32) as f64 / (1u64 << 32) as f64;
        top.powf(exponent) as usize - usize::from(self.below(50) == 0)
    }

    pub fn framing(&mut self) -> Framing {
        match self.below(2) {
            0 => Framing::Length,
            _ => Framing::Chunks(1 + self.below(40_000) as usize),
        }
    }
}

impl Framing {
    /// The end of a head before a body of this size.
    pub fn field(self, size: usize) -> String {
        match self {
            Self::Length => format!("Content-Length: {size}\r\n\r\n"),
            Self::Chunks(_) => "Transfer-Encoding: chunked\r\n\r\n".into(),
        }
    }
}

/// Sends a head and a body, or only the first `most` bytes of the body without its end.
pub fn send(
    mut to: &TcpStream,
    head: &str,
    pattern: &Pattern,
    (body, size): (u64, usize),
    framing: Framing,
    most: Option<usize>,
) -> io::Result<()> {
    let mut block = head.as_bytes().to_vec();
    let (mut place, end) = (0, most.unwrap_or(size).min(size));
    while place < end {
        let limit = if let Framing::Chunks(most) = framing { most } else { 64 * 1024 };
        let bytes = pattern.at(body, place, limit.min(end - place));
        if let Framing::Chunks(_) = framing {
            write!(block, "{:x}\r\n", bytes.len())?;
        }
        block.extend_from_slice(bytes);
        if let Framing::Chunks(_) = framing {
            block.extend_from_slice(b"\r\n");
        }
        place += bytes.len();
        if block.len() >= 64 * 1024 {
            to.write_all(&block)?;
            block.clear();
        }
    }
    if most.is_none() && framing != Framing::Length {
        block.extend_from_slice(b"0\r\n\r\n");
    }
    to.write_all(&block)
}

/// The head of the next message; empty when there is none.
pub fn head(from: &mut impl BufRead) -> io::Result<String> {
    let mut head = String::new();
    loop {
        let before = head.len();
        if from.read_line(&mut head)? == 0 && before > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if matches!(&head[before..], "" | "\r\n") {
            return Ok(head);
        }
    }
}

/// The value of a field.
pub fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// Reads the body behind a head, and answers its size. Wrong bytes panic; an end before its end is an error.
pub fn receive(from: &mut impl BufRead, head: &str, pattern: &Pattern, body: u64) -> io::Result<usize> {
    let mut place = 0;
    if let Some(length) = field(head, "Content-Length") {
        take(from, pattern, body, &mut place, length.parse().unwrap())?;
        return Ok(place);
    }
    if field(head, "Transfer-Encoding") != Some("chunked") {
        return Ok(0);
    }
    loop {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let line = line.strip_suffix("\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let size = usize::from_str_radix(line, 16).unwrap();
        take(from, pattern, body, &mut place, size)?;
        let mut end = [0; 2];
        from.read_exact(&mut end)?;
        assert_eq!(&end, b"\r\n", "behind a chunk of body {body}");
        if size == 0 {
            return Ok(place);
        }
    }
}

fn take(from: &mut impl BufRead, pattern: &Pattern, body: u64, place: &mut usize, size: usize) -> io::Result<()> {
    let end = *place + size;
    while *place < end {
        let bytes = from.fill_buf()?;
        let count = bytes.len().min(end - *place);
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        assert!(pattern.holds(body, *place, &bytes[..count]), "other bytes in body {body} behind {place}");
        from.consume(count);
        *place += count;
    }
    Ok(())
}
