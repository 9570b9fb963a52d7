//! Answers of our own, and of endpoints to those who know less.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plan::{Address, Answer, Protocol};

use crate::support::web::{Reply, Web, Wire, before, get, in_turn, post, read_head, response, run};
use crate::support::{Draft, Endpoint, HTTP, Running, WAYS, any_port, comes_true_soon, cycle, deaf, refusing};

/// A balancer before a pool without endpoints.
fn before_nobody() -> (Running, Address) {
    run(&in_turn(&[]))
}

fn says(status: u16, content_type: &str, body: &str) -> Answer {
    Answer { status, content_type: content_type.into(), body: body.into() }
}

/// Changes what holds for the listener `in` before its routes are known.
fn at_the_door(draft: &mut Draft, with: Vec<Answer>, shows: bool) {
    if let Protocol::Http(http) = &mut draft.listeners[0].protocol {
        (http.answers, http.proxy_status) = (with, shows);
    }
}

#[test]
fn an_answer_of_ours_is_text_and_json_for_who_likes_that_better() {
    let (_running, at) = before_nobody();
    let asks = |fields: &str| Wire::to(&at).say(format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).rest().0;
    let text = "\r\nVary: Accept\r\nContent-Type: text/plain\r\nContent-Length: 24\r\nConnection: close\r\n\r\n503 Service Unavailable\n";
    let json = "{\"status\":503,\"title\":\"Service Unavailable\"}";
    for likes in ["", "Accept: */*\r\n", "Accept: application/json;q=0.5\r\nAccept: text/*\r\n"] {
        assert!(asks(likes).ends_with(text), "{}", asks(likes));
    }
    for (likes, kind) in [
        ("Accept: application/json\r\n", "application/json"),
        ("Accept: */*;q=0.1\r\naccept: application/json;q=0.2\r\n", "application/json"),
        ("Accept: application/problem+json, application/json\r\n", "application/problem+json"),
    ] {
        let heard = asks(likes);
        assert!(heard.contains(&format!("\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", json.len())), "{heard}");
        assert!(heard.ends_with(&format!("\r\n\r\n{json}")), "{heard}");
    }
    // What cannot be read likes nothing.
    let (heard, _) = Wire::to(&at).say("GET / HTTP/1.1\r\nAccept: application/json\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 400 ") && heard.ends_with("\r\n\r\n400 Bad Request\n"), "{heard}");
}

#[test]
fn an_answer_of_ours_says_when_it_was_given_and_when_to_ask_again() {
    let mut draft = in_turn(&[]);
    draft.settings.retry_after = 7;
    let (_running, at) = run(&draft);
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before = seconds();
    let (heard, _) = Wire::to(&at).say(get("/")).rest();
    let after = seconds();
    let date = heard.lines().find_map(|line| line.strip_prefix("Date: ")).expect("a date");
    // Such as `Sun, 06 Nov 1994 08:49:37 GMT`.
    let clock: Vec<u64> = date[17..25].split(':').map(|part| part.parse().unwrap()).collect();
    let of_day = clock[0] * 3600 + clock[1] * 60 + clock[2];
    assert!((before..=after).any(|second| second % 86_400 == of_day) && date.ends_with(" GMT"), "{date}");
    assert!(heard.contains("\r\nRetry-After: 7\r\n"), "{heard}");
    let (heard, _) = Wire::to(&at).say("nonsense\r\n\r\n").rest();
    assert!(heard.contains("\r\nDate: ") && !heard.contains("Retry-After"), "{heard}");
}

#[test]
fn an_answer_in_other_words_is_that_of_the_route_before_that_of_the_listener() {
    let web = Web::plain("a");
    let nobody: &[&Endpoint] = &[];
    let mut draft = in_turn(&[&web.endpoint]).pool("none", cycle(0), nobody).rule("in", "", "/none", "none");
    draft.http.answers = vec![says(503, "text/html", "<p>Be right back. ü")];
    at_the_door(
        &mut draft,
        vec![says(400, "text/plain", "No."), says(405, "a/b", ""), says(503, "a/b", "never")],
        false,
    );
    let (running, at) = run(&draft);
    let asks = |at: &Address, text: &str| Wire::to(at).say(text).rest().0;
    let none = "GET /none HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n";
    let ends = "Retry-After: 1\r\nContent-Type: text/html\r\nContent-Length: 20\r\nConnection: close\r\n\r\n<p>Be right back. ü";
    assert!(asks(&at, none).ends_with(ends), "{}", asks(&at, none));
    let head = asks(&at, "HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(head.ends_with("Content-Length: 20\r\nConnection: close\r\n\r\n"), "{head}");
    // Before a route, and where the route has no other words.
    let heard = asks(&at, "nonsense\r\n\r\n");
    assert!(
        heard.ends_with("Content-Type: text/plain\r\nContent-Length: 3\r\nConnection: close\r\n\r\nNo."),
        "{heard}"
    );
    let heard = asks(&at, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert!(
        heard.contains("\r\nAllow: ") && heard.contains("\r\nContent-Type: a/b\r\nContent-Length: 0\r\n"),
        "{heard}"
    );
    // With the next plan there are other words, also on a connection that was there before.
    let mut client = Wire::to(&at);
    client.say(get("/")).hear("\r\n\r\nGET / HTTP/1.1|");
    draft.http.answers = vec![says(503, "text/html", "<p>Soon.")];
    at_the_door(&mut draft, vec![says(400, "text/plain", "Never.")], false);
    running.apply(&draft);
    assert!(asks(&at, none).ends_with("\r\n\r\n<p>Soon."));
    assert!(asks(&at, "nonsense\r\n\r\n").ends_with("\r\n\r\nNever."));
    let (heard, _) = client.say(get("/none")).rest();
    assert!(heard.ends_with("\r\n\r\n<p>Soon."), "{heard}");
}

/// An endpoint that does this once a head has come, and closes.
fn behaving(name: &str, serve: impl Fn(&mut socket2::Socket) + Send + Sync + 'static) -> Endpoint {
    Endpoint::serving(name, &any_port("127.0.0.1"), move |mut socket| {
        read_head(&mut socket)?;
        serve(&mut socket);
        Ok(())
    })
}

/// Conformance: 55.
#[test]
fn proxy_status_tells_the_error_where_that_is_wanted() {
    let web = Web::plain("a");
    let resets = behaving("a", |socket| socket.set_linger(Some(Duration::ZERO)).unwrap());
    let ends = behaving("a", |_| {});
    let breaks = behaving("a", |socket| socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap());
    let hints = behaving("a", |socket| socket.write_all(b"HTTP/1.1 103 Early Hints\r\n\r\n").unwrap());
    let babbles = behaving("a", |socket| socket.write_all(b"nonsense\r\n\r\n").unwrap());
    let silent = Web::new("a", |_| Reply::Send(Vec::new()));
    let (refuses, deaf) = (refusing("a"), deaf("a"));
    let none: &[&Endpoint] = &[];
    let quick: fn(&mut Draft) = |draft| draft.http.first_byte = 50;
    let soon: fn(&mut Draft) = |draft| draft.http.total = Some(50);
    let small: fn(&mut Draft) = |draft| draft.http.most_body = Some(1);
    let same: fn(&mut Draft) = |draft| draft.timeouts.connect = 200;
    for (endpoints, change, asks, status, error) in [
        (none, same, get("/"), 503, "destination_unavailable"),
        (&[&refuses], same, get("/"), 502, "connection_refused"),
        (&[&deaf], same, get("/"), 504, "connection_timeout"),
        (&[&resets], same, get("/"), 502, "connection_terminated"),
        (&[&ends], same, get("/"), 502, "connection_terminated"),
        (&[&breaks], same, get("/"), 502, "http_response_incomplete"),
        (&[&hints], same, get("/"), 502, "http_response_incomplete"),
        (&[&babbles], same, get("/"), 502, "http_protocol_error"),
        (&[&silent.endpoint], quick, get("/"), 504, "connection_read_timeout"),
        (&[&silent.endpoint], soon, get("/"), 504, "http_response_timeout"),
        (&[&web.endpoint], small, post("/", "long"), 413, "http_request_error"),
        (&[&web.endpoint], same, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n".into(), 405, "http_request_error"),
        (
            &[&web.endpoint],
            same,
            "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n".into(),
            200,
            "proxy_internal_response",
        ),
        (
            &[&web.endpoint],
            same,
            format!("GET / HTTP/1.1\r\nHost: a\r\nVia: {}\r\n\r\n", "1.1 a,".repeat(21)),
            508,
            "proxy_loop_detected",
        ),
    ] {
        for shows in [true, false] {
            let mut draft = in_turn(endpoints);
            (draft.http.proxy_status, draft.http.tries) = (shows, 1);
            change(&mut draft);
            // What the listener says holds for what belongs to no route.
            at_the_door(&mut draft, Vec::new(), !shows);
            let (_running, at) = run(&draft);
            let (heard, _) = Wire::to(&at).say(&asks).rest();
            assert!(heard.contains(&format!("HTTP/1.1 {status} ")), "{heard} instead of {status}");
            let line = format!("\r\nProxy-Status: fourseven; error={error}\r\n");
            assert_eq!((heard.contains(&line), heard.contains("Proxy-Status")), (shows, shows), "{error}: {heard}");
        }
    }
}

#[test]
fn before_a_route_proxy_status_is_a_matter_of_the_listener() {
    let web = Web::plain("a");
    for shows in [true, false] {
        let mut draft = Draft::empty().workers(1).pool("pool", cycle(1), &[&web.endpoint]);
        draft = draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool").rule("in", "known", "", "pool");
        draft.routes.clear();
        draft.http.proxy_status = !shows;
        at_the_door(&mut draft, Vec::new(), shows);
        if let Protocol::Http(http) = &mut draft.listeners[0].protocol {
            http.head = 100;
        }
        let (_running, at) = run(&draft);
        for (asks, status, error) in [
            ("GET / HTTP/1.1\r\nHost: other\r\n\r\n", 404, "destination_not_found"),
            ("GET / HTTP/1.1\r\nHost: known\r\n", 408, "http_request_error"),
            ("GET / HTTP/1.1\r\n\r\n", 400, "http_request_error"),
            ("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405, "http_request_error"),
        ] {
            let (heard, _) = Wire::to(&at).say(asks).rest();
            assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard} instead of {status}");
            let line = format!("\r\nProxy-Status: fourseven; error={error}\r\n");
            assert_eq!((heard.contains(&line), heard.contains("Proxy-Status")), (shows, shows), "{heard}");
        }
    }
}

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
    let allowed = "\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";
    assert!(heard.starts_with("HTTP/1.1 405 ") && heard.contains(allowed), "{heard}");
}

/// Conformance: 45.
#[test]
fn an_answer_of_ours_to_head_has_no_body() {
    let (_running, at) = before_nobody();
    for (likes, length) in [("", 24), ("Accept: application/json\r\n", 44)] {
        let (heard, _) = Wire::to(&at).say(format!("HEAD / HTTP/1.1\r\nHost: a\r\n{likes}\r\n")).rest();
        let ends = format!("\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
        assert!(heard.starts_with("HTTP/1.1 503 ") && heard.ends_with(&ends), "{heard}");
    }
}

/// Conformance: 46.
#[test]
fn a_client_of_http_1_0_is_not_told_of_chunks() {
    let web = Web::new("a", |_| Reply::Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec()));
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, _) = Wire::to(&at).say("HEAD / HTTP/1.0\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && !heard.contains("Transfer-Encoding"), "{heard}");
}

#[test]
fn an_answer_of_ours_that_finds_little_room_is_told_whole() {
    let web = Web::new("a", |_| Reply::Send(response("", &[b'x'; 16 * 1024])));
    let words = "y".repeat(64 * 1024);
    let mut draft = in_turn(&[&web.endpoint]).rule("in", "a", "", "pool");
    draft.routes.clear();
    at_the_door(&mut draft, vec![says(404, "text/plain", &words)], false);
    let (running, at) = run(&draft);
    // What the system holds for a client that does not read fills up with each round, until the answers of the
    // endpoint do not fit any more: so in one of the last rounds a part of ours finds room.
    for count in (1..300).step_by(3) {
        let before = running.counts().listener("in").requests;
        let mut client = Wire::narrow(&at);
        client.say(format!("{}GET / HTTP/1.1\r\nHost: b\r\n\r\n", get("/").repeat(count)));
        let is_answered = comes_true_soon(|| running.counts().listener("in").requests == before + count as u64 + 1);
        let (heard, plain) = client.rest();
        let ends = heard.ends_with(&format!("\r\n\r\n{words}"));
        assert!(plain && ends, "{count} requests, {} bytes, {plain}", heard.len());
        if !is_answered {
            break;
        }
    }
}
