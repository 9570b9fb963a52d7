//! Writes a head: runs of the bytes as they came, between what is left out, and what is added.

use crate::head::{FieldSet, Head, Span};

/// The first line.
#[derive(Debug, Clone, Copy)]
pub enum Line<'a> {
    /// As it came.
    Same,
    /// Made of these parts.
    Made(&'a [&'a [u8]]),
}

/// A field that is added behind all others.
#[derive(Debug, Clone, Copy)]
pub struct Added<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its value, in parts.
    pub value: &'a [&'a [u8]],
}

/// How much was written, or that there was no room.
pub type Emitted = Option<usize>;

/// Writes `head` into `out` with another first line, without the fields in `drop`, and with those
/// `added`, behind which go `lines`: whole field lines that were made before. `None` when `out` is too
/// small.
pub fn emit(out: &mut [u8], head: &Head, line: Line<'_>, drop: FieldSet, added: &[Added<'_>], lines: &[u8]) -> Emitted {
    let mut out = Writer { out, length: 0 };
    let bytes = head.bytes();
    let fields = head.at();
    // The last two bytes are the empty line, written again behind what is added.
    let end = bytes.len().checked_sub(2)?;
    let first = fields.first().map_or(end, |field| field.name.start());
    let mut run = match line {
        Line::Same => 0,
        Line::Made(parts) => {
            parts.iter().try_for_each(|part| out.put(part))?;
            out.put(b"\r\n")?;
            first
        }
    };
    if drop != FieldSet::default() {
        for (at, field) in fields.iter().enumerate().filter(|(at, _)| drop.has(*at)) {
            out.put(head.part(Span::new(run, field.name.start())))?;
            run = fields.get(at + 1).map_or(end, |next| next.name.start());
        }
    }
    out.put(head.part(Span::new(run, end)))?;
    for field in added {
        out.put(field.name)?;
        out.put(b": ")?;
        field.value.iter().try_for_each(|part| out.put(part))?;
        out.put(b"\r\n")?;
    }
    out.put(lines)?;
    out.put(b"\r\n")?;
    Some(out.length)
}

struct Writer<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let end = self.length + bytes.len();
        self.out.get_mut(self.length..end)?.copy_from_slice(bytes);
        self.length = end;
        Some(())
    }
}
