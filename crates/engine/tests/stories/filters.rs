//! Bodies that a filter changes on their way. The filter of these tests says every byte twice, and a full
//! stop at the end, so nothing of a body can go on as it came.

use engine::Injection;
use plan::Address;

use crate::support::web::{Reply, Web, Wire, find, get, in_turn, read_head, response, run};
use crate::support::{Draft, Endpoint, Running, any_port, eventually};

/// What the filter makes of a body.
fn stretched(body: &[u8]) -> Vec<u8> {
    let mut twice: Vec<u8> = body.iter().flat_map(|byte| [*byte, *byte]).collect();
    twice.push(b'.');
    twice
}

/// A balancer that stretches bodies.
fn stretching(draft: &Draft) -> (Running, Address) {
    let (running, at) = run(draft);
    running.engine.inject(Injection::Stretch);
    // What is adopted later was heard of later.
    running.apply(draft);
    (running, at)
}

fn stretching_before(endpoints: &[&Endpoint]) -> (Running, Address) {
    stretching(&in_turn(endpoints))
}

/// Hears a response in chunks: its head, its body and its trailer lines.
#[track_caller]
fn hear_chunks(client: &mut Wire) -> (String, Vec<u8>, String) {
    let head = client.hear("\r\n\r\n");
    assert!(head.contains("\r\nTransfer-Encoding: chunked\r\n") && !head.contains("Content-Length"), "{head}");
    let mut body = Vec::new();
    loop {
        let line = client.hear("\r\n");
        let size = usize::from_str_radix(line.trim_end(), 16).expect("a size");
        if size == 0 {
            break;
        }
        body.extend(client.take(size));
        assert_eq!(client.take(2), b"\r\n");
    }
    let mut trailers = String::new();
    loop {
        let line = client.hear("\r\n");
        if line == "\r\n" {
            return (head, body, trailers);
        }
        trailers += &line;
    }
}

/// Answers each body by itself.
fn mirror(name: &str) -> Web {
    Web::new(name, |asked| Reply::Send(response("", &asked.body)))
}

/// The same body in each framing.
fn framed(body: &[u8]) -> [Vec<u8>; 2] {
    let put = |framing: &str| format!("PUT /x HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n").into_bytes();
    let chunks =
        body.chunks(7001).flat_map(|part| [format!("{:x};e\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
    [
        [put(&format!("Content-Length: {}", body.len())), body.to_vec()].concat(),
        [put("Transfer-Encoding: chunked"), chunks.collect(), b"0\r\nX-End: 1\r\n\r\n".to_vec()].concat(),
    ]
}

#[test]
fn a_changed_body_is_framed_anew_in_both_directions() {
    let web = mirror("b");
    let (_running, at) = stretching_before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    for dribbled in [false, true] {
        for (request, trailers) in framed(b"hello").iter().zip(["", "X-End: 1\n"]) {
            match dribbled {
                true => client.dribble(request),
                false => client.say(request),
            };
            let (_, body, _) = hear_chunks(&mut client);
            let asked = web.requests().pop().unwrap();
            assert_eq!(asked.field("Transfer-Encoding"), Some("chunked"));
            assert_eq!((asked.field("Content-Length"), asked.trailers.as_str()), (None, trailers));
            assert_eq!(asked.body, b"hheelllloo.");
            assert_eq!(body, stretched(b"hheelllloo."));
        }
    }
    assert_eq!(web.endpoint.accepted(), 1, "the connection is used again");
}

#[test]
fn changed_chunks_keep_their_trailers_for_who_takes_them() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\nSet-Cookie: no\r\n\r\n";
    let web = Web::new("a", |_| Reply::Send(answer.into()));
    let (_running, at) = stretching_before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    for (te, kept) in [("", ""), ("TE: trailers\r\n", "X-Sum: 1\r\n")] {
        client.say(format!("GET / HTTP/1.1\r\nHost: a\r\n{te}\r\n"));
        let (_, body, trailers) = hear_chunks(&mut client);
        assert_eq!((body.as_slice(), trailers.as_str()), (&b"aabbccddee."[..], kept));
    }
}

#[test]
fn a_response_until_the_end_is_changed_to_its_end() {
    let web = Web::new("a", |_| Reply::Close(b"HTTP/1.1 200 OK\r\n\r\nabc".to_vec()));
    let (_running, at) = stretching_before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    for _ in 0..2 {
        client.say(get("/"));
        assert_eq!(hear_chunks(&mut client).1, b"aabbcc.");
    }
    let (heard, plain) = Wire::to(&at).say("GET / HTTP/1.0\r\n\r\n").rest();
    assert_eq!((heard.as_str(), plain), ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\naabbcc.", true));
}

#[test]
fn a_client_of_http_1_0_gets_a_changed_body_until_the_end() {
    let web = mirror("b");
    let (_running, at) = stretching_before(&[&web.endpoint]);
    let old = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi";
    let (heard, plain) = Wire::to(&at).say(old).rest();
    assert_eq!((heard.as_str(), plain), ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhhhhiiii...", true));
    assert_eq!(web.requests()[0].body, b"hhii.");
}

#[test]
fn what_has_no_body_gets_none_by_a_filter() {
    let web = Web::new("a", |asked| {
        Reply::Send(match asked.head.split(' ').nth(1).unwrap() {
            "/204" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            "/304" => b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n".to_vec(),
            "/head" => b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n".to_vec(),
            "/chunks" => b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec(),
            _ => response("", b"end"),
        })
    });
    let (_running, at) = stretching_before(&[&web.endpoint]);
    let mut client = Wire::to(&at);
    let head = |path: &str| format!("HEAD {path} HTTP/1.1\r\nHost: a\r\n\r\n");
    client.say(format!("{}{}{}{}{}", get("/204"), get("/304"), head("/head"), head("/chunks"), get("/")));
    assert_eq!(client.hear("\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
    // The length that it had does not hold for what would have come.
    assert_eq!(client.hear("\r\n\r\n"), "HTTP/1.1 304 Not Modified\r\n\r\n");
    assert_eq!(client.hear("\r\n\r\n"), "HTTP/1.1 200 OK\r\n\r\n");
    client.hear("\r\n\r\n");
    assert_eq!(hear_chunks(&mut client).1, b"eenndd.");
    assert!(web.requests().iter().all(|asked| asked.body.is_empty() && asked.field("Transfer-Encoding").is_none()));
    assert_eq!(web.endpoint.accepted(), 1);
}

#[test]
fn large_bodies_are_changed_whole() {
    let web = mirror("b");
    let (_running, at) = stretching_before(&[&web.endpoint]);
    let body: Vec<u8> = (0..300_000u32).map(|at| ((at * 7) >> 3) as u8).collect();
    let mut client = Wire::to(&at);
    for request in framed(&body) {
        let mut writer = client.socket.try_clone().unwrap();
        let writing = std::thread::spawn(move || std::io::Write::write_all(&mut writer, &request).unwrap());
        let heard = hear_chunks(&mut client).1;
        assert!(web.requests().pop().unwrap().body == stretched(&body));
        assert!(heard == stretched(&stretched(&body)));
        writing.join().unwrap();
    }
    assert_eq!(web.endpoint.accepted(), 1);
}

#[test]
fn what_is_sent_again_is_changed_once() {
    for (at_once, large) in [(true, false), (true, true), (false, false)] {
        let body = if large { vec![b'x'; 30_000] } else { b"hello".to_vec() };
        for request in framed(&body) {
            let (dies, web) = (Web::new("a", |_| Reply::Close(Vec::new())), mirror("b"));
            let (_running, at) = stretching_before(&[&dies.endpoint, &web.endpoint]);
            let mut client = Wire::to(&at);
            match at_once {
                true => client.say(request),
                false => client.dribble(request),
            };
            let heard = hear_chunks(&mut client).1;
            assert_eq!(dies.requests(), web.requests());
            assert!(web.requests()[0].body == stretched(&body), "{}", body.len());
            assert!(heard == stretched(&stretched(&body)));
        }
    }
}

#[test]
fn a_part_of_a_changed_body_is_sent_again_and_the_rest_behind_it() {
    let dies = Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        let mut read = read_head(&mut socket)?.1;
        while find(&read, b"hheelllloo").is_none() {
            let mut byte = [0];
            std::io::Read::read_exact(&mut socket, &mut byte)?;
            read.extend(byte);
        }
        Ok(())
    });
    for (framing, first, rest) in
        [("Content-Length: 10", "hello", "world"), ("Transfer-Encoding: chunked", "a;x\r\nhello", "world\r\n0\r\n\r\n")]
    {
        let web = mirror("b");
        let (_running, at) = stretching_before(&[&dies, &web.endpoint]);
        let mut client = Wire::to(&at);
        client.say(format!("PUT /x HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{first}"));
        eventually("the other one has it", || find(&web.bytes().concat(), b"hheelllloo").is_some());
        client.say(rest);
        hear_chunks(&mut client);
        assert_eq!(web.requests()[0].body, stretched(b"helloworld"));
    }
}

#[test]
fn a_limit_holds_for_what_the_client_sends() {
    let web = mirror("b");
    let mut draft = in_turn(&[&web.endpoint]);
    draft.http.most_body = Some(5);
    let (_running, at) = stretching(&draft);
    for request in framed(b"hello") {
        let mut client = Wire::to(&at);
        client.say(request);
        assert_eq!(hear_chunks(&mut client).1, stretched(b"hheelllloo."));
    }
    for request in framed(b"hello!") {
        assert!(Wire::to(&at).say(request).rest().0.starts_with("HTTP/1.1 413 "));
    }
}

#[test]
fn a_changed_body_that_is_cut_short_is_no_whole_one() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    ] {
        let web = Web::new("a", move |_| Reply::Close(answer.into()));
        let (_running, at) = stretching_before(&[&web.endpoint]);
        let (heard, plain) = Wire::to(&at).say(get("/")).rest();
        assert!(!heard.contains("0\r\n\r\n") && !heard.ends_with(".\r\n") && !plain, "{heard}");
    }
}
