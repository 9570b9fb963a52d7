//! The words of the command line, and the plan that they make.

use plan::{
    Accept, AccessLog, Address, Admission, CostOp, EncodedSlash, Endpoint, EngineSettings, FORMAT, Forward, HeadLimits,
    HttpListener, HttpPolicy, Listener, LogEncoding, LogPart, LogSample, LogSink, LogValue, PathForm, PathPolicy,
    Picker, Plan, Pool, Protocol, RetryBudget, Reuse, Route, Rule, Semicolon, TableHash, Timeouts, Trust, Underscores,
};

/// What to run.
pub struct Options {
    listen: Address,
    protocol: Protocol,
    to: Vec<Address>,
    workers: Option<u32>,
    cycle: bool,
    accept: Accept,
    portable: bool,
    log: Option<AccessLog>,
}

impl Options {
    /// Reads the words.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let [listen, to, rest @ ..] = words else {
            return Err("usage: fourseven-driver LISTEN TO[,TO…] …".into());
        };
        let (protocol, listen) = match listen.strip_prefix("http://") {
            Some(listen) => (HTTP, listen),
            None => (Protocol::Tcp {}, listen.as_str()),
        };
        let mut options = Self {
            listen: address(listen)?,
            protocol,
            to: to.split(',').map(address).collect::<Result<_, _>>()?,
            workers: Some(1),
            cycle: false,
            accept: Accept::PerWorker,
            portable: false,
            log: None,
        };
        for word in rest {
            match word.split_once('=') {
                Some(("workers", "auto")) => options.workers = None,
                Some(("workers", count)) => {
                    options.workers = Some(count.parse().map_err(|_| format!("no number: {count}"))?)
                }
                Some(("algorithm", name)) => options.cycle = name == "cycle",
                Some(("accept", "hand-off")) => options.accept = Accept::HandOff,
                Some(("accept", "per-worker")) => options.accept = Accept::PerWorker,
                Some(("log", path)) => options.log = Some(combined(path)),
                Some(("json", path)) => options.log = Some(json(path)),
                None if word == "portable" => options.portable = true,
                _ => return Err(format!("unknown: {word}")),
            }
        }
        Ok(options)
    }

    /// The plan's skeleton and its tables.
    pub fn plan(&self, version: u32) -> (Vec<u8>, Vec<Vec<u8>>) {
        let positions: Vec<u32> = (0..self.to.len() as u32).collect();
        let table: Vec<u8> = positions.iter().flat_map(|at| at.to_le_bytes()).collect();
        let picker = match self.cycle {
            true => Picker::Cycle { table: TableHash::of(&table) },
            false => Picker::Least { cost: vec![CostOp::Inflight {}], choices: Some(2) },
        };
        let endpoint = |to: &Address| Endpoint { key: to.to_string(), addresses: vec![to.clone()] };
        let plan = Plan {
            format: FORMAT,
            version,
            engine: EngineSettings {
                workers: self.workers,
                portable: self.portable,
                drain: 30_000,
                leave: 200,
                retry_after: 1,
            },
            access_log: self.log.clone(),
            listeners: vec![Listener {
                key: "driver".into(),
                address: self.listen.clone(),
                protocol: self.protocol.clone(),
                accept: self.accept,
                backlog: 4096,
            }],
            rules: vec![Rule { listeners: None, host: None, path: None, route: 0 }],
            routes: vec![Route {
                key: "all".into(),
                pool: 0,
                timeouts: Timeouts { connect: 5000, idle: Some(600_000), half_close: Some(30_000) },
                http: POLICY,
            }],
            pools: vec![Pool { key: "pool".into(), endpoints: positions, picker, reuse: REUSE, budget: BUDGET }],
            endpoints: self.to.iter().map(endpoint).collect(),
        };
        (serde_json::to_vec(&plan).unwrap_or_default(), vec![table])
    }
}

/// The defaults of HTTP, as the configuration has them.
const HTTP: Protocol = Protocol::Http(HTTP_LISTENER);
const HTTP_LISTENER: HttpListener = HttpListener {
    head: 30_000,
    keep_alive: 75_000,
    heads: HeadLimits { line: 16 * 1024, fields: 64 * 1024, count: 100 },
    trust: Trust { networks: Vec::new(), unix: false },
    underscores: Underscores::Keep,
    hops: 20,
    answers: Vec::new(),
    proxy_status: false,
    merge_slashes: false,
};
const POLICY: HttpPolicy = HttpPolicy {
    body: 60_000,
    body_rate: 240,
    first_byte: 60_000,
    response: 60_000,
    attempt: None,
    total: None,
    tunnel: Some(3_600_000),
    most_body: None,
    tries: 3,
    forward: Forward { via: true, forwarded: false, real_ip: false, request_id: false, host: None },
    answers: Vec::new(),
    proxy_status: false,
    trace: false,
    paths: PathPolicy {
        encoded_slash: EncodedSlash::Reject,
        encoded_backslash: Admission::Reject,
        encoded_percent: Admission::Keep,
        backslash: Admission::Reject,
        semicolon: Semicolon::Parameters,
        form: PathForm::Canonical,
    },
};
const REUSE: Reuse = Reuse { idle: 60_000, age: None, requests: None, most: 256 };
const BUDGET: RetryBudget = RetryBudget { percent: 20, reserve: 10 };

/// A line in the combined format for each request.
fn combined(path: &str) -> AccessLog {
    let text = |text: &str| LogPart::Text { text: text.into() };
    let value = |value| LogPart::Value { value };
    let parts = vec![
        value(LogValue::Client),
        text(" - - ["),
        value(LogValue::CommonTime),
        text("] \""),
        value(LogValue::RequestLine),
        text("\" "),
        value(LogValue::Status),
        text(" "),
        value(LogValue::BodyOut),
        text(" \""),
        LogPart::Request { name: "referer".into() },
        text("\" \""),
        LogPart::Request { name: "user-agent".into() },
        text("\""),
    ];
    log(path, LogEncoding::Text, parts)
}

/// What tests add up, as JSON.
fn json(path: &str) -> AccessLog {
    let values = [
        ("{\"time\":", LogValue::Time),
        (",\"client\":", LogValue::Client),
        (",\"endpoint\":", LogValue::Endpoint),
        (",\"target\":", LogValue::Target),
        (",\"status\":", LogValue::Status),
        (",\"bytesIn\":", LogValue::BytesIn),
        (",\"bytesOut\":", LogValue::BytesOut),
        (",\"total\":", LogValue::Total),
        (",\"fault\":", LogValue::Fault),
    ];
    let part = |(text, value): (&str, LogValue)| [LogPart::Text { text: text.into() }, LogPart::Value { value }];
    let end = LogPart::Text { text: "}".into() };
    log(path, LogEncoding::Json, values.into_iter().flat_map(part).chain([end]).collect())
}

fn log(path: &str, encoding: LogEncoding, parts: Vec<LogPart>) -> AccessLog {
    let all = LogSample { statuses: [LogSample::WHOLE; 5], other: LogSample::WHOLE, fault: LogSample::WHOLE };
    AccessLog { to: LogSink::File { path: path.into() }, encoding, parts, sample: all, listeners: vec![0] }
}

/// A port of loopback, an IP address and port, or the path of a Unix socket.
fn address(word: impl AsRef<str>) -> Result<Address, String> {
    let word = word.as_ref();
    if word.starts_with('/') {
        return Ok(Address::Unix { path: word.into() });
    }
    let full = if word.contains(':') { word.to_string() } else { format!("127.0.0.1:{word}") };
    full.parse().map(Address::tcp).map_err(|_| format!("no address: {word}"))
}
