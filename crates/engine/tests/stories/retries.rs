//! When a request is sent again, where, and when not.

use std::io::{Read, Write};

use account::Fault;
use plan::RetryBudget;

use crate::support::web::{Asked, Reply, Web, Wire, before, find, get, in_turn, post, read_head, response, run};
use crate::support::{Draft, Endpoint, any_port, eventually, refusing};

/// Reads a whole request and closes without a word.
fn dies(name: &str) -> Web {
    Web::new(name, |_| Reply::Close(Vec::new()))
}

/// Answers the first request of each connection, and closes at the next one.
fn dies_later(name: &str) -> Web {
    let first = std::sync::atomic::AtomicBool::new(false);
    Web::new(name, move |_| match first.fetch_xor(true, std::sync::atomic::Ordering::SeqCst) {
        false => Reply::Send(response("", b"end")),
        true => Reply::Close(Vec::new()),
    })
}

fn tries(draft: Draft, tries: u32) -> Draft {
    Draft { http: plan::HttpPolicy { tries, ..draft.http }, ..draft }
}

/// No request is sent again that was sent once.
fn thrifty(draft: Draft) -> Draft {
    Draft { budget: RetryBudget { percent: 0, reserve: 0 }, ..draft }
}

/// Conformance: 52.
#[test]
fn a_fresh_connection_that_ends_unanswered_is_followed_by_another_endpoint() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let (dies, web) = (dies("a"), Web::plain("b"));
        let mut draft = in_turn(&[&dies.endpoint, &web.endpoint]);
        draft.http.trace = true;
        let (running, at) = run(&draft);
        Wire::to(&at).say(format!("{method} /x HTTP/1.1\r\nHost: a\r\n\r\n")).hear("200 OK");
        assert_eq!((dies.requests().len(), web.requests().len()), (1, 1), "{method}");
        assert_eq!(dies.requests(), web.requests());
        let counts = running.counts();
        assert_eq!((counts.pool("pool").requests, counts.pool("pool").retries), (1, 1));
        assert_eq!(counts.all_faults(), [("endpoint-ended", 1)]);
    }
}

/// Conformance: 52.
#[test]
fn what_may_do_harm_when_it_is_done_twice_is_sent_once() {
    for method in ["POST", "PATCH", "LOCK"] {
        let (dies, web) = (dies("a"), Web::plain("b"));
        let (running, at) = before(&[&dies.endpoint, &web.endpoint]);
        let (heard, _) = Wire::to(&at).say(format!("{method} /x HTTP/1.1\r\nHost: a\r\n\r\n")).rest();
        assert!(heard.starts_with("HTTP/1.1 502 "), "{method}: {heard}");
        assert_eq!((dies.requests().len(), web.endpoint.accepted()), (1, 0), "{method}");
        assert_eq!(running.counts().pool("pool").retries, 0);
    }
}

/// Conformance: 53.
#[test]
fn a_connection_that_died_while_it_waited_is_replaced_by_a_fresh_one_to_the_same_endpoint() {
    let (later, web) = (dies_later("a"), Web::plain("b"));
    // It is no load on anybody, so no budget is asked, and it is no other try.
    let draft = tries(thrifty(in_turn(&[&later.endpoint, &web.endpoint])), 1);
    let (running, at) = run(&draft);
    let mut client = Wire::to(&at);
    client.say(get("/1")).hear("end");
    client.say(get("/2")).hear("GET /2 HTTP/1.1|");
    client.say(get("/3")).hear("end");
    assert_eq!((later.requests().len(), later.endpoint.accepted(), web.requests().len()), (3, 2, 1));
    let counts = running.counts();
    assert_eq!((counts.pool("pool").retries, counts.pool("pool").retries_denied), (1, 0));
    assert_eq!((counts.endpoint("a").reused, counts.endpoint("a").picked), (1, 2));
    // The other way round it is sent once.
    client.say(get("/4")).hear("GET /4 HTTP/1.1|");
    let (heard, _) = client.say(post("/5", "")).rest();
    assert!(heard.starts_with("HTTP/1.1 502 "), "{heard}");
    assert_eq!(later.requests().len(), 4);
}

/// The bodies that `b` has, when `a` has died of the same requests.
fn sent_again(requests: &[Vec<u8>]) -> Vec<Asked> {
    let (dies, web) = (dies("a"), Web::new("b", |_| Reply::Send(response("Connection: close\r\n", b"end"))));
    let (_running, at) = before(&[&dies.endpoint, &web.endpoint]);
    for request in requests {
        Wire::to(&at).say(request).hear("end");
    }
    assert_eq!(dies.requests(), web.requests());
    web.requests()
}

/// Conformance: 53.
#[test]
fn a_body_that_was_sent_is_sent_again_whole() {
    let put = |framing: &str| format!("PUT /x HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n").into_bytes();
    let large = vec![b'x'; 64 * 1024];
    let known = |body: &[u8]| [put(&format!("Content-Length: {}", body.len())), body.to_vec()].concat();
    let chunked = |body: &[u8]| {
        let chunks =
            body.chunks(5000).flat_map(|part| [format!("{:x};e\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
        [put("Transfer-Encoding: chunked"), chunks.collect(), b"0\r\nX-End: 1\r\n\r\n".to_vec()].concat()
    };
    let bodies: [&[u8]; 3] = [b"hello", &large[..30_000], &large];
    let requests: Vec<_> = bodies.iter().flat_map(|body| [known(body), chunked(body)]).collect();
    let seen = sent_again(&requests);
    for (at, asked) in seen.iter().enumerate() {
        assert!(asked.body == bodies[at / 2], "{at}: {} bytes", asked.body.len());
        assert_eq!(asked.trailers, if at % 2 == 0 { "" } else { "X-End: 1\n" });
    }
    assert_eq!(seen.len(), 6);
}

#[test]
fn a_body_of_which_a_part_was_sent_goes_on_at_another_endpoint() {
    for (framing, first, rest) in [
        ("Content-Length: 10", "hello", "world"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n", "5\r\nworld\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "A;x\r\nhello", "world\r\n0\r\n\r\n"),
        ("Transfer-Encoding: chunked", "a\r\nhelloworld", "\r\n0\r\n\r\n"),
    ] {
        let dies = Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
            let (_, mut read) = read_head(&mut socket)?;
            while find(&read, b"hello").is_none() {
                let mut byte = [0];
                socket.read_exact(&mut byte)?;
                read.extend(byte);
            }
            Ok(())
        });
        let web = Web::plain("b");
        let (_running, at) = before(&[&dies, &web.endpoint]);
        let mut client = Wire::to(&at);
        client.say(format!("PUT /x HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{first}"));
        eventually("the other one has it", || find(&web.bytes().concat(), b"hello").is_some());
        client.say(rest).hear("PUT /x HTTP/1.1|helloworld");
        assert_eq!(web.requests().len(), 1);
    }
}

#[test]
fn a_body_that_is_too_large_to_be_kept_is_sent_once() {
    let put = |framing: String| format!("PUT /x HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n").into_bytes();
    let large = vec![b'x'; 64 * 1024 + 1];
    let chunk = format!("{:x}\r\n", large.len()).into_bytes();
    for request in [
        [put(format!("Content-Length: {}", large.len())), large.clone()].concat(),
        [put("Transfer-Encoding: chunked".into()), chunk, large, b"\r\n0\r\n\r\n".to_vec()].concat(),
    ] {
        let (dies, web) = (dies("a"), Web::plain("b"));
        let (_running, at) = before(&[&dies.endpoint, &web.endpoint]);
        let (heard, _) = Wire::to(&at).say(request).rest();
        assert!(heard.starts_with("HTTP/1.1 502 "), "{heard}");
        assert_eq!((dies.requests().len(), web.endpoint.accepted()), (1, 0));
    }
}

#[test]
fn so_many_endpoints_are_tried_and_none_of_them_twice() {
    for (most, seen) in [(1, 1), (2, 2), (3, 3), (9, 4)] {
        let all = [dies("a"), dies("b"), dies("c"), dies("d")];
        let endpoints: Vec<_> = all.iter().map(|web| &web.endpoint).collect();
        let (running, at) = run(&tries(in_turn(&endpoints), most));
        assert!(Wire::to(&at).say(get("/x")).rest().0.starts_with("HTTP/1.1 502 "));
        let each: Vec<_> = all.iter().map(|web| web.requests().len()).collect();
        assert!(each.iter().all(|count| *count <= 1), "{each:?}");
        assert_eq!(each.iter().sum::<usize>(), seen);
        assert_eq!(running.counts().pool("pool").retries, seen as u64 - 1);
        assert_eq!(running.fault(Fault::EndpointEnded), seen as u64);
    }
    let none = [refusing("a"), refusing("b"), refusing("c")];
    let (running, at) = run(&tries(in_turn(&[&none[0], &none[1], &none[2]]), 2));
    assert!(Wire::to(&at).say(get("/x")).rest().0.starts_with("HTTP/1.1 502 "));
    assert_eq!(running.fault(Fault::ConnectRefused), 2);
}

/// Conformance: 54a.
#[test]
fn a_pool_whose_budget_is_spent_sends_nothing_again() {
    let (dies, web) = (dies("a"), Web::plain("b"));
    let (running, at) = run(&thrifty(in_turn(&[&dies.endpoint, &web.endpoint])));
    assert!(Wire::to(&at).say(get("/x")).rest().0.starts_with("HTTP/1.1 502 "));
    let pool = running.counts().pool("pool");
    assert_eq!((pool.requests, pool.retries, pool.retries_denied), (1, 0, 1));
    assert_eq!(web.endpoint.accepted(), 0);
    // What was asked for in vain, as nobody else was there, is no denial.
    let (running, at) = run(&thrifty(in_turn(&[&dies.endpoint])));
    assert!(Wire::to(&at).say(get("/x")).rest().0.starts_with("HTTP/1.1 502 "));
    assert_eq!(running.counts().pool("pool").retries_denied, 0);
}

#[test]
fn an_endpoint_that_was_not_reached_costs_nothing_of_the_budget() {
    let (refuses, web) = (refusing("a"), Web::plain("b"));
    let (running, at) = run(&thrifty(in_turn(&[&refuses, &web.endpoint])));
    for request in [get("/x"), post("/x", "hello"), get("/y")] {
        Wire::to(&at).say(request).hear("200 OK");
    }
    let counts = running.counts();
    let pool = counts.pool("pool");
    assert_eq!((pool.requests, pool.retries_denied), (3, 0));
    assert!(pool.retries > 0);
    assert_eq!(counts.endpoint("a").failed, pool.retries);
    assert_eq!(counts.all_faults(), [("connect-refused", pool.retries)]);
}

/// Conformance: 54a.
#[test]
fn nothing_is_sent_again_once_anything_has_come_of_an_answer() {
    for answer in
        ["HTTP/1.1 103 Early Hints\r\n\r\n", "HTTP/1.1 102 Processing\r\nX", "H", "HTTP/1.1 200 OK\r\nX: y\r\n"]
    {
        let begins = Web::new("a", move |_| Reply::Close(answer.into()));
        let web = Web::plain("b");
        let (running, at) = before(&[&begins.endpoint, &web.endpoint]);
        let (heard, _) = Wire::to(&at).say(get("/x")).rest();
        assert!(heard.contains("HTTP/1.1 502 ") && !heard.contains("200 OK"), "{answer:?}: {heard}");
        assert_eq!(web.endpoint.accepted(), 0, "{answer:?}");
        assert_eq!(running.counts().all_faults(), [("endpoint-ended", 1)]);
    }
}

#[test]
fn a_response_that_is_wrong_is_502_and_nobody_else_is_asked() {
    let wrong = Web::new("a", |_| Reply::Send(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n".to_vec()));
    let web = Web::plain("b");
    let (running, at) = before(&[&wrong.endpoint, &web.endpoint]);
    assert!(Wire::to(&at).say(get("/x")).rest().0.starts_with("HTTP/1.1 502 "));
    assert_eq!(web.endpoint.accepted(), 0);
    assert_eq!(running.counts().all_faults(), [("bad-response", 1)]);
}

#[test]
fn a_body_that_waits_for_100_is_sent_again_after_the_endpoint_has_gone() {
    let gone = Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| read_head(&mut socket).map(|_| ()));
    let web = Endpoint::serving("b", &any_port("127.0.0.1"), |mut socket| {
        let (_, body) = read_head(&mut socket)?;
        assert_eq!(body, b"", "the head alone");
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        let mut body = [0; 5];
        socket.read_exact(&mut body)?;
        socket.write_all(&response("", &body))
    });
    let (_running, at) = before(&[&gone, &web]);
    let head = "PUT /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let mut client = Wire::to(&at);
    client.say(head).hear("HTTP/1.1 100 Continue\r\n\r\n");
    client.say("hello").hear("\r\n\r\nhello");
    // A client that does not wait.
    Wire::to(&at).say(format!("{head}hello")).hear("\r\n\r\nhello");
}
