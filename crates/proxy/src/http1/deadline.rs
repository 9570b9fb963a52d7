//! By when the next thing has to happen.

use std::task::{Context, Poll};

use net::{Tick, Timer};

/// By when the next thing has to happen. Setting it rarely touches the timer: it is armed anew when it
/// fires, or when it has to fire earlier than it would.
#[derive(Debug)]
pub struct Deadline {
    timer: Timer,
    due: Option<Tick>,
    armed: Option<Tick>,
}

impl Deadline {
    /// None yet.
    pub fn new(timer: Timer) -> Self {
        Self { timer, due: None, armed: None }
    }

    /// So many milliseconds from now; replaces the one before.
    pub fn set(&mut self, millis: u32) {
        self.set_at(self.timer.now().after(millis));
    }

    /// At that time; replaces the one before.
    pub fn set_at(&mut self, due: Tick) {
        self.due = Some(due);
        if self.armed.is_none_or(|armed| due < armed) {
            self.timer.arm(due);
            self.armed = Some(due);
        }
    }

    /// Ready once it has passed.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.armed.is_some() && self.timer.poll_fired(cx).is_ready() {
            self.armed = None;
            match self.due {
                Some(due) if self.timer.now() >= due => {
                    self.due = None;
                    return Poll::Ready(());
                }
                Some(due) => {
                    self.timer.arm(due);
                    self.armed = Some(due);
                }
                None => {}
            }
        }
        Poll::Pending
    }
}
