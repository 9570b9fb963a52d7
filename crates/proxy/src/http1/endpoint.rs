//! Connections to endpoints, and those that wait for their next exchange.

use std::cell::RefCell;

use net::{Held, Stream, Tick};
use world::Open;

/// How long a connection may wait for its next exchange, in milliseconds.
const IDLE: u64 = 60_000;
/// How long ago its last exchange may have ended for it to be used without a doubt.
const MOMENT: u64 = 1000;
/// The most idle connections that a worker keeps to one endpoint.
const MOST_IDLE: usize = 256;

/// A connection to an endpoint.
#[derive(Debug)]
pub struct Conn {
    /// The socket.
    pub stream: Stream,
    /// Whether it has served an exchange before.
    pub reused: bool,
    since: Tick,
    open: Open,
    held: Held,
}

impl Conn {
    /// A new one.
    pub fn new(stream: Stream, open: Open, held: Held, now: Tick) -> Self {
        Self { stream, reused: false, since: now, open, held }
    }

    /// The socket alone, and what counts it.
    pub fn into_parts(self) -> (Stream, Open, Held) {
        (self.stream, self.open, self.held)
    }
}

/// The idle connections of a worker to one endpoint.
#[derive(Debug, Default)]
pub struct Idle(RefCell<Vec<Conn>>);

impl Idle {
    /// The one that was used last, and is still good: nothing has come on it, not even its end. What
    /// cannot be repeated gets only one that was used a moment ago (RFC 9112 section 9.3.1).
    pub fn take(&self, now: Tick, repeatable: bool) -> Option<Conn> {
        let mut idle = self.0.borrow_mut();
        let most = if repeatable { IDLE } else { MOMENT };
        if idle.last().is_some_and(|last| now.since(last.since) >= most && !repeatable) {
            return None;
        }
        while let Some(mut conn) = idle.pop() {
            if conn.stream.is_silent() && now.since(conn.since) < most {
                conn.reused = true;
                return Some(conn);
            }
        }
        None
    }

    /// Closes those that have died or waited too long, and answers how many are left.
    pub fn sweep(&self, now: Tick) -> usize {
        let mut idle = self.0.borrow_mut();
        idle.retain(|conn| conn.stream.is_silent() && now.since(conn.since) < IDLE);
        idle.len()
    }

    /// Takes one back whose exchange is over.
    pub fn give(&self, mut conn: Conn, now: Tick) {
        conn.since = now;
        let mut idle = self.0.borrow_mut();
        if idle.len() < MOST_IDLE && conn.stream.settles() {
            idle.push(conn);
        }
    }
}
