//! What an idle connection costs.

use crate::support::{Driver, Silent, eventually, greet, is_release, may_open, skip};

/// The live bytes of an idle pair of connections.
const MOST: f64 = 2048.0;

#[test]
fn an_idle_pair_of_connections_takes_little_memory() {
    let name = "an_idle_pair_of_connections_takes_little_memory";
    if !may_open(12_000) {
        return skip(name, "the limit of open descriptors cannot be raised to 12000");
    }
    for words in [&["workers=2"][..], &["workers=2", "portable"]] {
        let endpoint = Silent::start();
        let to = endpoint.address.to_string();
        let all: Vec<&str> = [to.as_str()].into_iter().chain(words.iter().copied()).collect();
        let mut driver = Driver::start(&all);
        let mut clients = Vec::new();
        let mut live = Vec::new();
        for count in [1000, 4000] {
            while clients.len() < count {
                clients.push(greet(driver.address).unwrap());
            }
            eventually("all are counted", || driver.read().inflight == count as u64);
            live.push(driver.count().0);
        }
        let each = (live[1] - live[0]) as f64 / 3000.0;
        println!("{words:?}: {each:.0} live bytes an idle pair");
        if is_release() {
            assert!(each <= MOST, "{words:?}: {each} live bytes an idle pair");
        } else {
            println!("not asserted: the driver was not built by the profile `release`");
        }
        // And nothing of it stays.
        let before = live[0];
        drop(clients);
        endpoint.let_go();
        eventually("all have ended", || driver.read().open == 0);
        let after = driver.count().0;
        assert!(after < before, "{after} live bytes without connections, {before} with 1000");
    }
}
