//! A system that refuses to splice.

#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a panic in a test is the report"
)]

mod support;

use std::mem::offset_of;

use support::sockets::{Kind, Peer, carry};
use support::worker::{PATIENT, Worker, on_worker};

const MIB: u64 = 1024 * 1024;

/// From now on `splice` fails with `error` in this thread. False if the system lets nobody say so.
fn splice_fails(error: i32) -> bool {
    let op = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
    let mut program = [
        op(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset_of!(libc::seccomp_data, nr) as u32),
        op(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, libc::SYS_splice as u32),
        op(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32),
        op(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let filter = libc::sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    // SAFETY: both calls concern this thread alone, and the filter is alive over the second.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const filter) == 0
    }
}

/// Says aloud that a test did not run.
fn skipped(name: &str, reason: &str) {
    use std::io::Write;
    if let Some(list) = std::env::var_os("FOURSEVEN_SKIPS") {
        let mut list = std::fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
        writeln!(list, "{name}\t{reason}").unwrap();
    }
}

#[test]
fn a_flow_that_cannot_be_spliced_is_copied_for_good() {
    for error in [libc::EINVAL, libc::ENOSYS, libc::EPERM] {
        // The filter stays with the thread, so it is one of its own.
        let thread = std::thread::spawn(move || {
            splice_fails(error).then(|| {
                on_worker(Worker::default(), async |worker| {
                    // Each refusal costs a pipe, so those that are left count the refusals.
                    let pipes: Vec<_> = (0..3).map(|_| worker.tools.pipes.take().unwrap()).collect();
                    pipes.into_iter().for_each(|pipe| worker.tools.pipes.give(pipe));
                    let (client, client_peer) = Peer::pair(Kind::Tcp, None);
                    let (endpoint, endpoint_peer) = Peer::pair(Kind::Tcp, None);
                    let mut running = worker.relay(client, endpoint, PATIENT);
                    let story = async {
                        carry(&client_peer, &endpoint_peer, 50 * MIB).await;
                        assert_eq!(worker.pipes(), 2, "it is tried once");
                        carry(&endpoint_peer, &client_peer, 50 * MIB).await;
                        assert_eq!(worker.pipes(), 1, "and once for the other direction");
                        client_peer.finish();
                        endpoint_peer.finish();
                    };
                    let (ended, ()) = tokio::join!(running.run(&worker.tools), story);
                    assert_eq!(ended.fault, None);
                });
            })
        });
        if thread.join().unwrap().is_none() {
            return skipped("a_flow_that_cannot_be_spliced_is_copied_for_good", "no seccomp here");
        }
    }
}
