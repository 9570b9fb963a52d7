//! The buffer through which a worker's messages pass.

use std::cell::RefCell;
use std::ops::Range;

/// The largest head that goes on: as large as one may come, and what is added.
const HEAD: usize = 96 * 1024;
/// Room before what is read: for a head, and for the line of a chunk or trailers between the two.
const BEFORE: usize = HEAD + 16 * 1024;
/// As much as one read takes: a response of 64 KiB with its head, in one.
pub const READ: usize = 128 * 1024;
/// Room behind what is read, for the end of a chunk.
const BEHIND: usize = 16;

/// The buffer through which a worker's messages pass, lent to one poll at a time.
///
/// ```text
///   │ before │ read …                    │ behind │
///        ◀── a head that has grown       ──▶ the end of a chunk
/// ```
///
/// So what is sent on lies in one piece, whatever was added to it.
#[derive(Debug)]
pub struct Buffers(RefCell<Buffer>);

/// The buffer, while it is lent.
#[derive(Debug)]
pub struct Buffer {
    bytes: Box<[u8]>,
    /// Where a head is put together.
    pub head: Box<[u8]>,
}

impl Default for Buffers {
    fn default() -> Self {
        let bytes = vec![0; BEFORE + READ + BEHIND].into();
        Self(RefCell::new(Buffer { bytes, head: vec![0; HEAD].into() }))
    }
}

impl Buffers {
    /// Lends the buffer for the time of one call. `None` inside another loan.
    pub fn lend<T>(&self, borrow: impl FnOnce(&mut Buffer) -> T) -> Option<T> {
        self.0.try_borrow_mut().ok().map(|mut buffer| borrow(&mut buffer))
    }
}

impl Buffer {
    /// Where bytes are read into, behind the first `taken` ones.
    pub fn room(&mut self, taken: usize) -> &mut [u8] {
        self.bytes.get_mut(BEFORE + taken..BEFORE + READ).unwrap_or_default()
    }

    /// The place of the first `count` bytes that were read.
    pub fn place(count: usize) -> Range<usize> {
        BEFORE..BEFORE + count
    }

    /// What lies at a place.
    pub fn at(&self, place: Range<usize>) -> &[u8] {
        self.bytes.get(place).unwrap_or_default()
    }

    /// What lies at a place, to be changed.
    pub fn at_mut(&mut self, place: Range<usize>) -> &mut [u8] {
        self.bytes.get_mut(place).unwrap_or_default()
    }

    /// Moves what lies at a place to where `to` begins.
    pub fn shift(&mut self, place: Range<usize>, to: usize) {
        if place.start != to && place.end <= self.bytes.len() && to + place.len() <= self.bytes.len() {
            self.bytes.copy_within(place, to);
        }
    }

    /// Puts the first `length` bytes of the head right before `place`, and answers the place of both.
    /// `None` when there is no room.
    pub fn put_head(&mut self, length: usize, place: Range<usize>) -> Option<Range<usize>> {
        let start = place.start.checked_sub(length)?;
        self.bytes.get_mut(start..place.start)?.copy_from_slice(self.head.get(..length)?);
        Some(start..place.end)
    }
}
