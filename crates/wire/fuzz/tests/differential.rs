//! The codec against the plain reader, with messages made by a grammar that likes to go wrong.

use std::path::Path;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Mostly the first, now and then one of the others.
fn mostly(right: &'static str, others: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![6 => Just(right), 1 => select(others)].prop_map(str::to_owned)
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_owned)
}

fn line_end() -> impl Strategy<Value = String> {
    prop_oneof![60 => Just("\r\n"), 1 => select(&["\n", "\r", "\r\r\n", "\r\n ", " \r\n", ""][..])]
        .prop_map(str::to_owned)
}

fn request_line() -> impl Strategy<Value = String> {
    let method = one_of(&["GET", "POST", "HEAD", "PUT", "OPTIONS", "CONNECT", "PATCH", "get", "G\"T", ""]);
    let target = prop_oneof![
        4 => one_of(&["/", "/a?b=c", "//", "*", "http://b/", "https://b:81?x", "HTTP://b.", "http://", "ftp://b/", "b:80"]),
        1 => "[/a-c%0#?:@.*\\[\\]]{0,8}",
        1 => authority().prop_map(|authority| format!("http://{authority}/x")),
    ];
    let version = mostly("HTTP/1.1", &["HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.", "HTTP/11", ""]);
    let blank = || mostly(" ", &["  ", "\t", "", " \t"]);
    let before = prop_oneof![12 => Just(""), 1 => select(&["\r\n", "\r\n\r\n", "\r\n\r\n\r\n", "\n", " "][..])];
    (before, method, blank(), target, blank(), version)
        .prop_map(|(before, method, one, target, two, version)| format!("{before}{method}{one}{target}{two}{version}"))
}

fn status_line() -> impl Strategy<Value = String> {
    let version = mostly("HTTP/1.1", &["HTTP/1.0", "HTTP/2.0", "ICY", "HTTP/1.1 "]);
    let status = prop_oneof![
        4 => one_of(&["200", "100", "101", "103", "204", "205", "304", "404", "599", "600", "099", "20", "2000"]),
        1 => "[0-9]{3}",
    ];
    let reason = one_of(&[" OK", "", " ", "  Not\tFound", " \u{e4}", "OK", " a\x01"]);
    (version, status, reason).prop_map(|(version, status, reason)| format!("{version} {status}{reason}"))
}

fn authority() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        3 => one_of(&["a", "example.com", "a.b.", "[::1]", "127.0.0.1", "", "a..b", ".a", "u@a", "a,b", "a_b", "a%41", "[]"]),
        1 => "[a-c.:_%@\\[\\]]{0,6}",
        2 => "(0|1|ab|12345|::|:|\\.|1\\.2\\.3\\.4){1,12}".prop_map(|address| format!("[{address}]")),
        1 => "[0-9a-f]{0,4}(:[0-9a-f]{1,4}){5,7}(:127\\.0\\.0\\.(1|01|256))?".prop_map(|address| format!("[{address}]")),
    ];
    let port = one_of(&["", "", ":80", ":65535", ":65536", ":", ":x", ":000080", ":00080", ":-1"]);
    (name, port).prop_map(|(name, port)| format!("{name}{port}"))
}

fn field() -> impl Strategy<Value = String> {
    let deciding = one_of(&[
        "Content-Length: 5",
        "content-length: 0",
        "Content-Length:\t005 ",
        "Content-Length: 18446744073709551615",
        "Content-Length: 18446744073709551616",
        "Content-Length: +5",
        "Content-Length: 5, 5",
        "Content-Length:",
        "Content_Length: 5",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: Chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding:",
        "Transfer.Encoding: chunked",
        "Transfer-Encoding : chunked",
        "Expect: 100-Continue",
        "Expect: 200-ok",
    ]);
    let neighbourly = one_of(&[
        "Connection: close",
        "Connection: Keep-Alive",
        "Connection: upgrade",
        "Connection: , close,X-One ,,host",
        "Connection: x-one, content-length, x-forwarded-for, via",
        "Connection: X-Forwarded-What-Nobody-Knows-And-So-Long, x-request-id, x-real-ip, forwarded",
        "Connection: close, upgrade",
        "Upgrade: websocket",
        "Upgrade: websocket, h2c",
        "Upgrade: H2C",
        "Upgrade:",
        "HTTP2-Settings: AAMA",
        "Keep-Alive: 5",
        "Proxy-Connection: keep-alive",
        "Proxy-Authenticate: x",
        "Proxy-Authorization: x",
        "TE: trailers",
        "TE: gzip, Trailers",
    ]);
    let others = one_of(&[
        "X-One: 1",
        "x-one: 2",
        "Close: 1",
        "X-Forwarded-For: a",
        "x_forwarded-For: a",
        "X-Forwarded-What-Nobody-Knows-And-So-Long: a",
        "forwarded: for=a",
        "X-Real-IP: a",
        "X-Real_IP: a",
        "X-Request-ID: a",
        "X.Request-ID: a",
        "Proxy: http://a",
        "a_b: c",
        "Via: 1.1 a",
        "Cookie: a=b",
        ": x",
        "nocolon",
        " x: y",
    ]);
    let random = "[a-cA-C_.!~ -]{0,8}:[ \t]{0,2}[ -~\t\u{e4}]{0,8}";
    let host = authority().prop_map(|authority| format!("Host: {authority}"));
    prop_oneof![4 => deciding, 4 => neighbourly, 2 => others, 1 => random, 1 => host]
}

/// A head of such a first line, mostly with a good Host, and with some of its bytes changed.
fn head(first: impl Strategy<Value = String>) -> impl Strategy<Value = Vec<u8>> {
    let host = mostly("Host: a", &["X: y", "Host: a\r\nHost: a", "Host: a, b"]);
    let fields = vec((field(), line_end()), 0..7);
    let long = weighted(0.1, (select(&["X: ", "Y: z\r\nX: "][..]), prop_oneof![0usize..1100, 960usize..1010]));
    let rest = weighted(0.3, select(&["GET / HTTP/1.1\r\n", "\r\n", "x"][..]));
    (first, line_end(), host, fields, long, rest, damage()).prop_map(
        |(first, end, host, fields, long, rest, damage)| {
            let mut head = format!("{first}{end}{host}\r\n");
            fields.iter().for_each(|(field, end)| head.extend([&field[..], end]));
            if let Some((name, length)) = long {
                head.extend([name, &"b".repeat(length), "\r\n"]);
            }
            head.extend(["\r\n", rest.unwrap_or_default()]);
            damaged(head.into_bytes(), &damage)
        },
    )
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let size = |length: usize| {
        prop_oneof![
            8 => Just(format!("{length:x}\r\n")),
            2 => Just(format!("{length:04X};a=\"b\"\r\n")),
            1 => select(&["0x5\r\n", "+5\r\n", " 5\r\n", "5 \r\n", "\r\n", ";\r\n", "5\n", "g\r\n", "5;\x01\r\n", "5;a\n"][..])
                .prop_map(str::to_owned),
            1 => "[0-9A-Fa-f]{14,18}(\r\n|\n)",
        ]
    };
    let chunk = vec(any::<u8>(), 0..40).prop_flat_map(move |data| (size(data.len()), Just(data), line_end()));
    let trailer = prop_oneof![
        one_of(&[
            "Host: evil",
            "X-Sum: 1 ",
            "grpc-status:0",
            "Content-Length: 9",
            "x-forwarded-any: a",
            "A : b",
            "X: \x01",
            "nocolon"
        ]),
        field(),
    ];
    let trailers = vec((trailer, line_end()), 0..4);
    let last = mostly("0\r\n", &["", "000;x\r\n", "0\n", "0", "00000000000000000\r\n"]);
    (vec(chunk, 0..5), last, trailers, line_end(), damage()).prop_map(|(chunks, last, trailers, end, damage)| {
        let mut body = Vec::new();
        for (size, data, end) in &chunks {
            body.extend([size.as_bytes(), data, end.as_bytes()].concat());
        }
        body.extend(last.bytes());
        trailers.iter().for_each(|(line, end)| body.extend([line.as_bytes(), end.as_bytes()].concat()));
        body.extend(end.bytes());
        damaged(body, &damage)
    })
}

fn path() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        3 => one_of(&["/", "/", ".", "..", "a", ";", "\\", "%2f", "%2F", "%5c", "%25", "%3b", "%2e", "%2E", "%7e"]),
        1 => one_of(&["%c3%a9", "%E2%82%AC", "%F0%9f%98%80", "%c0%ae", "%ed%a0%80", "%c3", "%00", "%zz", "%2", "%"]),
        1 => "%[0-9a-fA-F]{2}",
        1 => "[!-~]{0,3}",
    ];
    (vec(piece, 0..16), damage()).prop_map(|(pieces, damage)| damaged(pieces.concat().into_bytes(), &damage))
}

/// Bytes that are changed, and where it ends before its end.
type Damage = (Vec<(Index, u8)>, Option<Index>);

fn damage() -> impl Strategy<Value = Damage> {
    let byte = prop_oneof![select(b"\r\n \t:;,.0\0\x7f\xff#-".to_vec()), any::<u8>()];
    let changes = prop_oneof![4 => Just(Vec::new()), 1 => vec((any::<Index>(), byte), 1..3)];
    (changes, weighted(0.1, any::<Index>()))
}

fn damaged(mut bytes: Vec<u8>, (changes, end): &Damage) -> Vec<u8> {
    for (at, byte) in changes.iter().filter(|_| !bytes.is_empty()).collect::<Vec<_>>() {
        let at = at.index(bytes.len());
        bytes.splice(at..=at, [*byte]);
    }
    bytes.truncate(end.map_or(bytes.len(), |end| end.index(bytes.len() + 1)));
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn heads_of_requests_are_read_alike(bytes in head(request_line())) {
        fuzz::head(&bytes);
        fuzz::framing(&bytes);
    }

    #[test]
    fn heads_of_responses_are_read_alike(bytes in head(status_line())) {
        fuzz::head(&bytes);
    }

    #[test]
    fn paths_are_read_alike(bytes in path()) {
        fuzz::path(&bytes);
    }

    #[test]
    fn chunked_bodies_are_read_alike(bytes in body()) {
        fuzz::chunks(&bytes);
    }
}

#[test]
fn the_limits_are_the_same_to_a_byte() {
    for length in 150..250 {
        let long = "a".repeat(length);
        fuzz::head(format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
        fuzz::head(format!("GET /{long} HTTP/1.0\r\n\r\n").as_bytes());
        fuzz::head(format!("HTTP/1.1 200 {long}\r\n\r\n").as_bytes());
    }
    for length in 900..1050 {
        let long = "a".repeat(length);
        fuzz::head(format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n").as_bytes());
    }
    for count in 10..20 {
        let many = "X: y\r\n".repeat(count);
        fuzz::head(format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").as_bytes());
        fuzz::head(format!("HTTP/1.1 200 OK\r\n{many}\r\n").as_bytes());
    }
    for length in 16_370..16_390 {
        let long = "a".repeat(length);
        fuzz::chunks(format!("1;{long}\r\nx\r\n0\r\n\r\n").as_bytes());
        fuzz::chunks(format!("1;aaaa\r\nx\r\n0;{long}\r\n\r\n").as_bytes());
    }
    for count in 120..135 {
        fuzz::chunks(format!("0\r\n{}\r\n", "X: y\r\n".repeat(count)).as_bytes());
    }
}

#[test]
fn what_the_targets_start_from_is_read_alike() {
    for (name, target) in fuzz::TARGETS {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(name);
        assert!(seeds.read_dir().expect("the seeds are there").next().is_some());
        fuzz::replay_from(&seeds, target).expect("the seeds are read");
    }
}
