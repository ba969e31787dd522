//! Paths folded to a pattern of the glob dialect: folder and ending, and from
//! there upwards. A leading dot is always written, since no wildcard takes one.

use std::fmt;

use crate::glob::{PATTERN_BYTES_MAX, written};

/// How far patterns are raised at most.
pub const HEIGHT_MAX: u8 = 3;

/// A pattern `FOLDER/LAST`, or `FOLDER/**/LAST` for any depth below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fold {
    /// Components of the folder, as patterns.
    folder: Vec<String>,
    deep: bool,
    last: String,
}

/// The ending of a name that has one, without the dot; a leading dot begins none.
#[must_use]
pub fn ending(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty() && !stem.starts_with('.') && !ending.is_empty()).then_some(ending)
}

/// A component as a pattern; one that cannot be said gives way to a wildcard.
fn component(name: &str) -> String {
    written(name).unwrap_or_else(|| if name.starts_with('.') { ".*".to_owned() } else { "*".to_owned() })
}

impl Fold {
    /// The pattern of a folder (empty for the root) and a name, or an ending.
    #[must_use]
    pub fn new(folder: &str, last: &str, is_ending: bool) -> Self {
        let folder: Vec<String> = folder.split('/').filter(|name| !name.is_empty()).map(component).collect();
        let last =
            if is_ending { written(last).map_or_else(|| "*".to_owned(), |last| format!("*.{last}")) } else { component(last) };
        let fold = Self { folder, deep: false, last };
        // What is too long for a pattern is said from further up.
        let raised = (0..=HEIGHT_MAX).map(|height| fold.raised(height));
        raised.into_iter().find(|fold| fold.to_string().len() <= PATTERN_BYTES_MAX).unwrap_or(Self {
            folder: Vec::new(),
            deep: false,
            last: "**".to_owned(),
        })
    }

    /// Reads a pattern that this file made.
    #[must_use]
    pub fn parse(pattern: &str) -> Self {
        let mut folder: Vec<String> = pattern.split('/').map(str::to_owned).collect();
        let last = folder.pop().unwrap_or_default();
        let deep = folder.last().is_some_and(|component| component == "**");
        folder.truncate(folder.len() - usize::from(deep));
        Self { folder, deep, last }
    }

    /// The same from further up: 1 is the outermost folder, 2 the root, 3 the
    /// root whatever the ending. A folder with a leading dot is not left out.
    #[must_use]
    pub fn raised(&self, height: u8) -> Self {
        let kept = match height {
            0 => return self.clone(),
            1 => self.dotted().max(1),
            _ => self.dotted(),
        };
        let raised = self.below(kept);
        if height < HEIGHT_MAX || raised.last.starts_with('.') {
            return raised;
        }
        Self { deep: false, last: "**".to_owned(), ..raised }
    }

    /// The same at any depth below the first components of its folder.
    fn below(&self, kept: usize) -> Self {
        if kept >= self.folder.len() {
            return self.clone();
        }
        Self { folder: self.folder[..kept].to_vec(), deep: true, last: self.last.clone() }
    }

    /// How many components of the folder a wildcard cannot stand for.
    fn dotted(&self) -> usize {
        self.folder.iter().rposition(|component| component.starts_with('.')).map_or(0, |at| at + 1)
    }

    /// What it has in common with patterns that may become one with it: the name
    /// or ending, and the folders that must be written.
    #[must_use]
    pub fn kin(&self) -> (Vec<String>, String) {
        (self.folder[..self.dotted()].to_vec(), self.last.clone())
    }

    /// One pattern for kin: at any depth below their nearest common folder.
    #[must_use]
    pub fn common(kin: &[Self]) -> Option<Self> {
        let (first, others) = kin.split_first()?;
        let shared = |other: &Self| first.folder.iter().zip(&other.folder).take_while(|(one, other)| one == other).count();
        let kept = others.iter().map(shared).min().unwrap_or(first.folder.len());
        Some(Self { folder: first.folder[..kept].to_vec(), deep: true, last: first.last.clone() })
    }

    /// Paths that stand for all that it matches, with names that nobody has.
    #[must_use]
    pub fn witnesses(&self) -> Vec<String> {
        const NAME: &str = "\u{e000}\u{e123}\u{e000}";
        let said = |component: &str| unwritten(component).replace('*', NAME);
        let folder: Vec<String> = self.folder.iter().map(|component| said(component)).collect();
        let depths: &[usize] = if self.deep || self.last == "**" { &[0, 1, 2, 3, 7] } else { &[0] };
        let last = if self.last == "**" { NAME.to_owned() } else { said(&self.last) };
        let path = |depth: &usize| {
            let between = std::iter::repeat_n(NAME.to_owned(), *depth);
            folder.iter().cloned().chain(between).chain([last.clone()]).collect::<Vec<_>>().join("/")
        };
        depths.iter().map(path).collect()
    }
}

/// The name that a component was written for.
fn unwritten(component: &str) -> String {
    let mut name = String::with_capacity(component.len());
    let mut chars = component.chars();
    while let Some(char) = chars.next() {
        match char {
            '[' => {
                name.extend(chars.next());
                chars.next();
            }
            char => name.push(char),
        }
    }
    name
}

impl fmt::Display for Fold {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = self.deep.then_some("**");
        let all = self.folder.iter().map(String::as_str).chain(between).chain([self.last.as_str()]);
        out.write_str(&all.collect::<Vec<_>>().join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::glob::Globs;

    fn fold(path: &str) -> Fold {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        ending(name).map_or_else(|| Fold::new(folder, name, false), |last| Fold::new(folder, last, true))
    }

    #[test]
    fn every_height_matches_the_path() {
        let rows = [
            ("docs/a/b.md", ["docs/a/*.md", "docs/**/*.md", "**/*.md", "**"]),
            ("LICENSE", ["LICENSE", "LICENSE", "LICENSE", "**"]),
            (".github/x/y/a.yml", [".github/x/y/*.yml", ".github/**/*.yml", ".github/**/*.yml", ".github/**"]),
            ("a/.b/c/.d.toml", ["a/.b/c/.d.toml", "a/.b/**/.d.toml", "a/.b/**/.d.toml", "a/.b/**/.d.toml"]),
            ("[x]/{y}.md", ["[[]x]/*.md", "[[]x]/*.md", "**/*.md", "**"]),
            ("a\u{200b}b/c.md", ["*/*.md", "*/*.md", "**/*.md", "**"]),
        ];
        for (path, expected) in rows {
            for (height, expected) in (0..).zip(expected) {
                let pattern = fold(path).raised(height).to_string();
                assert_eq!(pattern, expected, "{path} at {height}");
                assert!(Globs::new(&[&pattern]).expect("a pattern").matches(path), "{pattern} on {path}");
                assert_eq!(Fold::parse(&pattern).to_string(), pattern);
            }
        }
        let long = format!("{}/a.md", "x".repeat(254));
        assert_eq!(fold(&long).to_string(), "**/*.md");
    }

    #[test]
    fn kin_become_one_below_their_nearest_folder() {
        let kin = ["docs/a/x.md", "docs/a/b/y.md"].map(fold);
        assert_eq!(Fold::common(&kin).expect("kin").to_string(), "docs/a/**/*.md");
        assert_ne!(fold("a/.x/b.md").kin(), fold("a/b.md").kin());
        assert_ne!(fold("a/x.md").kin(), fold("a/x.txt").kin());
    }

    #[test]
    fn a_witness_is_matched_by_its_own_pattern() {
        for pattern in ["docs/*.md", "docs/**/*.md", "**/LICENSE", "**", ".x/**/.y", "[[]x]/*.md", "*/*.md"] {
            let globs = Globs::new(&[pattern]).expect("a pattern");
            for witness in Fold::parse(pattern).witnesses() {
                assert!(globs.matches(&witness), "{pattern} on {witness}");
            }
        }
    }
}
