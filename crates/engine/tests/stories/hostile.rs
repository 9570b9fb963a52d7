//! What a balancer on the open internet is sent, whole and one byte a segment: judged by the raw bytes that
//! reached the endpoint, by what the client heard, and by a clean request on another connection afterwards.

#[path = "../../../wire/tests/support/corpus.rs"]
mod corpus;

use std::panic::{AssertUnwindSafe, catch_unwind};

use corpus::{Row, rows};

use crate::support::recorder::{Recorder, Script, Seen};
use crate::support::segments::dribble;
use crate::support::web::{Wire, find, whole_request};
use crate::support::{Draft, Ending, HTTP, Running, WAYS, address, any_port, cycle, eventually, refusing};

/// How the bytes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Whole,
    ByteByByte,
}

/// Tries each row that `is` one of these.
fn try_all(way: Way, is: impl Fn(&Row) -> bool) {
    let rows: Vec<_> = rows().into_iter().filter(is).collect();
    assert!(rows.len() > 10, "{} rows", rows.len());
    let failed: Vec<_> = rows
        .iter()
        .filter(|row| {
            // A failure that comes from a helper does not say which row it was.
            println!("{} {way:?}", row.name);
            catch_unwind(AssertUnwindSafe(|| attempt(row, way))).is_err()
        })
        .map(|row| row.name.as_str())
        .collect();
    assert_eq!(failed, [""; 0]);
}

fn attempt(row: &Row, way: Way) {
    let size = |all: &[u8]| if way == Way::Whole { all.len() } else { row.segment };
    let script = row.answered.as_ref().map(|answered| {
        let bytes = [&answered[..], &row.behind].concat();
        Script { size: size(&bytes), bytes }
    });
    let recorder = Recorder::new(script);
    let refuses = row.refuses.then(|| refusing("refuses"));
    let endpoint = refuses.as_ref().unwrap_or(&recorder.endpoint);
    let draft = Draft::empty().workers(1).pool("pool", cycle(1), &[endpoint]);
    let running = Running::idle();
    let at = address(&running.apply(&draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")), "in");
    let mut client = Wire::to(&at);
    let mut rest = &row.sends[..];
    if row.cut && way == Way::ByteByByte {
        let (head, body) = rest.split_at(find(rest, b"\r\n\r\n").unwrap() + 4);
        dribble(&client.socket, head, 1, |_| {});
        // A reset may throw away what was not read before.
        eventually("its head went on", || recorder.seen().iter().any(|seen| !seen.bytes.is_empty()));
        rest = body;
    }
    dribble(&client.socket, rest, size(rest), |_| {});
    judge_answers(row, &mut client);
    if !row.behind.is_empty() {
        let framed = row.answered.as_ref().map_or(0, Vec::len);
        eventually("a byte behind the answer is out", || recorder.sent() > framed);
    }
    if !row.refuses {
        let mut clean = Wire::to(&at);
        clean.say("GET /clean HTTP/1.1\r\nHost: clean\r\n\r\n");
        clean.hear("\r\n\r\nGET /clean HTTP/1.1");
    }
    judge_endpoint(row, &recorder);
}

/// The client gets the answers of the row, and nothing behind them.
fn judge_answers(row: &Row, client: &mut Wire) {
    if row.aborts {
        let (heard, plain) = end(client);
        assert!(heard.starts_with("HTTP/1.1 502 ") || (!plain && !heard.ends_with("0\r\n\r\n")), "{heard:?} {plain}");
        return;
    }
    let mut own = row.admits.iter().map(|admitted| first_line(admitted));
    let mut closed = false;
    for status in &row.answers {
        assert!(!closed, "an answer behind the last one");
        let (head, body) = answer(client, row.sends.starts_with(b"HEAD "));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head} instead of {status}");
        closed = head.contains("\r\nConnection: close\r\n");
        match (*status, &row.delivers) {
            (_, Some(delivers)) => assert_eq!(show(&[head.as_bytes(), &body].concat()), show(delivers)),
            (200, None) => assert_eq!(show(&body), own.next().expect("an admitted request")),
            (100..=199, None) => {}
            _ => assert!(closed, "ours ends the connection: {head}"),
        }
    }
    let (heard, plain) = end(client);
    // Who sends more than is read behind an answer is reset.
    assert_eq!((heard.as_str(), plain || row.sends.len() > 1 << 20), ("", true));
}

/// Ends the client's side, and answers what comes yet and whether that ended plainly.
fn end(client: &mut Wire) -> (String, bool) {
    // It may have been reset.
    let _ = client.socket.shutdown(std::net::Shutdown::Write);
    client.rest()
}

/// The next answer: its head and its body.
fn answer(client: &mut Wire, to_head: bool) -> (String, Vec<u8>) {
    let head = client.hear("\r\n\r\n");
    let says = |field: &str| head.lines().find_map(|line| line.strip_prefix(field));
    let body = match (says("Content-Length: "), says("Transfer-Encoding: chunked")) {
        _ if to_head || head.starts_with("HTTP/1.1 304 ") => Vec::new(),
        (Some(length), _) => client.take(length.trim().parse().unwrap()),
        (None, Some(_)) => client.hear("\r\n0\r\n\r\n").into_bytes(),
        (None, None) => Vec::new(),
    };
    (head, body)
}

/// The endpoint got what was admitted, to the byte, and the clean request; what was cut it knows to be cut.
fn judge_endpoint(row: &Row, recorder: &Recorder) {
    let is_over = |seen: &Seen| seen.ending != Ending::Hangs;
    let is_clean = |seen: &Seen| seen.requests == 1 && seen.bytes.starts_with(b"GET /clean ");
    if row.cut {
        // The last connection is the one of the clean request.
        eventually("what was cut has ended", || recorder.seen().iter().rev().skip(1).all(is_over));
        let mut seen = recorder.seen();
        assert!(seen.pop().is_some_and(|seen| is_clean(&seen)));
        for cut in &seen {
            assert_eq!((cut.requests, show(&cut.bytes).matches(" HTTP/1.1").count() <= 1), (0, true));
            assert!(cut.bytes.is_empty() || cut.ending == Ending::Reset, "{cut:?}");
        }
        return;
    }
    let count = usize::from(!row.refuses) + usize::from(row.answered.is_some() && !row.kept);
    assert_eq!(recorder.endpoint.accepted(), count, "connections to the endpoint");
    if row.answered.is_some() && !row.kept {
        eventually("the connection is not kept", || recorder.seen().first().is_some_and(is_over));
    }
    if row.answered.is_none() {
        let mut all: Vec<u8> = recorder.seen().iter().flat_map(|seen| seen.bytes.clone()).collect();
        all.truncate(find(&all, b"GET /clean ").unwrap_or(all.len()));
        let (got, admitted) = (without_ours(&all), row.admits.concat());
        // Chunks that waited for a connection may go on as one.
        let [one, other] = [&got, &admitted].map(|bytes| whole_request(bytes).map(|(asked, _)| asked));
        if one.is_none() || one != other || row.admits.len() > 1 {
            assert_eq!(show(&got), show(&admitted));
        }
        let requests: usize = recorder.seen().iter().map(|seen| seen.requests).sum();
        assert_eq!(requests, row.admits.len() + usize::from(!row.refuses));
    }
}

/// What an endpoint got, without the lines that we add: they are as we make them, once a head, or they stay.
fn without_ours(bytes: &[u8]) -> Vec<u8> {
    let mut left = Vec::new();
    let mut host = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"Host: ") {
            host = line[6..].to_vec();
        }
        let via = find(line, b" fourseven-").is_some() && line.starts_with(b"Via: 1.");
        let ours = [&b"X-Forwarded-Host: "[..], &host].concat() == line
            || line == b"X-Forwarded-For: 127.0.0.1\r\n"
            || line == b"X-Forwarded-Proto: http\r\n";
        if !via && !ours {
            left.extend_from_slice(line);
        }
    }
    let said = bytes.windows(17).filter(|window| window == b"X-Forwarded-For: ").count();
    let vias = bytes.windows(5).filter(|window| window == b"Via: ").count();
    assert_eq!(said, vias, "each request says who asks");
    left
}

fn first_line(request: &[u8]) -> String {
    String::from_utf8_lossy(&request[..find(request, b"\r\n").unwrap()]).into_owned()
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn hostile_requests_that_come_whole() {
    try_all(Way::Whole, |row| row.answered.is_none());
}

#[test]
fn hostile_requests_that_come_byte_by_byte() {
    try_all(Way::ByteByByte, |row| row.answered.is_none());
}

#[test]
fn hostile_answers_that_come_whole() {
    try_all(Way::Whole, |row| row.answered.is_some());
}

#[test]
fn hostile_answers_that_come_byte_by_byte() {
    try_all(Way::ByteByByte, |row| row.answered.is_some());
}
