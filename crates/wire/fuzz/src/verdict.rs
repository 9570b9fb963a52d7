//! Whether the codec and the plain reader come to the same verdict.

use std::fmt::Debug;

use reference::{Body, Field, Read, Stop};
use wire::{FieldSet, Framing, Head, Refusal};

/// What the codec answers of a head.
pub type Parsed<T> = Result<Option<(T, usize)>, Refusal>;

/// What may follow the beginning of a head. One that the codec refuses has no good end.
const ENDS: [&[u8]; 6] = [
    b"\r\n\r\n",
    b"\n\r\n",
    b"\r\n",
    b"\r\nHost: a\r\n\r\n",
    b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b": a\r\nHost: a\r\n\r\n",
];

/// What both have understood. They take the same heads, with the same length.
pub fn both<C, P>(bytes: &[u8], codec: Parsed<C>, plain: impl Fn(&[u8]) -> Read<P>) -> Option<(C, P)> {
    match (codec, plain(bytes)) {
        (Ok(Some((codec, length))), Ok((plain, plain_length))) => {
            assert_eq!(length, plain_length, "the length of {}", bytes.escape_ascii());
            Some((codec, plain))
        }
        (Ok(None), Err(Stop::Open)) | (Err(_), Err(Stop::Wrong(_))) => None,
        (Err(refusal), Err(Stop::Open)) => {
            for end in ENDS {
                let whole = [bytes, end].concat();
                assert!(plain(&whole).is_err(), "{refusal:?}, but it has a good end: {}", whole.escape_ascii());
            }
            None
        }
        (codec, plain) => {
            let (codec, plain) = (codec.map(|parsed| parsed.is_some()), plain.map(|_| true));
            panic!("the codec {codec:?}, the plain reader {plain:?}: {}", bytes.escape_ascii());
        }
    }
}

/// Parses growing beginnings: once it has answered, more bytes change nothing. Answers that of all.
pub fn in_parts<T: Clone + PartialEq + Debug>(bytes: &[u8], parse: impl Fn(&[u8]) -> Parsed<T>) -> Parsed<T> {
    let mut before: Parsed<T> = Ok(None);
    // Not each beginning of a long head: that would be the square of its length.
    let step = 1 + bytes.len() / 16;
    for end in (0..bytes.len()).step_by(step).chain([bytes.len()]) {
        let now = parse(&bytes[..end]);
        match (&before, &now) {
            (Ok(None), _) | (Err(_), Err(_)) => {}
            _ => assert_eq!(before, now, "at {end} of {}", bytes.escape_ascii()),
        }
        before = now;
    }
    before
}

/// The fields are the same, and so are those for the neighbour alone.
pub fn same_fields(head: &Head, drop: FieldSet, plain: &[Field], for_neighbour: &[bool]) {
    let fields: Vec<(&[u8], &[u8])> = head.view().fields().collect();
    let plain: Vec<(&[u8], &[u8])> = plain.iter().map(|field| (&field.name[..], &field.value[..])).collect();
    assert_eq!(fields, plain, "{}", head.bytes().escape_ascii());
    same_set(head, drop, for_neighbour);
}

/// The set has the fields for which the plain reader says so.
pub fn same_set(head: &Head, set: FieldSet, plain: &[bool]) {
    let found: Vec<bool> = (0..plain.len()).map(|at| set.has(at)).collect();
    assert_eq!(found, plain, "of the fields in {}", head.bytes().escape_ascii());
}

/// How long the body is, in the words of the plain reader.
pub fn body_of(framing: Framing) -> Body {
    match framing {
        Framing::None => Body::None,
        Framing::Length(length) => Body::Length(length),
        Framing::Chunked => Body::Chunked,
        Framing::UntilClose => Body::UntilClose,
    }
}
