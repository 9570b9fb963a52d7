//! A request's head as it goes on.

use wire::{Added, FieldSet, Framing, Head, Line, Request, Target};

/// Edits a head as a proxy does: the target in origin form, one Host, Content-Length as we write it, and
/// nothing that was for us alone.
pub fn emitted(head: &Head, request: &Request) -> Vec<u8> {
    let path = head.part(request.target.path());
    let slash: &[u8] = match request.target {
        Target::Asterisk => b"*",
        _ if path.starts_with(b"/") => b"",
        _ => b"/",
    };
    let line = [head.part(request.method_at), b" ", slash, path, b" HTTP/1.1"];
    let host = [request.host.map_or(&b"nobody"[..], |at| head.part(at))];
    let length = match request.framing {
        Framing::Length(length) => length.to_string(),
        _ => "0".to_owned(),
    };
    let length = [length.as_bytes()];
    let mut drop = request.connection.drop;
    let mut added = Vec::new();
    if !request.host_stays {
        drop = drop.and(request.host_fields);
        added.push(Added { name: b"Host", value: &host });
    }
    if request.odd_length {
        drop = drop.and(request.length_fields);
        added.push(Added { name: b"Content-Length", value: &length });
    }
    written(head, Line::Made(&line), drop, &added)
}

/// What is written is the same whether there is just enough room or more; with less, nothing is.
fn written(head: &Head, line: Line<'_>, drop: FieldSet, added: &[Added<'_>]) -> Vec<u8> {
    let mut room = vec![0; head.bytes().len() + 1000];
    let edits = wire::Edits { line, drop, added, lines: b"" };
    let emit = |room: &mut [u8]| wire::emit(room, head.view(), &edits);
    let length = emit(&mut room).unwrap_or_else(|| panic!("no room for {}", head.bytes().escape_ascii()));
    room.truncate(length);
    let before = room.clone();
    assert_eq!(emit(&mut room), Some(length));
    assert_eq!(room, before);
    room.pop();
    assert_eq!(emit(&mut room), None);
    before
}
