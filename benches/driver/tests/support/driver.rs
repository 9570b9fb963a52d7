//! The driver as a child process.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use super::PATIENCE;

/// The driver as a child process, killed with its drop.
pub struct Driver {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    pub address: SocketAddr,
    /// The process of the driver itself, where another one starts it.
    pub pid: u32,
}

/// What the driver counts, by name.
#[derive(Debug, Clone)]
pub struct Seen {
    pub accepted: u64,
    pub open: u64,
    pub inflight: u64,
    pub workers: u64,
    pub requests: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// By class, from 1xx to 5xx.
    pub answered: Vec<u64>,
    /// Lines of the log: written, and dropped.
    pub lines: (u64, u64),
    pub faults: BTreeMap<String, u64>,
}

impl Driver {
    /// Starts it with these words after its listener.
    pub fn start(words: &[&str]) -> Self {
        Self::by(&[], words)
    }

    /// Starts it with a listener that speaks HTTP.
    pub fn http(words: &[&str]) -> Self {
        Self::try_at("http://0", &[], words).unwrap_or_else(|error| panic!("the driver does not start: {error}"))
    }

    /// Starts it by a program, which takes the driver and its words as the end of its own.
    pub fn by(program: &[&str], words: &[&str]) -> Self {
        Self::try_by(program, words).unwrap_or_else(|error| panic!("the driver does not start: {error}"))
    }

    /// The same, where the program may be unable to.
    pub fn try_by(program: &[&str], words: &[&str]) -> Result<Self, String> {
        Self::try_at("0", program, words)
    }

    /// The same, with a listener of its own kind.
    pub fn try_at(listen: &str, program: &[&str], words: &[&str]) -> Result<Self, String> {
        let driver = env!("CARGO_BIN_EXE_fourseven-driver");
        let all: Vec<&str> = program.iter().copied().chain([driver, listen]).chain(words.iter().copied()).collect();
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (told, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| told.send(line)));
        let Ok(first) = lines.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            let output = child.wait_with_output().map_err(|error| error.to_string())?;
            return Err(String::from_utf8_lossy(&output.stderr).trim().into());
        };
        let port: u16 = first.strip_prefix("listening ").and_then(|port| port.parse().ok()).ok_or(first.clone())?;
        let pid = inner(child.id());
        Ok(Self { child, input, lines, address: ([127, 0, 0, 1], port).into(), pid })
    }

    /// Sends a line, and returns the answer.
    pub fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        self.lines.recv_timeout(PATIENCE).expect("an answer of the driver")
    }

    /// Live bytes, and allocations so far.
    pub fn count(&mut self) -> (i64, i64) {
        let answer = self.ask("count");
        let mut numbers = answer.split_whitespace().map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    }

    /// The counters.
    pub fn read(&mut self) -> Seen {
        let answer: serde_json::Value = serde_json::from_str(&self.ask("read")).unwrap();
        let number = |value: &serde_json::Value| value.as_f64().unwrap() as u64;
        let faults = answer["faults"].as_object().unwrap();
        Seen {
            workers: number(&answer["workers"]),
            requests: number(&answer["requests"]),
            bytes_in: number(&answer["bytesIn"]),
            bytes_out: number(&answer["bytesOut"]),
            answered: answer["answered"].as_array().unwrap().iter().map(number).collect(),
            lines: (number(&answer["logWritten"]), number(&answer["logDropped"])),
            accepted: number(&answer["accepted"]),
            open: number(&answer["open"]),
            inflight: number(&answer["inflight"]),
            faults: faults.iter().map(|(label, count)| (label.clone(), number(count))).collect(),
        }
    }

    /// Ends it, and waits for whatever program it was started by.
    pub fn quit(mut self) {
        writeln!(self.input, "quit").unwrap();
        self.child.wait().unwrap();
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How much processor time it has used, in seconds.
    pub fn cpu(&self) -> f64 {
        cpu_of(self.pid)
    }

    /// The bytes that it has in memory.
    pub fn resident(&self) -> i64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<i64>().unwrap() * 1024
    }

    /// How many of its descriptors link to something that begins so.
    pub fn descriptors(&self, begin: &str) -> usize {
        let files = fs::read_dir(format!("/proc/{}/fd", self.pid)).unwrap().flatten();
        let links = files.filter_map(|file| fs::read_link(file.path()).ok());
        links.filter(|to| to.to_string_lossy().starts_with(begin)).count()
    }

    /// How many of its threads are workers: named by a number.
    pub fn workers(&self) -> usize {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap().flatten();
        let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        let number = |name: &String| name.trim().strip_prefix("fourseven-").is_some_and(|n| n.parse::<u32>().is_ok());
        names.filter(number).count()
    }
}

/// How much processor time a process has used, in seconds.
pub fn cpu_of(pid: u32) -> f64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten();
    let ran = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    ran.filter_map(|ran| ran.split(' ').next()?.parse::<f64>().ok()).sum::<f64>() / 1e9
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The driver below a process that started it, or that process itself.
fn inner(pid: u32) -> u32 {
    let comm = |pid: u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if comm(pid).starts_with("fourseven-drive") {
        return pid;
    }
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    children.split_whitespace().filter_map(|child| child.parse().ok()).map(inner).next().unwrap_or(pid)
}
