//! What the tests of the engine share: plans, running engines, endpoints, clients, and patience.

mod client;
mod draft;
mod endpoint;
mod load;
pub mod log;
mod process;
mod random;
pub mod recorder;
mod running;
pub mod segments;
pub mod web;

pub use client::{Client, Ending, ending};
pub use draft::{Algorithm, Draft, HTTP, HTTP_LISTENER, PATHS, cycle, least};
pub use endpoint::{Endpoint, PATIENCE, deaf, refusing};
pub use load::{Bulk, Load, Talk};
pub use process::{alone, no_panics, sockets_per_runtime, threads_named, worker_threads, workers};
pub use random::Random;
pub use running::{EndpointCounts, ListenerCounts, Running, address};

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use plan::{Accept, Address};

/// Every way to accept, with a name for messages.
pub const WAYS: [Accept; 2] = [Accept::PerWorker, Accept::HandOff];

/// Whether plans ask for the portable path: so the same suite shows both.
pub fn portable() -> bool {
    std::env::var_os("FOURSEVEN_PORTABLE").is_some_and(|value| value == "1")
}

/// Whether the tests may take their time.
pub fn long() -> bool {
    std::env::var_os("FOURSEVEN_LONG").is_some_and(|value| value == "1")
}

/// Waits until `holds`, and fails when that does not come true in a generous while.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Whether it comes true in a moment, for what may never: a test must hold whatever this says.
pub fn comes_true_soon(mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(1);
    while !holds() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    holds()
}

/// Waits until `look` says what was expected, and tells what it said last when it never does.
#[track_caller]
pub fn eventually_is<T: PartialEq + std::fmt::Debug>(want: T, mut look: impl FnMut() -> T) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let now = look();
        if now == want {
            return;
        }
        assert!(Instant::now() < deadline, "never became {want:?}, but stays {now:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// An address of loopback that nobody else has: on Linux each call gives another host of 127/8, so
/// neither a test beside this one nor the local port of some connection can be in its way.
pub fn free_address() -> Address {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let host = if cfg!(target_os = "linux") {
        let count = LAST.fetch_add(1, Ordering::Relaxed);
        let pid = std::process::id();
        let [_, _, a, b] = pid.to_be_bytes();
        let [_, _, c, d] = count.to_be_bytes();
        Ipv4Addr::new(127, 1 + (a ^ c) % 250, b, 1 + d % 250)
    } else {
        Ipv4Addr::LOCALHOST
    };
    let socket = TcpListener::bind((host, 0)).unwrap();
    Address::tcp(socket.local_addr().unwrap())
}

/// Port 0 of an address of loopback.
pub fn any_port(host: &str) -> Address {
    Address::Tcp { host: host.parse::<IpAddr>().unwrap(), port: 0 }
}

/// A path for a Unix socket, which nobody else has.
pub fn free_path() -> Address {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let count = LAST.fetch_add(1, Ordering::Relaxed);
    let name = format!("fourseven-{}-{count}.sock", std::process::id());
    let path: PathBuf = std::env::temp_dir().join(name);
    Address::Unix { path: path.to_str().unwrap().into() }
}

/// Says aloud that a test cannot run here, and why.
pub fn skip(name: &str, reason: &str) {
    use std::io::Write;
    println!("skipped {name}: {reason}");
    if let Some(path) = std::env::var_os("FOURSEVEN_SKIPS") {
        let mut list = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        writeln!(list, "{name}\t{reason}").unwrap();
    }
}
