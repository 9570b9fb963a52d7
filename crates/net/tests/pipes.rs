//! Pipes and descriptors: who takes them, who goes without, and that all come back.
//!
//! Descriptors and pipes are counted for the process, so these tests take turns.

#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Wake, Waker};

use net::{Descriptors, Pipe, Pipes, dial};
use plan::Timeouts;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use support::random::Random;
use support::sockets::{Kind, Peer, carry, hanging, open, refusing};
use support::worker::{PATIENT, Running, Worker, on_worker, others_run};

const MIB: u64 = 1024 * 1024;
const SMALL: Option<usize> = Some(64 * 1024);

fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All the pipes that the process may have.
fn all_pipes() -> Vec<Pipe> {
    let pipes = Pipes::new(Arc::new(Descriptors::new(1 << 20)));
    std::iter::from_fn(|| pipes.take()).collect()
}

/// A relay over sockets and its peers: client, endpoint.
struct Over {
    running: Running<net::Stream, net::Stream>,
    client: Peer,
    endpoint: Peer,
}

impl Over {
    fn new(worker: &Worker, kind: Kind, buffers: Option<usize>) -> Self {
        Self::with(worker, kind, buffers, PATIENT)
    }

    fn with(worker: &Worker, kind: Kind, buffers: Option<usize>, timeouts: Timeouts) -> Self {
        let (client_half, client) = Peer::pair(kind, buffers);
        let (endpoint_half, endpoint) = Peer::pair(kind, buffers);
        Self { running: worker.relay(client_half, endpoint_half, timeouts), client, endpoint }
    }

    /// So many bytes go up.
    async fn upload(&mut self, worker: &Worker, count: u64) {
        let Self { running, client, endpoint } = self;
        running.run_until(&worker.tools, carry(client, endpoint, count)).await;
    }

    /// Messages of so many bytes go to and fro.
    async fn chat(&mut self, worker: &Worker, rounds: usize, size: u64) {
        let Self { running, client, endpoint } = self;
        let story = async {
            for _ in 0..rounds {
                carry(client, endpoint, size).await;
                carry(endpoint, client, size).await;
            }
        };
        running.run_until(&worker.tools, story).await;
    }
}

#[test]
fn a_bulky_flow_takes_a_pipe_and_holds_none_at_rest() {
    let _turn = alone();
    on_worker(Worker::default(), async |worker| {
        let before = open();
        let mut flows: Vec<Over> = Vec::new();
        for kind in [Kind::Tcp, Kind::Unix].into_iter().cycle().take(20) {
            let mut over = Over::new(&worker, kind, None);
            over.upload(&worker, 4 * MIB).await;
            flows.push(over);
        }
        assert!(worker.pipes() >= 1);
        // One after the other they share a spare one.
        assert!(worker.pipes() <= 2, "{} pipes", worker.pipes());
        assert_eq!(open().1 - before.1, 2 * worker.pipes());
    });
}

#[test]
fn spare_pipes_can_be_given_up() {
    let _turn = alone();
    on_worker(Worker::default(), async |worker| {
        let before = open();
        let mut flows: Vec<Over> = (0..12).map(|_| Over::new(&worker, Kind::Tcp, SMALL)).collect();
        for over in &mut flows {
            over.running.run_until(&worker.tools, over.client.send_until_it_stalls()).await;
        }
        assert_eq!(worker.pipes(), 12, "each one holds a pipe with bytes in it");
        for over in &mut flows {
            let rest = over.client.sent() - over.endpoint.received();
            over.running.run_until(&worker.tools, async { over.endpoint.receive(rest).await.unwrap() }).await;
        }
        assert_eq!(open().1 - before.1, 2 * worker.pipes(), "the spare ones alone are left");
        worker.tools.give_up_spare();
        assert_eq!(worker.pipes(), 0);
        assert_eq!(open().1, before.1);
    });
}

#[test]
fn a_flow_that_talks_to_and_fro_never_takes_a_pipe() {
    let _turn = alone();
    on_worker(Worker::default(), async |worker| {
        for kind in [Kind::Tcp, Kind::Unix] {
            let mut over = Over::new(&worker, kind, None);
            over.chat(&worker, 3000, 64).await;
            over.chat(&worker, 1000, 2000).await;
        }
        assert_eq!(worker.pipes(), 0);
    });
}

#[test]
fn a_bulky_flow_that_begins_to_talk_is_copied_again() {
    let _turn = alone();
    on_worker(Worker::default(), async |worker| {
        for kind in [Kind::Tcp, Kind::Unix] {
            let mut over = Over::new(&worker, kind, None);
            over.upload(&worker, 4 * MIB).await;
            over.chat(&worker, 50, 64).await;
            // Without the spare ones, whoever wants a pipe has to make one.
            while worker.pipes() > 0 {
                drop(worker.tools.pipes.take());
            }
            over.chat(&worker, 50, 64).await;
            assert_eq!(worker.pipes(), 0, "it goes on with pipes");
            // And back.
            over.upload(&worker, 4 * MIB).await;
            assert!(worker.pipes() > 0, "it is never bulky again");
        }
    });
}

fn four(worker: &Worker) -> Vec<Over> {
    (0..4).map(|_| Over::new(worker, Kind::Tcp, Some(256 * 1024))).collect()
}

#[test]
fn at_the_limit_of_pipes_flows_are_copied_and_lose_nothing() {
    let _turn = alone();
    let taken = all_pipes();
    assert!(taken.len() >= 8, "the system grants {} pipes", taken.len());
    on_worker(Worker::default(), async |worker| {
        side_by_side(&worker, four(&worker)).await;
        assert_eq!(worker.pipes(), 0);
    });
}

#[test]
fn at_the_limit_of_descriptors_flows_are_copied_and_lose_nothing() {
    let _turn = alone();
    on_worker(Worker::with_room(2), async |worker| {
        side_by_side(&worker, four(&worker)).await;
        assert_eq!(worker.pipes(), 1, "the others go without");
    });
}

#[test]
fn when_the_system_refuses_descriptors_flows_are_copied_and_lose_nothing() {
    let _turn = alone();
    on_worker(Worker::default(), async |worker| {
        let flows = four(&worker);
        let _none = NoDescriptors::begin();
        side_by_side(&worker, flows).await;
        assert_eq!(worker.pipes(), 0);
    });
}

/// Each of them carries much both ways, all at once.
async fn side_by_side(worker: &Rc<Worker>, flows: Vec<Over>) {
    const COUNT: u64 = 20 * MIB;
    let one = |worker: Rc<Worker>, over: Over| async move {
        let Over { mut running, client, endpoint } = over;
        let upload = async {
            carry(&client, &endpoint, COUNT).await;
            client.finish();
        };
        let download = async {
            carry(&endpoint, &client, COUNT).await;
            endpoint.finish();
        };
        let (ended, (), ()) = tokio::join!(running.run(&worker.tools), upload, download);
        assert_eq!(ended.fault, None);
        assert_eq!((running.relay.up(), running.relay.down()), (COUNT, COUNT));
    };
    let tasks: Vec<_> = flows.into_iter().map(|over| tokio::task::spawn_local(one(worker.clone(), over))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// The system opens nothing more in this process as long as it lives.
struct NoDescriptors(Rlimit);

impl NoDescriptors {
    fn begin() -> Self {
        let limit = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
        Self(limit)
    }
}

impl Drop for NoDescriptors {
    fn drop(&mut self) {
        setrlimit(Resource::Nofile, self.0).unwrap();
    }
}

#[test]
fn a_relay_dropped_at_any_point_leaves_nothing_behind() {
    let _turn = alone();
    let pipes = all_pipes().len();
    let before = open();
    on_worker(Worker::default(), async |worker| {
        // The runtime and the worker have their own descriptors.
        let before = open();
        let mut random = Random::new(5);
        let woken = Arc::new(Nothing);
        let timeouts = Timeouts { idle: Some(50), half_close: Some(20), ..PATIENT };
        let mut buffer = vec![0; 128 * 1024];
        for round in 0..300 {
            let kind = if round % 4 == 0 { Kind::Unix } else { Kind::Tcp };
            let mut over = Over::with(&worker, kind, SMALL, timeouts);
            let waker = Waker::from(woken.clone());
            for _ in 0..random.below(40) {
                match random.below(6) {
                    0 => drop(over.client.send_now(random.below(256 * 1024))),
                    1 => drop(over.endpoint.send_now(random.below(256 * 1024))),
                    2 => drop(over.endpoint.receive_now(&mut buffer[..1 + random.below(128 * 1024 - 1)])),
                    3 if random.once_in(5) => over.client.finish(),
                    4 => others_run(1).await,
                    _ => {}
                }
                let mut cx = Context::from_waker(&waker);
                if over.running.relay.poll(&mut cx, &worker.tools).is_ready() {
                    break;
                }
            }
            drop(waker);
            drop(over);
            // The runtime may still have it among those that gave others their turn.
            others_run(2).await;
            assert_eq!(Arc::strong_count(&woken), 1, "something still holds the waker");
        }
        assert_eq!(open(), (before.0 + 2 * worker.pipes(), before.1 + 2 * worker.pipes()));
        worker.tools.give_up_spare();
        assert_eq!(open(), before, "none is held by a flow that is gone");
    });
    assert_eq!(open(), before);
    assert_eq!(all_pipes().len(), pipes, "a share of the pipes is lost");
}

/// A waker whose owners are counted.
struct Nothing;

impl Wake for Nothing {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn dialling_leaves_no_descriptor_behind() {
    let _turn = alone();
    let host = std::net::Ipv4Addr::LOCALHOST.into();
    let ((_queue, stuck), (_closed, dead)) = (hanging(host), refusing(host));
    let listener = std::net::TcpListener::bind((host, 0)).unwrap();
    let alive = plan::Address::tcp(listener.local_addr().unwrap());
    on_worker(Worker::default(), async |worker| {
        let before = open();
        // One wins beside one that hangs, one is late, and one is given up.
        drop(dial(&[stuck.clone(), alive], 5000, &worker.wheel, &worker.descriptors).await.unwrap());
        assert!(dial(&[dead, stuck.clone()], 100, &worker.wheel, &worker.descriptors).await.is_err());
        {
            let addresses = [stuck.clone(), stuck];
            let mut given_up = std::pin::pin!(dial(&addresses, 5000, &worker.wheel, &worker.descriptors));
            let mut cx = Context::from_waker(Waker::noop());
            assert!(given_up.as_mut().poll(&mut cx).is_pending());
            assert!(open().0 > before.0);
        }
        assert_eq!(open(), before);
        assert_eq!(worker.descriptors.taken(), 0);
    });
}
