//! What the log says of the requests of a client's connection.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use account::Fault;

use super::Session;
use crate::http1::exchange::Exchange;
use crate::log::{Entry, Relayed, Steps};

/// An answer of our own that was sent: its bytes, and those of them that are its head.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sent {
    pub all: u64,
    pub head: u64,
}

impl Session {
    /// Who asks.
    fn asker(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Whether what comes by its listener is logged.
    fn is_logged(&self) -> bool {
        self.entered.as_ref().is_some_and(|entered| entered.listener.logs.get())
    }

    /// A part of a head is there.
    pub(super) fn note_head_begin(&mut self) {
        if self.head_since.is_none() && self.is_logged() {
            self.head_since = Some(Instant::now());
        }
    }

    /// All of a head is there.
    pub(super) fn note_head_end(&mut self) {
        self.head_took = self.head_since.take().map_or(Duration::ZERO, |since| since.elapsed());
    }

    /// An exchange is over.
    pub(super) fn log_exchange(&self, exchange: &Exchange, fault: Option<Fault>) {
        if self.is_logged() {
            self.write(Entry { fault, ..exchange.entry() });
        }
    }

    /// A request was answered in an endpoint's place, with this status; or was not understood, which leaves
    /// no exchange.
    pub(super) fn log_answer(&mut self, exchange: Option<&Exchange>, (status, fault): (u16, Fault), sent: Sent) {
        if !self.is_logged() {
            return;
        }
        if exchange.is_none() {
            self.note_head_end();
        }
        let unread = Entry {
            is_http: true,
            steps: Steps { total: Some(Duration::ZERO), ..Steps::default() },
            ..Entry::default()
        };
        let entry = exchange.map_or(unread, Exchange::entry);
        self.write(Entry {
            status: Some(status),
            fault: Some(fault),
            bytes_out: entry.bytes_out + sent.all,
            heads_out: entry.heads_out + sent.head,
            ..entry
        });
    }

    /// An exchange goes on as a tunnel, whose line is written at its end.
    pub(super) fn log_tunnel(&self, exchange: &Exchange) -> Option<Box<Relayed>> {
        self.is_logged().then(|| {
            let Entry { tries, reused, .. } = exchange.entry();
            Box::new(Relayed { tries, reused: reused == Some(true), ..Relayed::now(self.asker()) })
        })
    }

    /// What the connection knows is added. All of it begins with the first byte of the head.
    fn write(&self, entry: Entry<'_>) {
        let Some(entered) = &self.entered else { return };
        let steps = Steps {
            head: Some(self.head_took),
            total: entry.steps.total.map(|total| total + self.head_took),
            ..entry.steps
        };
        self.station.log.write(&Entry { client: self.asker(), listener: &entered.listener.live.key, steps, ..entry });
    }
}
