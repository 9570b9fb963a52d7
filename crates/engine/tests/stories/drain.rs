//! The end of an engine that speaks HTTP: what is under way is answered, and nothing is begun.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::web::{Wire, find, response};
use crate::support::{Client, Draft, Endpoint, HTTP, PATIENCE, Running, WAYS, address, any_port, cycle, eventually};

/// Answers `/wait` once it is let go, `/ws` by a tunnel that sends back what it is sent, `/large` by bytes
/// without end, and all else at once.
fn endpoint(goes: &Arc<AtomicBool>) -> Endpoint {
    let goes = goes.clone();
    Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
        let (mut read, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let count = socket.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            read.extend_from_slice(&buffer[..count]);
            let Some(end) = find(&read, b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            read.drain(..end + 4);
            match head.split(' ').nth(1) {
                Some("/ws") => {
                    let switch =
                        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
                    socket.write_all(switch.as_bytes())?;
                    loop {
                        match socket.read(&mut buffer)? {
                            0 => return Ok(()),
                            count => socket.write_all(&buffer[..count])?,
                        }
                    }
                }
                Some("/large") => {
                    socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
                    loop {
                        socket.write_all(b"10\r\n0123456789abcdef\r\n")?;
                        // The pace.
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
                Some("/wait") => eventually("it is let go", || goes.load(Ordering::Relaxed)),
                _ => {}
            }
            socket.write_all(&response("", b"the end"))?;
        }
    })
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[test]
fn closing_answers_what_is_under_way_and_cuts_tunnels_and_downloads_at_the_deadline() {
    for accept in WAYS {
        let goes = Arc::<AtomicBool>::default();
        let endpoint = endpoint(&goes);
        let draft = Draft::empty().workers(1).pool("pool", cycle(1), &[&endpoint]);
        let running = Running::idle();
        let at = address(&running.apply(&draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), accept, "pool")), "in");
        let connect = |say: String| {
            let mut wire = Wire::to(&at);
            wire.say(say);
            wire
        };
        let mut idle: Vec<_> = (0..10).map(|_| connect(get("/x"))).collect();
        idle.iter_mut().for_each(|wire| drop(wire.hear("the end")));
        let mut silent = Wire::to(&at);
        let mut under_way = connect(get("/wait"));
        let mut tunnel =
            connect("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n".into());
        tunnel.hear("\r\n\r\n");
        let mut download = connect(get("/large"));
        download.hear("abcdef\r\n");
        // Two more, whose next head has begun when it closes.
        let mut begun: Vec<_> = (0..2).map(|_| connect(get("/x"))).collect();
        begun.iter_mut().for_each(|wire| drop(wire.say("GET /x HTTP/1.1\r\nHo").hear("the end")));
        // The one worker hears this after the begin of their heads.
        drop(idle[0].say(get("/x")).hear("the end"));
        eventually("it is under way", || running.counts().listener("in").requests == 16);
        assert_eq!(running.counts().listener("in").open, 16);

        let (began, time) = (Instant::now(), Duration::from_millis(1500));
        let closing = running.send_close(time);
        for wire in idle.iter_mut().chain([&mut silent]) {
            assert_eq!(wire.rest(), (String::new(), true), "an idle connection");
        }
        eventually("it refuses new ones", || Client::connect(&at).is_err());
        assert!(began.elapsed() < time, "idle connections end before the deadline");
        // What is under way goes on, and says that it is the last.
        for wire in &mut begun {
            let (heard, plain) = wire.say("st: a\r\n\r\n").rest();
            assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && heard.ends_with("the end") && plain, "{heard:?}");
            assert!(heard.contains("\r\nConnection: close\r\n"), "{heard}");
        }
        assert!(under_way.hears_nothing(), "it is not let go yet");
        goes.store(true, Ordering::Relaxed);
        let (heard, plain) = under_way.rest();
        assert!(heard.starts_with("HTTP/1.1 200 OK\r\n") && heard.ends_with("the end") && plain, "{heard:?}");
        assert!(heard.contains("\r\nConnection: close\r\n"), "{heard}");
        tunnel.say("while it drains").hear("while it drains");
        download.hear("abcdef\r\n");
        assert!(closing.try_recv().is_err(), "it has closed over connections");
        // The tunnel and the download are cut, by a reset that nobody takes for their end.
        assert_eq!(closing.recv_timeout(PATIENCE).unwrap().cut, 2);
        assert!(began.elapsed() >= time, "cut after {:?}", began.elapsed());
        assert_eq!(tunnel.rest(), (String::new(), false));
        let (heard, plain) = download.rest();
        assert!(!plain && !heard.ends_with("0\r\n\r\n"), "{heard:?}");
        eventually("the endpoint sees the ends too", || endpoint.serves() == 0);
    }
}
