//! Random traffic through endpoints that are not to be relied on: every body whole, no answer crossed,
//! nothing sent twice that may not be.

use std::collections::HashMap;
use std::io::Write;

use crate::support::web::{Reply, Web, Wire};
use crate::support::{Draft, HTTP, Random, Running, WAYS, address, any_port, cycle, eventually, long};

/// FNV-1a.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Log-uniform up to 64 KiB; one in a hundred up to `most`.
fn size(random: &mut Random, most: usize) -> usize {
    let top = if random.below(100) == 0 { most } else { 64 * 1024 };
    let bits = usize::BITS - top.leading_zeros();
    let magnitude = random.below(bits as usize).max(1);
    random.below(1 << magnitude).min(top)
}

fn body(seed: usize, size: usize) -> Vec<u8> {
    (0..size).map(|at| (at.wrapping_mul(31).wrapping_add(seed.wrapping_mul(7919)) >> 2) as u8).collect()
}

/// A body with its framing, by length or in chunks of all sizes.
fn framed(random: &mut Random, body: &[u8]) -> Vec<u8> {
    if random.below(2) == 0 {
        return [format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
    }
    let mut framed = b"Transfer-Encoding: chunked\r\n\r\n".to_vec();
    let mut rest = body;
    while !rest.is_empty() {
        let (chunk, left) = rest.split_at((1 + random.below(40_000)).min(rest.len()));
        framed.extend(format!("{:x}\r\n", chunk.len()).bytes().chain(chunk.iter().copied()).chain(*b"\r\n"));
        rest = left;
    }
    framed.extend(b"0\r\n\r\n");
    framed
}

/// Answers with what it got, and a body that the path asks for; one connection in ten it ends instead.
fn flaky(name: &str, seed: u64) -> Web {
    let random = std::sync::Mutex::new(Random::new(seed));
    Web::new(name, move |asked| {
        let mut random = random.lock().unwrap();
        let path = asked.head.split(' ').nth(1).unwrap().to_owned();
        let mut parts = path.trim_start_matches('/').split('-').map(|part| part.parse::<usize>().unwrap());
        let (id, size) = (parts.next().unwrap(), parts.next().unwrap());
        if random.below(12) == 0 {
            return Reply::Close(Vec::new());
        }
        let head = format!("HTTP/1.1 200 OK\r\nX-Id: {id}\r\nX-Hash: {}\r\n", hash(&asked.body));
        let answer = [head.as_bytes(), &framed(&mut random, &body(id, size))].concat();
        match random.below(10) {
            0 => Reply::Close(answer),
            _ => Reply::Send(answer),
        }
    })
}

/// The head and the body of the next response.
fn response(client: &mut Wire) -> (String, Vec<u8>) {
    let head = client.hear("\r\n\r\n");
    if let Some(length) = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")) {
        let length = length.parse().unwrap();
        return (head, client.take(length));
    }
    assert!(head.contains("Transfer-Encoding: chunked"), "{head}");
    let mut whole = Vec::new();
    loop {
        let line = client.hear("\r\n");
        let size = usize::from_str_radix(line.trim(), 16).unwrap();
        whole.extend(client.take(size));
        assert_eq!(client.hear("\r\n"), "\r\n");
        if size == 0 {
            return (head, whole);
        }
    }
}

/// What a client wants to know of a request when its answer comes.
struct Sent {
    id: usize,
    hash: u64,
    answer: usize,
    repeatable: bool,
}

/// One client: bursts of pipelined requests, on connections that it leaves now and then. Answers how many
/// were answered by an endpoint, and how many were not to be repeated.
fn client(at: &plan::Address, first: usize, count: usize, seed: u64, most: usize) -> (usize, usize) {
    let mut random = Random::new(seed);
    let (mut id, mut answered, mut failed) = (first, 0, 0);
    while id < first + count {
        let mut wire = Wire::to(at);
        'connection: for _ in 0..=random.below(8) {
            let burst = 1 + random.below(4);
            let (mut sent, mut bytes) = (Vec::new(), Vec::new());
            for _ in 0..burst {
                let answer = size(&mut random, most);
                let method = ["GET", "PUT", "DELETE", "POST"][random.below(4)];
                let asks = if method == "GET" { Vec::new() } else { body(id + 1, size(&mut random, most)) };
                bytes.extend(format!("{method} /{id}-{answer} HTTP/1.1\r\nHost: a\r\n").bytes());
                match method {
                    "GET" => bytes.extend(b"\r\n"),
                    _ => bytes.extend(framed(&mut random, &asks)),
                }
                sent.push(Sent { id, hash: hash(&asks), answer, repeatable: method != "POST" });
                id += 1;
            }
            let mut writer = wire.socket.try_clone().unwrap();
            // A connection that ends early takes no more, which is no failure of this.
            let writing = std::thread::spawn(move || drop(writer.write_all(&bytes)));
            for one in sent {
                let (head, whole) = response(&mut wire);
                if head.starts_with("HTTP/1.1 200 ") {
                    assert!(head.contains(&format!("X-Id: {}\r\n", one.id)), "{head}");
                    assert!(head.contains(&format!("X-Hash: {}\r\n", one.hash)), "{head}");
                    assert!(whole == body(one.id, one.answer), "the body of {}", one.id);
                    answered += 1;
                } else {
                    assert!(head.starts_with("HTTP/1.1 502 "), "{head}");
                    failed += usize::from(!one.repeatable);
                    // It closes; what was sent behind it is for another connection.
                    let _ = wire.socket.shutdown(std::net::Shutdown::Both);
                    writing.join().unwrap();
                    break 'connection;
                }
                if head.contains("Connection: close") {
                    let _ = wire.socket.shutdown(std::net::Shutdown::Both);
                    writing.join().unwrap();
                    break 'connection;
                }
            }
            writing.join().unwrap();
        }
    }
    (answered, failed)
}

#[test]
fn random_traffic_through_flaky_endpoints_stays_whole() {
    let (each, most) = if long() { (5000, 10_000_000) } else { (1250, 1_000_000) };
    // Another one each time; `FOURSEVEN_SEED` repeats one.
    let given = std::env::var("FOURSEVEN_SEED").ok().and_then(|seed| seed.parse().ok());
    let now = || std::time::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_millis() as u64);
    let seed = given.unwrap_or_else(now);
    println!("FOURSEVEN_SEED={seed}");
    let webs: Vec<Web> = (0..3).map(|at| flaky(&format!("e{at}"), seed + at)).collect();
    let endpoints: Vec<_> = webs.iter().map(|web| &web.endpoint).collect();
    let draft = Draft::empty().workers(2).pool("pool", cycle(3), &endpoints);
    let running = Running::idle();
    let at = address(&running.apply(&draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")), "in");
    let clients: Vec<_> = (0..4)
        .map(|place| {
            let at = at.clone();
            std::thread::spawn(move || client(&at, place * 1_000_000, each, seed + 100 + place as u64, most))
        })
        .collect();
    let told: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
    let answered: usize = told.iter().map(|(answered, _)| answered).sum();
    println!("{told:?}: answered, and failed of those that may not be repeated");
    assert!(answered > each, "{told:?}");
    // A request that may not be repeated reached an endpoint at most once.
    let mut posts = HashMap::new();
    for asked in webs.iter().flat_map(Web::requests).filter(|asked| asked.head.starts_with("POST ")) {
        *posts.entry(asked.head.split(' ').nth(1).unwrap().to_owned()).or_insert(0) += 1;
    }
    assert!(posts.values().all(|times| *times == 1), "sent twice: {posts:?}");
    eventually("all ended", || running.counts().listener("in").open == 0);
}
