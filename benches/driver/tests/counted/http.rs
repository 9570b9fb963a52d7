//! What an HTTP request costs, and an idle client.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;

use crate::requests::{CONNECTIONS, MOST, allocations, calls};
use crate::support::{Driver, PATIENCE, eventually, is_release, may_open, skip, web};

/// As a browser asks.
const REQUEST: &[u8] =
    b"GET /page?x=1 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n\
    Accept: text/html\r\nAccept-Encoding: gzip, br\r\nAccept-Language: en\r\nReferer: http://www.example.com/\r\n\
    Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\nCache-Control: max-age=0\r\n\r\n";
/// User instructions for a request and its answer, with eight fields and six.
const MOST_INSTRUCTIONS: f64 = 10_000.0;
/// The live bytes of an idle client connection.
const MOST_IDLE: f64 = 2048.0;

fn connect(to: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(to).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One request on each connection, all under way at once, so often.
pub fn requests(clients: &mut [TcpStream], rounds: usize) {
    let mut answer = vec![0; 4096];
    for _ in 0..rounds {
        clients.iter_mut().for_each(|client| client.write_all(REQUEST).unwrap());
        for client in clients.iter_mut() {
            let mut count = 0;
            while !answer[..count].ends_with(b"the end") {
                let read = client.read(&mut answer[count..]).unwrap();
                assert!(read > 0, "{}", String::from_utf8_lossy(&answer[..count]));
                count += read;
            }
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        }
    }
}

pub fn clients(to: SocketAddr, count: usize) -> Vec<TcpStream> {
    (0..count).map(|_| connect(to)).collect()
}

#[test]
fn an_http_request_allocates_nothing() {
    let to = web().to_string();
    for words in [&[to.as_str(), "workers=1"][..], &[&to, "workers=2", "accept=hand-off"], &[&to, "portable"]] {
        let mut driver = Driver::http(words);
        let mut clients = clients(driver.address, CONNECTIONS);
        requests(&mut clients, 50);
        let each = allocations(&mut driver, |rounds| requests(&mut clients, rounds));
        assert!(each < 0.001, "{words:?}: {each} allocations a request");
    }
}

#[test]
fn an_http_request_makes_few_system_calls() {
    let name = "an_http_request_makes_few_system_calls";
    let to = web().to_string();
    let (few, many) = (50, 350);
    let run = |rounds| {
        calls("http://0", &[&to, "workers=1"], |driver| requests(&mut clients(driver.address, CONNECTIONS), rounds))
    };
    let (first, second) = match run(few).and_then(|first| Ok((first, run(many)?))) {
        Ok(counted) => counted,
        Err(error) => return skip(name, &error),
    };
    let each = (second as f64 - first as f64) / ((many - few) * CONNECTIONS) as f64;
    println!("{each:.2} system calls a request");
    assert!(each > 3.0, "{each} system calls a request are too few to be true");
    assert!(each <= MOST, "{each} system calls a request");
}

/// User instructions of a driver from its start to its end, between which it serves so many rounds.
fn instructions(words: &[&str], rounds: usize) -> Result<u64, String> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Err("valgrind is not installed".into());
    }
    let file = std::env::temp_dir().join(format!("fourseven-callgrind-{}-{rounds}", std::process::id()));
    let out = format!("--callgrind-out-file={}", file.display());
    let driver = Driver::try_at("http://0", &["valgrind", "--tool=callgrind", &out], words)
        .map_err(|error| format!("valgrind cannot run here: {error}"))?;
    requests(&mut clients(driver.address, CONNECTIONS), rounds);
    driver.quit();
    let counted = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    let _ = std::fs::remove_file(&file);
    let total = counted.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    total.and_then(|total| total.trim().parse().ok()).ok_or("callgrind says no total".into())
}

/// User instructions of a driver for each request.
pub fn instructions_each(words: &[&str]) -> Result<f64, String> {
    // What is not a request is in both counts.
    let (few, many) = (50, 350);
    let (first, second) = (instructions(words, few)?, instructions(words, many)?);
    Ok((second as f64 - first as f64) / ((many - few) * CONNECTIONS) as f64)
}

#[test]
fn an_http_request_takes_few_instructions() {
    let name = "an_http_request_takes_few_instructions";
    if !is_release() {
        return println!("not counted: the driver was not built by the profile `release`");
    }
    let each = match instructions_each(&[&web().to_string(), "workers=1"]) {
        Ok(counted) => counted,
        Err(error) => return skip(name, &error),
    };
    println!("{each:.0} user instructions a request");
    assert!(each > 2000.0, "{each} instructions a request are too few to be true");
    assert!(each <= MOST_INSTRUCTIONS, "{each} instructions a request");
}

#[test]
fn an_idle_http_client_takes_little_memory() {
    let name = "an_idle_http_client_takes_little_memory";
    if !may_open(12_000) {
        return skip(name, "the limit of open descriptors cannot be raised to 12000");
    }
    let mut driver = Driver::http(&[&web().to_string(), "workers=1"]);
    let mut all = Vec::new();
    let mut live = Vec::new();
    for count in [1000, 4000] {
        while all.len() < count {
            let mut one = clients(driver.address, 1);
            requests(&mut one, 1);
            all.append(&mut one);
        }
        live.push(driver.count().0);
    }
    let each = (live[1] - live[0]) as f64 / 3000.0;
    println!("{each:.0} live bytes an idle client");
    if is_release() {
        assert!(each <= MOST_IDLE, "{each} live bytes an idle client");
    } else {
        println!("not asserted: the driver was not built by the profile `release`");
    }
    drop(all);
    eventually("all have ended", || driver.read().open <= 1);
}
