//! An endpoint that checks what it gets, and is not to be relied on.

use std::collections::HashSet;
use std::io::{self, BufReader};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::Story;
use super::bytes::{Random, field, head, receive, send};

pub struct Endpoint {
    pub address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    /// Every request that may not be repeated, by its number, as often as it came.
    posts: Mutex<Vec<u64>>,
    /// What went wrong.
    problems: Mutex<Vec<String>>,
    connections: AtomicU64,
}

impl Endpoint {
    pub fn start(story: &Arc<Story>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (story, seen) = (story.clone(), Arc::<Seen>::default());
        let shared = seen.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (story, seen) = (story.clone(), shared.clone());
                std::thread::spawn(move || {
                    let served =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| serve(&stream, &story, &seen)));
                    // Its end is a matter of who is at the other one; what came must be right.
                    if let Err(panic) = served {
                        let problem = panic.downcast_ref::<String>().cloned().unwrap_or_default();
                        seen.problems.lock().unwrap().push(problem);
                    }
                });
            }
        });
        Self { address, seen }
    }

    /// Fails if something wrong came.
    pub fn check(&self) {
        let problems = self.seen.problems.lock().unwrap();
        assert!(problems.is_empty(), "{} problems: {:?}", problems.len(), problems.first());
    }

    /// How many requests came that may not be repeated.
    pub fn posts(&self) -> usize {
        self.seen.posts.lock().unwrap().len()
    }

    /// How many different ones came to all of them.
    pub fn different_posts(all: &[Self]) -> usize {
        all.iter().flat_map(|one| one.seen.posts.lock().unwrap().clone()).collect::<HashSet<_>>().len()
    }
}

/// Answers requests of the form `/ID-SIZE-ANSWER`: so much comes, and so much is to be answered.
fn serve(stream: &TcpStream, story: &Story, seen: &Seen) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let number = seen.connections.fetch_add(1, Ordering::Relaxed);
    let mut random = Random::new(story.seed.wrapping_add(number * 31));
    let mut from = BufReader::with_capacity(64 * 1024, stream);
    loop {
        let asked = head(&mut from)?;
        let mut words = asked.split(' ');
        let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(()) };
        let numbers: Vec<u64> = path[1..].split('-').map(|number| number.parse().unwrap()).collect();
        let (id, size, answer) = (numbers[0], numbers[1] as usize, numbers[2] as usize);
        if method == "POST" {
            seen.posts.lock().unwrap().push(id);
        }
        let got = receive(&mut from, &asked, &story.pattern, 2 * id)?;
        assert_eq!(got, size, "the size of the body of {id}: {asked}");
        assert_eq!(field(&asked, "X-Id"), Some(id.to_string().as_str()), "{asked}");
        let (fate, framing) = (random.below(200), random.framing());
        if fate < 3 {
            // Dies without a word.
            if method == "POST" {
                story.failed.lock().unwrap().insert(id);
            }
            return stream.shutdown(Shutdown::Both);
        }
        let head = format!("HTTP/1.1 200 OK\r\nX-Id: {id}\r\n{}", framing.field(answer));
        let most = (fate == 3 && answer > 0).then(|| random.below(answer as u64) as usize);
        if most.is_some() {
            story.failed.lock().unwrap().insert(id);
        }
        send(stream, &head, &story.pattern, (2 * id + 1, answer), framing, most)?;
        if most.is_some() || fate < 8 {
            return stream.shutdown(Shutdown::Both);
        }
    }
}
