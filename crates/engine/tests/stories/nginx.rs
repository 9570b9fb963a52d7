//! Mutated requests, through nginx and through ours: whether each goes on, and with which target. Where the
//! two do not agree, a row of the table in `docs/paths.md` says why.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use plan::{Address, Protocol};
use wire::{Head, Limits, Marks, Reading, Refusal, Request, Scanner, canonical, split_query, trailers};

use crate::support::web::{response, whole_request};
use crate::support::{
    Client, Draft, Endpoint, HTTP, PATIENCE, Random, Running, WAYS, address, any_port, cycle, eventually, free_address,
    long, skip,
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

/// What paths are made of.
const PIECES: [&str; 50] = [
    "/",
    "/",
    "/",
    "/",
    "/a",
    "/b",
    "/c/d",
    "a",
    "B",
    ".",
    "..",
    "/.",
    "/..",
    "/../",
    "/./",
    "%2e",
    "%2E%2e",
    "%2f",
    "%2F",
    "%5C",
    "\\",
    ";",
    ";x=1",
    "%3b",
    "%25",
    "%2561",
    "%61",
    "%7E",
    "%c3%a9",
    "%e2%82%AC",
    "%e9",
    "%00",
    "%0a",
    "%20",
    "%",
    "%4",
    "%zz",
    "%3A",
    "%23",
    "%3f",
    "%7f",
    "?x",
    "?x=%zz",
    "#",
    ":@!$&'()*+,=",
    "\"<>^`{|}",
    "[]",
    "_-~",
    "//",
    "...",
];

/// Whole lines of heads.
const LINES: [&str; 59] = [
    "GET /x HTTP/1.0",
    "POST /x HTTP/1.1",
    "HEAD /x HTTP/1.1",
    "OPTIONS * HTTP/1.1",
    "OPTIONS /x HTTP/1.1",
    "GET http://b:81/x HTTP/1.1",
    "GET http://b HTTP/1.1",
    "GET https://b/x HTTP/1.1",
    "GET ftp://b/x HTTP/1.1",
    "GET * HTTP/1.1",
    "GET x HTTP/1.1",
    "CONNECT / HTTP/1.1",
    "CONNECT b:80 HTTP/1.1",
    "PATCH /x HTTP/1.1",
    "get /x HTTP/1.1",
    "GE_T /x HTTP/1.1",
    "GET /x HTTP/1.2",
    "GET /x HTTP/2.0",
    "GET /x HTTP/0.9",
    "GET /x",
    "GET  /x HTTP/1.1",
    "GET /x  HTTP/1.1",
    "GET /x http/1.1",
    "GET /x y HTTP/1.1",
    " GET /x HTTP/1.1",
    "",
    "Host: a",
    "Host: b:80",
    "Host: [::1]:80",
    "Host: a/b",
    "Host: u@a",
    "Host: a b",
    "Host: a:99999",
    "Host:",
    "Host: a..b",
    "Host: a, b",
    "Content-Length: 0",
    "Content-Length: 5",
    "Content-Length: 05",
    "Content-Length: +5",
    "Content-Length: 5, 5",
    "Content-Length:",
    "Content-Length: 9x",
    "Content_Length: 5",
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding:",
    "Transfer_Encoding: chunked",
    "Transfer-Encoding : chunked",
    "Connection: close",
    "Connection: x-one",
    "Expect: 100-continue",
    "Expect: more",
    "X_Under: 1",
    "X-One: \u{e9}",
    "X-One",
    " folded",
    ": nameless",
];

const ENDS: [&str; 6] = ["\n", "\r", "\r\r\n", " \r\n", "\t\r\n", "\r\n\r\n"];
const ODD: &[u8] = b"\0\t\n\r \x0b\x7f\x80\xff:;,/?#%\\\"()@[]_-.0A";

fn request(random: &mut Random) -> Vec<u8> {
    if random.below(5) < 3 {
        let target: String = (0..1 + random.below(8)).map(|_| PIECES[random.below(PIECES.len())]).collect();
        let mut target = format!("/{target}").into_bytes();
        if random.below(8) == 0 {
            let at = random.below(target.len());
            target[at] = ODD[random.below(ODD.len())];
        }
        return [b"GET ", &target[..], b" HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    }
    let (head, body): (&[&str], &str) = match random.below(4) {
        0 => (&["POST /x HTTP/1.1", "Host: a", "X-One: 1", "Content-Length: 5"], "hello"),
        1 => (&["POST /x HTTP/1.1", "Host: a", "X-One: 1", "Transfer-Encoding: chunked"], "5\r\nhello\r\n0\r\n\r\n"),
        _ => (&["GET /x HTTP/1.1", "Host: a", "X-One: 1"], ""),
    };
    let mut lines: Vec<String> = head.iter().map(|line| format!("{line}\r\n")).collect();
    for _ in 0..1 + random.below(2) {
        let (at, new) = (random.below(lines.len()), LINES[random.below(LINES.len())]);
        match random.below(6) {
            0 => lines[at] = format!("{new}\r\n"),
            1 | 2 => lines.insert(at + 1, format!("{new}\r\n")),
            3 => lines.insert(at, lines[random.below(lines.len())].clone()),
            4 if lines.len() > 1 => drop(lines.remove(at)),
            _ => lines[at] = lines[at].replace("\r\n", ENDS[random.below(ENDS.len())]),
        }
    }
    let mut bytes: Vec<u8> = format!("{}\r\n{body}", lines.concat()).chars().map(|char| char as u8).collect();
    if random.below(3) == 0 {
        let at = random.below(bytes.len());
        let odd = ODD[random.below(ODD.len())];
        match random.below(3) {
            0 => bytes[at] = odd,
            1 => bytes.insert(at, odd),
            _ => drop(bytes.remove(at)),
        }
    }
    bytes
}

/// A request about which the two did not agree.
struct Case<'a> {
    /// As text: each byte is the character of its number.
    text: String,
    /// Why ours refuses its head or its path, if it does.
    refusal: Option<Refusal>,
    marks: Marks,
    merges: bool,
    their: &'a Verdict,
    our: &'a Verdict,
}

impl<'a> Case<'a> {
    fn new(request: &[u8], merges: bool, their: &'a Verdict, our: &'a Verdict) -> Self {
        let (mut head, bytes) = (Head::default(), [request, &behind()].concat());
        let limits = Limits { line: 16 * 1024, fields: 64 * 1024, count: 100 };
        let parsed = Request::parse(&mut head, &bytes, &limits).map(|parsed| parsed.expect("a whole head").0);
        let marks = parsed.and_then(|request| {
            let path = split_query(head.part(request.target.path())).0;
            canonical(path, Reading { merges, decodes: false }, &mut Vec::new())
        });
        let text = request.iter().map(|byte| char::from(*byte)).collect();
        Self { text, refusal: marks.err(), marks: marks.unwrap_or_default(), merges, their, our }
    }

    /// The first line, without its end.
    fn line(&self) -> &str {
        let line = self.text.trim_start_matches(['\r', '\n']).split('\n').next().unwrap_or_default();
        line.strip_suffix('\r').unwrap_or(line)
    }

    fn target(&self) -> &str {
        self.line().split(' ').find(|word| word.starts_with('/')).unwrap_or_default()
    }

    /// What went on from ours went on from nginx as well, and then this.
    fn more_of_theirs(&self) -> Option<&str> {
        let more = self.their.went.strip_prefix(&self.our.went[..]).filter(|_| !self.our.went.is_empty())?;
        more.first().map(String::as_str)
    }

    /// What went on from nginx went on from ours as well, and then this.
    fn more_of_ours(&self) -> Option<&str> {
        let more = self.our.went.strip_prefix(&self.their.went[..])?;
        more.first().map(String::as_str)
    }

    fn path(&self) -> &str {
        self.target().split('?').next().unwrap_or_default()
    }

    /// The lines behind the first one, up to an empty one, and what follows it.
    fn fields(&self) -> (Vec<&str>, &str) {
        let (head, body) = self.text.split_once("\r\n\r\n").unwrap_or((&self.text, ""));
        (head.split("\r\n").skip(1).collect(), body)
    }

    fn has_field(&self, is: impl Fn(&str) -> bool) -> bool {
        self.fields().0.into_iter().any(is)
    }

    /// Ours refuses it for one of these reasons, and nginx does not.
    fn is_refused_as(&self, refusals: &[Refusal]) -> bool {
        let refused = self.refusal.is_some_and(|refusal| refusals.contains(&refusal));
        refused && self.our.went.is_empty() && !self.their.went.is_empty()
    }

    fn is_marked(&self, marks: Marks) -> bool {
        self.refusal.is_none() && self.marks.has_any(marks) && self.our.went.is_empty() && !self.their.went.is_empty()
    }

    /// nginx refuses it, and ours does not.
    fn is_taken(&self) -> bool {
        self.their.went.is_empty() && !self.our.went.is_empty()
    }

    /// How many segments above the root its path goes.
    fn climbs(&self) -> bool {
        let path = String::from_utf8_lossy(&decoded(self.path())).into_owned();
        let segments =
            path.split('/').skip(1).filter(|segment| *segment != "." && !(self.merges && segment.is_empty()));
        let depths = segments.scan(0, |depth, segment| {
            *depth += if segment == ".." { -1 } else { 1 };
            Some(*depth)
        });
        depths.min().is_some_and(|least: i32| least < 0)
    }

    /// Ours does not take the chunks of its body.
    fn has_odd_chunks(&self) -> bool {
        let body: Vec<u8> = self.fields().1.chars().map(|char| char as u8).chain(behind()).collect();
        let (mut scanner, mut rest, mut lines) = (Scanner::default(), &body[..], Vec::new());
        while !rest.is_empty() && !scanner.is_done() {
            use wire::Piece::{Data, End, Final, Last, Pass, Size, Skip, Trailer};
            let Ok(piece) = scanner.next(rest) else { return true };
            if let Trailer(read) | End(read) = piece {
                lines.extend_from_slice(&rest[..read]);
            }
            let (Pass(read)
            | Data(read)
            | Skip(read)
            | Size(read, _)
            | Trailer(read)
            | Last(read)
            | End(read)
            | Final(read)) = piece;
            rest = &rest[read..];
        }
        trailers(&lines, &mut Vec::new()).is_err()
    }

    /// What went on of one first, as its parts.
    fn first(verdict: &Verdict) -> Option<(&str, &str, &str)> {
        let (method, target) = verdict.went.first()?.split_once(' ')?;
        let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
        Some((method, path, query))
    }
}

/// A path with everything decoded; what is no encoding stays.
fn decoded(path: &str) -> Vec<u8> {
    let (mut rest, mut decoded) = (path, Vec::new());
    while let Some(char) = rest.chars().next() {
        let byte = rest.strip_prefix('%').and_then(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
        decoded.push(byte.unwrap_or(char as u8));
        rest = &rest[if byte.is_some() { 3 } else { char.len_utf8() }..];
    }
    decoded
}

fn is_token(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

/// Whether it is one of a class, which has a row in `docs/paths.md`.
type IsOne = fn(&Case<'_>) -> bool;

/// The classes; the first that a request is of is its own.
const CLASSES: [(&str, IsOne); 28] = [
    ("`%2F`", |case| case.is_marked(Marks::ENCODED_SLASH)),
    ("`\\` and `%5C`", |case| case.is_marked(Marks::BACKSLASH.and(Marks::ENCODED_BACKSLASH))),
    ("`;` behind dots or nothing", |case| case.is_marked(Marks::BARE_SEMICOLON)),
    ("bytes that are not UTF-8", |case| {
        case.is_refused_as(&[Refusal::Path]) && std::str::from_utf8(&decoded(case.path())).is_err()
    }),
    ("a fragment", |case| case.is_refused_as(&[Refusal::Target]) && case.target().contains('#')),
    ("`%00` in the query", |case| {
        case.is_refused_as(&[Refusal::Target])
            && case.target().split_once('?').is_some_and(|(_, query)| query.contains("%00"))
    }),
    ("dots above the root", |case| case.is_taken() && case.climbs()),
    ("reserved bytes, and bytes that no URI has", |case| {
        let (Some(their), Some(our)) = (Case::first(case.their), Case::first(case.our)) else { return false };
        their != our && (their.0, decoded(their.1), their.2) == (our.0, decoded(our.1), our.2)
    }),
    ("an empty query", |case| {
        let (Some(their), Some(our)) = (Case::first(case.their), Case::first(case.our)) else { return false };
        (their.0, decoded(their.1), their.2, our.2) == (our.0, decoded(our.1), "", "?")
    }),
    ("other schemes", |case| {
        let absolute = case.line().split(' ').nth(1).and_then(|target| target.split_once("://"));
        let other = absolute.is_some_and(|(scheme, _)| !["http", "https"].contains(&&scheme.to_ascii_lowercase()[..]));
        case.is_refused_as(&[Refusal::Target]) && other
    }),
    ("methods in other characters", |case| {
        let method = case.more_of_ours().and_then(|went| went.split(' ').next());
        method.is_some_and(|method| !method.chars().all(|c| c.is_ascii_uppercase() || "_-".contains(c)))
    }),
    ("empty lines between requests", |case| {
        let rest = case.fields().1;
        case.more_of_theirs().is_some()
            && case.our.went.len() == 1
            && !rest.is_empty()
            && rest.chars().all(|c| "\r\n".contains(c))
    }),
    ("HTTP/0.9", |case| {
        let is_old = |line: &str| line.split([' ', '\r']).filter(|word| !word.is_empty()).count() < 3;
        let first = || is_old(case.line().split('\n').next().unwrap_or_default());
        // Or the next one, where that is what follows a request without a body.
        let next = || is_old(case.fields().1.trim_start().split('\n').next().unwrap_or_default());
        case.is_refused_as(&[Refusal::StartLine, Refusal::BareLf]) && first()
            || case.more_of_theirs().is_some() && next()
    }),
    ("blanks in the first line", |case| {
        let words = || case.line().split(' ').filter(|word| !word.is_empty());
        let refused = case.is_refused_as(&[Refusal::StartLine, Refusal::Field, Refusal::BareLf]);
        refused && case.line().split(' ').count() > 3 && words().count() >= 3
    }),
    ("other bytes in the target", |case| {
        let odd = !case.target().bytes().all(|byte| byte.is_ascii_graphic());
        case.is_refused_as(&[Refusal::StartLine, Refusal::Target]) && odd
    }),
    ("another version", |case| {
        let version = case.line().rsplit(' ').next().unwrap_or_default();
        let other = version.starts_with("HTTP/") && !["HTTP/1.0", "HTTP/1.1"].contains(&version);
        case.is_refused_as(&[Refusal::Version, Refusal::StartLine, Refusal::Field]) && other
    }),
    ("a line that ends without CR", |case| {
        let bare = case.text.split('\n').rev().skip(1).any(|line| !line.ends_with('\r'));
        case.is_refused_as(&[Refusal::BareLf, Refusal::StartLine]) && bare
    }),
    ("CR within a line", |case| {
        let bare = case.text.split('\r').skip(1).any(|behind| !behind.starts_with('\n'));
        case.is_refused_as(&[Refusal::Field, Refusal::BareLf]) && bare
    }),
    ("a line that is no field", |case| {
        let none = |line: &str| !line.split_once(':').is_some_and(|(name, _)| is_token(name));
        case.is_refused_as(&[Refusal::Field]) && case.has_field(none)
    }),
    ("a control in a value", |case| {
        let odd = |line: &str| line.chars().any(|c| c.is_ascii_control() && c != '\t');
        case.is_refused_as(&[Refusal::Field]) && case.has_field(odd)
    }),
    ("aliases of framing", |case| {
        let alias = |line: &str| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            name.contains(['_', '.'])
                && ["content-length", "transfer-encoding"].contains(&&name.replace(['_', '.'], "-")[..])
        };
        case.is_refused_as(&[Refusal::Alias]) && case.has_field(alias)
    }),
    ("an odd Host", |case| {
        case.is_refused_as(&[Refusal::Host]) && case.has_field(|line| line.to_ascii_lowercase().starts_with("host:"))
    }),
    ("other expectations", |case| {
        case.is_refused_as(&[Refusal::Expectation])
            && case.has_field(|line| line.to_ascii_lowercase().starts_with("expect:"))
    }),
    ("chunks", |case| {
        let refused = case.refusal.is_none() && !case.their.went.is_empty() && case.their.went != case.our.went;
        refused && case.text.to_ascii_lowercase().contains("transfer-encoding: chunked") && case.has_odd_chunks()
    }),
    ("tabs around a value", |case| case.is_taken() && case.has_field(|line| line.contains('\t'))),
    ("Expect twice", |case| {
        let lines = case.fields().0.into_iter();
        case.is_taken() && lines.filter(|line| line.to_ascii_lowercase().starts_with("expect:")).count() > 1
    }),
    ("words around `close`", |case| {
        let within = |line: &str| {
            let line = line.to_ascii_lowercase();
            let value = line.strip_prefix("connection:").unwrap_or_default();
            value.contains("close") && !value.split(',').any(|option| option.trim() == "close")
        };
        case.more_of_ours().is_some() && case.their.went.len() == 1 && case.has_field(within)
    }),
    ("`OPTIONS *`", |case| case.is_taken() && case.line().starts_with("OPTIONS * ")),
];

fn class_of(case: &Case<'_>) -> Option<&'static str> {
    CLASSES.iter().find(|(_, is_one)| is_one(case)).map(|(name, _)| *name)
}

/// The first column of the table about nginx.
fn rows() -> BTreeSet<&'static str> {
    const TEXT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/paths.md"));
    let table = TEXT.split("## Beside nginx").nth(1).unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
    rows.skip(1).filter(|row| !row.starts_with("---")).collect()
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
    let Protocol::Http { head, keep_alive, heads, .. } = HTTP else { unreachable!("it is HTTP") };
    let merging = Protocol::Http { head, keep_alive, heads, merge_slashes: true };
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
