//! Access logs: what a plan says of one, and what was written.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use plan::{AccessLog, LogEncoding, LogPart, LogSample, LogSink, LogValue};
use serde_json::Value;

use super::eventually;

/// Everything that is known, with the name that it has in a line.
pub const ALL: [(&str, LogValue); 24] = [
    ("time", LogValue::Time),
    ("client", LogValue::Client),
    ("listener", LogValue::Listener),
    ("protocol", LogValue::Protocol),
    ("route", LogValue::Route),
    ("pool", LogValue::Pool),
    ("endpoint", LogValue::Endpoint),
    ("method", LogValue::Method),
    ("host", LogValue::Host),
    ("target", LogValue::Target),
    ("status", LogValue::Status),
    ("bytesIn", LogValue::BytesIn),
    ("bytesOut", LogValue::BytesOut),
    ("bodyOut", LogValue::BodyOut),
    ("head", LogValue::Head),
    ("queue", LogValue::Queue),
    ("connect", LogValue::Connect),
    ("firstByte", LogValue::FirstByte),
    ("total", LogValue::Total),
    ("tries", LogValue::Tries),
    ("reused", LogValue::Reused),
    ("fault", LogValue::Fault),
    ("traceId", LogValue::TraceId),
    ("requestId", LogValue::RequestId),
];

/// Lines of JSON with all that is known, and these fields of requests and responses.
pub fn json(to: LogSink, request: &[&str], response: &[&str]) -> AccessLog {
    let mut parts = Vec::new();
    let mut add = |name: &str, part| {
        let begin = if parts.is_empty() { "{" } else { "," };
        parts.push(LogPart::Text { text: format!("{begin}\"{name}\":") });
        parts.push(part);
    };
    ALL.iter().for_each(|(name, value)| add(name, LogPart::Value { value: *value }));
    request.iter().for_each(|name| add(name, LogPart::Request { name: name.to_string() }));
    response.iter().for_each(|name| add(name, LogPart::Response { name: name.to_string() }));
    parts.push(LogPart::Text { text: "}".into() });
    AccessLog { to, encoding: LogEncoding::Json, parts, sample: ALWAYS, listeners: Vec::new() }
}

/// Every line is written.
pub const ALWAYS: LogSample =
    LogSample { statuses: [LogSample::WHOLE; 5], other: LogSample::WHOLE, fault: LogSample::WHOLE };

/// The combined log format.
pub fn combined(to: LogSink) -> AccessLog {
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
    AccessLog { encoding: LogEncoding::Text, parts, ..json(to, &[], &[]) }
}

/// A folder that nobody else has, removed with its drop.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let name = format!("fourseven-log-{}-{}", std::process::id(), LAST.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A file as the place for lines.
pub fn at(path: &Path) -> LogSink {
    LogSink::File { path: path.to_str().unwrap().into() }
}

/// The lines of a file, each as JSON.
pub fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    whole.map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect()
}

/// The same, once there are so many.
#[track_caller]
pub fn so_many(path: &Path, count: usize) -> Vec<Value> {
    eventually(&format!("{count} lines"), || lines(path).len() >= count);
    lines(path)
}
