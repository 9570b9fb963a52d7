//! One direction of a relay.

use std::io::IoSlice;
use std::task::{Context, Poll, ready};

use super::Tools;
use super::bulk::{Bulk, Mode};
#[cfg(target_os = "linux")]
use super::splice::{self, Piped};
use crate::half::Half;
use crate::wheel::Timer;

/// After so many rounds, or so many bytes, which are two full pipes or half a millisecond, the other
/// connections of the worker have their turn.
const ROUNDS: usize = 8;
const TURN: u64 = 2 * 1024 * 1024;

/// One direction: reads from its source only when all it read before was written to its sink.
#[derive(Debug, Default)]
pub struct Flow {
    stage: Stage,
    bulk: Bulk,
    /// The source was told that nothing is read from it.
    paused: bool,
    /// Bytes written to the sink.
    pub moved: u64,
}

#[derive(Debug, Default)]
enum Stage {
    /// Nothing is held; the source is read.
    #[default]
    Read,
    /// Copied out of the scratch buffer, since the sink did not take it all.
    Held(Box<[u8]>, usize),
    /// Spliced into a pipe, since the sink did not take it all.
    #[cfg(target_os = "linux")]
    Piped(Box<Piped>),
    /// The source has ended, and the sink is told.
    Finish,
    /// Nothing is left to do.
    Done,
}

/// Which half of a direction broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The half that is read.
    Source,
    /// The half that is written.
    Sink,
}

/// What a flow goes on with once a step is done.
type Step = Poll<Result<(), Broken>>;

impl Flow {
    /// Whether the source has ended or the sink takes no more.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Finish | Stage::Done)
    }

    /// Whether nothing is left to do.
    pub fn is_done(&self) -> bool {
        matches!(self.stage, Stage::Done)
    }

    /// Whether the source is read, so that its reset would show.
    pub fn is_reading(&self) -> bool {
        matches!(self.stage, Stage::Read)
    }

    /// Whether bytes wait for the sink.
    fn is_blocked(&self) -> bool {
        !matches!(self.stage, Stage::Read | Stage::Finish | Stage::Done)
    }

    /// Drops what it holds and does nothing more.
    pub fn stop(&mut self) {
        self.stage = Stage::Done;
    }

    /// The end of the source is not to be told any more.
    pub fn hush(&mut self) {
        if matches!(self.stage, Stage::Finish) {
            self.stage = Stage::Done;
        }
    }

    /// Goes on as far as possible without waiting. `quiet` says that the end of the source is not to
    /// be told: a half is broken, and the sink is going to be reset.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut impl Half,
        sink: &mut impl Half,
        tools: &Tools,
        timer: &Timer,
        quiet: bool,
    ) -> Step {
        if self.waits_already(cx, source, sink) {
            return Poll::Pending;
        }
        let turn = self.moved + TURN;
        for _ in 0..ROUNDS {
            let mut step = match &mut self.stage {
                Stage::Done => return Poll::Ready(Ok(())),
                Stage::Finish if quiet => {
                    self.stage = Stage::Done;
                    continue;
                }
                Stage::Finish => self.finish(cx, sink),
                Stage::Held(..) => self.write_held(cx, sink),
                #[cfg(target_os = "linux")]
                Stage::Piped(_) => self.drain_pipe(cx, sink, tools),
                Stage::Read if self.paused => self.pause(cx, source, false),
                Stage::Read => self.forward(cx, source, sink, tools, timer),
            };
            if step.is_pending() && self.is_blocked() && !self.paused {
                step = self.pause(cx, source, true);
            }
            if let Err(broken) = ready!(step) {
                self.stage = Stage::Done;
                return Poll::Ready(Err(broken));
            }
            if self.moved >= turn {
                break;
            }
        }
        let_others_run(cx);
        Poll::Pending
    }

    /// Tells the source whether nothing is read from it for now.
    fn pause(&mut self, cx: &mut Context<'_>, source: &mut impl Half, paused: bool) -> Step {
        self.paused = paused;
        match source.set_reading(cx, !paused) {
            Err(_) => Poll::Ready(Err(Broken::Source)),
            Ok(()) if paused => Poll::Pending,
            Ok(()) => Poll::Ready(Ok(())),
        }
    }

    /// Whether nothing has come since it was looked at last. A relay looks at both its directions
    /// whenever one of them moves.
    fn waits_already(&self, cx: &Context<'_>, source: &impl Half, sink: &impl Half) -> bool {
        // A sink that is a socket holds nothing that has to be flushed meanwhile.
        matches!(self.stage, Stage::Read)
            && source.socket().is_some_and(|from| from.awaits_bytes(cx))
            && sink.socket().is_some()
    }

    /// Reads once, and writes what it read.
    fn forward(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut impl Half,
        sink: &mut impl Half,
        tools: &Tools,
        timer: &Timer,
    ) -> Step {
        #[cfg(target_os = "linux")]
        if self.bulk.mode() == Mode::Splice
            && tools.splice.get()
            && let (Some(from), Some(to)) = (source.socket(), sink.socket())
            && let Some(pipe) = tools.pipes.take()
            && let Some(step) = self.splice(cx, from, to, pipe, &tools.pipes)
        {
            return step;
        }
        let copied = tools.scratch.lend(|buffer| self.copy(cx, source, sink, buffer, timer));
        copied.unwrap_or_else(|| {
            let_others_run(cx);
            Poll::Pending
        })
    }

    fn copy(
        &mut self,
        cx: &mut Context<'_>,
        source: &mut impl Half,
        sink: &mut impl Half,
        buffer: &mut [u8],
        timer: &Timer,
    ) -> Step {
        let count = match source.poll_read(cx, buffer) {
            Poll::Ready(Ok(count)) => count,
            Poll::Ready(Err(_)) => return Poll::Ready(Err(Broken::Source)),
            // Nothing more for now, so what the sink still holds goes out.
            Poll::Pending => return flush(cx, sink),
        };
        if count == 0 {
            self.stage = Stage::Finish;
            return Poll::Ready(Ok(()));
        }
        self.bulk.copied(count, timer);
        let bytes = buffer.get(..count).unwrap_or_default();
        let written = match sink.poll_write(cx, &[IoSlice::new(bytes)]) {
            Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Err(Broken::Sink)),
            Poll::Ready(Ok(written)) => written,
            Poll::Pending => 0,
        };
        self.moved += written as u64;
        if let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
            self.stage = Stage::Held(rest.into(), 0);
        }
        Poll::Ready(Ok(()))
    }

    /// Sends what the sink still holds, then tells it the end.
    fn finish(&mut self, cx: &mut Context<'_>, sink: &mut impl Half) -> Step {
        if ready!(sink.poll_flush(cx)).is_err() {
            return Poll::Ready(Err(Broken::Sink));
        }
        // Who cannot be told any more has broken; reading from it will show it.
        let _ = ready!(sink.poll_finish(cx));
        self.stage = Stage::Done;
        Poll::Ready(Ok(()))
    }

    fn write_held(&mut self, cx: &mut Context<'_>, sink: &mut impl Half) -> Step {
        let Stage::Held(held, sent) = &mut self.stage else {
            return Poll::Ready(Ok(()));
        };
        let rest = held.get(*sent..).unwrap_or_default();
        match ready!(sink.poll_write(cx, &[IoSlice::new(rest)])) {
            Ok(0) | Err(_) => return Poll::Ready(Err(Broken::Sink)),
            Ok(written) => {
                *sent += written;
                self.moved += written as u64;
            }
        }
        if *sent >= held.len() {
            self.stage = Stage::Read;
        }
        Poll::Ready(Ok(()))
    }

    /// `None` when nothing could be spliced, so that it has to be read.
    #[cfg(target_os = "linux")]
    fn splice(
        &mut self,
        cx: &mut Context<'_>,
        from: &crate::Stream,
        to: &crate::Stream,
        pipe: crate::pipe::Pipe,
        pipes: &crate::pipe::Pipes,
    ) -> Option<Step> {
        Some(match splice::fill(cx, from, &pipe, usize::MAX) {
            Poll::Pending => {
                pipes.give(pipe);
                Poll::Pending
            }
            Poll::Ready(splice::Filled::Nothing) => {
                pipes.give(pipe);
                return None;
            }
            Poll::Ready(splice::Filled::End) => {
                pipes.give(pipe);
                self.stage = Stage::Finish;
                Poll::Ready(Ok(()))
            }
            Poll::Ready(splice::Filled::Unable) => {
                self.bulk.never_splice();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(splice::Filled::Broken) => Poll::Ready(Err(Broken::Source)),
            Poll::Ready(splice::Filled::Bytes(count)) => {
                self.bulk.spliced(count);
                let mut piped = Piped { pipe, pending: count };
                let drained = splice::drain(cx, to, &mut piped);
                self.moved += (count - piped.pending) as u64;
                match drained {
                    Poll::Ready(Ok(())) => pipes.give(piped.pipe),
                    Poll::Ready(Err(_)) => return Some(Poll::Ready(Err(Broken::Sink))),
                    Poll::Pending => {
                        self.stage = Stage::Piped(Box::new(piped));
                        return Some(Poll::Pending);
                    }
                }
                Poll::Ready(Ok(()))
            }
        })
    }

    #[cfg(target_os = "linux")]
    fn drain_pipe(&mut self, cx: &mut Context<'_>, sink: &impl Half, tools: &Tools) -> Step {
        let Stage::Piped(piped) = &mut self.stage else {
            return Poll::Ready(Ok(()));
        };
        let Some(to) = sink.socket() else {
            return Poll::Ready(Err(Broken::Sink));
        };
        let before = piped.pending;
        let drained = splice::drain(cx, to, piped);
        self.moved += (before - piped.pending) as u64;
        if ready!(drained).is_err() {
            return Poll::Ready(Err(Broken::Sink));
        }
        if let Stage::Piped(piped) = std::mem::take(&mut self.stage) {
            tools.pipes.give(piped.pipe);
        }
        Poll::Ready(Ok(()))
    }
}

/// Goes on once every other task that is ready has run and the sockets were looked at. Waking alone
/// would not do: the runtime looks at sockets only after 61 tasks.
pub fn let_others_run(cx: &mut Context<'_>) {
    let _ = std::pin::pin!(tokio::task::yield_now()).poll(cx);
}

fn flush(cx: &mut Context<'_>, sink: &mut impl Half) -> Step {
    match sink.poll_flush(cx) {
        Poll::Ready(Err(_)) => Poll::Ready(Err(Broken::Sink)),
        Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
    }
}
