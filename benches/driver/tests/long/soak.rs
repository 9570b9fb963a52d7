//! Random traffic through flaky endpoints, gibibytes of it: every body whole, no answer crossed, nothing
//! sent twice that may not be, and no memory that grows.

mod bytes;
mod client;
mod endpoint;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::alone;
use crate::support::{Driver, eventually, long};
use bytes::Pattern;

/// Threads of clients, each with one connection at a time.
const CLIENTS: u64 = 8;
const ENDPOINTS: usize = 3;
const MIB: u64 = 1 << 20;

/// What both sides of the traffic know.
struct Story {
    pattern: Pattern,
    seed: u64,
    /// Bytes of bodies that have come whole, those of requests and of answers.
    moved: AtomicU64,
    /// The client side stops once so many have moved.
    target: u64,
    stop: AtomicBool,
    /// Requests that an endpoint has failed: their answers cut, or never begun and not to be had elsewhere.
    failed: Mutex<HashSet<u64>>,
}

#[test]
fn random_traffic_by_the_gibibyte_stays_whole_and_leaves_no_memory_behind() {
    let _alone = alone();
    // Another one each time; `FOURSEVEN_SEED` repeats one.
    let given = std::env::var("FOURSEVEN_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().map_or(1, |time| time.as_millis() as u64));
    println!("FOURSEVEN_SEED={seed}");
    let target = if long() { 20 * 1024 * MIB } else { 256 * MIB };
    let story = Arc::new(Story {
        pattern: Pattern::new(),
        seed,
        moved: AtomicU64::new(0),
        target,
        stop: AtomicBool::new(false),
        failed: Mutex::default(),
    });
    let endpoints: Vec<_> = (0..ENDPOINTS).map(|_| endpoint::Endpoint::start(&story)).collect();
    let to: Vec<_> = endpoints.iter().map(|endpoint| endpoint.address.to_string()).collect();
    let mut driver = Driver::http(&[&to.join(","), "workers=2", "algorithm=cycle"]);
    let (at, began) = (driver.address, Instant::now());
    let clients: Vec<_> = (0..CLIENTS)
        .map(|place| {
            let story = story.clone();
            std::thread::spawn(move || {
                // Whoever fails ends all of it.
                let _stop = StopWhenDropped(story.clone());
                client::run(&story, at, place)
            })
        })
        .collect();

    let (mut tenth, mut most) = (None, 0);
    while !story.stop.load(Ordering::Relaxed) {
        if story.moved.load(Ordering::Relaxed) >= target / 10 {
            let now = driver.resident();
            most = most.max(now);
            tenth.get_or_insert(now);
        }
        // The pace of looking.
        std::thread::sleep(Duration::from_millis(50));
    }
    let end = driver.resident();
    let tally = clients.into_iter().map(|client| client.join().unwrap()).fold(client::Tally::default(), |a, b| a + b);
    let (took, moved, tenth) = (began.elapsed(), story.moved.load(Ordering::Relaxed), tenth.unwrap());
    println!(
        "{:.2} GiB in {took:?}, {tally:?}; resident after a tenth {tenth}, at most {most} since, {end} at the end",
        moved as f64 / (1024 * MIB) as f64
    );
    endpoints.iter().for_each(endpoint::Endpoint::check);
    let once: usize = endpoints.iter().map(endpoint::Endpoint::posts).sum();
    let all = endpoint::Endpoint::different_posts(&endpoints);
    assert_eq!(once, all, "so many requests reached an endpoint, of so many that may not be repeated");
    assert!(tally.whole > 1000 && tally.refused > 0 && tally.cut > 0, "{tally:?}");
    let room = (tenth / 10).max(4 * MIB as i64);
    assert!(most <= tenth + room && (end - tenth).abs() <= room, "{tenth} bytes, then {most}, and {end} at the end");
    eventually("all have ended", || driver.read().inflight == 0);
}

struct StopWhenDropped(Arc<Story>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }
}
