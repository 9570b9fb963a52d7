//! Connections to endpoints, and those that wait for their next exchange.

use std::cell::RefCell;

use net::{Held, Stream, Tick};
use plan::Reuse;
use world::Open;

/// How long ago its last exchange may have ended for it to be used without a doubt.
const MOMENT: u64 = 1000;

/// A connection to an endpoint.
#[derive(Debug)]
pub struct Conn {
    /// The socket.
    pub stream: Stream,
    /// Whether it has served an exchange before.
    pub reused: bool,
    born: Tick,
    /// Since when it waits, and until when it may.
    since: Tick,
    until: Tick,
    /// How many exchanges it has served.
    served: u32,
    open: Open,
    held: Held,
}

impl Conn {
    /// A new one.
    pub fn new(stream: Stream, open: Open, held: Held, now: Tick) -> Self {
        Self { stream, reused: false, born: now, since: now, until: now, served: 0, open, held }
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
        while let Some(last) = idle.last() {
            if !repeatable && now.since(last.since) >= MOMENT {
                return None;
            }
            let mut conn = idle.pop()?;
            if conn.stream.is_silent() && now < conn.until {
                conn.reused = true;
                return Some(conn);
            }
        }
        None
    }

    /// Closes those that have died or waited too long, and answers how many are left.
    pub fn sweep(&self, now: Tick) -> usize {
        let mut idle = self.0.borrow_mut();
        idle.retain(|conn| conn.stream.is_silent() && now < conn.until);
        idle.len()
    }

    /// Closes them all.
    pub fn clear(&self) {
        self.0.take();
    }

    /// Takes one back whose exchange is over, unless it has served long enough.
    pub fn give(&self, mut conn: Conn, now: Tick, reuse: &Reuse) {
        conn.served = conn.served.saturating_add(1);
        conn.since = now;
        conn.until = now.after(reuse.idle);
        if let Some(age) = reuse.age {
            conn.until = conn.until.min(conn.born.after(age));
        }
        let mut idle = self.0.borrow_mut();
        let serves = reuse.requests.is_none_or(|most| conn.served < most) && now < conn.until;
        if serves && idle.len() < reuse.most as usize && conn.stream.settles() {
            idle.push(conn);
        }
    }
}
