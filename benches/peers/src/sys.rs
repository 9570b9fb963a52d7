//! The few system calls the standard library does not offer, each behind a safe function.

use std::fs::File;
use std::io::{self, Read, Write};
use std::mem;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

pub use libc::epoll_event as Event;

/// Something to read, or the end of what there was to read.
pub const READABLE: u32 = (libc::EPOLLIN | libc::EPOLLRDHUP) as u32;
/// Room to write.
pub const WRITABLE: u32 = libc::EPOLLOUT as u32;
/// The other side ended its half, or the connection broke: no later edge will say so again.
pub const ENDING: u32 = (libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR) as u32;
/// Report a change once instead of a state until it is dealt with.
pub const EDGE: u32 = libc::EPOLLET as u32;

/// An epoll instance.
pub struct Epoll(OwnedFd);

impl Epoll {
    pub fn new() -> io::Result<Self> {
        // SAFETY: the call takes no pointer; a descriptor it returns is ours alone.
        let fd = check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    pub fn add(&self, socket: &impl AsFd, token: u64, interest: u32) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, socket, token, interest)
    }

    pub fn modify(&self, socket: &impl AsFd, token: u64, interest: u32) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_MOD, socket, token, interest)
    }

    fn control(&self, verb: i32, socket: &impl AsFd, token: u64, events: u32) -> io::Result<()> {
        let mut event = Event { events, u64: token };
        let socket = socket.as_fd().as_raw_fd();
        // SAFETY: both descriptors are open for as long as they are borrowed, and the kernel
        // copies the event before it returns.
        check(unsafe { libc::epoll_ctl(self.0.as_raw_fd(), verb, socket, &mut event) }).map(drop)
    }

    /// Sleeps until something happens; an empty answer means that the time ran out (-1: never).
    pub fn wait<'a>(&self, room: &'a mut [Event], millis: i32) -> io::Result<&'a [Event]> {
        let places = i32::try_from(room.len()).unwrap_or(i32::MAX);
        loop {
            // SAFETY: `room` has `places` events for the kernel to write.
            let n = unsafe { libc::epoll_wait(self.0.as_raw_fd(), room.as_mut_ptr(), places, millis) };
            match check(n) {
                Ok(n) => return Ok(&room[..n as usize]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
    }
}

/// Room for what one `Epoll::wait` brings back.
pub const fn events<const N: usize>() -> [Event; N] {
    [Event { events: 0, u64: 0 }; N]
}

/// Listens on the loopback; port 0 lets the kernel pick. What it accepts has TCP_NODELAY already,
/// since children inherit it: one system call saved for each connection.
pub fn listen(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    let on: libc::c_int = 1;
    // SAFETY: the option is an int, and `on` is one.
    check(unsafe {
        libc::setsockopt(
            listener.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_NODELAY,
            ptr::from_ref(&on).cast(),
            mem::size_of_val(&on) as libc::socklen_t,
        )
    })?;
    Ok(listener)
}

/// Takes one waiting connection, non-blocking from birth; `None` when nobody waits.
pub fn accept(listener: &TcpListener) -> io::Result<Option<TcpStream>> {
    let flags = libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: null pointers mean that we do not want the address; the descriptor is ours alone.
    let fd = unsafe { libc::accept4(listener.as_raw_fd(), ptr::null_mut(), ptr::null_mut(), flags) };
    or_later(check(fd).map(|fd| unsafe { TcpStream::from_raw_fd(fd) }))
}

/// Begins to connect to a port of the loopback and does not wait for it.
pub fn connect(port: u16) -> io::Result<TcpStream> {
    let kind = libc::SOCK_STREAM | libc::SOCK_NONBLOCK | libc::SOCK_CLOEXEC;
    // SAFETY: the call takes no pointer; the descriptor is ours alone.
    let stream = unsafe {
        let fd = check(libc::socket(libc::AF_INET, kind, 0))?;
        TcpStream::from_raw_fd(fd)
    };
    stream.set_nodelay(true)?;
    let address = libc::sockaddr_in {
        sin_family: libc::AF_INET as libc::sa_family_t,
        sin_port: port.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from(Ipv4Addr::LOCALHOST).to_be() },
        sin_zero: [0; 8],
    };
    // SAFETY: `address` is a sockaddr_in of the length we say.
    let begun = check(unsafe {
        libc::connect(stream.as_raw_fd(), ptr::from_ref(&address).cast(), mem::size_of_val(&address) as libc::socklen_t)
    });
    match begun {
        Err(e) if e.raw_os_error() != Some(libc::EINPROGRESS) => Err(e),
        _ => Ok(stream),
    }
}

/// Reads what is there: `Some(0)` is the end, `None` means nothing yet.
pub fn read(mut stream: &TcpStream, room: &mut [u8]) -> io::Result<Option<usize>> {
    or_later(stream.read(room))
}

/// Writes what fits, and says how much that was.
pub fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    or_later(stream.write(bytes)).map(Option::unwrap_or_default)
}

/// Writes what fits of two pieces in one call.
pub fn write_both(mut stream: &TcpStream, head: &[u8], rest: &[u8]) -> io::Result<usize> {
    let pieces = [io::IoSlice::new(head), io::IoSlice::new(rest)];
    or_later(stream.write_vectored(&pieces)).map(Option::unwrap_or_default)
}

/// Lets the process open as many files as the system grants: thousands of idle pairs need them.
pub fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a rlimit to be filled, then read. A failure leaves the old limit, which
    // is not worth a word: whoever runs out of files says so itself.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}

/// Tells whoever started this program which port it listens on: `listening` is the last such line.
pub fn announce(word: &str, listener: &TcpListener) -> io::Result<()> {
    // A plain file, because Rust's stdout buffers when it is a pipe and the starter waits for this.
    let mut out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    writeln!(out, "{word} {}", listener.local_addr()?.port())
}

fn or_later<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Ok(value) => Ok(Some(value)),
        Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => Ok(None),
        Err(e) => Err(e),
    }
}

fn check(n: libc::c_int) -> io::Result<libc::c_int> {
    if n < 0 { Err(io::Error::last_os_error()) } else { Ok(n) }
}
