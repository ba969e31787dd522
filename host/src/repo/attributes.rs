//! Which paths a `.gitattributes` file gives a filter: their blob is not their
//! content, so they are not edited. Only that one question is answered, and in
//! doubt the answer is yes.

use regex::Regex;

use crate::path::RepoPath;

/// Rules that are kept.
const RULES_MAX: usize = 2_000;

/// The lines of all `.gitattributes` files that speak of filters.
#[derive(Debug, Default)]
pub struct Filters {
    rules: Vec<Rule>,
    /// There were more rules than are kept: every path may have a filter.
    overflow: bool,
    macros: Vec<String>,
}

#[derive(Debug)]
struct Rule {
    /// Matches whole paths of the repository.
    pattern: Regex,
    filters: bool,
}

impl Filters {
    /// Adds a `.gitattributes` file. Files of outer folders come first, so
    /// that inner ones win.
    pub fn add(&mut self, file: &RepoPath, text: &str) {
        let folder = file.as_str().strip_suffix(".gitattributes").unwrap_or_default();
        for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with('#')) {
            let mut words = line.split_ascii_whitespace();
            let Some(pattern) = words.next() else { continue };
            let Some(filters) = words.filter_map(|word| self.filter_word(word)).next_back() else { continue };
            if let Some(name) = pattern.strip_prefix("[attr]") {
                self.macros.push(name.to_owned());
            } else if self.rules.len() >= RULES_MAX {
                self.overflow = true;
            } else if let Some(pattern) = translate(folder, pattern) {
                self.rules.push(Rule { pattern, filters });
            }
        }
    }

    /// Whether the path has a filter: the last rule that matches decides.
    #[must_use]
    pub fn cover(&self, path: &RepoPath) -> bool {
        if self.overflow {
            return true;
        }
        let matching = self.rules.iter().rev().find(|rule| rule.pattern.is_match(path.as_str()));
        matching.is_some_and(|rule| rule.filters)
    }

    fn filter_word(&self, word: &str) -> Option<bool> {
        match word {
            "-filter" | "!filter" => Some(false),
            "filter" => Some(true),
            // `ident` rewrites `$Id$` on checkout and back again.
            _ if word.starts_with("filter=") || word == "ident" => Some(true),
            _ => self.macros.iter().any(|name| name == word).then_some(true),
        }
    }
}

/// A pattern without a slash matches a name at any depth; another one is
/// anchored at the folder of the file.
fn translate(folder: &str, pattern: &str) -> Option<Regex> {
    if pattern.starts_with('"') {
        // A quoted pattern has escapes of its own; in doubt, everything in the folder.
        return Regex::new(&format!("^{}", regex::escape(folder))).ok();
    }
    let anchored = pattern.trim_end_matches('/').contains('/');
    let mut regex = format!("^{}{}", regex::escape(folder), if anchored { "" } else { "(?:.*/)?" });
    let mut rest = pattern.trim_start_matches('/');
    while let Some(char) = rest.chars().next() {
        let (length, text) = match char {
            '*' if rest.starts_with("**/") => (3, "(?:.*/)?".to_owned()),
            '*' if rest.starts_with("**") => (2, ".*".to_owned()),
            '*' => (1, "[^/]*".to_owned()),
            '?' => (1, "[^/]".to_owned()),
            '[' => match rest.find(']') {
                Some(end) => (end + 1, rest[..=end].replacen("[!", "[^", 1)),
                None => (1, "\\[".to_owned()),
            },
            '\\' => (1, String::new()),
            char => (char.len_utf8(), regex::escape(char.encode_utf8(&mut [0; 4]))),
        };
        regex.push_str(&text);
        rest = &rest[length..];
    }
    regex.push_str("(?:/.*)?$");
    // A pattern that is no regular expression here covers everything below: in doubt, yes.
    Regex::new(&regex).or_else(|_| Regex::new(&format!("^{}", regex::escape(folder)))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_52_finds_filtered_paths() {
        let mut filters = Filters::default();
        let file = |text| RepoPath::new(text).expect("path");
        filters.add(
            &file(".gitattributes"),
            "# filter=x\n*.psd filter=lfs diff=lfs -text\n/big/** filter=lfs\n[attr]heavy filter=lfs\n*.bin heavy\n*.txt text\n",
        );
        filters.add(&file("docs/.gitattributes"), "*.psd -filter\nsub/[ab].md filter=crypt\n[bad filter=x\n");
        let rows = [
            ("a.psd", true),
            ("x/y/a.psd", true),
            ("docs/a.psd", false),
            ("big/x/y", true),
            ("x/big/y", false),
            ("a.bin", true),
            ("a.txt", false),
            ("docs/sub/a.md", true),
            ("docs/sub/c.md", false),
            ("sub/a.md", false),
            ("docs/a.md", false),
        ];
        for (path, expected) in rows {
            assert_eq!(filters.cover(&file(path)), expected, "{path}");
        }
    }
}
