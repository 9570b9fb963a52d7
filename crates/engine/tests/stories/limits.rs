//! How large a message may be, and what is said of one that is larger.

use std::io::{Read, Write};
use std::sync::mpsc::channel;
use std::time::Duration;

use account::Fault;
use plan::{HeadLimits, HttpListener, Protocol};

use crate::support::web::{Reply, Web, Wire, get, in_turn, post, response, run};
use crate::support::{Draft, Endpoint, HTTP_LISTENER, any_port, eventually};

/// A first line of 40 bytes, field lines of 100 bytes with their ends, and 3 fields.
fn tight(draft: Draft) -> Draft {
    let mut draft = draft;
    let heads = HeadLimits { line: 40, fields: 100, count: 3 };
    draft.listeners[0].protocol = Protocol::Http(HttpListener { heads, ..HTTP_LISTENER });
    draft
}

fn most_body(draft: Draft, most: u64) -> Draft {
    Draft { http: plan::HttpPolicy { most_body: Some(most), ..draft.http }, ..draft }
}

/// A request of so many bytes in its first line, in its field lines, and so many fields.
fn request(line: usize, fields: usize, count: usize) -> String {
    let first = "GET / HTTP/1.1".len();
    let mut lines = "Host: a\r\n".to_owned() + &"X: y\r\n".repeat(count.saturating_sub(2));
    if count > 1 {
        lines += &format!("Y: {}\r\n", "z".repeat(fields - lines.len() - 5));
    }
    format!("GET /{} HTTP/1.1\r\n{lines}\r\n", "x".repeat(line - first))
}

/// Conformance: 59b.
#[test]
fn a_head_may_be_as_large_as_the_plan_says_and_no_larger() {
    let web = Web::plain("a");
    let (running, at) = run(&tight(in_turn(&[&web.endpoint])));
    for dribbled in [false, true] {
        let ask = |line, fields, count| {
            let (mut client, request) = (Wire::to(&at), request(line, fields, count));
            match dribbled {
                true => client.dribble(request),
                false => client.say(request),
            };
            client.finish().rest().0
        };
        for (line, fields, count) in [(40, 30, 2), (20, 100, 2), (20, 30, 3), (40, 100, 3)] {
            let heard = ask(line, fields, count);
            assert!(heard.starts_with("HTTP/1.1 200 "), "{line} {fields} {count}: {heard}");
        }
        for (status, line, fields, count) in [(414, 41, 30, 2), (431, 20, 101, 2), (431, 20, 50, 4), (414, 41, 101, 4)]
        {
            let heard = ask(line, fields, count);
            assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{line} {fields} {count}: {heard}");
            assert!(heard.contains("\r\nConnection: close\r\n"), "{heard}");
        }
    }
    assert_eq!((web.requests().len(), running.fault(Fault::BadRequest)), (8, 8));
}

#[test]
fn a_head_without_an_end_is_refused_once_it_is_too_large() {
    let web = Web::plain("a");
    let (_running, at) = run(&tight(in_turn(&[&web.endpoint])));
    for (status, begin) in
        [(414, format!("GET /{}", "x".repeat(60))), (431, format!("GET / HTTP/1.1\r\nX: {}", "y".repeat(200)))]
    {
        let (heard, _) = Wire::to(&at).say(begin).rest();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
    }
    assert_eq!(web.endpoint.accepted(), 0);
}

/// However little a listener allows its clients.
///
/// Conformance: 59a.
#[test]
fn a_response_whose_head_is_too_large_is_502() {
    for (answer, status) in [
        (format!("HTTP/1.1 200 {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(16 * 1024 - 13)), 200),
        (format!("HTTP/1.1 200 {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(16 * 1024 - 12)), 502),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: {}\r\n\r\n", "y".repeat(64 * 1024 - 24)), 200),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: {}\r\n\r\n", "y".repeat(64 * 1024 - 23)), 502),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{}\r\n", "X: y\r\n".repeat(127)), 200),
        (format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{}\r\n", "X: y\r\n".repeat(128)), 502),
        (format!("HTTP/1.1 200 OK\r\nX: {}", "y".repeat(90 * 1024)), 502),
        (format!("HTTP/1.1 103 Early Hints\r\nX: {}\r\n\r\n", "y".repeat(64 * 1024)), 502),
    ] {
        let text = answer.clone();
        let web = Web::new("a", move |_| Reply::Send(text.clone().into()));
        let (running, at) = run(&tight(in_turn(&[&web.endpoint])));
        let heard = Wire::to(&at).say(get("/")).hear("\r\n\r\n");
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {heard}", answer.len());
        assert_eq!(running.fault(Fault::BadResponse), u64::from(status == 502));
    }
}

/// Conformance: 59b.
#[test]
fn a_body_that_says_it_is_too_large_is_413_before_an_endpoint_hears_of_it() {
    let web = Web::plain("a");
    let (running, at) = run(&most_body(in_turn(&[&web.endpoint]), 5));
    for expect in ["", "Expect: 100-continue\r\n"] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{expect}Content-Length: 6\r\n\r\n");
        let (heard, plain) = Wire::to(&at).say(head).rest();
        assert!(heard.starts_with("HTTP/1.1 413 Content Too Large\r\n") && plain, "{heard}");
        assert!(!heard.contains("100 Continue") && heard.contains("\r\nConnection: close\r\n"), "{heard}");
    }
    assert_eq!((web.endpoint.accepted(), running.fault(Fault::BodyTooLarge)), (0, 2));
    let mut client = Wire::to(&at);
    client.say(post("/x", "hello")).hear("POST /x HTTP/1.1|hello");
    client.say(get("/y")).hear("GET /y HTTP/1.1|");
}

/// Conformance: 59b.
#[test]
fn a_body_that_turns_out_too_large_is_413_and_never_a_whole_request() {
    let (said, ended) = channel();
    let web = Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        let end = loop {
            match socket.read(&mut buffer) {
                Ok(0) => break None,
                Ok(count) => read.extend_from_slice(&buffer[..count]),
                Err(error) => break Some(error.kind()),
            }
        };
        said.send((String::from_utf8(read).unwrap(), end)).unwrap();
        Ok(())
    });
    let (running, at) = run(&most_body(in_turn(&[&web]), 8));
    let head = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut client = Wire::to(&at);
    client.say(format!("{head}5\r\nhello\r\n"));
    eventually("the endpoint has it", || running.counts().endpoint("a").bytes_sent > 100);
    let (heard, _) = client.say("5\r\nworld\r\n0\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard}");
    let (read, end) = ended.recv().unwrap();
    assert_eq!(end, Some(std::io::ErrorKind::ConnectionReset));
    assert!(read.ends_with("5\r\nhello\r\n"), "{read}");
    // All at once, nobody need be asked.
    let (heard, _) = Wire::to(&at).say(format!("{head}9\r\nhellohell\r\n0\r\n\r\n")).rest();
    assert!(heard.starts_with("HTTP/1.1 413 "), "{heard}");
    assert_eq!((web.accepted(), running.fault(Fault::BodyTooLarge)), (1, 2));
    let web = Web::plain("b");
    let (_running, at) = run(&most_body(in_turn(&[&web.endpoint]), 8));
    Wire::to(&at).dribble(format!("{head}5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n")).hear("|helloabc");
}

#[test]
fn a_large_head_that_comes_in_parts_may_have_a_large_body_behind_it() {
    let field = format!("X: {}\r\n", "y".repeat(60_000));
    let text = field.clone();
    let web = Web::new("a", move |asked| Reply::Send(response(&text, &asked.body)));
    let (_running, at) = run(&in_turn(&[&web.endpoint]));
    let body = "z".repeat(200_000);
    let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{field}Content-Length: {}\r\n\r\n", body.len());
    for _ in 0..5 {
        let mut client = Wire::to(&at);
        let (first, rest) = head.split_at(50_000);
        client.say(first);
        // So that the rest comes apart from it, most of the times.
        std::thread::sleep(Duration::from_millis(10));
        let mut writer = client.socket.try_clone().unwrap();
        let rest = format!("{rest}{body}");
        let writing = std::thread::spawn(move || writer.write_all(rest.as_bytes()).unwrap());
        let heard = client.hear("\r\n\r\n");
        assert!(heard.starts_with("HTTP/1.1 200 ") && heard.contains(&field), "{} bytes", heard.len());
        assert!(client.take(body.len()) == body.as_bytes());
        writing.join().unwrap();
    }
}

/// Conformance: 42.
#[test]
fn large_interim_responses_are_passed_on_however_they_are_cut() {
    let hint = format!("HTTP/1.1 103 Early Hints\r\nX: {}\r\n\r\n", "y".repeat(60_000));
    let all = [hint.repeat(30).into_bytes(), response("", b"end")].concat();
    let web = Web::new("a", move |_| Reply::Send(all.clone()));
    let (_running, at) = run(&in_turn(&[&web.endpoint]));
    let heard = Wire::to(&at).say(get("/")).hear("\r\n\r\nend");
    assert!(heard.starts_with(&hint.repeat(30)), "{} bytes", heard.len());
}

#[test]
fn a_large_head_that_comes_byte_by_byte_goes_on_whole() {
    let web = Web::plain("a");
    let (_running, at) = run(&in_turn(&[&web.endpoint]));
    let value = "x".repeat(60_000);
    let head = format!("GET /x HTTP/1.1\r\nHost: a\r\nX-Large: {value}\r\n\r\n");
    Wire::to(&at).dribble(head).hear("GET /x HTTP/1.1|");
    assert_eq!(web.requests()[0].field("X-Large"), Some(value.as_str()));
}
