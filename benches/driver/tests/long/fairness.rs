//! A client beside a thousand slow ones is served as if it were alone.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::support::{Driver, PATIENCE, eventually, is_release, long, may_open, skip};
use crate::{alone, median};

const SLOW: usize = 1000;
const ROUNDS: usize = 7;
/// Enough for each slow client to have its turn about once a round.
const REQUESTS: usize = 20_000;
/// Times its own 99th percentile.
const MOST: f64 = 2.0;
/// More than the system's buffers take, so that the rest waits at the balancer. But few ask for it: short of
/// memory for all sockets, the system drops what any of them is sent.
const LARGE: usize = 4 << 20;
const LARGE_ONE_IN: usize = 25;

/// Answers `/large` by mebibytes and all else by a few bytes; what is uploaded it takes in.
fn endpoint() -> SocketAddr {
    // All of them come at once: whoever finds the queue full is reset much later.
    let listening = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listening.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listening.listen(4096).unwrap();
    let listener = TcpListener::from(listening);
    let address = listener.local_addr().unwrap();
    let large = [format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n").as_bytes(), &[b'x'; LARGE]].concat();
    let small = [&b"HTTP/1.1 200 OK\r\nContent-Length: 256\r\n\r\n"[..], &[b'x'; 256]].concat();
    let answers = Arc::new((large, small));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answers = answers.clone();
            let serve = move || -> io::Result<()> {
                stream.set_nodelay(true)?;
                let mut buffer = [0; 4096];
                loop {
                    // A request of this test is small, and nothing follows it before its answer.
                    match stream.read(&mut buffer)? {
                        0 => return Ok(()),
                        count if buffer[..count].starts_with(b"GET /large") => stream.write_all(&answers.0)?,
                        count if buffer[..count].starts_with(b"GET ") => stream.write_all(&answers.1)?,
                        _ => {}
                    }
                }
            };
            drop(std::thread::Builder::new().stack_size(64 * 1024).spawn(serve).unwrap());
        }
    });
    address
}

/// Clients that send or read a little each second.
struct Slow {
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<usize>>,
}

impl Slow {
    fn start(to: SocketAddr) -> Self {
        let kind = |number: usize| if number.is_multiple_of(LARGE_ONE_IN) { 2 } else { number % 2 };
        let mut clients: Vec<_> = (0..SLOW).map(|number| (kind(number), TcpStream::connect(to).unwrap())).collect();
        for (kind, client) in &mut clients {
            client.set_nodelay(true).unwrap();
            let begin = match kind {
                0 => "GET / HTTP/1.1\r\nHost: a\r\nX-Long: ",
                1 => "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                _ => "GET /large HTTP/1.1\r\nHost: a\r\n\r\n",
            };
            client.write_all(begin.as_bytes()).unwrap();
            client.set_nonblocking(true).unwrap();
        }
        let stop = Arc::<AtomicBool>::default();
        let thread = std::thread::spawn({
            let stop = stop.clone();
            move || {
                let mut buffer = [0; 1024];
                let chunk = [&b"3e8\r\n"[..], &[b'x'; 1000], b"\r\n"].concat();
                let mut turn = 0;
                while !stop.load(Ordering::Relaxed) {
                    // The pace: each has its turn once a second.
                    std::thread::sleep(Duration::from_millis(10));
                    turn += 1;
                    for (kind, client) in clients.iter_mut().skip(turn % 100).step_by(100) {
                        let did = match kind {
                            // A head may take its time, but not for ever.
                            0 if turn / 100 % 10 == 9 => client.write(b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nX-Long: "),
                            0 => client.write(b"x"),
                            // More than the least rate of a body.
                            1 => client.write(&chunk),
                            _ => client.read(&mut buffer),
                        };
                        // An answer may have yet to come.
                        let waits = did.as_ref().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
                        assert!(
                            waits || did.as_ref().is_ok_and(|count| *count > 0),
                            "a slow client of kind {kind}: {did:?}"
                        );
                    }
                }
                clients.len()
            }
        });
        Self { stop, thread: Some(thread) }
    }

    /// Ends it; fails if one of them was cut.
    fn finish(mut self) {
        self.stop.store(true, Ordering::Relaxed);
        assert_eq!(self.thread.take().unwrap().join().unwrap(), SLOW);
    }
}

/// The 99th percentile of a client's requests, in seconds.
fn percentile(to: SocketAddr) -> f64 {
    let mut client = TcpStream::connect(to).unwrap();
    client.set_nodelay(true).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut times = Vec::with_capacity(REQUESTS);
    let mut answer = [0; 4096];
    for _ in 0..REQUESTS {
        let began = Instant::now();
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        let mut count = 0;
        while !answer[..count].ends_with(&[b'x'; 256]) {
            let read = client.read(&mut answer[count..]).unwrap();
            assert!(read > 0);
            count += read;
        }
        times.push(began.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    times[REQUESTS * 99 / 100]
}

#[test]
fn a_client_beside_a_thousand_slow_ones_waits_less_than_twice_as_long() {
    let name = "a_client_beside_a_thousand_slow_ones_waits_less_than_twice_as_long";
    let _alone = alone();
    if !long() || !is_release() {
        return println!("not compared: it takes time, and the profile `release`");
    }
    if !may_open(12_000) {
        return skip(name, "the limit of open descriptors cannot be raised to 12000");
    }
    let to = endpoint().to_string();
    let (alone, mut beside) = (Driver::http(&[&to, "workers=1"]), Driver::http(&[&to, "workers=1"]));
    let slow = Slow::start(beside.address);
    eventually("all have begun", || beside.read().accepted == SLOW as u64);
    // They go on all the time, also while the client asks the other one: what they take of the machine is the
    // same for both, and what is left is what they take of the balancer that serves them.
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        // Each goes first in its turn.
        let (with, without) = if round % 2 == 0 {
            let with = percentile(beside.address);
            (with, percentile(alone.address))
        } else {
            let without = percentile(alone.address);
            (percentile(beside.address), without)
        };
        println!("99th percentile: {:.0} µs beside slow clients, {:.0} µs without", with * 1e6, without * 1e6);
        ratios.push(with / without);
    }
    println!("{:?}", beside.read());
    slow.finish();
    let middle = median(ratios);
    println!("{middle:.2} times as long beside {SLOW} slow clients");
    assert!(middle < MOST, "{middle:.2} times as long beside slow clients");
}
