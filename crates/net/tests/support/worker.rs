//! What a worker has, in a runtime of its own.

use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use net::{Descriptors, Ended, Half, Relay, Tools, Wheel};
use plan::Timeouts;
use tokio::runtime::{Builder, LocalOptions};

/// A story that takes longer hangs.
const HANGS: Duration = Duration::from_secs(40);

/// The most that one poll may move one way, by way of the largest pipes too.
const MOST_A_POLL: u64 = 4 * 1024 * 1024;

/// Waits for ever.
pub const PATIENT: Timeouts = Timeouts { connect: 10_000, idle: None, half_close: None };

/// What a worker lends to its relays, and its timers.
pub struct Worker {
    pub tools: Tools,
    pub wheel: Wheel,
    /// Counts pipes, two each; nothing else is taken from it.
    pub descriptors: Arc<Descriptors>,
}

impl Worker {
    /// With room for so many descriptors.
    pub fn with_room(descriptors: usize) -> Self {
        let descriptors = Arc::new(Descriptors::new(descriptors));
        Self { tools: Tools::new(&descriptors), wheel: Wheel::default(), descriptors }
    }

    pub fn relay<C: Half + Unpin, E: Half + Unpin>(&self, client: C, endpoint: E, timeouts: Timeouts) -> Running<C, E> {
        Running { relay: Relay::new(client, endpoint, timeouts, self.wheel.timer()), polls: 0 }
    }

    /// How many pipes there are, in use or spare.
    pub fn pipes(&self) -> usize {
        self.descriptors.taken() / 2
    }
}

impl Default for Worker {
    fn default() -> Self {
        Self::with_room(1 << 20)
    }
}

/// A relay that counts how often it is polled.
pub struct Running<C, E> {
    pub relay: Relay<C, E>,
    pub polls: usize,
}

impl<C: Half + Unpin, E: Half + Unpin> Running<C, E> {
    /// Runs to the end.
    pub async fn run(&mut self, tools: &Tools) -> Ended {
        poll_fn(|cx| {
            self.polls += 1;
            let before = (self.relay.up(), self.relay.down());
            let polled = self.relay.poll(cx, tools);
            let moved = (self.relay.up() - before.0, self.relay.down() - before.1);
            assert!(moved.0.max(moved.1) <= MOST_A_POLL, "{moved:?} at a time");
            polled
        })
        .await
    }

    /// Runs until `done` says so; panics if the relay ends before.
    pub async fn run_until(&mut self, tools: &Tools, done: impl Future<Output = ()>) {
        let mut done = std::pin::pin!(done);
        poll_fn(|cx| {
            if done.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            self.polls += 1;
            match self.relay.poll(cx, tools) {
                Poll::Ready(ended) => panic!("ended too early: {ended:?}"),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
    }
}

/// Runs `story` in a runtime as a worker has it, with the timers going.
pub fn on_worker<T>(worker: Worker, story: impl AsyncFnOnce(Rc<Worker>) -> T) -> T {
    let runtime = Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).unwrap();
    let worker = Rc::new(worker);
    runtime.block_on(async {
        let wheel = worker.wheel.clone();
        let driver = tokio::task::spawn_local(async move { wheel.drive().await });
        let told = tokio::time::timeout(HANGS, story(worker)).await.expect("the story hangs");
        driver.abort();
        told
    })
}

/// Lets everything else that is ready run, `times` over.
pub async fn others_run(times: usize) {
    for _ in 0..times {
        tokio::task::yield_now().await;
    }
}
