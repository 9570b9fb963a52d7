//! Sockets beside halves that are none, or that may not be spliced.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::io;
use std::task::{Context, Poll};

use net::{Half, Stream};
use support::made::Stage;
use support::script::{Script, Sends, Takes};
use support::sockets::{Kind, Peer, carry};
use support::worker::{PATIENT, Worker, on_worker};

const MIB: u64 = 1024 * 1024;

/// A socket that may not be spliced.
struct Opaque(Stream);

impl Half for Opaque {
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, buffers: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        Half::poll_write(&mut self.0, cx, buffers)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Half::poll_flush(&mut self.0, cx)
    }

    fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_finish(cx)
    }

    fn abort(&mut self) {
        self.0.abort();
    }

    fn peer_gone(&self) -> bool {
        self.0.peer_gone()
    }
}

#[test]
fn a_half_that_is_no_plain_socket_is_never_spliced() {
    on_worker(Worker::default(), async |worker| {
        let (client, client_peer) = Peer::pair(Kind::Tcp, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
        let mut running = worker.relay(client, Opaque(endpoint), PATIENT);
        let story = async {
            let up = async {
                carry(&client_peer, &endpoint_peer, 30 * MIB).await;
            };
            up.await;
            carry(&endpoint_peer, &client_peer, 30 * MIB).await;
            client_peer.finish();
            endpoint_peer.finish();
        };
        let (ended, ()) = tokio::join!(running.run(&worker.tools), story);
        assert_eq!(ended.fault, None);
        assert_eq!(worker.pipes(), 0);
    });
}

#[test]
fn a_made_half_and_a_socket_understand_each_other() {
    let sends = vec![Sends::Bytes(5), Sends::Wait, Sends::Bytes(9_000_000), Sends::Wait, Sends::Bytes(200_000)];
    let takes = vec![Takes::UpTo(70_000), Takes::Wait, Takes::UpTo(1), Takes::UpTo(30_000), Takes::Wait];
    let script = Script { sends, takes, flush_waits: true, finish_waits: true, ..Script::default() };
    for kind in [Kind::Tcp, Kind::Unix] {
        on_worker(Worker::default(), async |worker| {
            let made = Stage::alone(script.clone());
            let (endpoint, peer) = Peer::pair(kind, None);
            let mut running = worker.relay(made.clone(), endpoint, PATIENT);
            let story = async {
                peer.receive_all().await.unwrap();
                assert_eq!(peer.received(), script.bytes());
                peer.send(3 * MIB).await.unwrap();
                peer.finish();
            };
            let (ended, ()) = tokio::join!(running.run(&worker.tools), story);
            assert_eq!(ended.fault, None);
            let stage = made.stage();
            let seen = stage.of(support::script::Side::Client);
            assert_eq!((seen.taken, seen.visible_at_finish, seen.finished), (3 * MIB, 3 * MIB, 1));
            assert_eq!(worker.pipes(), 0);
        });
    }
}
