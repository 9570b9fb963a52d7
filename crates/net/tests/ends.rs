//! How connections end over real sockets: FIN, half-close, reset.

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
use std::time::{Duration, Instant};

use account::Fault;
use net::{Half, Stream};
use support::made::Stage;
use support::script::{Script, Sends, Takes};
use support::sockets::{Kind, Peer, carry};
use support::worker::{PATIENT, Worker, on_worker, others_run};

const MIB: u64 = 1024 * 1024;
const KINDS: [Kind; 2] = [Kind::Tcp, Kind::Unix];
/// Small enough that a paused reader soon blocks the relay.
const SMALL: Option<usize> = Some(64 * 1024);

fn is_reset(end: &io::Result<()>) -> bool {
    end.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset)
}

#[test]
fn the_end_comes_after_the_last_byte_that_a_paused_reader_left_lying() {
    for (kind, splice) in [(Kind::Tcp, true), (Kind::Tcp, false), (Kind::Unix, true), (Kind::Unix, false)] {
        on_worker(Worker::default(), async |worker| {
            worker.tools.splice.set(splice);
            let (client, sender) = Peer::pair(kind, SMALL);
            let (endpoint, reader) = Peer::pair(kind, SMALL);
            let mut running = worker.relay(client, endpoint, PATIENT);
            running.run_until(&worker.tools, sender.send_until_it_stalls()).await;
            assert!(running.relay.up() < sender.sent(), "the relay holds some of it");
            assert_eq!(worker.pipes() > 0, splice && cfg!(target_os = "linux"));
            sender.finish();
            running.run_until(&worker.tools, others_run(50)).await;
            let rest = async {
                reader.receive_all().await.unwrap();
                assert_eq!(reader.received(), sender.sent(), "{kind:?}, splice {splice}");
                reader.finish();
            };
            let (ended, ()) = tokio::join!(running.run(&worker.tools), rest);
            assert_eq!(ended.fault, None);
        });
    }
}

#[test]
fn bytes_go_on_one_way_after_the_other_has_ended() {
    for kind in KINDS {
        for splice in [true, false] {
            on_worker(Worker::default(), async |worker| {
                worker.tools.splice.set(splice);
                let (client, client_peer) = Peer::pair(kind, None);
                let (endpoint, endpoint_peer) = Peer::pair(kind, None);
                let mut running = worker.relay(client, endpoint, PATIENT);
                let story = async {
                    client_peer.send(3).await.unwrap();
                    client_peer.finish();
                    endpoint_peer.receive_all().await.unwrap();
                    assert_eq!(endpoint_peer.received(), 3);
                    // The client has ended long ago, and is still served.
                    carry(&endpoint_peer, &client_peer, 20 * MIB).await;
                    endpoint_peer.finish();
                    client_peer.receive_all().await.unwrap();
                };
                let (ended, ()) = tokio::join!(running.run(&worker.tools), story);
                assert_eq!(ended.fault, None);
                assert_eq!((running.relay.up(), running.relay.down()), (3, 20 * MIB));
            });
        }
    }
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
        let (client, client_peer) = Peer::pair(Kind::Tcp, SMALL);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, SMALL);
        let mut running = worker.relay(client, endpoint, PATIENT);
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

/// An urgent byte stands outside the stream. Nobody takes it, and the stream goes on around it.
fn urgent_data_stops_nothing(splice: bool, then_ends: bool) {
    on_worker(Worker::default(), async |worker| {
        worker.tools.splice.set(splice);
        let (client, client_peer) = Peer::pair(Kind::Tcp, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
        let mut running = worker.relay(client, endpoint, PATIENT);
        running.run_until(&worker.tools, carry(&client_peer, &endpoint_peer, 4 * MIB)).await;
        assert_eq!(worker.pipes() > 0, splice && cfg!(target_os = "linux"));
        assert_eq!(client_peer.socket().send_out_of_band(b"!").unwrap(), 1);
        if !then_ends {
            running.run_until(&worker.tools, others_run(20)).await;
        }
        client_peer.send_now(1000).unwrap();
        client_peer.finish();
        let rest = async {
            endpoint_peer.receive_all().await.unwrap();
            assert_eq!(endpoint_peer.received(), client_peer.sent());
            endpoint_peer.finish();
        };
        let (ended, ()) = tokio::join!(running.run(&worker.tools), rest);
        assert_eq!(ended.fault, None);
    });
}

#[test]
fn urgent_data_does_not_stop_a_copied_flow() {
    [true, false].into_iter().for_each(|then_ends| urgent_data_stops_nothing(false, then_ends));
}

#[test]
fn urgent_data_does_not_stop_a_spliced_flow() {
    [true, false].into_iter().for_each(|then_ends| urgent_data_stops_nothing(true, then_ends));
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
    for kind in KINDS {
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
