//! How connections end by the clock.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use account::Fault;
use plan::Timeouts;

use crate::support::{
    Client, Draft, Ending, Endpoint, PATIENCE, Running, WAYS, any_port, eventually, eventually_is, free_address,
};

#[test]
fn an_idle_connection_is_reset_after_the_idle_timeout() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let address = free_address();
        let mut draft = Draft::of(&address, accept, &[&endpoint]);
        draft.timeouts.idle = Some(400);
        let running = Running::start(&draft);
        let (mut client, _) = Client::greeted(&address).unwrap();
        // Bytes keep it alive for longer than that.
        let began = Instant::now();
        let mut last = Instant::now();
        let mut longest = Duration::ZERO;
        while began.elapsed() < Duration::from_millis(900) {
            client.echo(b"still there").unwrap();
            longest = longest.max(last.elapsed());
            last = Instant::now();
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(longest < Duration::from_millis(400), "the machine is too slow for this test");
        assert_eq!(client.ending(), Ending::Reset);
        assert!(last.elapsed() >= Duration::from_millis(400), "{:?}", last.elapsed());
        eventually("the endpoint sees the end too", || endpoint.serves() == 0);
        eventually_is(vec![("idle-timeout", 1)], || running.counts().all_faults());
        eventually("it has ended", || running.counts().is_quiet());
    }
}

#[test]
fn without_an_idle_timeout_a_connection_may_be_silent() {
    let endpoint = Endpoint::echo("a");
    let address = free_address();
    let mut draft = Draft::of(&address, plan::Accept::PerWorker, &[&endpoint]);
    draft.timeouts = Timeouts { connect: 100, idle: None, half_close: Some(100) };
    let running = Running::start(&draft);
    let (mut client, _) = Client::greeted(&address).unwrap();
    assert_eq!(client.ending_within(Duration::from_millis(700)), Ending::Hangs);
    client.echo(b"still there").unwrap();
    assert_eq!(running.counts().all_faults(), []);
}

/// An endpoint that answers each byte at once, and never finishes.
fn endless() -> Endpoint {
    Endpoint::serving("endless", &any_port("127.0.0.1"), |mut socket| {
        let mut buffer = [0; 100];
        while socket.read(&mut buffer)? > 0 {
            socket.write_all(b"!")?;
        }
        // It was told the end, and keeps silent until it is reset.
        loop {
            match socket.write_all(b"") {
                Err(error) => return Err(error),
                Ok(()) if socket.take_error()?.is_some() => return Ok(()),
                Ok(()) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
    })
}

#[test]
fn a_half_closed_connection_is_reset_after_the_half_close_timeout() {
    let endpoint = endless();
    for accept in WAYS {
        let address = free_address();
        let mut draft = Draft::of(&address, accept, &[&endpoint]);
        draft.timeouts.half_close = Some(300);
        let running = Running::start(&draft);
        let mut client = Client::connect(&address).unwrap();
        client.socket.write_all(b"?").unwrap();
        assert_eq!(client.read(10).unwrap(), b"!");
        let finished = Instant::now();
        client.finish().unwrap();
        assert_eq!(client.ending(), Ending::Reset);
        assert!(finished.elapsed() >= Duration::from_millis(300), "{:?}", finished.elapsed());
        eventually_is(vec![("half-close-timeout", 1)], || running.counts().all_faults());
        eventually("it has ended", || running.counts().is_quiet());
    }
}

#[test]
fn a_connection_that_was_silent_has_the_whole_half_close_timeout() {
    // Answers the end only after a while.
    let endpoint = Endpoint::serving("late", &any_port("127.0.0.1"), |mut socket| {
        socket.write_all(b"hello")?;
        let mut all = Vec::new();
        socket.read_to_end(&mut all)?;
        std::thread::sleep(Duration::from_millis(200));
        socket.write_all(b"bye")
    });
    let address = free_address();
    let mut draft = Draft::of(&address, plan::Accept::PerWorker, &[&endpoint]);
    draft.timeouts.half_close = Some(1000);
    let running = Running::start(&draft);
    let mut client = Client::connect(&address).unwrap();
    assert_eq!(client.read(5).unwrap(), b"hello");
    assert_eq!(client.ending_within(Duration::from_millis(1300)), Ending::Hangs);
    // It was silent for longer than that before it finished, which is no reason to hurry.
    client.finish().unwrap();
    let mut all = Vec::new();
    client.socket.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"bye");
    eventually("it has ended", || running.counts().is_quiet());
    assert_eq!(running.counts().all_faults(), []);
}

#[test]
fn bytes_in_the_other_direction_put_the_half_close_timeout_off() {
    let endpoint = Endpoint::serving("slow", &any_port("127.0.0.1"), |mut socket| {
        let mut all = Vec::new();
        socket.read_to_end(&mut all)?;
        for _ in 0..40 {
            std::thread::sleep(Duration::from_millis(25));
            socket.write_all(b".")?;
        }
        Ok(())
    });
    let address = free_address();
    let mut draft = Draft::of(&address, plan::Accept::PerWorker, &[&endpoint]);
    draft.timeouts.half_close = Some(600);
    let running = Running::start(&draft);
    let mut client = Client::connect(&address).unwrap();
    client.finish().unwrap();
    let mut all = Vec::new();
    client.socket.read_to_end(&mut all).unwrap();
    assert_eq!(all.len(), 40);
    eventually("it has ended", || running.counts().is_quiet());
    assert_eq!(running.counts().all_faults(), []);
}

#[test]
fn a_client_that_does_not_read_is_held_back_and_not_cut() {
    let endpoint = Endpoint::echo("a");
    for accept in WAYS {
        let address = free_address();
        let running = Running::start(&Draft::of(&address, accept, &[&endpoint]));
        let (mut client, _) = Client::greeted(&address).unwrap();
        // Until nothing goes any more: the sockets on the way are full.
        client.socket.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut sent = 0;
        while let Ok(count) = client.socket.write(&[7; 65536]) {
            sent += count;
            assert!(sent < 200_000_000, "nothing holds it back");
        }
        client.socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let before = running.counts();
        assert_eq!(before.listener("in").open, 1);
        // A second connection is served meanwhile.
        Client::visit(&address).unwrap();
        client.finish().unwrap();
        let mut all = Vec::new();
        client.socket.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), sent);
        eventually("it has ended", || running.counts().is_quiet());
        assert_eq!(running.counts().all_faults(), []);
    }
}

#[test]
fn an_endpoint_that_resets_while_its_client_does_not_read_is_noticed() {
    let endpoint = Endpoint::serving("flood", &any_port("127.0.0.1"), |mut socket| {
        socket.set_write_timeout(Some(Duration::from_millis(300)))?;
        while socket.write(&[7; 65536]).is_ok() {}
        socket.set_linger(Some(Duration::ZERO))?;
        Ok(())
    });
    let address = free_address();
    let running = Running::start(&Draft::of(&address, plan::Accept::PerWorker, &[&endpoint]));
    let client = Client::connect(&address).unwrap();
    // The client never reads, so the engine has to look by itself.
    eventually_is(1, || running.fault(Fault::EndpointReset));
    eventually("it has ended", || running.counts().is_quiet());
    drop(client);
}
