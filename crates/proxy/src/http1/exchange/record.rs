//! What the log says of an exchange.

use std::time::Duration;

use super::Exchange;
use crate::log::{Entry, Steps};

impl Exchange {
    /// What the log says of it, but for what its client's connection knows.
    pub fn entry(&self) -> Entry<'_> {
        // Not of one that was refused before that.
        let tried = self.choice.as_ref().filter(|_| self.is_tried);
        let entry = Entry {
            is_http: true,
            request_id: self.said.id(&self.head),
            route: self.unserved.as_ref().map(|route| route.key()),
            request: self.request.as_ref().map(|request| (&self.head, request)),
            response: self.status.map(|_| &self.answer),
            status: self.status.map(|(status, _)| status),
            bytes_in: self.up.moved,
            bytes_out: self.down.moved,
            heads_out: self.heads,
            steps: Steps {
                // Nothing waits for its turn yet.
                queue: tried.map(|_| Duration::ZERO),
                connect: self.connected,
                first_byte: self.status.map(|(_, took)| took),
                total: Some(self.elapsed()),
                ..Steps::default()
            },
            tries: tried.map_or(0, |_| 1 + self.retries),
            reused: tried.map(|_| self.reused),
            ..Entry::default()
        };
        entry.of(self.choice.as_ref())
    }
}
