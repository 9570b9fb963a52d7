//! Many connections at once whose peers do whatever comes to their mind.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use support::random::Random;
use support::sockets::{Kind, Peer};
use support::worker::{PATIENT, Worker, on_worker, others_run};

/// One peer: sends and receives at random, and goes.
async fn live(peer: Peer, mut random: Random) {
    let mut buffer = vec![0; 256 * 1024];
    let mut finished = false;
    // Some only talk, some send much.
    let most = [100, 5_000, 256 * 1024][random.below(3)];
    for _ in 0..random.below(400) {
        match random.below(8) {
            0..3 if !finished => drop(peer.send_now(1 + random.below(most))),
            0..6 => {
                let length = 1 + random.below(buffer.len() - 1);
                drop(peer.receive_now(&mut buffer[..length]));
            }
            6 if random.once_in(100) && !finished => {
                // A reset may have come before, and then there is nothing to end.
                let _ = peer.socket().shutdown(Shutdown::Write);
                finished = true;
            }
            _ => others_run(random.below(5)).await,
        }
    }
    match random.below(3) {
        0 => peer.reset(),
        1 => drop(peer),
        _ => {
            let _ = peer.socket().shutdown(Shutdown::Write);
            let _ = peer.receive_all().await;
        }
    }
}

/// One connection, to its end.
async fn connection(worker: Rc<Worker>, mut random: Random) {
    let kind = if random.once_in(3) { Kind::Unix } else { Kind::Tcp };
    let buffers = [None, Some(16 * 1024), Some(100 * 1024)][random.below(3)];
    let (client_half, client) = Peer::pair(kind, buffers);
    let (endpoint_half, endpoint) = Peer::pair(kind, buffers);
    let peers = [client, endpoint].map(|peer| tokio::task::spawn_local(live(peer, random.fork())));
    let relay = tokio::task::spawn_local(async move {
        let mut running = worker.relay(client_half, endpoint_half, PATIENT);
        running.run(&worker.tools).await
    });
    for peer in peers {
        tokio::time::timeout(Duration::from_secs(10), peer).await.expect("a peer waits for ever").unwrap();
    }
    tokio::time::timeout(Duration::from_secs(10), relay).await.expect("the relay outlives its peers").unwrap();
}

#[test]
fn whatever_the_peers_do_their_relay_ends_with_them() {
    on_worker(Worker::default(), async |worker| {
        let mut random = Random::new(7);
        for _ in 0..8 {
            let connections: Vec<_> =
                (0..100).map(|_| tokio::task::spawn_local(connection(worker.clone(), random.fork()))).collect();
            for connection in connections {
                connection.await.unwrap();
            }
        }
    });
}
