//! Exchanges on many connections at once, until a time or a number is reached.

use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::exchange::{Exchange, Progress, Way};
use crate::group::again;
use crate::latencies::Latencies;
use peers::sys::{self, Epoll, READABLE, WRITABLE};
use peers::wire::Pattern;

/// Longer than any honest proxy sits on bytes; after it what is under way counts as an error.
pub const STALL: Duration = Duration::from_secs(5);

const SCRATCH: usize = 256 * 1024;

/// What the connections are asked to do.
#[derive(Clone, Copy)]
pub struct Ask {
    pub way: Way,
    pub stop: Stop,
}

/// When no further exchange is begun. What is under way then still ends.
#[derive(Clone, Copy)]
pub enum Stop {
    After(Duration),
    Requests(u64),
}

/// What a run did.
#[derive(Default)]
pub struct Outcome {
    /// Exchanges that ended well.
    pub requests: u64,
    /// Exchanges that did not, and connections that were gone when they should have begun one.
    pub errors: u64,
    /// Connections opened anew, since the answer before was said to be their last.
    pub reconnects: u64,
    /// Bytes of answers that were checked and right.
    pub checked: u64,
    pub sent: u64,
    /// Of the exchanges that ended well.
    pub latencies: Latencies,
    pub elapsed: Duration,
}

/// What all runs use in turn.
pub struct Shared {
    pub pattern: Pattern,
    pub scratch: Vec<u8>,
    /// Changes with every exchange, so that no answer fits two of them.
    salt: u16,
}

impl Shared {
    pub fn new() -> Self {
        Self { pattern: Pattern::new(), scratch: vec![0; SCRATCH], salt: 0 }
    }

    pub fn begin(&mut self, way: Way) -> Exchange {
        self.salt = self.salt.wrapping_add(1);
        Exchange::new(way, self.salt)
    }
}

/// Makes exchanges on every connection, each beginning its next one when it has done one. A
/// connection that fails is dropped and leaves its place empty.
pub fn run(conns: &mut [Option<TcpStream>], port: u16, ask: Ask, shared: &mut Shared) -> io::Result<Outcome> {
    let mut run = Run {
        // Of its own: connections that have nothing to do in this run cost it nothing.
        epoll: Epoll::new()?,
        ask,
        begun: 0,
        flights: conns.iter().map(|_| None).collect(),
        under_way: 0,
        port,
        conns,
        outcome: Outcome::default(),
    };
    let started = Instant::now();
    for token in 0..run.conns.len() {
        match &run.conns[token] {
            Some(stream) => run.epoll.add(stream, token as u64, READABLE)?,
            None => run.outcome.errors += 1,
        }
        run.begin(token, Duration::ZERO, shared);
    }
    run.until_done(started, shared)?;
    run.outcome.elapsed = started.elapsed();
    Ok(run.outcome)
}

struct Run<'a> {
    epoll: Epoll,
    ask: Ask,
    port: u16,
    conns: &'a mut [Option<TcpStream>],
    /// The exchange under way on each connection.
    flights: Vec<Option<Flight>>,
    /// How many places of `flights` are taken.
    under_way: usize,
    begun: u64,
    outcome: Outcome,
}

impl Run<'_> {
    fn until_done(&mut self, started: Instant, shared: &mut Shared) -> io::Result<()> {
        let mut room = sys::events::<128>();
        while self.under_way > 0 {
            let events = self.epoll.wait(&mut room, STALL.as_millis() as i32)?;
            if events.is_empty() {
                self.give_up();
            }
            // Looked at once a batch: a few exchanges more at the end are no error, only counted.
            let elapsed = started.elapsed();
            for event in events {
                self.serve(event.u64 as usize, event.events, elapsed, shared);
            }
        }
        Ok(())
    }

    /// Begins an exchange on a connection, if there is one and the end is not reached.
    fn begin(&mut self, token: usize, elapsed: Duration, shared: &mut Shared) {
        let goes_on = match self.ask.stop {
            Stop::After(limit) => elapsed < limit,
            Stop::Requests(limit) => self.begun < limit,
        };
        let Some(stream) = self.conns[token].as_ref().filter(|_| goes_on) else {
            return;
        };
        self.begun += 1;
        self.under_way += 1;
        let flight = self.flights[token].insert(Flight {
            exchange: shared.begin(self.ask.way),
            begun: Instant::now(),
            token: token as u64,
            full: false,
        });
        if flight.send(stream, &self.epoll, &shared.pattern).is_err() {
            self.lose(token);
        }
    }

    fn serve(&mut self, token: usize, events: u32, elapsed: Duration, shared: &mut Shared) {
        let Some(stream) = &self.conns[token] else {
            return;
        };
        // Bytes nobody asked for, or an end: no proxy has a reason for either.
        let Some(flight) = &mut self.flights[token] else {
            return self.lose(token);
        };
        match flight.serve(stream, events, &self.epoll, shared) {
            Ok(Progress::Done) => {
                let (sent, got) = flight.exchange.moved();
                self.outcome.requests += 1;
                self.outcome.sent += sent;
                self.outcome.checked += got;
                self.outcome.latencies.add(flight.begun.elapsed());
                let closes = flight.exchange.closes();
                self.land(token);
                if closes && self.reconnect(token).is_err() {
                    return self.lose(token);
                }
                self.begin(token, elapsed, shared);
            }
            Ok(Progress::Waits | Progress::Full) => {}
            Err(_) => self.lose(token),
        }
    }

    /// Opens a connection in the place of one that has had its last answer.
    fn reconnect(&mut self, token: usize) -> io::Result<()> {
        let stream = again(self.port)?;
        self.epoll.add(&stream, token as u64, READABLE)?;
        self.conns[token] = Some(stream);
        self.outcome.reconnects += 1;
        Ok(())
    }

    /// Empties the place of an exchange that is over.
    fn land(&mut self, token: usize) {
        if self.flights[token].take().is_some() {
            self.under_way -= 1;
        }
    }

    /// Drops a connection, and with it what was under way: late bytes would answer the wrong
    /// exchange.
    #[cold]
    fn lose(&mut self, token: usize) {
        self.outcome.errors += 1;
        self.land(token);
        self.conns[token] = None;
    }

    /// Nothing has moved for too long.
    #[cold]
    fn give_up(&mut self) {
        for token in 0..self.flights.len() {
            if self.flights[token].is_some() {
                self.lose(token);
            }
        }
    }
}

/// An exchange under way.
struct Flight {
    exchange: Exchange,
    begun: Instant,
    token: u64,
    /// The socket was full at the last send, so epoll watches for room as well.
    full: bool,
}

impl Flight {
    fn send(&mut self, stream: &TcpStream, epoll: &Epoll, pattern: &Pattern) -> io::Result<()> {
        let full = self.exchange.send(stream, pattern)? == Progress::Full;
        if full != self.full {
            let interest = if full { READABLE | WRITABLE } else { READABLE };
            epoll.modify(stream, self.token, interest)?;
            self.full = full;
        }
        Ok(())
    }

    fn serve(&mut self, stream: &TcpStream, events: u32, epoll: &Epoll, shared: &mut Shared) -> io::Result<Progress> {
        if events & WRITABLE != 0 {
            self.send(stream, epoll, &shared.pattern)?;
        }
        // Level-triggered and one read an event: the connections take turns.
        if events & !WRITABLE != 0 {
            let Shared { pattern, scratch, .. } = shared;
            return self.exchange.receive(stream, pattern, scratch);
        }
        Ok(Progress::Waits)
    }
}
