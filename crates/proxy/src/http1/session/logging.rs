//! What the log says of the requests of a client's connection.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use account::Fault;
use wire::{Head, Request};

use super::{Session, Stage};
use crate::http1::exchange::Exchange;
use crate::log::{Entry, Relayed, Steps};

/// What is known of a request that gets an answer of ours, until that is told.
pub(super) struct Untold {
    /// None of one that was not understood.
    exchange: Option<Box<Exchange>>,
    status: u16,
    fault: Option<Fault>,
    /// How much of the answer is its head.
    head: usize,
}

impl Untold {
    /// A request that is answered with this status.
    pub(super) fn new(exchange: Option<Box<Exchange>>, status: u16, fault: Option<Fault>) -> Self {
        Self { exchange, status, fault, head: 0 }
    }
}

impl Session {
    /// Who asks; of a request that was understood, behind those who are trusted.
    fn asker(&self, request: Option<(&Head, &Request)>) -> Option<IpAddr> {
        request.map_or(self.from.address(), |(head, request)| self.from.client(head, request))
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

    /// An answer of ours is about to be told, or nobody is there to be told. What is not logged is let go of.
    pub(super) fn note_untold(&mut self, mut untold: Untold, answer: &[u8]) {
        if !self.is_logged() {
            return untold.exchange.into_iter().for_each(|exchange| self.station.http.give(exchange));
        }
        let ends = answer.windows(4).position(|window| window == b"\r\n\r\n");
        untold.head = ends.map_or(0, |end| end + 4);
        match &mut untold.exchange {
            // The endpoint has nothing to do with it any more.
            Some(exchange) => exchange.leave(),
            None => self.note_head_end(),
        }
        self.untold = Some(untold);
    }

    /// An answer of ours is told, as far as somebody took it.
    pub(super) fn log_untold(&mut self) {
        let Some(Untold { exchange, status, fault, head }) = self.untold.take() else { return };
        let told = if let Stage::Tell(_, told) = &self.stage { *told } else { 0 };
        let unread = Entry {
            is_http: true,
            steps: Steps { total: Some(Duration::ZERO), ..Steps::default() },
            ..Entry::default()
        };
        let entry = exchange.as_deref().map_or(unread, Exchange::entry);
        self.write(Entry {
            status: Some(status),
            fault,
            bytes_out: entry.bytes_out + told as u64,
            heads_out: entry.heads_out + head.min(told) as u64,
            ..entry
        });
        exchange.into_iter().for_each(|exchange| self.station.http.give(exchange));
    }

    /// An exchange goes on as a tunnel, whose line is written at its end.
    pub(super) fn log_tunnel(&self, exchange: &Exchange) -> Option<Box<Relayed>> {
        self.is_logged().then(|| {
            let Entry { tries, reused, request, .. } = exchange.entry();
            Box::new(Relayed { tries, reused: reused == Some(true), ..Relayed::now(self.asker(request)) })
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
        // What goes nowhere was not asked how it is called.
        let id = || entry.request.and_then(|(head, request)| self.from.given_id(head, request));
        self.station.log.write(&Entry {
            client: self.asker(entry.request),
            request_id: entry.request_id.or_else(id),
            listener: &entered.listener.live.key,
            steps,
            ..entry
        });
    }
}
