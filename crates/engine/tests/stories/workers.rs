//! Workers come, go, die, and share the work.

use std::collections::BTreeMap;
use std::time::Duration;

use plan::{Accept, Address};

use crate::support::{
    Bulk, Client, Draft, Ending, Endpoint, Load, Running, Talk, WAYS, alone, eventually, eventually_is, free_address,
    free_path, portable, sockets_per_runtime, threads_named, worker_threads, workers,
};

#[test]
fn fewer_workers_retire_without_a_reset_or_a_cut_connection() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let address = free_address();
        let draft = Draft::of(&address, accept, &[&endpoint]);
        let running = Running::start(&draft.clone().workers(4));
        let load = Load::start(&address, 400, 4);
        let talk = Talk::start(&address, 16);
        for workers in [1, 4, 2, 3, 1] {
            let applied = running.apply(&draft.clone().workers(workers));
            assert_eq!(applied.workers, workers as usize);
            assert_eq!(running.counts().workers, u64::from(workers));
            // Some visits while the sockets leave, and some after.
            load.wait(80);
            talk.wait();
        }
        talk.finish();
        load.finish().all_served(400);
        eventually("all ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), []);
    }
}

#[test]
fn fewer_workers_retire_while_clients_come_as_fast_as_they_can() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let address = free_address();
        let draft = Draft::of(&address, accept, &[&endpoint]).leave(40);
        let running = Running::start(&draft.clone().workers(4));
        let flood = Load::start(&address, 1_000_000, 6);
        for _ in 0..8 {
            running.apply(&draft.clone().workers(1));
            flood.wait(50);
            running.apply(&draft.clone().workers(4));
            flood.wait(50);
        }
        flood.finish().all_served(800);
    }
}

#[test]
fn workers_that_retire_while_bytes_flow_close_their_sockets_before_they_are_offered_again() {
    let (endpoint, bulky) = (Endpoint::echo("a"), Endpoint::echo("bulky"));
    let (address, other) = (free_address(), free_address());
    let draft = Draft::of(&address, Accept::PerWorker, &[&endpoint]).leave(20).pool(
        "bulky",
        crate::support::cycle(1),
        &[&bulky],
    );
    let draft = draft.listen("bulky", &other, Accept::PerWorker, "bulky");
    let running = Running::start(&draft.clone().workers(4));
    let bulk = Bulk::start(&other, 6);
    let load = Load::start(&address, 500, 5);
    for _ in 0..5 {
        running.apply(&draft.clone().workers(1));
        load.wait(20);
        running.apply(&draft.clone().workers(4));
        load.wait(20);
    }
    load.finish().all_served(150);
    drop(bulk);
}

#[test]
fn a_retired_worker_ends_with_its_last_connection() {
    alone(|| {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let draft = Draft::of(&address, accept, &[&endpoint]);
            let running = Running::start(&draft.clone().workers(4));
            assert_eq!(worker_threads(), 4);
            let talk = Talk::start(&address, 32);
            running.apply(&draft.clone().workers(1));
            talk.wait();
            // With 32 connections every worker has some, so none ends yet.
            assert_eq!(worker_threads(), 4);
            let mut clients = talk.finish();
            assert_eq!(running.counts().listener("in").open, 32);
            for client in &mut clients {
                client.echo(b"still there").unwrap();
            }
            drop(clients);
            eventually_is(1, worker_threads);
            Client::visit(&address).unwrap();
            running.apply(&draft.clone().workers(3));
            assert_eq!(worker_threads(), 3);
            for _ in 0..10 {
                Client::visit(&address).unwrap();
            }
            drop(running);
            eventually_is(0, || threads_named("fourseven-"));
        }
    });
}

/// How many connections each worker has, most first; two sockets stand for one connection.
fn shares(before: &BTreeMap<u32, usize>) -> Vec<usize> {
    let now = sockets_per_runtime();
    let grown = now.iter().map(|(runtime, count)| count.saturating_sub(*before.get(runtime).unwrap_or(&0)) / 2);
    let mut shares: Vec<usize> = grown.filter(|count| *count > 0).collect();
    shares.sort_unstable_by(|a, b| b.cmp(a));
    shares
}

#[test]
fn hand_off_shares_connections_out_evenly() {
    alone(|| {
        let endpoint = Endpoint::echo("a");
        for address in [free_address(), free_path()] {
            // A Unix socket is always handed off.
            let accept = if matches!(address, Address::Unix { .. }) { Accept::PerWorker } else { Accept::HandOff };
            let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(4));
            let before = sockets_per_runtime();
            let mut held: Vec<Client> = (0..40).map(|_| Client::greeted(&address).unwrap().0).collect();
            eventually_is(vec![10, 10, 10, 10], || shares(&before));
            // Also when many come at once, and after some have gone.
            drop(held.split_off(20));
            eventually("some have gone", || running.counts().listener("in").open == 20);
            held.extend((0..60).map(|_| Client::connect(&address).unwrap()));
            eventually_is(80, || shares(&before).iter().sum());
            assert!(shares(&before).iter().all(|share| (18..=22).contains(share)), "{:?}", shares(&before));
            drop(held);
            eventually("all ended", || running.counts().is_quiet());
        }
    });
}

#[test]
fn every_worker_gets_connections_again_after_the_way_to_accept_has_changed() {
    if portable() {
        return;
    }
    alone(|| {
        let endpoint = Endpoint::echo("a");
        let address = free_address();
        let draft = |accept| Draft::of(&address, accept, &[&endpoint]).workers(4).leave(10);
        let running = Running::start(&draft(Accept::PerWorker));
        for accept in [Accept::HandOff, Accept::PerWorker, Accept::HandOff, Accept::PerWorker] {
            running.apply(&draft(accept));
            let before = sockets_per_runtime();
            let held: Vec<Client> = (0..80).map(|_| Client::greeted(&address).unwrap().0).collect();
            assert_eq!(shares(&before).len(), 4, "{accept:?}: {:?}", shares(&before));
            drop(held);
            eventually("all ended", || running.counts().is_quiet());
        }
        for workers in [1, 4] {
            running.apply(&draft(Accept::PerWorker).workers(workers));
            // The sockets that leave are steered away from for a while.
            running.apply(&draft(Accept::PerWorker).workers(workers));
            let before = sockets_per_runtime();
            let held: Vec<Client> = (0..80).map(|_| Client::greeted(&address).unwrap().0).collect();
            assert_eq!(shares(&before).len(), workers as usize, "{:?}", shares(&before));
            drop(held);
            eventually("all ended", || running.counts().is_quiet());
        }
    });
}

#[test]
fn nobody_is_sent_to_a_worker_that_retires() {
    if portable() {
        return;
    }
    alone(|| {
        let endpoint = Endpoint::echo("a");
        for leave in [60_000, 10] {
            let address = free_address();
            let draft = Draft::of(&address, Accept::PerWorker, &[&endpoint]).leave(leave);
            let running = Running::start(&draft.clone().workers(4));
            // So that workers take their time.
            let bulk = Bulk::start(&address, 8);
            running.apply(&draft.clone().workers(1));
            if leave == 10 {
                // This waits until their sockets have closed; from then on the system may choose again.
                running.apply(&draft.clone().workers(1));
            }
            let before = sockets_per_runtime();
            let held: Vec<Client> = (0..40).map(|_| Client::greeted(&address).unwrap().0).collect();
            assert_eq!(shares(&before), [40], "with {leave} ms to leave");
            drop((held, bulk));
        }
    });
}

#[test]
fn the_listeners_of_a_group_share_new_connections_out() {
    alone(|| {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(4));
            let before = sockets_per_runtime();
            let held: Vec<Client> = (0..100).map(|_| Client::greeted(&address).unwrap().0).collect();
            let shares = shares(&before);
            assert!(shares.len() == 4 && shares[3] >= 5, "{accept:?}: {shares:?}");
            drop((held, running));
        }
    });
}

/// Splicing into a connection that is gone raises the signal, and Node ignores it only until a program
/// has listened for it.
#[test]
#[cfg(target_os = "linux")]
fn no_thread_of_ours_takes_a_broken_pipe_for_a_signal() {
    let endpoint = Endpoint::echo("a");
    let draft = Draft::of(&free_address(), Accept::PerWorker, &[&endpoint]);
    let _running = Running::start(&draft.listen("other", &free_address(), Accept::HandOff, "pool"));
    let mut ours = std::collections::BTreeSet::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        // Threads of other tests may end meanwhile.
        let Ok(status) = std::fs::read_to_string(task.path().join("status")) else { continue };
        let field = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
        let name = field("Name:");
        if name.starts_with("fourseven-") {
            let blocked = u64::from_str_radix(&field("SigBlk:"), 16).unwrap();
            assert!(blocked >> 12 & 1 == 1, "{name}");
            ours.insert(name);
        }
    }
    assert!(ours.contains("fourseven-contr") && ours.contains("fourseven-accep"), "{ours:?}");
    assert!(ours.len() >= 4, "{ours:?}");
}

#[cfg(feature = "inject")]
mod inject {
    use engine::{Injection, PanicAt};

    use super::*;
    use account::Fault;

    #[test]
    fn a_worker_that_dies_is_replaced_on_the_same_sockets() {
        alone(|| {
            let endpoint = Endpoint::echo("a");
            for accept in WAYS {
                let address = free_address();
                let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(4));
                let mut held: Vec<Client> = (0..40).map(|_| Client::greeted(&address).unwrap().0).collect();
                let mut dead = 0;
                for round in 1..=6u64 {
                    let before = workers();
                    running.engine.panic_worker(0);
                    eventually("it dies", || workers() != before);
                    // Nobody is refused meanwhile, and whoever waits in the queue of the dead is served
                    // by the next.
                    for _ in 0..20 {
                        assert_eq!(Client::visit(&address).unwrap(), "a");
                    }
                    eventually("the new one serves", || worker_threads() == 4);
                    let (alive, ended): (Vec<_>, Vec<_>) = held
                        .drain(..)
                        .map(|mut client| (client.echo(b"go on").is_ok(), client))
                        .partition(|(ok, _)| *ok);
                    dead += ended.len() as u64;
                    assert!(round > 1 || (1..=25).contains(&ended.len()), "{accept:?}: {} ended", ended.len());
                    held.extend(alive.into_iter().map(|(_, client)| client));
                    eventually("the dead are counted", || running.fault(Fault::Panic) == dead);
                    eventually("the dead have left", || running.counts().listener("in").open == held.len() as u64);
                    while held.len() < 40 {
                        held.push(Client::greeted(&address).unwrap().0);
                    }
                }
                assert!(dead > 6);
                drop(held);
                eventually("all ended", || running.counts().is_quiet());
                assert_eq!(running.counts().worlds, 1);
            }
        });
    }

    #[test]
    fn a_worker_that_dies_under_a_load_loses_only_what_it_had() {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(3));
            let load = Load::start(&address, 300, 6);
            for place in [0, 1, 2, 0, 1] {
                load.wait(40);
                running.engine.panic_worker(place);
            }
            load.wait(40);
            let tally = load.finish();
            // A visit takes a millisecond, so few are under way when it dies.
            assert!(tally.problems.len() <= 30, "{:#?}", tally.problems);
            assert!(tally.problems.iter().all(|problem| !problem.contains("refused")), "{:#?}", tally.problems);
            eventually("all ended", || running.counts().is_quiet());
        }
    }

    #[test]
    fn a_plan_that_comes_while_a_worker_dies_is_applied() {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let draft = Draft::of(&address, accept, &[&endpoint]).leave(1);
            let running = Running::start(&draft.clone().workers(3));
            for round in 0..12u32 {
                running.engine.panic_worker(round as usize % 3);
                running.apply(&draft.clone().workers(2 + round % 3));
                assert_eq!(Client::visit(&address).unwrap(), "a");
            }
            eventually("all ended", || running.counts().is_quiet());
            eventually_is(1, || running.counts().worlds);
        }
    }

    #[test]
    fn a_panic_in_one_connection_ends_that_one_alone() {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(1));
            let mut clients: Vec<Client> = (0..8).map(|_| Client::greeted(&address).unwrap().0).collect();
            running.engine.inject(Injection::Panic(PanicAt::Relay));
            // Applied after the order, so it was heard.
            running.apply(&Draft::of(&address, accept, &[&endpoint]).workers(1));
            let mut victim = clients.remove(3);
            assert!(victim.echo(b"the last word").is_err());
            assert_ne!(victim.ending_within(Duration::from_secs(5)), Ending::Hangs);
            for client in &mut clients {
                client.echo(b"go on").unwrap();
            }
            eventually("it is counted", || running.fault(Fault::Panic) == 1);
            eventually_is(7, || running.counts().endpoint("a").open);
            assert_eq!(running.counts().listener("in").open, 7);
            Client::visit(&address).unwrap();
            drop(clients);
            eventually("all ended", || running.counts().is_quiet());
            assert_eq!(running.counts().all_faults(), [("panic", 1)]);
        }
    }

    #[test]
    fn a_panic_while_choosing_ends_that_connection_and_not_its_acceptor() {
        let endpoint = Endpoint::echo("a");
        for accept in WAYS {
            let address = free_address();
            let draft = Draft::of(&address, accept, &[&endpoint]).workers(1);
            let running = Running::start(&draft);
            let (mut other, _) = Client::greeted(&address).unwrap();
            running.engine.inject(Injection::Panic(PanicAt::Choose));
            // Applied after the order, so it was heard.
            running.apply(&draft);
            assert_eq!(Client::fate(&address), Ending::Reset);
            // Its own worker, the only one, lives on.
            other.echo(b"go on").unwrap();
            Client::visit(&address).unwrap();
            drop(other);
            eventually("all ended", || running.counts().is_quiet());
            assert_eq!(running.counts().all_faults(), [("panic", 1)]);
        }
    }

    #[test]
    fn whoever_is_cut_by_a_panic_does_not_take_it_for_a_plain_end() {
        let endpoint = Endpoint::echo("a");
        let address = free_address();
        let running = Running::start(&Draft::of(&address, Accept::PerWorker, &[&endpoint]).workers(1));
        let (mut client, _) = Client::greeted(&address).unwrap();
        running.engine.inject(Injection::Panic(PanicAt::Relay));
        running.apply(&Draft::of(&address, Accept::PerWorker, &[&endpoint]).workers(1));
        client.socket.send(b"the last word").unwrap();
        assert_eq!(client.ending(), Ending::Reset);
        let (mut client, _) = Client::greeted(&address).unwrap();
        running.engine.panic_worker(0);
        assert_eq!(client.ending(), Ending::Reset);
    }
}
