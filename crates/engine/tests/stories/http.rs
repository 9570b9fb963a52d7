//! HTTP/1.1 between clients and endpoints, byte by byte.

use crate::support::web::{Reply, Web, Wire, before, find, get, response};
use crate::support::{any_port, eventually};

/// Conformance: 58.
#[test]
fn pipelined_requests_are_answered_in_order_on_one_connection() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    let post = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
    client.say(format!("{}{post}{}", get("/1"), get("/3")));
    for end in ["GET /1 HTTP/1.1|", "POST /2 HTTP/1.1|hello", "GET /3 HTTP/1.1|"] {
        client.hear(end);
    }
    client.dribble(get("/4")).hear("GET /4 HTTP/1.1|");
    assert_eq!(web.endpoint.accepted(), 1);
    assert_eq!(web.requests().len(), 4);
}

/// Conformance: 24, 35.
#[test]
fn the_endpoint_is_told_who_asks_and_nothing_that_was_for_us() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let fields = "Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nX-Forwarded-For: evil\r\nx-forwarded-host: evil\r\nKeep-Alive: 5\r\nAccept: x\r\n";
    Wire::to(&at).say(format!("GET /a?b HTTP/1.1\r\nHost: me\r\n{fields}\r\n")).hear("GET /a?b HTTP/1.1|");
    let asked = &web.requests()[0];
    let expected = "GET /a?b HTTP/1.1\r\nHost: me\r\nAccept: x\r\nX-Forwarded-Host: me\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nVia: 1.1 fourseven-";
    assert!(asked.head.starts_with(expected), "{}", asked.head);
    Wire::to(&at).say("GET http://other:81/x HTTP/1.1\r\nHost: me\r\n\r\n").hear("GET /x HTTP/1.1|");
    assert_eq!(web.requests()[1].field("Host"), Some("other:81"));
    Wire::to(&at).say("OPTIONS * HTTP/1.1\r\nHost: me\r\n\r\n").hear("OPTIONS * HTTP/1.1|");
}

/// Conformance: 11, 12, 44.
#[test]
fn chunks_go_both_ways_without_extensions_and_with_trailers_that_may_travel() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\nSet-Cookie: no\r\n\r\n";
    let web = Web::new("a", |_| Reply::Send(answer.into()));
    let (_running, at) = before(&[&web.endpoint]);
    let post = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
    let body = "\r\n5;ext=\"1\"\r\nhello\r\n006\r\n world\r\n0\r\nX-End: 2\r\nHost: evil\r\nContent-Length: 9\r\n\r\n";
    for (way, te) in [(0, ""), (1, "TE: trailers\r\n"), (0, "TE: trailers\r\n")] {
        let mut client = Wire::to(&at);
        let request = format!("{post}{te}{body}");
        if way == 0 {
            client.say(&request)
        } else {
            client.dribble(&request)
        };
        let expected = match te {
            "" => "3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n",
            _ => "3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\n",
        };
        let heard = client.hear(expected);
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"), "{heard}");
        let asked = web.requests().pop().unwrap();
        assert_eq!((asked.body.as_slice(), asked.trailers.as_str()), (&b"hello world"[..], "X-End: 2\n"));
    }
    assert_eq!(web.endpoint.accepted(), 1, "the connection is used again");
}

/// Conformance: 15, 45.
#[test]
fn responses_without_a_body_leave_the_connection_in_step() {
    let web = Web::new("a", |asked| {
        Reply::Send(match asked.head.split(' ').nth(1).unwrap() {
            "/204" => b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n".to_vec(),
            "/304" => b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n".to_vec(),
            "/head" => b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec(),
            _ => response("", b"end"),
        })
    });
    let (_running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    client.say(format!("{}{}HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n{}", get("/204"), get("/304"), get("/")));
    assert_eq!(client.hear("\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(client.hear("\r\n\r\n"), "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
    assert_eq!(client.hear("\r\n\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    client.hear("\r\n\r\nend");
    assert_eq!(web.endpoint.accepted(), 1);
}

/// Conformance: 46.
#[test]
fn http_1_0_on_either_side() {
    let web = Web::new("a", |asked| {
        Reply::Close(match asked.head.split(' ').nth(1).unwrap() {
            "/chunked" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec(),
            _ => b"HTTP/1.0 200 OK\r\n\r\nabc".to_vec(),
        })
    });
    let (_running, at) = before(&[&web.endpoint]);
    let old = |path: &str| format!("GET {path} HTTP/1.0\r\n\r\n");
    let (heard, plain) = Wire::to(&at).say(old("/chunked")).rest();
    assert_eq!((heard.as_str(), plain), ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", true));
    let (heard, plain) = Wire::to(&at).say(old("/close")).rest();
    assert_eq!((heard.as_str(), plain), ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", true));
    let mut client = Wire::to(&at);
    client.say(get("/close"));
    let heard = client.hear("0\r\n\r\n");
    assert_eq!(heard, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    client.say(get("/close")).hear("0\r\n\r\n");
    assert!(
        web.requests().iter().all(|asked| asked.head.contains(" HTTP/1.1\r\n") || asked.head.ends_with("HTTP/1.1"))
    );
}

/// Conformance: 42.
#[test]
fn interim_responses_go_first_and_in_order() {
    let web = Web::new("a", |_| {
        let early = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
        Reply::Send([early.as_bytes(), &response("", b"end")].concat())
    });
    let (_running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    for _ in 0..2 {
        let heard = client.say(get("/")).hear("\r\n\r\nend");
        let expected = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend";
        assert_eq!(heard, expected);
    }
    let (heard, _) = Wire::to(&at).say("GET / HTTP/1.0\r\n\r\n").rest();
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && heard.ends_with("end"), "{heard}");
    let only = Web::new("b", |_| Reply::Close(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()));
    let (_running, at) = before(&[&only.endpoint]);
    let (heard, _) = Wire::to(&at).say(get("/")).rest();
    assert!(heard.contains("103 Early Hints") && heard.contains("HTTP/1.1 502 "), "{heard}");
}

/// Conformance: 1, 3, 23, 59a.
#[test]
fn what_is_ambiguous_is_answered_400_and_reaches_no_endpoint() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let post = "POST / HTTP/1.1\r\nHost: a\r\n";
    let wrong = [
        format!("{post}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"),
        format!("{post}Transfer-Encoding: xchunked\r\n\r\n"),
        format!("{post}Transfer-Encoding : chunked\r\n\r\n"),
        format!("{post}Content-Length: +5\r\n\r\nhello"),
        format!("{post}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
        "GET / HTTP/1.1\nHost: a\n\n".into(),
        "GET / HTTP/1.1\r\n\r\n".into(),
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".into(),
        "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n".into(),
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n".into(),
        format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "a".repeat(70_000)),
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n".into(),
    ];
    for request in &wrong {
        for dribbled in [false, true] {
            if dribbled && request.len() > 10_000 {
                continue;
            }
            let mut client = Wire::to(&at);
            if dribbled {
                client.dribble(request)
            } else {
                client.say(request)
            };
            let (heard, _) = client.rest();
            assert!(heard.starts_with("HTTP/1.1 4") || heard.starts_with("HTTP/1.1 50"), "{request:?}: {heard:?}");
            assert!(heard.contains("\r\nConnection: close\r\n"), "{heard}");
        }
    }
    let (heard, _) = Wire::to(&at).say(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").rest();
    assert!(heard.starts_with("HTTP/1.1 400 "), "{heard}");
    assert_eq!(web.bytes().concat(), b"", "nothing reached an endpoint");
    Wire::to(&at).say(get("/clean")).hear("GET /clean HTTP/1.1|");
}

/// Conformance: 11.
#[test]
fn a_body_that_turns_out_ambiguous_is_never_a_whole_request() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n 0\r\n\r\n",
        "5\r\nhello\r\n0\r\nA: b\n\r\n",
    ] {
        for dribbled in [false, true] {
            let mut client = Wire::to(&at);
            if dribbled {
                client.dribble(format!("{head}{body}"))
            } else {
                client.say(format!("{head}{body}"))
            };
            let (heard, _) = client.rest();
            assert!(heard.starts_with("HTTP/1.1 400 "), "{body:?}: {heard:?}");
        }
    }
    assert_eq!(web.requests(), []);
    Wire::to(&at).say(get("/clean")).hear("GET /clean HTTP/1.1|");
}

/// Conformance: 6, 13, 15, 47.
#[test]
fn what_an_endpoint_answers_ambiguously_is_502_and_its_connection_is_not_used_again() {
    let answers = [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "nonsense\r\n\r\n",
    ];
    for answer in answers {
        let web = Web::new("a", move |_| Reply::Send(answer.into()));
        let (running, at) = before(&[&web.endpoint]);
        for count in 1..=2 {
            let (heard, _) = Wire::to(&at).say(get("/")).rest();
            assert!(heard.starts_with("HTTP/1.1 502 "), "{answer:?}: {heard:?}");
            assert_eq!(web.endpoint.accepted(), count);
        }
        assert_eq!(running.fault(account::Fault::BadResponse), 2);
    }
    let flood = Web::new("a", |_| Reply::Send("HTTP/1.1 103 Early Hints\r\n\r\n".repeat(1000).into()));
    let (_running, at) = before(&[&flood.endpoint]);
    assert!(Wire::to(&at).say(get("/")).rest().0.contains("HTTP/1.1 502 "));
}

/// Conformance: 14.
#[test]
fn bytes_behind_a_response_reach_nobody() {
    let web = Web::new("a", |_| Reply::Send([response("", b"end"), b"HTTP/1.1 200 OK\r\n\r\nevil".to_vec()].concat()));
    let (_running, at) = before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    for count in 1..=3 {
        client.say(get("/"));
        assert!(client.hear("end").starts_with("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"));
        assert_eq!(web.endpoint.accepted(), count);
    }
    assert!(client.hears_nothing());
}

/// Conformance: 16.
#[test]
fn a_response_that_ends_too_early_is_not_taken_for_a_whole_one() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let web = Web::new("a", move |_| Reply::Close(answer.into()));
        let (running, at) = before(&[&web.endpoint]);
        let (heard, plain) = Wire::to(&at).say(get("/")).rest();
        assert!(!heard.ends_with("0\r\n\r\n") && !plain, "{heard:?}");
        eventually("it is counted", || running.fault(account::Fault::EndpointEnded) == 1);
    }
}

/// Conformance: 50.
#[test]
fn a_client_that_has_ended_its_side_gets_its_response() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, plain) = Wire::to(&at).say(get("/x")).finish().rest();
    assert!(heard.ends_with("GET /x HTTP/1.1|") && plain, "{heard}");
}

/// Conformance: 17.
#[test]
fn a_client_that_leaves_amid_its_upload_leaves_no_whole_request_behind() {
    let web = Web::plain("a");
    let (running, at) = before(&[&web.endpoint]);
    for head in ["Content-Length: 50", "Transfer-Encoding: chunked"] {
        let mut client = Wire::to(&at);
        client.say(format!("POST / HTTP/1.1\r\nHost: a\r\n{head}\r\n\r\n5\r\nhello\r\n"));
        eventually("it has come", || find(&web.bytes().concat(), b"hello").is_some());
        drop(client);
    }
    eventually("both ended", || running.counts().is_quiet());
    assert_eq!(web.requests(), []);
}

#[test]
fn large_bodies_go_both_ways_whole() {
    let web = Web::new("a", |asked| Reply::Send(response("", &asked.body)));
    let (_running, at) = before(&[&web.endpoint]);
    let body: Vec<u8> = (0..3_000_000u32).map(|at| ((at * 7) >> 3) as u8).collect();
    let mut client = Wire::to(&at);
    for chunked in [false, true, false] {
        let head = "POST / HTTP/1.1\r\nHost: a\r\n";
        let framed = match chunked {
            false => [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), &body].concat(),
            true => {
                let chunks = body
                    .chunks(70_001)
                    .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
                [b"Transfer-Encoding: chunked\r\n\r\n".to_vec(), chunks.collect(), b"0\r\n\r\n".to_vec()].concat()
            }
        };
        let mut writer = client.socket.try_clone().unwrap();
        let request = [head.as_bytes(), &framed].concat();
        let writing = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &request).unwrap());
        client.hear(&format!("Content-Length: {}\r\n\r\n", body.len()));
        assert!(client.take(body.len()) == body, "chunked {chunked}");
        writing.join().unwrap();
    }
    assert_eq!(web.endpoint.accepted(), 1);
}

/// Conformance: 47, 49.
#[test]
fn both_sides_speak_freely_once_the_endpoint_has_switched() {
    let web = crate::support::Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        use std::io::{Read, Write};
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        while find(&read, b"\r\n\r\n").is_none() {
            let count = socket.read(&mut buffer)?;
            read.extend_from_slice(&buffer[..count]);
        }
        socket.write_all(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello ",
        )?;
        let mut rest = read.split_off(find(&read, b"\r\n\r\n").unwrap() + 4);
        loop {
            socket.write_all(&rest)?;
            let count = socket.read(&mut buffer)?;
            if count == 0 {
                socket.write_all(b" the end")?;
                return socket.shutdown(std::net::Shutdown::Write);
            }
            rest = buffer[..count].to_vec();
        }
    });
    let (running, at) = before(&[&web]);
    let mut client = Wire::to(&at);
    client.say("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\nearly ");
    let heard = client.hear("hello early ");
    assert!(
        heard.starts_with("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
        "{heard}"
    );
    client.say("bytes \0\r\n").hear("bytes \0\r\n");
    // One side has finished, and the other still speaks.
    eventually("it is counted as it passes", || running.counts().endpoint("a").bytes_received == 98);
    assert_eq!(client.finish().rest(), (" the end".into(), true));
    eventually("it ended", || running.counts().is_quiet());
}

/// Conformance: 56.
#[test]
fn a_response_that_comes_before_the_upload_is_over_is_delivered() {
    let web = crate::support::Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        use std::io::{Read, Write};
        let mut buffer = [0; 100];
        socket.read_exact(&mut buffer)?;
        socket.write_all(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
    });
    let (_running, at) = before(&[&web]);
    let mut client = Wire::to(&at);
    client.say("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n").say(vec![b'x'; 100_000]);
    let heard = client.hear("big");
    assert!(heard.starts_with("HTTP/1.1 413 ") && heard.contains("Connection: close"), "{heard}");
}

/// Conformance: 46.
#[test]
fn chunks_to_a_client_that_knows_none_end_with_its_connection() {
    let web = Web::new("a", |_| {
        Reply::Send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n".to_vec())
    });
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, plain) = Wire::to(&at).say("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").rest();
    assert_eq!((heard.as_str(), plain), ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc", true));
}

/// Conformance: 50, 58.
#[test]
fn pipelined_requests_of_a_client_that_has_ended_are_all_answered() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let (heard, plain) = Wire::to(&at).say(format!("{}{}", get("/1"), get("/2"))).finish().rest();
    assert!(heard.contains("GET /1 HTTP/1.1|") && heard.ends_with("GET /2 HTTP/1.1|") && plain, "{heard}");
}

/// Conformance: 24, 59a.
#[test]
fn a_request_goes_on_with_a_host_and_a_head_of_any_size_that_is_taken() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    Wire::to(&at).say("GET http://other/x HTTP/1.0\r\n\r\n").rest();
    assert_eq!(web.requests()[0].field("Host"), Some("other"));
    Wire::to(&at).say("GET /x HTTP/1.0\r\n\r\n").rest();
    assert!(web.requests()[1].head.contains("\r\nHost: \r\n"), "{}", web.requests()[1].head);
    let large = "x".repeat(60_000);
    Wire::to(&at).say(format!("GET /y HTTP/1.1\r\nHost: a\r\nX-Large: {large}\r\n\r\n")).hear("GET /y HTTP/1.1|");
    assert_eq!(web.requests()[2].field("X-Large"), Some(large.as_str()));
}
