//! What happens when an endpoint cannot be reached.

use std::io::Write;
use std::time::{Duration, Instant};

use account::Fault;
use plan::Accept;

use crate::support::{
    Client, Draft, Ending, Endpoint, Running, WAYS, cycle, deaf, eventually, eventually_is, free_address, free_path,
    least, refusing,
};

#[test]
fn the_next_endpoint_is_tried_when_one_refuses() {
    let (a, bad, b) = (Endpoint::echo("a"), refusing("bad"), Endpoint::echo("b"));
    for accept in WAYS {
        for algorithm in [cycle(3), least(), crate::support::Algorithm::Least(Some(2))] {
            let address = free_address();
            let mut draft = Draft::of(&address, accept, &[&a, &bad, &b]);
            draft.pools[0].1 = algorithm.clone();
            let running = Running::start(&draft);
            for _ in 0..30 {
                assert_ne!(Client::visit(&address).unwrap(), "bad");
            }
            eventually("all ended", || running.counts().is_quiet());
            let counts = running.counts();
            let bad = counts.endpoint("bad");
            assert!(bad.failed > 0, "{algorithm:?}: {counts:?}");
            assert_eq!(bad.failed, bad.picked);
            assert_eq!(counts.all_faults(), [("connect-refused", bad.failed)]);
            assert_eq!(counts.endpoint("a").picked + counts.endpoint("b").picked, 30);
            assert_eq!(counts.endpoint("a").failed + counts.endpoint("b").failed, 0);
        }
    }
}

#[test]
fn a_client_is_reset_when_all_endpoints_refuse() {
    let all = ["a", "b", "c"].map(refusing);
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&all[0], &all[1], &all[2]]));
        for _ in 0..5 {
            assert_eq!(Client::fate(&address), Ending::Reset);
        }
        eventually("all ended", || running.counts().is_quiet());
        let counts = running.counts();
        for endpoint in &all {
            assert_eq!((counts.endpoint(&endpoint.name).picked, counts.endpoint(&endpoint.name).failed), (5, 5));
        }
        // Each attempt is counted once.
        assert_eq!(counts.all_faults(), [("connect-refused", 15)]);
    }
}

#[test]
fn a_missing_socket_file_counts_as_refused() {
    let a = Endpoint::echo("a");
    let mut draft = Draft::empty().pool("pool", cycle(1), &[&a]).endpoint(&a);
    draft.endpoints[0].addresses = vec![free_path()];
    let address = free_address();
    let running = Running::start(&draft.listen("in", &address, Accept::PerWorker, "pool"));
    assert_eq!(Client::fate(&address), Ending::Reset);
    eventually_is(vec![("connect-refused", 1)], || running.counts().all_faults());
}

#[test]
fn the_next_endpoint_is_tried_when_one_does_not_answer_in_time() {
    let (silent, a) = (deaf("silent"), Endpoint::echo("a"));
    for accept in WAYS {
        let address = free_address();
        let mut draft = Draft::of(&address, accept, &[&silent, &a]).workers(1);
        draft.timeouts.connect = 200;
        let running = Running::start(&draft);
        let began = Instant::now();
        assert_eq!(Client::visit(&address).unwrap(), "a");
        assert!(began.elapsed() >= Duration::from_millis(200), "{:?}", began.elapsed());
        eventually("all ended", || running.counts().is_quiet());
        assert_eq!(running.counts().endpoint("silent").failed, 1);
        assert_eq!(running.counts().all_faults(), [("connect-timeout", 1)]);
    }
}

#[test]
fn a_client_is_reset_when_nobody_answers_in_time() {
    let silent = deaf("silent");
    let address = free_address();
    let mut draft = Draft::of(&address, Accept::PerWorker, &[&silent]);
    draft.timeouts.connect = 200;
    let running = Running::start(&draft);
    assert_eq!(Client::fate(&address), Ending::Reset);
    eventually_is(vec![("connect-timeout", 1)], || running.counts().all_faults());
}

#[test]
fn another_address_of_an_endpoint_is_tried_when_one_refuses_or_is_silent() {
    let (bad, silent, a) = (refusing("bad"), deaf("silent"), Endpoint::echo("a"));
    let address = free_address();
    let mut draft = Draft::of(&address, Accept::PerWorker, &[&a]);
    draft.endpoints[0].addresses = vec![bad.address.clone(), silent.address.clone(), a.address.clone()];
    let running = Running::start(&draft);
    assert_eq!(Client::visit(&address).unwrap(), "a");
    eventually("all ended", || running.counts().is_quiet());
    assert_eq!(running.counts().all_faults(), []);
    assert_eq!(running.counts().endpoint("a").failed, 0);
}

#[test]
fn a_client_that_goes_away_while_dialling_cancels_the_dial() {
    let silent = deaf("silent");
    for accept in WAYS {
        let address = free_address();
        let mut draft = Draft::of(&address, accept, &[&silent]);
        draft.timeouts.connect = 600_000;
        let running = Running::start(&draft);
        let mut client = Client::connect(&address).unwrap();
        client.socket.write_all(b"a question").unwrap();
        eventually_is(1, || running.counts().endpoint("silent").open);
        client.reset();
        eventually("the dial is given up", || running.counts().is_quiet());
        let counts = running.counts();
        assert_eq!(counts.all_faults(), [("client-gone", 1)]);
        // The endpoint did not do anything wrong.
        assert_eq!(counts.endpoint("silent").failed, 0);
    }
}

#[test]
fn a_client_that_only_finishes_while_dialling_is_served() {
    let (silent, a) = (deaf("silent"), Endpoint::echo("a"));
    let address = free_address();
    let mut draft = Draft::of(&address, Accept::PerWorker, &[&silent, &a]).workers(1);
    draft.timeouts.connect = 300;
    let _running = Running::start(&draft);
    let mut client = Client::connect(&address).unwrap();
    client.socket.write_all(b"a question").unwrap();
    client.finish().unwrap();
    assert_eq!(client.name().unwrap(), "a");
    assert_eq!(client.read(100).unwrap(), b"a question");
    assert_eq!(client.ending(), Ending::Plain);
}

#[test]
fn a_pool_without_a_usable_endpoint_resets() {
    let a = Endpoint::echo("a");
    for accept in WAYS {
        for algorithm in [cycle(0), least(), crate::support::Algorithm::Least(Some(2))] {
            let address = free_address();
            let mut draft = Draft::of(&address, accept, &[]);
            draft.pools[0].1 = algorithm;
            let running = Running::start(&draft);
            assert_eq!(Client::fate(&address), Ending::Reset);
            eventually_is(vec![("no-endpoint", 1)], || running.counts().all_faults());
            running.apply(&Draft::of(&address, accept, &[&a]));
            assert_eq!(Client::visit(&address).unwrap(), "a");
        }
    }
}

#[test]
fn a_listener_without_a_route_resets() {
    let a = Endpoint::echo("a");
    let address = free_address();
    let mut draft = Draft::of(&address, Accept::PerWorker, &[&a]);
    draft.routes.clear();
    let running = Running::start(&draft);
    assert_eq!(Client::fate(&address), Ending::Reset);
    eventually_is(vec![("no-route", 1)], || running.counts().all_faults());
}

#[test]
fn a_dial_to_an_endpoint_that_has_left_the_plan_goes_on_in_the_plan_of_now() {
    let (silent, a) = (deaf("silent"), Endpoint::echo("a"));
    let address = free_address();
    let mut draft = Draft::of(&address, Accept::PerWorker, &[&silent]);
    draft.timeouts.connect = 1000;
    let running = Running::start(&draft);
    let mut client = Client::connect(&address).unwrap();
    eventually_is(1, || running.counts().endpoint("silent").open);
    running.apply(&Draft::of(&address, Accept::PerWorker, &[&a]));
    assert_eq!(client.name().unwrap(), "a");
    client.echo(b"at last").unwrap();
    assert_eq!(running.fault(Fault::ConnectTimeout), 1);
}

#[test]
fn a_listener_that_is_its_own_endpoint_does_not_take_the_engine_down() {
    // A loop that the user has configured.
    let a = Endpoint::echo("a");
    let (address, other) = (free_address(), free_address());
    let draft = Draft::of(&address, Accept::PerWorker, &[&a]).listen("loop", &other, Accept::PerWorker, "loop");
    let mut draft = draft.pool("loop", cycle(1), &[&a]);
    let looping = plan::Endpoint { key: "loop".into(), addresses: vec![other.clone()] };
    draft.endpoints.push(looping);
    draft.pools[1].2 = vec!["loop".into()];
    let running = Running::start(&draft);
    let client = Client::connect(&other).unwrap();
    eventually("it goes round", || running.counts().endpoint("loop").open > 50);
    assert_eq!(Client::visit(&address).unwrap(), "a");
    // Without the listener there is no next round, and its end ends all the others.
    running.apply(&Draft::of(&address, Accept::PerWorker, &[&a]));
    drop(client);
    eventually("all ended", || running.counts().worlds == 1 && running.fault(Fault::EndpointReset) > 0);
    Client::visit(&address).unwrap();
}
