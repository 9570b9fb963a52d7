//! Heads of responses: what is refused, and what is understood.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is the report"
)]

use wire::{Asked, Framing, Head, Limits, Refusal, Response};

const LIMITS: Limits = Limits { line: 8 * 1024, fields: 64 * 1024, count: 100 };
const UPGRADE: Asked = Asked { head: false, upgrade: true };
const HEAD: Asked = Asked { head: true, upgrade: false };

fn parse(bytes: &[u8], asked: Asked) -> Result<Option<(Response, usize)>, Refusal> {
    Response::parse(&mut Head::default(), bytes, &LIMITS, asked)
}

/// The verdict, which is the same whether the bytes come at once or one by one.
fn verdict(bytes: &[u8], asked: Asked) -> Result<Response, Refusal> {
    let whole = parse(bytes, asked).map(|parsed| parsed.expect("a whole head").0);
    let bit_by_bit = (0..=bytes.len()).find_map(|length| parse(&bytes[..length], asked).transpose());
    let bit_by_bit = bit_by_bit.expect("a whole head").map(|(response, _)| response);
    assert_eq!(whole.is_ok(), bit_by_bit.is_ok(), "{}", bytes.escape_ascii());
    if let (Ok(one), Ok(other)) = (&whole, &bit_by_bit) {
        assert_eq!(one, other);
    }
    whole
}

fn answered(status: &str, fields: &str, asked: Asked) -> Result<Response, Refusal> {
    verdict(format!("HTTP/1.1 {status}\r\n{fields}\r\n").as_bytes(), asked)
}

#[track_caller]
fn framing(status: &str, fields: &str, asked: Asked) -> Framing {
    answered(status, fields, asked).unwrap().framing
}

/// How a head with these fields is passed on, and its framing.
fn mended(fields: &str) -> (String, Framing) {
    let (bytes, mut head) = (format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes(), Head::default());
    let (response, length) = Response::parse(&mut head, &bytes, &LIMITS, Asked::default()).unwrap().unwrap();
    assert_eq!((length, verdict(&bytes, Asked::default())), (bytes.len(), Ok(response)));
    (String::from_utf8(head.bytes().into()).unwrap(), response.framing)
}

/// Conformance: 14, 15, 45.
#[test]
fn the_length_of_the_body_follows_from_status_fields_and_method() {
    let none = Asked::default();
    assert_eq!(framing("200 OK", "Content-Length: 5\r\n", none), Framing::Length(5));
    assert_eq!(framing("200 OK", "Content-Length: 0\r\n", none), Framing::None);
    assert_eq!(framing("200 OK", "Transfer-Encoding: chunked\r\n", none), Framing::Chunked);
    assert_eq!(framing("200 OK", "", none), Framing::UntilClose);
    assert_eq!(framing("200", "", none), Framing::UntilClose, "a reason may be missing");
    assert_eq!(framing("304 Not Modified", "Content-Length: 5\r\n", none), Framing::None);
    assert_eq!(framing("204 No Content", "", none), Framing::None);
    assert_eq!(framing("103 Early Hints", "Link: x\r\n", none), Framing::None);
    assert_eq!(framing("200 OK", "Content-Length: 5\r\n", HEAD), Framing::None);
    assert_eq!(framing("200 OK", "Transfer-Encoding: chunked\r\n", HEAD), Framing::None);
    assert_eq!(verdict(b"HTTP/1.0 200 OK\r\n\r\n", none).unwrap().framing, Framing::UntilClose);
    assert!(answered("204 No Content", "Content-Length: 0\r\n", none).unwrap().odd_length, "the field is left out");
}

/// Conformance: 6, 13, 15.
#[test]
fn ambiguous_lengths_are_refused() {
    let both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
    let twice = "Content-Length: 5\r\nContent-Length: 5\r\n";
    let differ = "Content-Length: 5\r\nContent-Length: 6\r\n";
    let codings = "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n";
    for fields in [
        both,
        twice,
        differ,
        codings,
        "Content-Length: +5\r\n",
        "Content-Length: 5, 5\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Content_Length: 5\r\n",
    ] {
        assert!(answered("200 OK", fields, Asked::default()).is_err(), "{fields}");
        assert!(answered("200 OK", fields, HEAD).is_err(), "{fields}");
    }
    for status in ["204 No Content", "103 Early Hints", "100 Continue"] {
        for fields in ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
            assert!(answered(status, fields, Asked::default()).is_err(), "{status} {fields}");
        }
    }
    assert!(verdict(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Asked::default()).is_err());
}

/// Conformance: 9, 59a.
#[test]
fn malformed_heads_are_refused() {
    let heads: [&[u8]; 18] = [
        b"HTTP/1.1 200 OK\nA: b\n\n",
        b"HTTP/1.1 200 OK\r\nA: b\n\r\n",
        b"HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n c\n d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\nB: \x01\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nnocolon\r\n\r\n",
        b"HTTP/2.0 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 099 OK\r\n\r\n",
        b"HTTP/1.1 600 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1  200 OK\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ];
    for head in heads {
        assert!(verdict(head, Asked::default()).is_err(), "{}", head.escape_ascii());
    }
    let large = format!("HTTP/1.1 200 OK\r\nA: {}", "a".repeat(1 << 20));
    assert_eq!(parse(large.as_bytes(), Asked::default()), Err(Refusal::FieldsLength));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(101));
    assert_eq!(parse(many.as_bytes(), Asked::default()), Err(Refusal::FieldsCount));
}

/// Conformance: 7.
#[test]
fn a_blank_before_a_colon_is_taken_out() {
    let (head, framing) = mended("A : b:c\r\nContent-Length \t: 5\r\nD:e\r\n");
    assert_eq!(head, "HTTP/1.1 200 OK\r\nA:  b:c\r\nContent-Length: \t 5\r\nD:e\r\n\r\n");
    assert_eq!(framing, Framing::Length(5));
}

/// Conformance: 8.
#[test]
fn a_folded_value_is_unfolded() {
    let (head, _) = mended("A: b\r\n c\r\n\t d\r\nB:\r\n e\r\nC: f\r\n \r\n");
    assert_eq!(head, "HTTP/1.1 200 OK\r\nA: b   c  \t d\r\nB:   e\r\nC: f   \r\n\r\n");
    assert_eq!(mended("Transfer-Encoding:\r\n chunked\r\n").1, Framing::Chunked);
    assert_eq!(answered("200 OK", "Content-Length: 5\r\n 6\r\n", Asked::default()), Err(Refusal::ContentLength));
    assert!(answered("200 OK", "Content-Length: 5\r\nTransfer-Encoding :\r\n chunked\r\n", HEAD).is_err());
}

/// Conformance: 47.
#[test]
fn protocols_are_switched_only_when_it_was_asked() {
    let fields = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    assert_eq!(answered("101 Switching Protocols", fields, Asked::default()), Err(Refusal::Status));
    let response = answered("101 Switching Protocols", fields, UPGRADE).unwrap();
    assert!(!response.is_interim() && !response.keeps_alive() && response.upgrade.is_some());
    assert!(answered("100 Continue", "", UPGRADE).unwrap().is_interim());
}

#[test]
fn a_field_that_means_something_in_requests_alone_means_nothing() {
    for fields in ["Expect: 200-ok\r\n", "Host: a\r\nHost: b, c\r\n", "TE: trailers\r\n"] {
        assert_eq!(framing("204 No Content", fields, Asked::default()), Framing::None);
    }
}

#[test]
fn a_connection_stays_unless_it_is_said_or_needed_that_it_ends() {
    let keeps = |text: &str| verdict(text.as_bytes(), Asked::default()).unwrap().keeps_alive();
    assert!(keeps("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"));
    assert!(!keeps("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: Close\r\n\r\n"));
    assert!(!keeps("HTTP/1.1 200 OK\r\n\r\n"));
    assert!(!keeps("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n"));
    assert!(keeps("HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n"));
}
