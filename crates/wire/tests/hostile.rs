//! The hostile messages of the corpus, as far as their bytes alone say what is wrong.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is the report"
)]

#[path = "support/corpus.rs"]
mod corpus;

use corpus::{Row, rows};
use wire::{
    Asked, Framing, Head, Limits, Marks, Piece, Reading, Refusal, Request, Response, Scanner, canonical, split_query,
    trailers,
};

const LIMITS: Limits = Limits { line: 16 * 1024, fields: 64 * 1024, count: 100 };

/// Reads the first request in bytes that come in segments of this size: its body as well.
fn request(bytes: &[u8], segment: usize) -> Result<(), Refusal> {
    let mut head = Head::default();
    let ends = (1..bytes.len().div_ceil(segment)).map(|count| count * segment).chain([bytes.len()]);
    for end in ends {
        if let Some((request, length)) = Request::parse(&mut head, &bytes[..end], &LIMITS)? {
            path(split_query(head.part(request.target.path())).0)?;
            return body(request.framing, &bytes[length..], segment);
        }
    }
    panic!("no whole head: {}", bytes.escape_ascii());
}

/// Refuses the paths that routes refuse by default.
fn path(path: &[u8]) -> Result<(), Refusal> {
    let refused = Marks::ENCODED_SLASH.and(Marks::ENCODED_BACKSLASH).and(Marks::BACKSLASH).and(Marks::BARE_SEMICOLON);
    let marks = canonical(path, Reading::default(), &mut Vec::new())?;
    if marks.has_any(refused) { Err(Refusal::Path) } else { Ok(()) }
}

/// The same of a response to GET.
fn response(bytes: &[u8], segment: usize) -> Result<(), Refusal> {
    let mut head = Head::default();
    let ends = (1..bytes.len().div_ceil(segment)).map(|count| count * segment).chain([bytes.len()]);
    for end in ends {
        if let Some((response, length)) = Response::parse(&mut head, &bytes[..end], &LIMITS, Asked::default())? {
            return body(response.framing, &bytes[length..], segment);
        }
    }
    panic!("no whole head: {}", bytes.escape_ascii());
}

fn body(framing: Framing, bytes: &[u8], segment: usize) -> Result<(), Refusal> {
    if framing != Framing::Chunked {
        return Ok(());
    }
    let (mut scanner, mut lines) = (Scanner::default(), Vec::new());
    for segment in bytes.chunks(segment) {
        let mut rest = segment;
        while !rest.is_empty() && !scanner.is_done() {
            let read = match scanner.next(rest)? {
                Piece::Trailer(read) => {
                    lines.extend_from_slice(&rest[..read]);
                    read
                }
                Piece::End(read) => {
                    lines.extend_from_slice(b"\r\n");
                    trailers(&lines, &mut Vec::new())?;
                    read
                }
                Piece::Pass(read)
                | Piece::Data(read)
                | Piece::Skip(read)
                | Piece::Size(read, _)
                | Piece::Last(read)
                | Piece::Final(read) => read,
            };
            rest = &rest[read..];
        }
    }
    assert!(scanner.is_done(), "no end: {}", bytes.escape_ascii());
    Ok(())
}

#[test]
fn each_request_of_the_corpus_is_admitted_or_refused_with_its_status() {
    // Where it goes, and how often it has been there, is for whoever passes it on.
    let others = |row: &Row| ["X09 ", "X12 "].iter().any(|id| row.name.starts_with(id));
    for row in rows().iter().filter(|row| row.answered.is_none() && !row.refuses && !others(row)) {
        for segment in [row.sends.len(), row.segment.max(row.sends.len() / 1000)] {
            let status = request(&row.sends, segment).map_err(Refusal::status);
            let expected = if row.admits.is_empty() { Err(row.answers[0]) } else { Ok(()) };
            assert_eq!(status, expected, "{}, {segment} bytes a segment", row.name);
        }
    }
}

#[test]
fn each_answer_of_the_corpus_is_taken_or_refused() {
    // To say no more in time is for whoever counts, and HEAD for whoever has asked.
    let others = ["X14-interim ", "X14-behind-head "];
    for row in rows().iter().filter(|row| !others.contains(&row.name.as_str())) {
        let Some(answered) = &row.answered else { continue };
        for segment in [answered.len(), row.segment] {
            let taken = response(answered, segment).is_ok();
            assert_eq!(taken, row.delivers.is_some(), "{}, {segment} bytes a segment", row.name);
        }
    }
}
