//! Which connections to endpoints serve another request, and for how long.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use plan::Reuse;

use crate::support::web::{Reply, Web, Wire, before, get, in_turn, post, response, run};
use crate::support::{Draft, eventually};

fn with(mut draft: Draft, change: impl FnOnce(&mut Reuse)) -> Draft {
    change(&mut draft.reuse);
    draft
}

/// Answers `/pair` only when two ask for it at once.
fn pairs() -> Web {
    let both = Arc::new(Barrier::new(2));
    Web::new("a", move |asked| {
        if asked.head.starts_with("GET /pair") {
            both.wait();
        }
        Reply::Send(response("", b"end"))
    })
}

/// Two connections to the endpoint that wait for their next requests.
fn two_idle(at: &plan::Address) -> Wire {
    let (mut first, mut second) = (Wire::to(at), Wire::to(at));
    first.say(get("/pair"));
    second.say(get("/pair")).hear("end");
    first.hear("end");
    first
}

#[test]
fn a_connection_serves_as_many_requests_as_the_plan_allows() {
    let web = Web::plain("a");
    let (running, at) = run(&with(in_turn(&[&web.endpoint]), |reuse| reuse.requests = Some(2)));
    let mut client = Wire::to(&at);
    for _ in 0..5 {
        client.say(get("/x")).hear("GET /x HTTP/1.1|");
    }
    let each: Vec<_> = web.bytes().iter().map(|bytes| String::from_utf8_lossy(bytes).matches("GET ").count()).collect();
    assert_eq!(each, [2, 2, 1]);
    assert_eq!(running.counts().endpoint("a").reused, 2);
    assert_eq!(running.counts().endpoint("a").open, 1);
}

#[test]
fn a_connection_that_is_used_all_the_time_ends_by_its_age() {
    let web = Web::plain("a");
    let (_running, at) = run(&with(in_turn(&[&web.endpoint]), |reuse| reuse.age = Some(200)));
    let mut client = Wire::to(&at);
    eventually("a younger one serves", || {
        client.say(get("/x")).hear("GET /x HTTP/1.1|");
        web.endpoint.accepted() == 2
    });
    assert!(web.bytes()[0].len() > 1000, "it served more than one");
}

#[test]
fn a_connection_that_waits_too_long_is_closed_without_being_asked_for() {
    for (idle, age) in [(50, None), (60_000, Some(50))] {
        let web = Web::plain("a");
        let (running, at) = run(&with(in_turn(&[&web.endpoint]), |reuse| (reuse.idle, reuse.age) = (idle, age)));
        let mut client = Wire::to(&at);
        client.say(get("/1")).hear("GET /1 HTTP/1.1|");
        eventually("it is closed", || running.counts().endpoint("a").open == 0);
        eventually("the endpoint sees it", || web.endpoint.serves() == 0);
        client.say(get("/2")).hear("GET /2 HTTP/1.1|");
        assert_eq!((web.endpoint.accepted(), running.counts().all_faults()), (2, vec![]));
    }
}

#[test]
fn a_connection_that_has_waited_too_long_is_not_used_though_nobody_has_closed_it_yet() {
    let web = Web::plain("a");
    let (_running, at) = run(&with(in_turn(&[&web.endpoint]), |reuse| reuse.idle = 10));
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("GET /1 HTTP/1.1|");
    std::thread::sleep(Duration::from_millis(100));
    client.say(get("/2")).hear("GET /2 HTTP/1.1|");
    assert_eq!(web.endpoint.accepted(), 2);
}

#[test]
fn no_more_connections_wait_than_the_plan_allows() {
    for (most, left) in [(0, 0), (1, 1), (2, 2)] {
        let web = pairs();
        let (running, at) = run(&with(in_turn(&[&web.endpoint]), |reuse| reuse.most = most));
        let _client = two_idle(&at);
        eventually("the others are closed", || running.counts().endpoint("a").open == left);
        eventually("the endpoint sees it", || web.endpoint.serves() as u64 == left);
    }
}

#[test]
fn the_connection_that_was_used_last_is_used_next() {
    let web = pairs();
    let (running, at) = before(&[&web.endpoint]);
    let mut client = two_idle(&at);
    eventually("both wait", || running.counts().endpoint("a").inflight == 0);
    for _ in 0..6 {
        client.say(get("/next")).hear("end");
    }
    let mut each: Vec<_> =
        web.bytes().iter().map(|bytes| String::from_utf8_lossy(bytes).matches("GET /next").count()).collect();
    each.sort_unstable();
    assert_eq!(each, [0, 6]);
}

/// Conformance: 53.
#[test]
fn what_may_do_harm_when_it_is_done_twice_gets_only_a_connection_that_was_used_a_moment_ago() {
    let web = Web::plain("a");
    let (running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("GET /1 HTTP/1.1|");
    client.say(post("/2", "x")).hear("POST /2 HTTP/1.1|x");
    assert_eq!(web.endpoint.accepted(), 1);
    std::thread::sleep(Duration::from_millis(1100));
    client.say(post("/3", "x")).hear("POST /3 HTTP/1.1|x");
    assert_eq!(web.endpoint.accepted(), 2);
    client.say(get("/4")).hear("GET /4 HTTP/1.1|");
    assert_eq!((web.endpoint.accepted(), running.counts().endpoint("a").open), (2, 2));
}

#[test]
fn the_idle_connections_of_an_endpoint_that_leaves_are_closed() {
    let (first, second) = (pairs(), Web::plain("b"));
    let (running, at) = before(&[&first.endpoint]);
    let mut client = two_idle(&at);
    assert_eq!(first.endpoint.serves(), 2);
    running.apply(&in_turn(&[&second.endpoint]));
    eventually("they are closed", || first.endpoint.serves() == 0);
    client.say(get("/x")).hear("GET /x HTTP/1.1|");
    // Back again it gets a new one.
    running.apply(&in_turn(&[&first.endpoint]));
    client.say(get("/y")).hear("end");
    assert_eq!((first.endpoint.accepted(), running.counts().endpoint("a").open), (3, 1));
}

#[test]
fn a_connection_on_which_its_endpoint_leaves_is_not_used_again() {
    let (first, second) = (pairs(), Web::plain("b"));
    let (running, at) = before(&[&first.endpoint]);
    let (mut one, mut other) = (Wire::to(&at), Wire::to(&at));
    one.say(get("/pair"));
    eventually("it is under way", || first.requests().len() == 1);
    running.apply(&in_turn(&[&second.endpoint, &first.endpoint]));
    running.apply(&in_turn(&[&second.endpoint]));
    // The other of the two, so that the endpoint answers.
    let mut direct = Wire::to(&first.endpoint.address);
    direct.say(get("/pair")).hear("end");
    one.hear("end");
    drop(direct);
    eventually("it is closed", || first.endpoint.serves() == 0);
    other.say(get("/x")).hear("GET /x HTTP/1.1|");
}

/// Conformance: 17.
#[test]
fn a_connection_whose_endpoint_says_close_or_whose_request_was_cut_short_is_not_used_again() {
    let web = Web::new("a", |_| Reply::Send(response("Connection: close\r\n", b"end")));
    let (running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    for count in 1..=3 {
        let heard = client.say(get("/x")).hear("end");
        assert!(!heard.contains("Connection"), "the client's stays: {heard}");
        assert_eq!(web.endpoint.accepted(), count);
    }
    eventually("all are closed", || running.counts().endpoint("a").open == 0);
}
