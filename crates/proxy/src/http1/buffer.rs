//! The buffer through which a worker's messages pass.

use std::cell::RefCell;
use std::ops::Range;

use super::body::Passed;

/// The largest head that goes on: as large as one may come, and what is added.
const HEAD: usize = 112 * 1024;
/// Room before what is read: for a head, and for the line of a chunk or trailers between the two.
const BEFORE: usize = HEAD + 16 * 1024;
/// As much as is there at once: the largest head.
const ROOM: usize = 100 * 1024;
/// As much of a body as one read takes, which is the most that is held when nobody takes it.
pub const READ: usize = 64 * 1024;
/// As much as one read takes that begins with a head: 64 KiB of a body come with it in one.
const READ_HEAD: usize = READ + 4 * 1024;

/// The buffer through which a worker's messages pass, lent to one poll at a time.
///
/// ```text
///   │ before │ read … │
///        ◀── a head that has grown, the line of a chunk
/// ```
///
/// So what is sent on lies in one piece, whatever was added to it.
#[derive(Debug, Default)]
pub struct Buffers(RefCell<Buffer>);

/// The buffer, while it is lent.
#[derive(Debug)]
pub struct Buffer {
    bytes: Box<[u8]>,
    /// Where a head is put together.
    pub head: Box<[u8]>,
    /// What is framed anew.
    pub made: Vec<u8>,
}

impl Default for Buffer {
    fn default() -> Self {
        Self { bytes: vec![0; BEFORE + ROOM].into(), head: vec![0; HEAD].into(), made: Vec::new() }
    }
}

impl Buffers {
    /// Lends the buffer for the time of one call. `None` inside another loan.
    pub fn lend<T>(&self, borrow: impl FnOnce(&mut Buffer) -> T) -> Option<T> {
        self.0.try_borrow_mut().ok().map(|mut buffer| borrow(&mut buffer))
    }
}

impl Buffer {
    /// Where `most` bytes are read into, at most.
    pub fn room(&mut self, most: usize) -> &mut [u8] {
        self.bytes.get_mut(BEFORE..BEFORE + most.min(ROOM)).unwrap_or_default()
    }

    /// Where that is read into which goes behind `held` bytes of a head that are kept elsewhere: both have
    /// to find room together.
    pub fn room_beside(&mut self, held: usize) -> &mut [u8] {
        self.room(READ_HEAD.min(ROOM.saturating_sub(held)))
    }

    /// Puts bytes where others are read into. `None` when there is no room.
    pub fn put(&mut self, bytes: &[u8]) -> Option<()> {
        self.bytes.get_mut(BEFORE..BEFORE + bytes.len())?.copy_from_slice(bytes);
        Some(())
    }

    /// The place of the first `count` bytes that were read.
    pub fn place(count: usize) -> Range<usize> {
        BEFORE..BEFORE + count
    }

    /// What lies at a place.
    pub fn at(&self, place: Range<usize>) -> &[u8] {
        self.bytes.get(place).unwrap_or_default()
    }

    /// What goes on after a pass over a body.
    pub fn out(&self, passed: &Passed) -> &[u8] {
        match &passed.place {
            Some(place) => self.at(place.clone()),
            None => &self.made,
        }
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
