//! Bytes that arrive one a segment, each taken before the next one is sent.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use socket2::{Domain, Protocol, Socket, Type};

use super::PATIENCE;

/// Sends `bytes` in segments of `size` bytes. Where the system can be asked, each is taken by the peer
/// before the next one is sent, so that it never reads two at once. `sent` hears how many are out. Whoever
/// refuses them may have closed already; then it ends.
#[track_caller]
pub fn dribble(socket: &Socket, bytes: &[u8], size: usize, mut sent: impl FnMut(usize)) {
    let mut queues = Queues::of(socket);
    let mut count = 0;
    for segment in bytes.chunks(size) {
        let mut writer = socket;
        if writer.write_all(segment).is_err() {
            return;
        }
        count += segment.len();
        sent(count);
        let deadline = Instant::now() + PATIENCE;
        while queues.as_mut().is_some_and(|queues| !queues.are_empty()) {
            assert!(Instant::now() < deadline, "byte {count} of {} was never taken", bytes.len());
            std::thread::yield_now();
        }
    }
}

/// Asks Linux how many bytes lie in the queues of a connection over IPv4 (sock_diag(7)).
struct Queues {
    asks: Socket,
    here: SocketAddr,
    peer: SocketAddr,
}

impl Queues {
    fn of(socket: &Socket) -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let here = socket.local_addr().ok()?.as_socket()?;
        let peer = socket.peer_addr().ok()?.as_socket()?;
        // AF_NETLINK and NETLINK_SOCK_DIAG.
        let asks = Socket::new(Domain::from(16), Type::RAW, Some(Protocol::from(4))).ok()?;
        asks.set_read_timeout(Some(PATIENCE)).ok()?;
        Some(Self { asks, here, peer })
    }

    /// Whether all that was sent has arrived, and was read there. So it is when the connection has ended.
    fn are_empty(&mut self) -> bool {
        let sent = self.ask(self.here, self.peer).is_none_or(|(_, unsent)| unsent == 0);
        sent && self.ask(self.peer, self.here).is_none_or(|(unread, _)| unread == 0)
    }

    /// How many bytes wait to be read at the end that is at `from`, and to be acknowledged by `to`.
    fn ask(&mut self, from: SocketAddr, to: SocketAddr) -> Option<(u32, u32)> {
        let mut asked = Vec::with_capacity(72);
        // The header: length, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, number, port.
        asked.extend(
            [72u32.to_ne_bytes(), [20u16.to_ne_bytes(), 1u16.to_ne_bytes()].concat().try_into().unwrap()].concat(),
        );
        asked.extend([1u32.to_ne_bytes(), 0u32.to_ne_bytes()].concat());
        // AF_INET, IPPROTO_TCP, nothing more, in every state.
        asked.extend([2, 6, 0, 0, 255, 255, 255, 255]);
        asked.extend([from.port().to_be_bytes(), to.port().to_be_bytes()].concat());
        for address in [from, to] {
            let IpAddr::V4(address) = address.ip() else { return Some((0, 0)) };
            asked.extend([&address.octets()[..], &[0; 12]].concat());
        }
        // On any interface, whatever its cookie.
        asked.extend([[0; 4], [255; 4], [255; 4]].concat());
        let mut answer = [0; 1024];
        self.asks.send(&asked).unwrap();
        let length = self.asks.read(&mut answer).unwrap();
        let number = |at: usize| u32::from_ne_bytes(answer[at..at + 4].try_into().unwrap());
        // SOCK_DIAG_BY_FAMILY again, and no error. Once a connection is gone, its listener (10) is found.
        let found = answer[4..6] == 20u16.to_ne_bytes() && length >= 16 + 64 && answer[17] != 10;
        found.then(|| (number(16 + 56), number(16 + 60)))
    }
}
