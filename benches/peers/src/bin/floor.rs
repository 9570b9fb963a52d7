//! `floor LISTEN_PORT ENDPOINT_PORT`: the cheapest honest TCP proxy, one thread of epoll and copies.
//!
//! It routes nothing, counts nothing and times nothing out: what it costs is what the kernel
//! charges for the job, so it is the floor other proxies are measured from. One request-response
//! is recv, send, recv, send and a share of one epoll_wait; each socket meets epoll_ctl once in its
//! life. There is no fairness: a flow that never runs dry keeps the thread.
#![forbid(unsafe_code)]

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};

use peers::sys::{self, EDGE, ENDING, Epoll, READABLE, WRITABLE};

/// One buffer for all connections: an idle pair holds no bytes.
const SCRATCH: usize = 64 * 1024;

/// The token of the listener; every other token is a pair's slot and a side.
const LISTENER: u64 = u64::MAX;

fn main() -> io::Result<()> {
    let mut ports = std::env::args().skip(1).map(|port| port.parse::<u16>());
    let (Some(Ok(listen)), Some(Ok(endpoint))) = (ports.next(), ports.next()) else {
        eprintln!("usage: floor LISTEN_PORT ENDPOINT_PORT");
        std::process::exit(2);
    };
    sys::raise_open_files();
    let listener = sys::listen(listen)?;
    let epoll = Epoll::new()?;
    epoll.add(&listener, LISTENER, READABLE)?;
    sys::announce("listening", &listener)?;
    run(&epoll, &listener, endpoint)
}

fn run(epoll: &Epoll, listener: &TcpListener, endpoint: u16) -> io::Result<()> {
    let mut pairs = Pairs::default();
    let mut scratch = vec![0; SCRATCH];
    let mut room = sys::events::<128>();
    loop {
        for event in epoll.wait(&mut room, -1)? {
            let (token, events) = (event.u64, event.events);
            if token == LISTENER {
                pairs.accept(epoll, listener, endpoint)?;
            } else {
                pairs.serve(token, events, &mut scratch);
            }
        }
        pairs.reuse_ended();
    }
}

/// All pairs, by slot.
#[derive(Default)]
struct Pairs {
    slots: Vec<Option<Pair>>,
    free: Vec<usize>,
    /// Slots that fell empty in this batch of events. A later event of the same batch may still
    /// name them, so they wait until the batch is over before another pair moves in.
    ended: Vec<usize>,
}

impl Pairs {
    fn accept(&mut self, epoll: &Epoll, listener: &TcpListener, port: u16) -> io::Result<()> {
        while let Some(client) = sys::accept(listener)? {
            let endpoint = sys::connect(port)?;
            let slot = self.free.pop().unwrap_or_else(|| {
                self.slots.push(None);
                self.slots.len() - 1
            });
            // Edge-triggered and told of everything once: room to write is reported only after a
            // write fell short, so it costs nothing to have asked for it and no epoll_ctl is ever
            // needed again. Level triggering costs the same where no write falls short (1.005 of
            // this, 95 % interval 0.986 to 1.024).
            let interest = READABLE | WRITABLE | EDGE;
            epoll.add(&client, (slot as u64) << 1, interest)?;
            epoll.add(&endpoint, (slot as u64) << 1 | 1, interest)?;
            let (request, answer) = (Way::default(), Way::default());
            self.slots[slot] = Some(Pair { client, endpoint, request, answer });
        }
        Ok(())
    }

    fn serve(&mut self, token: u64, events: u32, scratch: &mut [u8]) {
        let slot = (token >> 1) as usize;
        let Some(pair) = &mut self.slots[slot] else {
            return;
        };
        let of_client = token & 1 == 0;
        let served = pair.serve(of_client, events, scratch);
        if served.is_err() || (pair.request.ended && pair.answer.ended) {
            self.slots[slot] = None;
            self.ended.push(slot);
        }
    }

    fn reuse_ended(&mut self) {
        self.free.append(&mut self.ended);
    }
}

/// A client's connection and the one it is joined to.
struct Pair {
    client: TcpStream,
    endpoint: TcpStream,
    /// Client to endpoint.
    request: Way,
    /// Endpoint to client.
    answer: Way,
}

impl Pair {
    fn serve(&mut self, of_client: bool, events: u32, scratch: &mut [u8]) -> io::Result<()> {
        let Self { client, endpoint, request, answer } = self;
        let (near, far, out, back) =
            if of_client { (client, endpoint, request, answer) } else { (endpoint, client, answer, request) };
        if events & (READABLE | ENDING) != 0 {
            out.ending |= events & ENDING != 0;
            out.pump(near, far, scratch)?;
        }
        // Bytes read while the other side was still connecting wait here as well.
        if events & WRITABLE != 0 && !back.kept.is_empty() {
            back.pump(far, near, scratch)?;
        }
        Ok(())
    }
}

/// One direction of a pair.
#[derive(Default)]
struct Way {
    /// What was read and did not fit: while there is some, nothing more is read.
    kept: Vec<u8>,
    /// The sender's end was reported, which happens once, and perhaps while bytes are kept: from
    /// now on a short read is followed by another, until there is the end.
    ending: bool,
    /// The end was read, and the receiver has been told.
    ended: bool,
}

impl Way {
    /// Moves bytes until the sender runs dry or the receiver is full.
    fn pump(&mut self, from: &TcpStream, to: &TcpStream, scratch: &mut [u8]) -> io::Result<()> {
        if !self.flush(to)? || self.ended {
            return Ok(());
        }
        while let Some(n) = sys::read(from, scratch)? {
            if n == 0 {
                self.ended = true;
                // The receiver may have gone already; its own event will tell.
                let _ = to.shutdown(Shutdown::Write);
                break;
            }
            let sent = sys::write(to, &scratch[..n])?;
            if sent < n {
                self.kept.extend_from_slice(&scratch[sent..n]);
                break;
            }
            // A short read emptied the socket: asking again would only hear EAGAIN.
            if n < scratch.len() && !self.ending {
                break;
            }
        }
        Ok(())
    }

    /// Sends what is kept; true when nothing is left.
    fn flush(&mut self, to: &TcpStream) -> io::Result<bool> {
        if self.kept.is_empty() {
            return Ok(true);
        }
        let sent = sys::write(to, &self.kept)?;
        if sent < self.kept.len() {
            self.kept.drain(..sent);
            return Ok(false);
        }
        self.kept = Vec::new();
        Ok(true)
    }
}
