//! Where the access log goes, and what happens when nobody takes it.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use engine::{Outcome, ProblemCode};
use plan::{AccessLog, LogSink};
use serde_json::{Value, json};

use crate::support::log::{Folder, at, json as as_json, lines, so_many};
use crate::support::web::{Reply, Web, Wire, get, in_turn, response, run};
use crate::support::{Draft, Running, eventually, skip};

fn web() -> Web {
    Web::new("a", |_| Reply::Send(response("", b"done")))
}

fn to_file(draft: &Draft, path: &Path) -> Draft {
    Draft { log: Some(as_json(at(path), &[], &[])), ..draft.clone() }
}

fn ask(client: &mut Wire, path: &str) {
    client.say(get(path)).hear("done");
}

fn targets(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["target"].as_str().unwrap()).collect()
}

fn try_to_reopen(running: &Running) -> Result<(), String> {
    let (done, wait) = std::sync::mpsc::channel();
    running.engine.reopen_log(move |result| {
        let _ = done.send(result);
    });
    wait.recv_timeout(crate::support::PATIENCE).unwrap()
}

fn reopen(running: &Running) {
    assert_eq!(try_to_reopen(running), Ok(()));
}

#[test]
fn a_file_that_was_moved_away_is_made_anew_on_demand() {
    let (web, folder) = (web(), Folder::new());
    let (file, old) = (folder.file("log"), folder.file("old"));
    let (running, to) = run(&to_file(&in_turn(&[&web.endpoint]), &file));
    let mut client = Wire::to(&to);
    ask(&mut client, "/one");
    so_many(&file, 1);
    fs::rename(&file, &old).unwrap();
    reopen(&running);
    ask(&mut client, "/two");
    assert_eq!(targets(&so_many(&file, 1)), ["/two"]);
    assert_eq!(targets(&lines(&old)), ["/one"]);
    // Without a log there is nothing to open.
    reopen(&Running::idle());
}

#[test]
fn a_file_that_has_vanished_or_was_replaced_is_found_by_itself() {
    let (web, folder) = (web(), Folder::new());
    let file = folder.file("log");
    let (running, to) = run(&to_file(&in_turn(&[&web.endpoint]), &file));
    let mut client = Wire::to(&to);
    ask(&mut client, "/one");
    so_many(&file, 1);
    fs::remove_file(&file).unwrap();
    eventually("the file is there again", || file.exists());
    ask(&mut client, "/two");
    assert_eq!(targets(&so_many(&file, 1)), ["/two"]);
    fs::write(folder.file("other"), "").unwrap();
    fs::rename(folder.file("other"), &file).unwrap();
    // Nothing tells when the other one is found, but the lines that come there.
    eventually("lines come to the other file", || {
        ask(&mut client, "/three");
        !lines(&file).is_empty()
    });
    assert_eq!(running.counts().lines.1, 0);
}

#[test]
#[cfg(unix)]
fn a_file_whose_folder_is_removed_costs_lines_and_no_request_and_is_made_again() {
    let (web, folder) = (web(), Folder::new());
    let gone = folder.file("gone");
    fs::create_dir(&gone).unwrap();
    let file = gone.join("log");
    let (running, to) = run(&to_file(&in_turn(&[&web.endpoint]), &file));
    let mut client = Wire::to(&to);
    ask(&mut client, "/one");
    so_many(&file, 1);
    fs::remove_dir_all(&gone).unwrap();
    let refused = try_to_reopen(&running).unwrap_err();
    assert!(refused.starts_with(file.to_str().unwrap()), "{refused}");
    let requests = ask_until_dropped(&mut client, &running);
    // Nothing of that has gone where nobody finds it.
    assert_eq!(running.counts().lines.0, 1);
    fs::create_dir(&gone).unwrap();
    eventually("what was kept is written", || {
        let (written, dropped) = running.counts().lines;
        written + dropped == 1 + requests
    });
    assert_eq!(running.counts().lines.0, 1 + lines(&file).len() as u64);
    ask(&mut client, "/new");
    eventually("the log goes on", || targets(&lines(&file)).contains(&"/new"));
    assert_eq!(running.counts().listener("in").requests, requests + 2);
}

#[test]
fn a_reload_switches_to_another_file_and_one_that_changes_nothing_keeps_it() {
    let (web, folder) = (web(), Folder::new());
    let (one, two) = (folder.file("one"), folder.file("two"));
    let draft = in_turn(&[&web.endpoint]);
    let (running, to) = run(&to_file(&draft, &one));
    let mut client = Wire::to(&to);
    ask(&mut client, "/one");
    running.apply(&to_file(&draft, &one));
    ask(&mut client, "/same");
    running.apply(&to_file(&draft, &two));
    ask(&mut client, "/two");
    let nowhere = to_file(&draft, &folder.file("none/log"));
    let Outcome::Refused(problems) = running.try_apply(&nowhere) else { panic!("applied") };
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [ProblemCode::Log]);
    ask(&mut client, "/still-two");
    running.close(std::time::Duration::from_secs(30));
    assert_eq!(targets(&lines(&one)), ["/one", "/same"]);
    assert_eq!(targets(&lines(&two)), ["/two", "/still-two"]);
}

#[test]
fn the_end_waits_until_all_is_written() {
    let (web, folder) = (web(), Folder::new());
    let file = folder.file("log");
    let (running, to) = run(&Draft { ..to_file(&in_turn(&[&web.endpoint]), &file) }.workers(3));
    for _ in 0..30 {
        ask(&mut Wire::to(&to), "/last");
    }
    running.close(std::time::Duration::from_secs(30));
    assert_eq!(lines(&file).len(), 30);
}

#[test]
fn a_line_that_somebody_left_torn_is_ended() {
    let (web, folder) = (web(), Folder::new());
    let file = folder.file("log");
    fs::write(&file, "torn").unwrap();
    let (_running, to) = run(&to_file(&in_turn(&[&web.endpoint]), &file));
    ask(&mut Wire::to(&to), "/one");
    eventually("a line", || fs::read_to_string(&file).unwrap().ends_with("}\n"));
    let text = fs::read_to_string(&file).unwrap();
    let (torn, rest) = text.split_once('\n').unwrap();
    assert_eq!(torn, "torn");
    assert_eq!(serde_json::from_str::<Value>(rest).unwrap()["target"], json!("/one"));
}

/// Asks with targets of 4 KiB until lines were dropped, and answers how many requests that were: all of
/// them were answered.
fn ask_until_dropped(client: &mut Wire, running: &Running) -> u64 {
    let path = format!("/{}", "x".repeat(4000));
    let before = running.counts().lines.1;
    let mut asked = 0;
    while running.counts().lines.1 < before + 20 {
        ask(client, &path);
        asked += 1;
        assert!(asked < 20_000, "nothing is dropped");
    }
    asked
}

/// Every line was written or dropped, and these are what was written.
fn all_are_there(running: &Running, requests: u64, found: impl Fn() -> Vec<Value>) {
    let sum = || {
        let (written, dropped) = running.counts().lines;
        written + dropped
    };
    eventually("each line is written or dropped", || sum() == requests);
    assert_eq!(running.counts().listener("in").requests, requests);
    assert_eq!(running.counts().lines.0, found().len() as u64);
}

#[test]
#[cfg(unix)]
fn a_pipe_that_nobody_reads_costs_lines_and_no_request() {
    use std::os::unix::fs::OpenOptionsExt;
    let (web, folder) = (web(), Folder::new());
    let pipe = folder.file("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let draft = to_file(&in_turn(&[&web.endpoint]), &pipe);
    let running = Running::idle();
    // A pipe without a reader is no place for a log.
    assert!(matches!(running.try_apply(&draft), Outcome::Refused(_)));
    let mut reader =
        fs::OpenOptions::new().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32).open(&pipe).unwrap();
    let to = crate::support::address(&running.apply(&draft), "in");
    let mut client = Wire::to(&to);
    let mut requests = ask_until_dropped(&mut client, &running);
    let mut text = Vec::new();
    let mut take = |until: &dyn Fn(&[u8]) -> bool| {
        let mut buffer = vec![0; 64 * 1024];
        eventually("lines", || {
            while let Ok(count) = reader.read(&mut buffer)
                && count > 0
            {
                text.extend_from_slice(&buffer[..count]);
            }
            until(&text)
        });
        text.clone()
    };
    // Once it is read, all that was kept comes, and then what is new.
    take(&|_| running.counts().lines.0 + running.counts().lines.1 == requests);
    ask(&mut client, "/new");
    requests += 1;
    let text = take(&|text| text.windows(6).any(|part| part == b"\"/new\""));
    let parsed = || -> Vec<Value> {
        let text = String::from_utf8(text.clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    assert!(text.ends_with(b"}\n"), "the last line is torn");
    all_are_there(&running, requests, parsed);
    // Nobody reads any more: the end does not wait for it for long.
    drop(reader);
    ask(&mut client, "/unread");
    running.close(std::time::Duration::from_secs(30));
}

#[test]
#[cfg(unix)]
fn a_reload_leads_away_from_a_pipe_that_nobody_reads() {
    use std::os::unix::fs::OpenOptionsExt;
    let (web, folder) = (web(), Folder::new());
    let (pipe, file) = (folder.file("pipe"), folder.file("log"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader =
        fs::OpenOptions::new().read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32).open(&pipe).unwrap();
    let draft = in_turn(&[&web.endpoint]);
    let (running, to) = run(&to_file(&draft, &pipe));
    let mut client = Wire::to(&to);
    let requests = ask_until_dropped(&mut client, &running);
    running.apply(&to_file(&draft, &file));
    ask(&mut client, "/new");
    so_many(&file, 1);
    let sum = || running.counts().lines.0 + running.counts().lines.1;
    eventually("each line is written or dropped", || sum() == requests + 1);
    assert_eq!(targets(&lines(&file)), ["/new"]);
    drop(reader);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_device_costs_lines_and_no_request() {
    let (web, folder) = (web(), Folder::new());
    let draft = in_turn(&[&web.endpoint]);
    let (running, to) = run(&to_file(&draft, Path::new("/dev/full")));
    let mut client = Wire::to(&to);
    let requests = ask_until_dropped(&mut client, &running);
    // What cannot go where it was to go keeps nothing back.
    let file = folder.file("log");
    running.apply(&to_file(&draft, &file));
    ask(&mut client, "/new");
    assert_eq!(targets(&so_many(&file, 1)), ["/new"]);
    all_are_there(&running, requests + 1, || lines(&file));
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_costs_lines_and_no_request_and_no_line_is_torn() {
    const INSIDE: &str = "FOURSEVEN_TMPFS";
    let name = "log_sinks::a_full_disk_costs_lines_and_no_request_and_no_line_is_torn";
    if let Some(folder) = std::env::var_os(INSIDE) {
        return full_disk(Path::new(&folder));
    }
    let folder = Folder::new();
    let mount = "mount -t tmpfs -o size=1m none \"$1\" && shift && exec \"$@\"";
    let inside = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["-Urm", "sh", "-c", mount, "sh"]).arg(&folder.0).arg(program);
        command
    };
    if !inside("true").status().is_ok_and(|status| status.success()) {
        return skip(name, "no file system can be mounted here");
    }
    let own = std::env::current_exe().unwrap();
    let mut command = inside(own.to_str().unwrap());
    let output = command.args(["--exact", name, "--nocapture"]).env(INSIDE, &folder.0).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[cfg(target_os = "linux")]
fn full_disk(folder: &Path) {
    let web = web();
    let (file, ballast) = (folder.join("log"), folder.join("ballast"));
    // Not a whole number of pages is left, so a line is torn where the disk is full.
    fs::write(&ballast, vec![0; 900 * 1024]).unwrap();
    let (running, to) = run(&to_file(&in_turn(&[&web.endpoint]), &file));
    let mut client = Wire::to(&to);
    let requests = ask_until_dropped(&mut client, &running);
    let full = fs::read(&file).unwrap();
    assert!(full.len() >= 64 * 1024 && !full.ends_with(b"\n"), "{} bytes", full.len());
    fs::remove_file(&ballast).unwrap();
    // There is room for a part of what is kept; then somebody clears the file away.
    eventually("the torn line goes on", || lines(&file).len() > full.len() / 4096);
    assert!(fs::read(&file).unwrap().starts_with(&full));
    let mut kept = lines(&file);
    eventually("the disk is full again", || {
        fs::read(&file).is_ok_and(|now| now.len() > 900 * 1024 && !now.ends_with(b"\n"))
    });
    kept.clear();
    kept.extend(lines(&file));
    fs::remove_file(&file).unwrap();
    reopen(&running);
    let mut seen = kept.len();
    // What is kept is more than fits into it once more.
    eventually("all is written or dropped", || {
        let found = lines(&file);
        if found.len() > 150 {
            seen += found.len();
            fs::remove_file(&file).unwrap();
            reopen(&running);
        }
        running.counts().lines.0 + running.counts().lines.1 == requests
    });
    ask(&mut client, "/new");
    eventually("the log goes on", || targets(&lines(&file)).contains(&"/new"));
    assert!(seen > 0);
}

#[test]
fn standard_output_takes_lines_and_may_end() {
    const INSIDE: &str = "FOURSEVEN_STDOUT";
    let name = "log_sinks::standard_output_takes_lines_and_may_end";
    let log = || -> AccessLog { as_json(LogSink::Stdout {}, &[], &[]) };
    if std::env::var_os(INSIDE).is_some() {
        let web = web();
        let (running, to) = run(&Draft { log: Some(log()), ..in_turn(&[&web.endpoint]) });
        let mut client = Wire::to(&to);
        ask(&mut client, "/heard");
        eventually("it is written", || running.counts().lines == (1, 0));
        // Whoever reads has gone when this comes back; nobody is told of it by a signal.
        let _ = std::io::stdin().read(&mut [0]);
        ask_until_dropped(&mut client, &running);
        ask(&mut client, "/unheard");
        eprintln!("alive");
        return;
    }
    let own = std::env::current_exe().unwrap();
    let mut command = Command::new(own);
    command.args(["--exact", name, "--nocapture"]).env(INSIDE, "1");
    command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
    let heard = std::io::BufRead::lines(&mut output).map_while(Result::ok).find(|line| line.contains("\"/heard\""));
    let line: Value = serde_json::from_str(&heard.unwrap()).unwrap();
    assert_eq!(line["status"], json!(200));
    drop(output);
    drop(child.stdin.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    let _ = child.wait().unwrap();
    assert!(said.contains("alive"), "{said}");
}
