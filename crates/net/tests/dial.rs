//! Dialling an endpoint: what is tried, in which order, and how it fails.

#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use account::Fault;
use net::{Stream, dial};
use plan::Address;
use socket2::{SockAddr, SockRef};
#[cfg(target_os = "linux")]
use support::sockets::hanging;
use support::sockets::refusing;
use support::worker::{Worker, on_worker};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
const DELAY: Duration = Duration::from_millis(250);

/// The addresses of the loopback that this machine has.
fn families() -> Vec<IpAddr> {
    [V4, V6].into_iter().filter(|host| TcpListener::bind((*host, 0)).is_ok()).collect()
}

fn listening(host: IpAddr) -> (TcpListener, Address) {
    let listener = TcpListener::bind((host, 0)).unwrap();
    let address = Address::tcp(listener.local_addr().unwrap());
    (listener, address)
}

/// Dials, and wants to be done `within` that time; a busy machine has some more tries.
fn soon(addresses: &[Address], within: Duration) -> Result<SocketAddr, Fault> {
    let tries: Vec<_> = (0..5).map(|_| dialled(addresses, 5000)).collect();
    let (result, took) = tries.into_iter().min_by_key(|(_, took)| *took).unwrap();
    assert!(took < within, "after {took:?}");
    result
}

/// Dials, and says how long it took.
fn dialled(addresses: &[Address], timeout: u32) -> (Result<SocketAddr, Fault>, Duration) {
    on_worker(Worker::default(), async |worker| {
        let begin = Instant::now();
        let dialled = dial(addresses, timeout, &worker.wheel, &worker.descriptors).await;
        let took = begin.elapsed();
        (dialled.map(|stream| peer(&stream).as_socket().unwrap()), took)
    })
}

fn peer(stream: &Stream) -> SockAddr {
    SockRef::from(stream).peer_addr().unwrap()
}

#[test]
fn the_first_address_that_answers_is_taken() {
    for host in families() {
        let (_one, address) = listening(host);
        let (_other, second) = listening(host);
        for addresses in [vec![address.clone()], vec![address.clone(), second]] {
            let peer = soon(&addresses, DELAY);
            assert_eq!(peer.ok(), address.socket_addr());
        }
    }
}

#[test]
fn an_address_where_nobody_listens_refuses() {
    for host in families() {
        let (_one, address) = refusing(host);
        let (_other, second) = refusing(host);
        for addresses in [vec![address.clone()], vec![address.clone(), second]] {
            let refused = soon(&addresses, DELAY);
            assert_eq!(refused, Err(Fault::ConnectRefused));
        }
    }
}

#[test]
fn the_next_address_is_tried_as_soon_as_one_refuses() {
    for dead in families() {
        for alive in families() {
            let (_closed, first) = refusing(dead);
            let (_listener, second) = listening(alive);
            let peer = soon(&[first, second.clone()], DELAY);
            assert_eq!(peer.ok(), second.socket_addr());
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_address_that_hangs_is_given_up_at_the_timeout() {
    for host in families() {
        let (_queue, address) = hanging(host);
        let (_other_queue, second) = hanging(host);
        for addresses in [vec![address.clone()], vec![address.clone(), second]] {
            let (late, took) = dialled(&addresses, 400);
            assert_eq!(late, Err(Fault::ConnectTimeout));
            assert!(took >= Duration::from_millis(400), "after {took:?}");
            assert!(took < Duration::from_secs(3), "after {took:?}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn beside_an_address_that_hangs_the_next_one_is_tried_after_250_ms() {
    for stuck in families() {
        for alive in families() {
            let (_queue, first) = hanging(stuck);
            let (_listener, second) = listening(alive);
            let (peer, took) = dialled(&[first, second.clone()], 5000);
            assert_eq!(peer.ok(), second.socket_addr());
            assert!(took >= DELAY, "after {took:?}");
            assert!(took < 4 * DELAY, "after {took:?}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn an_address_that_refuses_beside_one_that_hangs_is_followed_at_once() {
    let (_queue, first) = hanging(V4);
    let (_closed, second) = refusing(V4);
    let (_listener, third) = listening(V4);
    let peer = soon(&[first, second, third.clone()], 2 * DELAY);
    assert_eq!(peer.ok(), third.socket_addr());
}

#[test]
#[cfg(target_os = "linux")]
fn an_address_that_hangs_may_still_win() {
    let (mut queue, first) = hanging(V4);
    let (_other_queue, second) = hanging(V4);
    on_worker(Worker::default(), async |worker| {
        let addresses = [first.clone(), second];
        let dialling = dial(&addresses, 5000, &worker.wheel, &worker.descriptors);
        let room = async {
            // Both are under way by then.
            tokio::time::sleep(Duration::from_millis(300)).await;
            let listener = &queue[0];
            while listener.accept().is_ok() {}
        };
        queue[0].set_nonblocking(true).unwrap();
        let (dialled, ()) = tokio::join!(dialling, room);
        assert_eq!(peer(&dialled.unwrap()).as_socket(), first.socket_addr());
    });
    queue.clear();
}

#[test]
fn a_socket_file_answers_or_refuses() {
    let folder = std::env::temp_dir().join(format!("fourseven-dial-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let at = |name: &str| Address::Unix { path: folder.join(name).to_string_lossy().into_owned() };
    let listener = UnixListener::bind(folder.join("here")).unwrap();
    drop(UnixListener::bind(folder.join("left-over")).unwrap());
    on_worker(Worker::default(), async |worker| {
        let dial = async |names: &[&str]| {
            let addresses: Vec<_> = names.iter().map(|name| at(name)).collect();
            let dialled = dial(&addresses, 1000, &worker.wheel, &worker.descriptors).await;
            dialled.map(|stream| peer(&stream).as_pathname().map(Path::to_path_buf))
        };
        assert_eq!(dial(&["here"]).await, Ok(Some(folder.join("here"))));
        assert_eq!(dial(&["left-over"]).await, Err(Fault::ConnectRefused));
        assert_eq!(dial(&["nowhere"]).await, Err(Fault::ConnectRefused));
        assert_eq!(dial(&["nowhere", "here"]).await, Ok(Some(folder.join("here"))));
    });
    drop(listener);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
#[cfg(target_os = "linux")]
fn without_a_descriptor_for_a_second_attempt_the_first_goes_on_alone() {
    let (_queue, first) = hanging(V4);
    let (_listener, second) = listening(V4);
    on_worker(Worker::with_room(0), async |worker| {
        let late = dial(&[first, second.clone()], 600, &worker.wheel, &worker.descriptors).await;
        assert_eq!(late.err(), Some(Fault::ConnectTimeout));
        // The first is over by the time of the second, so one is enough.
        let (_closed, dead) = refusing(V4);
        let dialled = dial(&[dead, second.clone()], 600, &worker.wheel, &worker.descriptors).await;
        assert_eq!(peer(&dialled.unwrap()).as_socket(), second.socket_addr());
    });
}
