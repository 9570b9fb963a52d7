//! How far a request has come, and how far it may go.

use account::Fault;
use plan::{Address, Protocol};

use crate::support::web::{Web, Wire, before, get, in_turn, run};
use crate::support::{Draft, Endpoint, HTTP, Running, WAYS, cycle, free_address};

/// A balancer that allows TRACE.
fn tracing(endpoint: &Endpoint) -> (Running, Address) {
    let mut draft = in_turn(&[endpoint]);
    draft.http.trace = true;
    run(&draft)
}

/// Conformance: 37.
#[test]
fn a_request_that_comes_back_is_508_wherever_it_comes_in() {
    // One listener passes it to the other, that to a third, and so on round: it is known at once.
    let (one, other) = (free_address(), free_address());
    let web = Web::plain("a");
    let mut draft = Draft::empty().workers(1).pool("web", cycle(1), &[&web.endpoint]);
    for (key, at) in [("one", &one), ("other", &other)] {
        draft.endpoints.push(plan::Endpoint { key: key.into(), addresses: vec![at.clone()] });
        draft.pools.push((key.into(), cycle(1), vec![key.into()]));
    }
    draft = draft.listen_as(HTTP, "first", &one, WAYS[0], "other").listen_as(HTTP, "second", &other, WAYS[0], "one");
    let running = Running::idle();
    running.apply(&draft);
    let head = Wire::to(&one).say(get("/")).hear("508 Loop Detected\n");
    assert!(head.starts_with("HTTP/1.1 508 Loop Detected\r\n"), "{head}");
    assert_eq!(running.fault(Fault::Loop), 1, "it went round once, and the answer came back the same way");
    assert_eq!((running.counts().listener("first").requests, running.counts().listener("second").requests), (1, 1));
}

/// Conformance: 37.
#[test]
fn a_request_that_too_many_have_passed_on_is_508() {
    let web = Web::plain("a");
    let mut draft = in_turn(&[&web.endpoint]);
    if let Protocol::Http(http) = &mut draft.listeners[0].protocol {
        http.hops = 3;
    }
    let (running, at) = run(&draft);
    let with = |fields: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
    for fits in ["", "Via: 1.1 a, 1.1 b, 1.1 c\r\n", "Via: 1.1 a\r\nVia: 1.0 b, , 2 c\r\n"] {
        Wire::to(&at).say(with(fits)).hear("\r\n\r\nGET / HTTP/1.1|");
    }
    for wrong in ["Via: 1.1 a, 1.1 b, 1.1 c, 1.1 d\r\n", "Via: 1.1 a\r\nVia: 1.0 b\r\nvia: 2 c, 2 d\r\n"] {
        let (heard, _) = Wire::to(&at).say(with(wrong)).rest();
        assert!(heard.starts_with("HTTP/1.1 508 Loop Detected\r\n"), "{heard}");
    }
    assert_eq!((web.requests().len(), running.fault(Fault::Loop)), (3, 2));
}

/// Conformance: 38.
#[test]
fn a_request_that_goes_no_further_is_answered_here() {
    let web = Web::plain("a");
    let (running, at) = tracing(&web.endpoint);
    let fields =
        "Host: a\r\nMax-Forwards: 0\r\nAuthorization: Basic x\r\nX: 1\r\nCookie: c\r\nProxy-Authorization: y\r\n";
    let (heard, _) = Wire::to(&at).say(format!("OPTIONS /a HTTP/1.1\r\n{fields}\r\n")).rest();
    let ends = "\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\nDate: ") && heard.ends_with(ends), "{heard}");
    let (heard, _) = Wire::to(&at).say(format!("TRACE /a HTTP/1.1\r\n{fields}\r\n")).rest();
    let itself = "TRACE /a HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\nX: 1\r\n\r\n";
    let ends = format!(
        "\r\nContent-Type: message/http\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{itself}",
        itself.len()
    );
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\nDate: ") && heard.ends_with(&ends), "{heard}");
    assert_eq!((web.endpoint.accepted(), running.counts().all_faults()), (0, vec![]));
}

/// Conformance: 38.
#[test]
fn a_request_that_goes_further_may_go_one_hop_less() {
    let web = Web::plain("a");
    let (_running, at) = tracing(&web.endpoint);
    for method in ["OPTIONS", "TRACE"] {
        for (says, told) in [("1", "0"), ("010", "9"), ("18446744073709551616", "18446744073709551614")] {
            let asks = format!("{method} / HTTP/1.1\r\nHost: a\r\nmax-forwards: {says}\r\nX: 1\r\n\r\n");
            Wire::to(&at).say(asks).hear("200 OK");
            let asked = web.requests().pop().unwrap();
            let lines: Vec<&str> = asked.head.lines().filter(|line| line.to_lowercase().contains("max-f")).collect();
            assert_eq!(lines, [format!("Max-Forwards: {told}")], "{method}");
        }
    }
    // To every other method it says nothing.
    for says in ["0", "junk"] {
        Wire::to(&at).say(format!("GET / HTTP/1.1\r\nHost: a\r\nMax-Forwards: {says}\r\n\r\n")).hear("200 OK");
        assert_eq!(web.requests().pop().unwrap().field("Max-Forwards"), Some(says));
    }
}

/// Conformance: 38.
#[test]
fn max_forwards_that_is_no_number_is_400() {
    let web = Web::plain("a");
    let (_running, at) = tracing(&web.endpoint);
    for method in ["OPTIONS", "TRACE"] {
        for junk in ["", "-1", "x", "1, 1", "1\r\nMax-Forwards: 1"] {
            let (heard, _) =
                Wire::to(&at).say(format!("{method} / HTTP/1.1\r\nHost: a\r\nMax-Forwards: {junk}\r\n\r\n")).rest();
            assert!(heard.starts_with("HTTP/1.1 400 "), "{method} {junk:?}: {heard}");
        }
    }
    assert_eq!(web.endpoint.accepted(), 0);
}

/// Conformance: 38.
#[test]
fn trace_goes_on_only_where_it_is_allowed_and_never_with_a_body() {
    let web = Web::plain("a");
    let (_refuses, at) = before(&[&web.endpoint]);
    for fields in ["", "Max-Forwards: 0\r\n", "Cookie: a\r\n", "Content-Length: 1\r\n"] {
        let (heard, _) = Wire::to(&at).say(format!("TRACE / HTTP/1.1\r\nHost: a\r\n{fields}\r\n")).rest();
        assert!(heard.starts_with("HTTP/1.1 405 "), "{heard}");
        assert!(heard.contains("\r\nAllow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"), "{heard}");
    }
    assert_eq!(web.endpoint.accepted(), 0);
    let (_allows, at) = tracing(&web.endpoint);
    for body in ["Content-Length: 1\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"] {
        let (heard, _) = Wire::to(&at).say(format!("TRACE / HTTP/1.1\r\nHost: a\r\n{body}")).rest();
        assert!(heard.starts_with("HTTP/1.1 400 "), "{heard}");
    }
    assert_eq!(web.endpoint.accepted(), 0);
    Wire::to(&at).say("TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n").hear("\r\n\r\nTRACE /x HTTP/1.1|");
}

/// Conformance: 38.
#[test]
fn what_goes_nowhere_asks_for_no_endpoint() {
    let web = Web::plain("a");
    for draft in [in_turn(&[]), in_turn(&[&web.endpoint])] {
        let (running, at) = run(&draft);
        for (asks, status) in [
            ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", 200),
            ("OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: x\r\n\r\n", 400),
        ] {
            let (answer, _) = Wire::to(&at).say(asks).rest();
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
        }
        let counts = running.counts();
        assert_eq!((counts.pool("pool").requests, counts.route("in").taken), (0, 3));
    }
}
