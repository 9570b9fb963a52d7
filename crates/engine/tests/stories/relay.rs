//! Bytes pass, whatever the two sides are made of.

use std::io::{Read, Write};

use plan::Address;

use crate::support::{
    Client, Draft, Ending, Endpoint, Random, Running, WAYS, any_port, cycle, free_address, free_path, skip,
};

/// The transports: those of the listeners, and those of the endpoints.
fn transports() -> Vec<(&'static str, Address)> {
    let mut transports = vec![("ipv4", any_port("127.0.0.1")), ("unix", free_path())];
    if std::net::TcpListener::bind("[::1]:0").is_ok() {
        transports.push(("ipv6", any_port("::1")));
    } else {
        skip("bytes pass between all transports (ipv6)", "this system has no ::1");
    }
    transports
}

#[test]
fn bytes_pass_between_all_transports_by_both_ways_to_accept() {
    let endpoints: Vec<_> = transports().into_iter().map(|(name, address)| Endpoint::echo_at(name, &address)).collect();
    for accept in WAYS {
        let mut draft = Draft::empty();
        for endpoint in &endpoints {
            draft = draft.pool(&endpoint.name, cycle(1), &[endpoint]);
        }
        for (client, _) in transports() {
            for endpoint in &endpoints {
                let address = match client {
                    "unix" => free_path(),
                    "ipv6" => any_port("::1"),
                    _ => any_port("127.0.0.1"),
                };
                draft = draft.listen(&format!("{client} to {}", endpoint.name), &address, accept, &endpoint.name);
            }
        }
        let running = Running::idle();
        let applied = running.apply(&draft);
        for (at, (key, address)) in applied.listeners.iter().enumerate() {
            let (mut client, name) = Client::greeted(address).unwrap();
            assert!(key.ends_with(&name), "{key} was served by {name}");
            // More than the sockets hold, so it is read while it is written.
            let sent = Random::new(at as u64).bytes(3_000_000);
            let mut sending = Client { socket: client.socket.try_clone().unwrap() };
            let copy = sent.clone();
            let writer = std::thread::spawn(move || {
                sending.socket.write_all(&copy).unwrap();
                sending.finish().unwrap();
            });
            let mut received = Vec::new();
            client.socket.read_to_end(&mut received).unwrap();
            writer.join().unwrap();
            assert!(received == sent, "{key}: {} bytes came back of {}", received.len(), sent.len());
        }
        crate::support::eventually("all ended", || running.counts().is_quiet());
        let counts = running.counts();
        for (key, listener) in &counts.listeners {
            assert_eq!(listener.accepted, 1, "{key}");
            assert_eq!(listener.bytes_in, 3_000_000, "{key}");
        }
        assert_eq!(counts.all_faults(), []);
        for (_, address) in &applied.listeners {
            if let Address::Unix { path } = address {
                assert!(std::path::Path::new(path).exists());
            }
        }
        drop(running);
        for (_, address) in &applied.listeners {
            if let Address::Unix { path } = address {
                assert!(!std::path::Path::new(path).exists(), "the socket's file stays");
            }
        }
    }
}

#[test]
fn ipv6_any_address_takes_ipv4_clients_too() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let running = Running::idle();
        let applied = running.apply(&Draft::of(&any_port("::"), accept, &[&endpoint]));
        let Address::Tcp { port, .. } = applied.listeners[0].1 else { panic!("{applied:?}") };
        for host in ["127.0.0.1", "::1"] {
            if host == "::1" && std::net::TcpListener::bind("[::1]:0").is_err() {
                continue;
            }
            let to = Address::Tcp { host: host.parse().unwrap(), port };
            assert_eq!(Client::visit(&to).unwrap(), "a");
        }
    }
}

#[test]
fn half_close_is_carried_through_while_bytes_still_flow_the_other_way() {
    // The endpoint answers only after the client has finished.
    let late = Endpoint::serving("late", &any_port("127.0.0.1"), |mut socket| {
        let mut all = Vec::new();
        socket.read_to_end(&mut all)?;
        for _ in 0..20 {
            std::thread::sleep(std::time::Duration::from_millis(5));
            socket.write_all(&all)?;
        }
        Ok(())
    });
    // The endpoint finishes at once, and then reads all that the client still sends.
    let (told, hear) = std::sync::mpsc::channel();
    let early = Endpoint::serving("early", &any_port("127.0.0.1"), move |mut socket| {
        socket.write_all(b"bye")?;
        socket.shutdown(std::net::Shutdown::Write)?;
        let mut all = Vec::new();
        socket.read_to_end(&mut all)?;
        told.send(all.len()).unwrap();
        Ok(())
    });
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&late]));
        let mut client = Client::connect(&address).unwrap();
        client.socket.write_all(b"a question").unwrap();
        client.finish().unwrap();
        let mut all = Vec::new();
        client.socket.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"a question".repeat(20));
        drop(client);

        running.apply(&Draft::of(&address, accept, &[&early]));
        let mut client = Client::connect(&address).unwrap();
        let mut all = Vec::new();
        client.socket.read_to_end(&mut all).unwrap();
        assert_eq!(all, b"bye");
        for _ in 0..20 {
            std::thread::sleep(std::time::Duration::from_millis(5));
            client.socket.write_all(&[7; 1000]).unwrap();
        }
        client.finish().unwrap();
        assert_eq!(hear.recv_timeout(crate::support::PATIENCE).unwrap(), 20_000);
        crate::support::eventually("both ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), []);
    }
}

#[test]
fn a_reset_is_a_reset_on_the_other_side_too() {
    let (told, hear) = std::sync::mpsc::channel();
    // Waits for a word, and then resets, or waits for the end and tells it.
    let endpoint = Endpoint::serving("a", &any_port("127.0.0.1"), move |mut socket| {
        let mut word = [0; 1];
        socket.read_exact(&mut word)?;
        if word == *b"r" {
            socket.set_linger(Some(std::time::Duration::ZERO))?;
            return Ok(());
        }
        socket.write_all(b"!")?;
        told.send(crate::support::ending(&mut socket, crate::support::PATIENCE)).unwrap();
        Ok(())
    });
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&endpoint]));
        let mut client = Client::connect(&address).unwrap();
        client.socket.write_all(b"r").unwrap();
        assert_eq!(client.ending(), Ending::Reset);

        let mut client = Client::connect(&address).unwrap();
        client.socket.write_all(b"w").unwrap();
        assert_eq!(client.read(1).unwrap(), b"!");
        client.reset();
        assert_eq!(hear.recv_timeout(crate::support::PATIENCE).unwrap(), Ending::Reset);

        crate::support::eventually("both ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), [("client-reset", 1), ("endpoint-reset", 1)]);
    }
}

#[test]
fn a_small_exchange_beside_bulky_ones_waits_for_a_turn_of_each_and_not_for_sixty() {
    let small = Endpoint::echo("small");
    let sink = Endpoint::serving("sink", &any_port("127.0.0.1"), |mut socket| {
        let mut buffer = vec![0; 1 << 20];
        while socket.read(&mut buffer)? > 0 {}
        Ok(())
    });
    for accept in WAYS {
        let (address, bulky) = (free_address(), free_address());
        let draft = Draft::empty().workers(1).pool("small", cycle(1), &[&small]).pool("sink", cycle(1), &[&sink]);
        let draft = draft.listen("small", &address, accept, "small").listen("bulky", &bulky, accept, "sink");
        let running = Running::start(&draft);
        let (mut client, _) = Client::greeted(&address).unwrap();
        let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let (mut bulk, stop) = (Client::connect(&bulky).unwrap(), stop.clone());
                std::thread::spawn(move || {
                    let block = vec![7; 1 << 20];
                    while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                        bulk.socket.write_all(&block).unwrap();
                    }
                })
            })
            .collect();
        let passed = || running.counts().listener("bulky").bytes_in;
        crate::support::eventually("bytes flow", || passed() > 100_000_000);
        // Counted in bytes that pass meanwhile, and not in time, which the machine may take elsewhere.
        let mut waits: Vec<u64> = (0..101)
            .map(|_| {
                let before = passed();
                client.echo(b"a word").unwrap();
                passed() - before
            })
            .collect();
        waits.sort_unstable();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        // A turn of each is 8 to 12 MiB. Sixty turns before the system is asked for news are 120 MiB.
        assert!(waits[75] < 32 << 20, "{accept:?}: {waits:?}");
    }
}
