//! The thread that writes: its own state.

use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use account::LogCounts;
use plan::LogSink;
use proxy::{Batch, Parcel};

use super::Orders;
use super::sink::Sink;

/// How often it is looked whether a file is still where it was.
const LOOK: Duration = Duration::from_secs(1);
/// What cannot be written is tried again so often.
const AGAIN: Duration = Duration::from_millis(100);

/// The thread's own state.
pub struct Writing {
    received: Receiver<Parcel>,
    counts: Arc<LogCounts>,
    orders: Arc<Mutex<Orders>>,
    /// Where lines go, and went until a moment ago.
    sinks: Vec<(LogSink, Sink)>,
    to: Option<LogSink>,
    /// What could not be written yet, and how much of it was.
    held: Option<(Batch, usize)>,
    looked: Instant,
    /// At that look nothing came any more for where lines went before.
    was_settled: bool,
}

impl Writing {
    /// One that has nothing open yet.
    pub fn new(received: Receiver<Parcel>, counts: Arc<LogCounts>, orders: Arc<Mutex<Orders>>) -> Self {
        let (sinks, looked) = (Vec::new(), Instant::now());
        Self { received, counts, orders, sinks, to: None, held: None, looked, was_settled: false }
    }

    /// Writes until it is to end.
    pub fn run(mut self) {
        loop {
            let (settled, until) = self.obey();
            if self.held.is_none() {
                match self.next(until.is_some()) {
                    Ok(Parcel::Lines(batch)) => self.held = Some((batch, 0)),
                    Ok(Parcel::Nudge) => continue,
                    Err(RecvTimeoutError::Timeout) if until.is_none() => {
                        // All that was sent before is written.
                        self.was_settled = settled;
                        self.look(settled);
                        continue;
                    }
                    Err(_) => return,
                }
            }
            if self.looked.elapsed() >= LOOK {
                self.look(settled);
            }
            if !self.write() {
                let is_old = self.held.as_ref().is_some_and(|(batch, _)| self.to.as_ref() != Some(&*batch.to));
                match until {
                    Some(until) if Instant::now() >= until => return self.drop_all(),
                    _ if is_old => self.drop_held(),
                    _ => std::thread::park_timeout(AGAIN),
                }
            }
        }
    }

    /// What comes next. Who is to end waits for nothing, and who has nothing open for nobody.
    fn next(&self, ends: bool) -> Result<Parcel, RecvTimeoutError> {
        if ends {
            return self.received.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            });
        }
        match self.sinks.is_empty() {
            true => self.received.recv().map_err(RecvTimeoutError::from),
            false => self.received.recv_timeout(LOOK),
        }
    }

    /// Does as it is told, and says whether nothing comes any more for where lines went before, and until
    /// when it has time if it is to end.
    fn obey(&mut self) -> (bool, Option<Instant>) {
        let orders = self.orders.clone();
        let mut orders = orders.lock().unwrap_or_else(PoisonError::into_inner);
        if self.to != orders.to {
            self.to.clone_from(&orders.to);
        }
        for (to, sink) in orders.opened.drain(..) {
            self.sinks.retain(|(other, _)| *other != to);
            self.sinks.push((to, sink));
        }
        let (reopen, said) = (std::mem::take(&mut orders.reopen), (orders.settled, orders.until));
        drop(orders);
        if !reopen.is_empty() {
            self.reopen(|_| true);
            reopen.into_iter().for_each(|done| done.answer(()));
        }
        said
    }

    /// Looks whether files are still where they were, and lets go of those where nothing goes any more: a
    /// look later than that was said, by when what had been sent before has been written.
    fn look(&mut self, settled: bool) {
        self.looked = Instant::now();
        if settled && std::mem::replace(&mut self.was_settled, settled) {
            self.sinks.retain(|(to, _)| self.to.as_ref() == Some(to));
        }
        self.reopen(Sink::has_moved);
    }

    fn reopen(&mut self, which: impl Fn(&Sink) -> bool) {
        for (to, sink) in &mut self.sinks {
            // Where that fails, what is open is better than nothing.
            if !which(sink) || !sink.reopen() {
                continue;
            }
            // The rest of a line whose begin is in the other file is no line.
            if let Some((batch, at)) = &mut self.held
                && *batch.to == *to
                && let Some(torn) = rest_of_line(&batch.bytes, *at)
            {
                *at += torn;
                batch.lines -= 1;
                self.counts.dropped.add(1);
            }
        }
    }

    /// Goes on with what is held, and says whether all of it is written.
    fn write(&mut self) -> bool {
        let Some((batch, at)) = &mut self.held else { return true };
        let sink = self.sinks.iter_mut().find(|(to, _)| *to == *batch.to);
        let Some((_, sink)) = sink else { return false };
        while let Some(rest) = batch.bytes.get(*at..).filter(|rest| !rest.is_empty()) {
            match sink.write(rest, AGAIN) {
                Ok(count) if count > 0 => *at += count,
                _ => return false,
            }
        }
        if let Some((batch, _)) = self.held.take() {
            self.counts.written.add(batch.lines);
            batch.recycle();
        }
        true
    }

    /// Nobody takes it.
    fn drop_held(&mut self) {
        let Some((batch, at)) = self.held.take() else { return };
        let rest = batch.bytes.get(at..).unwrap_or_default();
        let left = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counts.dropped.add(left);
        self.counts.written.add(batch.lines - left);
        batch.recycle();
    }

    fn drop_all(&mut self) {
        self.drop_held();
        while let Ok(parcel) = self.received.try_recv() {
            if let Parcel::Lines(batch) = parcel {
                self.counts.dropped.add(batch.lines);
            }
        }
    }
}

/// How many bytes of a line are left behind `at`, of which some are written.
fn rest_of_line(bytes: &[u8], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before))?;
    if *before == b'\n' {
        return None;
    }
    bytes.get(at..)?.iter().position(|byte| *byte == b'\n').map(|end| end + 1)
}
