//! What concerns the whole process: panics, threads, and processes of their own for some tests.

use std::any::type_name;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::{Mutex, Once};

/// Set to the name of a test in the process that was started for it.
const ALONE: &str = "FOURSEVEN_ALONE";

/// Runs the body of a test in a process of its own, so that it may count what belongs to a process.
///
/// It is called with a closure in the test's own function, since the test is found again by the
/// name of that function.
#[track_caller]
pub fn alone<F: FnOnce()>(body: F) {
    let path = type_name::<F>();
    let name = path.strip_suffix("::{{closure}}").and_then(|path| path.split_once("::")).unwrap().1;
    if std::env::var_os(ALONE).is_some_and(|test| test == name) {
        return body();
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture", "--test-threads=1"]).env(ALONE, name);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("1 passed") || !output.status.success(), "{name} did not run: {said}");
    assert!(output.status.success(), "{said}");
}

/// Fails if a thread of an engine has panicked in this process, other than by order.
pub fn no_panics() {
    static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or_default();
            let ordered = info.payload().downcast_ref::<&str>() == Some(&"injected");
            if ordered {
                return;
            }
            if name.starts_with("fourseven-") {
                SEEN.lock().unwrap().push(format!("{name}: {info}"));
            }
            before(info);
        }));
    });
    let seen = SEEN.lock().unwrap().clone();
    assert!(seen.is_empty(), "{seen:#?}");
}

/// How many threads of this process have a name that begins so.
#[cfg(target_os = "linux")]
pub fn threads_named(prefix: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with(prefix)).count()
}

/// How many threads of workers there are.
#[cfg(target_os = "linux")]
pub fn worker_threads() -> usize {
    workers().len()
}

/// The threads of workers: named by a number, which only grows.
#[cfg(target_os = "linux")]
pub fn workers() -> BTreeSet<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    let number = |name: &String| name.strip_prefix("fourseven-").is_some_and(|rest| rest.trim().parse::<u32>().is_ok());
    names.filter(number).collect()
}

/// How many sockets each runtime of this process watches, by the descriptor of its `epoll`: the only
/// place where it shows which worker has a connection.
#[cfg(target_os = "linux")]
pub fn sockets_per_runtime() -> BTreeMap<u32, usize> {
    let mut most = BTreeMap::new();
    for _ in 0..5 {
        for (runtime, count) in watched_now() {
            let known = most.entry(runtime).or_insert(0);
            *known = count.max(*known);
        }
    }
    most
}

/// A runtime has its `epoll` twice, and is known by the socket that wakes it, which it watches as number
/// 0. A connection that blocks is not watched for an instant while its interest changes.
fn watched_now() -> Vec<(u32, usize)> {
    let files = std::fs::read_dir("/proc/self/fdinfo").unwrap().flatten();
    let runtime = |file: std::fs::DirEntry| {
        let info = std::fs::read_to_string(file.path()).ok()?;
        let watched: Vec<&str> = info.lines().filter_map(|line| line.strip_prefix("tfd:")).collect();
        let field =
            |line: &str, name| line.split_whitespace().skip_while(|word| *word != name).nth(1).map(String::from);
        let waker = watched.iter().find(|line| field(line, "data:").as_deref() == Some("0"))?;
        Some((waker.split_whitespace().next()?.parse().ok()?, watched.len()))
    };
    files.filter_map(runtime).collect()
}
