//! Writes a head: runs of the bytes as they came, between what is left out, and what is added.

use crate::head::{FieldSet, HeadView, Span};

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

/// What is done to a head on its way; every codec writes it in its own form.
#[derive(Debug, Clone, Copy)]
pub struct Edits<'a> {
    /// The first line.
    pub line: Line<'a>,
    /// Fields that are left out.
    pub drop: FieldSet,
    /// Fields that go behind all others.
    pub added: &'a [Added<'a>],
    /// Whole field lines that were made before, behind those.
    pub lines: &'a [u8],
}

/// How much was written, or that there was no room.
pub type Emitted = Option<usize>;

/// Writes a head with its edits into `out`, as HTTP/1. `None` when that is too small.
pub fn emit(out: &mut [u8], head: HeadView<'_>, edits: &Edits<'_>) -> Emitted {
    let Edits { line, drop, added, lines } = *edits;
    let head = head.block();
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
    for at in drop.positions() {
        let Some(field) = fields.get(at) else { break };
        out.put(head.part(Span::new(run, field.name.start())))?;
        run = fields.get(at + 1).map_or(end, |next| next.name.start());
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
