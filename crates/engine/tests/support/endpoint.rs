//! Endpoints: threads that answer their name, and then what they are sent.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use plan::Address;
use socket2::Socket;

use super::client::{sock_addr, socket};
use super::{any_port, free_address};

/// The longest that anything is waited for: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// An endpoint. It stops listening when it is dropped; its connections go on.
#[derive(Debug)]
pub struct Endpoint {
    pub name: String,
    pub address: Address,
    shared: Arc<Shared>,
    /// Sockets that only have to stay as they are.
    _kept: Vec<Socket>,
}

#[derive(Debug, Default)]
struct Shared {
    stopped: AtomicBool,
    accepted: AtomicUsize,
    ended: AtomicUsize,
}

impl Endpoint {
    /// Sends its name and then what it is sent, and ends when its client has finished.
    pub fn echo(name: &str) -> Self {
        Self::echo_at(name, &any_port("127.0.0.1"))
    }

    /// The same, at this address.
    pub fn echo_at(name: &str, address: &Address) -> Self {
        let greeting = format!("{name}\n");
        Self::serving(name, address, move |mut socket| {
            socket.write_all(greeting.as_bytes())?;
            let mut buffer = [0; 16 * 1024];
            loop {
                match socket.read(&mut buffer)? {
                    0 => return socket.shutdown(Shutdown::Write),
                    count => socket.write_all(&buffer[..count])?,
                }
            }
        })
    }

    /// Serves each connection by `story`, on a thread of its own.
    pub fn serving(
        name: &str,
        address: &Address,
        story: impl Fn(Socket) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listening = listening(address, 4096);
        let address = address_of(&listening, address);
        let (shared, story) = (Arc::<Shared>::default(), Arc::new(story));
        let counts = shared.clone();
        let spawn = move |body: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name("endpoint".into()).stack_size(64 * 1024);
            drop(thread.spawn(body).unwrap());
        };
        spawn(Box::new(move || {
            while let Ok((accepted, _)) = listening.accept() {
                if counts.stopped.load(Ordering::SeqCst) {
                    break;
                }
                counts.accepted.fetch_add(1, Ordering::SeqCst);
                let (story, counts) = (story.clone(), counts.clone());
                spawn(Box::new(move || {
                    let _ = story(accepted);
                    counts.ended.fetch_add(1, Ordering::SeqCst);
                }));
            }
        }));
        Self { name: name.into(), address, shared, _kept: Vec::new() }
    }

    /// How many connections it has accepted.
    pub fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }

    /// How many of its connections are served still.
    pub fn serves(&self) -> usize {
        self.accepted() - self.shared.ended.load(Ordering::SeqCst)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        if self._kept.is_empty() {
            // Wakes the thread, which then stops listening.
            drop(socket(&self.address).and_then(|socket| socket.connect(&sock_addr(&self.address))));
        }
        if let Address::Unix { path } = &self.address {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// An endpoint that refuses every connection: its port is taken, but nobody listens.
pub fn refusing(name: &str) -> Endpoint {
    let address = free_address();
    let bound = socket(&address).unwrap();
    bound.bind(&sock_addr(&address)).unwrap();
    Endpoint { name: name.into(), address, shared: Arc::default(), _kept: vec![bound] }
}

/// An endpoint that does not answer: it listens, but its queue is full.
pub fn deaf(name: &str) -> Endpoint {
    let listening = listening(&any_port("127.0.0.1"), 0);
    let address = address_of(&listening, &any_port("127.0.0.1"));
    let mut kept = vec![listening];
    // The system accepts no more once a connection has to wait for its handshake.
    loop {
        let waiting = socket(&address).unwrap();
        match waiting.connect_timeout(&sock_addr(&address), Duration::from_millis(300)) {
            Ok(()) => kept.push(waiting),
            Err(_) => break,
        }
    }
    Endpoint { name: name.into(), address, shared: Arc::default(), _kept: kept }
}

fn listening(address: &Address, backlog: i32) -> Socket {
    let socket = socket(address).unwrap();
    if let Address::Tcp { .. } = address {
        socket.set_reuse_address(true).unwrap();
    }
    socket.bind(&sock_addr(address)).unwrap();
    socket.listen(backlog).unwrap();
    socket.set_read_timeout(None).unwrap();
    socket
}

/// Where it really listens.
fn address_of(listening: &Socket, asked: &Address) -> Address {
    match asked {
        Address::Tcp { .. } => Address::tcp(listening.local_addr().unwrap().as_socket().unwrap()),
        Address::Unix { .. } => asked.clone(),
    }
}
