//! The connections of a worker.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use account::{Fault, FaultCounts};
use slab::Slab;
use world::EndpointLive;

use crate::adopted::{EndpointHere, ListenerHere};

/// One connection of a worker, from its acceptance to its end.
#[derive(Debug)]
pub struct Connection {
    /// The listener it came in by.
    pub listener: Rc<ListenerHere>,
    endpoint: RefCell<Option<Rc<EndpointHere>>>,
    cut: Cell<Option<Fault>>,
    finishes: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Connection {
    /// Says which endpoint serves it now.
    pub fn set_endpoint(&self, endpoint: &Rc<EndpointHere>) {
        *self.endpoint.borrow_mut() = Some(endpoint.clone());
    }

    /// Says that no endpoint serves it now: it waits for its next request.
    pub fn clear_endpoint(&self) {
        *self.endpoint.borrow_mut() = None;
    }

    /// Which endpoint serves it now, by the address of its life.
    pub fn endpoint(&self) -> Option<*const EndpointLive> {
        self.endpoint.borrow().as_ref().map(|here| Arc::as_ptr(&here.live))
    }

    /// Ready once somebody has ordered its end.
    pub fn poll_cut(&self, cx: &mut Context<'_>) -> Poll<Fault> {
        if let Some(fault) = self.cut.get() {
            return Poll::Ready(fault);
        }
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Waits until somebody has ordered its end.
    pub async fn cut(&self) -> Fault {
        std::future::poll_fn(|cx| self.poll_cut(cx)).await
    }

    /// Whether it is to end once what is under way is done. Who asks is told by way of
    /// [`Connection::poll_cut`].
    pub fn finishes(&self) -> bool {
        self.finishes.get()
    }

    fn finish(&self) {
        self.finishes.set(true);
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn order_end(&self, fault: Fault) {
        self.cut.set(self.cut.get().or(Some(fault)));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

/// The connections of a worker.
#[derive(Debug)]
pub struct Connections {
    open: RefCell<Slab<Rc<Connection>>>,
    /// How many there are, for others to read.
    load: Arc<AtomicUsize>,
    faults: Arc<FaultCounts>,
    emptied: tokio::sync::Notify,
}

impl Connections {
    /// None yet. Their number is kept in `load`, and those that end by a panic are counted in
    /// `faults`.
    pub fn new(load: Arc<AtomicUsize>, faults: Arc<FaultCounts>) -> Self {
        Self { open: RefCell::default(), load, faults, emptied: tokio::sync::Notify::new() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.open.borrow().len()
    }

    /// Waits until there is none.
    pub async fn none_left(&self) {
        while self.count() > 0 {
            self.emptied.notified().await;
        }
    }

    /// Orders the end of those that `which` says, and returns how many they are.
    pub fn cut(&self, fault: Fault, which: impl Fn(&Connection) -> bool) -> usize {
        let chosen = self.chosen(which);
        chosen.iter().for_each(|connection| connection.order_end(fault));
        chosen.len()
    }

    /// Has those end, that `which` says, once what is under way on them is done.
    pub fn finish(&self, which: impl Fn(&Connection) -> bool) {
        self.chosen(which).iter().for_each(|connection| connection.finish());
    }

    /// Apart from the list: waking runs the code of others, which may change it.
    fn chosen(&self, which: impl Fn(&Connection) -> bool) -> Vec<Rc<Connection>> {
        self.open.borrow().iter().map(|(_, open)| open).filter(|open| which(open)).cloned().collect()
    }

    fn enter(&self, listener: Rc<ListenerHere>) -> (usize, Rc<Connection>) {
        listener.counts.accepted.add(1);
        self.load.fetch_add(1, Ordering::Relaxed);
        let connection = Rc::new(Connection {
            listener,
            endpoint: RefCell::default(),
            cut: Cell::default(),
            finishes: Cell::default(),
            waker: RefCell::default(),
        });
        (self.open.borrow_mut().insert(connection.clone()), connection)
    }

    fn leave(&self, key: usize, connection: &Connection) {
        connection.listener.counts.ended.add(1);
        self.load.fetch_sub(1, Ordering::Relaxed);
        if std::thread::panicking() {
            self.faults.add(Fault::Panic);
        }
        drop(self.open.borrow_mut().try_remove(key));
        if self.count() == 0 {
            self.emptied.notify_waiters();
        }
    }
}

/// A connection's place among the others, left by its drop however the connection ends.
#[derive(Debug)]
pub struct Entered {
    station: Rc<crate::Station>,
    key: usize,
    connection: Rc<Connection>,
}

impl Entered {
    /// Takes a place.
    pub fn new(station: &Rc<crate::Station>, listener: Rc<ListenerHere>) -> Self {
        let (key, connection) = station.connections.enter(listener);
        Self { station: station.clone(), key, connection }
    }

    /// The worker.
    pub fn station(&self) -> &Rc<crate::Station> {
        &self.station
    }
}

impl std::ops::Deref for Entered {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.station.connections.leave(self.key, &self.connection);
    }
}
