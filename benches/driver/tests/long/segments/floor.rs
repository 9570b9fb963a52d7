//! The loop that only copies, of the benchmarks, as a child process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The copying loop, killed with its drop.
pub struct Floor {
    child: Child,
    pub address: SocketAddr,
}

impl Floor {
    /// Builds it as the driver was built, which lies beside it then, and starts it.
    pub fn start(endpoint: u16) -> Self {
        let driver = Path::new(env!("CARGO_BIN_EXE_fourseven-driver"));
        let folder = driver.parent().unwrap();
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        build.args(["build", "--release", "--package", "fourseven-peers", "--bin", "floor"]);
        // Under a target of its own, if the driver is.
        let parent = folder.parent().unwrap();
        let target = parent.file_name().and_then(|name| name.to_str()).filter(|name| name.matches('-').count() >= 2);
        if let Some(target) = target {
            build.args(["--target", target]);
        }
        build.arg("--target-dir").arg(if target.is_some() { parent.parent().unwrap() } else { parent });
        let output = build.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut command = Command::new(folder.join("floor"));
        let mut child = command.args(["0", &endpoint.to_string()]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port: u16 = line.trim().strip_prefix("listening ").unwrap().parse().unwrap();
        Self { child, address: ([127, 0, 0, 1], port).into() }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Floor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
