//! `endpoint LISTEN_PORT [HTTP_PORT]`: the server behind every contender, one thread of epoll.
//!
//! On the first port it speaks the protocol of `peers::wire`, which also tells how many connections
//! were accepted on both; on the second one HTTP/1.1 (`request.rs` lists what may be asked for).
//! Prints `http PORT` if it was given a second port, then `listening PORT`.
#![forbid(unsafe_code)]

mod answer;
mod http;
mod raw;
mod request;

use std::io;
use std::net::{TcpListener, TcpStream};

use peers::sys::{self, Epoll, READABLE};
use peers::wire::Pattern;

const SCRATCH: usize = 256 * 1024;

/// The tokens of the listeners; every other token is a client's slot.
const LISTENER: u64 = u64::MAX;
const HTTP_LISTENER: u64 = u64::MAX - 1;

fn main() -> io::Result<()> {
    let ports: Result<Vec<u16>, _> = std::env::args().skip(1).map(|port| port.parse()).collect();
    let (port, http_port) = match ports.as_deref() {
        Ok([port]) => (*port, None),
        Ok([port, http_port]) => (*port, Some(*http_port)),
        _ => {
            eprintln!("usage: endpoint LISTEN_PORT [HTTP_PORT]");
            std::process::exit(2);
        }
    };
    sys::raise_open_files();
    let epoll = Epoll::new()?;
    let http_listener = http_port.map(sys::listen).transpose()?;
    if let Some(listener) = &http_listener {
        epoll.add(listener, HTTP_LISTENER, READABLE)?;
        sys::announce("http", listener)?;
    }
    let listener = sys::listen(port)?;
    epoll.add(&listener, LISTENER, READABLE)?;
    sys::announce("listening", &listener)?;

    serve(&epoll, &listener, http_listener.as_ref())
}

fn serve(epoll: &Epoll, listener: &TcpListener, http_listener: Option<&TcpListener>) -> io::Result<()> {
    let mut shared = Shared { pattern: Pattern::new(), scratch: vec![0; SCRATCH], accepted: 0 };
    let mut clients = Clients::default();
    let mut room = sys::events::<128>();
    loop {
        for event in epoll.wait(&mut room, -1)? {
            let made: fn(TcpStream) -> Client = match event.u64 {
                LISTENER => |stream| Client::Raw(raw::Client::new(stream)),
                HTTP_LISTENER => |stream| Client::Http(http::Client::new(stream)),
                token => {
                    clients.serve(token, epoll, &mut shared);
                    continue;
                }
            };
            let waiting = if event.u64 == LISTENER { Some(listener) } else { http_listener };
            while let Some(stream) = waiting.map(sys::accept).transpose()?.flatten() {
                epoll.add(&stream, clients.next_slot(), READABLE)?;
                clients.insert(made(stream));
                shared.accepted += 1;
            }
        }
    }
}

/// What all clients use in turn.
struct Shared {
    pattern: Pattern,
    scratch: Vec<u8>,
    accepted: u64,
}

enum Client {
    Raw(raw::Client),
    Http(http::Client),
}

/// All clients, by slot.
#[derive(Default)]
struct Clients {
    slots: Vec<Option<Client>>,
    free: Vec<usize>,
}

impl Clients {
    /// The slot that the next one inserted gets.
    fn next_slot(&self) -> u64 {
        self.free.last().copied().unwrap_or(self.slots.len()) as u64
    }

    fn insert(&mut self, client: Client) {
        match self.free.pop().and_then(|slot| self.slots.get_mut(slot)) {
            Some(empty) => *empty = Some(client),
            None => self.slots.push(Some(client)),
        }
    }

    /// One event of a client, which is dropped when it is done with.
    fn serve(&mut self, token: u64, epoll: &Epoll, shared: &mut Shared) {
        let Some(slot) = self.slots.get_mut(token as usize) else {
            return;
        };
        let stays = match slot {
            Some(Client::Raw(client)) => client.serve(epoll, token, shared),
            Some(Client::Http(client)) => client.serve(epoll, token, shared),
            None => return,
        };
        if !stays.unwrap_or(false) {
            // One descriptor a client, so no other event of this batch can name the slot.
            *slot = None;
            self.free.push(token as usize);
        }
    }
}
