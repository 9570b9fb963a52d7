//! The access log of a worker: it writes lines into a buffer and hands full buffers on.
//!
//! ```text
//!   Entry ─ Form ─▶ buffer ── full, or 100 ms old ──▶ Batch ─▶ (bounded channel) ─▶ whoever writes
//!                     ▲                                                                 │
//!                     └──────────────────────── the empty buffer ◀──────────────────────┘
//! ```
//!
//! Nothing here waits. While the channel is full the buffer stays as it is, and lines that find no room
//! in it are dropped and counted.

mod entry;
mod form;
mod relayed;
mod text;
mod time;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use account::LogCounts;
use fastrand::Rng;
use net::{Timer, Wheel};
use plan::{AccessLog, LogSample, LogSink};

pub use entry::{Entry, Steps};
use form::{Form, MOST_LINE};
pub use relayed::Relayed;
use time::Stamp;

/// A buffer is handed on once a further line might not fit.
const BUFFER: usize = 64 * 1024;
/// After so many milliseconds whatever is there is handed on; with what the wheel is late, 100.
const AGE: u32 = 70;
/// Empty buffers that a worker keeps for itself.
const SPARE: usize = 4;

/// Lines on their way to whoever writes them.
#[derive(Debug)]
pub struct Batch {
    /// Where they go.
    pub to: Arc<LogSink>,
    /// Whole lines.
    pub bytes: Vec<u8>,
    /// How many.
    pub lines: u64,
    back: SyncSender<Vec<u8>>,
}

impl Batch {
    /// So many whole lines, whose buffer goes `back`.
    pub fn new(to: Arc<LogSink>, bytes: Vec<u8>, lines: u64, back: SyncSender<Vec<u8>>) -> Self {
        Self { to, bytes, lines, back }
    }

    /// They are written: gives the buffer back to its worker.
    pub fn recycle(mut self) {
        self.bytes.clear();
        // A worker that has enough of them lets it go.
        let _ = self.back.try_send(self.bytes);
    }
}

/// What is sent to whoever writes.
#[derive(Debug)]
pub enum Parcel {
    /// Lines.
    Lines(Batch),
    /// Nothing, but that there is something else to see to.
    Nudge,
}

/// Where a worker's batches go, and its counts.
#[derive(Debug)]
pub struct Outlet {
    /// To whoever writes.
    pub parcels: SyncSender<Parcel>,
    /// What this worker counts.
    pub counts: Arc<LogCounts>,
}

/// The access log of a worker.
#[derive(Debug)]
pub struct Log {
    page: RefCell<Option<Page>>,
    timer: RefCell<Timer>,
    outlet: Outlet,
    back: (SyncSender<Vec<u8>>, Receiver<Vec<u8>>),
}

/// What there is only while a log is written.
#[derive(Debug)]
struct Page {
    plan: Arc<AccessLog>,
    to: Arc<LogSink>,
    form: Form,
    stamp: Stamp,
    buffer: Vec<u8>,
    lines: u64,
    rng: Rng,
}

impl Log {
    /// A log that is off.
    pub fn new(outlet: Outlet, wheel: &Wheel) -> Self {
        let timer = RefCell::new(wheel.timer());
        Self { page: RefCell::default(), timer, outlet, back: sync_channel(SPARE) }
    }

    /// From now on it is written as the plan says.
    pub fn adopt(&self, plan: Option<&Arc<AccessLog>>) {
        let mut page = self.page.borrow_mut();
        if page.as_ref().map(|page| &page.plan) == plan {
            return;
        }
        // What was written before goes where it was to go.
        if let Some(before) = &mut *page {
            self.hand_on(before);
            self.outlet.counts.dropped.add(before.lines);
        }
        *page = plan.map(|plan| Page {
            to: Arc::new(plan.to.clone()),
            form: Form::new(plan),
            plan: plan.clone(),
            stamp: Stamp::default(),
            buffer: Vec::with_capacity(BUFFER),
            lines: 0,
            rng: Rng::new(),
        });
    }

    /// Whether anything is written at all.
    pub fn is_on(&self) -> bool {
        self.page.try_borrow().is_ok_and(|page| page.is_some())
    }

    /// Writes a line, if it is one of those that are written.
    pub fn write(&self, entry: &Entry<'_>) {
        // Lent already only where a bug has ended a line in its middle.
        let Ok(mut page) = self.page.try_borrow_mut() else { return };
        let Some(page) = &mut *page else { return };
        let rate = page.form.rate(entry.status, entry.fault);
        if rate < LogSample::WHOLE && page.rng.u32(..LogSample::WHOLE) >= rate {
            return;
        }
        if page.buffer.len() + MOST_LINE > BUFFER && !self.hand_on(page) {
            return self.outlet.counts.dropped.add(1);
        }
        if page.buffer.is_empty() {
            let mut timer = self.timer.borrow_mut();
            let due = timer.now().after(AGE);
            timer.arm(due);
        }
        page.stamp.set_now();
        page.form.write(&mut page.buffer, entry, &page.stamp);
        page.lines += 1;
    }

    /// Hands on what there is, and says whether there is room now.
    fn hand_on(&self, page: &mut Page) -> bool {
        if page.lines == 0 {
            return true;
        }
        let bytes = std::mem::take(&mut page.buffer);
        let batch = Batch::new(page.to.clone(), bytes, page.lines, self.back.0.clone());
        match self.outlet.parcels.try_send(Parcel::Lines(batch)) {
            Ok(()) => {
                page.buffer = self.back.1.try_recv().unwrap_or_else(|_| Vec::with_capacity(BUFFER));
                page.lines = 0;
                true
            }
            Err(TrySendError::Full(parcel) | TrySendError::Disconnected(parcel)) => {
                if let Parcel::Lines(batch) = parcel {
                    page.buffer = batch.bytes;
                }
                false
            }
        }
    }

    fn flush(&self) -> bool {
        self.page.try_borrow_mut().is_ok_and(|mut page| page.as_mut().is_none_or(|page| self.hand_on(page)))
    }

    /// Hands on what has waited long enough, for ever. One task of the worker runs it.
    pub async fn drive(&self) {
        loop {
            std::future::poll_fn(|cx| self.timer.borrow_mut().poll_fired(cx)).await;
            if !self.flush() {
                let mut timer = self.timer.borrow_mut();
                let due = timer.now().after(AGE);
                timer.arm(due);
            }
        }
    }

    /// Hands on all there is before the worker ends, which carries nothing any more and may wait a little.
    pub fn finish(&self, longest: Duration) {
        let until = Instant::now() + longest;
        while !self.flush() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if !self.flush()
            && let Some(page) = self.page.get_mut()
        {
            self.outlet.counts.dropped.add(page.lines);
        }
    }
}
