//! A head as lines (RFC 9112 section 2).

use crate::fields::{Field, field};
use crate::{Stop, unless};

/// How large a head may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the first line, without its end.
    pub line: usize,
    /// Bytes of all field lines, with their ends.
    pub fields: usize,
    /// How many fields.
    pub count: usize,
}

/// The first line, the fields, and how many bytes they took.
pub type Lines<'a> = (&'a [u8], Vec<Field>, usize);

/// Takes a head apart, behind at most so many empty lines. It may `mend` what a proxy mends in a response:
/// folded values, and blanks before a colon (RFC 9112 sections 5.1 and 5.2).
pub fn lines(bytes: &[u8], most_empty: usize, limits: Limits, mend: bool) -> Result<Lines<'_>, Stop> {
    let mut start = 0;
    while bytes[start..].starts_with(b"\r\n") {
        start += 2;
    }
    let end = end_of(&bytes[start..]).ok_or(Stop::Open)? + start;
    unless(start / 2 <= most_empty, "empty lines before the first")?;

    let mut lines = Vec::new();
    for line in bytes[start..end].split_inclusive(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r\n").ok_or(Stop::Wrong("a line ends without CR"))?;
        unless(!line.contains(&b'\r'), "CR within a line")?;
        lines.push(line);
    }
    // The last one is the empty line.
    let (first, fields) = (lines[0], &lines[1..lines.len() - 1]);
    unless(first.len() <= limits.line, "the first line is too long")?;
    unless(fields.iter().map(|line| line.len() + 2).sum::<usize>() <= limits.fields, "the fields are too long")?;
    let fields = if mend { mended(fields) } else { fields.iter().map(|line| line.to_vec()).collect() };
    unless(fields.len() <= limits.count, "too many fields")?;
    let fields = fields.iter().map(|line| field(line)).collect::<Result<_, _>>()?;
    Ok((first, fields, end))
}

/// The lines with each fold replaced by two blanks, and without blanks before the first colon.
fn mended(lines: &[&[u8]]) -> Vec<Vec<u8>> {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let mut mended: Vec<Vec<u8>> = Vec::new();
    for line in lines {
        match mended.last_mut() {
            // Only a value can be folded.
            Some(before) if is_blank(line.first()) && before.contains(&b':') => before.extend([b"  ", *line].concat()),
            _ => mended.push(line.to_vec()),
        }
    }
    for line in &mut mended {
        while let Some(colon) = line.iter().position(|byte| *byte == b':').filter(|at| *at > 1) {
            if !is_blank(line.get(colon - 1)) {
                break;
            }
            line.remove(colon - 1);
        }
    }
    mended
}

/// Behind the first empty line, however that line ends.
fn end_of(bytes: &[u8]) -> Option<usize> {
    (1..=bytes.len()).find(|end| bytes[..*end].ends_with(b"\n\n") || bytes[..*end].ends_with(b"\n\r\n"))
}
