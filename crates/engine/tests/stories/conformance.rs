//! HTTP/1.1 by the behaviours of `__test__/conformance/behaviours.json` that no other story shows.

use std::io::{Read, Write};
use std::time::Duration;

use socket2::Socket;

use crate::support::recorder::Recorder;
use crate::support::web::{Reply, Web, Wire, before, find, get, read_head, response};
use crate::support::{
    Draft, Ending, Endpoint, HTTP, Running, WAYS, address, any_port, cycle, deaf, eventually, long, refusing,
};

/// An endpoint that reads until the end of a head and goes on by `story`, with what came behind it.
fn scripted(story: impl Fn(Socket, Vec<u8>) -> std::io::Result<()> + Send + Sync + 'static) -> Endpoint {
    Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
        let (_, rest) = read_head(&mut socket)?;
        story(socket, rest)
    })
}

/// Conformance: 22.
#[test]
fn the_body_of_a_request_that_needs_none_is_no_second_request() {
    let web = Web::new("a", |asked| {
        let body: &[u8] = if asked.head.starts_with("HEAD ") { b"" } else { b"end" };
        Reply::Send([b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", body].concat())
    });
    let (_running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    let body = get("/evil");
    for method in ["GET", "HEAD", "OPTIONS"] {
        for framed in [
            format!("Content-Length: {}\r\n\r\n{body}", body.len()),
            format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len()),
        ] {
            client.say(format!("{method} / HTTP/1.1\r\nHost: a\r\n{framed}{}", get("/next")));
            client.hear("\r\n\r\n");
            if method != "HEAD" {
                client.hear("end");
            }
            client.hear("\r\n\r\nend");
            let asked = web.requests().split_off(web.requests().len() - 2);
            assert_eq!(asked[0].body, body.as_bytes());
            assert!(asked[1].head.starts_with("GET /next "), "{}", asked[1].head);
        }
    }
    assert_eq!((web.requests().len(), web.endpoint.accepted()), (12, 1));
}

/// Conformance: 17.
#[test]
fn an_upload_that_its_client_leaves_ends_by_a_reset() {
    for framed in ["Content-Length: 50\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"] {
        for resets in [false, true] {
            let recorder = Recorder::new(None);
            let (_running, at) = before(&[&recorder.endpoint]);
            let mut client = Wire::to(&at);
            client.say(format!("POST / HTTP/1.1\r\nHost: a\r\n{framed}"));
            let came = |what: &[u8]| recorder.seen().iter().any(|seen| find(&seen.bytes, what).is_some());
            eventually("it has come", || came(b"hello"));
            if resets {
                client.socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
            drop(client);
            eventually("it is reset", || recorder.seen()[0].ending == Ending::Reset);
            assert_eq!(recorder.seen()[0].requests, 0);
        }
    }
}

/// Conformance: 11.
#[test]
fn a_body_that_turns_out_wrong_behind_the_begin_of_its_response_resets_both_sides() {
    let (tell, told) = std::sync::mpsc::channel();
    let tell = std::sync::Mutex::new(tell);
    let endpoint = scripted(move |mut socket, _| {
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")?;
        let mut rest = Vec::new();
        let ended = socket.read_to_end(&mut rest).map_err(|error| error.kind());
        tell.lock().unwrap().send(ended).unwrap();
        Ok(())
    });
    let (_running, at) = before(&[&endpoint]);
    let mut client = Wire::to(&at);
    client.say("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").hear("\r\n\r\nhello");
    assert_eq!(client.say("5 \r\nhello\r\n0\r\n\r\n").rest(), (String::new(), false));
    let ended = told.recv_timeout(crate::support::PATIENCE).unwrap();
    assert_eq!(ended, Err(std::io::ErrorKind::ConnectionReset));
}

/// Conformance: 35.
#[test]
fn what_an_endpoint_says_to_its_neighbour_does_not_reach_the_client() {
    let hops = "Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\n";
    let web = Web::new("a", move |_| Reply::Send(response(&format!("{hops}X-Open: 1\r\n"), b"end")));
    let (_running, at) = before(&[&web.endpoint]);
    let heard = Wire::to(&at).say(get("/")).hear("end");
    assert_eq!(heard, "HTTP/1.1 200 OK\r\nX-Open: 1\r\nContent-Length: 3\r\n\r\nend");
}

/// Conformance: 35, 47, 49.
#[test]
fn a_switch_of_protocols_says_only_that_and_passes_each_end_on() {
    let endpoint = scripted(|mut socket, _| {
        let fields =
            "Connection: Upgrade, X-Secret\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nUpgrade: websocket\r\nX-Key: 1\r\n";
        socket.write_all(format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n").as_bytes())?;
        socket.shutdown(std::net::Shutdown::Write)?;
        // The other direction is open until its own end.
        let mut all = Vec::new();
        socket.read_to_end(&mut all)?;
        assert_eq!(all, b"late");
        Ok(())
    });
    let (_running, at) = before(&[&endpoint]);
    let mut client = Wire::to(&at);
    client.say("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
    let (heard, plain) = client.rest();
    let expected = "HTTP/1.1 101 Switching Protocols\r\nX-Key: 1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!((heard.as_str(), plain), (expected, true));
    client.say("late").finish();
    eventually("it has ended", || endpoint.serves() == 0);
}

/// Conformance: 18, 47.
#[test]
fn a_protocol_is_asked_for_only_in_1_1_and_only_by_who_names_it_in_connection() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    for asks in [
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, upgrade, http2-settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n",
    ] {
        Wire::to(&at).say(asks).rest();
        let asked = web.requests().pop().unwrap();
        for name in ["Upgrade", "Connection", "HTTP2-Settings"] {
            assert_eq!(asked.field(name), None, "{asks}");
        }
    }
    assert_eq!(web.requests().len(), 3);
}

/// Conformance: 43.
#[test]
fn another_expectation_than_100_is_answered_417() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, _) = Wire::to(&at).say("GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 417 ") && heard.contains("\r\nConnection: close\r\n"), "{heard}");
    assert_eq!(web.requests(), []);
}

/// Conformance: 52.
#[test]
fn a_request_that_may_not_be_repeated_and_is_not_answered_is_sent_once() {
    for method in ["POST", "PATCH", "MAKE"] {
        let webs = ["a", "b"].map(|name| Web::new(name, |_| Reply::Close(Vec::new())));
        let (_running, at) = before(&[&webs[0].endpoint, &webs[1].endpoint]);
        let (heard, _) =
            Wire::to(&at).say(format!("{method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")).rest();
        assert!(heard.starts_with("HTTP/1.1 502 "), "{heard}");
        assert_eq!(webs.iter().map(|web| web.requests().len()).sum::<usize>(), 1);
    }
}

/// Conformance: 34, 55.
#[test]
fn each_way_to_fail_has_its_status() {
    let resets = scripted(|socket, _| socket.set_linger(Some(Duration::ZERO)));
    let ends = scripted(|_, _| Ok(()));
    let babbles = scripted(|mut socket, _| socket.write_all(b"nonsense\r\n\r\n"));
    let breaks = scripted(|mut socket, _| socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Le"));
    let (refuses, silent) = (refusing("a"), deaf("a"));
    let none: &[&Endpoint] = &[];
    for (endpoints, status) in [
        (none, 503),
        (&[&refuses], 502),
        (&[&resets], 502),
        (&[&ends], 502),
        (&[&babbles], 502),
        (&[&breaks], 502),
        (&[&silent], 504),
    ] {
        let mut draft = Draft::empty().workers(1).pool("pool", cycle(endpoints.len()), endpoints);
        draft.timeouts.connect = 300;
        let running = Running::idle();
        let draft = draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool");
        let at = address(&running.apply(&draft), "in");
        let (heard, plain) = Wire::to(&at).say(get("/")).finish().rest();
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")) && plain, "{heard:?} instead of {status}");
        assert!(heard.contains("\r\nConnection: close\r\n"), "{heard}");
    }
}

/// Conformance: 57.
#[test]
fn a_connection_serves_only_the_endpoint_it_leads_to() {
    let webs = ["a", "b"].map(Web::plain);
    let mut draft = Draft::empty().workers(1);
    for web in &webs {
        let name = &web.endpoint.name;
        draft = draft.pool(name, cycle(1), &[&web.endpoint]);
        draft = draft.listen_as(HTTP, name, &any_port("127.0.0.1"), WAYS[0], name);
    }
    let running = Running::idle();
    let applied = running.apply(&draft);
    for round in 0..10 {
        for web in &webs {
            let path = format!("/{}/{round}", web.endpoint.name);
            Wire::to(&address(&applied, &web.endpoint.name)).say(get(&path)).hear(&format!("GET {path} HTTP/1.1|"));
        }
    }
    for web in &webs {
        let own = format!("GET /{}/", web.endpoint.name);
        assert_eq!((web.requests().len(), web.endpoint.accepted()), (10, 1));
        assert!(web.requests().iter().all(|asked| asked.head.starts_with(&own)));
    }
}

/// Conformance: 58.
#[test]
fn a_failure_does_not_shift_the_answers_of_pipelined_requests() {
    for cut in [Vec::new(), b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello".to_vec()] {
        let fails = cut.clone();
        let web = Web::new("a", move |asked| match asked.head.starts_with("POST ") {
            true => Reply::Close(fails.clone()),
            false => Reply::Send(response("", asked.head.lines().next().unwrap().as_bytes())),
        });
        let (_running, at) = before(&[&web.endpoint]);
        let post = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
        let mut client = Wire::to(&at);
        client.say(format!("{}{post}{}", get("/1"), get("/3"))).hear("\r\n\r\nGET /1 HTTP/1.1");
        let (heard, plain) = client.rest();
        match cut.is_empty() {
            true => {
                assert!(heard.starts_with("HTTP/1.1 502 ") && heard.ends_with("\r\n\r\n502 Bad Gateway\n"), "{heard}")
            }
            false => assert!(heard.ends_with("\r\n\r\nhello") && !plain, "{heard}"),
        }
        assert!(web.requests().iter().all(|asked| !asked.head.contains("/3")), "what follows has no answer");
    }
}

/// The most bytes that may lie anywhere between who sends and who does not read: the buffers of the system
/// on two connections, and ours.
const HELD: usize = 64 << 20;

/// Writes until that makes no progress any more, at most so much, and answers how much was taken.
fn write_all_that_is_taken(socket: &mut Socket, most: usize) -> usize {
    let (part, mut taken) = (vec![b'x'; 1 << 20], 0);
    socket.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    while taken < most {
        match socket.write(&part[..part.len().min(most - taken)]) {
            Ok(count) => taken += count,
            Err(_) => break,
        }
    }
    socket.set_write_timeout(Some(crate::support::PATIENCE)).unwrap();
    taken
}

/// Conformance: 61.
#[test]
fn an_answer_that_its_client_does_not_read_is_held_back() {
    let size = if long() { 1 << 30 } else { 200 << 20 };
    let (stalled, wait) = std::sync::mpsc::channel();
    let stalled = std::sync::Mutex::new(stalled);
    let endpoint = scripted(move |mut socket, _| {
        socket.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n").as_bytes())?;
        let mut taken = write_all_that_is_taken(&mut socket, size);
        stalled.lock().unwrap().send(taken).unwrap();
        while taken < size {
            taken += socket.write(&vec![b'x'; (size - taken).min(1 << 20)])?;
        }
        Ok(())
    });
    let (_running, at) = before(&[&endpoint]);
    let mut client = Wire::to(&at);
    client.say(get("/")).hear("\r\n\r\n");
    let taken = wait.recv_timeout(crate::support::PATIENCE).unwrap();
    assert!(taken < HELD, "{taken} bytes of {size} were taken");
    for _ in 0..size >> 20 {
        client.take(1 << 20);
    }
}

/// Conformance: 61.
#[test]
fn an_upload_that_its_endpoint_does_not_read_is_held_back() {
    let size = if long() { 1 << 30 } else { 200 << 20 };
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let endpoint = scripted(move |mut socket, early| {
        let _ = wait.lock().unwrap().recv();
        let (mut buffer, mut left) = (vec![0; 1 << 20], size - early.len());
        while left > 0 {
            let count = socket.read(&mut buffer)?;
            assert!(count > 0, "{left} bytes are missing");
            left -= count;
        }
        socket.write_all(&response("", b"end"))
    });
    let (_running, at) = before(&[&endpoint]);
    let mut client = Wire::to(&at);
    client.say(format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n"));
    let mut taken = write_all_that_is_taken(&mut client.socket, size);
    assert!(taken < HELD, "{taken} bytes of {size} were taken");
    go.send(()).unwrap();
    while taken < size {
        taken += client.socket.write(&vec![b'x'; (size - taken).min(1 << 20)]).unwrap();
    }
    client.hear("\r\n\r\nend");
}
