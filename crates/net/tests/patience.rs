//! When a relay gives up: the idle and the half-close timeout, and that waiting costs nothing.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use account::Fault;
use net::{Ended, Half};
use plan::Timeouts;
use support::made::{Made, Stage, Wakes};
use support::script::{Ending, Script, Sends};
use support::worker::{PATIENT, Running, Worker};

const LIMIT: Duration = Duration::from_millis(100);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(3);

fn idle(millis: u32) -> Timeouts {
    Timeouts { idle: Some(millis), ..PATIENT }
}

fn half_close(millis: u32) -> Timeouts {
    Timeouts { half_close: Some(millis), ..PATIENT }
}

/// A waker that remembers.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A relay whose time the test drives, as closely as the worker ever could.
struct Driven<'a, C, E> {
    worker: &'a Worker,
    running: Running<C, E>,
    woken: Arc<Woken>,
}

impl<'a, C: Half + Unpin, E: Half + Unpin> Driven<'a, C, E> {
    fn new(worker: &'a Worker, client: C, endpoint: E, timeouts: Timeouts) -> Self {
        let mut driven =
            Self { worker, running: worker.relay(client, endpoint, timeouts), woken: Arc::new(Woken::default()) };
        assert!(driven.poll().is_pending());
        driven
    }

    fn poll(&mut self) -> Poll<Ended> {
        let waker = Waker::from(self.woken.clone());
        self.running.polls += 1;
        self.running.relay.poll(&mut Context::from_waker(&waker), &self.worker.tools)
    }

    /// Time goes on to now; polls the relay if that has woken it.
    fn step(&mut self) -> Option<Ended> {
        self.worker.wheel.advance(self.worker.wheel.now());
        match self.woken.0.swap(false, Ordering::Relaxed) {
            true => match self.poll() {
                Poll::Ready(ended) => Some(ended),
                Poll::Pending => None,
            },
            false => None,
        }
    }

    /// Time goes on until the relay ends; says when.
    fn end(&mut self) -> (Ended, Instant) {
        let hangs = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(ended) = self.step() {
                return (ended, Instant::now());
            }
            assert!(Instant::now() < hangs, "it never gives up");
        }
    }

    /// Time goes on so long, and the relay does not end.
    fn lasts(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            assert!(self.step().is_none(), "it has ended too early");
        }
    }
}

/// Lets the one call that waits go on, and says when.
fn nudge(made: &Made) -> Instant {
    let at = Instant::now();
    let waker = made.stage().go_on(0);
    waker.unwrap().wake();
    at
}

#[test]
fn an_idle_connection_ends_after_the_idle_timeout() {
    let worker = Worker::default();
    let (client, endpoint) = Stage::halves(Script::silent(), Script::silent(), Wakes::Told);
    let begin = Instant::now();
    let mut driven = Driven::new(&worker, client.clone(), endpoint, idle(100));
    let (ended, at) = driven.end();
    assert_eq!(ended.fault, Some(Fault::IdleTimeout));
    assert!(at - begin >= LIMIT && at - begin < LIMIT + SLACK, "after {:?}", at - begin);
    assert_eq!(client.stage().of(support::script::Side::Client).aborted, 1);
    assert!(driven.running.polls <= 3, "{} polls", driven.running.polls);
}

#[test]
fn the_timeouts_never_fire_early_whenever_the_last_byte_came() {
    let worker = Worker::default();
    let sends = vec![Sends::Bytes(1), Sends::Wait, Sends::Bytes(1)];
    let script = Script { sends, ending: Ending::Silence, ..Script::default() };
    let begin = Instant::now();
    // The second byte comes at any point of a tick, and of the ticks after.
    let delays = (0..400).map(|tenth| Duration::from_micros(100 * tenth));
    let mut relays: Vec<_> = delays
        .flat_map(|delay| [90, 91, 100, 110, 115].map(|limit| (delay, limit)))
        .map(|(delay, limit)| {
            let (client, endpoint) = Stage::halves(script.clone(), Script::silent(), Wakes::Told);
            (Driven::new(&worker, client.clone(), endpoint, idle(limit)), client, delay, limit, None)
        })
        .collect();
    let mut early = Vec::new();
    while !relays.is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(10), "it never gives up");
        relays.retain_mut(|(driven, client, delay, limit, last)| {
            if last.is_none() && begin.elapsed() >= *delay {
                *last = Some(nudge(client));
            }
            let (Some(_), Some(last)) = (driven.step(), *last) else { return true };
            let waited = last.elapsed();
            if waited < Duration::from_millis(u64::from(*limit)) {
                early.push((*limit, waited, *delay));
            }
            false
        });
    }
    assert!(early.is_empty(), "limit, waited, delay of the second byte: {early:?}");
}

/// Whether a relay lives on while one of its halves sends a byte now and then. `None` if the machine
/// was too busy to tell: the next byte came too late.
fn lives(client: &Script, endpoint: &Script, timeouts: Timeouts) -> Option<bool> {
    let worker = Worker::default();
    let (client, endpoint) = Stage::halves(client.clone(), endpoint.clone(), Wakes::Told);
    let mut last = Instant::now();
    let mut driven = Driven::new(&worker, client.clone(), endpoint, timeouts);
    for _ in 0..10 {
        let next = Instant::now() + Duration::from_millis(40);
        while Instant::now() < next {
            if driven.step().is_some() {
                return (last.elapsed() < LIMIT).then_some(false);
            }
        }
        last = nudge(&client);
    }
    Some(true)
}

/// Asks until the machine is idle enough to tell.
fn check_lives(client: &Script, endpoint: &Script, timeouts: Timeouts) {
    let told = (0..50).find_map(|_| lives(client, endpoint, timeouts));
    assert!(told.expect("the machine is too busy"), "it has ended too early");
}

fn a_byte_now_and_then() -> Script {
    Script { sends: [Sends::Wait, Sends::Bytes(1)].repeat(11), ..Script::default() }
}

#[test]
fn bytes_in_one_direction_keep_both_alive() {
    check_lives(&a_byte_now_and_then(), &Script::silent(), idle(100));
    check_lives(&Script::silent(), &a_byte_now_and_then(), idle(100));
}

#[test]
fn bytes_keep_a_half_closed_connection_alive() {
    check_lives(&Script::default(), &a_byte_now_and_then(), half_close(100));
    check_lives(&a_byte_now_and_then(), &Script::default(), half_close(100));
}

#[test]
fn half_closed_it_ends_after_the_half_close_timeout() {
    for client_ends in [true, false] {
        let worker = Worker::default();
        let (one, other) = (Script::default(), Script::silent());
        let (client, endpoint) = if client_ends { (one, other) } else { (other, one) };
        let (client, endpoint) = Stage::halves(client, endpoint, Wakes::Told);
        let begin = Instant::now();
        let mut driven = Driven::new(&worker, client.clone(), endpoint, half_close(100));
        let (ended, at) = driven.end();
        assert_eq!(ended.fault, Some(Fault::HalfCloseTimeout));
        assert!(at - begin >= LIMIT && at - begin < LIMIT + SLACK, "after {:?}", at - begin);
    }
}

#[test]
fn a_half_close_does_not_wait_for_a_longer_idle_timeout() {
    let worker = Worker::default();
    let client = Script { sends: vec![Sends::Wait], ..Script::default() };
    let (client, endpoint) = Stage::halves(client, Script::silent(), Wakes::Told);
    let timeouts = Timeouts { idle: Some(600_000), ..half_close(100) };
    let mut driven = Driven::new(&worker, client.clone(), endpoint, timeouts);
    driven.lasts(Duration::from_millis(20));
    nudge(&client);
    assert_eq!(driven.end().0.fault, Some(Fault::HalfCloseTimeout));
}

#[test]
fn the_half_close_timeout_begins_with_the_half_close_however_long_nothing_came_before() {
    let worker = Worker::default();
    let client = Script { sends: vec![Sends::Wait], ..Script::default() };
    let (client, endpoint) = Stage::halves(client, Script::silent(), Wakes::Told);
    let mut driven = Driven::new(&worker, client.clone(), endpoint, half_close(100));
    driven.lasts(Duration::from_millis(300));
    let closed = nudge(&client);
    let (ended, at) = driven.end();
    assert_eq!(ended.fault, Some(Fault::HalfCloseTimeout));
    assert!(at - closed >= LIMIT, "after {:?}", at - closed);
}

#[test]
fn the_idle_timeout_does_not_count_once_half_closed_nor_the_other_before() {
    let worker = Worker::default();
    for (script, timeouts) in [(Script::default(), idle(50)), (Script::silent(), half_close(50))] {
        let (client, endpoint) = Stage::halves(script, Script::silent(), Wakes::Told);
        Driven::new(&worker, client, endpoint, timeouts).lasts(Duration::from_millis(150));
    }
}

#[cfg(unix)]
mod over_sockets {
    use super::*;
    use support::sockets::{Kind, Peer, carry};
    use support::worker::on_worker;

    /// Sends `count` bytes each way.
    async fn talk(one: &Peer, other: &Peer, count: u64) {
        carry(one, other, count).await;
        carry(other, one, count).await;
        support::worker::others_run(10).await;
    }

    #[test]
    fn an_idle_connection_costs_no_wake_up() {
        on_worker(Worker::default(), async |worker| {
            let mut tasks = Vec::new();
            for timeouts in [PATIENT, idle(600_000), Timeouts { idle: Some(600_000), ..half_close(30_000) }] {
                for before in [0, 100, 5_000_000] {
                    let (client, client_peer) = Peer::pair(Kind::Tcp, None);
                    let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
                    let mut running = worker.relay(client, endpoint, timeouts);
                    let talk = talk(&client_peer, &endpoint_peer, before);
                    running.run_until(&worker.tools, talk).await;
                    running.polls = 0;
                    let worker = worker.clone();
                    tasks.push(tokio::task::spawn_local(async move {
                        let _peers = (client_peer, endpoint_peer);
                        let second = tokio::time::timeout(Duration::from_secs(1), running.run(&worker.tools));
                        assert!(second.await.is_err(), "it has ended");
                        running.polls
                    }));
                }
            }
            for task in tasks {
                let polls = task.await.unwrap();
                // One by the spawn, one by the end of the second.
                assert!(polls <= 2, "{polls} polls");
            }
        });
    }

    #[test]
    fn a_blocked_connection_is_looked_at_about_once_a_second() {
        on_worker(Worker::default(), async |worker| {
            let (client, client_peer) = Peer::pair(Kind::Tcp, Some(64 * 1024));
            let (endpoint, _endpoint_peer) = Peer::pair(Kind::Tcp, Some(64 * 1024));
            let mut running = worker.relay(client, endpoint, PATIENT);
            running.run_until(&worker.tools, client_peer.send_until_it_stalls()).await;
            running.polls = 0;
            let while_blocked = tokio::time::timeout(Duration::from_millis(2300), running.run(&worker.tools));
            assert!(while_blocked.await.is_err(), "it has ended");
            // The system probes the closed window now and then, which wakes too.
            assert!(running.polls <= 20, "{} polls", running.polls);
        });
    }
}
