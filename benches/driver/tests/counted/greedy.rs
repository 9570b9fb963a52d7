//! What clients and endpoints cost that begin and do not go on, or send and do not read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::support::{Driver, eventually, is_release, may_open, skip};

/// How many begin a head.
const HEADS: usize = 2000;
/// How many send or ask for a body: fewer, since the system has but so much memory for all sockets.
const BODIES: usize = 100;
/// The most live bytes a client that has sent half a head, beyond an idle one.
const MOST_WITH_HEAD: f64 = 4.0 * 1024.0 + SMALL;
/// The most live bytes a client whose body is held up, beyond an idle one.
const MOST_WITH_BODY: f64 = 64.0 * 1024.0 + MOST_WITH_HEAD;
/// What a request needs apart from its bytes.
const SMALL: f64 = 2048.0;
/// More than all buffers on the way hold.
const BODY: usize = 1 << 30;
/// What the system holds for one who does not read, so that thousands of them have room.
const WINDOW: usize = 16 * 1024;
/// How often it is looked whether something moves, and how often nothing has to.
const LOOKS: usize = 150;
const STILL: usize = 15;

/// A socket for which the system holds little.
fn small() -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(WINDOW).unwrap();
    socket.set_send_buffer_size(WINDOW).unwrap();
    socket
}

fn connect(to: SocketAddr) -> TcpStream {
    let socket = small();
    socket.connect(&to.into()).unwrap();
    socket.set_tcp_nodelay(true).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.into()
}

/// An endpoint whose connections are in the hands of the test.
struct Puppet {
    address: SocketAddr,
    accepted: Arc<Mutex<Vec<TcpStream>>>,
}

impl Puppet {
    fn start() -> Self {
        let listening = small();
        listening.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listening.listen(4096).unwrap();
        let listener = TcpListener::from(listening);
        let address = listener.local_addr().unwrap();
        let accepted = Arc::<Mutex<Vec<TcpStream>>>::default();
        let kept = accepted.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                stream.set_nonblocking(true).unwrap();
                kept.lock().unwrap().push(stream);
            }
        });
        Self { address, accepted }
    }
}

/// An endpoint that listens, but whose queue is full: who dials it waits.
struct Deaf {
    address: SocketAddr,
    _kept: Vec<Socket>,
}

impl Deaf {
    fn start() -> Self {
        let listening = small();
        listening.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listening.listen(0).unwrap();
        let address = listening.local_addr().unwrap();
        let mut kept = vec![listening];
        loop {
            let waiting = small();
            match waiting.connect_timeout(&address, Duration::from_millis(300)) {
                Ok(()) => kept.push(waiting),
                Err(_) => return Self { address: address.as_socket().unwrap(), _kept: kept },
            }
        }
    }
}

/// Someone who sends what was begun, and then the same bytes over and over, as far as they are taken.
struct Sender {
    begin: Vec<u8>,
    over: Vec<u8>,
    sent: usize,
    most: usize,
}

impl Sender {
    fn new(begin: &str, over: &[u8], most: usize) -> Self {
        Self { begin: begin.into(), over: over.into(), sent: 0, most }
    }

    /// Sends what is taken, and answers how much that was.
    fn go(&mut self, mut to: &TcpStream) -> usize {
        let before = self.sent;
        while self.sent < self.most {
            let rest = match self.begin.get(self.sent..).filter(|rest| !rest.is_empty()) {
                Some(rest) => rest,
                None => &self.over[(self.sent - self.begin.len()) % self.over.len()..],
            };
            match to.write(&rest[..rest.len().min(self.most - self.sent)]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => panic!("cut after {} bytes: {error}", self.sent),
            }
        }
        self.sent - before
    }
}

/// Lets them go on, and answers the most live bytes seen in that time: until nothing moves any more,
/// neither here nor in the driver, but no longer than the system takes to fill its own buffers, which grow
/// slowly.
fn settle(driver: &mut Driver, mut go: impl FnMut() -> usize) -> i64 {
    let (mut still, mut before, mut most) = (0, 0, 0);
    for _ in 0..LOOKS {
        let (moved, live) = (go(), driver.count().0);
        still = if moved == 0 && live == before { still + 1 } else { 0 };
        (before, most) = (live, live.max(most));
        if still == STILL {
            break;
        }
        // The pace.
        std::thread::sleep(Duration::from_millis(10));
    }
    most
}

/// The most live bytes that each of these clients costs beyond an idle one.
fn each(driver: &mut Driver, (idle, count): (i64, usize), go: impl FnMut() -> usize) -> f64 {
    (settle(driver, go) - idle) as f64 / count as f64
}

/// A driver with so many clients that have said nothing, and the live bytes then.
fn idle(words: &[&str], to: SocketAddr, count: usize) -> (Driver, Vec<TcpStream>, i64) {
    let to = to.to_string();
    let words: Vec<&str> = [to.as_str(), "workers=1"].into_iter().chain(words.iter().copied()).collect();
    let mut driver = Driver::http(&words);
    let clients: Vec<_> = (0..count).map(|_| connect(driver.address)).collect();
    eventually("all are accepted", || driver.read().accepted == count as u64);
    let live = settle(&mut driver, || 0);
    (driver, clients, live)
}

/// Whether thousands of connections can be had; says so if not.
fn has_room(name: &str) -> bool {
    let room = may_open(12_000);
    if !room {
        skip(name, "the limit of open descriptors cannot be raised to 12000");
    }
    room
}

fn judge(what: &str, each: f64, most: f64) {
    assert!(each > 1000.0, "{what}: {each} live bytes a client are too few to be true");
    println!("{what}: {each:.0} live bytes a client beyond an idle one");
    if is_release() {
        assert!(each <= most, "{what}: {each} live bytes a client");
    } else {
        println!("not asserted: the driver was not built by the profile `release`");
    }
}

#[test]
fn half_a_head_takes_little_more_than_its_bytes() {
    if !has_room("half_a_head_takes_little_more_than_its_bytes") {
        return;
    }
    let (mut driver, clients, live) = idle(&[], Puppet::start().address, HEADS);
    let cookie = "c".repeat(1900);
    let half = format!("GET /page HTTP/1.1\r\nHost: www.example.com\r\nCookie: {cookie}");
    // In pieces, of which each is kept before the next one comes.
    let mut all: Vec<_> = clients.iter().map(|_| Sender::new(&half, b"", 0)).collect();
    let mut taken = 0.0;
    for piece in 1..=4 {
        taken = each(&mut driver, (live, HEADS), || {
            all.iter_mut().for_each(|sender| sender.most = half.len() * piece / 4);
            all.iter_mut().zip(&clients).map(|(one, to)| one.go(to)).sum()
        });
    }
    judge("half a head", taken, MOST_WITH_HEAD);
}

/// The ways a body goes: the words of the driver, how it is framed, and the bytes it is made of.
fn ways() -> [(&'static [&'static str], String, Vec<u8>); 3] {
    let length = format!("Content-Length: {BODY}\r\n\r\n");
    let chunk = [&b"1000\r\n"[..], &[b'x'; 4096], b"\r\n"].concat();
    let bytes = vec![b'x'; 64 * 1024];
    [
        (&[], length.clone(), bytes.clone()),
        (&["portable"], length, bytes),
        (&[], "Transfer-Encoding: chunked\r\n\r\n".into(), chunk),
    ]
}

#[test]
fn an_upload_that_its_endpoint_does_not_read_takes_64_kib_at_most() {
    if !has_room("an_upload_that_its_endpoint_does_not_read_takes_64_kib_at_most") {
        return;
    }
    for (words, framing, over) in ways() {
        let endpoint = Puppet::start();
        let (mut driver, clients, live) = idle(words, endpoint.address, BODIES);
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\n{framing}");
        let mut all: Vec<_> = clients.iter().map(|_| Sender::new(&head, &over, BODY)).collect();
        let taken =
            each(&mut driver, (live, BODIES), || all.iter_mut().zip(&clients).map(|(one, to)| one.go(to)).sum());
        assert_eq!(driver.read().inflight, BODIES as u64, "all have begun");
        assert!(all.iter().all(|sender| sender.sent < BODY), "the buffers have taken it all");
        judge(&format!("an upload, {words:?} {}", framing.trim()), taken, MOST_WITH_BODY);
    }
}

#[test]
fn a_body_that_may_be_sent_again_takes_64_kib_at_most_while_its_endpoint_is_dialled() {
    if !has_room("a_body_that_may_be_sent_again_takes_64_kib_at_most_while_its_endpoint_is_dialled") {
        return;
    }
    let deaf = Deaf::start();
    let (mut driver, clients, live) = idle(&[], deaf.address, BODIES);
    // As much as is kept for another try.
    let body = vec![b'x'; 64 * 1024];
    let head = format!("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len());
    let all = head.len() + body.len();
    let mut all: Vec<_> = clients.iter().map(|_| Sender::new(&head, &body, all)).collect();
    let taken = each(&mut driver, (live, BODIES), || all.iter_mut().zip(&clients).map(|(one, to)| one.go(to)).sum());
    assert_eq!(driver.read().open, BODIES as u64, "all are dialled still");
    judge("a body that may be sent again", taken, MOST_WITH_BODY);
}

#[test]
fn a_download_that_its_client_does_not_read_takes_64_kib_at_most() {
    if !has_room("a_download_that_its_client_does_not_read_takes_64_kib_at_most") {
        return;
    }
    for (words, framing, over) in ways() {
        let endpoint = Puppet::start();
        let (mut driver, clients, live) = idle(words, endpoint.address, BODIES);
        for mut client in &clients {
            client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        }
        eventually("all have asked", || endpoint.accepted.lock().unwrap().len() == BODIES);
        let asked = endpoint.accepted.lock().unwrap();
        let head = format!("HTTP/1.1 200 OK\r\n{framing}");
        let mut all: Vec<_> = asked.iter().map(|_| (false, Sender::new(&head, &over, BODY))).collect();
        let taken = each(&mut driver, (live, BODIES), || {
            let pairs = all.iter_mut().zip(asked.iter());
            let go = |((has_read, sender), to): (&mut (bool, Sender), &TcpStream)| {
                *has_read |= is_asked(to);
                if *has_read { sender.go(to) } else { 0 }
            };
            pairs.map(go).sum()
        });
        assert!(all.iter().all(|(has_read, sender)| *has_read && sender.sent < BODY), "all have begun, and wait");
        judge(&format!("a download, {words:?} {}", framing.trim()), taken, MOST_WITH_BODY);
    }
}

/// Reads what is there of a request, and says whether there was something.
fn is_asked(mut stream: &TcpStream) -> bool {
    let read: io::Result<usize> = stream.read(&mut [0; 1024]);
    read.is_ok_and(|count| count > 0)
}
