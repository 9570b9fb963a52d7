//! What a request's head means: how long the body is, whom it is for, what it asks; and that what goes on
//! means the same to whoever reads it next.

use reference::Form;
use wire::{Head, Host, Request, Target};

use crate::emitted::emitted;
use crate::verdict::{body_of, both, same_fields};
use crate::{LIMITS, PLAIN};

/// Where the head that goes on is larger than it came, nobody asks for the limits again.
const AMPLE: reference::Limits = reference::Limits { line: 1 << 16, fields: 1 << 16, count: 128 };

/// Holds the codec against the plain reader on what a request means.
pub fn framing(bytes: &[u8]) {
    let mut head = Head::default();
    let parsed = Request::parse(&mut head, bytes, &LIMITS);
    let Some((request, plain)) = both(bytes, parsed, |bytes| reference::request(bytes, PLAIN)) else {
        return;
    };
    assert_eq!(body_of(request.framing), plain.body, "{}", bytes.escape_ascii());
    let form = match request.target {
        Target::Origin(_) => Form::Origin,
        Target::Absolute(..) => Form::Absolute,
        Target::Asterisk => Form::Asterisk,
    };
    assert_eq!((form, head.part(request.target.path())), (plain.form, &plain.path[..]));
    let authority = request.host.map(|at| head.part(at));
    assert_eq!(authority, plain.authority.as_deref(), "{}", bytes.escape_ascii());
    if let Some(authority) = authority {
        let host = Host::parse(authority).ok().map(|host| (host.name.to_vec(), host.port));
        assert_eq!(host, reference::authority(authority), "{}", authority.escape_ascii());
    }
    assert_eq!(request.upgrade.map(|at| head.part(at)), plain.upgrade.as_deref(), "{}", bytes.escape_ascii());
    same_fields(&head, request.connection.drop, &plain.fields, &plain.for_neighbour);

    let next = emitted(&head, &request);
    let Ok((read, length)) = reference::request(&next, AMPLE) else {
        panic!("nobody takes {} for {}", next.escape_ascii(), bytes.escape_ascii());
    };
    assert_eq!(length, next.len(), "{}", next.escape_ascii());
    assert_eq!((&read.method, read.body), (&plain.method, plain.body), "{}", next.escape_ascii());
    assert!(plain.authority.is_none() || read.authority == plain.authority, "{}", next.escape_ascii());
    assert!(!read.for_neighbour.contains(&true), "{}", next.escape_ascii());
    let zero = |field: &&reference::Field| field.is("content-length") && field.value.starts_with(b"0");
    assert!(read.fields.iter().filter(zero).all(|field| field.value == b"0"), "{}", next.escape_ascii());
    // Nothing is lost but what is for the neighbour, and nothing comes but Host.
    let left = plain.for_neighbour.iter().filter(|alone| !**alone).count();
    let host_comes = !plain.fields.iter().any(|field| field.is("host"));
    assert_eq!(read.fields.len(), left + usize::from(host_comes), "{}", next.escape_ascii());
}
