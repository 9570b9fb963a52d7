//! Clients that keep coming, and clients that stay.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use plan::Address;

use super::{Client, eventually};

/// Clients that come at a steady pace, each for one whole visit.
pub struct Load {
    shared: Arc<LoadShared>,
    threads: Vec<JoinHandle<Tally>>,
}

#[derive(Default)]
struct LoadShared {
    stop: AtomicBool,
    visits: AtomicUsize,
}

/// What became of a load.
#[derive(Debug, Default)]
pub struct Tally {
    /// Visits by the name of the endpoint that served them.
    pub served: BTreeMap<String, usize>,
    /// What went wrong with the others.
    pub problems: Vec<String>,
}

impl Load {
    /// Begins: so many a second, by so many threads.
    pub fn start(to: &Address, per_second: u32, threads: u32) -> Self {
        Self::by(per_second, threads, {
            let to = to.clone();
            move || Client::visit(&to)
        })
    }

    /// Begins, with visits of another kind.
    pub fn by(
        per_second: u32,
        threads: u32,
        visit: impl Fn() -> io::Result<String> + Send + Sync + Clone + 'static,
    ) -> Self {
        let shared = Arc::<LoadShared>::default();
        let gap = Duration::from_secs(1) * threads / per_second;
        let start = Instant::now();
        let body = |number: u32| {
            let (shared, visit) = (shared.clone(), visit.clone());
            move || {
                let mut tally = Tally::default();
                let mut next = start + gap * number / threads;
                while !shared.stop.load(Ordering::SeqCst) {
                    // The pace, not a synchronisation. Who is late hurries, but not for ever.
                    std::thread::sleep(next.saturating_duration_since(Instant::now()));
                    next = (next + gap).max(Instant::now() - gap * 20);
                    let began = start.elapsed();
                    match visit() {
                        Ok(name) => *tally.served.entry(name).or_default() += 1,
                        Err(error) => tally.problems.push(format!("at {began:?}: {error}")),
                    }
                    shared.visits.fetch_add(1, Ordering::SeqCst);
                }
                tally
            }
        };
        let threads = (0..threads).map(|number| std::thread::spawn(body(number))).collect();
        Self { shared, threads }
    }

    /// How many visits are over.
    pub fn visits(&self) -> usize {
        self.shared.visits.load(Ordering::SeqCst)
    }

    /// Waits until so many more visits are over.
    #[track_caller]
    pub fn wait(&self, more: usize) {
        let target = self.visits() + more;
        eventually("the load goes on", || self.visits() >= target);
    }

    /// Ends it.
    pub fn finish(mut self) -> Tally {
        self.shared.stop.store(true, Ordering::SeqCst);
        std::mem::take(&mut self.threads).into_iter().fold(Tally::default(), |mut all, thread| {
            let part = thread.join().unwrap();
            for (name, count) in part.served {
                *all.served.entry(name).or_default() += count;
            }
            all.problems.extend(part.problems);
            all
        })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
    }
}

impl Tally {
    /// How many were served.
    pub fn count(&self) -> usize {
        self.served.values().sum()
    }

    /// Fails unless every visit was served, and at least so many.
    #[track_caller]
    pub fn all_served(&self, least: usize) {
        let some: Vec<_> = self.problems.iter().take(10).collect();
        assert!(self.problems.is_empty(), "{} of {} failed: {some:#?}", self.problems.len(), self.count());
        assert!(self.count() >= least, "only {} visits", self.count());
    }
}

/// Clients that stay, and exchange bytes all the time.
pub struct Talk {
    stop: Arc<AtomicBool>,
    rounds: Arc<AtomicUsize>,
    thread: JoinHandle<(Vec<Client>, Vec<String>)>,
    /// The endpoints that serve them.
    pub names: Vec<String>,
}

impl Talk {
    /// Begins with so many clients.
    #[track_caller]
    pub fn start(to: &Address, clients: usize) -> Self {
        let greeted: io::Result<Vec<_>> = (0..clients).map(|_| Client::greeted(to)).collect();
        let (clients, names) = greeted.expect("every client is greeted").into_iter().unzip();
        Self::with(clients, names)
    }

    /// Begins with clients that are connected already.
    pub fn with(mut clients: Vec<Client>, names: Vec<String>) -> Self {
        let (stop, rounds) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let body = {
            let (stop, rounds) = (stop.clone(), rounds.clone());
            move || {
                let mut problems = Vec::new();
                let mut broken = vec![false; clients.len()];
                for round in 0u32.. {
                    for (at, client) in clients.iter_mut().enumerate().filter(|(at, _)| !broken[*at]) {
                        let message = [round.to_be_bytes(), (at as u32).to_be_bytes()].concat();
                        if let Err(error) = client.echo(&message) {
                            problems.push(format!("client {at}, round {round}: {error}"));
                        }
                    }
                    for problem in &problems {
                        let at: usize = problem["client ".len()..].split(',').next().unwrap().parse().unwrap();
                        broken[at] = true;
                    }
                    rounds.fetch_add(1, Ordering::SeqCst);
                    if stop.load(Ordering::SeqCst) {
                        break;
                    }
                    // The pace.
                    std::thread::sleep(Duration::from_millis(10));
                }
                (clients, problems)
            }
        };
        Self { stop, rounds, thread: std::thread::spawn(body), names }
    }

    /// Waits until each has exchanged bytes once more, from here on.
    #[track_caller]
    pub fn wait(&self) {
        let target = self.rounds.load(Ordering::SeqCst) + 2;
        eventually("the clients go on talking", || self.rounds.load(Ordering::SeqCst) >= target);
    }

    /// Ends it, and gives the clients back; fails if one of them was cut.
    #[track_caller]
    pub fn finish(self) -> Vec<Client> {
        self.stop.store(true, Ordering::SeqCst);
        let (clients, problems) = self.thread.join().unwrap();
        let some: Vec<_> = problems.iter().take(10).collect();
        assert!(problems.is_empty(), "{} clients were cut: {some:#?}", problems.len());
        clients
    }
}

/// Clients that send as much as they can: so many bytes are on their way at any time that a worker
/// takes its time for anything else.
pub struct Bulk {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Bulk {
    /// Begins with so many clients.
    #[track_caller]
    pub fn start(to: &Address, clients: usize) -> Self {
        let stop = Arc::<AtomicBool>::default();
        let mut threads = Vec::new();
        for _ in 0..clients {
            let (mut reading, _) = Client::greeted(to).expect("the client is greeted");
            let mut writing = Client { socket: reading.socket.try_clone().unwrap() };
            let stop = stop.clone();
            threads.push(std::thread::spawn(move || {
                let block = [7; 64 * 1024];
                while !stop.load(Ordering::SeqCst) && writing.socket.write_all(&block).is_ok() {}
                let _ = writing.finish();
            }));
            threads.push(std::thread::spawn(move || {
                let _ = reading.ending();
            }));
        }
        Self { stop, threads }
    }
}

impl Drop for Bulk {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.threads.drain(..).for_each(|thread| thread.join().unwrap());
    }
}
