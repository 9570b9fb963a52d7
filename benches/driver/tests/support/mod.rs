//! What the tests of the driver share: the driver as a child, what the system tells of it, and
//! clients and endpoints.

mod driver;
mod peers;

pub use driver::{Driver, cpu_of};
pub use peers::{Silent, echo, greet, web};

use std::time::{Duration, Instant};

/// The longest that anything is waited for: the machine may be busy.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `holds`, and fails when that does not come true in a generous while.
#[track_caller]
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
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

/// Whether the tests may take their time.
pub fn long() -> bool {
    std::env::var_os("FOURSEVEN_LONG").is_some_and(|value| value == "1")
}

/// Whether the driver was built by the profile that is packed and measured.
pub fn is_release() -> bool {
    let path = std::path::Path::new(env!("CARGO_BIN_EXE_fourseven-driver"));
    path.parent().and_then(|folder| folder.file_name()).is_some_and(|name| name == "release")
}

/// Lets this process and its children open so many files; says whether it may.
pub fn may_open(files: u64) -> bool {
    let limit = format!("--nofile={files}:");
    let own = std::process::id().to_string();
    let raised = std::process::Command::new("prlimit").args(["--pid", &own, &limit]).output();
    raised.is_ok_and(|output| output.status.success())
}
