//! The endpoint speaks HTTP/1.1 as strictly as what is measured in front of it may rely on.

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use peers::http::{field, head_length, number};
use peers::wire::{HEAD, Head, Kind, Pattern};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// It ends with the test.
struct Endpoint {
    process: Child,
    port: u16,
    http: u16,
}

impl Endpoint {
    fn start() -> Outcome<Self> {
        let mut process =
            Command::new(env!("CARGO_BIN_EXE_endpoint")).args(["0", "0"]).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(process.stdout.take().ok_or("no stdout")?).lines();
        let mut port = |word| -> Outcome<u16> {
            let line = lines.next().ok_or("no line")??;
            Ok(line.strip_prefix(word).ok_or("another word")?.trim().parse()?)
        };
        Ok(Self { http: port("http ")?, port: port("listening ")?, process })
    }

    fn dial(&self) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.http))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(stream)
    }

    fn accepted(&self) -> Outcome<u64> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(&Head { kind: Kind::Count, salt: 0, length: HEAD as u32, bytes: 0 }.encode())?;
        let mut head = [0; HEAD];
        stream.read_exact(&mut head)?;
        Ok(Head::decode(&head).ok_or("no head")?.bytes)
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The next head on a connection; what follows stays unread.
fn head(stream: &mut impl Read) -> Outcome<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while head_length(&head).is_none() {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// The next head, and the body whose length it tells.
fn answer(stream: &mut impl Read) -> Outcome<(Vec<u8>, Vec<u8>)> {
    let head = head(stream)?;
    let length = field(&head, "Content-Length").and_then(number).ok_or("no length")?;
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}

#[test]
fn a_body_is_as_long_as_asked_for_and_begins_at_the_salt() -> Outcome {
    let (endpoint, pattern) = (Endpoint::start()?, Pattern::new());
    let mut client = endpoint.dial()?;
    for (size, salt) in [(0, 0), (1, 65_535), (256, 7), (3_000_000, 9)] {
        write!(client, "GET /b/{size}?salt={salt} HTTP/1.1\r\nHost: x\r\n\r\n")?;
        // Of the large one, the socket takes a part until somebody reads.
        thread::sleep(Duration::from_millis(50));
        let (head, body) = answer(&mut client)?;
        assert!(head.starts_with(b"HTTP/1.1 200 OK\r\n"));
        for name in ["Date", "Server", "Content-Type", "ETag", "Cache-Control"] {
            assert!(field(&head, name).is_some(), "{name}");
        }
        assert_eq!(body.len(), size);
        assert!(pattern.holds(salt, 0, &body));
    }
    Ok(())
}

#[test]
fn requests_may_come_all_at_once_or_byte_by_byte() -> Outcome {
    let (endpoint, pattern) = (Endpoint::start()?, Pattern::new());
    // The large answers do not fit, so that requests wait behind them.
    let sizes = [5, 2_000_000, 0, 700, 2_000_000, 1];
    let requests: String =
        sizes.iter().map(|size| format!("GET /b/{size}?salt=3 HTTP/1.1\r\nHost: x\r\n\r\n")).collect();
    let mut client = endpoint.dial()?;
    for piece in [requests.len(), 1, 50] {
        for bytes in requests.as_bytes().chunks(piece) {
            client.write_all(bytes)?;
        }
        for size in sizes {
            let (_, body) = answer(&mut client)?;
            assert_eq!(body.len(), size);
            assert!(pattern.holds(3, 0, &body));
        }
    }
    Ok(())
}

#[test]
fn chunks_are_put_together_to_the_same_body() -> Outcome {
    let (endpoint, pattern) = (Endpoint::start()?, Pattern::new());
    let mut client = BufReader::new(endpoint.dial()?);
    for size in [0, 1, 16_384, 16_385, 2_000_000] {
        write!(client.get_mut(), "GET /c/{size}?salt=4 HTTP/1.1\r\nHost: x\r\n\r\n")?;
        let head = head(&mut client)?;
        assert_eq!(field(&head, "Transfer-Encoding"), Some(&b"chunked"[..]));
        let mut body = Vec::new();
        loop {
            let mut line = String::new();
            client.read_line(&mut line)?;
            let length = usize::from_str_radix(line.trim_end(), 16)?;
            assert!(length <= 16_384);
            let mut chunk = vec![0; length + 2];
            client.read_exact(&mut chunk)?;
            assert!(chunk.ends_with(b"\r\n"));
            body.extend_from_slice(&chunk[..length]);
            if length == 0 {
                break;
            }
        }
        assert_eq!(body.len(), size);
        assert!(pattern.holds(4, 0, &body));
    }
    Ok(())
}

#[test]
fn a_body_that_was_sent_is_checked_to_its_last_byte() -> Outcome {
    let (endpoint, pattern) = (Endpoint::start()?, Pattern::new());
    let mut client = endpoint.dial()?;
    let right = pattern.piece(6, 0, 200_000).to_vec();
    let mut wrong = right.clone();
    if let Some(last) = wrong.last_mut() {
        *last ^= 1;
    }
    for (body, said) in [(&right, "every byte was right\n"), (&wrong, "a byte was wrong\n")] {
        write!(client, "POST /e?salt=6 HTTP/1.1\r\nContent-Length: {}\r\n\r\n", body.len())?;
        client.write_all(body)?;
        assert_eq!(answer(&mut client)?.1, said.as_bytes());
    }
    Ok(())
}

#[test]
fn connections_of_both_protocols_are_counted_and_kept() -> Outcome {
    let endpoint = Endpoint::start()?;
    assert_eq!(endpoint.accepted()?, 1);
    let mut client = endpoint.dial()?;
    for _ in 0..10 {
        client.write_all(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n")?;
        assert!(answer(&mut client)?.0.starts_with(b"HTTP/1.1 404 "));
    }
    assert_eq!(endpoint.accepted()?, 3);
    Ok(())
}

#[test]
fn a_connection_ends_after_the_answer_to_a_request_that_says_so() -> Outcome {
    let endpoint = Endpoint::start()?;
    let mut client = endpoint.dial()?;
    client.write_all(b"GET /b/3000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
    thread::sleep(Duration::from_millis(50));
    let (head, body) = answer(&mut client)?;
    assert_eq!((field(&head, "Connection"), body.len()), (Some(&b"close"[..]), 3_000_000));
    assert_eq!(client.read(&mut [0])?, 0);
    Ok(())
}
