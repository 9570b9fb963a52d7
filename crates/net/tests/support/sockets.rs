//! Real sockets: one end for the relay, the other for a peer.

use std::cell::Cell;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use net::Stream;
use socket2::{Domain, SockAddr, SockRef, Socket, Type};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::pattern;

/// A kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Tcp,
    Unix,
}

impl Kind {
    /// A connection: one end for the relay, and its blocking peer. Each socket of it buffers about
    /// `buffers` bytes, or what the system likes.
    pub fn pair(self, buffers: Option<usize>) -> (Stream, Socket) {
        let (ours, theirs): (OwnedFd, OwnedFd) = match self {
            Kind::Tcp => tcp(buffers),
            Kind::Unix => UnixStream::pair().map(|(one, other)| (one.into(), other.into())).unwrap(),
        };
        let (ours, theirs) = (Socket::from(ours), Socket::from(theirs));
        for socket in [&ours, &theirs] {
            shrink(socket, buffers);
        }
        ours.set_nonblocking(true).unwrap();
        (Stream::new(ours).unwrap(), theirs)
    }
}

/// The buffers are set before connecting, since the window is chosen then.
fn tcp(buffers: Option<usize>) -> (OwnedFd, OwnedFd) {
    let listener = Socket::from(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    shrink(&listener, buffers);
    let theirs = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    shrink(&theirs, buffers);
    theirs.connect(&listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    for socket in [&ours, &theirs] {
        socket.set_tcp_nodelay(true).unwrap();
    }
    (ours.into(), theirs.into())
}

fn shrink(socket: &Socket, buffers: Option<usize>) {
    if let Some(size) = buffers {
        socket.set_send_buffer_size(size).unwrap();
        socket.set_recv_buffer_size(size).unwrap();
    }
}

/// A socket that the runtime knows. The peers do not use the stream that is tested.
enum Registered {
    Tcp(TcpStream),
    Unix(tokio::net::UnixStream),
}

impl Registered {
    fn new(kind: Kind, socket: Socket) -> Self {
        match kind {
            Kind::Tcp => Registered::Tcp(TcpStream::from_std(socket.into()).unwrap()),
            Kind::Unix => Registered::Unix(tokio::net::UnixStream::from_std(socket.into()).unwrap()),
        }
    }

    fn socket(&self) -> SockRef<'_> {
        match self {
            Registered::Tcp(stream) => SockRef::from(stream),
            Registered::Unix(stream) => SockRef::from(stream),
        }
    }

    fn try_io(&self, interest: Interest, call: impl FnOnce() -> io::Result<usize>) -> io::Result<usize> {
        match self {
            Registered::Tcp(stream) => stream.try_io(interest, call),
            Registered::Unix(stream) => stream.try_io(interest, call),
        }
    }

    async fn ready(&self, interest: Interest) -> io::Result<()> {
        match self {
            Registered::Tcp(stream) => stream.ready(interest).await?,
            Registered::Unix(stream) => stream.ready(interest).await?,
        };
        Ok(())
    }
}

/// The peer of a connection, driven by readiness in the runtime of the worker.
pub struct Peer {
    stream: Registered,
    sent: Cell<u64>,
    received: Cell<u64>,
}

impl Peer {
    /// A connection: one end for the relay, and its peer.
    pub fn pair(kind: Kind, buffers: Option<usize>) -> (Stream, Self) {
        let (ours, theirs) = kind.pair(buffers);
        theirs.set_nonblocking(true).unwrap();
        (ours, Self { stream: Registered::new(kind, theirs), sent: Cell::new(0), received: Cell::new(0) })
    }

    pub fn socket(&self) -> SockRef<'_> {
        self.stream.socket()
    }

    /// Bytes sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Bytes received so far.
    pub fn received(&self) -> u64 {
        self.received.get()
    }

    /// The next bytes to be sent, for who sends them by other means.
    pub fn next_bytes(&self, count: usize) -> Vec<u8> {
        let bytes = pattern::bytes(self.sent(), count).to_vec();
        self.sent.set(self.sent() + count as u64);
        bytes
    }

    /// Sends some bytes, if any are taken now.
    pub fn send_now(&self, most: usize) -> io::Result<usize> {
        let bytes = pattern::bytes(self.sent(), most);
        let sent = self.stream.try_io(Interest::WRITABLE, || self.socket().send(bytes))?;
        self.sent.set(self.sent() + sent as u64);
        Ok(sent)
    }

    /// Sends `count` more bytes.
    pub async fn send(&self, count: u64) -> io::Result<()> {
        let end = self.sent() + count;
        while self.sent() < end {
            match self.send_now((end - self.sent()) as usize) {
                Err(error) if would_block(&error) => self.stream.ready(Interest::WRITABLE).await?,
                sent => _ = sent?,
            }
        }
        Ok(())
    }

    /// Sends as much as is taken, until nothing more is though all others had their turn.
    pub async fn send_until_it_stalls(&self) {
        let mut refused = 0;
        while refused < 200 {
            refused = if self.send_now(64 * 1024).is_ok() { 0 } else { refused + 1 };
            super::worker::others_run(1).await;
        }
    }

    /// Receives what has come, and checks it; 0 at the end.
    pub fn receive_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.try_io(Interest::READABLE, || (&*self.socket()).read(buffer))?;
        assert!(pattern::is_at(self.received(), &buffer[..count]), "wrong bytes at {}", self.received());
        self.received.set(self.received() + count as u64);
        Ok(count)
    }

    /// Receives some bytes; 0 at the end.
    pub async fn receive_some(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.receive_now(buffer) {
                Err(error) if would_block(&error) => self.stream.ready(Interest::READABLE).await?,
                received => return received,
            }
        }
    }

    /// Receives exactly `count` more bytes.
    pub async fn receive(&self, count: u64) -> io::Result<()> {
        let end = self.received() + count;
        let mut buffer = vec![0; 64 * 1024];
        while self.received() < end {
            let most = buffer.len().min((end - self.received()) as usize);
            if self.receive_some(&mut buffer[..most]).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Receives to the end, and says how that came.
    pub async fn receive_all(&self) -> io::Result<()> {
        let mut buffer = vec![0; 64 * 1024];
        while self.receive_some(&mut buffer).await? > 0 {}
        Ok(())
    }

    /// Sends no more.
    pub fn finish(&self) {
        self.socket().shutdown(Shutdown::Write).unwrap();
    }

    /// Resets the connection.
    pub fn reset(self) {
        self.socket().set_linger(Some(Duration::ZERO)).unwrap();
    }
}

fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Sends so many bytes from one peer, through whatever is between, to the other.
pub async fn carry(from: &Peer, to: &Peer, count: u64) {
    let (sent, received) = tokio::join!(from.send(count), to.receive(count));
    sent.and(received).unwrap();
}

/// A TCP address of the loopback on which nobody listens, as long as the socket lives.
pub fn refusing(any: IpAddr) -> (Socket, plan::Address) {
    let address = SocketAddr::new(any, 0);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::from(address)).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, plan::Address::tcp(address))
}

/// A TCP address of the loopback that answers nothing: its queue is full.
#[cfg(target_os = "linux")]
pub fn hanging(any: IpAddr) -> (Vec<Socket>, plan::Address) {
    let (listener, address) = refusing(any);
    listener.listen(0).unwrap();
    let at = SockAddr::from(address.socket_addr().unwrap());
    let mut sockets = vec![listener];
    loop {
        let waiting = Socket::new(at.domain(), Type::STREAM, None).unwrap();
        waiting.set_nonblocking(true).unwrap();
        // The loopback answers within the call, or not at all.
        let _ = waiting.connect(&at);
        let connected = waiting.peer_addr().is_ok();
        sockets.push(waiting);
        if !connected {
            return (sockets, address);
        }
    }
}

/// The descriptors of this process: all of them, and those of pipes.
#[cfg(target_os = "linux")]
pub fn open() -> (usize, usize) {
    let links = || std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|file| file.unwrap().path().read_link().ok());
    // The listing itself has one open, which is gone by the time it is looked at.
    let pipes = links().filter(|link| link.to_string_lossy().starts_with("pipe:")).count();
    (links().count(), pipes)
}
