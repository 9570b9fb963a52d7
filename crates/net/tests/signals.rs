//! Writing to a peer that is gone raises no signal, though splicing has no flag that says so.
//!
//! Alone in its process: the signal would end it.

#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::io::IoSlice;

use account::Fault;
use net::Half;
use support::sockets::{Kind, Peer, carry};
use support::worker::{PATIENT, Worker, on_worker};

const MIB: u64 = 1024 * 1024;

#[test]
fn writing_to_a_peer_that_is_gone_is_an_error_and_no_signal() {
    // As Node leaves it once a listener for the signal was removed. Rust ignores it.
    // SAFETY: nothing else runs in this process, and the default action needs no handler.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    net::block_broken_pipe();
    for kind in [Kind::Unix, Kind::Tcp] {
        for splice in [true, false] {
            on_worker(Worker::default(), async |worker| {
                worker.tools.splice.set(splice);
                let (client, client_peer) = Peer::pair(kind, None);
                let (endpoint, endpoint_peer) = Peer::pair(kind, None);
                let mut running = worker.relay(client, endpoint, PATIENT);
                running.run_until(&worker.tools, carry(&client_peer, &endpoint_peer, 4 * MIB)).await;
                assert_eq!(worker.pipes() > 0, splice);
                drop(endpoint_peer);
                let send = async { while client_peer.send(MIB).await.is_ok() {} };
                let run = async {
                    let ended = running.run(&worker.tools).await;
                    drop(running);
                    ended
                };
                let (ended, ()) = tokio::join!(run, send);
                assert_eq!(ended.fault, Some(Fault::EndpointReset), "{kind:?}, splice {splice}");
            });
        }
        on_worker(Worker::default(), async |_| {
            let (mut stream, peer) = kind.pair(None);
            drop(peer);
            let two = [IoSlice::new(b"one"), IoSlice::new(b"two")];
            let mut write = async |buffers| std::future::poll_fn(|cx| stream.poll_write(cx, buffers)).await;
            while write(&two[..1]).await.is_ok() {}
            write(&two).await.unwrap_err();
        });
    }
}
