//! A plan changes only what it changes.

use std::time::{Duration, Instant};

use account::Fault;
use engine::{Outcome, ProblemCode};
use plan::{Accept, Address};

use crate::support::{
    Algorithm, Bulk, Client, Draft, Ending, Endpoint, Load, Running, Talk, WAYS, cycle, eventually, eventually_is,
    free_address, least,
};

#[test]
fn a_connection_whose_listener_and_endpoint_stay_is_never_closed() {
    let (stays, goes) = (Endpoint::echo("stays"), Endpoint::echo("goes"));
    let (address, other) = (free_address(), free_address());
    for accept in WAYS {
        let kept = |draft: Draft| draft.pool("pool", cycle(1), &[&stays]).listen("in", &address, accept, "pool");
        let running = Running::start(&kept(Draft::empty()));
        let talk = Talk::start(&address, 8);
        for round in 0..50u32 {
            let mut draft = kept(Draft::empty().workers(1 + round % 3)).leave(5);
            if round % 2 == 0 {
                draft = draft.pool("other", least(), &[&goes]).listen("other", &other, accept, "other");
            }
            if round % 3 == 0 {
                draft.pools[0].1 = least();
            }
            draft.settings.portable = crate::support::portable() || round % 5 == 4;
            running.apply(&draft);
            if round % 10 == 0 {
                talk.wait();
            }
        }
        talk.wait();
        talk.finish();
        eventually("all ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), []);
        assert_eq!(running.counts().worlds, 1);
    }
}

#[test]
fn a_removed_endpoint_drains_until_its_deadline_and_is_then_reset() {
    let (stays, goes) = (Endpoint::echo("stays"), Endpoint::echo("goes"));
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&goes]));
        let (mut client, name) = Client::greeted(&address).unwrap();
        assert_eq!(name, "goes");
        running.apply(&Draft::of(&address, accept, &[&stays]).drain(1500));
        let removed = Instant::now();
        while removed.elapsed() < Duration::from_millis(1000) {
            client.echo(b"still there").unwrap();
            assert_eq!(Client::visit(&address).unwrap(), "stays");
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(client.ending(), Ending::Reset);
        let took = removed.elapsed();
        assert!(took >= Duration::from_millis(1500), "cut {took:?} after its removal");
        eventually("the fault is counted", || running.fault(Fault::DrainDeadline) == 1);
        assert_eq!(running.counts().all_faults(), [("drain-deadline", 1)]);
        eventually("the endpoint sees the end too", || goes.serves() == 0);
    }
}

#[test]
fn an_endpoint_that_comes_back_before_its_deadline_keeps_its_connections_and_counts() {
    let (stays, goes) = (Endpoint::echo("stays"), Endpoint::echo("goes"));
    for accept in WAYS {
        let address = free_address();
        let both = Draft::of(&address, accept, &[&stays, &goes]).drain(2000);
        let one = Draft::of(&address, accept, &[&stays]).drain(2000);
        let running = Running::start(&both);
        let talk = Talk::start(&address, 8);
        let held = talk.names.iter().filter(|name| *name == "goes").count();
        assert!(held > 0);
        let removed = Instant::now();
        running.apply(&one);
        running.apply(&both);
        assert!(removed.elapsed() < Duration::from_millis(2000), "too slow to come back in time");
        eventually("the deadline passes", || removed.elapsed() > Duration::from_millis(2600));
        talk.wait();
        let counts = running.counts();
        assert_eq!(counts.endpoint("goes").open, held as u64);
        assert_eq!(counts.endpoint("goes").picked, held as u64);
        assert!(counts.endpoint("goes").bytes_sent > 0);
        talk.finish();
        eventually("all ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), []);
    }
}

#[test]
fn an_endpoint_removed_twice_drains_until_its_second_deadline() {
    let (stays, goes) = (Endpoint::echo("stays"), Endpoint::echo("goes"));
    let address = free_address();
    let with = Draft::of(&address, Accept::PerWorker, &[&goes]);
    let without = |drain| Draft::of(&address, Accept::PerWorker, &[&stays]).drain(drain);
    let running = Running::start(&with);
    let (mut client, _) = Client::greeted(&address).unwrap();
    running.apply(&without(300));
    running.apply(&with);
    running.apply(&without(60_000));
    let removed = Instant::now();
    while removed.elapsed() < Duration::from_millis(1200) {
        client.echo(b"still there").unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(running.counts().all_faults(), []);
}

#[test]
fn a_removed_listener_serves_what_its_queue_holds_and_then_refuses() {
    let endpoint = Endpoint::echo("a");
    let elsewhere = free_address();
    for accept in WAYS {
        for round in 0..20 {
            let address = free_address();
            let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(1 + round % 3));
            // They connect while the order to leave is on its way: some are accepted before it, and
            // some are in the queue.
            let connecting = std::thread::spawn({
                let address = address.clone();
                move || (0..60).map_while(|_| Client::connect(&address).ok()).collect::<Vec<_>>()
            });
            let listener = running.counts();
            assert_eq!(listener.listener("in").open, listener.listener("in").accepted);
            eventually("some have connected", || running.counts().listener("in").accepted >= 1);
            let wait = running.send(&Draft::of(&elsewhere, accept, &[&endpoint]));
            let mut clients = connecting.join().unwrap();
            assert!(matches!(wait.recv().unwrap(), Outcome::Applied(_)));
            for client in &mut clients {
                // Connected is promised, but for the instant in which the last socket closes.
                if client.name().is_ok() {
                    client.echo(b"go on").unwrap();
                    client.finish().unwrap();
                    assert_eq!(client.ending(), Ending::Plain);
                }
            }
            assert!(Client::connect(&address).is_err(), "it still listens");
        }
    }
}

#[test]
fn clients_in_the_queue_of_a_removed_listener_are_served() {
    let endpoint = Endpoint::echo("a");
    let elsewhere = free_address();
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(3));
        for _ in 0..10 {
            // The order is given at once after the last of them has connected.
            let clients: Vec<_> = (0..100).map(|_| Client::connect(&address).unwrap()).collect();
            running.apply(&Draft::of(&elsewhere, accept, &[&endpoint]).workers(3));
            for (at, mut client) in clients.into_iter().enumerate() {
                assert_eq!(client.name().map_err(|error| format!("client {at}: {error}")).unwrap(), "a");
                client.echo(b"go on").unwrap();
                client.finish().unwrap();
                assert_eq!(client.ending(), Ending::Plain);
            }
            running.apply(&Draft::of(&address, accept, &[&endpoint]).workers(3));
        }
        assert_eq!(running.counts().all_faults(), []);
    }
}

#[test]
fn a_listener_that_comes_back_at_once_is_not_in_its_own_way() {
    let endpoint = Endpoint::echo("a");
    let (address, other) = (free_address(), free_address());
    for accept in WAYS {
        let without = Draft::of(&other, accept, &[&endpoint]).workers(3).leave(1);
        let with = without.clone().listen("again", &address, accept, "pool");
        let running = Running::start(&without);
        let _bulk = Bulk::start(&other, 6);
        for _ in 0..25 {
            running.apply(&with);
            running.apply(&without);
        }
    }
}

#[test]
fn a_renamed_listener_keeps_its_socket() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let address = free_address();
        let named = |key: &str| {
            Draft::empty().workers(3).pool("pool", cycle(1), &[&endpoint]).listen(key, &address, accept, "pool")
        };
        let running = Running::start(&named("name 0"));
        let load = Load::start(&address, 400, 4);
        let talk = Talk::start(&address, 4);
        for round in 1..=20 {
            load.wait(10);
            running.apply(&named(&format!("name {round}")));
        }
        talk.wait();
        talk.finish();
        load.finish().all_served(200);
        eventually("all ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), []);
    }
}

#[test]
fn changing_the_way_to_accept_loses_nobody() {
    let endpoint = Endpoint::echo("a");
    let address = free_address();
    let drafts = [
        Draft::of(&address, Accept::PerWorker, &[&endpoint]).workers(4),
        Draft::of(&address, Accept::HandOff, &[&endpoint]).workers(4),
        Draft::of(&address, Accept::PerWorker, &[&endpoint]).workers(2),
        Draft::of(&address, Accept::HandOff, &[&endpoint]).workers(3),
    ];
    let running = Running::start(&drafts[0]);
    let load = Load::start(&address, 600, 6);
    let talk = Talk::start(&address, 8);
    let bulk = Bulk::start(&address, 2);
    for draft in drafts.iter().cycle().skip(1).take(20) {
        load.wait(20);
        running.apply(draft);
    }
    talk.wait();
    talk.finish();
    drop(bulk);
    load.finish().all_served(300);
    eventually("all ended", || running.counts().is_quiet());
    assert_eq!(running.counts().all_faults(), []);
}

#[test]
fn a_refused_plan_disturbs_nobody() {
    let endpoint = Endpoint::echo("a");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken_address = Address::tcp(taken.local_addr().unwrap());
    let address = free_address();
    let good = Draft::of(&address, Accept::PerWorker, &[&endpoint]).workers(1);
    // It also wants more workers, and so more sockets of the listener that runs.
    let bad = good.clone().workers(4).listen("taken", &taken_address, Accept::PerWorker, "pool");
    let running = Running::start(&good);
    let load = Load::start(&address, 600, 6);
    for _ in 0..12 {
        load.wait(5);
        let Outcome::Refused(problems) = running.try_apply(&bad) else { panic!("it was applied") };
        assert_eq!(problems.len(), 1);
    }
    load.finish().all_served(50);
    assert_eq!(running.counts().workers, 1);
}

#[test]
fn a_table_is_sent_once() {
    let (a, b) = (Endpoint::echo("a"), Endpoint::echo("b"));
    let address = free_address();
    let mut draft = Draft::of(&address, Accept::PerWorker, &[&a, &b]).workers(1);
    draft.without_tables = true;
    let running = Running::idle();
    let Outcome::Refused(problems) = running.try_apply(&draft) else { panic!("the table was never sent") };
    assert!(problems[0].code == ProblemCode::Plan && problems[0].message.contains("never sent"), "{problems:?}");
    draft.without_tables = false;
    running.apply(&draft);
    draft.without_tables = true;
    running.apply(&draft);
    assert_eq!(Client::visit(&address).unwrap(), "a");
    // What no plan names is not held for ever.
    let mut other = draft.clone();
    other.pools[0].1 = least();
    running.apply(&other);
    assert!(matches!(running.try_apply(&draft), Outcome::Refused(_)));
}

#[test]
fn taking_turns_goes_on_while_the_table_stays_and_begins_anew_when_it_changes() {
    let endpoints: Vec<_> = ["a", "b", "c"].map(Endpoint::echo).into();
    let all: Vec<&Endpoint> = endpoints.iter().collect();
    for accept in WAYS {
        let address = free_address();
        let draft = Draft::of(&address, accept, &all).workers(1);
        let running = Running::start(&draft);
        let turns = |count| (0..count).map(|_| Client::visit(&address).unwrap()).collect::<Vec<_>>().join("");
        assert_eq!(turns(4), "abca");
        let other = free_address();
        running.apply(&draft.clone().listen("other", &other, accept, "pool"));
        assert_eq!(turns(4), "bcab");
        running.apply(&draft);
        assert_eq!(turns(1), "c");
        assert_eq!(turns(1), "a");
        let mut weighted = draft.clone();
        weighted.pools[0].1 = Algorithm::Cycle(vec![0, 0, 1, 2]);
        running.apply(&weighted);
        assert_eq!(turns(5), "aabca");
        eventually("all ended", || running.counts().is_quiet());
        let counts = running.counts();
        assert_eq!(counts.listener("in").accepted, 15);
        assert_eq!(["a", "b", "c"].map(|name| counts.endpoint(name).picked), [7, 4, 4]);
    }
}

#[test]
fn counts_survive_a_plan() {
    let (a, b) = (Endpoint::echo("a"), Endpoint::echo("b"));
    let (address, other) = (free_address(), free_address());
    for accept in WAYS {
        let running = Running::start(&Draft::of(&address, accept, &[&a]));
        for _ in 0..10 {
            Client::visit(&address).unwrap();
        }
        eventually_is(true, || running.counts().is_quiet());
        let before = running.counts();
        let draft = Draft::of(&address, accept, &[&b, &a]).workers(4).listen("other", &other, accept, "pool");
        running.apply(&draft);
        let after = running.counts();
        assert_eq!(after.listener("in"), before.listener("in"));
        assert_eq!(after.endpoint("a"), before.endpoint("a"));
        assert_eq!(after.endpoint("a").picked, 10);
        assert_eq!(after.endpoint("b").picked, 0);
    }
}
