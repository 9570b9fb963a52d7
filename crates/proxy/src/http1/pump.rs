//! Moves one body from one side to the other.

use std::ops::Range;
use std::task::{Context, Poll, ready};

use net::{Half, Stream, Tools};
#[cfg(target_os = "linux")]
use net::{Portion, Torn};
use wire::Refusal;

use super::body::Body;
use super::buffer::{Buffer, Buffers};
use std::io::IoSlice;

/// What is left of a body must be so large to be spliced: below, copying costs less.
#[cfg(target_os = "linux")]
const WORTH_SPLICING: u64 = 256 * 1024;

/// After so many reads the other connections of the worker have their turn.
const ROUNDS: usize = 16;

/// Moves one body from one side to the other, behind the head that goes before it.
#[derive(Debug, Default)]
pub struct Pump {
    body: Body,
    /// What the sink did not take, and how much of that it has taken since.
    held: Vec<u8>,
    sent: usize,
    /// Trailers, until all of them are there.
    lines: Vec<u8>,
    /// How many bytes of the first that came belong to the body.
    taken: usize,
    /// Bytes that the sink has taken.
    pub moved: u64,
    #[cfg(target_os = "linux")]
    portion: Portion,
}

/// How a body did not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// The source was reset, or ended before the body did.
    Source,
    /// The sink takes nothing more.
    Sink,
    /// What came is not what had to follow.
    Refused(Refusal),
}

impl Pump {
    /// Begins another body.
    pub fn begin(&mut self, body: Body) {
        self.body = body;
        self.lines.clear();
        self.held.clear();
        self.sent = 0;
        self.taken = 0;
    }

    /// Begins a body behind what is held already.
    pub fn begin_behind(&mut self, body: Body) {
        self.body = body;
    }

    /// Forgets everything, and keeps at most `most` bytes of room.
    pub fn recycle(&mut self, most: usize) {
        self.held.clear();
        self.held.shrink_to(most);
        self.lines = Vec::new();
        #[cfg(target_os = "linux")]
        {
            self.portion = Portion::default();
        }
        (self.body, self.sent, self.moved, self.taken) = (Body::Over, 0, 0, 0);
    }

    /// Whether all of it was received.
    pub fn is_received(&self) -> bool {
        self.body.is_over()
    }

    /// Whether all of it was sent.
    pub fn is_done(&self) -> bool {
        self.body.is_over() && self.sent >= self.held.len() && !self.is_piped()
    }

    fn is_piped(&self) -> bool {
        #[cfg(target_os = "linux")]
        return self.portion.is_held();
        #[cfg(not(target_os = "linux"))]
        return false;
    }

    /// Passes on what lies at `place`, behind the head of `head` bytes that was put together. Answers how
    /// many bytes belong to the body.
    ///
    /// # Errors
    ///
    /// The bytes are not what has to follow, or the sink takes nothing more.
    pub fn begin_with(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        head: usize,
        place: Range<usize>,
        sink: &mut Stream,
        mut tee: impl FnMut(&[u8]),
    ) -> Result<usize, Broken> {
        let passed = self.body.pass(buffer, place, &mut self.lines).map_err(Broken::Refused)?;
        self.taken = passed.read;
        tee(buffer.at(passed.place.clone()));
        let all = buffer.put_head(head, passed.place).ok_or(Broken::Sink)?;
        self.write(cx, buffer.at(all), sink)?;
        Ok(passed.read)
    }

    /// How many bytes of the first that came belong to the body.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Holds bytes that go behind all others.
    pub fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Holds what was sent before, to send it once more.
    pub fn hold_again(&mut self, bytes: &[u8]) {
        self.held.clear();
        self.held.extend_from_slice(bytes);
        self.sent = 0;
    }

    /// Sends `bytes`, and holds what is not taken.
    ///
    /// # Errors
    ///
    /// The sink takes nothing more.
    pub fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8], sink: &mut Stream) -> Result<(), Broken> {
        if bytes.is_empty() {
            return Ok(());
        }
        let taken = if self.sent < self.held.len() {
            0
        } else {
            match Half::poll_write(sink, cx, &[IoSlice::new(bytes)]) {
                Poll::Ready(Ok(0) | Err(_)) => return Err(Broken::Sink),
                Poll::Ready(Ok(taken)) => taken,
                Poll::Pending => 0,
            }
        };
        self.moved += taken as u64;
        if let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            if self.sent >= self.held.len() {
                self.held.clear();
                self.sent = 0;
            }
            self.held.extend_from_slice(rest);
        }
        Ok(())
    }

    /// Holds what lies at `place` for a sink that is not there yet. Answers how many bytes belong to the
    /// body.
    ///
    /// # Errors
    ///
    /// The bytes are not what has to follow.
    pub fn hold_body(&mut self, buffer: &mut Buffer, place: Range<usize>) -> Result<usize, Broken> {
        let passed = self.body.pass(buffer, place, &mut self.lines).map_err(Broken::Refused)?;
        self.held.extend_from_slice(buffer.at(passed.place));
        Ok(passed.read)
    }

    /// Sends a head, and what is held behind it. A sink that takes nothing more shows when it is read.
    pub fn send_behind(&mut self, cx: &mut Context<'_>, head: &[u8], with_held: bool, sink: &mut Stream) {
        let both = [IoSlice::new(head), IoSlice::new(self.held.get(self.sent..).unwrap_or_default())];
        let parts = if with_held && !self.held().is_empty() { &both[..] } else { &both[..1] };
        let taken = match Half::poll_write(sink, cx, parts) {
            Poll::Ready(Ok(taken)) => taken,
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        };
        self.moved += taken as u64;
        // A new connection takes a head; if not, what is left goes before the rest.
        match head.get(taken..) {
            Some(rest) if !rest.is_empty() => drop(self.held.splice(..self.sent, rest.iter().copied())),
            _ => {
                self.sent += taken.saturating_sub(head.len());
                return;
            }
        }
        self.sent = 0;
    }

    /// What is held.
    pub fn held(&self) -> &[u8] {
        self.held.get(self.sent..).unwrap_or_default()
    }

    /// Sends what is held.
    ///
    /// # Errors
    ///
    /// The sink takes nothing more.
    pub fn flush(&mut self, cx: &mut Context<'_>, sink: &mut Stream) -> Poll<Result<(), Broken>> {
        while self.sent < self.held.len() {
            match ready!(Half::poll_write(sink, cx, &[IoSlice::new(self.held())])) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Broken::Sink)),
                Ok(taken) => {
                    self.sent += taken;
                    self.moved += taken as u64;
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Goes on as far as possible without waiting; ready when all was sent. What is read beyond the body
    /// is added to `over`.
    pub fn poll(
        &mut self,
        cx: &mut Context<'_>,
        (buffers, tools): (&Buffers, &Tools),
        source: &mut Stream,
        sink: &mut Stream,
        over: &mut Vec<u8>,
        mut tee: impl FnMut(&[u8]),
    ) -> Poll<Result<(), Broken>> {
        for _ in 0..ROUNDS {
            ready!(self.flush(cx, sink))?;
            if self.body.is_over() {
                return Poll::Ready(Ok(()));
            }
            #[cfg(target_os = "linux")]
            if self.portion.is_held() || self.body.left() >= WORTH_SPLICING {
                let mut left = self.body.left();
                let polled = self.portion.poll(cx, (source, sink), tools, &mut left, &mut self.moved);
                self.body.set_left(left, self.portion.is_held());
                match ready!(polled) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(Torn::Source) => return Poll::Ready(Err(Broken::Source)),
                    Err(Torn::Sink) => return Poll::Ready(Err(Broken::Sink)),
                }
            }
            #[cfg(not(target_os = "linux"))]
            let _ = tools;
            let step = buffers.lend(|buffer| {
                let count = match ready!(Half::poll_read(source, cx, buffer.room(0))) {
                    Ok(count) => count,
                    Err(_) => return Poll::Ready(Err(Broken::Source)),
                };
                if count == 0 {
                    let last = self.body.end().ok_or(Broken::Source)?;
                    return Poll::Ready(self.write(cx, last, sink));
                }
                let place = Buffer::place(count);
                let passed = self.body.pass(buffer, place.clone(), &mut self.lines).map_err(Broken::Refused)?;
                over.extend_from_slice(buffer.at(place.start + passed.read..place.end));
                let bytes = buffer.at(passed.place);
                tee(bytes);
                Poll::Ready(self.write(cx, bytes, sink))
            });
            ready!(step.unwrap_or(Poll::Pending))?;
        }
        let _ = std::pin::pin!(tokio::task::yield_now()).poll(cx);
        Poll::Pending
    }
}
