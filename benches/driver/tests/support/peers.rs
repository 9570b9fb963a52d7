//! Endpoints and clients.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::PATIENCE;

/// An endpoint that sends what it is sent, after one byte of its own. It serves until the test ends.
pub fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = |mut stream: TcpStream| -> io::Result<()> {
        stream.set_nodelay(true)?;
        stream.write_all(b"!")?;
        let mut buffer = [0; 16 * 1024];
        loop {
            match stream.read(&mut buffer)? {
                0 => return stream.shutdown(std::net::Shutdown::Write),
                count => stream.write_all(&buffer[..count])?,
            }
        }
    };
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let thread = std::thread::Builder::new().stack_size(64 * 1024);
            drop(thread.spawn(move || serve(stream)).unwrap());
        }
    });
    address
}

/// An endpoint that answers each request with 256 bytes, by HTTP. It serves until the test ends.
pub fn web() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let head = "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\nServer: test\r\nContent-Type: text/plain\r\n\
        ETag: \"5f3c\"\r\nCache-Control: no-cache\r\nContent-Length: 256\r\n\r\n";
    let answer: Vec<u8> = [head.as_bytes(), &[b'x'; 249], b"the end"].concat();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            let serve = move || -> io::Result<()> {
                stream.set_nodelay(true)?;
                let (mut read, mut buffer) = (Vec::new(), vec![0; 16 * 1024]);
                loop {
                    let count = stream.read(&mut buffer)?;
                    if count == 0 {
                        return Ok(());
                    }
                    read.extend_from_slice(&buffer[..count]);
                    while let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                        read.drain(..end + 4);
                        stream.write_all(&answer)?;
                    }
                }
            };
            drop(std::thread::Builder::new().stack_size(64 * 1024).spawn(serve).unwrap());
        }
    });
    address
}

/// An endpoint that sends one byte and then only holds its connections.
pub struct Silent {
    pub address: SocketAddr,
    held: Arc<Mutex<Vec<TcpStream>>>,
}

impl Silent {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let held = Arc::<Mutex<Vec<TcpStream>>>::default();
        let kept = held.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                if stream.write_all(b"!").is_ok() {
                    kept.lock().unwrap().push(stream);
                }
            }
        });
        Self { address, held }
    }

    /// Ends all its connections.
    pub fn let_go(&self) {
        self.held.lock().unwrap().clear();
    }
}

/// Connects, and waits for the byte that an endpoint sends first.
pub fn greet(to: SocketAddr) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.read_exact(&mut [0])?;
    Ok(stream)
}
