//! The acceptor: a thread that accepts and hands each connection to the least loaded worker.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use account::{Fault, FaultCounts};
use net::{Accepted, Bound, Descriptors, Held, Listening};
use tokio::runtime::LocalRuntime;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::mailbox::{GroupId, Mailbox};
use crate::thread;

/// While descriptors are short, or every worker's mailbox is full, how long it pauses.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_FULL: Duration = Duration::from_millis(1);
/// A connection that no worker takes in this time is reset, so that nobody waits for ever.
const LEAVING: Duration = Duration::from_secs(1);

/// The workers that connections are handed to. The lock is held to read or to replace the list.
pub type Workers = Arc<Mutex<Vec<Mailbox>>>;

/// An order to the acceptor.
#[derive(Debug)]
pub enum Order {
    /// Hand over what the queues of all groups but these hold, close them, and say when it is done.
    Keep(Vec<GroupId>, oneshot::Sender<()>),
    /// Accept from these too, and say which could not be listened to.
    Accept(Vec<(GroupId, Bound)>, oneshot::Sender<Vec<GroupId>>),
}

/// The acceptor, as the control thread sees it.
#[derive(Debug)]
pub struct Acceptor {
    orders: mpsc::UnboundedSender<Order>,
    thread: JoinHandle<()>,
    accepts: Vec<GroupId>,
}

impl Acceptor {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub fn start(workers: Workers, faults: Arc<FaultCounts>) -> io::Result<Self> {
        let (orders, taken) = mpsc::unbounded_channel();
        let thread = thread::start("fourseven-accept".into(), move |runtime| run(runtime, taken, &workers, &faults))?;
        Ok(Self { orders, thread, accepts: Vec::new() })
    }

    /// Whether it accepts from this group.
    pub fn accepts(&self, group: GroupId) -> bool {
        self.accepts.contains(&group)
    }

    /// Has it hand over what the queues of all groups but these hold, and close those.
    pub async fn keep(&mut self, groups: &[GroupId]) {
        let (done, wait) = oneshot::channel();
        let _ = self.orders.send(Order::Keep(groups.to_vec(), done));
        self.accepts.retain(|group| groups.contains(group));
        let _ = wait.await;
    }

    /// Has it accept from these too, and says whether it does from all.
    pub async fn accept(&mut self, sockets: Vec<(GroupId, Bound)>) -> bool {
        let (done, wait) = oneshot::channel();
        let groups: Vec<GroupId> = sockets.iter().map(|(group, _)| *group).collect();
        let _ = self.orders.send(Order::Accept(sockets, done));
        let failed = wait.await.unwrap_or_else(|_| groups.clone());
        self.accepts.extend(groups.into_iter().filter(|group| !failed.contains(group)));
        failed.is_empty()
    }

    /// Whether its thread has ended, which it does not do by itself.
    pub fn has_died(&self) -> bool {
        self.thread.is_finished()
    }

    /// Lets go of it, and says by which thread its end is seen.
    pub fn into_thread(self) -> JoinHandle<()> {
        self.thread
    }
}

struct Door {
    listening: Rc<Listening>,
    leave: Rc<Notify>,
    task: tokio::task::JoinHandle<()>,
}

fn run(
    runtime: LocalRuntime,
    mut orders: mpsc::UnboundedReceiver<Order>,
    workers: &Workers,
    faults: &Arc<FaultCounts>,
) {
    let descriptors = Descriptors::of_process();
    let hands =
        |group| Hands { group, workers: workers.clone(), descriptors: descriptors.clone(), faults: faults.clone() };
    let mut doors: HashMap<GroupId, Door> = HashMap::new();
    runtime.block_on(async move {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Accept(sockets, done) => {
                    let mut failed = Vec::new();
                    for (group, bound) in sockets {
                        let Ok(listening) = bound.listen().map(Rc::new) else {
                            failed.push(group);
                            continue;
                        };
                        let leave = Rc::new(Notify::new());
                        let task = tokio::task::spawn_local(accept(hands(group), listening.clone(), leave.clone()));
                        doors.insert(group, Door { listening, leave, task });
                    }
                    let _ = done.send(failed);
                }
                Order::Keep(groups, done) => {
                    let until = Instant::now() + LEAVING;
                    let leaving: Vec<GroupId> = doors.keys().copied().filter(|at| !groups.contains(at)).collect();
                    for (group, door) in leaving.into_iter().filter_map(|at| Some((at, doors.remove(&at)?))) {
                        leave(&hands(group), door, until).await;
                    }
                    let _ = done.send(());
                }
            }
        }
    });
}

/// Lets the task finish what it has in hand, and hands over what the queue holds, out of the reserve
/// of descriptors if need be. What nobody has taken by `until` is reset: the control thread waits, and
/// it may be that only it can make a worker take something.
async fn leave(hands: &Hands, mut door: Door, until: Instant) {
    door.leave.notify_one();
    if tokio::time::timeout_at(until.into(), &mut door.task).await.is_err() {
        door.task.abort();
    }
    while let Ok(Some(accepted)) = door.listening.accept_now() {
        let held = hands.descriptors.take_anyway(2);
        hands.hand(accepted, held, until).await;
    }
}

/// What it takes to hand a connection of one group over.
struct Hands {
    group: GroupId,
    workers: Workers,
    descriptors: Arc<Descriptors>,
    faults: Arc<FaultCounts>,
}

impl Hands {
    /// Gives a connection to the least loaded worker; resets it when none has taken it by `until`.
    async fn hand(&self, accepted: Accepted, held: Held, until: Instant) {
        let mut parcel = (accepted, held);
        loop {
            let refused = {
                let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
                // One that has died is replaced soon.
                match workers.iter().filter(|worker| worker.is_open()).min_by_key(|worker| worker.load()) {
                    Some(least) => least.try_hand(self.group, parcel),
                    None => Err(parcel),
                }
            };
            match refused {
                Ok(()) => return,
                Err(back) => parcel = back,
            }
            if Instant::now() >= until {
                self.faults.add(Fault::AcceptFailed);
                return parcel.0.reset();
            }
            tokio::time::sleep(PAUSE_FULL).await;
        }
    }
}

/// Accepts until told to leave, but pauses while descriptors are short.
async fn accept(hands: Hands, listening: Rc<Listening>, leave: Rc<Notify>) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = leave.notified() => return,
            accepted = next(&hands, &listening) => accepted,
        };
        match accepted {
            Ok((accepted, held)) => hands.hand(accepted, held, Instant::now() + LEAVING).await,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => {
                hands.faults.add(Fault::AcceptFailed);
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// The next connection. Nothing is lost when it is dropped while it waits.
async fn next(hands: &Hands, listening: &Listening) -> io::Result<(Accepted, Held)> {
    let mut short = false;
    let held = loop {
        match hands.descriptors.take(2) {
            Some(held) => break held,
            None => {
                if !std::mem::replace(&mut short, true) {
                    hands.faults.add(Fault::DescriptorLimit);
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    let promised = held.promise();
    let accepted = listening.accept().await?;
    drop(promised);
    Ok((accepted, held))
}
