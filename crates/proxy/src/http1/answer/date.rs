//! The time, as messages tell it (RFC 9110 section 5.6.7).

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::calendar::Moment;

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
pub type Date = [u8; 29];

/// The time as text, which a worker writes once a second at most.
#[derive(Debug)]
pub struct Dates(Cell<(u64, Date)>);

impl Default for Dates {
    fn default() -> Self {
        Self(Cell::new((0, fixdate(0))))
    }
}

impl Dates {
    /// That of now. A clock that stands before 1970 shows its beginning.
    pub fn now(&self) -> Date {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let (written, date) = self.0.get();
        if written == seconds {
            return date;
        }
        let date = fixdate(seconds);
        self.0.set((seconds, date));
        date
    }
}

/// So many seconds after the begin of 1970.
fn fixdate(seconds: u64) -> Date {
    let now = Moment::of(seconds);
    let Moment { year, day, weekday, hour, minute, second, .. } = now;
    let (month, year) = (now.month_name(), year % 10_000);
    let text = format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT");
    text.as_bytes().first_chunk().copied().unwrap_or([b' '; 29])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (951_868_800, "Wed, 01 Mar 2000 00:00:00 GMT"),
            (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
            (1_735_689_600, "Wed, 01 Jan 2025 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(String::from_utf8_lossy(&fixdate(seconds)), date);
        }
        // No clock shows it, and nothing breaks.
        fixdate(u64::MAX);
    }

    #[test]
    fn the_time_of_now_is_a_date() {
        let dates = Dates::default();
        let now = String::from_utf8(dates.now().to_vec()).unwrap();
        assert!(now.ends_with(" GMT") && now[12..16].parse::<u32>().unwrap() > 2020, "{now}");
    }
}
