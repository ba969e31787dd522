//! The parser of dates: from a text to the parts of the date it starts with.
//! It reads every form this crate knows and writes none.

use std::ops::Range;

use crate::date::Date;

/// The months, as written out.
pub(crate) const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

/// A part of a written date that follows from the day and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Year,
    /// With a leading zero or without.
    Month(bool),
    Day(bool),
    /// Written out or in three letters.
    MonthName(bool),
    /// `st`, `nd`, `rd`, `th`.
    Ordinal,
    Hour,
    Minute,
    Second,
    Fraction,
    Utc,
    /// An offset with a colon or without.
    Offset(bool),
}

/// A date found at the start of a text, with the places of its parts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Written {
    pub(crate) date: Date,
    pub(crate) parts: Vec<(Range<usize>, Part)>,
    pub(crate) len: usize,
}

/// A place in a text and the parts read so far.
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
    parts: Vec<(Range<usize>, Part)>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, parts: Vec::new() }
    }

    /// `January 2, 2026`, `Jan. 2nd 2026`, `January 2026`.
    pub(crate) fn month_first(mut self) -> Option<Written> {
        let month = self.month()?;
        self.spaces()?;
        let before_day = self.at;
        let day = self.day();
        let comma = self.one_of(",").is_some();
        let day = match day {
            Some(day) if self.spaces().is_some() => day,
            _ if comma => return None,
            _ => {
                self.at = before_day;
                self.parts.truncate(1);
                1
            }
        };
        let year = self.year()?;
        self.done(year, month, day)
    }

    /// `2 January 2026`, `2nd of January, 2026`.
    pub(crate) fn day_first(mut self) -> Option<Written> {
        let day = self.day()?;
        self.spaces()?;
        if self.text[self.at..].starts_with("of ") {
            self.at += 3;
        }
        let month = self.month()?;
        let _ = self.one_of(",");
        self.spaces()?;
        let year = self.year()?;
        self.done(year, month, day)
    }

    /// Three numbers with one separator, and a time if the year comes first.
    pub(crate) fn numbers(mut self) -> Option<Written> {
        let (first, first_place) = self.number(4)?;
        let separator = self.one_of("-/.")?;
        let (second, second_place) = self.number(2)?;
        self.one_of(separator)?;
        let (third, third_place) = self.number(4)?;
        let (year, month, day) = match (first_place.len(), third_place.len()) {
            (4, 1 | 2) => ((first, first_place), (second, second_place), (third, third_place)),
            // Of `/` and `-` the American order is the rule, where it can be one.
            (1 | 2, 4) if separator == "." || first > 12 => ((third, third_place), (second, second_place), (first, first_place)),
            (1 | 2, 4) => ((third, third_place), (first, first_place), (second, second_place)),
            _ => return None,
        };
        let pad = month.1.len() == 2 && day.1.len() == 2;
        let has_time = year.1.start == 0;
        self.parts = vec![(year.1, Part::Year), (month.1, Part::Month(pad)), (day.1, Part::Day(pad))];
        self.parts.sort_by_key(|(place, _)| place.start);
        if has_time {
            self.time();
        }
        self.done(year.0, u8::try_from(month.0).ok()?, u8::try_from(day.0).ok()?)
    }

    /// The time behind a date, if there is one that can be read whole.
    fn time(&mut self) {
        let (at, parts) = (self.at, self.parts.len());
        if self.clock_time().is_none() {
            self.at = at;
            self.parts.truncate(parts);
        }
    }

    fn clock_time(&mut self) -> Option<()> {
        self.one_of("Tt ")?;
        self.two_digits(Part::Hour, 23)?;
        self.one_of(":")?;
        self.two_digits(Part::Minute, 59)?;
        if self.one_of(":").is_some() {
            self.two_digits(Part::Second, 60)?;
            if self.one_of(".").is_some() {
                let (_, place) = self.number(9)?;
                self.parts.push((place, Part::Fraction));
            }
        }
        self.zone()
    }

    fn zone(&mut self) -> Option<()> {
        let before = self.at;
        let _ = self.spaces();
        let start = self.at;
        if self.one_of("Zz").is_some() {
            self.parts.push((start..self.at, Part::Utc));
        } else if self.one_of("+-").is_some() {
            let (_, place) = self.number(4)?;
            let colon = place.len() == 2 && self.one_of(":").is_some();
            if colon {
                self.number(2).filter(|(_, place)| place.len() == 2)?;
            } else if place.len() != 4 {
                return None;
            }
            self.parts.push((start..self.at, Part::Offset(colon)));
        } else {
            self.at = before;
        }
        Some(())
    }

    fn two_digits(&mut self, part: Part, max: i64) -> Option<()> {
        let (number, place) = self.number(2)?;
        if place.len() != 2 || number > max {
            return None;
        }
        self.parts.push((place, part));
        Some(())
    }

    /// Up to `digits` digits.
    fn number(&mut self, digits: usize) -> Option<(i64, Range<usize>)> {
        let rest = &self.text.as_bytes()[self.at..];
        let len = rest.iter().take(digits).take_while(|byte| byte.is_ascii_digit()).count();
        let place = self.at..self.at + len;
        let number = self.text[place.clone()].parse().ok()?;
        self.at = place.end;
        Some((number, place))
    }

    fn year(&mut self) -> Option<i64> {
        let (year, place) = self.number(4).filter(|(_, place)| place.len() == 4)?;
        self.parts.push((place, Part::Year));
        Some(year)
    }

    fn day(&mut self) -> Option<u8> {
        let (day, place) = self.number(2)?;
        let pad = self.text[place.clone()].starts_with('0');
        self.parts.push((place, Part::Day(pad)));
        if let Some(suffix) = self.text.get(self.at..self.at + 2)
            && ["st", "nd", "rd", "th"].contains(&suffix)
        {
            self.parts.push((self.at..self.at + 2, Part::Ordinal));
            self.at += 2;
        }
        u8::try_from(day).ok()
    }

    fn month(&mut self) -> Option<u8> {
        let rest = &self.text[self.at..];
        let len = rest.find(|next: char| !next.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = &rest[..len];
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let month = MONTHS.iter().position(|name| is(name) || is(&name[..3]) || (name.len() == 9 && is(&name[..4])))?;
        let place = self.at..self.at + len;
        self.at = place.end;
        let point = self.one_of(".").is_some();
        self.parts.push((place, Part::MonthName(is(MONTHS[month]) && !point)));
        u8::try_from(month + 1).ok()
    }

    fn spaces(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let len = rest.len() - rest.trim_start_matches(' ').len();
        self.at += len;
        (len > 0).then_some(())
    }

    /// One of these characters, as text.
    fn one_of(&mut self, wanted: &str) -> Option<&'a str> {
        let next = self.text[self.at..].chars().next().filter(|next| wanted.contains(*next))?;
        let start = self.at;
        self.at += next.len_utf8();
        Some(&self.text[start..self.at])
    }

    fn done(self, year: i64, month: u8, day: u8) -> Option<Written> {
        Some(Written { date: Date::new(year, month, day)?, parts: self.parts, len: self.at })
    }
}
