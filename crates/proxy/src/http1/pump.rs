//! Moves one body from one side to the other.

use std::io::IoSlice;
use std::ops::Range;
use std::task::{Context, Poll, ready};

use account::Fault;
use net::{Half, Stream, Tools, let_others_run};
#[cfg(target_os = "linux")]
use net::{Portion, Torn};
use wire::{Framing, Refusal};

use super::body::{Body, Reader, Refused};
use super::buffer::{Buffer, Buffers, READ};
use crate::filter::{Filters, Hold, Part};

/// What is left of a body must be so large to be spliced: below, copying costs less.
#[cfg(target_os = "linux")]
const WORTH_SPLICING: u64 = 256 * 1024;

/// After so many reads the other connections of the worker have their turn.
const ROUNDS: usize = 16;

/// Moves one body from one side to the other, behind the head that goes before it.
#[derive(Debug, Default)]
pub struct Pump {
    framing: Framing,
    body: Body,
    /// What happens to it on its way.
    pub filters: Filters,
    /// What the sink did not take, and how much of that it has taken since.
    held: Vec<u8>,
    sent: usize,
    /// Only so much of `held` goes on until it is let go.
    gate: Option<usize>,
    /// What was read so far is kept by a filter alone, and has still to be sent.
    withheld: bool,
    /// Trailers, until all of them are there.
    lines: Vec<u8>,
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
    /// A filter ends the exchange.
    Filtered(Fault),
}

impl From<Refused> for Broken {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Malformed(refusal) => Self::Refused(refusal),
            Refused::Filtered(fault) => Self::Filtered(fault),
        }
    }
}

impl Pump {
    /// Begins a body, behind what is held already. Its filters are there.
    pub fn begin(&mut self, framing: Framing, reader: Reader) {
        self.framing = framing;
        self.body = Body::new(framing, reader, self.filters.change());
    }

    /// Forgets everything, and keeps at most `most` bytes of room.
    pub fn recycle(&mut self, most: usize) {
        self.held.clear();
        self.held.shrink_to(most);
        self.lines = Vec::new();
        self.filters.clear();
        #[cfg(target_os = "linux")]
        {
            self.portion = Portion::default();
        }
        (self.framing, self.body) = (Framing::None, Body::Over);
        (self.sent, self.gate, self.withheld, self.moved) = (0, None, false, 0);
    }

    /// Whether all of it was received.
    pub fn is_received(&self) -> bool {
        self.body.is_over()
    }

    /// Whether all of it was sent.
    pub fn is_done(&self) -> bool {
        self.body.is_over() && self.held().is_empty() && !self.withheld && !self.is_piped()
    }

    /// Whether the sink has still to take something.
    pub fn is_blocked(&self) -> bool {
        !self.held().is_empty() || self.is_piped()
    }

    fn is_piped(&self) -> bool {
        #[cfg(target_os = "linux")]
        return self.portion.is_held();
        #[cfg(not(target_os = "linux"))]
        return false;
    }

    /// Whether all that was read of it could be sent once more.
    pub fn is_replayable(&self) -> bool {
        self.framing == Framing::None || self.filters.held().is_some_and(|hold| hold.is_whole())
    }

    /// Nothing was sent yet of what is kept to be sent again.
    pub fn forget_sent(&mut self) {
        self.held.clear();
        (self.sent, self.gate) = (0, None);
        self.withheld = self.filters.held().is_some_and(Hold::is_whole);
    }

    /// What is kept to be sent again goes behind what is held.
    pub fn send_kept(&mut self) {
        if let Some(hold) = self.filters.held().filter(|_| std::mem::take(&mut self.withheld)) {
            // An endpoint knows chunks, and gets them where nobody can say the length.
            let chunks = self.framing == Framing::Chunked || self.filters.change();
            self.held.extend_from_slice(&self.body.again(chunks, hold));
        }
    }

    /// Tells the filters that it does not come to its end.
    pub fn abort(&mut self, fault: Fault) {
        if !self.body.is_over() {
            // It is over already; nothing is left to be ended by an error.
            let _ = self.filters.show(Part::Abort(fault));
        }
    }

    /// Passes on what lies at `place`, behind the head of `head` bytes that was put together. Answers how
    /// many bytes belong to the body, also when the sink takes nothing more.
    ///
    /// # Errors
    ///
    /// The bytes are not what has to follow.
    pub fn begin_with(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut Buffer,
        head: usize,
        place: Range<usize>,
        sink: &mut Stream,
    ) -> Result<(usize, Result<(), Broken>), Broken> {
        let passed = self.body.pass(buffer, place, &mut self.lines, &mut self.filters)?;
        let sent = match passed.place {
            Some(place) => match buffer.put_head(head, place) {
                Some(all) => self.write(cx, buffer.at(all), sink),
                None => Err(Broken::Sink),
            },
            None => self
                .write(cx, buffer.head.get(..head).unwrap_or_default(), sink)
                .and_then(|()| self.write(cx, &buffer.made, sink)),
        };
        Ok((passed.read, sent))
    }

    /// Holds bytes that go behind all others.
    pub fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
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
        let taken = if self.held().is_empty() {
            match Half::poll_write(sink, cx, &[IoSlice::new(bytes)]) {
                Poll::Ready(Ok(0) | Err(_)) => return Err(Broken::Sink),
                Poll::Ready(Ok(taken)) => taken,
                Poll::Pending => 0,
            }
        } else {
            0
        };
        self.moved += taken as u64;
        if let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            if self.held().is_empty() {
                self.held.clear();
                self.sent = 0;
            }
            self.held.extend_from_slice(rest);
            self.spill();
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
        let passed = self.body.pass(buffer, place, &mut self.lines, &mut self.filters)?;
        // What is kept to be sent again need not be held twice.
        self.withheld = self.filters.held().is_some_and(Hold::is_whole);
        if !self.withheld {
            self.held.extend_from_slice(buffer.out(&passed));
        }
        Ok(passed.read)
    }

    /// Where the sink blocks, a body is held for it and for another try: together no more than either
    /// may have alone.
    fn spill(&mut self) {
        if self.withheld {
            // It is the only one.
            return;
        }
        let held = self.held.len() - self.sent;
        if let Some(hold) = self.filters.held_mut().filter(|hold| hold.data.len() + held > READ) {
            hold.spill();
        }
    }

    /// Sends a head, and what is held behind it, or the head alone until [`Pump::let_go`]. A sink that
    /// takes nothing more shows when it is read.
    pub fn send_behind(&mut self, cx: &mut Context<'_>, head: &[u8], alone: bool, sink: &mut Stream) {
        let both = [IoSlice::new(head), IoSlice::new(self.held.get(self.sent..).unwrap_or_default())];
        let parts = if alone || self.held().is_empty() { &both[..1] } else { &both[..] };
        let taken = match Half::poll_write(sink, cx, parts) {
            Poll::Ready(Ok(taken)) => taken,
            Poll::Ready(Err(_)) | Poll::Pending => 0,
        };
        self.moved += taken as u64;
        let rest = head.get(taken..).unwrap_or_default();
        // What is left of the head goes before all else.
        drop(self.held.splice(..self.sent, rest.iter().copied()));
        self.sent = taken.saturating_sub(head.len());
        self.gate = alone.then_some(rest.len());
        self.spill();
    }

    /// Nothing is held back any more.
    pub fn let_go(&mut self) {
        self.gate = None;
        self.send_kept();
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
        let end = self.gate.unwrap_or(self.held.len());
        while self.sent < end {
            let bytes = self.held.get(self.sent..end).unwrap_or_default();
            match Half::poll_write(sink, cx, &[IoSlice::new(bytes)]) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Err(Broken::Sink)),
                Poll::Ready(Ok(taken)) => {
                    self.sent += taken;
                    self.moved += taken as u64;
                }
                Poll::Pending => {
                    self.spill();
                    return Poll::Pending;
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
    ) -> Poll<Result<(), Broken>> {
        for _ in 0..ROUNDS {
            ready!(self.flush(cx, sink))?;
            if self.body.is_over() {
                return Poll::Ready(Ok(()));
            }
            #[cfg(target_os = "linux")]
            if self.may_splice() && ready!(self.splice(cx, (&mut *source, &mut *sink), tools))? {
                continue;
            }
            #[cfg(not(target_os = "linux"))]
            let _ = tools;
            let step = buffers.lend(|buffer| {
                let count = match ready!(Half::poll_read(source, cx, buffer.room(READ))) {
                    Ok(count) => count,
                    Err(_) => return Poll::Ready(Err(Broken::Source)),
                };
                if count == 0 {
                    let last = self.body.end(&mut self.filters)?.ok_or(Broken::Source)?;
                    return Poll::Ready(self.write(cx, &last, sink));
                }
                let place = Buffer::place(count);
                let passed = self.body.pass(buffer, place.clone(), &mut self.lines, &mut self.filters)?;
                over.extend_from_slice(buffer.at(place.start + passed.read..place.end));
                Poll::Ready(self.write(cx, buffer.out(&passed), sink))
            });
            ready!(step.unwrap_or(Poll::Pending))?;
        }
        let_others_run(cx);
        Poll::Pending
    }

    #[cfg(target_os = "linux")]
    fn may_splice(&self) -> bool {
        self.portion.is_held() || (self.body.left() >= WORTH_SPLICING && self.filters.is_empty())
    }

    /// Splices a part of it; says whether that can be done.
    #[cfg(target_os = "linux")]
    fn splice(
        &mut self,
        cx: &mut Context<'_>,
        sides: (&mut Stream, &mut Stream),
        tools: &Tools,
    ) -> Poll<Result<bool, Broken>> {
        let mut left = self.body.left();
        let polled = self.portion.poll(cx, sides, tools, &mut left, &mut self.moved);
        self.body.set_left(left, self.portion.is_held());
        polled.map_err(|torn| match torn {
            Torn::Source => Broken::Source,
            Torn::Sink => Broken::Sink,
        })
    }
}
