//! Notices when nothing has happened for too long.

use std::task::{Context, Poll, ready};

use account::Fault;
use plan::Timeouts;

use crate::clock::Tick;
use crate::wheel::Timer;

/// A half that is not read is looked at this often for a reset that reading would show, in
/// milliseconds.
const LOOK: u32 = 1000;

/// What a poll of the relay came to.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Some byte moved.
    pub moved: bool,
    /// One direction is over.
    pub half: bool,
    /// One half is not read now: the other one blocks, or it has ended.
    pub unread: bool,
}

/// What it is time for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alarm {
    /// To end.
    Late(Fault),
    /// To look whether the half that is not read is still there.
    Look,
}

/// Keeps the idle and the half-close timeout with one timer. Bytes do not touch the timer: it is
/// moved when it fires, or when it has to fire earlier than it would.
#[derive(Debug)]
pub struct Patience {
    timeouts: Timeouts,
    /// The timer.
    pub timer: Timer,
    last: Tick,
    armed: Option<Tick>,
    /// What the timer was armed for.
    pace: (bool, bool),
}

impl Patience {
    /// Nothing has happened yet.
    pub fn new(timeouts: Timeouts, timer: Timer) -> Self {
        let last = timer.now();
        Self { timeouts, timer, last, armed: None, pace: (false, false) }
    }

    /// Ready when it is time for something.
    pub fn poll(&mut self, cx: &mut Context<'_>, pace: Pace) -> Poll<Alarm> {
        // The half-close timeout counts from the half-close, however long it was silent before.
        if pace.moved || pace.half != self.pace.0 {
            self.last = self.timer.now();
        }
        // Bytes alone only make it later, which it is to find out when it fires.
        if self.armed.is_none() || self.pace != (pace.half, pace.unread) {
            self.pace = (pace.half, pace.unread);
            self.arm(pace);
        }
        if self.armed.is_none() {
            return Poll::Pending;
        }
        ready!(self.timer.poll_fired(cx));
        self.armed = None;
        match self.limit(pace) {
            Some((limit, fault)) if self.timer.now() >= self.last.after(limit) => Poll::Ready(Alarm::Late(fault)),
            _ => Poll::Ready(Alarm::Look),
        }
    }

    fn limit(&self, pace: Pace) -> Option<(u32, Fault)> {
        match pace.half {
            true => Some((self.timeouts.half_close?, Fault::HalfCloseTimeout)),
            false => Some((self.timeouts.idle?, Fault::IdleTimeout)),
        }
    }

    /// Arms the timer, unless it fires early enough already.
    fn arm(&mut self, pace: Pace) {
        let late = self.limit(pace).map(|(limit, _)| self.last.after(limit));
        // A look is due some time after now; the last byte is near enough while bytes move.
        let look = pace.unread.then(|| self.last.max(self.looked()).after(LOOK));
        let Some(due) = late.into_iter().chain(look).min() else {
            return;
        };
        if self.armed.is_none_or(|armed| due < armed) {
            self.timer.arm(due);
            self.armed = Some(due);
        }
    }

    /// When it was last looked: only asked while nothing moves, so the present is right.
    fn looked(&self) -> Tick {
        if self.armed.is_none() { self.timer.now() } else { self.last }
    }
}
