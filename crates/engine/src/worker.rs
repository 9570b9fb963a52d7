//! A worker: one thread, one runtime, everything on it its own.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use account::{Fault, FaultCounts};
use net::{Accepted, Descriptors, Held, Listening};
use proxy::{Outlet, Station};
use tokio::runtime::LocalRuntime;
use tokio::sync::mpsc;
use world::{ListenerIx, State};

use crate::mailbox::{Adopt, Cut, GroupId, Mailbox, Message, WorkerId};
use crate::thread;

/// While descriptors are short, how long accepting pauses, in milliseconds.
const PAUSE: u32 = 100;

/// How long a worker that ends waits for room to hand on the last lines of its log.
const WRITE_OUT: Duration = Duration::from_millis(250);

/// Starts worker `id`; `ended` is called on its thread when it ends, also by a panic.
///
/// # Errors
///
/// The system gives no thread.
pub fn start(
    id: WorkerId,
    faults: Arc<FaultCounts>,
    outlet: Outlet,
    ended: impl FnOnce() + Send + 'static,
) -> io::Result<(Mailbox, JoinHandle<()>)> {
    let (mailbox, messages, load) = Mailbox::new(id);
    let body = move |runtime| {
        let work = || run(runtime, id, messages, (load, faults, outlet));
        // The panic was reported by the hook, and the control thread replaces this one.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        ended();
    };
    Ok((mailbox, thread::start(format!("fourseven-{}", id.0), body)?))
}

fn run(
    runtime: LocalRuntime,
    id: WorkerId,
    messages: mpsc::Receiver<Message>,
    (load, faults, outlet): (Arc<AtomicUsize>, Arc<FaultCounts>, Outlet),
) {
    let station = Rc::new(Station::new(id.0, load.clone(), faults, outlet, Descriptors::of_process()));
    let (wheel, logging, logged) = (station.wheel.clone(), station.clone(), station.clone());
    runtime.block_on(async move {
        tokio::task::spawn_local(async move { wheel.drive().await });
        tokio::task::spawn_local(async move { logging.log.drive().await });
        let (doors, places) = (HashMap::new(), HashMap::new());
        Worker { station, doors, places, load, retiring: false }.serve(messages).await;
        logged.log.finish(WRITE_OUT);
    });
}

struct Worker {
    station: Rc<Station>,
    /// The sockets it accepts from.
    doors: HashMap<GroupId, Door>,
    /// Which listener of the adopted world each group serves; shared with the tasks that accept.
    places: HashMap<GroupId, Place>,
    load: Arc<AtomicUsize>,
    retiring: bool,
}

type Place = Rc<Cell<ListenerIx>>;

/// A socket and the task that accepts from it.
struct Door {
    listening: Rc<Listening>,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    async fn serve(mut self, mut messages: mpsc::Receiver<Message>) {
        let station = self.station.clone();
        loop {
            tokio::select! {
                biased;
                message = messages.recv() => match message {
                    Some(message) => self.take(message).await,
                    // The control thread is gone, and with it the reason to go on.
                    None => return self.end().await,
                },
                () = station.connections.none_left(), if self.retiring => return,
            }
        }
    }

    async fn take(&mut self, message: Message) {
        match message {
            Message::Adopt(adopt, done) => {
                let _ = done.send(self.adopt(adopt).await);
            }
            Message::Accepted(group, accepted, held) => {
                // From here on it is counted as a connection, no longer as one on its way.
                self.load.fetch_sub(1, Ordering::Relaxed);
                match self.places.get(&group) {
                    Some(place) => drop(begin(&self.station, accepted, place, held)),
                    None => accepted.reset(),
                }
            }
            Message::Cut(cut, done) => {
                let _ = done.send(self.cut(&cut));
            }
            Message::Retire(done) => {
                self.leave(|_| false).await;
                self.retiring = true;
                self.station.connections.finish(|_| true);
                let _ = done.send(());
            }
            #[cfg(feature = "inject")]
            #[expect(clippy::panic, reason = "it is asked for")]
            Message::Panic => panic!("injected"),
            #[cfg(feature = "inject")]
            Message::Inject(what) => self.station.inject(what),
        }
    }

    /// Leaves the groups that are not to be accepted from any more, under the world that they belong
    /// to, and then adopts the new one. Returns the groups it could not listen to.
    async fn adopt(&mut self, adopt: Adopt) -> Vec<GroupId> {
        self.leave(|group| adopt.accept.contains(&group)).await;
        self.station.adopt(adopt.world);
        let before = std::mem::take(&mut self.places);
        for (group, listener) in adopt.groups {
            let place = before.get(&group).cloned().unwrap_or_else(|| Rc::new(Cell::new(listener)));
            place.set(listener);
            self.places.insert(group, place);
        }
        let mut failed = Vec::new();
        for (group, bound) in adopt.sockets {
            let (Some(place), Ok(listening)) = (self.places.get(&group), bound.listen()) else {
                failed.push(group);
                continue;
            };
            let listening = Rc::new(listening);
            let accepting = accept(self.station.clone(), listening.clone(), place.clone());
            let task = tokio::task::spawn_local(accepting);
            self.doors.insert(group, Door { listening, task });
        }
        failed
    }

    /// Accepts what the queues of all groups hold that are not to stay, and closes them: when it
    /// returns nobody is sent there any more, and another may have the address.
    async fn leave(&mut self, stays: impl Fn(GroupId) -> bool) {
        let leaving: Vec<GroupId> = self.doors.keys().copied().filter(|group| !stays(*group)).collect();
        for group in leaving {
            let Some(door) = self.doors.remove(&group) else {
                continue;
            };
            door.task.abort();
            // Until the runtime has dropped it, it holds the socket too.
            let _ = door.task.await;
            let Some(place) = self.places.get(&group) else {
                continue;
            };
            // Out of the reserve if need be: nobody else can serve them.
            while let Ok(Some(accepted)) = door.listening.accept_now() {
                let held = self.station.descriptors.take_anyway(2);
                let _ = begin(&self.station, accepted, place, held);
            }
        }
    }

    /// Cuts every connection, and waits until each has said so to its two sides.
    async fn end(&mut self) {
        self.doors.drain().for_each(|(_, door)| door.task.abort());
        self.station.connections.cut(Fault::Closed, |_| true);
        self.station.connections.none_left().await;
    }

    fn cut(&self, cut: &Cut) -> usize {
        let Some(endpoints) = &cut.endpoints else {
            return self.station.connections.cut(cut.fault, |_| true);
        };
        // One may have come back into the plan since.
        let drain = endpoints.iter().filter(|endpoint| endpoint.state() == State::Draining);
        let drain: HashSet<_> = drain.map(Arc::as_ptr).collect();
        self.station.connections.cut(cut.fault, |open| open.endpoint().is_some_and(|live| drain.contains(&live)))
    }
}

/// Begins a connection of the listener that has its place there now. Without memory to register it, it
/// is reset; says whether it began.
fn begin(station: &Rc<Station>, accepted: Accepted, place: &Place, held: Held) -> bool {
    match accepted.register() {
        Ok(stream) => {
            proxy::begin(station, stream, place.get(), held);
            true
        }
        Err(_) => {
            station.faults.add(Fault::AcceptFailed);
            false
        }
    }
}

/// Accepts for ever, but pauses while descriptors are short.
async fn accept(station: Rc<Station>, listening: Rc<Listening>, place: Place) {
    let mut pause = station.wheel.timer();
    loop {
        let held = match station.descriptors.take(2) {
            Some(held) => held,
            None => {
                station.faults.add(Fault::DescriptorLimit);
                station.tools.give_up_spare();
                loop {
                    pause.arm(station.wheel.now().after(PAUSE));
                    pause.fired().await;
                    if let Some(held) = station.descriptors.take(2) {
                        break held;
                    }
                }
            }
        };
        let promised = held.promise();
        let accepted = listening.accept().await;
        drop(promised);
        let short = match accepted {
            Ok(accepted) => !begin(&station, accepted, &place, held),
            // The client had gone before its turn came.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => false,
            Err(_) => {
                station.faults.add(Fault::AcceptFailed);
                drop(held);
                true
            }
        };
        if short {
            pause.arm(station.wheel.now().after(PAUSE));
            pause.fired().await;
        }
    }
}
