//! Moves bytes between two halves until both have finished.

mod bulk;
mod flow;
mod patience;
#[cfg(target_os = "linux")]
mod portion;
#[cfg(target_os = "linux")]
mod splice;

use std::cell::Cell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use account::Fault;
use plan::Timeouts;

use crate::descriptors::Descriptors;
use crate::half::Half;
use crate::scratch::Scratch;
use crate::wheel::Timer;
pub use flow::let_others_run;
use flow::{Broken, Flow};
use patience::{Alarm, Pace, Patience};
#[cfg(target_os = "linux")]
pub use portion::{Portion, Torn};

/// What a worker lends to its relays.
#[derive(Debug)]
pub struct Tools {
    /// The large buffer.
    pub scratch: Scratch,
    /// The pipes.
    #[cfg(target_os = "linux")]
    pub pipes: crate::pipe::Pipes,
    /// Whether bytes may be spliced.
    pub splice: Cell<bool>,
}

/// Moves bytes between a client and an endpoint, both ways, until both have finished.
///
/// ```text
///   client ──up──▶ endpoint        each way:  Copy ⇄ Splice ─▶ Finish ─▶ Done
///   client ◀─down─ endpoint                     └────────────────────────┘ broken
/// ```
///
/// - The end of one direction is carried over and the other goes on, bounded by the half-close
///   timeout.
/// - When a half breaks, what it had sent before is still read and written; then the other half is
///   reset too, so that nobody takes the end for a plain one.
/// - A direction reads only when all it had read before was written: back-pressure.
pub struct Relay<C, E> {
    client: C,
    endpoint: E,
    up: Flow,
    down: Flow,
    fault: Option<Fault>,
    patience: Patience,
}

impl Tools {
    /// Nothing is lent yet. Pipes count among `descriptors`.
    #[cfg_attr(not(target_os = "linux"), expect(unused_variables, reason = "pipes are Linux only"))]
    pub fn new(descriptors: &Arc<Descriptors>) -> Self {
        Self {
            scratch: Scratch::default(),
            #[cfg(target_os = "linux")]
            pipes: crate::pipe::Pipes::new(descriptors.clone()),
            splice: Cell::new(cfg!(target_os = "linux")),
        }
    }

    /// Gives up descriptors that are not in use, for when they are short.
    pub fn give_up_spare(&self) {
        #[cfg(target_os = "linux")]
        self.pipes.close_spare();
    }
}

/// The end of a relay.
#[derive(Debug)]
pub struct Ended {
    /// Why it ended, if not plainly.
    pub fault: Option<Fault>,
}

impl<C: Half + Unpin, E: Half + Unpin> Relay<C, E> {
    /// A relay between two connected halves. `timer` becomes its own.
    pub fn new(client: C, endpoint: E, timeouts: Timeouts, timer: Timer) -> Self {
        let patience = Patience::new(timeouts, timer);
        Self { client, endpoint, up: Flow::default(), down: Flow::default(), fault: None, patience }
    }

    /// Bytes that went from the client to the endpoint so far.
    pub fn up(&self) -> u64 {
        self.up.moved
    }

    /// Bytes that went from the endpoint to the client so far.
    pub fn down(&self) -> u64 {
        self.down.moved
    }

    /// Goes on as far as possible without waiting. Once ready, it must not be polled again.
    pub fn poll(&mut self, cx: &mut Context<'_>, tools: &Tools) -> Poll<Ended> {
        let before = (self.up.moved, self.down.moved);
        let Self { client, endpoint, up, patience, .. } = self;
        let quiet = self.fault.is_some();
        if let Poll::Ready(Err(broken)) = up.poll(cx, client, endpoint, tools, &patience.timer, quiet) {
            self.broke(broken, Fault::ClientReset, Fault::EndpointReset);
        }
        let Self { client, endpoint, down, patience, .. } = self;
        let quiet = self.fault.is_some();
        if let Poll::Ready(Err(broken)) = down.poll(cx, endpoint, client, tools, &patience.timer, quiet) {
            self.broke(broken, Fault::EndpointReset, Fault::ClientReset);
            // The other direction may wait to tell an end that is not to be told any more.
            self.up.hush();
        }
        if self.up.is_done() && self.down.is_done() {
            return Poll::Ready(self.end());
        }
        let pace = Pace {
            moved: before != (self.up.moved, self.down.moved),
            half: self.up.is_over() || self.down.is_over(),
            unread: !self.up.is_reading() || !self.down.is_reading(),
        };
        loop {
            match std::task::ready!(self.patience.poll(cx, pace)) {
                Alarm::Late(fault) => return Poll::Ready(self.cut(fault)),
                Alarm::Look => {
                    if let Some(fault) = self.silently_reset() {
                        return Poll::Ready(self.cut(fault));
                    }
                }
            }
        }
    }

    /// Whether a half that is not read, since the other one blocks or since it has ended, was reset
    /// meanwhile. Once it was told the end of its own direction it may close for good, and that is no
    /// reset. What it had said to the end before stays on its way to the other half, which a reset
    /// would throw away.
    fn silently_reset(&self) -> Option<Fault> {
        let Self { client, endpoint, up, down, .. } = self;
        let delivered = |flow: &Flow, sink: bool| !flow.is_done() || sink;
        if !up.is_reading() && !down.is_over() && client.peer_gone() && delivered(up, endpoint.is_delivered()) {
            return Some(Fault::ClientReset);
        }
        let gone = !down.is_reading() && !up.is_over() && endpoint.peer_gone();
        (gone && delivered(down, client.is_delivered())).then_some(Fault::EndpointReset)
    }

    /// Ends the relay at once; both sides are reset.
    pub fn cut(&mut self, fault: Fault) -> Ended {
        self.fault = self.fault.or(Some(fault));
        self.end()
    }

    fn broke(&mut self, broken: Broken, source: Fault, sink: Fault) {
        match broken {
            // Nothing more comes from there and nobody waits there for the rest.
            Broken::Source => {
                self.fault = self.fault.or(Some(source));
                self.up.stop();
                self.down.stop();
            }
            // It takes nothing more, but what it had sent before is still on its way.
            Broken::Sink => self.fault = self.fault.or(Some(sink)),
        }
    }

    fn end(&mut self) -> Ended {
        if self.fault.is_some() {
            self.client.abort();
            self.endpoint.abort();
        }
        Ended { fault: self.fault }
    }
}

/// A relay as a future, for where nothing else is waited for.
pub struct Run<'a, C, E> {
    relay: Relay<C, E>,
    tools: &'a Tools,
}

impl<C: Half + Unpin, E: Half + Unpin> Relay<C, E> {
    /// Runs the relay to its end.
    pub fn run(self, tools: &Tools) -> Run<'_, C, E> {
        Run { relay: self, tools }
    }
}

impl<C: Half + Unpin, E: Half + Unpin> Future for Run<'_, C, E> {
    type Output = Ended;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        let Run { relay, tools } = &mut *self;
        relay.poll(cx, tools)
    }
}
