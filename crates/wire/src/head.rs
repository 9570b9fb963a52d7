//! A head: the block of bytes as it came, and where its fields are.

use crate::Refusal;
use crate::plain::field_lines;

/// The most fields that any head may have: as many as a [`FieldSet`] can name.
pub const MOST_FIELDS: usize = 128;

/// How large a head may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the first line, without its end.
    pub line: usize,
    /// Bytes of all field lines.
    pub fields: usize,
    /// How many fields; at most [`MOST_FIELDS`].
    pub count: usize,
}

impl Limits {
    /// Bytes that a head may have in all, with the ends of its lines.
    pub fn head(&self) -> usize {
        self.line + self.fields + 4
    }
}

/// A part of a block. A head is shorter than 4 GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// From `start` to before `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// Where `part` lies in `whole`, of which it is a part.
    pub(crate) fn of(part: &[u8], whole: &[u8]) -> Self {
        let start = part.as_ptr() as usize - whole.as_ptr() as usize;
        Self::new(start, start + part.len())
    }

    /// Its first byte.
    pub fn start(self) -> usize {
        self.start as usize
    }

    /// The byte after its last.
    pub fn end(self) -> usize {
        self.end as usize
    }
}

/// A set of fields of a head, by their position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FieldSet(u128);

impl FieldSet {
    /// Adds the field at a position.
    pub fn add(&mut self, at: usize) {
        self.0 |= 1u128.checked_shl(at as u32).unwrap_or(0);
    }

    /// The positions in it, in order.
    pub fn positions(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let at = left.trailing_zeros() as usize;
            left &= left.wrapping_sub(1);
            (at < MOST_FIELDS).then_some(at)
        })
    }

    /// Whether the field at a position is in it.
    pub fn has(self, at: usize) -> bool {
        self.0 & 1u128.checked_shl(at as u32).unwrap_or(0) != 0
    }

    /// Whether there is none in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// 1.0 or 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// Where a field is. Its line begins with its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldAt {
    pub name: Span,
    pub value: Span,
}

/// A head: the block of bytes as it came, and where its fields are. It is recycled: its buffers stay.
#[derive(Debug, Default)]
pub struct Head {
    bytes: Vec<u8>,
    fields: Vec<FieldAt>,
}

/// The fields of a head, in their order.
#[derive(Debug, Clone, Copy)]
pub struct HeadView<'a> {
    storage: Storage<'a>,
}

/// Where the fields are kept. Another protocol adds its own.
#[derive(Debug, Clone, Copy)]
enum Storage<'a> {
    Block(&'a Head),
}

impl<'a> HeadView<'a> {
    /// Each field: its name as it was written, and its value.
    pub fn fields(self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        let Storage::Block(head) = self.storage;
        head.fields.iter().map(move |field| (head.part(field.name), head.part(field.value)))
    }

    /// The block of bytes, of a head that came by HTTP/1.
    pub(crate) fn block(self) -> &'a Head {
        let Storage::Block(head) = self.storage;
        head
    }

    /// The values of the fields of this name, whatever its case.
    pub fn values(self, name: &[u8]) -> impl Iterator<Item = &'a [u8]> {
        self.fields().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Head {
    /// The fields.
    pub fn view(&self) -> HeadView<'_> {
        HeadView { storage: Storage::Block(self) }
    }

    /// The bytes as they came, from the first line to the empty one.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// A part of the bytes.
    pub fn part(&self, span: Span) -> &[u8] {
        self.bytes.get(span.start()..span.end()).unwrap_or_default()
    }

    /// Forgets what it holds, and keeps at most `most` bytes of room.
    pub fn clear(&mut self, most: usize) {
        self.bytes.clear();
        self.bytes.shrink_to(most);
        self.fields.clear();
    }

    /// Takes the head that `bytes` are, whose fields were found in them, and shows `each` field: its
    /// position, name and value.
    ///
    /// Each line must end in CR LF: what the parser found is right but for that.
    pub(crate) fn take(
        &mut self,
        bytes: &[u8],
        fields: &[httparse::Header<'_>],
        limits: &Limits,
        mut each: impl FnMut(usize, &[u8], &[u8]) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let mut crlf = bytes.ends_with(b"\r\n\r\n");
        let mut seen = Ok(());
        self.fields.clear();
        self.fields.extend(fields.iter().enumerate().map(|(at, field)| {
            let (text, value) = (field.name.as_bytes(), field.value);
            let name = Span::of(text, bytes);
            // The line before this one ends right here.
            crlf &= bytes.get(name.start().wrapping_sub(2)) == Some(&b'\r');
            if seen.is_ok() {
                seen = each(at, text, value);
            }
            FieldAt { name, value: Span::of(value, bytes) }
        }));
        if !crlf {
            return Err(Refusal::BareLf);
        }
        let line = self.fields.first().map_or(bytes.len() - 2, |field| field.name.start()) - 2;
        if line > limits.line {
            return Err(Refusal::TargetLength);
        }
        if bytes.len() - line > limits.fields + 4 {
            return Err(Refusal::FieldsLength);
        }
        seen?;
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Takes the head at the beginning of `bytes` whose first line ends at `line`, if nothing in it is
    /// unusual, and answers its length; shows `each` field.
    pub(crate) fn take_plain(
        &mut self,
        bytes: &[u8],
        line: usize,
        limits: &Limits,
        each: impl FnMut(usize, &[u8], &[u8]) -> Result<(), Refusal>,
    ) -> Option<usize> {
        self.fields.clear();
        let most = limits.count.min(MOST_FIELDS);
        let length = field_lines(bytes, line, most, &mut self.fields, each)?;
        // What is too large is for the other way to say.
        if line > limits.line + 2 || length - line > limits.fields + 2 {
            return None;
        }
        self.bytes.clear();
        self.bytes.extend_from_slice(bytes.get(..length)?);
        Some(length)
    }

    /// Where the value of the field at a position is.
    pub(crate) fn value_at(&self, at: usize) -> Span {
        self.fields.get(at).map_or(Span::default(), |field| field.value)
    }

    pub(crate) fn at(&self) -> &[FieldAt] {
        &self.fields
    }
}

/// Refuses a head, or the beginning of one, in which a line ends without CR.
pub(crate) fn refuse_bare_lf(bytes: &[u8]) -> Result<(), Refusal> {
    let bare = |at: usize| at.checked_sub(1).and_then(|before| bytes.get(before)) != Some(&b'\r');
    if memchr::memchr_iter(b'\n', bytes).any(bare) { Err(Refusal::BareLf) } else { Ok(()) }
}

/// How a head that is not complete yet, or has too many fields, breaks the limits.
pub(crate) fn refuse_large(bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let line = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    if line > limits.line + 1 {
        return Err(Refusal::TargetLength);
    }
    if bytes.len() - line > limits.fields + 4 {
        return Err(Refusal::FieldsLength);
    }
    Ok(())
}
