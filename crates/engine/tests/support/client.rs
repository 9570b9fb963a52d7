//! A client, over TCP or a Unix socket.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use plan::Address;
use socket2::{Domain, SockAddr, Socket, Type};

use super::PATIENCE;

/// A connected client. It never waits longer than [`PATIENCE`] for anything.
#[derive(Debug)]
pub struct Client {
    pub socket: Socket,
}

/// How a connection ended, as one of its ends sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The peer has finished.
    Plain,
    /// The peer has reset it.
    Reset,
    /// It has not ended.
    Hangs,
}

/// The socket address of an address.
pub fn sock_addr(address: &Address) -> SockAddr {
    match address {
        Address::Tcp { .. } => address.socket_addr().unwrap().into(),
        Address::Unix { path } => SockAddr::unix(path).unwrap(),
    }
}

/// A stream socket for an address.
pub fn socket(address: &Address) -> io::Result<Socket> {
    let address = sock_addr(address);
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    if address.domain() != Domain::UNIX {
        socket.set_tcp_nodelay(true)?;
    }
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    Ok(socket)
}

impl Client {
    /// Connects.
    pub fn connect(to: &Address) -> io::Result<Self> {
        let socket = socket(to)?;
        socket.connect(&sock_addr(to))?;
        Ok(Self { socket })
    }

    /// Connects, and reads the name of the endpoint that serves it.
    pub fn greeted(to: &Address) -> io::Result<(Self, String)> {
        let mut client = Self::connect(to)?;
        let name = client.name()?;
        Ok((client, name))
    }

    /// Reads the name that an endpoint sends first.
    pub fn name(&mut self) -> io::Result<String> {
        let mut name = String::new();
        loop {
            let mut byte = [0];
            self.socket.read_exact(&mut byte)?;
            match byte {
                [b'\n'] => return Ok(name),
                [byte] => name.push(byte.into()),
            }
        }
    }

    /// Sends `bytes` and reads them back.
    pub fn echo(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)?;
        let mut back = vec![0; bytes.len()];
        self.socket.read_exact(&mut back)?;
        if back == bytes { Ok(()) } else { Err(io::Error::other("other bytes came back")) }
    }

    /// Says that no more will be sent.
    pub fn finish(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }

    /// Makes the coming drop a reset.
    pub fn reset(self) {
        self.socket.set_linger(Some(Duration::ZERO)).unwrap();
    }

    /// The next bytes, at most so many.
    pub fn read(&mut self, most: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; most];
        let count = self.socket.read(&mut bytes)?;
        bytes.truncate(count);
        Ok(bytes)
    }

    /// Waits for the end, whatever is read before.
    pub fn ending(&mut self) -> Ending {
        ending(&mut self.socket, PATIENCE)
    }

    /// How it has ended so far, looking for this long.
    pub fn ending_within(&mut self, time: Duration) -> Ending {
        ending(&mut self.socket, time)
    }

    /// How a connection ends that says nothing: it may be reset before it is known to be made.
    pub fn fate(to: &Address) -> Ending {
        match Self::connect(to) {
            Ok(mut client) => client.ending(),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ending::Reset,
            Err(error) => panic!("{to}: {error}"),
        }
    }

    /// One whole visit: greeted, one exchange, the end carried through. Returns the endpoint's name.
    pub fn visit(to: &Address) -> io::Result<String> {
        let (mut client, name) = Self::greeted(to)?;
        client.echo(b"a visit")?;
        client.finish()?;
        match client.ending() {
            Ending::Plain => Ok(name),
            other => Err(io::Error::other(format!("ended by {other:?}"))),
        }
    }
}

/// Reads until the end, for at most this long between two bytes.
pub fn ending(socket: &mut Socket, time: Duration) -> Ending {
    socket.set_read_timeout(Some(time.max(Duration::from_millis(1)))).unwrap();
    let mut buffer = [0; 4096];
    let ended = loop {
        match socket.read(&mut buffer) {
            Ok(0) => break Ending::Plain,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ending::Hangs,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => break Ending::Hangs,
            Err(_) => break Ending::Reset,
        }
    };
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    ended
}
