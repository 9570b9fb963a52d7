//! Many bytes both ways at once over real sockets, bit-exact.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::Socket;
use support::pattern;
use support::random::Random;
use support::sockets::Kind;
use support::worker::{PATIENT, Worker, on_worker};

const MIB: usize = 1024 * 1024;

/// How the bytes of a run go.
#[derive(Debug, Clone, Copy)]
struct Run {
    kind: Kind,
    splice: bool,
    /// The buffers of each socket; small ones let pipes fill and drain by parts.
    buffers: Option<usize>,
    up: usize,
    down: usize,
}

/// Sends so many bytes in pieces of all sizes, then its end.
fn sender(socket: &Socket, count: usize, mut random: Random) -> JoinHandle<()> {
    let mut socket = socket.try_clone().unwrap();
    thread::spawn(move || {
        let mut sent = 0;
        while sent < count {
            let most = if random.once_in(4) { 2000 } else { 256 * 1024 };
            let piece = pattern::bytes(sent as u64, (1 + random.below(most)).min(count - sent));
            socket.write_all(piece).unwrap();
            sent += piece.len();
            pause(&mut random);
        }
        socket.shutdown(Shutdown::Write).unwrap();
    })
}

/// Receives to the end, and says how many bytes came.
fn receiver(socket: &Socket, mut random: Random) -> JoinHandle<usize> {
    let mut socket = socket.try_clone().unwrap();
    thread::spawn(move || {
        let mut buffer = vec![0; 256 * 1024];
        let mut received = 0;
        loop {
            let most = if random.once_in(4) { 2000 } else { buffer.len() };
            match socket.read(&mut buffer[..1 + random.below(most)]) {
                Ok(0) => return received,
                Ok(count) => {
                    assert!(pattern::is_at(received as u64, &buffer[..count]), "wrong bytes at {received}");
                    received += count;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => panic!("{error} after {received}"),
            }
            pause(&mut random);
        }
    })
}

/// Now and then the peer does something else, so that buffers fill, or run empty.
fn pause(random: &mut Random) {
    if random.once_in(100) {
        thread::sleep(Duration::from_micros(random.below(2000) as u64));
    }
}

fn check(run: Run) {
    let pipes = carries(run);
    let spliced = run.splice && cfg!(target_os = "linux");
    assert_eq!(pipes > 0, spliced, "{run:?}");
}

/// Carries both streams to their ends, and says how many pipes were made.
fn carries(run: Run) -> usize {
    on_worker(Worker::default(), async |worker| {
        worker.tools.splice.set(run.splice);
        let (client, client_peer) = run.kind.pair(run.buffers);
        let (endpoint, endpoint_peer) = run.kind.pair(run.buffers);
        let senders = [sender(&client_peer, run.up, Random::new(1)), sender(&endpoint_peer, run.down, Random::new(2))];
        let receivers = [receiver(&endpoint_peer, Random::new(3)), receiver(&client_peer, Random::new(4))];
        let mut running = worker.relay(client, endpoint, PATIENT);
        let ended = running.run(&worker.tools).await;
        assert!(ended.fault.is_none(), "{run:?}: {ended:?}");
        let moved = [running.relay.up(), running.relay.down()];
        drop(running);
        senders.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(receivers.map(|thread| thread.join().unwrap()), [run.up, run.down], "{run:?}");
        assert_eq!(moved, [run.up as u64, run.down as u64], "{run:?}");
        worker.pipes()
    })
}

#[test]
fn tcp_carries_200_mib_each_way_through_pipes() {
    check(Run { kind: Kind::Tcp, splice: true, buffers: None, up: 200 * MIB, down: 200 * MIB });
}

#[test]
fn tcp_carries_200_mib_each_way_through_the_buffer() {
    check(Run { kind: Kind::Tcp, splice: false, buffers: None, up: 200 * MIB, down: 200 * MIB });
}

#[test]
fn unix_carries_200_mib_each_way_through_pipes() {
    check(Run { kind: Kind::Unix, splice: true, buffers: None, up: 200 * MIB, down: 200 * MIB });
}

#[test]
fn unix_carries_200_mib_each_way_through_the_buffer() {
    check(Run { kind: Kind::Unix, splice: false, buffers: None, up: 200 * MIB, down: 200 * MIB });
}

#[test]
fn small_socket_buffers_change_nothing() {
    for kind in [Kind::Tcp, Kind::Unix] {
        for splice in [true, false] {
            check(Run { kind, splice, buffers: Some(64 * 1024), up: 30 * MIB, down: 20 * MIB });
        }
    }
}

#[test]
fn either_direction_may_end_first_and_at_any_byte() {
    let mut random = Random::new(11);
    for round in 0..40 {
        let kind = if round % 3 == 0 { Kind::Unix } else { Kind::Tcp };
        let mut size = || if random.once_in(4) { random.below(3) } else { random.below(2 * MIB) };
        let (up, down) = (size(), size());
        // Whether a pipe is taken depends on the sizes, which is told elsewhere.
        carries(Run { kind, splice: round % 2 == 0, buffers: Some(128 * 1024), up, down });
    }
}
