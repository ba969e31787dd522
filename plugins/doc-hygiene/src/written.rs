//! Dates as people write them: read one, and write another one the same way.
//! It does not know where in a document a date stands.

use crate::date::Moment;
use crate::reader::{self, Part, Reader, Written};

impl Written {
    /// How many bytes the date takes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// By how many days this is off; a date without a day is right all month.
    pub(crate) fn days_off(&self, moment: Moment) -> u64 {
        let mut right = self.clock(moment).date();
        if !self.has(|part| matches!(part, Part::Day(_))) {
            right.day = 1;
        }
        right.days().abs_diff(self.date.days())
    }

    /// The same date written for another moment; `text` is what was read. None
    /// if it would be read as another day: `25/12/2025` shows that the day comes
    /// first, `09/03/2026` no longer does.
    pub(crate) fn rewritten(&self, text: &str, moment: Moment) -> Option<String> {
        let clock = self.clock(moment);
        let mut made = String::new();
        let mut at = 0;
        for (place, part) in &self.parts {
            made.push_str(&text[at..place.start]);
            made.push_str(&part.of(clock, &text[place.clone()]));
            at = place.end;
        }
        made.push_str(&text[at..self.len]);
        read(&made).is_some_and(|again| again.days_off(moment) == 0).then_some(made)
    }

    /// The clock this date is by: a date in UTC stays in UTC.
    fn clock(&self, moment: Moment) -> Moment {
        if self.has(|part| part == Part::Utc) { moment.in_utc() } else { moment }
    }

    fn has(&self, wanted: impl Fn(Part) -> bool) -> bool {
        self.parts.iter().any(|&(_, part)| wanted(part))
    }
}

impl Part {
    fn of(self, clock: Moment, old: &str) -> String {
        let date = clock.date();
        let seconds = clock.local().rem_euclid(86_400);
        let padded = |pad: bool, number: u8| {
            if pad { format!("{number:02}") } else { number.to_string() }
        };
        match self {
            Self::Year => format!("{:04}", date.year),
            Self::Month(pad) => padded(pad, date.month),
            Self::Day(pad) => padded(pad, date.day),
            Self::MonthName(full) => month_name(date.month, full, old),
            Self::Ordinal => ordinal(date.day).to_owned(),
            Self::Hour => format!("{:02}", seconds / 3600),
            Self::Minute => format!("{:02}", seconds / 60 % 60),
            Self::Second => format!("{:02}", seconds % 60),
            Self::Fraction => "0".repeat(old.len()),
            Self::Utc => old.to_owned(),
            Self::Offset(colon) => offset(clock.offset_minutes, colon),
        }
    }
}

/// A month's name in the case of the old one.
fn month_name(month: u8, full: bool, old: &str) -> String {
    let name = reader::MONTHS.get(usize::from(month).wrapping_sub(1)).copied().unwrap_or_default();
    let name = if full { name } else { &name[..3] };
    if old.chars().all(char::is_uppercase) {
        name.to_uppercase()
    } else if old.starts_with(char::is_lowercase) {
        name.to_lowercase()
    } else {
        name.to_owned()
    }
}

fn ordinal(day: u8) -> &'static str {
    match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    }
}

fn offset(minutes: i32, colon: bool) -> String {
    let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
    let colon = if colon { ":" } else { "" };
    format!("{sign}{:02}{colon}{:02}", size / 60, size % 60)
}

/// Reads the date a text starts with. What follows must not be a letter or a
/// digit.
pub(crate) fn read(text: &str) -> Option<Written> {
    let named = Reader::new(text).month_first().or_else(|| Reader::new(text).day_first());
    let written = named.or_else(|| Reader::new(text).numbers())?;
    let ends = !text[written.len..].starts_with(|next: char| next.is_alphanumeric());
    ends.then_some(written)
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::date::Moment;

    /// 2026-03-09T22:04:05-05:00, which is the tenth in UTC.
    const MOMENT: Moment = Moment { seconds: 1_773_111_845, offset_minutes: -300 };

    fn check(text: &str, date: &str, rewritten: &str) {
        let written = read(text);
        assert_eq!(written.as_ref().map(|written| written.date.to_string()).unwrap_or_default(), date, "{text:?}");
        let made = written.and_then(|written| written.rewritten(text, MOMENT)).unwrap_or_default();
        assert_eq!(made, rewritten, "{text:?}");
    }

    #[test]
    fn each_form_is_kept() {
        for (text, date, rewritten) in [
            ("2026-01-02", "2026-01-02", "2026-03-09"),
            ("2026-1-2", "2026-01-02", "2026-3-9"),
            ("2026/01/02", "2026-01-02", "2026/03/09"),
            ("01/02/2026", "2026-01-02", "03/09/2026"),
            ("1/2/2026", "2026-01-02", "3/9/2026"),
            ("12/25/2025", "2025-12-25", "03/09/2026"),
            ("25/12/2025", "2025-12-25", ""),
            ("02.01.2026", "2026-01-02", "09.03.2026"),
            ("January 2, 2026", "2026-01-02", "March 9, 2026"),
            ("January 02, 2026", "2026-01-02", "March 09, 2026"),
            ("2 January 2026", "2026-01-02", "9 March 2026"),
            ("2nd of january 2026", "2026-01-02", "9th of march 2026"),
            ("Jan 2, 2026", "2026-01-02", "Mar 9, 2026"),
            ("JAN. 12 2026", "2026-01-12", "MAR. 9 2026"),
            ("Sept 2026", "2026-09-01", "Mar 2026"),
            ("2026-01-02T03:04:05Z", "2026-01-02", "2026-03-10T03:04:05Z"),
            ("2026-01-02T03:04:05.123+01:00", "2026-01-02", "2026-03-09T22:04:05.000-05:00"),
            ("2026-01-02 03:04", "2026-01-02", "2026-03-09 22:04"),
            ("2026-01-02 03:04:05 +0100", "2026-01-02", "2026-03-09 22:04:05 -0500"),
            ("2024-02-29 and more", "2024-02-29", "2026-03-09"),
        ] {
            check(text, date, rewritten);
        }
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in [
            "",
            "soon",
            "2026",
            "2026-13-01",
            "2026-02-30",
            "2025-02-29",
            "0000-01-01",
            "26-01-02",
            "1/2/26",
            "2026-01/02",
            "2026-01-021",
            "2026-01-02x",
            "May the fourth",
            "January, 2026",
            "Januar 2 2026",
            "31 June 2026",
            "2026-01-",
            "99999999999999999999-01-01",
            "é",
            "2é",
            "Jan é",
        ] {
            check(text, "", "");
        }
    }

    #[test]
    fn days_off_are_counted() {
        assert_eq!(read("2026-03-01").map(|written| written.days_off(MOMENT)), Some(8));
        assert_eq!(read("March 2026").map(|written| written.days_off(MOMENT)), Some(0));
        assert_eq!(read("2026-04-01").map(|written| written.days_off(MOMENT)), Some(23));
    }
}
