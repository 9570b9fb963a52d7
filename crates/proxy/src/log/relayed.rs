//! What the log says of a relay.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use account::Fault;

use super::{Entry, Steps};
use crate::choice::Choice;
use crate::http1::Exchange;

/// What a line says of a connection at layer 4, or of a tunnel, beyond what was relayed.
pub struct Relayed {
    /// Who asked.
    pub client: Option<IpAddr>,
    /// When it began.
    pub began: Instant,
    /// How long connecting took.
    pub connect: Option<Duration>,
    /// How many endpoints were tried.
    pub tries: u32,
    /// Whether the connection to the endpoint had served others.
    pub reused: bool,
    /// The request that a tunnel has begun with, and how long its head took.
    pub exchange: Option<(Box<Exchange>, Duration)>,
}

impl Relayed {
    /// A connection at layer 4 that has begun just now.
    pub fn now(client: Option<IpAddr>) -> Self {
        Self { client, began: Instant::now(), connect: None, tries: 0, reused: false, exchange: None }
    }

    /// What is known when it is over, and so many bytes were relayed up and down.
    pub fn entry<'a>(
        &'a self,
        listener: &'a str,
        choice: Option<&'a Choice>,
        (up, down): (u64, u64),
        fault: Option<Fault>,
    ) -> Entry<'a> {
        let mut entry = match &self.exchange {
            Some((exchange, head)) => {
                let entry = exchange.entry();
                let total = entry.steps.total.map(|total| total + *head);
                Entry { steps: Steps { head: Some(*head), total, ..entry.steps }, ..entry }
            }
            None => Entry {
                steps: Steps { connect: self.connect, total: Some(self.began.elapsed()), ..Steps::default() },
                ..Entry::default()
            },
        };
        entry.steps.queue = choice.map(|_| Duration::ZERO);
        entry.bytes_in += up;
        entry.bytes_out += down;
        let reused = choice.map(|_| self.reused);
        Entry { client: self.client, listener, tries: self.tries, reused, fault, ..entry }.of(choice)
    }
}
