//! An HTTP answer on its way out.

use std::io::{self, Write};
use std::net::TcpStream;

use crate::request::{Request, Wish};
use peers::sys;
use peers::wire::Pattern;

/// What a site's chunks are often as long as.
const CHUNK: u64 = 16 * 1024;

/// How many bytes of chunks are put together for one send.
const BATCH: usize = 256 * 1024;

/// Constant, so that every contender relays the same bytes.
const FIELDS: &str = "Date: Mon, 05 Jan 2026 12:00:00 GMT\r\nServer: endpoint\r\n\
                      Cache-Control: public, max-age=3600\r\n";

/// A client has one, whose room serves one answer after another.
#[derive(Default)]
pub struct Answer {
    /// The head and whatever is made for this answer alone; then, if it has chunks, a batch of them.
    made: Vec<u8>,
    /// How much of `made` is sent.
    written: usize,
    /// Of the body, which is sent straight out of the pattern unless it has chunks.
    salt: u16,
    given: u64,
    size: u64,
    /// More chunks are to be made.
    chunked: bool,
    /// The connection ends with this answer.
    pub closes: bool,
}

impl Answer {
    /// The answer to a request; `right` says whether its body was.
    pub fn begin(&mut self, request: &Request, right: bool) -> io::Result<()> {
        let Request { wish, salt, closes, .. } = *request;
        let (size, chunked) = match wish {
            Wish::Bytes(size) => (size, false),
            Wish::Chunks(size) => (size, true),
            Wish::Check | Wish::Unknown | Wish::Lengthless => (0, false),
        };
        let mut made = std::mem::take(&mut self.made);
        made.clear();
        *self = Self { made, salt, size, chunked, closes, ..Self::default() };

        let (status, text) = match wish {
            Wish::Bytes(_) | Wish::Chunks(_) => ("200 OK", ""),
            Wish::Check if right => ("200 OK", "every byte was right\n"),
            Wish::Check => ("200 OK", "a byte was wrong\n"),
            Wish::Unknown => ("404 Not Found", "no such path\n"),
            Wish::Lengthless => ("411 Length Required", "a body needs a length\n"),
        };
        let out = &mut self.made;
        write!(out, "HTTP/1.1 {status}\r\n{FIELDS}")?;
        match wish {
            Wish::Bytes(_) => write!(out, "Content-Type: application/octet-stream\r\nContent-Length: {size}\r\n")?,
            Wish::Chunks(_) => {
                out.extend_from_slice(b"Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n");
            }
            _ => write!(out, "Content-Type: text/plain\r\nContent-Length: {}\r\n", text.len())?,
        }
        if closes {
            out.extend_from_slice(b"Connection: close\r\n");
        }
        write!(out, "ETag: \"{size:x}-{salt:x}\"\r\n\r\n{text}")
    }

    /// Sends what fits; true when that was the rest.
    pub fn send(&mut self, stream: &TcpStream, pattern: &Pattern) -> io::Result<bool> {
        loop {
            if self.written == self.made.len() && self.chunked {
                self.make_chunks(pattern)?;
            }
            let made = self.made.get(self.written..).unwrap_or_default();
            let body = if self.chunked { &[] } else { pattern.piece(self.salt, self.given, self.size - self.given) };
            let sent = match (made, body) {
                ([], []) => return Ok(true),
                (made, []) => sys::write(stream, made)?,
                ([], body) => sys::write(stream, body)?,
                (made, body) => sys::write_both(stream, made, body)?,
            };
            let (asked, of_made) = (made.len() + body.len(), sent.min(made.len()));
            self.written += of_made;
            self.given += (sent - of_made) as u64;
            if sent < asked {
                return Ok(false);
            }
        }
    }

    fn make_chunks(&mut self, pattern: &Pattern) -> io::Result<()> {
        self.made.clear();
        self.written = 0;
        while self.given < self.size && self.made.len() < BATCH {
            let piece = pattern.piece(self.salt, self.given, CHUNK.min(self.size - self.given));
            write!(self.made, "{:x}\r\n", piece.len())?;
            self.made.extend_from_slice(piece);
            self.made.extend_from_slice(b"\r\n");
            self.given += piece.len() as u64;
        }
        if self.given == self.size {
            self.made.extend_from_slice(b"0\r\n\r\n");
            self.chunked = false;
        }
        Ok(())
    }
}
