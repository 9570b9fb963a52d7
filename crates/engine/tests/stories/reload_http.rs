//! Reloads under HTTP: what has nothing to do with a change does not notice it.

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plan::{Accept, Address};
use socket2::Socket;

use crate::support::web::{Web, Wire, find, response};
use crate::support::{
    Draft, Endpoint, HTTP, Random, Running, WAYS, any_port, cycle, eventually, free_address, least, long,
};

const CLIENTS: usize = 8;
const TUNNELS: usize = 4;
const CHUNK: usize = 8 * 1024;

/// What the traffic is told, and how far each part of it is.
#[derive(Default)]
struct Traffic {
    stop: AtomicBool,
    rounds: AtomicUsize,
}

impl Traffic {
    fn goes_on(&self) -> bool {
        self.rounds.fetch_add(1, Ordering::Relaxed);
        !self.stop.load(Ordering::Relaxed)
    }
}

/// The byte at a place of the download.
fn right(place: usize) -> u8 {
    (place.wrapping_mul(31) >> 3) as u8
}

/// Answers `/ws` by a tunnel that sends back what it is sent, `/large` by chunks until the traffic stops,
/// and all else by a few bytes.
fn endpoint(name: &str, traffic: &Arc<Traffic>) -> Endpoint {
    let traffic = traffic.clone();
    Endpoint::serving(name, &any_port("127.0.0.1"), move |mut socket| {
        let (mut read, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            while let Some(end) = find(&read, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&read[..end]).into_owned();
                read.drain(..end + 4);
                match head.split(' ').nth(1) {
                    Some("/ws") => return tunnel(&mut socket, &mut buffer),
                    Some("/large") => large(&mut socket, &traffic)?,
                    _ => socket.write_all(&response("", b"the end"))?,
                }
            }
            match socket.read(&mut buffer)? {
                0 => return Ok(()),
                count => read.extend_from_slice(&buffer[..count]),
            }
        }
    })
}

fn tunnel(socket: &mut Socket, buffer: &mut [u8]) -> io::Result<()> {
    socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")?;
    loop {
        match socket.read(buffer)? {
            0 => return socket.write_all(b"the end"),
            count => socket.write_all(&buffer[..count])?,
        }
    }
}

fn large(socket: &mut Socket, traffic: &Traffic) -> io::Result<()> {
    socket.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    let mut place = 0;
    while !traffic.stop.load(Ordering::Relaxed) {
        let bytes = (place..place + CHUNK).map(right);
        let chunk: Vec<u8> = format!("{CHUNK:x}\r\n").bytes().chain(bytes).chain(*b"\r\n").collect();
        socket.write_all(&chunk)?;
        place += CHUNK;
    }
    socket.write_all(b"0\r\n\r\n")
}

/// Asks again and again on one connection, which never ends; answers how often.
fn asks(to: &Address, traffic: &Arc<Traffic>, path: &'static str) -> JoinHandle<(Wire, usize)> {
    let (mut wire, traffic) = (Wire::to(to), traffic.clone());
    std::thread::spawn(move || {
        let mut count = 0;
        while traffic.goes_on() {
            wire.say(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
            let head = wire.hear("\r\n\r\n");
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !head.contains("Connection: close"), "{head}");
            wire.hear("the end");
            count += 1;
            // The pace.
            std::thread::sleep(Duration::from_millis(2));
        }
        (wire, count)
    })
}

/// Sends through a tunnel, and gets back the same, until the end that it carries through.
fn talks(to: &Address, traffic: &Arc<Traffic>, seed: u64) -> JoinHandle<usize> {
    let (mut wire, traffic) = (Wire::to(to), traffic.clone());
    std::thread::spawn(move || {
        let mut random = Random::new(seed);
        wire.say("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        assert!(wire.hear("\r\n\r\n").starts_with("HTTP/1.1 101 "));
        let mut count = 0;
        while traffic.goes_on() {
            let size = 1 + random.below(20_000);
            let message = random.bytes(size);
            assert!(wire.say(&message).take(message.len()) == message, "other bytes came back");
            count += 1;
            std::thread::sleep(Duration::from_millis(2));
        }
        assert_eq!(wire.finish().rest(), ("the end".into(), true));
        count
    })
}

/// Reads a response slowly, to its end; answers its size.
fn downloads(to: &Address, traffic: &Arc<Traffic>) -> JoinHandle<usize> {
    let (mut wire, traffic) = (Wire::to(to), traffic.clone());
    std::thread::spawn(move || {
        wire.say("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        assert!(wire.hear("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
        let mut place = 0;
        loop {
            let size = usize::from_str_radix(wire.hear("\r\n").trim(), 16).unwrap();
            let bytes = wire.take(size);
            assert!(bytes.iter().zip(place..).all(|(byte, at)| *byte == right(at)), "wrong bytes behind {place}");
            place += size;
            assert_eq!(wire.take(2), b"\r\n");
            if size == 0 {
                return place;
            }
            if traffic.goes_on() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    })
}

#[test]
fn a_reload_every_100_ms_disturbs_no_request_no_tunnel_and_no_download() {
    for accept in WAYS {
        let traffic = Arc::<Traffic>::default();
        let stays = endpoint("stays", &traffic);
        let [goes, comes] = ["goes", "comes"]
            .map(|name| Web::new(name, |_| crate::support::web::Reply::Send(response("", b"the end"))));
        let at = free_address();
        let extra = [free_address(), free_address()];
        let draft = |count: usize| draft(count, accept, &at, &extra, [&stays, &goes.endpoint, &comes.endpoint]);
        let running = Running::start(&draft(0));
        // Some that say nothing while it is reloaded.
        let mut idle: Vec<_> = (0..4).map(|_| Wire::to(&at)).collect();
        let mut ask = |what: &str| {
            for wire in &mut idle {
                let heard = wire.say("GET /x HTTP/1.1\r\nHost: a\r\n\r\n").hear("the end");
                assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{what}: {heard}");
            }
        };
        ask("before");
        let clients: Vec<_> = (0..CLIENTS).map(|number| asks(&at, &traffic, ["/x", "/other/x"][number % 2])).collect();
        let tunnels: Vec<_> = (0..TUNNELS).map(|seed| talks(&at, &traffic, seed as u64 + 1)).collect();
        let download = downloads(&at, &traffic);

        let (began, time) = (Instant::now(), Duration::from_millis(if long() { 30_000 } else { 2500 }));
        let mut count = 0;
        while began.elapsed() < time {
            count += 1;
            // The pace.
            let next = began + Duration::from_millis(100) * count;
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
            running.apply(&draft(count as usize));
        }
        let before = traffic.rounds.load(Ordering::Relaxed);
        eventually("all go on", || traffic.rounds.load(Ordering::Relaxed) > before + 100);
        ask("after");
        traffic.stop.store(true, Ordering::Relaxed);
        let asked: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        let requests: usize = asked.iter().map(|(_, count)| count).sum();
        let messages: Vec<_> = tunnels.into_iter().map(|tunnel| tunnel.join().unwrap()).collect();
        let bytes = download.join().unwrap();
        let accepted = stays.accepted();
        println!(
            "{accept:?}: {count} plans, {requests} requests, {messages:?} messages, {bytes} bytes, {accepted} connections"
        );
        assert!(count as u128 >= time.as_millis() / 300, "only {count} plans");
        assert!(requests > 50 * count as usize / 25 && messages.iter().all(|count| *count > 10) && bytes > 1 << 20);
        // As many as were needed at once, with one a worker for those that were silent: a reload made none.
        assert!(accepted <= CLIENTS + TUNNELS + 1 + 2, "{accepted} connections to the endpoint that stayed");
        let counts = running.counts();
        assert_eq!(counts.listener("in").statuses[2..], [0, 0, 0]);
        assert_eq!(counts.listener("in").accepted as usize, 4 + CLIENTS + TUNNELS + 1);
        assert_eq!(counts.all_faults(), []);
        drop((asked, idle));
        eventually("all ended", || running.counts().listener("in").open == 0);
        eventually("the worlds before are gone", || running.counts().worlds == 1);
    }
}

/// Plan number `count`: what serves `/other`, other listeners and their routes come and go.
fn draft(count: usize, accept: Accept, at: &Address, extra: &[Address], endpoints: [&Endpoint; 3]) -> Draft {
    let [stays, goes, comes] = endpoints;
    let members: &[&Endpoint] = match count % 4 {
        0 => &[goes, comes],
        1 => &[comes],
        2 => &[comes, goes, stays],
        _ => &[goes],
    };
    let algorithm = if count.is_multiple_of(3) { least() } else { cycle(members.len()) };
    let mut draft = Draft::empty()
        .drain(150)
        .leave(30)
        .pool("web", cycle(1), &[stays])
        .pool(&format!("other {}", count % 5), algorithm, members)
        .listen_as(HTTP, "in", at, accept, "web")
        .rule("in", "", "/other", &format!("other {}", count % 5));
    for (number, address) in extra.iter().enumerate().take(count % 3) {
        let key = format!("extra {number}");
        draft = draft.listen_as(HTTP, &key, address, accept, "web").rule(&key, "a", "/x", "web");
    }
    draft
}
