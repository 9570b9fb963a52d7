//! Very many bytes.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::{Driver, PATIENCE, echo, greet};

/// What goes each way, all connections together.
const EACH_WAY: u64 = 1 << 30;
const CONNECTIONS: usize = 8;
/// The stream repeats after so many bytes: a prime, so that no block size falls in step with it.
const PERIOD: usize = 1_048_573;

/// What is sent: at each place of each stream there is one right byte.
struct Pattern(Vec<u8>);

impl Pattern {
    fn new() -> Self {
        let mut state = 0x2545_F491_4F6C_DD1Du64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 32) as u8
        };
        Self((0..2 * PERIOD).map(|_| next()).take(PERIOD).collect())
    }

    /// At most so many bytes from `position` of stream `stream` on.
    fn at(&self, stream: usize, position: u64, most: usize) -> &[u8] {
        let start = ((position + stream as u64 * 7919) % PERIOD as u64) as usize;
        &self.0[start..(start + most).min(PERIOD)]
    }
}

/// Splits the bytes of one way among the connections; some end early, others go on by themselves.
fn split(seed: u64) -> Vec<u64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % 1000 + 1
    };
    let weights: Vec<u64> = (0..CONNECTIONS).map(|_| next()).collect();
    let all: u64 = weights.iter().sum();
    let mut parts: Vec<u64> = weights.iter().map(|weight| EACH_WAY * weight / all).collect();
    parts[0] += EACH_WAY - parts.iter().sum::<u64>();
    parts
}

struct Story {
    pattern: Pattern,
    up: Vec<u64>,
    down: Vec<u64>,
    arrived: AtomicU64,
    /// What went wrong at the endpoint.
    problems: Mutex<Vec<String>>,
}

impl Story {
    fn send(&self, mut to: TcpStream, stream: usize, length: u64) -> io::Result<()> {
        let mut sent = 0;
        while sent < length {
            let block = self.pattern.at(stream, sent, (length - sent).min(1 << 18) as usize);
            to.write_all(block)?;
            sent += block.len() as u64;
        }
        to.shutdown(Shutdown::Write)
    }

    /// Reads to the end, and says how many right bytes there were.
    fn receive(&self, mut from: TcpStream, stream: usize, slow: bool) -> io::Result<u64> {
        let mut buffer = vec![0; if slow { 3000 } else { 256 * 1024 }];
        let mut position = 0;
        loop {
            let count = from.read(&mut buffer)?;
            if count == 0 {
                return Ok(position);
            }
            let mut seen = 0;
            while seen < count {
                let right = self.pattern.at(stream, position, count - seen);
                if buffer[seen..seen + right.len()] != *right {
                    return Err(io::Error::other(format!("stream {stream}: wrong bytes after {position}")));
                }
                seen += right.len();
                position += right.len() as u64;
            }
            self.arrived.fetch_add(count as u64, Ordering::Relaxed);
            // A slow reader: the sender is held back again and again.
            if slow && position / 1_000_000 != (position - count as u64) / 1_000_000 {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
    }
}

/// An endpoint that sends and receives at once. The client says in its first byte which stream it is.
fn endpoint(story: &Arc<Story>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let story = story.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let story = story.clone();
            std::thread::spawn(move || {
                let mut number = [0];
                stream.read_exact(&mut number).unwrap();
                let number = usize::from(number[0]);
                let (sending, length) = (stream.try_clone().unwrap(), story.down[number]);
                let other = story.clone();
                let sender = std::thread::spawn(move || other.send(sending, 100 + number, length));
                let got = story.receive(stream, number, number == 3);
                let sent = sender.join().unwrap();
                if !got.as_ref().is_ok_and(|got| *got == story.up[number]) || sent.is_err() {
                    story.problems.lock().unwrap().push(format!("stream {number}: {got:?}, {sent:?}"));
                }
            });
        }
    });
    address
}

/// One KiB a second, beside all that: returns how many bytes it exchanged, and the longest wait.
fn trickle(to: SocketAddr, stop: &AtomicBool) -> (usize, Duration) {
    let mut client = greet(to).unwrap();
    let (mut count, mut longest) = (0, Duration::ZERO);
    while !stop.load(Ordering::Relaxed) {
        let message: Vec<u8> = (0..103).map(|at| (count + at) as u8).collect();
        let mut back = vec![0; message.len()];
        let began = Instant::now();
        client.write_all(&message).unwrap();
        client.read_exact(&mut back).unwrap();
        longest = longest.max(began.elapsed());
        assert_eq!(back, message);
        count += message.len();
        std::thread::sleep(Duration::from_millis(100));
    }
    (count, longest)
}

fn a_gibibyte_each_way(mode: &[&str], pipes: bool) {
    let story = Arc::new(Story {
        pattern: Pattern::new(),
        up: split(1),
        down: split(2),
        arrived: AtomicU64::new(0),
        problems: Mutex::default(),
    });
    let bulk = endpoint(&story).to_string();
    let trickling = echo().to_string();
    let words: Vec<&str> = [bulk.as_str(), "workers=2"].into_iter().chain(mode.iter().copied()).collect();
    let mut driver = Driver::start(&words);
    let to = driver.address;
    let began = Instant::now();
    // The trickle has an endpoint of its own for a moment, and keeps the connection when the plan
    // changes.
    driver.ask(&format!("plan 0 {trickling} workers=2 {}", mode.join(" ")));
    let stop = Arc::new(AtomicBool::new(false));
    let (told, ready) = std::sync::mpsc::channel();
    let trickler = std::thread::spawn({
        let stop = stop.clone();
        move || {
            told.send(()).unwrap();
            trickle(to, &stop)
        }
    });
    ready.recv().unwrap();
    crate::support::eventually("the trickle flows", || driver.read().inflight == 1);
    driver.ask(&format!("plan 0 {bulk} workers=2 {}", mode.join(" ")));

    let before = driver.descriptors("pipe:");
    let ended = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..CONNECTIONS)
        .map(|number| {
            let (story, ended) = (story.clone(), ended.clone());
            std::thread::spawn(move || {
                let mut client = TcpStream::connect(to).unwrap();
                client.set_read_timeout(Some(PATIENCE)).unwrap();
                client.set_write_timeout(Some(PATIENCE)).unwrap();
                client.write_all(&[number as u8]).unwrap();
                let (sending, length) = (client.try_clone().unwrap(), story.up[number]);
                let other = story.clone();
                let sender = std::thread::spawn(move || other.send(sending, number, length));
                let got = story.receive(client, 100 + number, number == 5);
                ended.fetch_add(1, Ordering::SeqCst);
                assert_eq!(got.unwrap(), story.down[number], "stream {number} downwards");
                sender.join().unwrap().unwrap();
            })
        })
        .collect();
    let (mut tenth, mut most, mut most_pipes) = (None, 0, 0);
    while ended.load(Ordering::SeqCst) < CONNECTIONS {
        if story.arrived.load(Ordering::Relaxed) >= EACH_WAY * 2 / 10 {
            let now = driver.resident();
            tenth = tenth.or(Some(now));
            most = most.max(now);
        }
        most_pipes = most_pipes.max(driver.descriptors("pipe:").saturating_sub(before));
        std::thread::sleep(Duration::from_millis(10));
    }
    clients.into_iter().for_each(|client| client.join().unwrap());
    let took = began.elapsed();
    crate::support::eventually("all have ended", || driver.read().inflight == 0);
    crate::support::eventually("all has arrived", || {
        story.arrived.load(Ordering::SeqCst) == 2 * EACH_WAY || !story.problems.lock().unwrap().is_empty()
    });
    assert_eq!(*story.problems.lock().unwrap(), Vec::<String>::new());
    stop.store(true, Ordering::SeqCst);
    let (trickled, longest) = trickler.join().unwrap();
    let tenth = tenth.unwrap();
    println!(
        "{mode:?}: {took:?}, {:.0} MB/s each way, {tenth} bytes resident after a tenth and {most} at most, \
         {most_pipes} ends of pipes, {trickled} bytes trickled with a wait of {longest:?} at most",
        EACH_WAY as f64 / 1e6 / took.as_secs_f64()
    );
    assert!(most <= tenth + (tenth / 10).max(4 << 20), "{tenth} bytes resident after a tenth, then {most}");
    assert_eq!(most_pipes > 0, pipes, "{most_pipes} ends of pipes");
    assert_eq!(driver.read().faults.into_iter().collect::<Vec<_>>(), []);
}

#[test]
fn a_gibibyte_each_way_arrives_bit_by_bit_by_copy_and_splice() {
    a_gibibyte_each_way(&[], true);
}

#[test]
fn a_gibibyte_each_way_arrives_bit_by_bit_on_the_portable_path() {
    a_gibibyte_each_way(&["portable"], false);
}
