//! Endpoints and clients that speak HTTP/1 byte by byte, with a reader of their own.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plan::Address;
use socket2::{Domain, Socket, Type};

use super::client::Client;
use super::endpoint::{Endpoint, PATIENCE};
use super::segments::dribble;
use super::{Draft, HTTP, Running, WAYS, address, any_port, cycle};

/// A request without a body.
pub fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

/// A request with a body of a known length.
pub fn post(path: &str, body: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// One worker and one listener, `in`, before the pool `pool` of these endpoints, which take turns from the
/// first on.
pub fn in_turn(endpoints: &[&Endpoint]) -> Draft {
    let draft = Draft::empty().workers(1).pool("pool", cycle(endpoints.len()), endpoints);
    draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool")
}

/// An engine that runs a plan, and where its listener `in` is.
pub fn run(draft: &Draft) -> (Running, Address) {
    let running = Running::idle();
    let at = address(&running.apply(draft), "in");
    (running, at)
}

/// A balancer before these endpoints, which take turns, and where it listens.
pub fn before(endpoints: &[&Endpoint]) -> (Running, Address) {
    run(&in_turn(endpoints))
}

/// Reads until the head of a message is there, and answers it and what came behind it.
pub fn read_head(socket: &mut Socket) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let (mut read, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        if let Some(at) = find(&read, b"\r\n\r\n") {
            let rest = read.split_off(at + 4);
            return Ok((read, rest));
        }
        match socket.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => read.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A request as an endpoint read it: the head without its empty line, and the body without framing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub head: String,
    pub body: Vec<u8>,
    /// Trailer lines.
    pub trailers: String,
}

impl Asked {
    /// The value of a field.
    pub fn field(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// What an endpoint does next.
pub enum Reply {
    /// Sends these bytes and goes on.
    Send(Vec<u8>),
    /// Sends these bytes and closes.
    Close(Vec<u8>),
}

/// An endpoint that remembers what it got.
pub struct Web {
    pub endpoint: Endpoint,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    requests: Vec<Asked>,
    /// Every byte of each connection.
    bytes: Vec<Vec<u8>>,
}

impl Web {
    /// Answers each whole request by `reply`.
    pub fn new(name: &str, reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let shared = seen.clone();
        let endpoint = Endpoint::serving(name, &any_port("127.0.0.1"), move |mut socket| {
            let lock = || shared.lock().unwrap_or_else(PoisonError::into_inner);
            let place = {
                let mut seen = lock();
                seen.bytes.push(Vec::new());
                seen.bytes.len() - 1
            };
            let (mut read, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
            loop {
                while let Some((asked, length)) = whole_request(&read) {
                    read.drain(..length);
                    lock().requests.push(asked.clone());
                    match reply(&asked) {
                        Reply::Send(bytes) => socket.write_all(&bytes)?,
                        Reply::Close(bytes) => {
                            socket.write_all(&bytes)?;
                            return socket.shutdown(Shutdown::Both);
                        }
                    }
                }
                match socket.read(&mut buffer)? {
                    0 => return socket.shutdown(Shutdown::Write),
                    count => {
                        read.extend_from_slice(&buffer[..count]);
                        lock().bytes[place].extend_from_slice(&buffer[..count]);
                    }
                }
            }
        });
        Self { endpoint, seen }
    }

    /// Answers each request by its first line and its body.
    pub fn plain(name: &str) -> Self {
        Self::new(name, |asked| {
            let line = asked.head.lines().next().unwrap_or_default();
            let body = [line.as_bytes(), b"|", &asked.body].concat();
            Reply::Send(response("", &body))
        })
    }

    /// The whole requests that came.
    pub fn requests(&self) -> Vec<Asked> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).requests.clone()
    }

    /// Every byte that came, by connection.
    pub fn bytes(&self) -> Vec<Vec<u8>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).bytes.clone()
    }
}

/// A response with a length.
pub fn response(fields: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The first request, if all of it is there, and its length. It trusts what it reads.
pub fn whole_request(bytes: &[u8]) -> Option<(Asked, usize)> {
    let end = find(bytes, b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut asked = Asked { head, body: Vec::new(), trailers: String::new() };
    let mut at = end + 4;
    if asked.field("Transfer-Encoding").is_some() {
        loop {
            let line = find(bytes.get(at..)?, b"\r\n")?;
            let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..at + line]).ok()?, 16).ok()?;
            at += line + 2;
            if size == 0 {
                break;
            }
            asked.body.extend_from_slice(bytes.get(at..at + size)?);
            at += size + 2;
        }
        loop {
            let line = find(bytes.get(at..)?, b"\r\n")?;
            asked.trailers.push_str(&String::from_utf8_lossy(&bytes[at..at + line]));
            at += line + 2;
            if line == 0 {
                return Some((asked, at));
            }
            asked.trailers.push('\n');
        }
    }
    let length = asked.field("Content-Length").map_or(0, |length| length.parse().unwrap());
    asked.body = bytes.get(at..at + length)?.to_vec();
    Some((asked, at + length))
}

pub fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// A client that says what it is told and hears what comes.
pub struct Wire {
    pub socket: Socket,
    heard: Vec<u8>,
}

impl Wire {
    pub fn to(address: &Address) -> Self {
        let socket = Client::connect(address).unwrap().socket;
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_tcp_nodelay(true).unwrap();
        Self { socket, heard: Vec::new() }
    }

    /// One for whom the system holds little that it has not read.
    pub fn narrow(address: &Address) -> Self {
        let Address::Tcp { host, port } = address else { panic!("{address} is no address of TCP") };
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.connect(&SocketAddr::new(*host, *port).into()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { socket, heard: Vec::new() }
    }

    /// Sends it at once.
    pub fn say(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.socket.write_all(bytes.as_ref()).unwrap();
        self
    }

    /// Sends it one byte a segment.
    pub fn dribble(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        dribble(&self.socket, bytes.as_ref(), 1, |_| {});
        self
    }

    /// Waits until `what` has come, and answers all up to its end.
    #[track_caller]
    pub fn hear(&mut self, what: &str) -> String {
        let mut buffer = [0; 16 * 1024];
        loop {
            if let Some(at) = find(&self.heard, what.as_bytes()) {
                let heard: Vec<u8> = self.heard.drain(..at + what.len()).collect();
                return String::from_utf8_lossy(&heard).into_owned();
            }
            match self.socket.read(&mut buffer) {
                Ok(count) if count > 0 => self.heard.extend_from_slice(&buffer[..count]),
                end => panic!("{end:?} instead of {what:?}, after {:?}", String::from_utf8_lossy(&self.heard)),
            }
        }
    }

    /// Waits for the end, and answers all that came before, and whether it was a plain one.
    pub fn rest(&mut self) -> (String, bool) {
        let mut buffer = [0; 64 * 1024];
        loop {
            match self.socket.read(&mut buffer) {
                Ok(0) => return (String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned(), true),
                Ok(count) => self.heard.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                    return (String::from_utf8_lossy(&std::mem::take(&mut self.heard)).into_owned(), false);
                }
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&self.heard)),
            }
        }
    }

    /// The next bytes, so many.
    pub fn take(&mut self, count: usize) -> Vec<u8> {
        let mut buffer = vec![0; 1 << 20];
        while self.heard.len() < count {
            let read = self.socket.read(&mut buffer).unwrap();
            assert!(read > 0, "{} of {count} bytes", self.heard.len());
            self.heard.extend_from_slice(&buffer[..read]);
        }
        self.heard.drain(..count).collect()
    }

    /// Nothing comes for a while.
    pub fn hears_nothing(&mut self) -> bool {
        self.socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        let silent = self.heard.is_empty()
            && self
                .socket
                .read(&mut [0])
                .is_err_and(|error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut));
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        silent
    }

    pub fn finish(&mut self) -> &mut Self {
        self.socket.shutdown(Shutdown::Write).unwrap();
        self
    }
}
