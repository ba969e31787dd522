//! The glob dialect of grants and listings. It is small, it is a table in
//! `docs/configuration.md`, and matching takes time linear in the path: a
//! plugin may hand us a pattern.

use regex::bytes::{Regex, RegexSet, RegexSetBuilder};

/// Bytes of one pattern.
pub const PATTERN_BYTES_MAX: usize = 256;
/// Patterns in one list.
pub const PATTERNS_MAX: usize = 64;

/// A list of patterns; a path matches if one of them does. Empty matches nothing.
#[derive(Debug, Clone)]
pub struct Globs {
    patterns: Vec<String>,
    set: RegexSet,
}

/// A pattern that the dialect does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad pattern `{pattern}`: {reason}")]
pub struct InvalidPattern {
    /// The pattern.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Globs {
    /// Compiles a list of patterns.
    ///
    /// # Errors
    /// [`InvalidPattern`] for the first one that is outside the dialect.
    pub fn new<S: AsRef<str>>(patterns: &[S]) -> Result<Self, InvalidPattern> {
        let invalid = |pattern: &str, reason| InvalidPattern { pattern: pattern.chars().take(300).collect(), reason };
        if patterns.len() > PATTERNS_MAX {
            return Err(invalid(patterns[PATTERNS_MAX].as_ref(), "the list is longer than 64 patterns"));
        }
        let mut regexes = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            let pattern = pattern.as_ref();
            regexes.push(translate(pattern).map_err(|reason| invalid(pattern, reason))?);
        }
        let too_large = |_| match regexes.iter().position(|regex| Regex::new(regex).is_err()) {
            Some(at) => invalid(patterns[at].as_ref(), "it is too large"),
            None => invalid("", "the list is too large"),
        };
        let set = RegexSetBuilder::new(&regexes).size_limit(16 << 20).build().map_err(too_large)?;
        Ok(Self { patterns: patterns.iter().map(|pattern| pattern.as_ref().to_owned()).collect(), set })
    }

    /// The list that matches nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { patterns: Vec::new(), set: RegexSet::empty() }
    }

    /// Whether one of the patterns matches the whole path.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path.as_bytes())
    }

    /// Whether one of the patterns is this very path, with no wildcard.
    #[must_use]
    pub fn names(&self, path: &str) -> bool {
        self.patterns.iter().any(|pattern| pattern == path)
    }

    /// The places, from 0, of the patterns that match the whole path.
    pub fn matching(&self, path: &str) -> impl Iterator<Item = usize> + use<> {
        self.set.matches(path.as_bytes()).into_iter()
    }

    /// The patterns as written.
    #[must_use]
    pub fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }
}

/// Whether a pattern is a plain path.
#[must_use]
pub fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '[', ']', '{', '}', '\\'])
}

/// A name as a pattern that matches it alone; none if no pattern can say it.
#[must_use]
pub fn written(name: &str) -> Option<String> {
    let is_sayable = |char: char| !char.is_control() && !crate::clean::is_hidden(char);
    let mut pattern = String::with_capacity(name.len());
    for char in name.chars() {
        match char {
            '*' | '?' | '[' | '{' | '}' | '\\' => pattern.extend(['[', char, ']']),
            char => pattern.push(char),
        }
    }
    name.chars().all(is_sayable).then_some(pattern)
}

/// A name without a leading dot. Bytes will do where any number of characters
/// may stand, and take a fraction of the time to compile.
const VISIBLE: &str = "(?-u:[^/.][^/]*)";

/// Turns a pattern into an anchored regular expression.
fn translate(pattern: &str) -> Result<String, &'static str> {
    if pattern.is_empty() || pattern.len() > PATTERN_BYTES_MAX {
        return Err("a pattern has 1 to 256 bytes");
    }
    if pattern.contains(|char: char| char.is_control() || crate::clean::is_hidden(char)) {
        return Err("it has a control character or an invisible one");
    }
    let components: Vec<&str> = pattern.split('/').collect();
    let mut regex = String::from("^");
    for (index, component) in components.iter().enumerate() {
        let last = index + 1 == components.len();
        match *component {
            "" => return Err("it has an empty component (no `/` at either end, no `//`)"),
            "." | ".." => return Err("it has a component `.` or `..`"),
            "**" if last => regex.push_str(&format!("(?:{VISIBLE}/)*{VISIBLE}")),
            "**" => regex.push_str(&format!("(?:{VISIBLE}/)*")),
            component => {
                regex.push_str(&translate_component(component)?);
                if !last {
                    regex.push('/');
                }
            }
        }
    }
    regex.push('$');
    Ok(regex)
}

fn translate_component(component: &str) -> Result<String, &'static str> {
    if component.contains("**") {
        return Err("`**` must be a whole component");
    }
    let Some(rest) = component.strip_prefix('*') else { return translate_rest(component, true) };
    // A name with a leading dot wants its dot written first, so a `*` in front either takes a character that is no
    // dot, or nothing, and then what follows must not begin with a dot either.
    let some = format!("{VISIBLE}{}", translate_rest(rest, false)?);
    if rest.is_empty() || rest.starts_with('.') {
        return Ok(some);
    }
    Ok(format!("(?:{some}|{})", translate_rest(rest, true)?))
}

/// A component, or what follows its first `*`; `start` says whether a leading
/// dot could be met here.
fn translate_rest(rest: &str, mut start: bool) -> Result<String, &'static str> {
    let mut regex = String::new();
    let mut chars = rest.chars();
    while let Some(char) = chars.next() {
        match char {
            '*' => regex.push_str("(?-u:[^/]*)"),
            '?' if start => regex.push_str("[^/.]"),
            '?' => regex.push_str("[^/]"),
            '[' => regex.push_str(&translate_class(&mut chars, start)?),
            '{' | '}' => return Err("`{` and `}` are not part of the dialect: write two patterns"),
            '\\' => return Err("`\\` is not part of the dialect: put the character into `[ ]`"),
            char => regex.push_str(&regex::escape(char.encode_utf8(&mut [0; 4]))),
        }
        start = false;
    }
    Ok(regex)
}

/// `[abc]`, `[a-z]`, `[!a-z]`; a `]` right at the start stands for itself.
fn translate_class(chars: &mut impl Iterator<Item = char>, start: bool) -> Result<String, &'static str> {
    let mut members = Vec::new();
    let mut negated = false;
    loop {
        match chars.next() {
            None | Some('/') => return Err("`[` has no `]`"),
            Some('!') if members.is_empty() && !negated => negated = true,
            Some(']') if !members.is_empty() => break,
            Some(char) => members.push(char),
        }
    }
    let mut class = String::from(if negated { "[^/" } else { "[" });
    if negated && start {
        class.push('.');
    }
    let mut at = 0;
    while at < members.len() {
        let range = members.get(at + 1) == Some(&'-') && at + 2 < members.len();
        let end = if range { members[at + 2] } else { members[at] };
        if end < members[at] {
            return Err("a range in `[ ]` runs backwards");
        }
        if start && !negated && (members[at]..=end).contains(&'.') {
            return Err("write a leading dot outside `[ ]`");
        }
        class.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", u32::from(members[at]), u32::from(end)));
        at += if range { 3 } else { 1 };
    }
    class.push(']');
    // A range may span `/`, which never stands inside a component.
    Ok(if negated { class } else { format!("[{class}&&[^/]]") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_55_the_table_holds() {
        let rows: &[(&str, &str, bool)] = &[
            ("docs/*.md", "docs/a.md", true),
            ("docs/*.md", "docs/a/b.md", false),
            ("docs/*.md", "docs/.md", false),
            ("docs/*.md", "docs/.a.md", false),
            ("docs/.*.md", "docs/.a.md", true),
            ("*?x", ".x", false),
            ("*?x", "ax", true),
            ("*x", ".x", false),
            ("**", "a", true),
            ("**", "a/b/c", true),
            ("**", ".env", false),
            ("**", "a/.env", false),
            ("**", ".a/b", false),
            ("**/*.md", "a.md", true),
            ("**/*.md", "x/y/a.md", true),
            ("**/*.md", "x/.y/a.md", false),
            (".github/**", ".github/a/b", true),
            ("docs/**", "docs", false),
            ("docs/**/x.md", "docs/x.md", true),
            ("docs/**/x.md", "docs/a/b/x.md", true),
            ("*", "a/b", false),
            ("a*", "a", true),
            ("*a", "a", true),
            ("?.md", "a.md", true),
            ("?.md", "..md", false),
            ("?.md", "ab.md", false),
            ("[ab].md", "a.md", true),
            ("[!ab].md", "c.md", true),
            ("[!ab].md", "..md", false),
            ("x[+-0].md", "x/.md", false),
            ("[]x].md", "].md", true),
            ("[[]x.md", "[x.md", true),
            ("a.md", "aXmd", false),
            ("a.md", "A.md", false),
            ("é*.md", "été.md", true),
            ("*[!é].md", "é.md", false),
            ("a*?b", "aéb", true),
            ("a??b", "aéb", false),
            ("a*??b", "aéb", false),
            ("a*??b", "aéèb", true),
        ];
        for (pattern, path, expected) in rows {
            let globs = Globs::new(&[pattern]).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(globs.matches(path), *expected, "{pattern} on {path}");
        }
        assert!(!Globs::new::<&str>(&[]).expect("empty").matches("a"));
    }

    #[test]
    fn a_written_name_matches_itself_alone() {
        for name in ["a.md", "[draft] a.md", "{x}", "a]b", "x[", "déjà"] {
            let pattern = written(name).unwrap_or_else(|| panic!("{name}"));
            let globs = Globs::new(&[&pattern]).unwrap_or_else(|error| panic!("{error}"));
            assert!(globs.matches(name) && !globs.matches("x") && !globs.matches("d a.md"), "{pattern}");
        }
        assert_eq!(written("a\u{200b}b"), None);
        assert_eq!(Globs::new(&["*.md", "a*", "b"]).expect("globs").matching("a.md").collect::<Vec<_>>(), [0, 1]);
    }

    #[test]
    fn refuses_what_is_outside_the_dialect() {
        let long = "a".repeat(257);
        for pattern in ["", "/a", "a/", "a//b", "./a", "../a", "a**", "{a,b}", "a\\*", "[a", "[z-a]", "[.a]x", "*[+-0]x", &long] {
            assert!(Globs::new(&[pattern]).is_err(), "{pattern}");
        }
    }
}
