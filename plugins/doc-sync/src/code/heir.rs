//! What took a name's place: names that the very commit brought that took the
//! other one away, by how alike they are.

use std::collections::BTreeSet;

use crate::code::define::{all_in, derives_flags};
use crate::document::mention::Kind;
use crate::words::{has, likeness, places};

/// Hundredths of likeness from which on a name is one of those that may be meant, and from which on it is meant.
const ALIKE_MIN: usize = 45;
const ALIKE_SURE: usize = 62;
/// Names that are told of where none is meant.
const TOLD_MAX: usize = 3;

/// What a name is called now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heir {
    /// The place that made it is the same but for the name.
    Certain(String),
    /// Much speaks for it.
    Likely(String),
    /// Names that came when it went.
    Unknown(Vec<String>),
}

impl Heir {
    /// The one name that is meant.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Certain(name) | Self::Likely(name) => Some(name),
            Self::Unknown(_) => None,
        }
    }

    /// All names that may be meant.
    pub(crate) fn all(&self) -> Vec<&str> {
        match self {
            Self::Certain(name) | Self::Likely(name) => vec![name],
            Self::Unknown(names) => names.iter().map(String::as_str).collect(),
        }
    }
}

/// Who took the place of `name`, whose `line` a commit took away that made `after` of `before`. Only names that
/// stand in `now` count.
pub(crate) fn of(kind: Kind, name: &str, line: &str, (before, after): (&str, &str), now: &str) -> Heir {
    let known: BTreeSet<&str> = before.lines().collect();
    let added: Vec<&str> = after.lines().filter(|line| !known.contains(line)).collect();
    let mut found = all_in(kind, &added, derives_flags(after));
    found.retain(|one| one.name != name && !has(before, one.name) && has(now, one.name));
    found.sort_by(|one, other| one.name.cmp(other.name));
    found.dedup_by(|one, other| one.name == other.name);
    let spelled = |name: &str| if kind == Kind::Flag { name.replace('_', "-") } else { name.to_owned() };
    let same: Vec<&str> =
        found.iter().filter(|one| renamed(one.line, one.name, name).trim() == line.trim()).map(|one| one.name).collect();
    if let [only] = same[..] {
        return Heir::Certain(spelled(only));
    }
    let mut ranked: Vec<(usize, String)> =
        found.iter().map(|one| (likeness(name, &spelled(one.name)), spelled(one.name))).collect();
    ranked.sort_by(|one, other| other.cmp(one));
    match &ranked[..] {
        [(best, name), rest @ ..] if *best >= ALIKE_SURE && rest.first().is_none_or(|(next, _)| next + 12 <= *best) => {
            Heir::Likely(name.clone())
        }
        _ => Heir::Unknown(
            ranked.into_iter().filter(|(alike, _)| *alike >= ALIKE_MIN).take(TOLD_MAX).map(|(_, name)| name).collect(),
        ),
    }
}

/// A line with one name for another.
fn renamed(line: &str, from: &str, to: &str) -> String {
    let (mut out, mut end) = (String::new(), 0);
    for place in places(line, from) {
        out.push_str(&line[end..place.start]);
        out.push_str(to);
        end = place.end;
    }
    out.push_str(&line[end..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, name: &str, line: &str, before: &str, after: &str, expected: Heir) {
        assert_eq!(of(kind, name, line, (before, after), after), expected);
    }

    #[test]
    fn the_same_line_with_another_name_is_certain() {
        let (before, after) = ("fn read_all() {\n}\nfn other() {}\n", "fn load() {\n}\nfn other() {}\nfn more_of_it() {}\n");
        check(Kind::Symbol, "read_all", "fn read_all() {", before, after, Heir::Certain("load".to_owned()));
        let (before, after) = ("o('--colour', option)\n", "o('--color', option)\n");
        check(Kind::Flag, "colour", "o('--colour', option)", before, after, Heir::Certain("color".to_owned()));
    }

    #[test]
    fn a_name_that_is_alike_is_likely_and_others_are_told_of() {
        let line = "    pub color_mode: Mode,";
        let before = format!("#[arg(long)]\n{line}\n");
        let after = "#[arg(long)]\n    pub colour_mode: String,\n    pub verbose: bool,\n";
        check(Kind::Flag, "color-mode", line, &before, after, Heir::Likely("colour-mode".to_owned()));
        check(Kind::Symbol, "read_all", "fn read_all()", "fn read_all()", "fn zzz() {}", Heir::Unknown(Vec::new()));
    }

    #[test]
    fn what_was_there_before_is_no_heir() {
        let (before, after) = ("fn read_all() {}\nfn read_any() {}\n", "pub fn read_any() {}\n");
        check(Kind::Symbol, "read_all", "fn read_all() {}", before, after, Heir::Unknown(Vec::new()));
    }
}
