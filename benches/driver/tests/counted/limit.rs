//! Near the limit of open descriptors.

use std::io::Write;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{Driver, echo, eventually};

/// Clients that connect, whether or not somebody accepts them.
fn connect(driver: &Driver, count: usize) -> Vec<TcpStream> {
    let clients: Vec<_> = (0..count).map(|_| TcpStream::connect(driver.address).unwrap()).collect();
    clients.iter().for_each(|client| client.set_nonblocking(true).unwrap());
    clients
}

/// Which of them have been greeted.
fn is_greeted(client: &TcpStream) -> bool {
    client.peek(&mut [0]).is_ok_and(|count| count == 1)
}

#[test]
fn accepting_pauses_near_the_descriptor_limit_and_goes_on_when_there_is_room() {
    let endpoint = echo();
    let to = endpoint.to_string();
    let limited = ["sh", "-c", "ulimit -n 256 && exec \"$0\" \"$@\""];
    for words in [&[to.as_str(), "workers=2"][..], &[&to, "workers=2", "accept=hand-off"], &[&to, "portable"]] {
        let mut driver = Driver::by(&limited, words);
        let mut held = connect(&driver, 400);
        let served = |held: &[TcpStream]| held.iter().filter(|client| is_greeted(client)).count();
        eventually("it serves what it can", || served(&held) >= 80);
        let mut quickest = Duration::MAX;
        for _ in 0..3 {
            // What it has accepted it also serves, and the rest waits.
            let mut accepted = 0;
            eventually("it accepts no more, and whoever was accepted is served", || {
                let before = std::mem::replace(&mut accepted, driver.read().accepted);
                std::thread::sleep(Duration::from_millis(500));
                let (read, count) = (driver.read(), served(&held) as u64);
                read.accepted == accepted && before == accepted && read.open == count && count <= 112
            });
            let (before, began) = (driver.cpu(), Instant::now());
            while began.elapsed() < Duration::from_secs(1) {
                // It still answers.
                driver.count();
                std::thread::sleep(Duration::from_millis(50));
            }
            let share = (driver.cpu() - before) / began.elapsed().as_secs_f64();
            assert!(share < 0.2, "{words:?}: {share} of a processor while it cannot accept");
            assert_eq!(driver.read().accepted, accepted, "{words:?}");
            // Half of those that are served go.
            let mut half = served(&held) / 2;
            let waiting = held.iter().filter(|client| !is_greeted(client)).count();
            held.retain(|client| {
                let goes = half > 0 && is_greeted(client);
                half -= usize::from(goes);
                !goes
            });
            let relief = Instant::now();
            let is_served = |held: &[TcpStream]| held.iter().filter(|client| !is_greeted(client)).count() < waiting;
            eventually("a client that has waited is served", || is_served(&held));
            quickest = quickest.min(relief.elapsed());
            held.extend(connect(&driver, 60));
        }
        assert!(quickest < Duration::from_secs(1), "{words:?}: {quickest:?} from relief to service");
        // All go, those in the queue too, and new ones are served as ever.
        drop(held);
        eventually("all have gone", || driver.read().open == 0);
        let mut client = crate::support::greet(driver.address).unwrap();
        client.write_all(b"x").unwrap();
        assert!(driver.is_alive());
        assert!(driver.read().faults.keys().all(|fault| fault != "accept-failed"), "{words:?}: {:?}", driver.read());
    }
}

#[test]
fn a_plan_for_which_descriptors_do_not_suffice_is_refused_and_disturbs_nobody() {
    let to = echo().to_string();
    let limited = ["sh", "-c", "ulimit -n 256 && exec \"$0\" \"$@\""];
    for accept in ["per-worker", "hand-off"] {
        let accept = format!("accept={accept}");
        let mut driver = Driver::by(&limited, &[&to, "workers=2", &accept]);
        let held = connect(&driver, 300);
        let served = |held: &[TcpStream]| held.iter().filter(|client| is_greeted(client)).count();
        eventually("it serves what it can", || served(&held) >= 80);
        let (descriptors, workers) = (driver.descriptors(""), driver.workers());
        for _ in 0..5 {
            let answer = driver.ask(&format!("plan 0 {to} workers=100 {accept}"));
            assert!(answer.starts_with("refused") && answer.contains("Workers"), "{answer}");
        }
        eventually("nothing of it remains", || {
            driver.workers() == workers && driver.descriptors("") <= descriptors + 8
        });
        let mut alive = held.into_iter().filter(is_greeted).collect::<Vec<_>>();
        assert!(alive.len() >= 80);
        for client in &mut alive {
            client.set_nonblocking(false).unwrap();
            client.write_all(b"still there").unwrap();
        }
        drop(alive);
        eventually("all have gone", || driver.read().open == 0);
        crate::support::greet(driver.address).unwrap();
        // With room for it a plan is applied as ever.
        assert!(driver.ask(&format!("plan 0 {to} workers=4 {accept}")).starts_with("listening"));
        assert_eq!(driver.workers(), 4);
        crate::support::greet(driver.address).unwrap();
    }
}
