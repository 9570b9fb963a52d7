//! Answers of our own, and of endpoints to those who know less.

use crate::support::web::{Reply, Web, Wire, before, get};
use crate::support::{Draft, HTTP, Running, WAYS, address, any_port, cycle};

/// Conformance: 13, 16.
#[test]
fn a_response_that_shows_to_be_wrong_before_any_of_it_has_gone_out_is_502() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n";
    let web = Web::new("a", move |_| Reply::Send(answer.into()));
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, plain) = Wire::to(&at).say(get("/")).rest();
    assert!(heard.starts_with("HTTP/1.1 502 ") && plain, "{heard:?} {plain}");
}

/// Conformance: 27.
#[test]
fn an_answer_405_says_what_is_allowed() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, _) = Wire::to(&at).say("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 405 ") && heard.contains("\r\nAllow: "), "{heard}");
}

/// Conformance: 45.
#[test]
fn an_answer_of_ours_to_head_has_no_body() {
    let draft = Draft::empty().workers(1).pool("pool", cycle(0), &[]);
    let running = Running::idle();
    let draft = draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool");
    let at = address(&running.apply(&draft), "in");
    let (heard, _) = Wire::to(&at).say("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 503 ") && heard.ends_with("\r\n\r\n"), "{heard}");
}

/// Conformance: 46.
#[test]
fn a_client_of_http_1_0_is_not_told_of_chunks() {
    let web = Web::new("a", |_| Reply::Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()));
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, _) = Wire::to(&at).say("HEAD / HTTP/1.0\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && !heard.contains("Transfer-Encoding"), "{heard}");
}
