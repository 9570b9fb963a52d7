//! Endpoints that send without end, and clients that read late.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use account::Fault;

use crate::support::web::{Reply, Web, Wire, response};
use crate::support::{Draft, Endpoint, HTTP, Running, WAYS, address, any_port, cycle, eventually};

/// Sends chunks until nobody takes any more, and counts them.
fn endless(chunks: &Arc<AtomicUsize>) -> Endpoint {
    let chunks = chunks.clone();
    Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
        let count = socket.read(&mut [0; 4096])?;
        assert!(count > 0);
        socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        let chunk = [&b"1000\r\n"[..], &[b'x'; 4096], b"\r\n"].concat();
        loop {
            socket.write_all(&chunk)?;
            chunks.fetch_add(1, Ordering::Relaxed);
        }
    })
}

#[test]
fn an_endpoint_that_sends_without_end_is_left_within_a_second_once_its_client_is_gone() {
    // The client reads as it comes, or nothing at all, when it goes.
    for reads in [true, false] {
        let chunks = Arc::<AtomicUsize>::default();
        let endpoint = endless(&chunks);
        let draft = Draft::empty().workers(1).pool("pool", cycle(1), &[&endpoint]);
        let running = Running::idle();
        let at = address(&running.apply(&draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")), "in");
        let mut client = Wire::to(&at);
        client.say("GET / HTTP/1.1\r\nHost: a\r\n\r\n").hear("\r\n\r\n");
        if reads {
            client.take(10_000_000);
        } else {
            // Until all buffers on the way are full.
            let mut before = 0;
            eventually("the endpoint is held back", || {
                std::thread::sleep(Duration::from_millis(100));
                std::mem::replace(&mut before, chunks.load(Ordering::Relaxed)) == chunks.load(Ordering::Relaxed)
            });
        }
        assert_eq!(endpoint.serves(), 1);
        // It leaves bytes unread, so its system resets the connection.
        let gone = Instant::now();
        drop(client);
        eventually("the endpoint's connection has ended", || endpoint.serves() == 0);
        assert!(gone.elapsed() < Duration::from_secs(1), "after {:?}, reads: {reads}", gone.elapsed());
        eventually("both sides ended", || running.counts().is_quiet());
        assert_eq!(running.fault(Fault::ClientAborted), 1);
    }
}

const LARGE: usize = 1 << 20;

/// Two pipelined requests, of which the first is answered by a mebibyte and the second is not answered
/// whole; then `behind`. The client reads only when the second is over, as `fault`. Answers what it reads.
fn read_late(second: &'static str, behind: Vec<u8>, fault: Fault) -> (String, bool) {
    let web = Web::new("a", move |asked| match asked.head.starts_with("GET /large ") {
        true => Reply::Send(response("", &[b'x'; LARGE])),
        false => Reply::Close(second.into()),
    });
    let draft = Draft::empty().workers(1).pool("pool", cycle(1), &[&web.endpoint]);
    let running = Running::idle();
    let at = address(&running.apply(&draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")), "in");
    let mut client = Wire::to(&at);
    // What it has not read waits at the balancer.
    client.socket.set_recv_buffer_size(32 * 1024).unwrap();
    client.say("GET /large HTTP/1.1\r\nHost: a\r\n\r\nPOST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    let mut writer = client.socket.try_clone().unwrap();
    // A connection that ends takes no more, which is no failure of this.
    let writing = std::thread::spawn(move || drop(writer.write_all(&behind)));
    eventually("the second is over", || running.fault(fault) == 1);
    let heard = client.rest();
    writing.join().unwrap();
    heard
}

/// Another request, and so many bytes of its body.
fn more(size: usize) -> Vec<u8> {
    [&b"POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n"[..], &vec![b'y'; size]].concat()
}

#[test]
fn an_answer_that_is_read_late_is_whole_though_the_next_one_is_ours() {
    let (heard, _) = read_late("", more(100_000), Fault::EndpointEnded);
    assert!(heard.len() > LARGE && heard.contains("HTTP/1.1 502 "), "{} bytes", heard.len());
}

#[test]
fn an_answer_that_is_read_late_is_whole_though_the_next_one_is_ours_and_megabytes_follow() {
    let (heard, _) = read_late("", more(4_000_000), Fault::EndpointEnded);
    assert!(heard.len() > LARGE && heard.contains("HTTP/1.1 502 "), "{} bytes", heard.len());
}
