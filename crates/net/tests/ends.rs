//! The end of a stream over real sockets: FIN, half-close, and urgent bytes, which are none.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use support::sockets::{Kind, Peer, carry};
use support::worker::{PATIENT, Worker, on_worker, others_run};

const MIB: u64 = 1024 * 1024;
const KINDS: [Kind; 2] = [Kind::Tcp, Kind::Unix];
/// Small enough that a paused reader soon blocks the relay.
const SMALL: Option<usize> = Some(64 * 1024);

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
fn urgent_data_hides_nothing_behind_it_from_a_spliced_flow() {
    on_worker(Worker::default(), async |worker| {
        let (client, client_peer) = Peer::pair(Kind::Tcp, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
        let mut running = worker.relay(client, endpoint, PATIENT);
        running.run_until(&worker.tools, carry(&client_peer, &endpoint_peer, 4 * MIB)).await;
        // All of it is there before the relay looks, and nothing comes after that would wake it.
        client_peer.send_now(1000).unwrap();
        assert_eq!(client_peer.socket().send_out_of_band(b"!").unwrap(), 1);
        client_peer.send_now(1000).unwrap();
        running.run_until(&worker.tools, async { endpoint_peer.receive(2000).await.unwrap() }).await;
    });
}

#[test]
fn a_read_that_a_passed_descriptor_ends_early_is_not_the_last() {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
    use std::io::IoSlice;
    use std::os::fd::AsFd;

    on_worker(Worker::default(), async |worker| {
        let (client, client_peer) = Peer::pair(Kind::Unix, None);
        let (endpoint, endpoint_peer) = Peer::pair(Kind::Unix, None);
        let mut running = worker.relay(client, endpoint, PATIENT);
        // Both are there before the relay looks; one read takes one of them.
        let passed = std::io::stdin();
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut with = SendAncillaryBuffer::new(&mut space);
        let descriptors = [passed.as_fd()];
        assert!(with.push(SendAncillaryMessage::ScmRights(&descriptors)));
        let first = client_peer.next_bytes(10);
        sendmsg(&*client_peer.socket(), &[IoSlice::new(&first)], &mut with, SendFlags::empty()).unwrap();
        assert_eq!(client_peer.socket().send(&client_peer.next_bytes(20)).unwrap(), 20);
        running.run_until(&worker.tools, async { endpoint_peer.receive(30).await.unwrap() }).await;
    });
}

#[test]
fn urgent_data_hides_nothing_behind_it_from_a_copied_flow() {
    for waits in [false, true] {
        on_worker(Worker::default(), async |worker| {
            let (client, client_peer) = Peer::pair(Kind::Tcp, None);
            let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
            let mut running = worker.relay(client, endpoint, PATIENT);
            if waits {
                running.run_until(&worker.tools, others_run(10)).await;
            }
            // All of it is there before the relay looks; a read ends before the urgent byte.
            client_peer.send(10).await.unwrap();
            client_peer.socket().send_out_of_band(b"!").unwrap();
            client_peer.send(20).await.unwrap();
            others_run(5).await;
            running.run_until(&worker.tools, async { endpoint_peer.receive(30).await.unwrap() }).await;
        });
    }
}
