//! Messages to a worker and to the acceptor.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use account::Fault;
use net::{Accepted, Bound, Held};
use tokio::sync::{mpsc, oneshot};
use world::{EndpointLive, ListenerIx, World};

/// How many messages wait for a worker at most; whoever sends more waits itself.
const ROOM: usize = 1024;

/// Names a group of sockets on one address for as long as it listens there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u32);

/// Names a worker; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u32);

/// A message to a worker.
#[derive(Debug)]
pub enum Message {
    /// Adopt this world, and say when it is done and which groups could not be listened to.
    Adopt(Adopt, oneshot::Sender<Vec<GroupId>>),
    /// Somebody else accepted a connection for you.
    Accepted(GroupId, Accepted, Held),
    /// Cut the connections of those of these endpoints that still drain, or all.
    Cut(Cut, oneshot::Sender<usize>),
    /// Accept nothing more, say when all sockets are closed, and end once the last connection has
    /// ended.
    Retire(oneshot::Sender<()>),
    /// Panic, to prove that another worker takes over.
    #[cfg(feature = "inject")]
    Panic,
    /// Have this go wrong, or differently.
    #[cfg(feature = "inject")]
    Inject(proxy::Injection),
}

/// Which connections to cut, and why.
#[derive(Debug, Clone)]
pub struct Cut {
    /// Only those that these endpoints serve.
    pub endpoints: Option<Vec<Arc<EndpointLive>>>,
    /// Why.
    pub fault: Fault,
}

/// What to adopt.
#[derive(Debug)]
pub struct Adopt {
    /// The world.
    pub world: Arc<World>,
    /// Which listener of it each group serves.
    pub groups: Vec<(GroupId, ListenerIx)>,
    /// The groups to accept from. Accept what the queues of all others hold, and leave them.
    pub accept: Vec<GroupId>,
    /// Sockets of groups that are new to this worker.
    pub sockets: Vec<(GroupId, Bound)>,
}

/// How to reach a worker.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// Its name.
    pub id: WorkerId,
    sender: mpsc::Sender<Message>,
    load: Arc<AtomicUsize>,
}

impl Mailbox {
    /// The mailbox of a new worker, and what the worker keeps of it.
    pub fn new(id: WorkerId) -> (Self, mpsc::Receiver<Message>, Arc<AtomicUsize>) {
        let (sender, receiver) = mpsc::channel(ROOM);
        let load = Arc::new(AtomicUsize::new(0));
        (Self { id, sender, load: load.clone() }, receiver, load)
    }

    /// How many connections the worker has.
    pub fn load(&self) -> usize {
        self.load.load(Ordering::Relaxed)
    }

    /// Whether the worker still takes messages.
    pub fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a message, waiting for room. A worker that has ended takes none, and that is no error:
    /// the control thread hears of its end.
    pub async fn send(&self, message: Message) {
        let _ = self.sender.send(message).await;
    }

    /// Hands a connection over now, or gives it back. It counts as the worker's load from here on,
    /// so that a burst is shared out though no worker has looked yet.
    ///
    /// # Errors
    ///
    /// The connection, when there is no room or the worker has ended.
    pub fn try_hand(&self, group: GroupId, parcel: (Accepted, Held)) -> Result<(), (Accepted, Held)> {
        match self.sender.try_reserve() {
            Ok(permit) => {
                self.load.fetch_add(1, Ordering::Relaxed);
                permit.send(Message::Accepted(group, parcel.0, parcel.1));
                Ok(())
            }
            Err(_) => Err(parcel),
        }
    }
}
