//! Whatever plans come one after another, under whatever traffic: nothing is lost, and when the
//! traffic has stopped everything is back to nothing.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plan::{Accept, Address};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::support::{
    Algorithm, Client, Draft, Endpoint, Load, Random, Running, Talk, alone, eventually, eventually_is, free_address,
    free_path, long, portable, refusing, threads_named,
};

/// How many addresses the listeners have that come and go, and how many names each may have.
const ADDRESSES: usize = 4;
const NAMES: usize = 3;
/// How many endpoints there are beside the one that stays; the last of them refuses.
const ENDPOINTS: usize = 5;

/// A plan, as it is drawn.
#[derive(Debug, Clone)]
struct Shape {
    workers: u32,
    portable: bool,
    drain: u32,
    leave: u32,
    /// How the listener that stays accepts.
    stays: Accept,
    /// For each address whether there is a listener: its name, how it accepts, and its pool.
    listeners: Vec<Option<(usize, Accept, usize)>>,
    /// The address whose listener has the key that wanders.
    wanders: usize,
    /// Which endpoints each pool has, and how it chooses.
    pools: [(u8, usize); 2],
    /// How the pool chooses that has only the endpoint that stays.
    kept: usize,
}

fn shape() -> impl Strategy<Value = Shape> {
    let accept = || prop_oneof![Just(Accept::PerWorker), Just(Accept::HandOff)];
    let listener = proptest::option::weighted(0.7, (0..NAMES, accept(), 0..2usize));
    let pool = || (0..1u8 << ENDPOINTS, 0..5usize);
    let settings = (1..=4u32, prop::bool::weighted(0.2), 20..600u32, 1..30u32, accept());
    let rest = (prop::collection::vec(listener, ADDRESSES), 0..2 * ADDRESSES, [pool(), pool()], 0..5usize);
    (settings, rest).prop_map(|((workers, portable, drain, leave, stays), (listeners, wanders, pools, kept))| Shape {
        workers,
        portable,
        drain,
        leave,
        stays,
        listeners,
        wanders,
        pools,
        kept,
    })
}

fn algorithm(number: usize, members: usize) -> Algorithm {
    let all = 0..members as u32;
    match number {
        0 => Algorithm::Cycle(all.collect()),
        1 => Algorithm::Cycle(all.flat_map(|at| (0..=at).map(move |_| at)).collect()),
        2 => Algorithm::Least(None),
        3 => Algorithm::Least(Some(2)),
        _ => Algorithm::Least(Some(1)),
    }
}

/// What the plans name.
struct House {
    stays: Endpoint,
    endpoints: Vec<Endpoint>,
    kept: Address,
    addresses: Vec<Address>,
}

impl House {
    fn build() -> Self {
        let mut endpoints: Vec<_> = (1..ENDPOINTS).map(|number| Endpoint::echo(&format!("e{number}"))).collect();
        endpoints.push(refusing("refuses"));
        let mut addresses: Vec<_> = (1..ADDRESSES).map(|_| free_address()).collect();
        addresses.push(free_path());
        Self { stays: Endpoint::echo("stays"), endpoints, kept: free_address(), addresses }
    }

    fn draft(&self, shape: &Shape) -> Draft {
        let mut draft = Draft::empty().workers(shape.workers).drain(shape.drain).leave(shape.leave);
        draft.settings.portable = portable() || shape.portable;
        draft = draft.pool("kept", algorithm(shape.kept, 1), &[&self.stays]);
        draft = draft.listen("kept", &self.kept, shape.stays, "kept");
        for (at, (mask, number)) in shape.pools.iter().enumerate() {
            let members: Vec<_> = self.endpoints.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).collect();
            let members: Vec<&Endpoint> = members.into_iter().map(|(_, endpoint)| endpoint).collect();
            draft = draft.pool(&format!("pool {at}"), algorithm(*number, members.len()), &members);
        }
        for (at, listener) in shape.listeners.iter().enumerate() {
            let Some((name, accept, pool)) = listener else { continue };
            let key = if at == shape.wanders { "wanders".into() } else { format!("{at} named {name}") };
            draft = draft.listen(&key, &self.addresses[at], *accept, &format!("pool {pool}"));
        }
        draft
    }

    /// A plan that names every endpoint there ever was, and every listener under this name.
    fn last(&self, name: usize) -> Draft {
        let all: Vec<&Endpoint> = self.endpoints.iter().collect();
        let mut draft = Draft::empty().leave(1).pool("kept", algorithm(0, 1), &[&self.stays]);
        draft = draft.listen("kept", &self.kept, Accept::PerWorker, "kept").pool("all", algorithm(0, all.len()), &all);
        for (at, address) in self.addresses.iter().enumerate() {
            let key = if at == 0 && name == 0 { "wanders".into() } else { format!("{at} named {name}") };
            draft = draft.listen(&key, address, Accept::PerWorker, "all");
        }
        draft
    }
}

/// One client of those that may meet with anything, but never with silence.
fn anything(house: &[Address], random: &mut Random) -> io::Result<String> {
    let mut client = match Client::connect(&house[random.below(house.len())]) {
        Ok(client) => client,
        Err(_) => return Ok("refused".into()),
    };
    let told = match random.below(6) {
        // A visit.
        0 => client.name().and_then(|_| client.echo(b"a visit")).and_then(|()| client.finish()),
        // It stays for a while.
        1 => client.name().and_then(|_| {
            (0..random.below(20)).try_for_each(|_| {
                std::thread::sleep(Duration::from_millis(5));
                client.echo(b"still there")
            })
        }),
        // It finishes before it is answered.
        2 => {
            let size = 1 + random.below(200_000);
            client.socket.write_all(&random.bytes(size)).and_then(|()| client.finish())
        }
        // It resets in the middle.
        3 => {
            let size = 1 + random.below(20_000);
            let _ = client.socket.write_all(&random.bytes(size));
            client.reset();
            return Ok("reset".into());
        }
        // It resets at once.
        4 => {
            client.reset();
            return Ok("reset".into());
        }
        // It says nothing, and goes.
        _ => {
            drop(client);
            return Ok("gone".into());
        }
    };
    let silent = |error: &io::Error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
    match told {
        Err(error) if silent(&error) => Err(io::Error::other("silence")),
        Err(_) => Ok("cut".into()),
        // Whoever has finished is answered to the end.
        Ok(()) => {
            let _ = client.finish();
            match client.ending() {
                crate::support::Ending::Hangs => Err(io::Error::other("no end")),
                _ => Ok("ended".into()),
            }
        }
    }
}

fn story(shapes: &[Shape], seed: u64) {
    let house = House::build();
    let running = Running::start(&house.draft(&shapes[0]));
    let talk = Talk::start(&house.kept, 6);
    let steady = Load::start(&house.kept, 150, 3);
    let (addresses, number) = (house.addresses.clone(), std::sync::Arc::new(AtomicU64::new(seed)));
    let wild = Load::by(200, 6, move || anything(&addresses, &mut Random::new(number.fetch_add(1, Ordering::Relaxed))));
    for shape in &shapes[1..] {
        steady.wait(6);
        wild.wait(6);
        running.apply(&house.draft(shape));
    }
    wild.wait(6);
    talk.wait();
    drop(talk.finish());
    steady.finish().all_served(6);
    let wild = wild.finish();
    assert!(wild.problems.is_empty(), "{:?}", wild.problems);
    for name in 0..NAMES {
        running.apply(&house.last(name));
        eventually_is(Vec::<String>::new(), || {
            let counts = running.counts();
            let open = |(key, counts): &(String, crate::support::ListenerCounts)| {
                (counts.open > 0).then(|| format!("listener {key}: {counts:?}"))
            };
            let busy = |(key, counts): &(String, crate::support::EndpointCounts)| {
                (counts.open + counts.inflight > 0).then(|| format!("endpoint {key}: {counts:?}"))
            };
            counts.listeners.iter().filter_map(open).chain(counts.endpoints.iter().filter_map(busy)).collect()
        });
        eventually_is(1, || running.counts().worlds);
    }
    eventually("the endpoints see it too", || {
        house.endpoints.iter().chain([&house.stays]).all(|endpoint| endpoint.serves() == 0)
    });
    let faults = running.counts();
    for never in ["no-route", "accept-failed", "descriptor-limit", "idle-timeout", "half-close-timeout", "panic"] {
        assert!(faults.all_faults().iter().all(|(label, _)| *label != never), "{:?}", faults.all_faults());
    }
}

#[cfg(target_os = "linux")]
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
#[cfg(target_os = "linux")]
fn random_plans_under_traffic_leave_nothing_behind() {
    alone(|| {
        let seed = number("FOURSEVEN_SEED").unwrap_or(7);
        let cases = number("FOURSEVEN_CASES").unwrap_or(if long() { 60 } else { 6 }) as u32;
        println!("FOURSEVEN_SEED={seed} FOURSEVEN_CASES={cases}");
        let before = descriptors();
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let config = Config { cases, max_shrink_time: 60_000, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        let outcome = runner.run(&prop::collection::vec(shape(), 3..12), |shapes| {
            story(&shapes, seed);
            Ok(())
        });
        if let Err(failed) = outcome {
            panic!("{failed}");
        }
        eventually_is(0, || threads_named("fourseven-"));
        eventually_is(before, descriptors);
    });
}
