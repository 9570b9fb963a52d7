//! What happens when a step takes too long. Where a test waits, it waits for what the balancer does.

use std::io::{Read, Write};
use std::time::Duration;

use account::Fault;
use plan::{HttpListener, Protocol};

use crate::support::web::{Reply, Web, Wire, find, get, in_turn, post, read_head, response, run};
use crate::support::{Draft, Endpoint, HTTP_LISTENER, any_port, deaf, eventually};

/// HTTP with these times for a head and for the next request.
fn http(head: u32, keep_alive: u32) -> Protocol {
    Protocol::Http(HttpListener { head, keep_alive, ..HTTP_LISTENER })
}

/// Reads requests and never answers.
fn silent(name: &str) -> Web {
    Web::new(name, |_| Reply::Send(Vec::new()))
}

/// Begins each response so, and goes no further.
fn begins(name: &str, answer: &'static str) -> Web {
    Web::new(name, move |_| Reply::Send(answer.into()))
}

#[track_caller]
fn assert_answered((heard, plain): (String, bool), status: &str) {
    assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")) && plain, "{heard:?}, plain: {plain}");
    assert!(heard.contains("\r\nConnection: close\r\n"), "{heard}");
}

fn with(mut draft: Draft, change: impl FnOnce(&mut plan::HttpPolicy)) -> Draft {
    change(&mut draft.http);
    draft
}

/// Conformance: 60.
#[test]
fn a_head_that_does_not_come_in_time_is_408() {
    let web = Web::plain("a");
    let mut draft = in_turn(&[&web.endpoint]);
    draft.listeners[0].protocol = http(150, 30_000);
    let (running, at) = run(&draft);
    assert_answered(Wire::to(&at).say("GET / HTTP/1.1\r\nHost:").rest(), "408");
    // Nor the next one of a connection, whose time begins with its first byte.
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("GET /1 HTTP/1.1|");
    assert_answered(client.say("G").rest(), "408");
    // Nor one of which a part came together with another one.
    let mut client = Wire::to(&at);
    client.say(format!("{}GET /3", get("/2"))).hear("GET /2 HTTP/1.1|");
    assert_answered(client.rest(), "408");
    assert_eq!(running.fault(Fault::RequestTimeout), 3);
    assert_eq!(web.requests().len(), 2);
}

/// Conformance: 60.
#[test]
fn a_client_that_says_nothing_at_all_is_told_nothing() {
    let web = Web::plain("a");
    let mut draft = in_turn(&[&web.endpoint]);
    draft.listeners[0].protocol = http(100, 30_000);
    let (running, at) = run(&draft);
    assert_eq!(Wire::to(&at).rest(), (String::new(), true));
    assert_eq!(running.counts().all_faults(), []);
}

/// Conformance: 60.
#[test]
fn a_connection_that_waits_too_long_for_its_next_request_ends() {
    let web = Web::plain("a");
    let mut draft = in_turn(&[&web.endpoint]);
    draft.listeners[0].protocol = http(30_000, 100);
    let (running, at) = run(&draft);
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("GET /1 HTTP/1.1|");
    assert_eq!(client.rest(), (String::new(), true));
    assert_eq!(running.counts().all_faults(), []);
    assert_eq!(running.counts().endpoint("a").open, 1, "that to the endpoint stays");
}

/// Conformance: 60.
#[test]
fn a_body_that_does_not_go_on_is_408_and_no_whole_request() {
    let web = Web::plain("a");
    let (running, at) = run(&with(in_turn(&[&web.endpoint]), |http| http.body = 100));
    for framing in ["Content-Length: 10", "Transfer-Encoding: chunked"] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
        assert_answered(Wire::to(&at).say(format!("{head}5\r\nhel")).rest(), "408");
    }
    assert_eq!(running.fault(Fault::RequestTimeout), 2);
    eventually("the endpoint is rid of them", || web.endpoint.serves() == 0);
    assert_eq!(web.requests(), []);
}

/// Conformance: 60.
#[test]
fn a_body_has_to_come_at_its_rate() {
    let web = Web::plain("a");
    let draft = with(in_turn(&[&web.endpoint]), |http| (http.body, http.body_rate) = (400, 500));
    let (_running, at) = run(&draft);
    // 200 bytes are due each time.
    let upload = |bytes: usize, times: usize| {
        let mut client = Wire::to(&at);
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", bytes * times);
        let mut writer = client.socket.try_clone().unwrap();
        let writing = std::thread::spawn(move || {
            writer.write_all(head.as_bytes()).unwrap();
            for _ in 0..times {
                if writer.write_all(&vec![b'x'; bytes]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let heard = client.hear("\r\n\r\n");
        writing.join().unwrap();
        heard
    };
    assert!(upload(1, 150).starts_with("HTTP/1.1 408 "));
    assert!(upload(400, 60).starts_with("HTTP/1.1 200 "));
}

#[test]
fn a_client_is_not_blamed_for_an_endpoint_that_takes_nothing() {
    let web = Endpoint::serving("a", &any_port("127.0.0.1"), |socket| {
        // It reads nothing, and is there until the balancer has gone.
        eventually("gone", || socket.send(b"").is_err() || socket.take_error().is_ok_and(|error| error.is_some()));
        Ok(())
    });
    let draft = with(in_turn(&[&web]), |http| (http.body, http.response) = (100, 500));
    let (running, at) = run(&draft);
    let mut client = Wire::to(&at);
    let mut writer = client.socket.try_clone().unwrap();
    let writing = std::thread::spawn(move || {
        let _ = writer.write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
        while writer.write_all(&[b'x'; 100_000]).is_ok() {}
    });
    assert!(client.hear("\r\n\r\n").starts_with("HTTP/1.1 504 "));
    drop(client);
    writing.join().unwrap();
    assert_eq!(running.counts().all_faults(), [("first-byte-timeout", 1)]);
}

#[test]
fn the_time_of_a_body_runs_only_while_it_may_come() {
    let (deaf, web) = (deaf("a"), Web::plain("b"));
    let mut draft = with(in_turn(&[&deaf, &web.endpoint]), |http| (http.body, http.body_rate) = (250, 10_000));
    draft.timeouts.connect = 400;
    let (running, at) = run(&draft);
    let mut client = Wire::to(&at);
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    eventually("it has another endpoint", || find(&web.bytes().concat(), b"he").is_some());
    client.say("llo").hear("|hello");
    assert_eq!(running.counts().all_faults(), [("connect-timeout", 1)]);
    // Nor while the endpoint has not said that it may.
    let web = Endpoint::serving("c", &any_port("127.0.0.1"), |mut socket| {
        read_head(&mut socket)?;
        std::thread::sleep(Duration::from_millis(500));
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        socket.read_exact(&mut [0; 5])?;
        socket.write_all(&response("", b"end"))
    });
    let draft = with(in_turn(&[&web]), |http| (http.body, http.body_rate) = (250, 10_000));
    let (_running, at) = run(&draft);
    let mut client = Wire::to(&at);
    client.say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client.hear("100 Continue\r\n\r\n");
    client.say("hello").hear("end");
}

/// Conformance: 55.
#[test]
fn an_endpoint_that_cannot_be_reached_in_time_is_504() {
    let deaf = deaf("a");
    let mut draft = in_turn(&[&deaf]);
    draft.timeouts.connect = 100;
    let (running, at) = run(&draft);
    assert_answered(Wire::to(&at).say(get("/")).rest(), "504");
    assert_eq!(running.counts().all_faults(), [("connect-timeout", 1)]);
}

/// Conformance: 55.
#[test]
fn a_response_that_does_not_begin_in_time_is_504() {
    let slow = silent("a");
    let (running, at) = run(&with(in_turn(&[&slow.endpoint]), |http| http.first_byte = 100));
    assert_answered(Wire::to(&at).say(get("/")).rest(), "504");
    assert_answered(Wire::to(&at).say(post("/", "hello")).rest(), "504");
    assert_eq!(running.counts().all_faults(), [("first-byte-timeout", 2)]);
    eventually("the endpoint is rid of them", || slow.endpoint.serves() == 0);
}

#[test]
fn a_response_that_does_not_go_on_is_cut() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello",
    ] {
        let web = begins("a", answer);
        let (running, at) = run(&with(in_turn(&[&web.endpoint]), |http| http.response = 100));
        let mut client = Wire::to(&at);
        client.say(get("/")).hear("hello");
        let (heard, plain) = client.rest();
        assert!(!plain && !heard.contains("0\r\n\r\n"), "{answer:?}: {heard:?}");
        assert_eq!(running.counts().all_faults(), [("response-timeout", 1)]);
        eventually("the endpoint is rid of it", || web.endpoint.serves() == 0);
    }
}

#[test]
fn a_slow_response_may_take_long_as_long_as_it_goes_on() {
    let web = Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        read_head(&mut socket)?;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")?;
        for _ in 0..30 {
            std::thread::sleep(Duration::from_millis(30));
            socket.write_all(b"x")?;
        }
        Ok(())
    });
    let (_running, at) = run(&with(in_turn(&[&web]), |http| (http.response, http.first_byte) = (400, 400)));
    Wire::to(&at).say(get("/")).hear(&"x".repeat(30));
}

/// Conformance: 54b.
#[test]
fn a_try_that_takes_too_long_is_repeated_elsewhere_if_that_does_no_harm() {
    let (slow, web) = (silent("a"), Web::plain("b"));
    let draft = || with(in_turn(&[&slow.endpoint, &web.endpoint]), |http| http.attempt = Some(100));
    let put = "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    for request in [get("/x"), put.into()] {
        let (running, at) = run(&draft());
        Wire::to(&at).say(request).hear(" /x HTTP/1.1|");
        assert_eq!(running.counts().all_faults(), [("first-byte-timeout", 1)]);
        assert_eq!(running.counts().pool("pool").retries, 1);
    }
    let (running, at) = run(&draft());
    assert_answered(Wire::to(&at).say(post("/x", "hello")).rest(), "504");
    assert_eq!(running.counts().pool("pool").retries, 0);
    assert_eq!((slow.requests().len(), web.requests().len()), (3, 2));
    eventually("the endpoint is rid of them", || slow.endpoint.serves() == 0);
}

#[test]
fn a_dial_that_takes_longer_than_a_try_is_repeated_elsewhere() {
    let (deaf, web) = (deaf("a"), Web::plain("b"));
    let (running, at) = run(&with(in_turn(&[&deaf, &web.endpoint]), |http| http.attempt = Some(200)));
    Wire::to(&at).say(post("/x", "hello")).hear("POST /x HTTP/1.1|hello");
    assert_eq!(running.counts().all_faults(), [("first-byte-timeout", 1)]);
    assert_eq!(running.counts().endpoint("a").failed, 1);
}

/// Conformance: 54b.
#[test]
fn an_exchange_that_takes_too_long_is_504_over_all_its_tries() {
    let slow = [silent("a"), silent("b"), silent("c"), silent("d")];
    let endpoints: Vec<_> = slow.iter().map(|web| &web.endpoint).collect();
    let draft = with(in_turn(&endpoints), |http| {
        (http.attempt, http.total, http.tries) = (Some(150), Some(400), 10);
    });
    let (running, at) = run(&draft);
    // Each deadline is set once the one before has fired.
    assert_answered(Wire::to(&at).say(get("/")).rest(), "504");
    assert_eq!(running.fault(Fault::TotalTimeout), 1);
    let tried = slow.iter().filter(|web| !web.requests().is_empty()).count();
    assert!((2..=3).contains(&tried), "{tried}");
}

#[test]
fn an_exchange_that_takes_too_long_is_cut_amid_its_response() {
    let web = Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        read_head(&mut socket)?;
        socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        loop {
            socket.write_all(b"1\r\nx\r\n")?;
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let (running, at) = run(&with(in_turn(&[&web]), |http| http.total = Some(300)));
    let mut client = Wire::to(&at);
    client.say(get("/")).hear("1\r\nx\r\n");
    let (heard, plain) = client.rest();
    assert!(!plain && !heard.contains("0\r\n"), "{heard}");
    assert_eq!(running.counts().all_faults(), [("total-timeout", 1)]);
    eventually("the endpoint is rid of it", || web.serves() == 0);
}

#[test]
fn a_tunnel_in_which_nothing_moves_ends_and_one_in_which_something_does_goes_on() {
    let web = Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        read_head(&mut socket)?;
        socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")?;
        let mut byte = [0];
        loop {
            socket.read_exact(&mut byte)?;
            socket.write_all(&byte)?;
        }
    });
    let mut draft = with(in_turn(&[&web]), |http| {
        (http.tunnel, http.response, http.total, http.first_byte) = (Some(600), 50, Some(300), 200);
    });
    // What holds for bare connections has no say here.
    draft.timeouts.idle = Some(50);
    let (running, at) = run(&draft);
    let mut client = Wire::to(&at);
    client.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n").hear("\r\n\r\n");
    for _ in 0..8 {
        std::thread::sleep(Duration::from_millis(100));
        client.say("x").hear("x");
    }
    client.rest();
    assert_eq!(running.counts().all_faults(), [("idle-timeout", 1)]);
    eventually("the endpoint is rid of it", || web.serves() == 0);
}

#[test]
fn a_deadline_holds_after_another_one_has_passed() {
    let web = silent("a");
    let (running, at) = run(&with(in_turn(&[&web.endpoint]), |http| http.first_byte = 100));
    // First the second passes in which the endpoint may say 100, then the time for its response.
    let head = "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    assert_answered(Wire::to(&at).say(format!("{head}hello")).rest(), "504");
    assert_eq!(web.requests()[0].body, b"hello");
    assert_eq!(running.counts().all_faults(), [("first-byte-timeout", 1)]);
}

#[test]
fn what_comes_in_time_leaves_no_deadline_behind() {
    let web = Web::new("a", |_| Reply::Send(response("", b"end")));
    let mut draft = with(in_turn(&[&web.endpoint]), |http| {
        (http.first_byte, http.response, http.body) = (300, 300, 300);
        (http.attempt, http.total) = (Some(300), Some(300));
    });
    draft.listeners[0].protocol = http(300, 30_000);
    let (running, at) = run(&draft);
    let mut client = Wire::to(&at);
    client.say(post("/", "hello")).hear("end");
    std::thread::sleep(Duration::from_millis(400));
    client.say(get("/")).hear("end");
    assert_eq!(running.counts().all_faults(), []);
}
