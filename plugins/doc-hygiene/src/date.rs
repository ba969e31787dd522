//! Days of the calendar and points in time. It has no clock and knows no way of
//! writing a date but its own.

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Date {
    pub(crate) year: i64,
    pub(crate) month: u8,
    pub(crate) day: u8,
}

impl Date {
    /// A day that exists, in a year of four digits.
    pub(crate) fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        let date = Self { year, month, day };
        let exists = (1000..=9999).contains(&year) && (1..=12).contains(&month) && day >= 1;
        (exists && Self::from_days(date.days()) == date).then_some(date)
    }

    /// Days since 1970-01-01, by Howard Hinnant's `days_from_civil`.
    pub(crate) fn days(self) -> i64 {
        let year = self.year - i64::from(self.month <= 2);
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The inverse of [`Date::days`].
    fn from_days(days: i64) -> Self {
        let days = days + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let small = |number: i64| u8::try_from(number).unwrap_or(u8::MAX);
        Self {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month: small(month),
            day: small(day_of_year - (153 * shifted + 2) / 5 + 1),
        }
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A point in time as its author's clock showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Seconds since 1970-01-01T00:00Z.
    pub(crate) seconds: i64,
    /// The author's offset from UTC.
    pub(crate) offset_minutes: i32,
}

impl Moment {
    /// The author's date.
    pub(crate) fn date(self) -> Date {
        Date::from_days(self.local().div_euclid(86_400))
    }

    pub(crate) fn in_utc(self) -> Self {
        Self { offset_minutes: 0, ..self }
    }

    /// Seconds since 1970-01-01T00:00 on the author's clock.
    pub(crate) fn local(self) -> i64 {
        self.seconds.saturating_add(i64::from(self.offset_minutes) * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::{Date, Moment};

    #[test]
    fn days_and_dates_agree() {
        for days in (-719_000..2_900_000).step_by(997) {
            assert_eq!(Date::from_days(days).days(), days);
        }
        assert_eq!(Date::new(1970, 1, 1).map(Date::days), Some(0));
        assert_eq!(Date::new(2025, 2, 29), None);
        assert_eq!(Date::new(2024, 2, 29).map(|date| date.to_string()).as_deref(), Some("2024-02-29"));
    }

    #[test]
    fn a_moment_has_its_authors_date() {
        let moment = Moment { seconds: 1_773_111_845, offset_minutes: -300 };
        assert_eq!(moment.date().to_string(), "2026-03-09");
        assert_eq!(moment.in_utc().date().to_string(), "2026-03-10");
    }
}
