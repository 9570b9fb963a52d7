//! Ports that are in use.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use engine::{Outcome, Problem, ProblemCode};
use plan::Address;

use crate::support::{Client, Draft, Endpoint, Running, WAYS, address, any_port, cycle, free_address, free_path};

#[track_caller]
fn refused(running: &Running, draft: &Draft) -> Vec<Problem> {
    match running.try_apply(draft) {
        Outcome::Refused(problems) => problems,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn a_port_in_use_is_refused_with_where_and_who() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let (taken, path) = (free_address(), free_path());
        let first = Draft::of(&taken, accept, &[&endpoint]).listen("unix", &path, accept, "pool");
        let _holder = Running::start(&first);
        let running = Running::idle();
        for (address, key) in [(&taken, "tcp"), (&path, "unix")] {
            let problems = refused(&running, &Draft::of(address, accept, &[&endpoint]));
            let [problem] = &problems[..] else { panic!("{problems:?}") };
            assert_eq!(problem.code, ProblemCode::AddressInUse);
            assert_eq!(problem.listener.as_deref(), Some("in"));
            assert_eq!(problem.address.as_ref(), Some(address));
            if cfg!(target_os = "linux") {
                assert_eq!(problem.holder.as_deref(), Some("this process"), "{key}");
            }
            assert_eq!(Client::visit(address).unwrap(), "a");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_program_that_holds_a_port_is_named() {
    let endpoint = Endpoint::echo("a");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = Address::tcp(listener.local_addr().unwrap());
    // It has the socket as its standard input, and nobody else has it.
    let mut child = Command::new("sleep").arg("60").stdin(Stdio::from(OwnedFd::from(listener))).spawn().unwrap();
    let running = Running::idle();
    let problems = refused(&running, &Draft::of(&taken, WAYS[0], &[&endpoint]));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].holder, Some(format!("sleep (pid {})", child.id())));
    running.apply(&Draft::of(&taken, WAYS[0], &[&endpoint]));
    assert_eq!(Client::visit(&taken).unwrap(), "a");
}

#[test]
fn all_problems_are_told_at_once_and_nothing_of_the_plan_remains() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let (old, one, two) = (free_address(), free_address(), free_address());
        let (first, last, path) = (free_address(), free_address(), free_path());
        let holders = [&one, &two].map(|address| TcpListener::bind(address.socket_addr().unwrap()).unwrap());
        let before = Draft::of(&old, accept, &[&endpoint]);
        let running = Running::start(&before);
        let wanted = Draft::empty()
            .workers(4)
            .pool("pool", crate::support::cycle(1), &[&endpoint])
            .listen("first", &first, accept, "pool")
            .listen("one", &one, accept, "pool")
            .listen("unix", &path, accept, "pool")
            .listen("two", &two, accept, "pool")
            .listen("last", &last, accept, "pool");
        let problems = refused(&running, &wanted);
        let keys: Vec<_> = problems.iter().map(|problem| problem.listener.as_deref().unwrap()).collect();
        assert_eq!(keys, ["one", "two"]);
        for address in [&first, &last] {
            assert!(Client::connect(address).is_err(), "it listens");
            drop(TcpListener::bind(address.socket_addr().unwrap()).expect("the port is free"));
        }
        let Address::Unix { path } = &path else { unreachable!() };
        assert!(!std::path::Path::new(path).exists());
        // The old plan serves on, and the new one is applied once it can be.
        assert_eq!(Client::visit(&old).unwrap(), "a");
        assert_eq!(running.counts().version, 1);
        assert_eq!(running.counts().workers, 2);
        drop(holders);
        assert_eq!(running.apply(&wanted).workers, 4);
        for listener in &wanted.listeners {
            assert_eq!(Client::visit(&listener.address).unwrap(), "a");
        }
        assert!(Client::connect(&old).is_err());
    }
}

#[test]
fn no_other_program_can_join_a_port_that_is_served() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&endpoint]).workers(1));
        for workers in [1, 3] {
            running.apply(&Draft::of(&address, accept, &[&endpoint]).workers(workers));
            assert!(TcpListener::bind(address.socket_addr().unwrap()).is_err());
        }
    }
}

#[test]
fn port_0_is_a_port_of_its_own_for_each_listener_and_stays_with_its_key() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let draft = |keys: &[&str]| {
            let empty = Draft::empty().pool("pool", crate::support::cycle(1), &[&endpoint]);
            keys.iter().fold(empty, |draft, key| draft.listen(key, &any_port("127.0.0.1"), accept, "pool"))
        };
        let running = Running::idle();
        let first = running.apply(&draft(&["x", "y"]));
        let port = |applied: &engine::Applied, key: &str| crate::support::address(applied, key);
        assert_ne!(port(&first, "x"), port(&first, "y"));
        let second = running.apply(&draft(&["z", "y", "x"]));
        assert_eq!(port(&second, "x"), port(&first, "x"));
        assert_eq!(port(&second, "y"), port(&first, "y"));
        for key in ["x", "y", "z"] {
            assert_eq!(Client::visit(&port(&second, key)).unwrap(), "a");
        }
    }
}

#[test]
fn an_address_that_nobody_has_is_a_problem_of_its_own() {
    let endpoint = Endpoint::echo("a");
    let running = Running::idle();
    // TEST-NET-1: no machine has it.
    let address = Address::tcp("192.0.2.1:80".parse().unwrap());
    let problems = refused(&running, &Draft::of(&address, WAYS[0], &[&endpoint]));
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, ProblemCode::Listen);
    assert_eq!(problems[0].holder, None);
    let address = Address::Unix { path: "/nowhere/at/all.sock".into() };
    let problems = refused(&running, &Draft::of(&address, WAYS[0], &[&endpoint]));
    assert_eq!(problems[0].code, ProblemCode::Listen);
}

#[test]
fn a_port_that_the_system_chose_can_be_asked_for_by_its_number() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let draft = Draft::of(&any_port("127.0.0.1"), accept, &[&endpoint]);
        let running = Running::idle();
        let bound = address(&running.apply(&draft), "in");
        let (mut client, _) = Client::greeted(&bound).unwrap();
        // Once by its number, it is found by that, under another key too.
        for key in ["in", "renamed"] {
            let draft = Draft::empty().pool("pool", cycle(1), &[&endpoint]).listen(key, &bound, accept, "pool");
            assert_eq!(address(&running.apply(&draft), key), bound);
            Client::visit(&bound).unwrap();
        }
        client.echo(b"still there").unwrap();
    }
}

#[test]
fn an_address_cannot_be_narrowed_on_the_same_port_and_that_disturbs_nobody() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let narrow = free_address();
        let Address::Tcp { port, .. } = narrow else { panic!("no TCP") };
        let wide = Address::Tcp { host: "0.0.0.0".parse().unwrap(), port };
        let running = Running::start(&Draft::of(&wide, accept, &[&endpoint]));
        let (mut client, _) = Client::greeted(&narrow).unwrap();
        let problems = refused(&running, &Draft::of(&narrow, accept, &[&endpoint]));
        assert_eq!(problems[0].code, ProblemCode::AddressInUse);
        Client::visit(&narrow).unwrap();
        client.echo(b"still there").unwrap();
        // In two steps it can: the port is free in between.
        running.apply(&Draft::empty().pool("pool", cycle(1), &[&endpoint]));
        running.apply(&Draft::of(&narrow, accept, &[&endpoint]));
        Client::visit(&narrow).unwrap();
        client.echo(b"still there").unwrap();
    }
}
