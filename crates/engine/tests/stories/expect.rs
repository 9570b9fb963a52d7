//! Clients that wait for 100 before they send their body.

use std::io::{Read, Write};
use std::sync::mpsc::channel;

use plan::Address;

use crate::support::web::{Web, Wire, before, find, get, read_head, response};
use crate::support::{Endpoint, any_port, free_path};

const HEAD: &str = "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";

/// Says 100 once it has a head, which must come alone, and answers the body by itself.
fn strict(at: &Address) -> Endpoint {
    Endpoint::serving("a", at, |mut socket| {
        let (_, rest) = read_head(&mut socket)?;
        socket.write_all(if rest.is_empty() { b"HTTP/1.1 100 Continue\r\n\r\n" } else { b"HTTP/1.1 555 Early\r\n" })?;
        let mut body = [0; 5];
        socket.read_exact(&mut body)?;
        socket.write_all(&response("", &body))
    })
}

/// Conformance: 43.
#[test]
fn the_head_goes_on_at_once_and_the_body_behind_100_whatever_the_endpoint_listens_on() {
    for endpoint in [strict(&any_port("127.0.0.1")), strict(&free_path())] {
        let (_running, at) = before(&[&endpoint]);
        let mut client = Wire::to(&at);
        client.say(HEAD).hear("HTTP/1.1 100 Continue\r\n\r\n");
        assert!(client.hears_nothing());
        client.say("hello").hear("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
        // A client that does not wait.
        let heard = Wire::to(&at).say(format!("{HEAD}hello")).hear("\r\n\r\nhello");
        assert!(heard.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "), "{heard}");
        Wire::to(&at).dribble(format!("{HEAD}hello")).hear("\r\n\r\nhello");
    }
}

/// Conformance: 43.
#[test]
fn a_body_that_still_waits_when_the_response_comes_is_never_sent() {
    let (said, got) = channel();
    let endpoint = Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
        let (_, mut rest) = read_head(&mut socket)?;
        socket.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")?;
        let ended = socket.read_to_end(&mut rest);
        said.send((rest, ended.is_ok())).unwrap();
        Ok(())
    });
    let (running, at) = before(&[&endpoint]);
    for body in ["", "hello", &format!("hello{}", get("/next"))] {
        let (heard, _) = Wire::to(&at).say(format!("{HEAD}{body}")).rest();
        assert!(heard.starts_with("HTTP/1.1 401 ") && heard.contains("\r\nConnection: close\r\n"), "{heard}");
        assert!(heard.ends_with("no"), "{heard}");
        assert_eq!(got.recv().unwrap().0, b"", "{body:?}");
    }
    assert_eq!(running.counts().all_faults(), []);
    assert_eq!(endpoint.accepted(), 3);
}

#[test]
fn other_interim_responses_do_not_let_the_body_go() {
    let endpoint = Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        let (_, mut rest) = read_head(&mut socket)?;
        socket.write_all(b"HTTP/1.1 102 Processing\r\n\r\n")?;
        socket.set_read_timeout(Some(std::time::Duration::from_millis(200)))?;
        let _ = socket.read_to_end(&mut rest);
        assert_eq!(rest, b"");
        socket.set_read_timeout(None)?;
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        let mut body = [0; 5];
        socket.read_exact(&mut body)?;
        socket.write_all(&response("", &body))
    });
    let (_running, at) = before(&[&endpoint]);
    let heard = Wire::to(&at).say(format!("{HEAD}hello")).hear("\r\n\r\nhello");
    assert!(heard.starts_with("HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "), "{heard}");
}

#[test]
fn what_is_not_waited_for_goes_at_once() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    // HTTP/1.0 knows no 100, and without a body there is nothing to wait with.
    let old = HEAD.replace("HTTP/1.1", "HTTP/1.0");
    let (heard, _) = Wire::to(&at).say(format!("{old}hello")).rest();
    assert!(heard.ends_with("POST /x HTTP/1.1|hello"), "{heard}");
    let none = HEAD.replace("Length: 5", "Length: 0");
    let mut client = Wire::to(&at);
    client.say(none).hear("POST /x HTTP/1.1|");
    client.say(get("/y")).hear("GET /y HTTP/1.1|");
    let (heard, _) = Wire::to(&at).say(HEAD.replace("100-continue", "a-miracle")).rest();
    assert!(heard.starts_with("HTTP/1.1 417 "), "{heard}");
    assert_eq!(web.requests().len(), 3);
}

/// Conformance: 43.
#[test]
fn the_body_waits_for_the_endpoints_100() {
    let web = crate::support::Endpoint::serving("a", &any_port("127.0.0.1"), |mut socket| {
        use std::io::{Read, Write};
        let (mut read, mut buffer) = (Vec::new(), [0; 4096]);
        while find(&read, b"\r\n\r\n").is_none() {
            let count = socket.read(&mut buffer)?;
            read.extend_from_slice(&buffer[..count]);
        }
        assert!(read.ends_with(b"\r\n\r\n"), "the head alone");
        if find(&read, b"/no").is_some() {
            return socket.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
        }
        socket.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        socket.read_exact(&mut buffer[..5])?;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")?;
        socket.write_all(&buffer[..5])
    });
    let (_running, at) = before(&[&web]);
    let head =
        |path: &str| format!("POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    let mut client = Wire::to(&at);
    client.say(head("/yes")).hear("HTTP/1.1 100 Continue\r\n\r\n");
    client.say("hello").hear("\r\n\r\nhello");
    // A client that does not wait changes nothing.
    Wire::to(&at).say(format!("{}hello", head("/yes"))).hear("\r\n\r\nhello");
    let (heard, _) = Wire::to(&at).say(head("/no")).rest();
    assert!(
        heard.starts_with("HTTP/1.1 401 ") && heard.contains("Connection: close") && heard.ends_with("no"),
        "{heard}"
    );
}

/// Conformance: 43.
#[test]
fn the_body_goes_on_though_the_endpoint_never_says_100() {
    let web = Web::plain("a");
    let (_running, at) = before(&[&web.endpoint]);
    let head = "POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    Wire::to(&at).say(format!("{head}hello")).hear("POST /x HTTP/1.1|hello");
    assert_eq!(web.requests()[0].field("Expect"), Some("100-continue"));
}
