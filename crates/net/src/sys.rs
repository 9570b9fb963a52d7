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
    use std::io::{self, IoSlice};
    use std::mem::MaybeUninit;
    use std::rc::Rc;

    use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, send as send_to, sendmsg};
    use socket2::Socket;
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

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

    /// No signal when the peer is gone. Apple's systems have an option of the socket instead, which the
    /// standard library sets.
    #[cfg(not(target_vendor = "apple"))]
    const QUIETLY: SendFlags = SendFlags::NOSIGNAL;
    #[cfg(target_vendor = "apple")]
    const QUIETLY: SendFlags = SendFlags::empty();

    /// `send`, without a signal when the peer is gone.
    pub fn send(stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
        Ok(send_to(stream, bytes, QUIETLY)?)
    }

    /// `sendmsg`, without a signal when the peer is gone.
    pub fn send_vectored(stream: &Stream, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(sendmsg(stream, buffers, &mut SendAncillaryBuffer::default(), QUIETLY)?)
    }

    /// Registers a socket with the runtime of this thread.
    pub fn register(socket: Rc<Socket>, news: Interest) -> io::Result<AsyncFd<Rc<Socket>>> {
        // SAFETY: what is registered has a share in the socket, which nobody can take out of it, so the
        // descriptor stays the same and open for as long as it is registered.
        unsafe { Ok(AsyncFd::register_with_interest(socket, news)?) }
    }

    /// Keeps `SIGPIPE` from this thread: `splice` has no flag for that, and Node ignores the signal
    /// only until the program has listened for it once.
    pub fn block_broken_pipe() {
        // SAFETY: both calls write to `set` and read from it, alive over them; they cannot fail for a
        // signal that exists.
        unsafe {
            let mut set = MaybeUninit::uninit();
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGPIPE);
            libc::pthread_sigmask(libc::SIG_BLOCK, set.as_ptr(), std::ptr::null_mut());
        }
    }
}

#[cfg(windows)]
mod windows {
    use std::io::{self, IoSlice, Read, Write};

    use crate::stream::Stream;

    /// `recv`.
    pub fn receive(stream: &Stream, buffer: &mut [u8]) -> io::Result<usize> {
        (&*socket2::SockRef::from(stream)).read(buffer)
    }

    /// `send`.
    pub fn send(stream: &Stream, bytes: &[u8]) -> io::Result<usize> {
        (&*socket2::SockRef::from(stream)).write(bytes)
    }

    /// `WSASend`.
    pub fn send_vectored(stream: &Stream, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        socket2::SockRef::from(stream).send_vectored(buffers)
    }

    /// There is no such signal.
    pub fn block_broken_pipe() {}
}

#[cfg(target_os = "linux")]
mod linux {
    use std::io;
    use std::mem::{size_of, zeroed};
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

    use rustix::net::{SocketFlags, accept_with};
    use socket2::{Domain, Socket, Type};

    use crate::stream::Stream;

    /// `TCP_CLOSE` of `include/net/tcp_states.h`: both directions are over, by reset or time-out.
    const TCP_CLOSE: u8 = 7;

    /// Whether the connection is over in both directions, whatever is still unread.
    pub fn is_closed(stream: &Stream) -> bool {
        stream.is_tcp() && tcp_state(stream.as_fd()).is_ok_and(|state| state == TCP_CLOSE)
    }

    /// Whether the peer has acknowledged all that was written.
    pub fn is_delivered(stream: &Stream) -> bool {
        let mut left: libc::c_int = 0;
        // SAFETY: the pointer is to `left`, alive over the call.
        let done = unsafe { libc::ioctl(stream.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut left) };
        done < 0 || left == 0
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

    /// The kernel's coarse monotonic clock, in nanoseconds. Not by rustix, whose look for the vDSO
    /// crashes under valgrind.
    pub fn coarse_clock() -> u64 {
        let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the pointer is to `now`, alive over the call. It cannot fail for this clock.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_COARSE, &raw mut now) };
        now.tv_sec.unsigned_abs() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
    }

    /// `accept4`: the connection does not block.
    pub fn accept(listening: &Socket) -> io::Result<Socket> {
        Ok(accept_with(listening, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC)?.into())
    }

    /// `socket` for a stream that does not block.
    pub fn stream_socket(domain: Domain) -> io::Result<Socket> {
        Socket::new(domain, Type::STREAM.nonblocking(), None)
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
    use std::io;

    use socket2::{Domain, Socket, Type};

    use crate::stream::Stream;

    /// `accept`: the connection does not block.
    pub fn accept(listening: &Socket) -> io::Result<Socket> {
        let (socket, _) = listening.accept()?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// `socket` for a stream that does not block.
    pub fn stream_socket(domain: Domain) -> io::Result<Socket> {
        let socket = Socket::new(domain, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        Ok(socket)
    }

    /// No portable call tells.
    pub fn is_closed(_: &Stream) -> bool {
        false
    }

    /// No portable call tells.
    pub fn is_delivered(_: &Stream) -> bool {
        true
    }
}
