//! Applies a plan, all of it or nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use plan::{Decoded, decode};
use tokio::sync::mpsc::UnboundedReceiver;
use world::World;

use super::crew::Handed;
use super::{Command, Control, Done};
use crate::log::Change;
use crate::mailbox::{Cut, WorkerId};
use crate::outcome::{Applied, Closed, Outcome, Problem, ProblemCode};
use crate::registry::Registry;

/// How often draining looks whether the last connection has ended.
const POLL: Duration = Duration::from_millis(5);

impl Control {
    /// Decodes, verifies, binds; and only when nothing can fail any more, swaps the world.
    pub(super) async fn apply(&mut self, json: &[u8], tables: &[Vec<u8>]) -> Outcome {
        match self.try_apply(json, tables).await {
            Ok(applied) => Outcome::Applied(applied),
            Err(problems) => {
                // Workers that were started for it carry nothing yet.
                self.crew.shrink(self.workers);
                self.crew.dismiss().await;
                Outcome::Refused(problems)
            }
        }
    }

    async fn try_apply(&mut self, json: &[u8], tables: &[Vec<u8>]) -> Result<Applied, Vec<Problem>> {
        let decoded = decode(json, tables, &self.tables).map_err(|problems| {
            let problem = |problem: &plan::Problem| Problem::general(ProblemCode::Plan, problem.to_string());
            problems.iter().map(problem).collect::<Vec<_>>()
        })?;
        let workers = worker_count(&decoded);
        let mut registry = self.registry.next(&decoded.plan)?;
        let threads = |error: std::io::Error| vec![Problem::general(ProblemCode::Workers, error.to_string())];
        self.crew.grow(workers).map_err(threads)?;
        registry.fill(&decoded.plan, workers)?;
        let handed = self.crew.hand(&registry).map_err(threads)?;
        let log = self.log.prepare(decoded.plan.access_log.as_ref());
        let log = log.map_err(|said| vec![Problem::general(ProblemCode::Log, said)])?;
        registry.set_backlogs(&decoded.plan);
        // From here on nothing fails.
        Ok(self.swap(decoded, registry, handed, log, workers).await)
    }

    async fn swap(
        &mut self,
        decoded: Decoded,
        registry: Registry,
        handed: Handed,
        log: Change,
        workers: usize,
    ) -> Applied {
        self.log.begin(log);
        let world = Arc::new(World::join(&decoded, &mut self.lives));
        // The sockets that leave now are in the hands of workers alone, who empty their queues.
        self.registry = registry;
        self.behind = !self.crew.adopt(&world, &self.registry, handed).await;
        // Each has handed on what it had to write before.
        self.log.settle();
        let old = self.world.replace(world.clone());
        if let Some(old) = &old {
            let deadline = Instant::now() + Duration::from_millis(world.engine.drain.into());
            self.drains.begin(old, &world, deadline);
        }
        self.tables = decoded.tables;
        self.workers = workers;
        drop(self.board.show(Some(world.clone()), workers));
        // Here, and not on a worker, the old world goes.
        drop(old);
        self.begin_leaving(Duration::from_millis(world.engine.leave.into()));
        let key = |at| world.listener(at).map(|listener| listener.live.key.clone()).unwrap_or_default();
        Applied {
            version: world.version,
            decoded_on: thread_number(),
            workers,
            listeners: self.registry.addresses().map(|(at, address)| (key(at), address)).collect(),
        }
    }

    /// Begins to retire the workers and sockets that the plan no longer asks for, without losing a
    /// connection: new ones are steered away first, then the queues are emptied, then the sockets
    /// close.
    fn begin_leaving(&mut self, time: Duration) {
        if self.crew.len() > self.workers || self.registry.has_surplus(self.workers) {
            self.registry.steer(self.workers);
            self.crew.shrink(self.workers);
            self.leaving = Some(Instant::now() + time);
        }
    }

    /// By now whoever was promised to a socket that leaves is in its queue.
    pub(super) async fn finish_leaving(&mut self) {
        self.leaving = None;
        self.registry.trim(self.workers);
        self.crew.dismiss().await;
        // Active workers have sockets that leave too, where a listener is handed off from now on.
        self.adopt_again().await;
        // Only now are all of them closed, and nobody is sent to one.
        self.registry.steer_no_more();
    }

    /// Has a new worker take over the place of one that has died.
    pub(super) async fn replace(&mut self, id: WorkerId) {
        if self.crew.bury(id).await {
            self.adopt_again().await;
        }
    }

    /// Has everybody adopt the current world once more, with the sockets that are missing.
    pub(super) async fn adopt_again(&mut self) {
        let Some(world) = self.world.clone() else {
            return;
        };
        let handed = self.crew.hand(&self.registry);
        // Without descriptors for it the next look tries again.
        self.behind = match handed {
            Ok(handed) => !self.crew.adopt(&world, &self.registry, handed).await,
            Err(_) => true,
        };
    }

    /// Gives the acceptor's sockets to a new one if it has died.
    pub(super) async fn revive_acceptor(&mut self) {
        if self.crew.revive_acceptor() {
            self.adopt_again().await;
        }
    }

    /// Leaves all listeners, waits for the last connection until `drain` has passed, and cuts the
    /// rest. Returns how many were cut, and until when to wait for threads. Who orders the same
    /// meanwhile is added to `others`.
    pub(super) async fn close(
        &mut self,
        drain: Duration,
        commands: &mut UnboundedReceiver<Command>,
        others: &mut Vec<Done<Closed>>,
    ) -> (usize, Instant) {
        let deadline = Instant::now() + drain;
        self.registry = Registry::default();
        self.crew.leave_acceptor().await;
        self.crew.shrink(0);
        self.crew.dismiss().await;
        let mut stop = None;
        while !self.crew.all_ended() && Instant::now() < deadline && stop.is_none() {
            tokio::time::sleep(POLL).await;
            while let Ok(command) = commands.try_recv() {
                match command {
                    Command::Close { done, .. } => others.push(done),
                    Command::Stop(until) => stop = Some(until),
                    _ => {}
                }
            }
        }
        let cut = self.crew.cut(&Cut { endpoints: None, fault: account::Fault::Closed }).await;
        (cut, stop.unwrap_or(Instant::now() + Duration::from_secs(1)))
    }
}

/// As many as the plan says, else as many processors as this process may use: its affinity, and the
/// quota of its control group, version 1 or 2.
fn worker_count(decoded: &Decoded) -> usize {
    match decoded.plan.engine.workers {
        Some(workers) => workers as usize,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

#[cfg(target_os = "linux")]
fn thread_number() -> u32 {
    rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs()
}

#[cfg(not(target_os = "linux"))]
fn thread_number() -> u32 {
    0
}
