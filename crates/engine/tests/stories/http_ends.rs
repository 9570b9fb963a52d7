//! How connections of HTTP clients end: nobody loses an answer that was on its way, and nobody takes a
//! part of one for the whole.

use std::io::{Read, Write};
use std::time::Duration;

use account::Fault;

use crate::support::web::{Reply, Web, Wire, before, find, get, in_turn, read_head, run};
use crate::support::{Endpoint, any_port, eventually};

/// Reads a part of an upload, answers a body of so many bytes, and is there until the balancer has gone.
fn answers_early(name: &str, length: usize) -> Endpoint {
    Endpoint::serving(name, &any_port("127.0.0.1"), move |mut socket| {
        read_head(&mut socket)?;
        socket.write_all(format!("HTTP/1.1 413 Content Too Large\r\nContent-Length: {length}\r\n\r\n").as_bytes())?;
        socket.write_all(&vec![b'x'; length])?;
        socket.read_to_end(&mut Vec::new()).map(|_| ())
    })
}

/// The head of an upload of which never all comes.
const UPLOAD: &str = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n";

/// Conformance: 56.
#[test]
fn an_early_response_reaches_a_client_that_takes_its_time_and_still_sends() {
    let length = 300_000;
    let web = answers_early("a", length);
    let (running, at) = before(&[&web]);
    let mut client = Wire::to(&at);
    client.say(UPLOAD).say(vec![b'x'; 100_000]);
    let head = client.hear("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 413 ") && head.contains("\r\nConnection: close\r\n"), "{head}");
    eventually("the exchange is over", || running.counts().endpoint("a").inflight == 0);
    // Longer than the balancer waits for somebody who takes nothing any more.
    std::thread::sleep(Duration::from_millis(1500));
    client.say(vec![b'x'; 10_000]);
    assert!(client.take(length).iter().all(|byte| *byte == b'x'));
    assert_eq!(client.rest(), (String::new(), true));
}

#[test]
fn an_endpoint_that_leaves_cuts_no_answer_that_it_has_given() {
    let (web, other, length) = (answers_early("a", 300_000), Web::plain("b"), 300_000);
    let draft = |endpoint: &Endpoint| in_turn(&[endpoint]).drain(50);
    let (running, at) = run(&draft(&web));
    let mut client = Wire::to(&at);
    client.say(UPLOAD).hear("\r\n\r\n");
    eventually("the exchange is over", || running.counts().endpoint("a").inflight == 0);
    running.apply(&draft(&other.endpoint));
    // Past its deadline, and past the look at deadlines that follows.
    std::thread::sleep(Duration::from_millis(900));
    client.take(length);
    assert_eq!(client.rest(), (String::new(), true));
    assert_eq!(running.fault(Fault::DrainDeadline), 0);
}

/// Conformance: 50, 56.
#[test]
fn a_client_that_stops_its_upload_gets_the_response_that_is_on_its_way() {
    let web = Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        read_head(&mut socket)?;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")?;
        for _ in 0..30 {
            socket.write_all(b"x")?;
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    });
    let (running, at) = before(&[&web]);
    let mut client = Wire::to(&at);
    client.say(UPLOAD).say("hello").hear("\r\n\r\nx");
    assert_eq!(client.finish().rest(), ("x".repeat(29), true));
    assert_eq!(running.counts().all_faults(), []);
    eventually("all ended", || running.counts().is_quiet());
    // Before there is one it is no request that anybody could answer.
    let web = Web::plain("b");
    let (running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    client.say(UPLOAD).say("hello");
    eventually("it is under way", || find(&web.bytes().concat(), b"hello").is_some());
    assert!(!client.finish().rest().1);
    assert_eq!(running.counts().all_faults(), [("client-aborted", 1)]);
    assert_eq!(web.requests(), []);
}

/// Conformance: 63.
#[test]
fn who_asks_by_a_listener_that_has_left_sees_an_end_and_no_reset() {
    let web = Web::plain("a");
    let (running, at) = before(&[&web.endpoint]);
    let mut idle: Vec<Wire> = (0..3).map(|_| Wire::to(&at)).collect();
    // One of them has said nothing yet.
    for client in idle.iter_mut().skip(1) {
        client.say(get("/1")).hear("GET /1 HTTP/1.1|");
    }
    let mut without = in_turn(&[&web.endpoint]);
    without.listeners.clear();
    without.routes.clear();
    running.apply(&without);
    for client in &mut idle {
        assert_eq!(client.rest(), (String::new(), true));
        // Its request crossed the end. A reset would fail the next write.
        for _ in 0..5 {
            client.say(get("/2"));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(client.socket.take_error().unwrap().is_none());
    }
    assert_eq!(web.requests().len(), 2);
}

/// Conformance: 42, 55.
#[test]
fn an_answer_of_ours_stands_behind_a_whole_interim_response_or_nowhere() {
    const COUNT: usize = 31;
    let hint = format!("HTTP/1.1 103 Early Hints\r\nX: {}\r\n\r\n", "y".repeat(60_000));
    let all = hint.repeat(COUNT);
    let web = Web::new("a", move |_| Reply::Close(all.clone().into()));
    let (running, at) = before(&[&web.endpoint]);
    for reads_late in [false, true] {
        let mut client = Wire::to(&at);
        let before = running.fault(Fault::EndpointEnded);
        client.say(get("/"));
        if reads_late {
            eventually("the endpoint has ended", || running.fault(Fault::EndpointEnded) > before);
        }
        let (heard, plain) = client.rest();
        let hints = hint.len() * COUNT;
        match heard.find("HTTP/1.1 502 ") {
            Some(at) => assert!(at == hints && plain, "at {at} of {hints}"),
            None => assert!(!plain, "{} bytes", heard.len()),
        }
        assert!(all_hints(&heard, &hint));
    }
}

/// Whether it begins with nothing but these.
fn all_hints(heard: &str, hint: &str) -> bool {
    let end = heard.find("HTTP/1.1 502 ").unwrap_or(heard.len());
    heard.as_bytes()[..end].chunks(hint.len()).all(|part| hint.as_bytes().starts_with(part))
}

#[test]
fn a_request_that_follows_a_refused_one_is_not_served() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, plain) = Wire::to(&at).say(format!("GET / HTTP/1.1\r\n\r\n{}", get("/smuggled"))).rest();
    assert!(heard.starts_with("HTTP/1.1 400 ") && plain, "{heard}");
    assert_eq!((heard.matches("HTTP/1.1 ").count(), web.endpoint.accepted()), (1, 0));
}
