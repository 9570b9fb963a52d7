//! Mutated requests, through nginx and through ours: whether each goes on, and with which target. Where the
//! two do not agree, a row of the table in `docs/paths.md` says why.

mod classes;
mod requests;

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plan::{Address, HttpListener, Protocol};

use self::classes::{CLASSES, Case, class_of, rows};
use self::requests::request;
use crate::support::web::{response, whole_request};
use crate::support::{
    Client, Draft, Endpoint, HTTP, HTTP_LISTENER, PATIENCE, Random, Running, WAYS, address, any_port, cycle,
    eventually, free_address, long, skip,
};

const NGINX: &str = "/usr/sbin/nginx";
const REQUESTS: usize = 10_000;

/// nginx, with a folder of its own. It is killed when it is dropped.
struct Nginx {
    child: Child,
    folder: PathBuf,
}

impl Nginx {
    /// Listens at each address, before the endpoint; the second merges slashes.
    fn start(listens: &[Address; 2], endpoint: &Address) -> Self {
        let folder = std::env::temp_dir().join(format!("fourseven-nginx-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let endpoint = endpoint.socket_addr().unwrap();
        let server = |(listen, merges): (&Address, &str)| {
            let listen = listen.socket_addr().unwrap();
            // With a path in `proxy_pass` it is the normalized target that goes on.
            format!(
                "server {{ listen {listen}; merge_slashes {merges}; location / {{
                    proxy_pass http://{endpoint}/; proxy_http_version 1.1; proxy_set_header Connection ''; }} }}"
            )
        };
        let servers: String = listens.iter().zip(["off", "on"]).map(server).collect();
        let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {0}/{kind};", folder.display()))
            .concat();
        let text = format!(
            "daemon off; master_process off; pid {0}/pid; error_log {0}/error.log crit;
            events {{ worker_connections 512; }} http {{ access_log off; {temp} {servers} }}",
            folder.display()
        );
        fs::write(folder.join("nginx.conf"), text).unwrap();
        let mut command = Command::new(NGINX);
        command.arg("-p").arg(&folder).arg("-c").arg(folder.join("nginx.conf"));
        command.arg("-e").arg(folder.join("error.log")).stdin(Stdio::null()).stderr(Stdio::null());
        let nginx = Self { child: command.spawn().unwrap(), folder };
        for listen in listens {
            eventually("nginx listens", || Client::connect(listen).is_ok());
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An endpoint, and the requests that came since it was asked last: method and target.
struct Told {
    endpoint: Endpoint,
    came: Arc<Mutex<Vec<String>>>,
}

impl Told {
    fn new(name: &str) -> Self {
        let came = Arc::<Mutex<Vec<String>>>::default();
        let shared = came.clone();
        let endpoint = Endpoint::serving(name, &any_port("127.0.0.1"), move |mut socket| {
            let (mut read, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
            loop {
                while let Some((asked, length)) = whole_request(&read) {
                    read.drain(..length);
                    let line = asked.head.lines().next().unwrap_or_default();
                    shared.lock().unwrap().push(line.strip_suffix(" HTTP/1.1").unwrap_or(line).to_owned());
                    socket.write_all(&response("", b""))?;
                }
                match socket.read(&mut buffer)? {
                    0 => return socket.shutdown(Shutdown::Write),
                    count => read.extend_from_slice(&buffer[..count]),
                }
            }
        });
        Self { endpoint, came }
    }
}

/// What became of a request, and of the one behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Verdict {
    /// The status of the first answer, or 0.
    status: u16,
    /// What went on.
    went: Vec<String>,
}

/// Shows it a request, and a clean one behind it that ends the connection.
fn verdict(at: &Address, request: &[u8], told: &Told) -> Verdict {
    let mut socket = Client::connect(at).unwrap().socket;
    // Whoever refuses may have closed already.
    let _ = socket.write_all(&[request, &behind()].concat());
    socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => heard.extend_from_slice(&buffer[..count]),
            // It waits for a body that never comes: now it knows.
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                socket.shutdown(Shutdown::Write).unwrap();
                socket.set_read_timeout(Some(PATIENCE)).unwrap();
            }
            Err(_) => break,
        }
    }
    let status = heard.get(9..12).and_then(|status| std::str::from_utf8(status).ok()?.parse().ok()).unwrap_or(0);
    Verdict { status, went: std::mem::take(&mut *told.came.lock().unwrap()) }
}

/// It is long, so that whoever takes it for a body has enough.
fn behind() -> Vec<u8> {
    let long = "x".repeat(1000);
    format!("GET /behind HTTP/1.1\r\nHost: a\r\nX-Long: {long}\r\nConnection: close\r\n\r\n").into_bytes()
}

#[test]
fn each_class_of_what_nginx_does_otherwise_has_its_row() {
    assert_eq!(rows(), CLASSES.iter().map(|(name, _)| *name).collect());
}

#[test]
fn nginx_and_ours_agree_about_mutated_requests_but_for_what_is_written_down() {
    let name = "nginx_and_ours_agree_about_mutated_requests_but_for_what_is_written_down";
    if !long() {
        return;
    }
    if !Path::new(NGINX).exists() {
        return skip(name, "nginx is not installed");
    }
    let (theirs, ours) = (Told::new("theirs"), Told::new("ours"));
    let listens = [free_address(), free_address()];
    let _nginx = Nginx::start(&listens, &theirs.endpoint.address);
    let merging = Protocol::Http(HttpListener { merge_slashes: true, ..HTTP_LISTENER });
    let draft = Draft::empty().workers(1).pool("pool", cycle(1), &[&ours.endpoint]);
    let draft = draft.listen_as(HTTP, "in", &any_port("127.0.0.1"), WAYS[0], "pool");
    let draft = draft.listen_as(merging, "merges", &any_port("127.0.0.1"), WAYS[0], "pool");
    let running = Running::idle();
    let applied = running.apply(&draft);
    let here = ["in", "merges"].map(|key| address(&applied, key));

    let seed = std::env::var("FOURSEVEN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    println!("seed {seed}: FOURSEVEN_SEED={seed} tries the same requests again");
    let mut random = Random::new(seed);
    let mut classes = BTreeMap::<&str, usize>::new();
    let (mut same, mut unknown) = (0, Vec::new());
    for count in 0..REQUESTS {
        let (request, which) = (request(&mut random), count % 2);
        let their = verdict(&listens[which], &request, &theirs);
        let our = verdict(&here[which], &request, &ours);
        if their.went == our.went {
            same += 1;
            continue;
        }
        let case = Case::new(&request, which == 1, &their, &our);
        match class_of(&case) {
            Some(class) => *classes.entry(class).or_default() += 1,
            None => {
                let refusal = case.refusal;
                unknown.push(format!("{}\n  nginx {their:?}\n  ours  {our:?} {refusal:?}", request.escape_ascii()));
            }
        }
    }
    println!("{same} alike, and {classes:#?}");
    assert!(same > REQUESTS / 2 && classes.len() > CLASSES.len() / 2, "it tries what differs too often, or too rarely");
    let shown: Vec<_> = unknown.iter().take(100).cloned().collect();
    assert!(unknown.is_empty(), "seed {seed}: {} of no class:\n{}", unknown.len(), shown.join("\n"));
}
