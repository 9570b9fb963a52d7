//! Exchanges in which two things happen at once, or one at the wrong time.

use std::io::{Read, Write};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use super::conformance::scripted;
use crate::support::web::{Reply, Web, Wire, before, find, get, response};
use crate::support::{Draft, Endpoint, HTTP, PATIENCE, Running, WAYS, address, any_port, cycle, free_path};

/// Conformance: 43.
#[test]
fn a_head_that_expects_100_goes_on_at_once_to_a_unix_socket() {
    let endpoint = Endpoint::serving("a", &free_path(), |mut socket| {
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        while find(&read, b"\r\n\r\n").is_none() {
            let count = socket.read(&mut buffer)?;
            read.extend_from_slice(&buffer[..count]);
        }
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        socket.read_exact(&mut buffer[..5])?;
        socket.write_all(&response("", b"end"))
    });
    let (_running, at) = before(&[&endpoint]);
    let start = Instant::now();
    let mut client = Wire::to(&at);
    client.say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    client.hear("HTTP/1.1 100 Continue\r\n\r\n");
    assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
    client.say("hello").hear("end");
}

/// Conformance: 43.
#[test]
fn a_body_that_waited_for_100_does_not_follow_a_final_response() {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let endpoint = scripted(move |mut socket, early| {
        socket.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\nnot")?;
        // Longer than a body waits for 100.
        socket.set_read_timeout(Some(Duration::from_millis(1500)))?;
        let body = socket.read(&mut [0; 100]).unwrap_or_default() + early.len();
        tell.lock().unwrap().send(body).unwrap();
        socket.write_all(b"you")
    });
    let (_running, at) = before(&[&endpoint]);
    let mut client = Wire::to(&at);
    client.say("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello");
    let (heard, plain) = client.finish().rest();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0), "bytes of the body");
    assert!(heard.starts_with("HTTP/1.1 401 ") && heard.ends_with("notyou") && plain, "{heard}");
}

/// Conformance: 42, 55.
#[test]
fn an_answer_of_ours_stands_alone() {
    for round in 0..30 {
        let endpoint = scripted(|mut socket, _| {
            let early = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(60_000));
            socket.write_all(early.repeat(30).as_bytes())?;
            socket.read(&mut [0; 100]).map(drop)
        });
        let (_running, at) = before(&[&endpoint]);
        let mut client = Wire::to(&at);
        client.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        client.hear("\r\n\r\n");
        // The wrong chunk comes while the interim responses stop and go.
        let mut writer = client.socket.try_clone().unwrap();
        client.take(round * 50_000);
        let wrong = std::thread::spawn(move || writer.write_all(b"wrong"));
        let (heard, _) = client.rest();
        let _ = wrong.join().unwrap();
        let ours = heard.find("HTTP/1.1 400 ");
        assert!(ours.is_none_or(|at| at == 0 || heard[..at].ends_with("\r\n\r\n")), "inside another head: {ours:?}");
    }
}

/// Conformance: 24, 27.
#[test]
fn an_authority_without_a_path_is_an_asterisk_for_options() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    Wire::to(&at).say("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n").hear("OPTIONS * HTTP/1.1|");
    assert_eq!(web.requests()[0].field("Host"), Some("b"));
    Wire::to(&at).say("OPTIONS http://b/ HTTP/1.1\r\nHost: a\r\n\r\n").hear("OPTIONS / HTTP/1.1|");
}

/// Conformance: 50, 56.
#[test]
fn a_client_that_ends_its_side_amid_an_upload_gets_the_response_that_has_begun() {
    let (go, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let endpoint = scripted(move |mut socket, _| {
        socket.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 6\r\n\r\ntoo")?;
        let _ = wait.lock().unwrap().recv();
        socket.write_all(b"big")
    });
    let (_running, at) = before(&[&endpoint]);
    let mut client = Wire::to(&at);
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello").hear("\r\n\r\ntoo");
    assert!(client.finish().hears_nothing(), "it is not cut");
    go.send(()).unwrap();
    assert_eq!(client.rest(), ("big".into(), true));
}

/// Conformance: 63.
#[test]
fn a_request_that_crosses_the_end_of_its_listener_is_not_reset() {
    for _ in 0..20 {
        let web = Web::plain("a");
        let (running, at) = before(&[&web.endpoint]);
        let mut clients: Vec<_> = (0..20).map(|_| Wire::to(&at)).collect();
        for client in &mut clients {
            client.say(get("/1")).hear("GET /1 HTTP/1.1|");
        }
        let closing = running.send_close(Duration::from_secs(20));
        for client in &mut clients {
            let _ = client.socket.write_all(get("/2").as_bytes());
        }
        for client in &mut clients {
            let (heard, plain) = client.rest();
            assert!(plain && (heard.is_empty() || heard.ends_with("GET /2 HTTP/1.1|")), "{heard:?} {plain}");
        }
        closing.recv().unwrap();
    }
}

/// Conformance: 52.
#[test]
fn a_request_that_may_be_repeated_and_is_not_answered_goes_to_another_endpoint() {
    let (dies, web) = (Web::new("a", |_| Reply::Close(Vec::new())), Web::plain("b"));
    let (_running, at) = before(&[&dies.endpoint, &web.endpoint]);
    for _ in 0..4 {
        Wire::to(&at).say(get("/x")).hear("GET /x HTTP/1.1|");
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
