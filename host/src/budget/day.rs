//! Days and months of UTC: the only windows that money is counted in, so that no
//! zone, no change of the clock in spring and no place of a machine doubles one.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A day of UTC, in days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

const SECONDS: i64 = 86_400;

impl Day {
    /// The day of a moment, in seconds since 1970-01-01T00:00Z.
    #[must_use]
    pub fn of(seconds: i64) -> Self {
        Self(seconds.div_euclid(SECONDS))
    }

    /// The date of the day.
    #[must_use]
    pub fn date(self) -> Date {
        let moment = Timestamp::from_second(self.0.saturating_mul(SECONDS)).unwrap_or(Timestamp::UNIX_EPOCH);
        TimeZone::UTC.to_datetime(moment).date()
    }

    /// Whether two days are of one month.
    #[must_use]
    pub fn is_of_month(self, other: Self) -> bool {
        let (one, other) = (self.date(), other.date());
        (one.year(), one.month()) == (other.year(), other.month())
    }

    /// `2026-11`.
    #[must_use]
    pub fn month(self) -> String {
        let date = self.date();
        format!("{:04}-{:02}", date.year(), date.month())
    }

    /// So many days later.
    #[must_use]
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// How many days after another one it is; below 0 if it is before.
    #[must_use]
    pub fn since(self, other: Self) -> i64 {
        self.0 - other.0
    }

    /// The first day of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        self.plus(1 - i64::from(self.date().day()))
    }

    /// The first day of a month that is written `2026-11`; none if it is none.
    #[must_use]
    pub fn of_month(text: &str) -> Option<Self> {
        let date: Date = format!("{text}-01").parse().ok()?;
        let day = Self::of_date(date).ok()?;
        (day.month() == text).then_some(day)
    }

    fn of_date(date: Date) -> Result<Self, jiff::Error> {
        TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).map(|moment| Self::of(moment.as_second()))
    }

    /// How many days of its month come after it.
    #[must_use]
    pub fn left_of_month(self) -> i64 {
        let date = self.date();
        i64::from(date.days_in_month()) - i64::from(date.day())
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let date: Date = text.parse().map_err(|_| D::Error::custom("a day is written 2026-11-26"))?;
        Self::of_date(date).map_err(D::Error::custom)
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.date().fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_one_of_utc() {
        assert_eq!(Day::of(0).to_string(), "1970-01-01");
        assert_eq!(Day::of(-1).to_string(), "1969-12-31");
        // Clocks of Europe go back at 01:00 UTC of this day: it still has one window.
        let (before, after) = (Day::of(1_792_886_400 + 3_599), Day::of(1_792_886_400 + 3_601));
        assert_eq!((before, after.to_string().as_str()), (after, "2026-10-25"));
        assert_eq!((after.month().as_str(), after.left_of_month()), ("2026-10", 6));
        let read: Day = serde_json::from_str("\"2026-10-25\"").expect("a day");
        assert_eq!(read, after);
        let first = Day::of_month("2026-10").expect("a month");
        assert_eq!((first, first.to_string().as_str(), after.since(first)), (after.first_of_month(), "2026-10-01", 24));
        for wrong in ["", "2026", "2026-1", "2026-13", "2026-10-01", "-2026-10", "2026-10 "] {
            assert_eq!(Day::of_month(wrong), None, "{wrong}");
        }
        assert!(after.is_of_month(after.plus(6)) && !after.is_of_month(after.plus(7)));
    }
}
