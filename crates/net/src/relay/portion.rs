//! Moves a known number of bytes from socket to socket, without copying them. Linux only.

use std::task::{Context, Poll, ready};

use super::Tools;
use super::flow::let_others_run;
use super::splice::{self, Filled, Piped};
use crate::half::Half;
use crate::stream::Stream;

/// After so many bytes the other connections of the worker have their turn.
const TURN: u64 = 2 * 1024 * 1024;

/// A known number of bytes on its way from one socket to another.
#[derive(Debug, Default)]
pub struct Portion {
    piped: Option<Box<Piped>>,
    paused: bool,
}

/// How a portion did not get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Torn {
    /// The source was reset, or ended too early.
    Source,
    /// The sink takes nothing more.
    Sink,
}

impl Portion {
    /// Whether some of it is on its way.
    pub fn is_held(&self) -> bool {
        self.piped.is_some()
    }

    /// Goes on as far as possible without waiting. `left` is what the source has not given yet; what the
    /// sink has taken is added to `moved`. Ready with whether all of it was moved: if not, the rest
    /// cannot be spliced and is to be copied.
    ///
    /// # Errors
    ///
    /// One of the two is broken.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        (source, sink): (&mut Stream, &mut Stream),
        tools: &Tools,
        left: &mut u64,
        moved: &mut u64,
    ) -> Poll<Result<bool, Torn>> {
        let turn = *moved + TURN;
        while *moved < turn {
            if let Some(piped) = &mut self.piped {
                let before = piped.pending;
                let drained = splice::drain(cx, sink, piped);
                *moved += (before - piped.pending) as u64;
                if drained.is_pending() && !self.paused {
                    self.paused = true;
                    source.set_reading(cx, false).map_err(|_| Torn::Source)?;
                }
                ready!(drained).map_err(|_| Torn::Sink)?;
                if let Some(piped) = self.piped.take() {
                    tools.pipes.give(piped.pipe);
                }
            }
            if std::mem::take(&mut self.paused) {
                source.set_reading(cx, true).map_err(|_| Torn::Source)?;
            }
            if *left == 0 {
                return Poll::Ready(Ok(true));
            }
            let Some(pipe) = tools.pipes.take().filter(|_| tools.splice.get()) else {
                return Poll::Ready(Ok(false));
            };
            let most = usize::try_from(*left).unwrap_or(usize::MAX);
            match splice::fill(cx, source, &pipe, most) {
                Poll::Pending => {
                    tools.pipes.give(pipe);
                    return Poll::Pending;
                }
                Poll::Ready(Filled::Bytes(count)) => {
                    *left = left.saturating_sub(count as u64);
                    self.piped = Some(Box::new(Piped { pipe, pending: count }));
                }
                Poll::Ready(Filled::Nothing) => {
                    tools.pipes.give(pipe);
                    return Poll::Ready(Ok(false));
                }
                Poll::Ready(Filled::Unable) => return Poll::Ready(Ok(false)),
                Poll::Ready(Filled::End | Filled::Broken) => return Poll::Ready(Err(Torn::Source)),
            }
        }
        let_others_run(cx);
        Poll::Pending
    }
}
