//! A client that sends bursts of pipelined requests, and leaves its connections now and then.

use std::io::{self, BufReader, ErrorKind};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::ops::Add;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use super::Story;
use super::bytes::{Framing, Random, field, head, receive, send};
use crate::support::PATIENCE;

/// What became of requests.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    /// Answered by an endpoint, whole.
    pub whole: u64,
    /// Answered 502.
    pub refused: u64,
    /// The answer was cut, as its endpoint had cut it.
    pub cut: u64,
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { whole: self.whole + other.whole, refused: self.refused + other.refused, cut: self.cut + other.cut }
    }
}

/// A request on its way.
#[derive(Clone, Copy)]
struct Request {
    id: u64,
    method: &'static str,
    size: usize,
    answer: usize,
    framing: Framing,
}

impl Request {
    fn new(id: u64, random: &mut Random) -> Self {
        let method = ["GET", "PUT", "DELETE", "POST"][random.below(4) as usize];
        let size = if method == "GET" { 0 } else { random.size() };
        Self { id, method, size, answer: random.size(), framing: random.framing() }
    }

    fn send(&self, to: &TcpStream, story: &Story, last: bool) -> io::Result<()> {
        let Self { id, method, size, answer, framing } = *self;
        let close = if last { "Connection: close\r\n" } else { "" };
        let framing_field = if method == "GET" { "\r\n".into() } else { framing.field(size) };
        let framing = if method == "GET" { Framing::Length } else { framing };
        let head =
            format!("{method} /{id}-{size}-{answer} HTTP/1.1\r\nHost: a\r\nX-Id: {id}\r\n{close}{framing_field}");
        send(to, &head, &story.pattern, (2 * id, size), framing, None)
    }
}

/// Goes on until enough has moved.
pub fn run(story: &std::sync::Arc<Story>, at: SocketAddr, place: u64) -> Tally {
    let mut random = Random::new(story.seed.wrapping_add(1000 + place));
    let (mut id, mut tally) = (place << 40, Tally::default());
    while !story.stop.load(Ordering::Relaxed) {
        // Each connection has a thread that writes, so that it may read at the same time.
        let stream = TcpStream::connect(at).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (bursts, writing) = writer(story, &stream);
        let mut from = BufReader::with_capacity(64 * 1024, &stream);
        let mut left = 1 + random.below(60);
        while left > 0 && !story.stop.load(Ordering::Relaxed) {
            left -= 1;
            let burst: Vec<_> = (0..1 + random.below(4)).map(|at| Request::new(id + at, &mut random)).collect();
            id += burst.len() as u64;
            bursts.send((burst.clone(), left == 0)).unwrap();
            for request in &burst {
                if !answered(story, &mut from, request, id - 1, &mut tally) {
                    left = 0;
                    break;
                }
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
        drop(bursts);
        writing.join().unwrap();
    }
    tally
}

/// Writes bursts; with the last one the connection is to end.
fn writer(story: &std::sync::Arc<Story>, stream: &TcpStream) -> (Sender<(Vec<Request>, bool)>, JoinHandle<()>) {
    let (bursts, told) = channel::<(Vec<Request>, bool)>();
    let (story, stream) = (story.clone(), stream.try_clone().unwrap());
    let writing = std::thread::spawn(move || {
        for (burst, last) in told {
            let end = burst.len() - 1;
            for (at, request) in burst.iter().enumerate() {
                // A connection that ends early takes no more, which is no failure of this.
                if request.send(&stream, &story, last && at == end).is_err() {
                    return;
                }
            }
        }
    });
    (bursts, writing)
}

/// Reads one answer, of a burst up to `last`; says whether another one may follow.
fn answered(story: &Story, from: &mut BufReader<&TcpStream>, request: &Request, last: u64, tally: &mut Tally) -> bool {
    let heard = match head(from) {
        Ok(heard) if !heard.is_empty() => heard,
        Err(error) if is_cut(story, &error, request, last) => {
            tally.cut += 1;
            return false;
        }
        other => panic!("{other:?} instead of an answer to {} {}", request.method, request.id),
    };
    if heard.starts_with("HTTP/1.1 502 ") {
        assert_eq!(field(&heard, "Connection"), Some("close"), "{heard}");
        tally.refused += 1;
        return false;
    }
    assert!(heard.starts_with("HTTP/1.1 200 OK\r\n"), "{heard}");
    assert_eq!(field(&heard, "X-Id"), Some(request.id.to_string().as_str()), "another's answer: {heard}");
    match receive(from, &heard, &story.pattern, 2 * request.id + 1) {
        Ok(size) => {
            assert_eq!(size, request.answer, "the size of the answer to {}", request.id);
            tally.whole += 1;
            let bytes = (request.size + request.answer) as u64;
            if story.moved.fetch_add(bytes, Ordering::Relaxed) + bytes >= story.target {
                story.stop.store(true, Ordering::Relaxed);
            }
            field(&heard, "Connection") != Some("close")
        }
        Err(error) if is_cut(story, &error, request, last) => {
            tally.cut += 1;
            false
        }
        Err(error) => panic!("{error} amid the answer to {}", request.id),
    }
}

/// Whether a connection ended so because an endpoint has failed this request, or one that was to follow:
/// such an end may overtake what the client has not read.
fn is_cut(story: &Story, error: &io::Error, request: &Request, last: u64) -> bool {
    let ended = matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset);
    let failed = story.failed.lock().unwrap();
    ended && (request.id..=last).any(|id| failed.contains(&id))
}
