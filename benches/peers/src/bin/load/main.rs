//! `load`: the client side of the benchmark, told what to do line by line, answering in JSON lines.
//!
//! ```text
//!   open NAME PORT CONNS                     opens connections and keeps them
//!   rr NAME MILLIS REQ_BYTES RESP_BYTES      exchanges on all of them, one after another, for a time
//!   count NAME REQUESTS REQ_BYTES RESP_BYTES the same for a number of exchanges
//!   httprr NAME MILLIS BODY_BYTES            like rr, with HTTP requests for a body of that length
//!   httpcount NAME REQUESTS BODY_BYTES       like count
//!   bulk NAME FLOWS TOTAL_BYTES DIRECTION    download or upload, the bytes shared by FLOWS of them
//!   idle PORT N                              N more connections, one exchange each, then nothing
//!   accepted PORT                            how many connections the endpoint there has accepted
//!   close NAME                               closes them (`close idle` for the idle ones)
//! ```
//!
//! An answer with `Connection: close` ends its connection, and another is opened in its place: `reconnects`.
//!
//! `bytes_checked_ok` counts bytes that the pattern foretells: of an HTTP answer, those of its body.
//!
//! One thread on purpose: what it costs is nobody's figure, and it is the same for every contender.
#![forbid(unsafe_code)]

mod command;
mod exchange;
mod get;
mod group;
mod latencies;
mod own;
mod run;

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use command::Command;
use exchange::Way;
use group::Group;
use peers::sys;
use peers::wire::HEAD;
use run::{Ask, Outcome, Shared, Stop};

/// The name the idle connections are kept under.
const IDLE: &str = "idle";

fn main() -> io::Result<()> {
    sys::raise_open_files();
    let mut load = Load { groups: HashMap::new(), shared: Shared::new() };
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let answer = Command::parse(&line?).and_then(|command| load.run(command));
        match answer {
            Ok(fields) => writeln!(out, "{{{fields}}}")?,
            Err(what) => writeln!(out, "{{\"error\":{what:?}}}")?,
        }
        out.flush()?;
    }
    Ok(())
}

struct Load {
    groups: HashMap<String, Group>,
    shared: Shared,
}

impl Load {
    /// Does what the line says; the answer is the inside of a JSON object.
    fn run(&mut self, command: Command) -> Result<String, String> {
        match command {
            Command::Open { name, port, conns } => {
                let group = Group::open(port, conns).map_err(|e| format!("{name}: {e}"))?;
                let connects = group.connects();
                self.groups.insert(name, group);
                Ok(format!("\"connects\":{connects}"))
            }
            Command::Rounds { name, stop, way } => self.measure(&name, None, Ask { way, stop }),
            Command::Bulk { name, flows, bytes, upload } => {
                let share = bytes / flows as u64;
                let way =
                    if upload { Way::Give { bytes: share } } else { Way::Ask { request: HEAD as u32, answer: share } };
                let stop = Stop::Requests(flows as u64);
                self.measure(&name, Some(flows), Ask { way, stop })
            }
            Command::Idle { port, conns } => {
                let idle = self.groups.entry(IDLE.into()).or_default();
                let errors = idle.open_idle(port, conns, &mut self.shared);
                Ok(format!("\"open\":{},\"errors\":{errors}", idle.connects()))
            }
            Command::Accepted { port } => {
                let accepted = group::accepted(port).map_err(|e| e.to_string())?;
                Ok(format!("\"accepted\":{accepted}"))
            }
            Command::Close { name } => match self.groups.remove(&name) {
                Some(group) => Ok(format!("\"closed\":{}", group.connects())),
                None => Err(format!("no connections are called {name}")),
            },
        }
    }

    /// Runs exchanges on the first `flows` connections of a group, or on all of them.
    fn measure(&mut self, name: &str, flows: Option<usize>, ask: Ask) -> Result<String, String> {
        let Some(group) = self.groups.get_mut(name) else {
            return Err(format!("no connections are called {name}"));
        };
        let connects = group.connects();
        let flows = flows.unwrap_or(connects);
        if flows > connects {
            return Err(format!("{name} has {connects} connections, not {flows}"));
        }
        let mut outcome = group.run(flows, ask, &mut self.shared).map_err(|e| e.to_string())?;
        Ok(fields(&mut outcome, connects))
    }
}

fn fields(outcome: &mut Outcome, connects: usize) -> String {
    let Outcome { requests, errors, reconnects, checked, sent, latencies, elapsed } = outcome;
    format!(
        "\"requests\":{requests},\"errors\":{errors},\"bytes_checked_ok\":{checked},\
         \"bytes_sent\":{sent},\"connects\":{connects},\"reconnects\":{reconnects},\"elapsed_ns\":{},\
         \"p50_us\":{:.3},\"p99_us\":{:.3}",
        elapsed.as_nanos(),
        latencies.micros(0.5),
        latencies.micros(0.99),
    )
}
