//! Where a message ends, when somebody wishes that it ended elsewhere.

use crate::support::web::{Reply, Web, Wire, before, find, get, in_turn, run};
use crate::support::{Draft, eventually};

/// Conformance: 11.
#[test]
fn the_size_of_a_chunk_that_is_cut_while_its_endpoint_is_dialled_stays_what_it_is() {
    let inner = "0\r\n\r\nGET /inner HTTP/1.1\r\nHost: a\r\n\r\n";
    for expect in ["", "Expect: 100-continue\r\n"] {
        // Added to what came before, the rest of the second chunk would be a number that has no room.
        for size in [i64::MAX as u64, i64::MAX as u64 + 1, u64::MAX] {
            let web = Web::plain("a");
            let (_running, at) = before(&[&web.endpoint]);
            let head = format!("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n{expect}\r\n");
            let mut client = Wire::to(&at);
            client.say(format!("{head}2\r\nx\r\r\n{size:X}\r\n\n{inner}"));
            if size > i64::MAX as u64 {
                assert!(client.rest().0.starts_with("HTTP/1.1 400 "));
            } else {
                let seen = || web.bytes().iter().any(|bytes| find(bytes, b"GET /inner").is_some());
                eventually("all of it is data", seen);
                let bytes = web.bytes().concat();
                // What was there is one chunk, and the rest of the second another.
                let all =
                    format!("\r\n{:x}\r\nx\r\n{inner}\r\n{:x}\r\n", 3 + inner.len(), size - 1 - inner.len() as u64);
                assert!(find(&bytes, all.as_bytes()).is_some(), "{}", bytes.escape_ascii());
            }
            drop(client);
            assert_eq!(web.requests(), [], "{size:x}");
        }
    }
}

/// Conformance: 3.
#[test]
fn a_length_of_nothing_goes_on_as_a_digit() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    for length in ["0", "00", "000000"] {
        Wire::to(&at)
            .say(format!("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"))
            .hear("POST /x HTTP/1.1|");
    }
    assert!(web.requests().iter().all(|asked| asked.field("Content-Length") == Some("0")));
    assert_eq!(web.requests().len(), 3);
}

/// Conformance: 47.
#[test]
fn nobody_switches_to_what_was_not_offered() {
    for (answer, status) in [
        ("Connection: upgrade\r\nUpgrade: WebSocket", 101),
        ("Connection: upgrade\r\nUpgrade: h2c", 502),
        ("Connection: upgrade\r\nUpgrade: websocket, h2c", 502),
        ("Upgrade: websocket", 502),
        ("Connection: upgrade", 502),
    ] {
        let web = Web::new("a", move |_| Reply::Send(format!("HTTP/1.1 101 Switching\r\n{answer}\r\n\r\n").into()));
        let (_running, at) = before(&[&web.endpoint]);
        let ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
        let heard = Wire::to(&at).say(ask).hear("\r\n\r\n");
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}: {heard}");
    }
}

/// Conformance: 35.
#[test]
fn connection_may_name_some_fields_and_not_thousands() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let ask = |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: {}\r\nA: 1\r\n\r\n", "a,".repeat(count));
    Wire::to(&at).say(ask(32)).hear("GET / HTTP/1.1|");
    assert_eq!(web.requests()[0].field("A"), None);
    assert!(Wire::to(&at).say(ask(33)).rest().0.starts_with("HTTP/1.1 431 "));
    assert_eq!(web.requests().len(), 1);
}

/// Conformance: 57.
#[test]
fn an_endpoint_that_moves_is_asked_where_it_is_now() {
    let (before_it, after_it) = (Web::plain("a"), Web::plain("a"));
    let draft = in_turn(&[&before_it.endpoint]);
    let (running, at) = run(&draft);
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("GET /1 HTTP/1.1|");
    let mut moved: Draft = draft.clone();
    moved.endpoints[0].addresses = vec![after_it.endpoint.address.clone()];
    running.apply(&moved);
    client.say(get("/2")).hear("GET /2 HTTP/1.1|");
    assert_eq!((before_it.requests().len(), after_it.requests().len()), (1, 1));
    eventually("what leads to where it was is closed", || running.counts().endpoint("a").open == 1);
    assert_eq!(running.counts().endpoint("a").picked, 2, "it is the same endpoint");
}
