//! Heads of requests: what is refused and why, and what is understood.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic in a test is the report"
)]

use proptest::prelude::*;
use wire::{Framing, Head, Limits, Method, Refusal, Request, Target, Version};

const LIMITS: Limits = Limits { line: 8 * 1024, fields: 64 * 1024, count: 100 };

fn parse(bytes: &[u8]) -> Result<Option<(Request, usize, Head)>, Refusal> {
    let mut head = Head::default();
    let parsed = Request::parse(&mut head, bytes, &LIMITS)?;
    Ok(parsed.map(|(request, length)| (request, length, head)))
}

/// The verdict, which is the same whether the bytes come at once or one by one.
fn verdict(bytes: &[u8]) -> Result<(Request, usize, Head), Refusal> {
    let whole = parse(bytes).map(|parsed| parsed.expect("a whole head"));
    // Of a long one not every prefix: each is read from its begin.
    let mut prefixes =
        (0..=bytes.len()).filter(|length| *length < 500 || length % 499 == 0 || length + 500 > bytes.len());
    let bit_by_bit = prefixes.find_map(|length| match parse(&bytes[..length]) {
        Ok(None) => None,
        Ok(Some(parsed)) => Some(Ok(parsed)),
        Err(refusal) => Some(Err(refusal)),
    });
    match (&whole, bit_by_bit.expect("a whole head")) {
        (Ok((request, length, _)), Ok((other, other_length, _))) => {
            assert_eq!((request, *length), (&other, other_length));
        }
        (Err(refusal), Err(other)) => assert_eq!(refusal.status(), other.status(), "{}", show(bytes)),
        (whole, other) => panic!("{:?}: at once {}, one by one {}", show(bytes), whole.is_ok(), other.is_ok()),
    }
    whole
}

fn show(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

fn get(fields: &str) -> Vec<u8> {
    format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes()
}

fn post(fields: &str) -> Vec<u8> {
    format!("POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n").into_bytes()
}

#[track_caller]
fn refused(bytes: impl AsRef<[u8]>, with: Refusal) {
    let bytes = bytes.as_ref();
    match verdict(bytes) {
        Err(refusal) => assert_eq!(refusal, with, "{}", show(bytes)),
        Ok(_) => panic!("understood: {}", show(bytes)),
    }
}

#[track_caller]
fn understood(bytes: impl AsRef<[u8]>) -> (Request, Head) {
    let bytes = bytes.as_ref();
    match verdict(bytes) {
        Ok((request, length, head)) => {
            assert_eq!(length, bytes.len());
            (request, head)
        }
        Err(refusal) => panic!("{refusal:?}: {}", show(bytes)),
    }
}

/// Conformance: 1.
#[test]
fn content_length_with_transfer_encoding_is_refused() {
    refused(post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n"), Refusal::TwoLengths);
    refused(post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), Refusal::TwoLengths);
    refused(post("Transfer-Encoding: x\r\nContent-Length: 5\r\n"), Refusal::TwoLengths);
}

/// Conformance: 4.
#[test]
fn an_unknown_coding_is_501_and_anything_else_but_chunked_alone_400() {
    for unknown in ["xchunked", "gzip", "identity", "chunke"] {
        refused(post(&format!("Transfer-Encoding: {unknown}\r\n")), Refusal::Coding);
    }
    let malformed = [
        "chunked, identity",
        "identity, chunked",
        "gzip, chunked",
        ",chunked",
        "\"chunked\"",
        "chunked;a=b",
        "",
        "chunked,",
    ];
    for value in malformed {
        refused(post(&format!("Transfer-Encoding: {value}\r\n")), Refusal::TransferEncoding);
    }
    refused(post("Transfer-Encoding: \x0bchunked\r\n"), Refusal::Field);
}

/// Conformance: 5.
#[test]
fn chunked_is_said_once_in_any_case() {
    for twice in ["chunked, chunked", "chunked\r\nTransfer-Encoding: chunked"] {
        refused(post(&format!("Transfer-Encoding: {twice}\r\n")), Refusal::TransferEncoding);
    }
    refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"), Refusal::TransferEncoding);
    refused(post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n"), Refusal::TransferEncoding);
    for value in ["chunked", "Chunked", "CHUNKED"] {
        assert_eq!(understood(post(&format!("Transfer-Encoding: {value}\r\n"))).0.framing, Framing::Chunked);
    }
}

/// Conformance: 6.
#[test]
fn transfer_encoding_in_http_1_0_is_refused() {
    for coding in ["chunked", "gzip"] {
        let old = format!("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: {coding}\r\n\r\n");
        refused(old, Refusal::TransferEncoding);
    }
}

/// Conformance: 2.
#[test]
fn a_content_length_that_is_repeated_is_refused() {
    for value in ["5, 5", "5,6", "5\r\nContent-Length: 5", "5\r\nContent-Length: 6"] {
        refused(post(&format!("Content-Length: {value}\r\n")), Refusal::ContentLength);
    }
}

/// Conformance: 3.
#[test]
fn a_content_length_that_is_no_plain_number_is_refused() {
    for value in ["+5", "0x5", "5 5", "-1", "", "5_0", "18446744073709551621", "5;", "٥"] {
        refused(post(&format!("Content-Length: {value}\r\n")), Refusal::ContentLength);
    }
    let (request, _) = understood(post("Content-Length: 005\r\n"));
    assert_eq!((request.framing, request.odd_length), (Framing::Length(5), true));
    let (request, _) = understood(post("Content-Length:  5\t \r\n"));
    assert_eq!((request.framing, request.odd_length), (Framing::Length(5), false));
    assert_eq!(understood(post("Content-Length: 0\r\n")).0.framing, Framing::None);
    assert_eq!(understood(get("Content-Length: 40\r\n")).0.framing, Framing::Length(40));
    assert_eq!(understood(post("")).0.framing, Framing::None);
    assert_eq!(understood("POST / HTTP/1.0\r\n\r\n").0.framing, Framing::None);
}

/// Conformance: 1.
#[test]
fn names_that_others_take_for_framing_are_refused() {
    for alias in ["Transfer_Encoding: chunked", "transfer.encoding: chunked", "Content_Length: 5"] {
        refused(post(&format!("{alias}\r\n")), Refusal::Alias);
    }
}

#[test]
fn names_that_others_take_for_what_is_said_of_the_client_go_no_further() {
    let (request, _) = understood(get("X_Forwarded_For: a\r\nx-forwarded.proto: b\r\nX-Forwarded-Host: c\r\n"));
    let dropped: Vec<_> = (0..4).filter(|at| request.connection.drop.has(*at)).collect();
    assert_eq!((dropped, request.claims.has(3)), (vec![1, 2], true));
}

/// Conformance: 7.
#[test]
fn a_name_that_is_no_token_right_before_its_colon_is_refused() {
    for name in ["Transfer-Encoding ", "Transfer-Encoding\t", "Transfer-Encoding\0", "a b", "", "a\x7f", "a(", "ä"] {
        refused(get(&format!("{name}: chunked\r\n")), Refusal::Field);
    }
    for byte in [b'\x85', b'\xad'] {
        let line = [&b"Transfer-Encoding"[..], &[byte], b": chunked\r\n"].concat();
        refused([b"POST / HTTP/1.1\r\nHost: a\r\n", &line[..], b"\r\n"].concat(), Refusal::Field);
    }
    refused(get("nocolon\r\n"), Refusal::Field);
}

/// Conformance: 8.
#[test]
fn a_folded_line_is_refused() {
    for line in ["X: a\r\n b", "X: a\r\n\tb", "X:\r\n b", "Transfer-Encoding:\r\n chunked"] {
        refused(get(&format!("{line}\r\n")), Refusal::Field);
    }
}

/// Conformance: 9.
#[test]
fn a_control_in_a_field_is_refused() {
    for line in ["X: a\0b", "X: a\x01", "X: a\x7f", "X: a\rb", "X: \r"] {
        refused(get(&format!("{line}\r\n")), Refusal::Field);
    }
    // Bytes above ASCII may be in a value, a tab as well.
    understood(b"GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\tb\r\n\r\n");
}

/// Conformance: 10.
#[test]
fn a_blank_before_the_first_field_is_refused() {
    for blank in [" ", "\t", "  "] {
        refused(format!("GET / HTTP/1.1\r\n{blank}Host: a\r\n\r\n"), Refusal::Field);
        refused(format!("GET / HTTP/1.1\r\n{blank}X: y\r\nHost: a\r\n\r\n"), Refusal::Field);
        refused(format!("GET / HTTP/1.1\r\n{blank}\r\nHost: a\r\n\r\n"), Refusal::Field);
    }
}

/// Conformance: 9.
#[test]
fn a_line_that_ends_without_cr_is_refused() {
    refused("GET / HTTP/1.1\nHost: a\n\n", Refusal::BareLf);
    refused("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", Refusal::BareLf);
    refused(get("Foo: bar\nTransfer-Encoding: chunked\r\n"), Refusal::BareLf);
    refused("GET / HTTP/1.1\r\nHost: a\r\n\n", Refusal::BareLf);
    refused("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::StartLine);
}

#[test]
fn malformed_first_lines_are_refused() {
    let lines = [
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "G\"T / HTTP/1.1",
        "GET /",
        "GET / ",
        "GET / HTTP/1",
        "GET / http/1.1",
        "GET / HTTP/1.1x",
        "GET",
        "GET / HTTP/ 1.1",
        "PRI * HTTP/2.0",
        "GET / FTP/1.1",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2",
    ];
    for line in lines {
        let refusal = verdict(format!("{line}\r\nHost: a\r\n\r\n").as_bytes()).map(|_| ()).unwrap_err();
        assert_eq!(refusal.status(), 400, "{line}: {refusal:?}");
    }
    for line in ["GET / HTTP/1.2", "GET / HTTP/2.0", "GET / HTTP/0.9", "GET / HTTP/3.1"] {
        refused(format!("{line}\r\nHost: a\r\n\r\n"), Refusal::Version);
    }
    refused(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", Refusal::StartLine);
}

/// Conformance: 23.
#[test]
fn there_is_exactly_one_valid_host() {
    refused("GET / HTTP/1.1\r\n\r\n", Refusal::Host);
    refused(get("Host: a\r\n"), Refusal::Host);
    refused(get("Host: b\r\n"), Refusal::Host);
    for host in ["a, b", "a/../b?x#y", "a:99999", "u@a", "a/b", "", "a..b", "a b", "[::1", "[x]"] {
        refused(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), Refusal::Host);
        refused(format!("GET http://a/ HTTP/1.1\r\nHost: {host}\r\n\r\n"), Refusal::Host);
        refused(format!("GET / HTTP/1.0\r\nHost: {host}\r\n\r\n"), Refusal::Host);
    }
    assert_eq!(understood("GET / HTTP/1.0\r\n\r\n").0.host, None);
    let (request, head) = understood(get(""));
    assert_eq!(head.part(request.host.unwrap()), b"a");
}

/// Conformance: 24, 27.
#[test]
fn the_target_has_a_form_that_fits_its_method() {
    for target in [
        "*",
        "admin",
        "host:80",
        "ftp://a/",
        "//",
        "http://",
        "http:///x",
        "http://u@a/",
        "http://a:99999/",
        "/a#b",
        "/%00",
        "/a%00b",
        "/ä",
        "?x",
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        if target == "//" {
            understood(request);
        } else {
            refused(request, Refusal::Target);
        }
    }
    refused(b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::StartLine);
    for target in ["/", "*", "a", "http://a:80/", "u@a:80"] {
        refused(format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"), Refusal::Target);
    }
    refused("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", Refusal::Method);
    let (request, _) = understood("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(request.target, Target::Asterisk);
    let (request, head) = understood("GET HTTP://B:81/x?y=%25 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(matches!(request.target, Target::Absolute(..)));
    assert_eq!(head.part(request.host.unwrap()), b"B:81", "the target wins");
    assert_eq!(head.part(request.target.path()), b"/x?y=%25");
    assert!(request.host_fields.has(0));
    let (request, head) = understood("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(head.part(request.target.path()), b"");
    let (request, head) = understood("GET http://b?q HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(head.part(request.target.path()), b"?q");
}

/// Conformance: 59a.
#[test]
fn what_is_larger_than_the_limits_is_refused_before_it_is_whole() {
    let long = "a".repeat(LIMITS.line);
    refused(format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), Refusal::TargetLength);
    assert_eq!(parse(format!("GET /{long}{long}").as_bytes()).map(|_| ()), Err(Refusal::TargetLength));
    for (fields, version) in [("Host: a\r\n", "1.1"), ("", "1.0")] {
        let most = "a".repeat(LIMITS.line - "GET / HTTP/1.1".len());
        understood(format!("GET /{most} HTTP/{version}\r\n{fields}\r\n"));
        refused(format!("GET /{most}a HTTP/{version}\r\n{fields}\r\n"), Refusal::TargetLength);
    }
    let long = "a".repeat(70_000);
    refused(get(&format!("X: {long}\r\n")), Refusal::FieldsLength);
    assert_eq!(parse(&get(&format!("X: {long}"))).map(|_| ()), Err(Refusal::FieldsLength));
    refused(get(&"X: y\r\n".repeat(100)), Refusal::FieldsCount);
    understood(get(&"X: y\r\n".repeat(99)));
}

/// Conformance: 35.
#[test]
fn fields_for_the_neighbour_go_no_further() {
    let (request, head) = understood(get(
        "Connection: close, X-Custom ,host\r\nKeep-Alive: 5\r\nX-Custom: 1\r\nx-custom: 2\r\nTE: trailers, gzip\r\nProxy-Connection: x\r\nAccept: a\r\n",
    ));
    let kept: Vec<_> = head
        .view()
        .fields()
        .enumerate()
        .filter(|(at, _)| !request.connection.drop.has(*at))
        .map(|(_, (name, _))| name)
        .collect();
    assert_eq!(kept, [&b"Host"[..], b"Accept"]);
    assert!(!request.keeps_alive() && request.takes_trailers);
    for (fields, dropped) in [("Close: 1\r\nConnection: close\r\n", true), ("Close: 1\r\n", false)] {
        assert_eq!(understood(get(fields)).0.connection.drop.has(1), dropped, "{fields}");
    }
    assert!(understood(get("")).0.keeps_alive());
    assert!(!understood("GET / HTTP/1.0\r\n\r\n").0.keeps_alive());
    assert!(understood("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").0.keeps_alive());
}

/// Conformance: 18, 47.
#[test]
fn an_upgrade_is_one_only_when_it_is_said_and_has_no_body() {
    let asked = |fields: &str| understood(get(fields)).0.upgrade.is_some();
    assert!(asked("Connection: Upgrade\r\nUpgrade: websocket\r\n"));
    assert!(!asked("Upgrade: websocket\r\n"), "Connection does not name it");
    assert!(!asked("Connection: upgrade\r\n"));
    assert!(!asked("Connection: upgrade\r\nUpgrade: foo\r\n"), "nobody here knows it");
    assert!(!asked("Connection: upgrade\r\nUpgrade: websocket, foo\r\n"));
    assert!(asked("Connection: upgrade\r\nUpgrade: SPDY/3.1, WebSocket\r\n"));
    assert!(!asked("Connection: upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"));
    assert!(understood("GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n").0.upgrade.is_none());
    for body in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        refused(post(&format!("Connection: upgrade\r\nUpgrade: x\r\n{body}\r\n")), Refusal::UpgradeBody);
        let (request, _) = understood(post(&format!("Connection: upgrade\r\nUpgrade: h2c\r\n{body}\r\n")));
        assert_ne!(request.framing, Framing::None, "it goes on as HTTP/1.1, body and all");
    }
}

/// Conformance: 43.
#[test]
fn the_only_expectation_is_100_continue() {
    assert!(understood(post("Expect: 100-Continue\r\nContent-Length: 5\r\n")).0.expects_continue);
    refused(post("Expect: 200-ok\r\n"), Refusal::Expectation);
    assert!(!understood("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").0.expects_continue);
}

#[test]
fn an_empty_line_before_a_request_is_stepped_over() {
    let bytes = b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET";
    let (request, length, head) = parse(bytes).unwrap().unwrap();
    assert_eq!((request.method, request.version, length), (Method::Get, Version::Http11, bytes.len() - 3));
    assert_eq!(head.bytes(), &bytes[2..length]);
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_answer_in_two_ways(bytes in prop::collection::vec(prop::sample::select(b"GETPOS /*:ahHost1.\r\n\t,#%0\0\xff".to_vec()), 0..80), before in prop::sample::select(vec!["", "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "])) {
        let bytes = [before.as_bytes(), &bytes, b"\r\n\r\n"].concat();
        let whole = parse(&bytes);
        if let Ok(Some((request, length, _))) = whole {
            let (other, other_length, _) = (0..=bytes.len()).find_map(|end| parse(&bytes[..end]).unwrap()).unwrap();
            prop_assert_eq!((request, length), (other, other_length));
        }
    }
}
