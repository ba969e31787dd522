//! The procedure that turns lint fixes into an edit: try all fixes, keep those
//! under which the document means the same, and go on until nothing changes.
//! It knows rules by name only and leaves linting to a [`Rules`].

use std::collections::{BTreeMap, BTreeSet};

use crate::edits::{Hunk, hunks, lines};
use crate::guard::Meaning;

/// How often a text may change before the procedure gives up on it.
const ROUNDS_MAX: usize = 6;

/// How much something a rule saw matters.
#[cfg_attr(not(feature = "rumdl"), expect(dead_code, reason = "only the linter weighs what it sees"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Error,
    Warning,
    Note,
}

/// Something a rule saw; lines and columns count from 1, columns characters.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) rule: String,
    pub(crate) weight: Weight,
    pub(crate) message: String,
    pub(crate) start: (usize, usize),
    pub(crate) end: (usize, usize),
    /// Whether the rule would fix it.
    pub(crate) fixable: bool,
}

/// What the rules see in a text, and where their fixes lead.
#[derive(Debug, Default)]
pub(crate) struct Look {
    pub(crate) seen: Vec<Seen>,
    /// None if that is not known.
    pub(crate) fixed: Option<Fixed>,
}

/// A text in which no rule that [`is_fixed`] has anything left to fix.
#[derive(Debug)]
pub(crate) struct Fixed {
    pub(crate) text: String,
    /// What the rules still see in it; none if that is not known.
    pub(crate) left: Option<Vec<Seen>>,
}

/// A set of lint rules over plain text.
pub(crate) trait Rules {
    /// What the rules see.
    fn check(&self, path: &str, text: &str) -> Vec<Seen>;

    /// What the rules see, and where their fixes lead if that costs little.
    fn check_and_fix(&self, path: &str, text: &str) -> Look {
        Look { seen: self.check(path, text), fixed: None }
    }

    /// The text after the fixes of the named rules; none if they cannot.
    fn fix(&self, path: &str, text: &str, names: &BTreeSet<String>) -> Option<String>;
}

/// No rules at all.
#[cfg_attr(all(feature = "rumdl", not(test)), expect(dead_code, reason = "only builds without the linter need it"))]
pub(crate) struct NoRules;

impl Rules for NoRules {
    fn check(&self, _: &str, _: &str) -> Vec<Seen> {
        Vec::new()
    }

    fn fix(&self, _: &str, _: &str, _: &BTreeSet<String>) -> Option<String> {
        None
    }
}

/// Rules whose fix changes what a reader sees whenever it changes anything:
/// heading levels and texts, code and its language, link targets, wording.
/// Their fixes are never tried; nor is that of MD046, whose new fence lacks the
/// language that MD040 then misses.
const VISIBLE: [&str; 26] = [
    "MD001", "MD010", "MD011", "MD014", "MD024", "MD025", "MD026", "MD033", "MD034", "MD036", "MD037", "MD038", "MD040", "MD041",
    "MD042", "MD043", "MD044", "MD045", "MD046", "MD052", "MD054", "MD059", "MD061", "MD063", "MD072", "MD073",
];

/// The rule about the end of a file, which is left as it is: with its final
/// line feed or without.
pub(crate) const END_OF_FILE: &str = "MD047";

/// Whether fixes of the rule are ever tried.
pub(crate) fn is_fixed(rule: &str) -> bool {
    !VISIBLE.contains(&rule) && rule != END_OF_FILE
}

/// What came of a text.
pub(crate) struct Tidied {
    pub(crate) text: String,
    /// What the rules still see in it; none if that is what they saw at first.
    pub(crate) left: Option<Vec<Seen>>,
    /// Rules some of whose fixes were not made.
    pub(crate) withheld: BTreeSet<String>,
}

/// Formats a text until a further run would change nothing, from what the
/// rules see in it and, if that is known, where their fixes lead. A text that
/// does not settle is given back as it was.
pub(crate) fn tidy(rules: &dyn Rules, path: &str, text: &str, seen: &[Seen], mut fixed: Option<Fixed>) -> Tidied {
    let mut run = Run { rules, path, meaning: None, original: text, withheld: BTreeSet::new() };
    let mut current = text.to_owned();
    let mut left: Option<Vec<Seen>> = None;
    for _ in 0..ROUNDS_MAX {
        let Some(next) = run.step(&current, left.as_deref().unwrap_or(seen), fixed.take()) else {
            return Tidied { text: current, left, withheld: run.withheld };
        };
        current = next.text;
        // What is left of all fixes leads nowhere else.
        fixed = next.left.as_ref().map(|_| Fixed { text: current.clone(), left: None });
        left = Some(next.left.unwrap_or_else(|| rules.check(path, &current)));
    }
    let fixable = seen.iter().filter(|seen| seen.fixable);
    Tidied { text: text.to_owned(), left: None, withheld: fixable.map(|seen| seen.rule.clone()).collect() }
}

/// A fixed text with a final line feed if, and only if, the text before has one.
fn with_end_of(before: &str, mut fixed: String) -> String {
    match (before.ends_with('\n'), fixed.ends_with('\n')) {
        (false, true) => fixed.truncate(fixed.trim_end_matches('\n').len()),
        (true, false) => fixed.push('\n'),
        _ => {}
    }
    fixed
}

/// One text on its way.
struct Run<'a> {
    rules: &'a dyn Rules,
    path: &'a str,
    original: &'a str,
    /// The original's meaning, once it is needed.
    meaning: Option<Meaning>,
    withheld: BTreeSet<String>,
}

impl Run<'_> {
    /// The next text, or none if this one is final.
    fn step(&mut self, text: &str, seen: &[Seen], fixed: Option<Fixed>) -> Option<Fixed> {
        let names = self.fixable(seen);
        if names.is_empty() {
            return None;
        }
        if let Some(Fixed { text: fixed, left }) = fixed {
            let length = fixed.len();
            let fixed = with_end_of(text, fixed);
            if fixed == text {
                return None;
            }
            if self.keeps_meaning(&fixed) {
                return Some(Fixed { left: left.filter(|_| fixed.len() == length), text: fixed });
            }
        }
        let all = self.fixed(text, &names)?;
        let next = if self.keeps_meaning(&all) { Some(all) } else { self.one_by_one(text, names) };
        next.map(|text| Fixed { text, left: None })
    }

    /// The rules to try; those that would fix something and may not are withheld.
    fn fixable(&mut self, seen: &[Seen]) -> BTreeSet<String> {
        let names = seen.iter().filter(|one| one.fixable).map(|one| one.rule.clone());
        let (names, withheld) = names.partition(|rule| is_fixed(rule));
        self.withheld = withheld;
        names
    }

    /// Rule after rule, each on what the ones before it left.
    fn one_by_one(&mut self, text: &str, names: BTreeSet<String>) -> Option<String> {
        let mut current = text.to_owned();
        for name in names {
            let Some(next) = self.fixed(&current, &BTreeSet::from([name.clone()])) else {
                continue;
            };
            if self.keeps_meaning(&next) {
                current = next;
            } else {
                self.withheld.insert(name);
            }
        }
        (current != text).then_some(current)
    }

    fn fixed(&self, text: &str, names: &BTreeSet<String>) -> Option<String> {
        let fixed = self.rules.fix(self.path, text, names)?;
        Some(with_end_of(text, fixed)).filter(|fixed| fixed != text)
    }

    fn keeps_meaning(&mut self, text: &str) -> bool {
        let original = self.original;
        *self.meaning.get_or_insert_with(|| Meaning::of(original)) == Meaning::of(text)
    }
}

/// Tells which of the things seen in an old text are gone in a new one.
pub(crate) struct Repairs {
    /// For each rule the old lines its leftovers may be about: ranges from 0,
    /// both ends included, sorted and apart.
    left: BTreeMap<String, Vec<(usize, usize)>>,
}

impl Repairs {
    pub(crate) fn new(left: &[Seen], changes: &[Hunk]) -> Self {
        let mut lines: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
        for seen in left {
            let place = old_lines(changes, seen.start.0.saturating_sub(1));
            lines.entry(seen.rule.clone()).or_default().push(place);
        }
        Self { left: lines.into_iter().map(|(rule, places)| (rule, united(places))).collect() }
    }

    /// Whether the rule is one that is fixed, and nothing of it is left at this line.
    pub(crate) fn gone(&self, seen: &Seen) -> bool {
        if !is_fixed(&seen.rule) {
            return false;
        }
        let line = seen.start.0.saturating_sub(1);
        let Some(places) = self.left.get(&seen.rule) else {
            return true;
        };
        let after = places.partition_point(|&(first, _)| first <= line);
        after.checked_sub(1).and_then(|at| places.get(at)).is_none_or(|&(_, last)| last < line)
    }
}

fn united(mut places: Vec<(usize, usize)>) -> Vec<(usize, usize)> {
    places.sort_unstable();
    let mut apart: Vec<(usize, usize)> = Vec::new();
    for (first, last) in places {
        match apart.last_mut() {
            Some(before) if first <= before.1 => before.1 = before.1.max(last),
            _ => apart.push((first, last)),
        }
    }
    apart
}

/// The old lines, from 0 and both included, that a new line may stem from.
fn old_lines(changes: &[Hunk], line: usize) -> (usize, usize) {
    let after = changes.partition_point(|hunk| hunk.new.start <= line);
    let Some(hunk) = after.checked_sub(1).and_then(|at| changes.get(at)) else {
        return (line, line);
    };
    if line < hunk.new.end {
        return (hunk.old.start, hunk.old.end.max(hunk.old.start + 1) - 1);
    }
    let old = hunk.old.end + (line - hunk.new.end);
    (old, old)
}

/// The line changes between two plain texts.
pub(crate) fn changes(old: &str, new: &str) -> Vec<Hunk> {
    hunks(&lines(old), &lines(new))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Fixed, Look, Repairs, Rules, Seen, Tidied, Weight, changes, is_fixed, tidy};

    /// Rules made of text replacements: name, what is seen, what it becomes.
    struct Swaps(&'static [(&'static str, &'static str, &'static str)]);

    impl Rules for Swaps {
        fn check(&self, _: &str, text: &str) -> Vec<Seen> {
            let mut seen = Vec::new();
            for (line, body) in text.lines().enumerate() {
                for (rule, from, _) in self.0.iter().filter(|(_, from, _)| body.contains(from)) {
                    seen.push(Seen {
                        rule: (*rule).to_owned(),
                        weight: Weight::Warning,
                        message: (*from).to_owned(),
                        start: (line + 1, 1),
                        end: (line + 1, 2),
                        fixable: true,
                    });
                }
            }
            seen
        }

        fn fix(&self, _: &str, text: &str, names: &BTreeSet<String>) -> Option<String> {
            let used = self.0.iter().filter(|(rule, ..)| names.contains(*rule));
            Some(used.fold(text.to_owned(), |text, (_, from, to)| text.replace(from, to)))
        }
    }

    /// The same rules, which also tell where their fixes lead.
    struct Eager(&'static [(&'static str, &'static str, &'static str)]);

    impl Rules for Eager {
        fn check(&self, path: &str, text: &str) -> Vec<Seen> {
            Swaps(self.0).check(path, text)
        }

        fn fix(&self, path: &str, text: &str, names: &BTreeSet<String>) -> Option<String> {
            Swaps(self.0).fix(path, text, names)
        }

        fn check_and_fix(&self, path: &str, text: &str) -> Look {
            let may = |rule: &str, text: &str| is_fixed(rule) && self.check(path, text).iter().any(|seen| seen.rule == rule);
            let mut fixed = text.to_owned();
            for _ in 0..10 {
                for (_, from, to) in self.0.iter().filter(|(rule, ..)| is_fixed(rule)) {
                    fixed = fixed.replace(from, to);
                }
            }
            let is_stable = self.0.iter().all(|(rule, from, to)| from == to || !may(rule, &fixed));
            let left = Some(self.check(path, &fixed));
            Look { seen: self.check(path, text), fixed: is_stable.then_some(Fixed { text: fixed, left }) }
        }
    }

    fn run(rules: &dyn Rules, text: &str) -> Tidied {
        let Look { seen, fixed } = rules.check_and_fix("a.md", text);
        tidy(rules, "a.md", text, &seen, fixed)
    }

    fn check(rules: &'static [(&'static str, &'static str, &'static str)], text: &str, expected: &str, withheld: &[&str]) {
        for rules in [&Swaps(rules) as &dyn Rules, &Eager(rules)] {
            let tidied = run(rules, text);
            assert_eq!(tidied.text, expected, "{text:?}");
            assert_eq!(tidied.withheld.iter().map(String::as_str).collect::<Vec<_>>(), withheld);
            assert_eq!(run(rules, &tidied.text).text, tidied.text, "a second run changes nothing");
        }
    }

    #[test]
    fn keeps_what_keeps_the_meaning() {
        check(&[("MD004", "* ", "- ")], "* a\n* b\n", "- a\n- b\n", &[]);
        check(&[("MD004", "* ", "- "), ("MD900", "b", "c")], "* a\n* b\n", "- a\n- b\n", &["MD900"]);
        check(&[("MD026", "!", "")], "# A!\n", "# A!\n", &["MD026"]);
        check(&[("MD900", "_a_", "*a*"), ("MD901", "*a*", "_a_")], "_a_", "_a_", &["MD900"]);
        check(&[("MD900", "x", "x")], "x", "x", &[]);
        check(&[], "", "", &[]);
        // The end of a file stays as it was, with its line feed or without.
        check(&[("MD009", "a ", "a\n")], "a ", "a", &[]);
        check(&[("MD012", "a\n", "a")], "a\n", "a\n", &[]);
        check(&[("MD047", "a", "a\n")], "a", "a", &["MD047"]);
    }

    #[test]
    fn only_what_is_gone_is_repaired() {
        let old = "a \nb\nc !\n";
        let new = "a\n\nb\nc !\n";
        let rules = Swaps(&[("MD009", " ", ""), ("MD010", "!", "")]);
        let repairs = Repairs::new(&rules.check("", new), &changes(old, new));
        let gone: Vec<bool> = rules.check("", old).iter().map(|seen| repairs.gone(seen)).collect();
        assert_eq!(gone, [true, false, false]);
    }
}
