//! By when the next thing has to happen.

use std::time::Instant;

use account::Fault;
use net::Tick;

use super::{Exchange, Stage};

/// A body goes on to its endpoint after so many milliseconds though that has not said 100 (RFC 9110
/// section 10.1.1).
const CONTINUE: u32 = 1000;

/// When those things happened from which timeouts run.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The request came.
    began: Tick,
    /// This try began.
    tried: Tick,
    /// A byte moved.
    moved: Tick,
    /// Since when the client's rate is measured, and the bytes that had come by then.
    measured: (Tick, u64),
    /// The request came, precisely, for histograms.
    started: Option<Instant>,
}

impl Default for Times {
    fn default() -> Self {
        let zero = Tick(0);
        Self { began: zero, tried: zero, moved: zero, measured: (zero, 0), started: None }
    }
}

impl Times {
    /// Everything begins now.
    pub fn begin(now: Tick) -> Self {
        Self { began: now, tried: now, moved: now, measured: (now, 0), started: Some(Instant::now()) }
    }
}

/// What it means that the time is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// It goes on: nothing is late yet, or something may happen now that had to wait.
    Not,
    /// This try is over; another one may be made.
    Try,
    /// The exchange is over.
    Over(Fault),
}

impl Exchange {
    /// A byte moved just now.
    pub fn note_moved(&mut self, now: Tick) {
        // The head alone is no progress for who waits for 100.
        if self.awaits_continue {
            return;
        }
        self.times.moved = now;
        if self.up.is_blocked() {
            // The client waits for the endpoint, not the other way round.
            self.times.measured = (now, self.up.moved);
        }
    }

    /// The head has gone: from now on the body is read, or 100 is waited for.
    pub(super) fn note_head(&mut self, now: Tick) {
        self.times.moved = now;
        self.note_body(now);
    }

    /// It has ended.
    pub(super) fn note_end(&mut self, now: Tick) {
        self.times.moved = now;
    }

    /// When the last byte moved.
    pub fn last_moved(&self) -> Tick {
        self.times.moved
    }

    /// From now on the body is read: before, nothing of it could come.
    pub(super) fn note_body(&mut self, now: Tick) {
        self.times.measured = (now, self.up.moved);
    }

    /// Another try begins.
    pub(super) fn note_try(&mut self, now: Tick) {
        self.times.tried = now;
        self.times.moved = now;
    }

    /// How long ago the request came.
    pub fn elapsed(&self) -> std::time::Duration {
        self.times.started.map(|started| started.elapsed()).unwrap_or_default()
    }

    /// When something will be late.
    pub fn due(&self) -> Tick {
        let Some(choice) = &self.choice else { return self.times.moved };
        let (policy, times) = (&choice.route.http, &self.times);
        let mut due = match self.stage {
            // Dialling has a timer of its own, which is never later.
            Stage::Dial(..) => times.tried.after(u32::MAX),
            _ if self.awaits_continue => times.moved.after(CONTINUE),
            Stage::Wait if self.uploads() && !self.up.is_blocked() => times.measured.0.after(policy.body),
            Stage::Wait if self.uploads() => times.moved.after(policy.response),
            Stage::Wait => times.moved.after(policy.first_byte),
            Stage::Answer => times.moved.after(policy.response),
        };
        if let Some(attempt) = policy.attempt.filter(|_| !self.is_answered()) {
            due = due.min(times.tried.after(attempt));
        }
        if let Some(total) = policy.total {
            due = due.min(times.began.after(total));
        }
        due
    }

    fn uploads(&self) -> bool {
        !self.up.is_done() && !self.up_stopped
    }

    /// The time that [`Exchange::due`] said has come.
    pub fn late(&mut self, now: Tick) -> Late {
        let Some(choice) = &self.choice else { return Late::Over(Fault::NoEndpoint) };
        let (policy, times) = (&choice.route.http, self.times);
        let is_past = |since: Tick, millis: Option<u32>| millis.is_some_and(|millis| since.after(millis) <= now);
        if is_past(times.began, policy.total) {
            return Late::Over(Fault::TotalTimeout);
        }
        if !self.is_answered() && is_past(times.tried, policy.attempt) {
            return Late::Try;
        }
        match self.stage {
            Stage::Dial(..) => Late::Not,
            _ if self.awaits_continue => {
                if is_past(times.moved, Some(CONTINUE)) {
                    self.awaits_continue = false;
                    self.up.let_go();
                    self.note_moved(now);
                    self.note_body(now);
                }
                Late::Not
            }
            Stage::Wait if self.uploads() && !self.up.is_blocked() => {
                if !is_past(times.measured.0, Some(policy.body)) {
                    return Late::Not;
                }
                let came = self.up.moved - times.measured.1;
                // At least one byte, whatever rate is asked for.
                let least = u64::from(policy.body_rate) * u64::from(policy.body) / 1000;
                if came < least.max(1) {
                    return Late::Over(Fault::RequestTimeout);
                }
                self.times.measured = (now, self.up.moved);
                Late::Not
            }
            Stage::Wait if self.uploads() && is_past(times.moved, Some(policy.response)) => {
                Late::Over(Fault::FirstByteTimeout)
            }
            Stage::Wait if is_past(times.moved, Some(policy.first_byte)) => Late::Over(Fault::FirstByteTimeout),
            Stage::Answer if is_past(times.moved, Some(policy.response)) => Late::Over(Fault::ResponseTimeout),
            Stage::Wait | Stage::Answer => Late::Not,
        }
    }
}
