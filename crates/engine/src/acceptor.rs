//! The acceptor: a thread that accepts and hands each connection to the least loaded worker.

use std::collections::HashMap;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use net::{Accepted, Bound, Descriptors, Held, Listening};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::mailbox::{GroupId, Mailbox};

/// While descriptors are short, or every worker's mailbox is full, how long it pauses.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_FULL: Duration = Duration::from_millis(1);
/// A connection that no worker takes in so many pauses is dropped, so that nobody waits for ever.
const TRIES: usize = 1000;

/// The workers that connections are handed to. The lock is held to read or to replace the list.
pub type Workers = Arc<Mutex<Vec<Mailbox>>>;

/// An order to the acceptor.
#[derive(Debug)]
pub enum Order {
    /// Hand over what the queues of all groups but these hold, close them, and say when it is done.
    Keep(Vec<GroupId>, oneshot::Sender<()>),
    /// Accept from these too.
    Accept(Vec<(GroupId, Bound)>),
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
    pub fn start(workers: Workers) -> io::Result<Self> {
        let (orders, taken) = mpsc::unbounded_channel();
        let body = move || drop(run(taken, workers));
        let thread = std::thread::Builder::new().name("fourseven-accept".into()).spawn(body)?;
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

    /// Has it accept from these too.
    pub fn accept(&mut self, sockets: Vec<(GroupId, Bound)>) {
        self.accepts.extend(sockets.iter().map(|(group, _)| *group));
        let _ = self.orders.send(Order::Accept(sockets));
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

fn run(mut orders: mpsc::UnboundedReceiver<Order>, workers: Workers) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default())?;
    let descriptors = Descriptors::of_process();
    let mut doors: HashMap<GroupId, Door> = HashMap::new();
    runtime.block_on(async move {
        while let Some(order) = orders.recv().await {
            match order {
                Order::Accept(sockets) => {
                    for (group, bound) in sockets {
                        let Ok(listening) = bound.listen().map(Rc::new) else {
                            continue;
                        };
                        let leave = Rc::new(Notify::new());
                        let hands = Hands { group, workers: workers.clone(), descriptors: descriptors.clone() };
                        let task = tokio::task::spawn_local(accept(hands, listening.clone(), leave.clone()));
                        doors.insert(group, Door { listening, leave, task });
                    }
                }
                Order::Keep(groups, done) => {
                    let leaving: Vec<GroupId> = doors.keys().copied().filter(|at| !groups.contains(at)).collect();
                    for (group, door) in leaving.into_iter().filter_map(|at| Some((at, doors.remove(&at)?))) {
                        let hands = Hands { group, workers: workers.clone(), descriptors: descriptors.clone() };
                        leave(&hands, door).await;
                    }
                    let _ = done.send(());
                }
            }
        }
    });
    Ok(())
}

/// Lets the task finish what it has in hand, and hands over what the queue holds.
async fn leave(hands: &Hands, door: Door) {
    door.leave.notify_one();
    let _ = door.task.await;
    while let Some(held) = hands.descriptors.take(2) {
        let Some(stream) = door.listening.accept_now() else {
            break;
        };
        if let Ok(accepted) = Accepted::from_stream(stream) {
            hands.hand(accepted, held).await;
        }
    }
}

/// What it takes to hand a connection of one group over.
struct Hands {
    group: GroupId,
    workers: Workers,
    descriptors: Arc<Descriptors>,
}

impl Hands {
    /// Gives a connection to the least loaded worker.
    async fn hand(&self, accepted: Accepted, held: Held) {
        let mut parcel = (accepted, held);
        for _ in 0..TRIES {
            let refused = {
                let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
                match workers.iter().min_by_key(|worker| worker.load()) {
                    Some(least) => least.try_hand(self.group, parcel),
                    None => Err(parcel),
                }
            };
            match refused {
                Ok(()) => return,
                Err(back) => parcel = back,
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
            accepted = next(&hands.descriptors, &listening) => accepted,
        };
        match accepted {
            Ok((accepted, held)) => hands.hand(accepted, held).await,
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// The next connection. Nothing is lost when it is dropped while it waits.
async fn next(descriptors: &Arc<Descriptors>, listening: &Listening) -> io::Result<(Accepted, Held)> {
    let held = loop {
        match descriptors.take(2) {
            Some(held) => break held,
            None => tokio::time::sleep(PAUSE).await,
        }
    };
    Ok((Accepted::from_stream(listening.accept().await?)?, held))
}
