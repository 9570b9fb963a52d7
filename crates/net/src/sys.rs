//! System calls that no library of ours wraps: the one place of this crate with `unsafe`.

#[cfg(target_os = "linux")]
pub use linux::*;
#[cfg(not(target_os = "linux"))]
pub use other::*;

#[cfg(unix)]
pub use unix::*;
#[cfg(windows)]
pub use windows::*;

#[cfg(unix)]
mod unix {
    use std::io;

    use rustix::net::{RecvFlags, SendFlags, recv, send as send_to};

    use crate::stream::Stream;

    /// `recv`, without the cancellation points of the C library.
    pub fn receive(stream: &Stream, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(recv(stream, buffer, RecvFlags::empty())?.0)
    }

    /// How many bytes can be read, 0 at the end of the stream and else at most 1; takes none.
    #[cfg(target_os = "linux")]
    pub fn peek(stream: &Stream) -> io::Result<usize> {
        Ok(recv(stream, &mut [0], RecvFlags::PEEK)?.0)
    }

    /// `send`, without a signal when the peer is gone.
    pub fn send(stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(target_vendor = "apple")]
        let flags = SendFlags::empty();
        #[cfg(not(target_vendor = "apple"))]
        let flags = SendFlags::NOSIGNAL;
        Ok(send_to(stream, bytes, flags)?)
    }
}

#[cfg(windows)]
mod windows {
    use std::io::{self, Read, Write};

    use crate::stream::Stream;

    /// `recv`.
    pub fn receive(stream: &Stream, buffer: &mut [u8]) -> io::Result<usize> {
        (&*socket2::SockRef::from(stream)).read(buffer)
    }

    /// `send`.
    pub fn send(stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
        (&*socket2::SockRef::from(stream)).write(bytes)
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::{size_of, zeroed};
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
    use std::time::Duration;

    use crate::stream::Stream;

    /// `TCP_CLOSE` of `include/net/tcp_states.h`: both directions are over, by reset or time-out.
    const TCP_CLOSE: u8 = 7;

    /// Whether the connection is over in both directions, whatever is still unread.
    pub fn is_closed(stream: &Stream) -> bool {
        stream.is_tcp() && tcp_state(stream.as_fd()).is_ok_and(|state| state == TCP_CLOSE)
    }

    fn tcp_state(socket: BorrowedFd<'_>) -> io::Result<u8> {
        // SAFETY: `tcp_info` is plain numbers, for which all zeroes is a value.
        let mut info: libc::tcp_info = unsafe { zeroed() };
        let mut length = size_of::<libc::tcp_info>() as libc::socklen_t;
        // SAFETY: the pointers are to `info` and its length, both alive over the call.
        let done = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                (&raw mut info).cast(),
                &raw mut length,
            )
        };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(info.tcpi_state) }
    }

    /// The kernel's coarse monotonic clock. Not by rustix, whose look for the vDSO crashes under
    /// valgrind.
    pub fn coarse_clock() -> Duration {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to `now`, alive over the call. It cannot fail for this clock.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
    }

    /// Sends the new connections of the `SO_REUSEPORT` group of `socket` to its first `sockets`
    /// members alone, in the order in which they joined, each as likely as the others.
    pub fn steer(socket: BorrowedFd<'_>, sockets: u32) -> io::Result<()> {
        /// A random number (`SKF_AD_OFF + SKF_AD_RANDOM` of `linux/filter.h`).
        const RANDOM: u32 = (-0x1000i32 + 56) as u32;
        let op = |code: u32, k: u32| libc::sock_filter { code: code as u16, jt: 0, jf: 0, k };
        let mut program = [
            op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, RANDOM),
            op(libc::BPF_ALU | libc::BPF_MOD | libc::BPF_K, sockets.max(1)),
            op(libc::BPF_RET | libc::BPF_A, 0),
        ];
        let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
        set(socket, libc::SO_ATTACH_REUSEPORT_CBPF, &filter)
    }

    /// Ends what [`steer`] began: the group chooses by the hash of the connection again.
    pub fn steer_no_more(socket: BorrowedFd<'_>) -> io::Result<()> {
        set(socket, libc::SO_DETACH_REUSEPORT_BPF, &0i32)
    }

    fn set<T>(socket: BorrowedFd<'_>, option: libc::c_int, value: &T) -> io::Result<()> {
        // SAFETY: the pointer is to `value`, alive over the call, and the length is its own; the
        // kernel copies what it points to.
        let done = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                std::ptr::from_ref(value).cast(),
                size_of::<T>() as libc::socklen_t,
            )
        };
        if done < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use crate::stream::Stream;

    /// No portable call tells.
    pub fn is_closed(_: &Stream) -> bool {
        false
    }
}
