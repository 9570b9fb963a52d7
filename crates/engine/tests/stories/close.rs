//! The end of an engine.

use std::time::{Duration, Instant};

use account::Fault;
use engine::Outcome;
use plan::Accept;

use crate::support::{
    Bulk, Client, Draft, Ending, Endpoint, Load, PATIENCE, Running, Talk, WAYS, alone, eventually, eventually_is,
    free_address, threads_named,
};

#[test]
fn closing_waits_for_the_last_connection_and_no_longer() {
    alone(|| {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(3));
            let talk = Talk::start(&address, 10);
            let closing = running.send_close(Duration::from_secs(60));
            eventually("it refuses new ones", || Client::connect(&address).is_err());
            talk.wait();
            assert!(closing.try_recv().is_err(), "it has closed over connections");
            let began = Instant::now();
            drop(talk.finish());
            assert_eq!(closing.recv_timeout(PATIENCE).unwrap().cut, 0);
            assert!(began.elapsed() < Duration::from_secs(20));
            eventually_is(0, || threads_named("fourseven-"));
        }
    });
}

#[test]
fn closing_cuts_at_the_deadline_and_says_how_many() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(2));
        let mut clients: Vec<_> = (0..150).map(|_| Client::greeted(&address).unwrap().0).collect();
        let began = Instant::now();
        let closing = running.send_close(Duration::from_millis(300));
        clients[0].echo(b"while it drains").unwrap();
        assert_eq!(closing.recv_timeout(PATIENCE).unwrap().cut, 150);
        assert!(began.elapsed() >= Duration::from_millis(300));
        for (at, client) in clients.iter_mut().enumerate() {
            assert_eq!(client.ending(), Ending::Reset, "client {at}");
        }
        eventually("the endpoint sees the end too", || endpoint.serves() == 0);
    }
}

#[test]
fn closing_without_time_cuts_at_once() {
    let endpoint = Endpoint::echo("a");
    let address = free_address();
    let running = Running::start(&Draft::of(&address, Accept::PerWorker, &[&endpoint]));
    let (mut client, _) = Client::greeted(&address).unwrap();
    assert_eq!(running.close(Duration::ZERO), 1);
    assert_eq!(client.ending(), Ending::Reset);
}

#[test]
fn whoever_waits_in_a_queue_when_it_closes_is_served() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        for _ in 0..5 {
            let address = free_address();
            let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(3));
            let clients: Vec<_> = (0..100).map(|_| Client::connect(&address).unwrap()).collect();
            let closing = running.send_close(Duration::from_secs(60));
            for mut client in clients {
                assert_eq!(client.name().unwrap(), "a");
            }
            assert_eq!(closing.recv_timeout(PATIENCE).unwrap().cut, 0);
        }
    }
}

#[test]
fn what_is_ordered_after_the_end_is_answered() {
    let endpoint = Endpoint::echo("a");
    let address = free_address();
    let draft = Draft::of(&address, Accept::PerWorker, &[&endpoint]);
    let running = Running::start(&draft);
    let (mut client, _) = Client::greeted(&address).unwrap();
    let first = running.send_close(Duration::from_millis(500));
    // While it drains …
    let second = running.send_close(Duration::from_millis(500));
    let plan = running.send(&draft);
    assert!(matches!(plan.recv_timeout(PATIENCE).unwrap(), Outcome::Closed));
    client.echo(b"while it drains").unwrap();
    assert_eq!(first.recv_timeout(PATIENCE).unwrap().cut, 1);
    second.recv_timeout(PATIENCE).expect("an answer to the second order to close");
    // … and after.
    assert!(matches!(running.try_apply(&draft), Outcome::Closed));
    assert_eq!(running.close(Duration::from_secs(1)), 0);
    assert!(running.try_counts().is_none());
}

#[test]
fn shutdown_ends_all_threads_within_its_deadline_even_under_traffic() {
    alone(|| {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let mut running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(3));
            let load = Load::start(&address, 300, 3);
            let mut held: Vec<_> = (0..100).map(|_| Client::greeted(&address).unwrap().0).collect();
            let bulk = Bulk::start(&address, 4);
            load.wait(50);
            let began = Instant::now();
            running.engine.shutdown(Duration::from_secs(10));
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
            // One that was joined is listed for an instant more.
            eventually_is(0, || threads_named("fourseven-"));
            for client in &mut held {
                assert_eq!(client.ending(), Ending::Reset, "taken for a plain end");
            }
            load.finish();
            drop(bulk);
        }
    });
}

#[test]
fn shutdown_does_not_wait_for_sockets_that_leave() {
    alone(|| {
        let endpoint = Endpoint::echo("a");
        let address = free_address();
        let draft = Draft::of(&address, Accept::PerWorker, &[&endpoint]).leave(60_000);
        let mut running = Running::start(&draft.clone().workers(4));
        running.apply(&draft.clone().workers(1));
        // This one waits until the sockets of the one before have left.
        let waiting = running.send(&draft);
        let began = Instant::now();
        running.engine.shutdown(Duration::from_secs(10));
        assert!(began.elapsed() < Duration::from_secs(10));
        // One that was joined is listed for an instant more.
        eventually_is(0, || threads_named("fourseven-"));
        let answer = waiting.recv_timeout(PATIENCE).expect("an answer to `apply`");
        assert!(crate::support::portable() || matches!(answer, Outcome::Closed), "{answer:?}");
    });
}

#[test]
fn closing_does_not_wait_for_sockets_that_leave() {
    let endpoint = Endpoint::echo("a");
    let address = free_address();
    let draft = Draft::of(&address, Accept::PerWorker, &[&endpoint]).leave(60_000);
    let running = Running::start(&draft.clone().workers(4));
    running.apply(&draft.clone().workers(1));
    let waiting = running.send(&draft);
    assert_eq!(running.close(Duration::from_secs(5)), 0);
    waiting.recv_timeout(PATIENCE).expect("an answer to `apply`");
}

#[test]
fn dropping_an_engine_ends_its_threads() {
    alone(|| {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let engine = engine::Engine::start().unwrap();
            let (json, tables) = Draft::of(&address, accept, &[&endpoint]).encode(1);
            let (done, wait) = std::sync::mpsc::channel();
            engine.apply(json, tables, move |outcome| done.send(outcome).unwrap());
            assert!(matches!(wait.recv().unwrap(), Outcome::Applied(_)));
            let (mut client, _) = Client::greeted(&address).unwrap();
            assert!(threads_named("fourseven-") >= 3);
            drop(engine);
            eventually_is(0, || threads_named("fourseven-"));
            assert_ne!(client.ending(), Ending::Hangs);
            assert!(Client::connect(&address).is_err());
        }
    });
}

#[test]
fn an_engine_without_a_plan_closes_too() {
    let running = Running::idle();
    assert!(running.try_counts().is_none());
    assert_eq!(running.close(Duration::from_secs(60)), 0);
}

#[test]
fn connections_that_are_dialled_when_it_closes_are_cut_too() {
    let deaf = crate::support::deaf("deaf");
    let address = free_address();
    let mut draft = Draft::of(&address, Accept::PerWorker, &[&deaf]);
    draft.timeouts.connect = 60_000;
    let running = Running::start(&draft);
    let mut client = Client::connect(&address).unwrap();
    eventually("it is dialled", || running.counts().endpoint("deaf").open == 1);
    assert_eq!(running.fault(Fault::Closed), 0);
    assert_eq!(running.close(Duration::from_millis(50)), 1);
    assert_eq!(client.ending(), Ending::Reset);
}
