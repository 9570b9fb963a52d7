//! The time of a line, as text. It is made once a second.

use std::io::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::calendar::Moment;

/// The text of the present second, and the milliseconds in it.
#[derive(Debug, Default)]
pub struct Stamp {
    second: Option<u64>,
    millis: u32,
    /// `2026-11-21T20:44:32`
    date: Vec<u8>,
    /// `21/Nov/2026:20:44:32 +0000`
    common: Vec<u8>,
}

impl Stamp {
    /// It is now.
    pub fn set_now(&mut self) {
        self.set(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
    }

    /// So long after the begin of 1970.
    fn set(&mut self, since: Duration) {
        self.millis = since.subsec_millis();
        let second = since.as_secs();
        if self.second.replace(second) == Some(second) {
            return;
        }
        let now = Moment::of(second);
        let (Moment { year, month, day, hour, minute, second, .. }, name) = (now, now.month_name());
        self.date.clear();
        self.common.clear();
        // A vector takes whatever is written.
        let _ = write!(self.date, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        let _ = write!(self.common, "{day:02}/{name}/{year:04}:{hour:02}:{minute:02}:{second:02} +0000");
    }

    /// As RFC 3339 has it, with milliseconds: `2026-11-21T20:44:32.123Z`.
    pub fn write_date(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.date);
        out.extend_from_slice(b".");
        super::text::thousandths(out, self.millis);
        out.extend_from_slice(b"Z");
    }

    /// As the common log format has it, without brackets: `21/Nov/2026:20:44:32 +0000`.
    pub fn write_common(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.common);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(millis: u64) -> (String, String) {
        let (mut stamp, mut long, mut common) = (Stamp::default(), Vec::new(), Vec::new());
        stamp.set(Duration::from_millis(millis));
        stamp.write_date(&mut long);
        stamp.write_common(&mut common);
        (String::from_utf8(long).unwrap(), String::from_utf8(common).unwrap())
    }

    #[test]
    fn a_time_is_written_in_utc() {
        for (millis, long, common) in [
            (0, "1970-01-01T00:00:00.000Z", "01/Jan/1970:00:00:00 +0000"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z", "28/Feb/2000:23:59:59 +0000"),
            (951_782_400_001, "2000-02-29T00:00:00.001Z", "29/Feb/2000:00:00:00 +0000"),
            (1_709_251_200_050, "2024-03-01T00:00:00.050Z", "01/Mar/2024:00:00:00 +0000"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z", "28/Feb/2100:23:59:59 +0000"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z", "01/Mar/2100:00:00:00 +0000"),
        ] {
            assert_eq!(written(millis), (long.into(), common.into()));
        }
    }
}
