//! The thread that writes the access log.
//!
//! ```text
//!   worker ─Parcel─▶ (bounded) ─▶ this thread ─▶ file, pipe, terminal
//!   control thread ──Orders──────────┘
//! ```
//!
//! A thread of its own, since a write to a file blocks whatever one asks of it: on a slow disk, or one
//! that is across a network, the control thread would stand still with it. Nobody waits for this one but
//! the end of the engine, and that only so long.
//!
//! What cannot be written is held, from the very byte on, and tried again; meanwhile the channel fills,
//! and the workers drop and count what finds no room. So lines are whole, and in the order in which they
//! were handed on.

mod sink;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use account::LogCounts;
use plan::{AccessLog, LogSink};
use proxy::{Batch, Outlet, Parcel};

use crate::control::Done;
use sink::Sink;

/// How many batches of at most 64 KiB wait to be written, of all workers together.
const ROOM: usize = 64;
/// How often it is looked whether a file is still where it was.
const LOOK: Duration = Duration::from_secs(1);
/// What cannot be written is tried again so often.
const AGAIN: Duration = Duration::from_millis(100);

/// The thread that writes the access log, as the control thread sees it. It runs from the first plan with
/// a log on.
pub struct LogWriter {
    parcels: SyncSender<Parcel>,
    /// For the thread, until it runs.
    received: Arc<Mutex<Option<Receiver<Parcel>>>>,
    counts: Arc<LogCounts>,
    orders: Arc<Mutex<Orders>>,
    thread: Option<JoinHandle<()>>,
    /// Where lines go now.
    to: Option<LogSink>,
}

/// What the thread is to see to before its next batch.
#[derive(Default)]
struct Orders {
    /// Lines go there from now on, or nowhere.
    to: Option<LogSink>,
    /// What was opened, and where that leads.
    opened: Vec<(LogSink, Sink)>,
    /// Nothing comes any more for where lines went before.
    settled: bool,
    /// Files are to be opened anew, and these told of it.
    reopen: Vec<Done<()>>,
    /// To end, by then at the latest.
    until: Option<Instant>,
}

/// By which workers hand on their lines.
pub struct Outlets(SyncSender<Parcel>);

impl Outlets {
    /// That of a worker, which counts in `counts`.
    pub fn outlet(&self, counts: Arc<LogCounts>) -> Outlet {
        Outlet { parcels: self.0.clone(), counts }
    }
}

/// Where the lines of a plan are to go.
pub struct Change {
    to: Option<LogSink>,
    opened: Option<Sink>,
}

impl LogWriter {
    /// Without a thread yet; what it writes is counted in `counts`.
    pub fn new(counts: Arc<LogCounts>) -> Self {
        let (parcels, received) = sync_channel(ROOM);
        let received = Arc::new(Mutex::new(Some(received)));
        Self { parcels, received, counts, orders: Arc::default(), thread: None, to: None }
    }

    /// By which workers hand on their lines.
    pub fn outlets(&self) -> Outlets {
        Outlets(self.parcels.clone())
    }

    /// Opens where the lines of a plan go, unless they go there already, and sees that there is a thread.
    ///
    /// # Errors
    ///
    /// What cannot be written to, and why.
    pub fn prepare(&mut self, log: Option<&AccessLog>) -> Result<Change, String> {
        let to = log.map(|log| log.to.clone());
        let opened = match &to {
            Some(sink) if self.to != to => Some(Sink::open(sink).map_err(|error| format!("{}: {error}", name(sink)))?),
            _ => None,
        };
        if opened.is_some() && self.thread.is_none() {
            self.start().map_err(|error| format!("the log, for want of a thread: {error}"))?;
        }
        Ok(Change { to, opened })
    }

    fn start(&mut self) -> io::Result<()> {
        let received = self.received.clone();
        let counts = self.counts.clone();
        let orders = self.orders.clone();
        let thread = std::thread::Builder::new().name("fourseven-log".into()).spawn(move || {
            net::block_broken_pipe();
            // Taken for good: there is one such thread.
            let received = received.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(received) = received {
                Writing::new(received, counts, orders).run();
            }
        })?;
        self.thread = Some(thread);
        Ok(())
    }

    /// Lines may go elsewhere from now on.
    pub fn begin(&mut self, change: Change) {
        self.to.clone_from(&change.to);
        self.order(|orders| {
            orders.opened.extend(change.to.clone().zip(change.opened));
            orders.to = change.to;
            orders.settled = false;
        });
    }

    /// Every worker writes where lines go now.
    pub fn settle(&self) {
        self.order(|orders| orders.settled = true);
    }

    /// Opens files anew, and tells `done`.
    pub fn reopen(&self, done: Done<()>) {
        match self.thread {
            Some(_) => self.order(|orders| orders.reopen.push(done)),
            None => done.answer(()),
        }
    }

    /// Has it write what it was handed, and end; waits until `until`.
    pub fn end(&mut self, until: Instant) {
        self.order(|orders| orders.until = Some(until));
        let Some(thread) = self.thread.take() else { return };
        while Instant::now() < until && !thread.is_finished() {
            std::thread::sleep(Duration::from_millis(1));
        }
        if thread.is_finished() {
            let _ = thread.join();
        }
    }

    fn order(&self, order: impl FnOnce(&mut Orders)) {
        order(&mut self.orders.lock().unwrap_or_else(PoisonError::into_inner));
        // While there is no room it has work, and looks at its orders by itself.
        let _ = self.parcels.try_send(Parcel::Nudge);
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

/// The thread's own state.
struct Writing {
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
    fn new(received: Receiver<Parcel>, counts: Arc<LogCounts>, orders: Arc<Mutex<Orders>>) -> Self {
        let (sinks, looked) = (Vec::new(), Instant::now());
        Self { received, counts, orders, sinks, to: None, held: None, looked, was_settled: false }
    }

    fn run(mut self) {
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

/// What it is called in messages.
fn name(to: &LogSink) -> &str {
    match to {
        LogSink::Stdout {} => "standard output",
        LogSink::File { path } => path,
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
