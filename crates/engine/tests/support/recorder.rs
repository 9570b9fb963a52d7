//! An endpoint that records what reached it, to the byte, and how each of its connections ended.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::sync::{Arc, Mutex, PoisonError};

use super::any_port;
use super::client::Ending;
use super::endpoint::Endpoint;
use super::segments::dribble;
use super::web::{response, whole_request};

/// A connection, as its endpoint saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Every byte that came.
    pub bytes: Vec<u8>,
    /// The whole requests in them.
    pub requests: usize,
    pub ending: Ending,
}

/// What the first request is answered, in segments of `size` bytes.
#[derive(Debug, Clone)]
pub struct Script {
    pub bytes: Vec<u8>,
    pub size: usize,
}

/// An endpoint that records.
pub struct Recorder {
    pub endpoint: Endpoint,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    seen: Vec<Seen>,
    /// Bytes of the script that are out.
    sent: usize,
}

impl Recorder {
    /// Answers the first request by `script`, and every other one by its first line.
    pub fn new(script: Option<Script>) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let (shared, script) = (state.clone(), Mutex::new(script));
        let endpoint = Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
            socket.set_tcp_nodelay(true)?;
            let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
            let place = {
                let mut state = lock();
                state.seen.push(Seen { bytes: Vec::new(), requests: 0, ending: Ending::Hangs });
                state.seen.len() - 1
            };
            let (mut read, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
            loop {
                while let Some((asked, length)) = whole_request(&read) {
                    read.drain(..length);
                    lock().seen[place].requests += 1;
                    let script = script.lock().unwrap_or_else(PoisonError::into_inner).take();
                    match script {
                        Some(script) => dribble(&socket, &script.bytes, script.size, |sent| lock().sent = sent),
                        // Whoever asked may have gone.
                        None => drop(socket.write_all(&response("", asked.head.lines().next().unwrap().as_bytes()))),
                    }
                }
                let ending = match socket.read(&mut buffer) {
                    Ok(0) => Ending::Plain,
                    Err(_) => Ending::Reset,
                    Ok(count) => {
                        read.extend_from_slice(&buffer[..count]);
                        lock().seen[place].bytes.extend_from_slice(&buffer[..count]);
                        continue;
                    }
                };
                lock().seen[place].ending = ending;
                return socket.shutdown(Shutdown::Write);
            }
        });
        Self { endpoint, state }
    }

    /// Its connections so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).seen.clone()
    }

    /// How many bytes of its script are out.
    pub fn sent(&self) -> usize {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sent
    }
}
