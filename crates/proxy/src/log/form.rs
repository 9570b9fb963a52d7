//! How a line is made of what is known.

use account::Fault;
use plan::{AccessLog, LogEncoding, LogPart, LogSample, LogValue};

use super::entry::Entry;
use super::text::Pen;
use super::time::Stamp;

/// The most bytes of a line, its end included.
pub const MOST_LINE: usize = 16 * 1024;
/// The most bytes of a value, and of a target or a first line.
const MOST_VALUE: usize = 1024;
const MOST_TARGET: usize = 4 * 1024;
/// As much as a value needs at least, whatever it is: a time, a number, `null`.
const LEAST_VALUE: usize = 48;

/// How a line is made of what is known.
#[derive(Debug)]
pub struct Form {
    encoding: LogEncoding,
    /// Each part, and how many bytes have to be left for those behind it.
    parts: Box<[(LogPart, usize)]>,
    sample: LogSample,
}

impl Form {
    /// That of a plan.
    pub fn new(log: &AccessLog) -> Self {
        let mut left = 1;
        let mut parts: Vec<_> = log
            .parts
            .iter()
            .rev()
            .map(|part| {
                let behind = left;
                left += if let LogPart::Text { text } = part { text.len() } else { LEAST_VALUE };
                (part.clone(), behind)
            })
            .collect();
        parts.reverse();
        Self { encoding: log.encoding, parts: parts.into(), sample: log.sample }
    }

    /// How many of a million such lines are written.
    pub fn rate(&self, status: Option<u16>, fault: Option<Fault>) -> u32 {
        if fault.is_some() {
            return self.sample.fault;
        }
        let class = status.and_then(|status| usize::from(status / 100).checked_sub(1));
        class.and_then(|class| self.sample.statuses.get(class)).copied().unwrap_or(self.sample.other)
    }

    /// Writes a line, which has no more than [`MOST_LINE`] bytes.
    pub fn write(&self, out: &mut Vec<u8>, entry: &Entry<'_>, stamp: &Stamp) {
        let end = out.len() + MOST_LINE;
        let mut pen = Pen { out, encoding: self.encoding };
        for (part, behind) in &self.parts {
            let room = end.saturating_sub(pen.out.len() + behind);
            match part {
                LogPart::Text { text } => pen.out.extend_from_slice(text.as_bytes()),
                LogPart::Value { value } => write_value(&mut pen, *value, entry, stamp, room),
                LogPart::Request { name } => pen.pieces(entry.asked(name), room.min(MOST_VALUE)),
                LogPart::Response { name } => pen.pieces(entry.answered(name), room.min(MOST_VALUE)),
            }
        }
        pen.out.push(b'\n');
    }
}

fn write_value(pen: &mut Pen<'_>, value: LogValue, entry: &Entry<'_>, stamp: &Stamp, room: usize) {
    let (most, most_target) = (room.min(MOST_VALUE), room.min(MOST_TARGET));
    match value {
        LogValue::Time => pen.plain(|out| stamp.write_date(out)),
        LogValue::CommonTime => pen.plain(|out| stamp.write_common(out)),
        LogValue::Client => given(pen, entry.client, |pen, address| pen.address(address)),
        LogValue::Listener => pen.text(entry.listener.as_bytes(), most),
        LogValue::Protocol => pen.text(entry.protocol().as_bytes(), most),
        LogValue::Route => given(pen, entry.route, |pen, key| pen.text(key.as_bytes(), most)),
        LogValue::Pool => given(pen, entry.pool, |pen, key| pen.text(key.as_bytes(), most)),
        LogValue::Endpoint => given(pen, entry.endpoint, |pen, key| pen.text(key.as_bytes(), most)),
        LogValue::Method => given(pen, entry.method(), |pen, method| pen.text(method, most)),
        LogValue::Host => given(pen, entry.host(), |pen, host| pen.text(host, most)),
        LogValue::Target => given(pen, entry.target(), |pen, target| pen.text(target, most_target)),
        LogValue::RequestLine => given(pen, entry.line(), |pen, line| pen.text(line, most_target)),
        LogValue::Status => given(pen, entry.status, |pen, status| pen.number(status.into())),
        LogValue::BytesIn => pen.number(entry.bytes_in),
        LogValue::BytesOut => pen.number(entry.bytes_out),
        LogValue::BodyOut => pen.number(entry.bytes_out.saturating_sub(entry.heads_out)),
        LogValue::Head => given(pen, entry.steps.head, |pen, length| pen.length(length)),
        LogValue::Queue => given(pen, entry.steps.queue, |pen, length| pen.length(length)),
        LogValue::Connect => given(pen, entry.steps.connect, |pen, length| pen.length(length)),
        LogValue::FirstByte => given(pen, entry.steps.first_byte, |pen, length| pen.length(length)),
        LogValue::Total => given(pen, entry.steps.total, |pen, length| pen.length(length)),
        LogValue::Tries => pen.number(entry.tries.into()),
        LogValue::Reused => given(pen, entry.reused, |pen, truth| pen.truth(truth)),
        LogValue::Fault => given(pen, entry.fault, |pen, fault| pen.text(fault.label().as_bytes(), most)),
        LogValue::TraceId => given(pen, entry.trace_id(), |pen, id| pen.text(id, most)),
        LogValue::RequestId => given(pen, entry.request_id, |pen, id| pen.text(id, most)),
    }
}

fn given<T>(pen: &mut Pen<'_>, value: Option<T>, write: impl FnOnce(&mut Pen<'_>, T)) {
    match value {
        Some(value) => write(pen, value),
        None => pen.nothing(),
    }
}
