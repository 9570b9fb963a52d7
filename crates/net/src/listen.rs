//! Listening sockets.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::rc::Rc;

use plan::Address;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use tokio::io::Interest;

use crate::registration::Registration;
use crate::stream::Stream;

/// A bound and listening socket, not yet registered with a worker. Duplicates share its queue.
#[derive(Debug)]
pub struct Bound {
    socket: Socket,
    #[cfg(unix)]
    _file: Option<SocketFile>,
}

impl Bound {
    /// Takes `address` and listens there.
    ///
    /// TCP binds and listens without `SO_REUSEPORT`: from then on no other program can have the port,
    /// and one that has it already is found. Accepted sockets inherit `TCP_NODELAY`. `::` takes both
    /// families, and where the system has no IPv6, IPv4 alone. A socket file that nobody serves any
    /// more is replaced.
    ///
    /// # Errors
    ///
    /// `AddrInUse` when somebody else listens there, else what the system says.
    pub fn bind(address: &Address, backlog: u32) -> io::Result<Self> {
        match address {
            Address::Tcp { host, port } => {
                let address = SocketAddr::new(*host, *port);
                match tcp(address, false, backlog) {
                    Err(error) if lacks_ipv6(&error) && host.is_unspecified() => {
                        tcp(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), *port), false, backlog)
                    }
                    bound => bound,
                }
            }
            #[cfg(unix)]
            Address::Unix { path } => unix(Path::new(path), backlog),
            #[cfg(not(unix))]
            Address::Unix { .. } => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// One more socket on the same address, with a queue of its own: the system shares new
    /// connections out among them. They are a group in the order in which they were made.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the system cannot, else what it says.
    pub fn sibling(&self, backlog: u32) -> io::Result<Self> {
        let address = self.socket.local_addr()?.as_socket().ok_or(io::ErrorKind::Unsupported)?;
        share_port(&self.socket)?;
        tcp(address, true, backlog)
    }

    /// Another descriptor of the same socket.
    ///
    /// # Errors
    ///
    /// The descriptors are used up.
    pub fn duplicate(&self) -> io::Result<Self> {
        Ok(Self {
            socket: self.socket.try_clone()?,
            #[cfg(unix)]
            _file: None,
        })
    }

    /// Changes how many connections the system holds until they are accepted.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn set_backlog(&self, backlog: u32) -> io::Result<()> {
        self.socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))
    }

    /// Where it listens, with the port that the system chose for port 0.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn address(&self) -> io::Result<Address> {
        let address = self.socket.local_addr()?;
        #[cfg(unix)]
        if let Some(path) = address.as_pathname() {
            return Ok(Address::Unix { path: path.to_string_lossy().into_owned() });
        }
        address.as_socket().map(Address::tcp).ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    /// Sends new connections of the group only to its first `sockets` members.
    ///
    /// # Errors
    ///
    /// `Unsupported` where the system cannot, else what it says.
    pub fn steer_to_first(&self, sockets: u32) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        return crate::sys::steer(std::os::fd::AsFd::as_fd(&self.socket), sockets);
        #[cfg(not(target_os = "linux"))]
        return Err(sockets).map_err(|_| io::ErrorKind::Unsupported.into());
    }

    /// Lets the system share new connections out among the whole group again.
    ///
    /// # Errors
    ///
    /// As for [`Bound::steer_to_first`].
    pub fn steer_no_more(&self) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        return crate::sys::steer_no_more(std::os::fd::AsFd::as_fd(&self.socket));
        #[cfg(not(target_os = "linux"))]
        return Err(io::ErrorKind::Unsupported.into());
    }

    /// Registers the socket with the worker that calls.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn listen(self) -> io::Result<Listening> {
        let socket = Rc::new(self.socket);
        Ok(Listening {
            registration: Registration::new(&socket, Interest::READABLE)?,
            tcp: socket.local_addr()?.as_socket().is_some(),
            socket,
            #[cfg(unix)]
            _file: self._file,
        })
    }
}

/// A listening socket, registered with the worker that accepts from it.
#[derive(Debug)]
pub struct Listening {
    registration: Registration,
    socket: Rc<Socket>,
    tcp: bool,
    #[cfg(unix)]
    _file: Option<SocketFile>,
}

impl Listening {
    /// The next connection. Nothing is lost when it is dropped while it waits.
    ///
    /// # Errors
    ///
    /// The descriptors are used up, or the connection has ended already.
    pub async fn accept(&self) -> io::Result<Accepted> {
        // A queue that never empties must not keep the others of this thread from their turn.
        tokio::task::coop::consume_budget().await;
        loop {
            match self.registration.try_io(Interest::READABLE, || self.call()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.registration.ready(Interest::READABLE).await?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                accepted => return accepted,
            }
        }
    }

    /// A connection that is in the queue now, whether or not the runtime knows of it yet.
    ///
    /// # Errors
    ///
    /// The descriptors are used up, or the system has no memory; the rest of the queue is lost.
    pub fn accept_now(&self) -> io::Result<Option<Accepted>> {
        loop {
            match self.call() {
                Ok(accepted) => return Ok(Some(accepted)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                // The client had gone before its turn came.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn call(&self) -> io::Result<Accepted> {
        Ok(Accepted { socket: crate::sys::accept(&self.socket)?, tcp: self.tcp })
    }
}

/// An accepted connection that no worker has yet.
#[derive(Debug)]
pub struct Accepted {
    socket: Socket,
    tcp: bool,
}

impl Accepted {
    /// Resets it, since nobody serves it.
    pub fn reset(self) {
        let _ = self.socket.set_linger(Some(std::time::Duration::ZERO));
    }

    /// Registers it with the worker that calls.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn register(self) -> io::Result<Stream> {
        Stream::registered(self.socket, self.tcp)
    }
}

fn tcp(address: SocketAddr, sibling: bool, backlog: u32) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    // Elsewhere the option lets a second program take the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    if sibling {
        share_port(&socket)?;
    }
    socket.bind(&SockAddr::from(address))?;
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(Bound {
        socket,
        #[cfg(unix)]
        _file: None,
    })
}

#[cfg(target_os = "linux")]
fn share_port(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(target_os = "linux"))]
fn share_port(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

fn lacks_ipv6(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL));
    #[cfg(not(unix))]
    return error.kind() == io::ErrorKind::AddrNotAvailable;
}

/// The file of a Unix socket, removed with the socket that made it.
#[cfg(unix)]
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    inode: u64,
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // Whoever has put another file there keeps it.
        if inode(&self.path).is_ok_and(|inode| inode == self.inode) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(unix)]
fn inode(path: &Path) -> io::Result<u64> {
    Ok(std::os::unix::fs::MetadataExt::ino(&std::fs::symlink_metadata(path)?))
}

#[cfg(unix)]
fn unix(path: &Path, backlog: u32) -> io::Result<Bound> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let address = SockAddr::unix(path)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && !is_socket(path) => {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket stands there"));
        }
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(path) => {
            std::fs::remove_file(path)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    let file = SocketFile { path: path.into(), inode: inode(path)? };
    socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
    Ok(Bound { socket, _file: Some(file) })
}

#[cfg(unix)]
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket())
}

/// Whether nobody serves the socket.
#[cfg(unix)]
fn is_left_over(path: &Path) -> bool {
    let refused = |error: io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
    std::os::unix::net::UnixStream::connect(path).is_err_and(refused)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn any_port() -> Address {
        Address::tcp("127.0.0.1:0".parse().unwrap())
    }

    #[test]
    fn a_port_belongs_to_one_group_alone() {
        let first = Bound::bind(&any_port(), 16).unwrap();
        let address = first.address().unwrap();
        assert_eq!(Bound::bind(&address, 16).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        if cfg!(target_os = "linux") {
            let second = first.sibling(16).unwrap();
            assert_eq!(second.address().unwrap(), address);
            assert_eq!(Bound::bind(&address, 16).unwrap_err().kind(), io::ErrorKind::AddrInUse);
            first.steer_to_first(1).unwrap();
            first.steer_no_more().unwrap();
        }
    }

    #[test]
    fn a_socket_file_is_replaced_only_when_nobody_serves_it() {
        let folder = std::env::temp_dir().join(format!("fourseven-listen-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("socket");
        let address = Address::Unix { path: path.to_string_lossy().into_owned() };
        let bound = Bound::bind(&address, 16).unwrap();
        assert_eq!(bound.address().unwrap(), address);
        assert_eq!(Bound::bind(&address, 16).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(bound.duplicate().unwrap());
        assert!(path.exists(), "a duplicate does not own the file");
        drop(bound);
        assert!(!path.exists());
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "left over");
        drop(Bound::bind(&address, 16).unwrap());
        std::fs::write(&path, "no socket").unwrap();
        let plain = Bound::bind(&address, 16).unwrap_err().kind();
        assert_eq!(plain, io::ErrorKind::AlreadyExists, "a plain file is not ours to remove");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
