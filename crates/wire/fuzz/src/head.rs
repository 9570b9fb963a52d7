//! Heads of both kinds: their parts are what the plain reader finds, they are the same however they come,
//! and what goes on unedited is what came.

use wire::{Asked, FieldSet, Head, Line, Request, Response, Version};

use crate::verdict::{both, in_parts, same_fields, same_set};
use crate::{LIMITS, PLAIN};

/// Holds the codec against the plain reader on a head.
pub fn head(bytes: &[u8]) {
    request(bytes);
    for (head, upgrade) in [(false, false), (true, true)] {
        response(bytes, Asked { head, upgrade });
    }
}

fn request(bytes: &[u8]) {
    let parsed = in_parts(bytes, |bytes| Request::parse(&mut Head::default(), bytes, &LIMITS));
    // A head that never ends is not waited for beyond the limits, with the empty lines before it.
    assert!(!matches!(parsed, Ok(None)) || bytes.len() <= LIMITS.head() + 5, "{} bytes", bytes.len());
    let Some((request, plain)) = both(bytes, parsed, |bytes| reference::request(bytes, PLAIN)) else {
        return;
    };
    let mut head = Head::default();
    assert_eq!(
        Request::parse(&mut head, bytes, &LIMITS).map(|parsed| parsed.map(|(request, _)| request)),
        Ok(Some(request))
    );
    same_fields(&head, request.connection.drop, &plain.fields, &plain.for_neighbour);
    let [claims, ids, underscored] = &plain.client;
    same_set(&head, request.claims, claims);
    same_set(&head, request.request_ids, ids);
    same_set(&head, request.underscored, underscored);
    assert_eq!(head.part(request.method_at), plain.method);
    assert_eq!(minor(request.version), plain.minor);
    assert_eq!(request.keeps_alive(), plain.persists, "{}", bytes.escape_ascii());
    assert_eq!(request.takes_trailers, plain.takes_trailers, "{}", bytes.escape_ascii());
    assert_eq!(request.expects_continue, plain.expects_continue, "{}", bytes.escape_ascii());
    let same = unedited(&head);
    assert_eq!(Request::parse(&mut Head::default(), &same, &LIMITS), Ok(Some((request, same.len()))));
}

fn response(bytes: &[u8], asked: Asked) {
    let parsed = in_parts(bytes, |bytes| Response::parse(&mut Head::default(), bytes, &LIMITS, asked));
    assert!(!matches!(parsed, Ok(None)) || bytes.len() <= LIMITS.head() + 1, "{} bytes", bytes.len());
    let plain = |bytes: &[u8]| reference::response(bytes, PLAIN, asked.head, asked.upgrade);
    let Some((response, plain)) = both(bytes, parsed, plain) else {
        return;
    };
    let mut head = Head::default();
    let again = Response::parse(&mut head, bytes, &LIMITS, asked);
    assert_eq!(again.map(|parsed| parsed.map(|(response, _)| response)), Ok(Some(response)));
    same_fields(&head, response.connection.drop, &plain.fields, &plain.for_neighbour);
    assert_eq!((response.status, minor(response.version)), (plain.status, plain.minor));
    assert_eq!(crate::verdict::body_of(response.framing), plain.body, "{}", bytes.escape_ascii());
    assert_eq!(response.length, plain.length, "{}", bytes.escape_ascii());
    assert_eq!(response.keeps_alive(), plain.persists, "{}", bytes.escape_ascii());
    assert_eq!(response.upgrade.map(|at| head.part(at)), plain.upgrade.as_deref());
    let same = unedited(&head);
    let again = Response::parse(&mut Head::default(), &same, &LIMITS, asked);
    assert_eq!(again, Ok(Some((response, same.len()))));
}

/// What goes on of a head in which nothing is changed.
fn unedited(head: &Head) -> Vec<u8> {
    let mut room = vec![0; head.bytes().len()];
    let edits = wire::Edits { line: Line::Same, drop: FieldSet::default(), added: &[], lines: b"" };
    let length = wire::emit(&mut room, head.view(), &edits);
    assert_eq!(length, Some(room.len()));
    assert_eq!(room, head.bytes());
    room
}

fn minor(version: Version) -> u8 {
    match version {
        Version::Http10 => 0,
        Version::Http11 => 1,
    }
}
