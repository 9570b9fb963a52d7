//! The time, as messages tell it (RFC 9110 section 5.6.7).

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

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

const DAY: u64 = 24 * 60 * 60;
/// Four hundred years, after which the calendar begins anew.
const DAYS_OF_ERA: u64 = 146_097;
/// From the first of March of the year 0 to that of 1970's beginning: a year that begins with March has its
/// leap day at its end.
const DAYS_BEFORE: u64 = 719_468;

/// So many seconds after the begin of 1970.
fn fixdate(seconds: u64) -> Date {
    let (days, time) = (seconds / DAY, seconds % DAY);
    let since_march = days.saturating_add(DAYS_BEFORE);
    let (era, day) = (since_march / DAYS_OF_ERA, since_march % DAYS_OF_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    // March is 0. Five months in a row have 153 days.
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let year = era * 400 + year + u64::from(month >= 10);
    let text = format!(
        "{}, {day_of_month:02} {} {:04} {:02}:{:02}:{:02} GMT",
        name(&["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"], days % 7),
        name(&["Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan", "Feb"], month),
        year % 10_000,
        time / 3600,
        time / 60 % 60,
        time % 60,
    );
    text.as_bytes().first_chunk().copied().unwrap_or([b' '; 29])
}

fn name(names: &[&'static str], at: u64) -> &'static str {
    names.get(at as usize).copied().unwrap_or_default()
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
    fn every_day_follows_the_one_before() {
        let lengths = |year: u64| {
            let leaps = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
            [31, if leaps { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut seconds = 0;
        for year in 1970..2110 {
            for (name, length) in names.iter().zip(lengths(year)) {
                for day in 1..=length {
                    let date = String::from_utf8_lossy(&fixdate(seconds)).into_owned();
                    assert_eq!(date[5..], format!("{day:02} {name} {year} 00:00:00 GMT"));
                    seconds += DAY;
                }
            }
        }
    }

    #[test]
    fn the_time_of_now_is_a_date() {
        let dates = Dates::default();
        let now = String::from_utf8(dates.now().to_vec()).unwrap();
        assert!(now.ends_with(" GMT") && now[12..16].parse::<u32>().unwrap() > 2020, "{now}");
    }
}
