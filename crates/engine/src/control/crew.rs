//! The workers and the acceptor, as the control thread sees them.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use net::Bound;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use world::{ListenerIx, World};

use super::Command;
use crate::acceptor::{Acceptor, Workers};
use crate::log::Outlets;
use crate::mailbox::{Adopt, Cut, GroupId, Mailbox, Message, WorkerId};
use crate::reading::Board;
use crate::registry::Registry;
use crate::worker;

/// A worker that dies younger than this is replaced only after a breath.
const YOUNG: Duration = Duration::from_secs(1);
const BREATH: Duration = Duration::from_millis(100);

/// One worker.
struct Member {
    mailbox: Mailbox,
    thread: JoinHandle<()>,
    /// The groups it accepts from.
    accepts: BTreeSet<GroupId>,
    born: Instant,
}

/// The workers and the acceptor.
pub struct Crew {
    board: Arc<Board>,
    commands: UnboundedSender<Command>,
    /// Where their logs go.
    outlets: Outlets,
    /// Those that carry new traffic; the place of each is its number in the registry's groups.
    active: Vec<Member>,
    /// Those that only finish what they have.
    retired: Vec<Member>,
    acceptor: Option<Acceptor>,
    /// The active ones, for the acceptor.
    workers: Workers,
    next: u32,
}

/// Duplicates of sockets, made before anything changes so that nothing can fail later on: for each
/// active worker, and for the acceptor.
pub struct Handed {
    workers: Vec<Vec<(GroupId, Bound)>>,
    acceptor: Vec<(GroupId, Bound)>,
}

impl Crew {
    /// Nobody yet. Workers count faults on `board` and report their end by `commands`;
    /// what they log goes to `outlets`.
    pub fn new(board: Arc<Board>, commands: UnboundedSender<Command>, outlets: Outlets) -> Self {
        Self {
            board,
            commands,
            outlets,
            active: Vec::new(),
            retired: Vec::new(),
            acceptor: None,
            workers: Arc::new(Mutex::new(Vec::new())),
            next: 0,
        }
    }

    /// How many workers carry new traffic.
    pub fn len(&self) -> usize {
        self.active.len()
    }

    /// Starts workers until there are `count`.
    ///
    /// # Errors
    ///
    /// The system gives no thread; those that started stay.
    pub fn grow(&mut self, count: usize) -> io::Result<()> {
        while self.active.len() < count {
            let member = self.hire()?;
            self.active.push(member);
        }
        Ok(())
    }

    fn hire(&mut self) -> io::Result<Member> {
        let id = WorkerId(self.next);
        self.next += 1;
        let commands = self.commands.clone();
        let ended = move || drop(commands.send(Command::Ended(id)));
        let outlet = self.outlets.outlet(self.board.log.claim());
        let (mailbox, thread) = worker::start(id, self.board.faults.claim(), outlet, ended)?;
        Ok(Member { mailbox, thread, accepts: BTreeSet::new(), born: Instant::now() })
    }

    /// Duplicates the sockets of `registry` for those who do not accept from them yet.
    ///
    /// # Errors
    ///
    /// The descriptors are used up, or the system gives no thread for the acceptor.
    pub fn hand(&mut self, registry: &Registry) -> io::Result<Handed> {
        type Sockets = io::Result<Vec<(GroupId, Bound)>>;
        let duplicate = |groups: Vec<GroupId>, place: usize, has: &dyn Fn(GroupId) -> bool| -> Sockets {
            let missing = groups.into_iter().filter(|group| !has(*group));
            missing.map(|group| Ok((group, registry.duplicate(group, place)?))).collect()
        };
        let mut workers = Vec::new();
        for (place, member) in self.active.iter().enumerate() {
            workers.push(duplicate(registry.of_worker(place), place, &|group| member.accepts.contains(&group))?);
        }
        let wanted = registry.of_acceptor();
        if self.acceptor.is_none() && !wanted.is_empty() {
            self.acceptor = Some(Acceptor::start(self.workers.clone(), self.board.faults.claim())?);
        }
        let has = |group| self.acceptor.as_ref().is_some_and(|acceptor| acceptor.accepts(group));
        Ok(Handed { workers, acceptor: duplicate(wanted, 0, &has)? })
    }

    /// Has everybody adopt `world`; returns once all have, and says whether each accepts from all it
    /// is to accept from.
    ///
    /// The acceptor leaves what it is to leave before, and begins what is new after: so whatever it
    /// hands over is known to the worker that gets it.
    pub async fn adopt(&mut self, world: &Arc<World>, registry: &Registry, handed: Handed) -> bool {
        let by_acceptor = registry.of_acceptor();
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.keep(&by_acceptor).await;
        }
        let mut waiting = Vec::new();
        let mut sockets = handed.workers.into_iter();
        for (place, member) in self.active.iter_mut().enumerate() {
            let accept = registry.of_worker(place);
            let sockets = sockets.next().unwrap_or_default();
            waiting.push(member.adopt(world, registry.served(), accept, sockets).await);
        }
        for member in &mut self.retired {
            let accept = member.accepts.iter().copied().collect();
            waiting.push(member.adopt(world, registry.served(), accept, Vec::new()).await);
        }
        let mut complete = true;
        for (member, adopted) in self.active.iter_mut().chain(&mut self.retired).zip(waiting) {
            // One that has died instead is replaced, and adopts then.
            for group in adopted.await.unwrap_or_default() {
                member.accepts.remove(&group);
                complete = false;
            }
        }
        self.publish();
        match &mut self.acceptor {
            Some(acceptor) => acceptor.accept(handed.acceptor).await && complete,
            None => complete,
        }
    }

    /// Tells the acceptor who the active workers are.
    fn publish(&self) {
        let mailboxes = self.active.iter().map(|member| member.mailbox.clone()).collect();
        *self.workers.lock().unwrap_or_else(PoisonError::into_inner) = mailboxes;
    }

    /// Retires all but the first `count` workers: they still accept from their sockets until
    /// [`Crew::dismiss`].
    pub fn shrink(&mut self, count: usize) {
        if self.active.len() > count {
            self.retired.extend(self.active.drain(count..));
            self.publish();
        }
    }

    /// Has the retired workers accept what their queues hold and leave their sockets; returns once
    /// those are closed.
    pub async fn dismiss(&mut self) {
        let mut waiting = Vec::new();
        for member in &mut self.retired {
            member.accepts.clear();
            let (done, wait) = oneshot::channel();
            member.mailbox.send(Message::Retire(done)).await;
            waiting.push(wait);
        }
        for left in waiting {
            // One that has ended has left them too.
            let _ = left.await;
        }
    }

    /// Takes note that a worker has ended. One that was active is replaced by a new one at the same
    /// place, which has adopted nothing yet; says whether that is so.
    pub async fn bury(&mut self, id: WorkerId) -> bool {
        self.retired.retain(|member| member.mailbox.id != id);
        let Some(place) = self.active.iter().position(|member| member.mailbox.id == id) else {
            return false;
        };
        if self.active.get(place).is_some_and(|dead| dead.born.elapsed() < YOUNG) {
            // Whatever kills it at once must not become a storm of new threads.
            tokio::time::sleep(BREATH).await;
        }
        // Without a new one the dead one stays, and is found again at the next look.
        let (Ok(fresh), Some(seat)) = (self.hire(), self.active.get_mut(place)) else {
            return false;
        };
        *seat = fresh;
        true
    }

    /// The workers whose threads have ended though they were not asked to.
    pub fn dead(&self) -> Vec<WorkerId> {
        let dead = self.active.iter().filter(|member| member.thread.is_finished());
        dead.map(|member| member.mailbox.id).collect()
    }

    /// Replaces an acceptor that has died by one that accepts from nothing yet, and says whether it
    /// did.
    pub fn revive_acceptor(&mut self) -> bool {
        let died = self.acceptor.as_ref().is_some_and(Acceptor::has_died);
        if died {
            self.acceptor = Acceptor::start(self.workers.clone(), self.board.faults.claim()).ok();
        }
        died
    }

    /// Has the acceptor hand over what its queues hold, and accept from nothing.
    pub async fn leave_acceptor(&mut self) {
        if let Some(acceptor) = &mut self.acceptor {
            acceptor.keep(&[]).await;
        }
    }

    /// Cuts connections, and returns how many they were.
    pub async fn cut(&self, cut: &Cut) -> usize {
        let mut count = 0;
        for member in self.active.iter().chain(&self.retired) {
            let (done, wait) = oneshot::channel();
            member.mailbox.send(Message::Cut(cut.clone(), done)).await;
            count += wait.await.unwrap_or(0);
        }
        count
    }

    /// Whether the threads of all workers have ended.
    pub fn all_ended(&self) -> bool {
        self.active.iter().chain(&self.retired).all(|member| member.thread.is_finished())
    }

    /// Lets go of everybody, and waits until `until` for their threads to end.
    pub fn end(&mut self, until: Instant) {
        self.workers.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.outlets = Outlets::closed();
        let acceptor = self.acceptor.take().map(Acceptor::into_thread);
        let workers = self.active.drain(..).chain(self.retired.drain(..)).map(|member| member.thread);
        // Their mailboxes are dropped here, which ends them.
        let threads: Vec<JoinHandle<()>> = workers.chain(acceptor).collect();
        while Instant::now() < until && !threads.iter().all(JoinHandle::is_finished) {
            std::thread::sleep(Duration::from_millis(1));
        }
        for thread in threads.into_iter().filter(JoinHandle::is_finished) {
            let _ = thread.join();
        }
    }

    /// Makes the worker at `place` panic.
    #[cfg(feature = "inject")]
    pub async fn panic_worker(&self, place: usize) {
        if let Some(member) = self.active.get(place) {
            member.mailbox.send(Message::Panic).await;
        }
    }

    /// Has this go wrong, or differently, on every worker.
    #[cfg(feature = "inject")]
    pub async fn inject(&self, what: proxy::Injection) {
        for member in &self.active {
            member.mailbox.send(Message::Inject(what)).await;
        }
    }
}

impl Member {
    async fn adopt(
        &mut self,
        world: &Arc<World>,
        groups: &[(GroupId, ListenerIx)],
        accept: Vec<GroupId>,
        sockets: Vec<(GroupId, Bound)>,
    ) -> oneshot::Receiver<Vec<GroupId>> {
        self.accepts = accept.iter().copied().collect();
        let adopt = Adopt { world: world.clone(), groups: groups.to_vec(), accept, sockets };
        let (done, wait) = oneshot::channel();
        self.mailbox.send(Message::Adopt(adopt, done)).await;
        wait
    }
}
