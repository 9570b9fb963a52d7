//! A reset goes through to the other side, and nothing that came before it is lost.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::io;
use std::time::{Duration, Instant};

use account::Fault;
use plan::Timeouts;
use support::sockets::{Kind, Peer, carry};
use support::worker::{PATIENT, Worker, on_worker, others_run};

const MIB: u64 = 1024 * 1024;
/// Small enough that a paused reader soon blocks the relay.
const SMALL: Option<usize> = Some(64 * 1024);

fn is_reset(end: &io::Result<()>) -> bool {
    end.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

/// One peer resets, the other one sees a reset; `bulk` bytes went before.
fn a_reset_goes_through(bulk: u64, from_client: bool) {
    on_worker(Worker::default(), async |worker| {
        let (client, client_peer) = Peer::pair(Kind::Tcp, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
        let mut running = worker.relay(client, endpoint, PATIENT);
        let (breaks, stays) = if from_client { (client_peer, endpoint_peer) } else { (endpoint_peer, client_peer) };
        let before = async {
            carry(&breaks, &stays, bulk).await;
        };
        running.run_until(&worker.tools, before).await;
        breaks.reset();
        let ended = running.run(&worker.tools).await;
        let fault = if from_client { Fault::ClientReset } else { Fault::EndpointReset };
        assert_eq!(ended.fault, Some(fault));
        drop(running);
        assert!(is_reset(&stays.receive_all().await));
    });
}

#[test]
fn a_reset_of_the_client_resets_the_endpoint() {
    [0, 10, 10 * MIB].into_iter().for_each(|bulk| a_reset_goes_through(bulk, true));
}

#[test]
fn a_reset_of_the_endpoint_resets_the_client() {
    [0, 10, 10 * MIB].into_iter().for_each(|bulk| a_reset_goes_through(bulk, false));
}

/// A sender whose bytes nobody takes resets: reading would not show it, since nothing is read.
fn a_reset_is_noticed_while_the_other_side_blocks(splice: bool, from_client: bool) {
    on_worker(Worker::default(), async |worker| {
        worker.tools.splice.set(splice);
        // The timer is armed for much later when the block begins.
        let timeouts = Timeouts { idle: Some(600_000), ..PATIENT };
        let (client, client_peer) = Peer::pair(Kind::Tcp, SMALL);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, SMALL);
        let mut running = worker.relay(client, endpoint, timeouts);
        let (sender, blocks) = if from_client { (client_peer, endpoint_peer) } else { (endpoint_peer, client_peer) };
        running.run_until(&worker.tools, sender.send_until_it_stalls()).await;
        assert_eq!(worker.pipes() > 0, splice && cfg!(target_os = "linux"));
        sender.reset();
        let at = Instant::now();
        let ended = running.run(&worker.tools).await;
        assert!(at.elapsed() < Duration::from_secs(3), "after {:?}", at.elapsed());
        let fault = if from_client { Fault::ClientReset } else { Fault::EndpointReset };
        assert_eq!(ended.fault, Some(fault));
        drop(running);
        assert!(is_reset(&blocks.receive_all().await));
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_reset_of_the_client_is_noticed_while_the_endpoint_blocks() {
    a_reset_is_noticed_while_the_other_side_blocks(true, true);
    a_reset_is_noticed_while_the_other_side_blocks(false, true);
}

#[test]
#[cfg(target_os = "linux")]
fn a_reset_of_the_endpoint_is_noticed_while_the_client_blocks() {
    a_reset_is_noticed_while_the_other_side_blocks(true, false);
    a_reset_is_noticed_while_the_other_side_blocks(false, false);
}

#[test]
#[cfg(target_os = "linux")]
fn a_reset_is_noticed_after_the_end_of_its_stream_too() {
    for from_client in [true, false] {
        on_worker(Worker::default(), async |worker| {
            let (client, client_peer) = Peer::pair(Kind::Tcp, None);
            let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
            let mut running = worker.relay(client, endpoint, PATIENT);
            let (leaves, stays) = if from_client { (client_peer, endpoint_peer) } else { (endpoint_peer, client_peer) };
            leaves.finish();
            // Nobody says anything, so nothing is read or written that could fail.
            running.run_until(&worker.tools, async { stays.receive_all().await.unwrap() }).await;
            leaves.reset();
            let fault = if from_client { Fault::ClientReset } else { Fault::EndpointReset };
            assert_eq!(running.run(&worker.tools).await.fault, Some(fault));
        });
    }
}

#[test]
fn a_blocked_half_that_breaks_ends_the_relay_at_once() {
    for splice in [true, false] {
        on_worker(Worker::default(), async |worker| {
            worker.tools.splice.set(splice);
            let (client, sender) = Peer::pair(Kind::Tcp, SMALL);
            let (endpoint, blocks) = Peer::pair(Kind::Tcp, SMALL);
            let mut running = worker.relay(client, endpoint, PATIENT);
            running.run_until(&worker.tools, sender.send_until_it_stalls()).await;
            let at = Instant::now();
            blocks.reset();
            let ended = running.run(&worker.tools).await;
            assert_eq!(ended.fault, Some(Fault::EndpointReset));
            assert!(at.elapsed() < Duration::from_millis(900), "after {:?}", at.elapsed());
            drop(running);
            assert!(is_reset(&sender.receive_all().await));
        });
    }
}

#[test]
fn an_endpoint_that_answers_and_closes_early_is_heard_and_then_reset() {
    on_worker(Worker::default(), async |worker| {
        let (client, client_peer) = Peer::pair(Kind::Tcp, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
        let mut running = worker.relay(client, endpoint, PATIENT);
        // It does not wait for the rest of the upload.
        let answer = async {
            client_peer.send(10).await.unwrap();
            endpoint_peer.receive(10).await.unwrap();
            endpoint_peer.send(1000).await.unwrap();
            client_peer.receive(1000).await.unwrap();
        };
        running.run_until(&worker.tools, answer).await;
        drop(endpoint_peer);
        // The client goes on sending until it is told.
        let upload = async {
            let end = client_peer.send(100 * MIB).await;
            assert!(end.is_err_and(|error| {
                matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
            }));
        };
        let run = async {
            let ended = running.run(&worker.tools).await;
            drop(running);
            ended
        };
        let (ended, ()) = tokio::join!(run, upload);
        assert_eq!(ended.fault, Some(Fault::EndpointReset));
    });
}

#[test]
fn what_came_before_a_reset_is_delivered() {
    for splice in [true, false] {
        on_worker(Worker::default(), async |worker| {
            worker.tools.splice.set(splice);
            let (client, client_peer) = Peer::pair(Kind::Tcp, None);
            let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
            let mut running = worker.relay(client, endpoint, PATIENT);
            running.run_until(&worker.tools, carry(&endpoint_peer, &client_peer, 4 * MIB)).await;
            // The relay finds the bytes and the reset at once.
            let sent = endpoint_peer.send_now(10_000).unwrap() as u64;
            endpoint_peer.reset();
            let ended = running.run(&worker.tools).await;
            assert_eq!(ended.fault, Some(Fault::EndpointReset));
            drop(running);
            assert!(is_reset(&client_peer.receive_all().await));
            assert_eq!(client_peer.received(), 4 * MIB + sent, "splice {splice}");
        });
    }
}

#[test]
fn an_answer_is_delivered_though_the_endpoint_did_not_take_the_upload() {
    for splice in [true, false] {
        on_worker(Worker::default(), async |worker| {
            worker.tools.splice.set(splice);
            let (client, client_peer) = Peer::pair(Kind::Tcp, SMALL);
            let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, SMALL);
            let mut running = worker.relay(client, endpoint, PATIENT);
            running.run_until(&worker.tools, client_peer.send_until_it_stalls()).await;
            // Closing with unread bytes is a reset, right behind the answer.
            endpoint_peer.send_now(1000).unwrap();
            drop(endpoint_peer);
            let ended = running.run(&worker.tools).await;
            assert_eq!(ended.fault, Some(Fault::EndpointReset));
            drop(running);
            assert!(is_reset(&client_peer.receive_all().await));
            assert_eq!(client_peer.received(), 1000, "splice {splice}");
        });
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_reset_is_heard_where_nothing_is_read() {
    on_worker(Worker::default(), async |_| {
        let (stream, peer) = Peer::pair(Kind::Tcp, None);
        let mut reset = std::pin::pin!(stream.reset());
        let mut heard = async |times| {
            tokio::select! {
                biased;
                () = &mut reset => true,
                () = others_run(times) => false,
            }
        };
        assert!(!heard(20).await);
        peer.send_now(1000).unwrap();
        assert!(!heard(20).await, "bytes are no reset");
        peer.finish();
        assert!(!heard(20).await, "an end is no reset");
        peer.reset();
        assert!(heard(10_000).await);
    });
}

#[test]
fn cutting_resets_both() {
    on_worker(Worker::default(), async |worker| {
        let (client, client_peer) = Peer::pair(Kind::Tcp, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
        let mut running = worker.relay(client, endpoint, PATIENT);
        running.run_until(&worker.tools, others_run(3)).await;
        assert_eq!(running.relay.cut(Fault::DrainDeadline).fault, Some(Fault::DrainDeadline));
        drop(running);
        assert!(is_reset(&client_peer.receive_all().await));
        assert!(is_reset(&endpoint_peer.receive_all().await));
    });
}

/// The relay holds bytes of a sender that resets meanwhile; then the other side takes them.
fn a_reset_shows_when_a_blocked_side_goes_on(splice: bool, from_client: bool) {
    on_worker(Worker::default(), async |worker| {
        worker.tools.splice.set(splice);
        let (mut sender_buffers, mut other_buffers) = (None, SMALL);
        if !from_client {
            std::mem::swap(&mut sender_buffers, &mut other_buffers);
        }
        let (client, client_peer) = Peer::pair(Kind::Tcp, sender_buffers);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, other_buffers);
        let mut running = worker.relay(client, endpoint, PATIENT);
        let (sender, blocks) = if from_client { (client_peer, endpoint_peer) } else { (endpoint_peer, client_peer) };
        let moved = |relay: &net::Relay<_, _>| if from_client { relay.up() } else { relay.down() };
        // Until it blocks, and nothing waits to be read.
        let mut before = 0;
        while before == 0 || moved(&running.relay) == sender.sent() {
            before = moved(&running.relay);
            running.run_until(&worker.tools, async { sender.send(20_000).await.unwrap() }).await;
            running.run_until(&worker.tools, others_run(10)).await;
        }
        sender.reset();
        others_run(5).await;
        let run = async {
            let ended = running.run(&worker.tools).await;
            drop(running);
            ended
        };
        let (ended, end) = tokio::join!(run, blocks.receive_all());
        assert!(is_reset(&end), "splice {splice}: {end:?}");
        let fault = if from_client { Fault::ClientReset } else { Fault::EndpointReset };
        assert_eq!(ended.fault, Some(fault));
    });
}

#[test]
fn a_reset_amid_a_block_is_never_a_plain_end() {
    for splice in [true, false] {
        [true, false]
            .into_iter()
            .for_each(|from_client| a_reset_shows_when_a_blocked_side_goes_on(splice, from_client));
    }
}

#[test]
fn a_slow_client_gets_all_of_an_answer_whose_endpoint_has_closed_for_good() {
    on_worker(Worker::default(), async |worker| {
        let (client, client_peer) = Peer::pair(Kind::Tcp, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
        let mut running = worker.relay(client, endpoint, PATIENT);
        client_peer.socket().set_recv_buffer_size(16 * 1024).unwrap();
        let whole = 600_000;
        running.run_until(&worker.tools, async { endpoint_peer.send(whole).await.unwrap() }).await;
        endpoint_peer.finish();
        while running.relay.down() < whole {
            running.run_until(&worker.tools, others_run(20)).await;
        }
        // The client says a word more, which nobody reads: closing becomes a reset.
        client_peer.send(5).await.unwrap();
        running.run_until(&worker.tools, others_run(20)).await;
        drop(endpoint_peer);
        let run = async { running.run(&worker.tools).await };
        let receive = async {
            // Longer than it takes to look for a silent reset.
            tokio::time::sleep(Duration::from_millis(2500)).await;
            client_peer.receive(whole).await.unwrap();
            client_peer.finish();
        };
        let (ended, ()) = tokio::join!(run, receive);
        assert!(matches!(ended.fault, None | Some(Fault::EndpointReset)), "{ended:?}");
    });
}
