//! The control thread: it applies plans, watches the workers, and ends what is to be drained.

mod apply;
mod crew;
mod drain;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use account::Fault;
use plan::Tables;
use tokio::runtime::LocalRuntime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use world::{Lives, World};

use crate::log::{LogWriter, Reopened};
use crate::mailbox::{Cut, WorkerId};
use crate::outcome::{Closed, Outcome};
use crate::reading::Board;
use crate::registry::Registry;
use crew::Crew;
use drain::Drains;

/// How often it looks at the descriptors of the process and at what has ended.
const LOOK: Duration = Duration::from_millis(250);

/// How long the end waits for the access log to be written.
const WRITE_OUT: Duration = Duration::from_secs(1);

/// Called with the result of an order; with [`Answer::closed`] if it is dropped instead, so that
/// nobody waits for ever.
pub struct Done<T: Answer>(Option<Box<dyn FnOnce(T) + Send>>);

/// What an order can come to.
pub trait Answer {
    /// What an order comes to that reaches nobody any more.
    fn closed() -> Self;
}

impl Answer for Outcome {
    fn closed() -> Self {
        Outcome::Closed
    }
}

impl Answer for Closed {
    fn closed() -> Self {
        Closed { cut: 0 }
    }
}

impl Answer for Reopened {
    fn closed() -> Self {
        Ok(())
    }
}

impl<T: Answer> Done<T> {
    /// Calls `done` with the result.
    pub fn new(done: impl FnOnce(T) + Send + 'static) -> Self {
        Self(Some(Box::new(done)))
    }

    /// The result is there.
    pub fn answer(mut self, result: T) {
        if let Some(done) = self.0.take() {
            done(result);
        }
    }
}

impl<T: Answer> Drop for Done<T> {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(T::closed());
        }
    }
}

/// An order to the control thread.
pub enum Command {
    /// Apply a plan.
    Apply(Proposal),
    /// Stop accepting, drain, end.
    Close {
        /// How long connections may still take.
        drain: Duration,
        /// Called with the result.
        done: Done<Closed>,
    },
    /// Open the files of the access log anew.
    ReopenLog(Done<Reopened>),
    /// End now, and wait for the workers no longer than this.
    Stop(Instant),
    /// A worker's thread is ending.
    Ended(WorkerId),
    /// Make the worker at this place panic.
    #[cfg(feature = "inject")]
    PanicWorker(usize),
    /// Have this go wrong, or differently.
    #[cfg(feature = "inject")]
    Inject(proxy::Injection),
}

/// A plan that is to be applied.
pub struct Proposal {
    /// Its skeleton.
    pub json: Vec<u8>,
    /// Tables that are not held.
    pub tables: Vec<Vec<u8>>,
    /// Called with the result.
    pub done: Done<Outcome>,
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Command")
    }
}

/// The control thread's own state.
pub struct Control {
    lives: Lives,
    board: Arc<Board>,
    registry: Registry,
    crew: Crew,
    log: LogWriter,
    tables: Tables,
    world: Option<Arc<World>>,
    /// How many workers the plan asks for.
    workers: usize,
    drains: Drains,
    /// When workers and sockets that are too many leave.
    leaving: Option<Instant>,
    /// Plans that wait until they have left: groups of sockets change only one way at a time.
    proposals: VecDeque<Proposal>,
    /// Somebody has not adopted the world, for want of descriptors.
    behind: bool,
}

impl Control {
    /// The state before the first plan.
    pub fn new(lives: Lives, board: Arc<Board>, commands: UnboundedSender<Command>) -> Self {
        let log = LogWriter::new(board.log.claim());
        Self {
            lives,
            crew: Crew::new(board.clone(), commands, log.outlets()),
            log,
            board,
            registry: Registry::default(),
            tables: Tables::default(),
            world: None,
            workers: 0,
            drains: Drains::default(),
            leaving: None,
            proposals: VecDeque::new(),
            behind: false,
        }
    }

    /// Carries out commands until it is to end.
    pub fn run(mut self, runtime: &LocalRuntime, mut commands: UnboundedReceiver<Command>) {
        let until = runtime.block_on(self.serve(&mut commands));
        self.board.show(None, 0);
        self.crew.end(until);
        self.log.end(Instant::now() + WRITE_OUT);
        // Whoever still waits is answered by the drop of what it waits for.
    }

    /// Returns until when to wait for the threads of the workers.
    async fn serve(&mut self, commands: &mut UnboundedReceiver<Command>) -> Instant {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            if self.leaving.is_none()
                && let Some(proposal) = self.proposals.pop_front()
            {
                let outcome = self.apply(&proposal.json, &proposal.tables).await;
                proposal.done.answer(outcome);
                continue;
            }
            let leaving = self.leaving;
            let command = tokio::select! {
                command = commands.recv() => command,
                _ = look.tick() => {
                    self.look().await;
                    continue;
                }
                () = at(leaving) => {
                    self.finish_leaving().await;
                    continue;
                }
            };
            match command {
                Some(Command::Apply(proposal)) => self.proposals.push_back(proposal),
                Some(Command::Close { drain, done }) => {
                    let mut waiting = vec![done];
                    let (cut, until) = self.close(drain, commands, &mut waiting).await;
                    self.board.show(None, 0);
                    self.crew.end(until);
                    self.log.end(Instant::now() + WRITE_OUT);
                    waiting.into_iter().for_each(|done| done.answer(Closed { cut }));
                    return until;
                }
                Some(Command::Ended(id)) => self.replace(id).await,
                Some(Command::ReopenLog(done)) => self.log.reopen(done),
                #[cfg(feature = "inject")]
                Some(Command::PanicWorker(place)) => self.crew.panic_worker(place).await,
                #[cfg(feature = "inject")]
                Some(Command::Inject(what)) => self.crew.inject(what).await,
                Some(Command::Stop(until)) => return until,
                None => return Instant::now(),
            }
        }
    }

    async fn look(&mut self) {
        net::Descriptors::of_process();
        self.revive_acceptor().await;
        for id in self.crew.dead() {
            self.replace(id).await;
        }
        if self.behind {
            self.adopt_again().await;
        }
        let due = self.drains.due(Instant::now());
        if !due.is_empty() {
            self.crew.cut(&Cut { endpoints: Some(due), fault: Fault::DrainDeadline }).await;
        }
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
