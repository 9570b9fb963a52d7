//! HTTP/1 read once more, plainly: what the tests hold the codec against.
//!
//! It is written from RFC 9110 and RFC 9112 and from what the codec promises beyond them: whatever can
//! be read in two ways is refused. It copies, it is slow, and it goes over the bytes again for every
//! question; so each rule stands in one place, where it can be read beside the sentence it comes from.

#![allow(clippy::indexing_slicing, reason = "only tests run it, and a panic is a finding")]

mod body;
mod bytes;
mod fields;
mod head;
mod host;
mod path;
mod request;
mod response;
mod trailers;

pub use body::{Decoded, body};
pub use fields::Field;
pub use head::Limits;
pub use host::authority;
pub use path::{Path, path};
pub use request::{Form, Request, request};
pub use response::{Response, response};
pub use trailers::{is_denied, trailers};

/// Why nothing was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The end is not there yet.
    Open,
    /// It is to be refused, for this reason.
    Wrong(&'static str),
}

/// What was understood, and how many bytes it took.
pub type Read<T> = Result<(T, usize), Stop>;

/// How long a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// So many bytes, and more than none.
    Length(u64),
    /// Chunks.
    Chunked,
    /// All until the connection ends.
    UntilClose,
}

fn unless(right: bool, sentence: &'static str) -> Result<(), Stop> {
    if right { Ok(()) } else { Err(Stop::Wrong(sentence)) }
}
