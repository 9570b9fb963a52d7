//! Connections of HTTP that die, are passed over, or outlive what they served.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::web::{Reply, Web, Wire, before, get, response};
use crate::support::{Draft, HTTP, Running, WAYS, address, any_port, cycle, eventually, refusing};

/// Conformance: 53.
#[test]
fn a_reused_connection_that_has_died_is_replaced_for_what_may_be_repeated() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = served.clone();
    // Each second request on a connection ends it unanswered.
    let web = Web::new("a", move |_| match count.fetch_add(1, Ordering::Relaxed) % 2 {
        0 => Reply::Send(response("", b"end")),
        _ => Reply::Close(Vec::new()),
    });
    let (_running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("end");
    client.say(get("/2")).hear("end");
    assert_eq!(served.load(Ordering::Relaxed), 3, "the second was sent twice");
    let put = "PUT /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    client.say(put).hear("end");
    let put: Vec<_> = web.requests().into_iter().filter(|asked| asked.head.starts_with("PUT")).collect();
    assert_eq!((put.len(), put[0] == put[1]), (2, true));
    let (heard, _) = client.say("POST /4 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 502 "), "{heard}");
    assert_eq!(web.requests().iter().filter(|asked| asked.head.starts_with("POST")).count(), 1);
}

/// Conformance: 51.
#[test]
fn an_endpoint_that_refuses_is_passed_over_for_any_method() {
    let (web, refuses) = (Web::plain("a"), refusing("b"));
    let (_running, at) = before(&[&refuses, &web.endpoint]);
    for _ in 0..4 {
        Wire::to(&at).say("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").hear("POST /x HTTP/1.1|hi");
    }
    let (_running, at) = before(&[&refuses]);
    assert!(Wire::to(&at).say(get("/")).rest().0.starts_with("HTTP/1.1 502 "));
}

/// Conformance: 63.
#[test]
fn a_listener_that_leaves_ends_idle_connections_and_finishes_the_others() {
    let web = Web::plain("a");
    let slow = Web::new("b", |_| {
        std::thread::sleep(std::time::Duration::from_millis(200));
        Reply::Send(response("", b"end"))
    });
    for web in [&web, &slow] {
        let (running, at) = before(&[&web.endpoint]);
        let mut idle = Wire::to(&at);
        idle.say(get("/1"));
        idle.hear("\r\n\r\n");
        idle.take(if std::ptr::eq(web, &slow) { 3 } else { 16 });
        let mut busy = Wire::to(&at);
        busy.say(get("/2"));
        eventually("it is under way", || web.requests().len() == 2);
        let closing = running.send_close(std::time::Duration::from_secs(20));
        assert_eq!(idle.rest(), (String::new(), true));
        let (heard, plain) = busy.rest();
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && plain, "{heard}");
        if std::ptr::eq(web, &slow) {
            assert!(heard.contains("\r\nConnection: close\r\n"), "{heard}");
        }
        assert_eq!(closing.recv().unwrap().cut, 0);
    }
}

/// Conformance: 63.
#[test]
fn a_reload_keeps_idle_connections_on_both_sides() {
    let web = Web::plain("a");
    let draft = |routes: u32| {
        let draft = Draft::empty().workers(1).drain(1000 + routes).pool("pool", cycle(1), &[&web.endpoint]);
        draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")
    };
    let running = Running::idle();
    let at = address(&running.apply(&draft(0)), "in");
    let mut client = Wire::to(&at);
    for round in 1..20 {
        client.say(get("/x")).hear("GET /x HTTP/1.1|");
        running.apply(&draft(round));
    }
    assert_eq!(web.endpoint.accepted(), 1);
}

#[test]
fn an_idle_connection_that_its_endpoint_ends_is_closed_without_being_asked_for() {
    let web = crate::support::Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        use std::io::{Read, Write};
        let count = socket.read(&mut [0; 4096])?;
        assert!(count > 0);
        socket.write_all(&response("", b"end"))?;
        std::thread::sleep(std::time::Duration::from_millis(50));
        socket.shutdown(std::net::Shutdown::Write)?;
        // Ends once the balancer has closed its side.
        socket.read(&mut [0; 10]).map(|_| ())
    });
    let (running, at) = before(&[&web]);
    let mut client = Wire::to(&at);
    client.say(get("/")).hear("end");
    eventually("it is closed", || running.counts().endpoint("a").open == 0);
    eventually("on both sides", || web.serves() == 0);
    client.say(get("/")).hear("end");
    assert_eq!(web.accepted(), 2);
}

/// Conformance: 54a.
#[test]
fn nothing_is_sent_again_once_a_byte_of_an_answer_has_come() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = served.clone();
    let web = Web::new("a", move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::Send(response("", b"end")),
        _ => Reply::Close(b"HTTP/1.1 200 OK\r\nContent-Len".to_vec()),
    });
    let (_running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("end");
    let (heard, _) = client.say("DELETE /2 HTTP/1.1\r\nHost: a\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 502 "), "{heard}");
    assert_eq!(web.requests().len(), 2);
}

#[test]
fn an_endpoint_that_leaves_cuts_nobody_who_was_with_it_before() {
    let (first, second) = (Web::plain("a"), Web::plain("b"));
    let draft = |web: &Web| {
        let draft = Draft::empty().workers(1).drain(50).pool("pool", cycle(1), &[&web.endpoint]);
        draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")
    };
    let running = Running::idle();
    let at = address(&running.apply(&draft(&first)), "in");
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("GET /1 HTTP/1.1|");
    running.apply(&draft(&second));
    // Past its deadline, and past the look at deadlines that follows.
    std::thread::sleep(std::time::Duration::from_millis(900));
    client.say(get("/2")).hear("GET /2 HTTP/1.1|");
    assert_eq!((first.requests().len(), second.requests().len()), (1, 1));
}

#[test]
fn an_endpoint_that_leaves_cuts_whom_it_still_serves_though_it_was_not_the_first_choice() {
    let silent = Web::new("a", |_| Reply::Send(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello".to_vec()));
    let (other, refuses) = (Web::plain("b"), refusing("c"));
    let draft = |endpoints: &[&crate::support::Endpoint]| {
        let draft = Draft::empty().workers(1).drain(50).pool("pool", cycle(endpoints.len()), endpoints);
        draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")
    };
    let running = Running::idle();
    let at = address(&running.apply(&draft(&[&refuses, &silent.endpoint])), "in");
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("hello");
    running.apply(&draft(&[&refuses, &other.endpoint]));
    assert_eq!(client.rest(), (String::new(), false));
    eventually("it is counted", || running.fault(account::Fault::DrainDeadline) == 1);
}
