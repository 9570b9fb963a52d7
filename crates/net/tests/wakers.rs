//! A relay over sockets that is polled with other wakers, or with nothing left of its budget.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use net::{Ended, Half};
use support::random::Random;
use support::sockets::{Kind, Peer, carry};
use support::worker::{PATIENT, Worker, on_worker, others_run};
use tokio::runtime::{Builder, LocalOptions};
use tokio::task::coop;

/// Wakes a task, unless a later one has taken its place.
struct Latest {
    number: u64,
    last: Arc<AtomicU64>,
    task: Waker,
}

impl Wake for Latest {
    fn wake(self: Arc<Self>) {
        if self.number == self.last.load(Ordering::Relaxed) {
            self.task.wake_by_ref();
        }
    }
}

/// Talk of all sizes, one way and the other and both at once.
async fn talk(one: &Peer, other: &Peer) {
    let mut random = Random::new(3);
    for _ in 0..300 {
        let size = |random: &mut Random| 1 + random.below([100, 10_000, 600_000][random.clone().below(3)]) as u64;
        let (up, down) = (size(&mut random), size(&mut random));
        match random.below(3) {
            0 => carry(one, other, up).await,
            1 => carry(other, one, down).await,
            _ => _ = tokio::join!(carry(one, other, up), carry(other, one, down)),
        }
        others_run(random.below(4)).await;
    }
    one.finish();
    other.finish();
}

/// Carries talk through a relay that is polled by way of `poll`.
fn check(poll: impl Fn(&mut Context<'_>, &mut dyn FnMut(&mut Context<'_>) -> Poll<Ended>) -> Poll<Ended> + 'static) {
    let poll = Rc::new(poll);
    for (kind, splice) in [(Kind::Tcp, true), (Kind::Tcp, false), (Kind::Unix, true), (Kind::Unix, false)] {
        on_worker(Worker::default(), async |worker| {
            worker.tools.splice.set(splice);
            let (client, client_peer) = Peer::pair(kind, None);
            let (endpoint, endpoint_peer) = Peer::pair(kind, None);
            let mut running = worker.relay(client, endpoint, PATIENT);
            let (poll, tools) = (poll.clone(), worker.clone());
            let relay =
                tokio::task::spawn_local(poll_fn(move |cx| poll(cx, &mut |cx| running.relay.poll(cx, &tools.tools))));
            talk(&client_peer, &endpoint_peer).await;
            assert_eq!(relay.await.unwrap().fault, None);
        });
    }
}

#[test]
fn a_waker_that_was_replaced_is_not_relied_on() {
    let last = Arc::new(AtomicU64::new(0));
    check(move |cx, relay| {
        let number = last.fetch_add(1, Ordering::Relaxed) + 1;
        let latest = Latest { number, last: last.clone(), task: cx.waker().clone() };
        relay(&mut Context::from_waker(&Waker::from(Arc::new(latest))))
    });
}

#[test]
fn what_comes_while_the_other_side_blocks_wakes_nobody() {
    for (kind, splice) in [(Kind::Tcp, true), (Kind::Tcp, false), (Kind::Unix, true), (Kind::Unix, false)] {
        let woken = Arc::new(AtomicU64::new(0));
        let count = woken.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .on_thread_unpark(move || _ = count.fetch_add(1, Ordering::Relaxed))
            .build_local(LocalOptions::default())
            .unwrap();
        runtime.block_on(async {
            let worker = Worker::default();
            worker.tools.splice.set(splice);
            let (client, client_peer) = kind.pair(None);
            let (endpoint, endpoint_peer) = kind.pair(Some(64 * 1024));
            let mut running = worker.relay(client, endpoint, PATIENT);
            // Until the endpoint blocks, and no further: the client could send much more.
            let mut before = 0;
            while before == 0 || before != running.relay.up() {
                before = running.relay.up();
                assert_eq!((&client_peer).write(&[7; 20_000]).unwrap(), 20_000);
                running.run_until(&worker.tools, others_run(10)).await;
            }
            let (done, all_sent) = tokio::sync::oneshot::channel();
            let sender = std::thread::spawn(move || {
                for _ in 0..20 {
                    (&client_peer).write_all(&[7; 1000]).unwrap();
                    // Time to wake up in, and no more than that.
                    std::thread::sleep(Duration::from_millis(1));
                }
                done.send(()).unwrap();
                client_peer
            });
            let before = woken.load(Ordering::Relaxed);
            running.run_until(&worker.tools, async { all_sent.await.unwrap() }).await;
            let woken = woken.load(Ordering::Relaxed) - before;
            assert!(woken <= 3, "{kind:?}, splice {splice}: woken {woken} times");
            drop((sender.join().unwrap(), endpoint_peer));
        });
    }
}

#[test]
fn a_poll_without_budget_forgets_nothing() {
    let random = RefCell::new(Random::new(9));
    check(move |cx, relay| {
        // As if the task had done much else before.
        let spend = random.borrow_mut().once_in(2);
        while spend && coop::has_budget_remaining() {
            match coop::poll_proceed(cx) {
                Poll::Ready(spent) => spent.made_progress(),
                Poll::Pending => break,
            }
        }
        relay(cx)
    });
}

#[test]
fn no_arrival_is_lost_however_often_reading_pauses() {
    for kind in [Kind::Tcp, Kind::Unix] {
        on_worker(Worker::default(), async |_| {
            let (mut stream, peer) = Peer::pair(kind, None);
            let mut random = Random::new(5);
            for _ in 0..1000 {
                let (before, between) = (random.below(3) == 0, random.below(2) == 0);
                if before {
                    peer.send(10).await.unwrap();
                }
                poll_fn(|cx| Poll::Ready(stream.set_reading(cx, false))).await.unwrap();
                others_run(random.below(3)).await;
                if !before && between {
                    peer.send(10).await.unwrap();
                }
                poll_fn(|cx| Poll::Ready(stream.set_reading(cx, true))).await.unwrap();
                let later = async {
                    others_run(random.below(3)).await;
                    if !before && !between {
                        peer.send(10).await.unwrap();
                    }
                };
                let mut buffer = [0; 64];
                let read = async { poll_fn(|cx| stream.poll_read(cx, &mut buffer)).await.unwrap() };
                assert_eq!(tokio::join!(read, later).0, 10);
            }
        });
    }
}

#[test]
fn whoever_accepts_lets_others_have_their_turn() {
    on_worker(Worker::default(), async |_| {
        let bound = net::Bound::bind(&plan::Address::tcp("127.0.0.1:0".parse().unwrap()), 4096).unwrap();
        let at = bound.address().unwrap().socket_addr().unwrap();
        let clients: Vec<_> = (0..400).map(|_| std::net::TcpStream::connect(at).unwrap()).collect();
        let listening = bound.listen().unwrap();
        let turns = Rc::new(Cell::new(0));
        let counted = turns.clone();
        let other = tokio::task::spawn_local(async move {
            loop {
                counted.set(counted.get() + 1);
                others_run(1).await;
            }
        });
        for _ in 0..400 {
            drop(listening.accept().await.unwrap());
        }
        assert!(turns.get() >= 2, "{} turns", turns.get());
        other.abort();
        drop(clients);
    });
}
