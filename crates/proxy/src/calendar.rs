//! The calendar: what time it is, in UTC, so many seconds after the begin of 1970.

/// Days from the first of March of the year 0 to the begin of 1970: a year that begins with March has its
/// leap day at its end.
const DAYS_BEFORE: u64 = 719_468;
/// Days of four hundred years, after which the calendar begins anew.
const DAYS_OF_ERA: u64 = 146_097;
/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

/// A second of the calendar, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The year.
    pub year: u64,
    /// From 1 for January.
    pub month: u64,
    /// Of the month, from 1.
    pub day: u64,
    /// `Thu`.
    pub weekday: &'static str,
    /// From 0.
    pub hour: u64,
    /// From 0.
    pub minute: u64,
    /// From 0.
    pub second: u64,
}

impl Moment {
    /// So many seconds after the begin of 1970.
    pub fn of(seconds: u64) -> Self {
        let (days, time) = (seconds / DAY, seconds % DAY);
        let since_march = days.saturating_add(DAYS_BEFORE);
        let (era, day) = (since_march / DAYS_OF_ERA, since_march % DAYS_OF_ERA);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year + year / 4 - year / 100);
        // March is 0. Five months in a row have 153 days.
        let from_march = (5 * day_of_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: era * 400 + year + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * from_march + 2) / 5 + 1,
            weekday: WEEKDAYS.get((days % 7) as usize).copied().unwrap_or_default(),
            hour: time / 3600,
            minute: time / 60 % 60,
            second: time % 60,
        }
    }

    /// `Jan`.
    pub fn month_name(&self) -> &'static str {
        MONTHS.get(self.month as usize - 1).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_follows_the_one_before() {
        let lengths = |year: u64| {
            let leaps = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
            [31, if leaps { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        };
        let mut days = 0;
        for year in 1970..2410 {
            for (month, length) in (1..).zip(lengths(year)) {
                for day in 1..=length {
                    let last = Moment::of(days * DAY + DAY - 1);
                    assert_eq!((last.year, last.month, last.day, last.hour), (year, month, day, 23));
                    assert_eq!(last.weekday, WEEKDAYS[(days % 7) as usize]);
                    days += 1;
                }
            }
        }
    }

    #[test]
    fn no_clock_breaks_it() {
        assert!((1..=12).contains(&Moment::of(u64::MAX).month));
    }
}
