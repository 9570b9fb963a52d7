//! The relay between two halves that are no sockets: what it owes to any half whatever.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use account::Fault;
use net::{Ended, SCRATCH};
use proptest::prelude::*;
use support::made::{Call, Made, Stage, Wakes};
use support::random::Random;
use support::script::{Ending, Script, Sends, Side, Takes};
use support::worker::{PATIENT, Worker, on_worker};

/// The most that one poll may move one way: a turn, and what was begun in it.
const MOST_A_POLL: u64 = 1024 * 1024 + SCRATCH as u64;
const SIDES: [Side; 2] = [Side::Client, Side::Endpoint];

/// A waker that counts.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Runs a relay between two scripts to its end. Whenever it sleeps, one of the calls that wait goes
/// on, `random` says which; now and then it is polled for nothing. Each poll brings another waker,
/// and only the last one counts.
fn play(client: Script, endpoint: Script, random: &mut Random) -> (Ended, Made) {
    let worker = Worker::default();
    let (client, endpoint) = Stage::halves(client, endpoint, Wakes::Told);
    let mut running = worker.relay(client.clone(), endpoint, PATIENT);
    loop {
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(woken.clone());
        let mut cx = Context::from_waker(&waker);
        let successes = client.stage().successes;
        let before = (running.relay.up(), running.relay.down());
        let polled = running.relay.poll(&mut cx, &worker.tools);
        assert!(running.relay.up() - before.0 <= MOST_A_POLL, "too much at a time");
        assert!(running.relay.down() - before.1 <= MOST_A_POLL, "too much at a time");
        if let Poll::Ready(ended) = polled {
            assert_eq!(running.relay.up(), client.stage().of(Side::Endpoint).taken);
            assert_eq!(running.relay.down(), client.stage().of(Side::Client).taken);
            return (ended, client);
        }
        if woken.0.load(Ordering::Relaxed) > 0 {
            // It gave others their turn, so it has used its own: eight rounds of it.
            assert!(client.stage().successes >= successes + 8, "it spins, or gives up its turn early");
            continue;
        }
        nothing_is_left_lying(&client.stage(), &waker);
        assert!(client.stage().will_wake(&waker), "it sleeps, and nothing will wake it: {:?}", client.stage());
        if random.once_in(8) {
            continue;
        }
        let waiting = client.stage().waiting();
        let waker = client.stage().go_on(random.below(waiting));
        waker.unwrap().wake();
    }
}

/// While a direction waits for more to read, all that was written is visible, or about to be.
fn nothing_is_left_lying(stage: &Stage, waker: &Waker) {
    for source in SIDES {
        let sink = stage.of(source.other());
        if stage.of(source).waits_to(Call::Read, waker) && !sink.broken {
            assert!(sink.visible == sink.taken || sink.waits_to(Call::Flush, waker), "written, and not flushed");
        }
    }
}

/// What must have come of two scripts, whatever the order of events was.
fn check(scripts: [&Script; 2], ended: &Ended, made: &Made) {
    let stage = made.stage();
    assert_eq!(ended.fault, stage.first_broken.map(Side::fault), "the first that broke is named");
    for (source, script) in SIDES.into_iter().zip(scripts) {
        let (from, to) = (stage.of(source), stage.of(source.other()));
        assert_eq!(from.aborted, usize::from(ended.fault.is_some()), "both are aborted once, or none");
        if !to.broken {
            assert_eq!(to.taken, from.read, "nothing that was read is lost");
            assert!(from.read_over, "what a half sends is read to its end");
            assert_eq!(from.read, script.bytes());
        }
        if ended.fault.is_none() {
            assert_eq!(to.finished, 1, "each half is told the end");
        }
        if to.finished > 0 {
            assert_eq!(to.visible_at_finish, from.read, "the end comes after the last byte");
        }
    }
}

fn chunk() -> impl Strategy<Value = usize> {
    prop_oneof![0..200usize, 0..10_000usize, 60_000..70_000usize, 0..200 * 1024usize]
}

fn script() -> impl Strategy<Value = Script> {
    let sends = prop_oneof![3 => chunk().prop_map(Sends::Bytes), 2 => Just(Sends::Wait)];
    let takes = prop_oneof![3 => chunk().prop_map(Takes::UpTo), 2 => Just(Takes::Wait)];
    let ending = prop_oneof![3 => Just(Ending::End), 1 => Just(Ending::Break)];
    let breaks_after = prop_oneof![3 => Just(None), 1 => (0..300_000u64).prop_map(Some)];
    let sends = proptest::collection::vec(sends, 0..12);
    let takes = proptest::collection::vec(takes, 1..6);
    (sends, ending, takes, breaks_after, any::<bool>(), any::<bool>()).prop_map(
        |(sends, ending, mut takes, breaks_after, flush_waits, finish_waits)| {
            // Small bites of large chunks take for ever and show nothing more.
            takes.push(Takes::UpTo(50_000));
            Script { sends, ending, takes, breaks_after, flush_waits, finish_waits }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_two_halves_get_what_they_are_owed(client in script(), endpoint in script(), seed: u64) {
        let (ended, made) = play(client.clone(), endpoint.clone(), &mut Random::new(seed));
        check([&client, &endpoint], &ended, &made);
    }
}

#[test]
fn an_endless_flow_lets_others_run() {
    on_worker(Worker::default(), async |worker| {
        let endless = Script { sends: vec![Sends::Endless], ..Script::default() };
        let (client, endpoint) = Stage::halves(endless.clone(), endless, Wakes::Told);
        let stage = client.clone();
        let mut running = worker.relay(client, endpoint, PATIENT);
        let tools = worker.clone();
        let endless = tokio::task::spawn_local(async move { running.run(&tools.tools).await });
        for _ in 0..1000 {
            let before = stage.stage().of(Side::Endpoint).taken;
            tokio::task::yield_now().await;
            let moved = stage.stage().of(Side::Endpoint).taken - before;
            assert!(moved <= 2 * MOST_A_POLL, "{moved} bytes before the others ran");
        }
        assert!(stage.stage().of(Side::Client).taken > MOST_A_POLL, "both directions go on");
        endless.abort();
    });
}

#[test]
#[cfg(unix)]
fn an_endless_flow_lets_sockets_be_heard() {
    use support::sockets::{Kind, Peer};
    on_worker(Worker::default(), async |worker| {
        let endless = Script { sends: vec![Sends::Endless], ..Script::default() };
        let (client, endpoint) = Stage::halves(endless, Script::silent(), Wakes::Told);
        let stage = client.clone();
        let mut running = worker.relay(client, endpoint, PATIENT);
        let tools = worker.clone();
        let endless = tokio::task::spawn_local(async move { running.run(&tools.tools).await });
        let (client_half, client) = Peer::pair(Kind::Tcp, None);
        let (endpoint_half, endpoint) = Peer::pair(Kind::Tcp, None);
        let mut chat = worker.relay(client_half, endpoint_half, PATIENT);
        let tools = worker.clone();
        let chat = tokio::task::spawn_local(async move { chat.run(&tools.tools).await });
        let mut most = 0;
        for _ in 0..100 {
            let before = stage.stage().of(Side::Endpoint).taken;
            client.send(64).await.unwrap();
            endpoint.receive(64).await.unwrap();
            most = most.max(stage.stage().of(Side::Endpoint).taken - before);
        }
        // Three stops: the socket of the client, that of the endpoint, and its peer.
        assert!(most <= 8 * MOST_A_POLL, "{most} bytes went before it was heard");
        endless.abort();
        chat.abort();
    });
}

#[test]
fn who_cannot_be_told_the_end_is_not_waited_for_once_the_other_has_broken() {
    // The client ends, and the endpoint cannot be told yet; then the client turns out to be gone.
    let client = Script { breaks_after: Some(0), ..Script::default() };
    let sends = vec![Sends::Wait, Sends::Bytes(1)];
    let endpoint = Script { sends, finish_waits: true, ending: Ending::Silence, ..Script::default() };
    let worker = Worker::default();
    let (client, endpoint) = Stage::halves(client, endpoint, Wakes::Told);
    let mut running = worker.relay(client.clone(), endpoint, PATIENT);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(running.relay.poll(&mut cx, &worker.tools).is_pending());
    assert!(client.stage().of(Side::Endpoint).waits_to(Call::Finish, &waker));
    // The endpoint sends, since its read is the first that waits.
    drop(client.stage().go_on(0));
    while running.relay.poll(&mut cx, &worker.tools).is_pending() {
        assert!(woken.0.swap(0, Ordering::Relaxed) > 0, "it waits for an end that it will not tell");
    }
}

#[test]
fn the_scratch_buffer_is_lent_once() {
    let worker = Worker::default();
    let scratch = &worker.tools.scratch;
    let inner = scratch.lend(|buffer| {
        assert_eq!(buffer.len(), SCRATCH);
        scratch.lend(|_| ())
    });
    assert_eq!(inner, Some(None));
    assert_eq!(scratch.lend(|_| 7), Some(7), "and again after that");
}

#[test]
fn cutting_aborts_both_halves() {
    let worker = Worker::default();
    let (client, endpoint) = Stage::halves(Script::silent(), Script::silent(), Wakes::Told);
    let mut running = worker.relay(client.clone(), endpoint, PATIENT);
    assert_eq!(running.relay.cut(Fault::Closed).fault, Some(Fault::Closed));
    assert_eq!(SIDES.map(|side| client.stage().of(side).aborted), [1, 1]);
}
