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
mod writing;

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use account::LogCounts;
use plan::{AccessLog, LogSink};
use proxy::{Outlet, Parcel};

use crate::control::Done;
use sink::Sink;
use writing::Writing;

/// How many batches of at most 64 KiB wait to be written, of all workers together.
const ROOM: usize = 64;

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

/// What came of opening files anew; else what cannot be opened, and why.
pub type Reopened = Result<(), String>;

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
    reopen: Vec<Done<Reopened>>,
    /// To end, by then at the latest.
    until: Option<Instant>,
}

/// By which workers hand on their lines.
pub struct Outlets(SyncSender<Parcel>);

impl Outlets {
    /// By these nothing gets anywhere.
    pub fn closed() -> Self {
        Self(sync_channel(0).0)
    }

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
            Some(sink) if self.to != to => Some(Sink::open(sink).map_err(|error| failed(sink, &error))?),
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

    /// Opens files anew, and tells `done` what came of that.
    pub fn reopen(&self, done: Done<Reopened>) {
        match self.thread {
            Some(_) => self.order(|orders| orders.reopen.push(done)),
            None => done.answer(Ok(())),
        }
    }

    /// Has it write what it was handed, and what workers that still end hand on, and end; waits until `until`.
    pub fn end(&mut self, until: Instant) {
        self.order(|orders| orders.until = Some(until));
        // Once the workers have let go of theirs too, nothing can come any more.
        self.parcels = Outlets::closed().0;
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

/// What cannot be written to, and why.
fn failed(to: &LogSink, error: &io::Error) -> String {
    format!("{}: {error}", name(to))
}

/// What it is called in messages.
fn name(to: &LogSink) -> &str {
    match to {
        LogSink::Stdout {} => "standard output",
        LogSink::File { path } => path,
    }
}
