//! The engine, as its owner sees it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;
use world::Lives;

use crate::control::{Command, Control, Done, Proposal};
use crate::outcome::{Closed, Outcome};
use crate::reading::{Board, Index, Read};
use crate::thread;

/// A running balancer: its control thread and its workers.
///
/// Every call returns at once; results come by callback, on the control thread. Dropping an engine
/// stops it without waiting.
#[derive(Debug)]
pub struct Engine {
    commands: UnboundedSender<Command>,
    board: Arc<Board>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the control thread. Workers start with the first plan.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let (commands, taken) = tokio::sync::mpsc::unbounded_channel();
        let lives = Lives::default();
        let board = Arc::new(Board::new(lives.census()));
        let (end, ended) = channel();
        let control = Control::new(lives, board.clone(), commands.clone());
        let thread = thread::start("fourseven-control".into(), move |runtime| {
            // Sent by its drop, however the thread ends.
            let _end = end;
            control.run(&runtime, taken);
        })?;
        Ok(Self { commands, board, ended, thread: Some(thread) })
    }

    /// Applies a plan: `json` is its skeleton, `tables` those tables that the engine does not hold.
    /// `done` is called on the control thread once every worker has adopted it.
    pub fn apply(&self, json: Vec<u8>, tables: Vec<Vec<u8>>, done: impl FnOnce(Outcome) + Send + 'static) {
        // What is not sent is dropped, and says `Closed`.
        let _ = self.commands.send(Command::Apply(Proposal { json, tables, done: Done::new(done) }));
    }

    /// Stops accepting, lets connections finish for `drain`, cuts those that are left, and ends all
    /// threads. `done` is called on the control thread.
    pub fn close(&self, drain: Duration, done: impl FnOnce(Closed) + Send + 'static) {
        let _ = self.commands.send(Command::Close { drain, done: Done::new(done) });
    }

    /// Opens the files of the access log anew, as after they were moved away. `done` is called once what is
    /// logged from then on is in the new ones, or with what cannot be opened, and why: then what is open stays
    /// so, and a file that is nowhere any more takes nothing until it can be made again.
    pub fn reopen_log(&self, done: impl FnOnce(Result<(), String>) + Send + 'static) {
        let _ = self.commands.send(Command::ReopenLog(Done::new(done)));
    }

    /// Ends all threads now, waiting at most `deadline` for them. Connections are cut.
    pub fn shutdown(&mut self, deadline: Duration) {
        let until = Instant::now() + deadline;
        let _ = self.commands.send(Command::Stop(until));
        let left = until.saturating_duration_since(Instant::now());
        let over = !matches!(self.ended.recv_timeout(left), Err(std::sync::mpsc::RecvTimeoutError::Timeout));
        if let Some(thread) = self.thread.take().filter(|_| over) {
            let _ = thread.join();
        }
    }

    /// Copies the counters into `row`, as [`Engine::index`] says.
    pub fn read(&self, row: &mut [f64]) -> Read {
        self.board.read(row)
    }

    /// Which number stands where in a row, for the plan applied now.
    pub fn index(&self) -> Option<Index> {
        self.board.index()
    }

    /// Makes the worker at this place panic, to prove that another takes over.
    #[cfg(feature = "inject")]
    pub fn panic_worker(&self, place: usize) {
        let _ = self.commands.send(Command::PanicWorker(place));
    }

    /// Has this go wrong, or differently, on every worker.
    #[cfg(feature = "inject")]
    pub fn inject(&self, what: proxy::Injection) {
        let _ = self.commands.send(Command::Inject(what));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.commands.send(Command::Stop(Instant::now()));
    }
}
