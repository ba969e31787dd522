//! The check of one document: what is seen, what is proposed, and which
//! proposal takes care of what. It brings the parts together and reads nothing
//! but the document it is given and, through [`History`], its past.

use std::collections::BTreeSet;
use std::ops::Range;

use lifeos_sdk::{Change, Document, Edit, Finding, Report, Severity};

use crate::dating::{self, Dated, Wrong};
use crate::edits::{lines, replacements, shortened, span};
use crate::facts::gather::{self, Gathered, Wanted};
use crate::facts::toc_file;
use crate::format::{END_OF_FILE, Look, Repairs, Rules, Seen, Weight, changes, tidy};
use crate::history::History;
use crate::options::Options;
use crate::source::Source;
use crate::{terms, toc};

/// The contract's bound on findings of one document.
const FINDINGS_MAX: usize = 10_000;

/// Why a fix that exists is not proposed.
const WITHHELD: &str = "fix withheld: it would change how the document renders";

/// Why no fix of a document is tried.
const UNFORMATTED: &str = "not formatted: the generator of this site does not read it as CommonMark";

/// Why the end of a file is not mended.
const END_KEPT: &str = "fix withheld: whether a file ends with a line feed is left to its authors";

/// What to do about a date that cannot be put right.
const REWRITE: &str = "write the date as 2026-01-31, or in another form this task reads without doubt";

/// What checks each document of a run.
pub(crate) struct Checker {
    options: Options,
    rules: Box<dyn Rules + Send + Sync>,
    history: Option<Box<dyn History + Send + Sync>>,
    /// Folders whose documents are no CommonMark.
    unformatted: Vec<String>,
}

/// The text proposed for a document.
struct Proposed {
    /// What the rules see in the document as it is.
    seen: Vec<Seen>,
    text: String,
    /// What the rules still see in it; none if that is what they saw at first.
    left: Option<Vec<Seen>>,
    withheld: BTreeSet<String>,
    /// Whether no fix was tried, since the document is no CommonMark.
    is_unformatted: bool,
}

impl Checker {
    pub(crate) fn new(
        options: Options,
        rules: Box<dyn Rules + Send + Sync>,
        history: Option<Box<dyn History + Send + Sync>>,
        unformatted: Vec<String>,
    ) -> Self {
        Self { options, rules, history, unformatted }
    }

    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    pub(crate) fn check(&self, document: &Document) -> Report {
        let source = Source::new(&document.text);
        if let Some(notation) = toc_file::notation(&document.path) {
            return Report { summary: gather::navigation(&source, notation).encoded(), ..Report::default() };
        }
        let dated = self.dated(document, &source);
        let proposed = self.proposed(document, &source, &dated);
        let is_changed = proposed.text != source.plain();
        let changed = if is_changed { changes(source.plain(), &proposed.text) } else { Vec::new() };
        let told = Told { document, source: &source };
        let mut findings: Vec<Finding> = dated.wrong.iter().map(|wrong| told.stamp(wrong)).collect();
        if self.options.lint {
            let repairs = Repairs::new(proposed.left.as_deref().unwrap_or(&proposed.seen), &changed);
            findings.extend(proposed.seen.iter().take(FINDINGS_MAX).map(|seen| {
                let repaired = !changed.is_empty() && repairs.gone(seen);
                let is_withheld = seen.fixable && !repaired && proposed.withheld.contains(&seen.rule);
                let why = match () {
                    () if seen.rule == END_OF_FILE => END_KEPT,
                    () if proposed.is_unformatted => UNFORMATTED,
                    () => WITHHELD,
                };
                told.lint(seen, repaired, is_withheld.then_some(why))
            }));
        }
        let mut gathered = self.gathered(&source);
        findings.extend(toc::drift(&source, &gathered).iter().filter(|_| self.options.tocs).map(|drift| told.drift(drift)));
        let variants = terms::variants(source.plain(), &gathered.prose, &self.options.terms);
        findings.extend(variants.iter().map(|variant| told.variant(variant)));
        findings.truncate(FINDINGS_MAX);
        gathered.facts.history_missing = dated.history_missing;
        Report {
            findings,
            replacements: if is_changed { replacements(&source, &changed, &lines(&proposed.text)) } else { Vec::new() },
            summary: gathered.facts.encoded(),
        }
    }

    /// The edit that turns a document into a text that has been repaired,
    /// formatted and dated as `check` does it; none if nothing is to change.
    pub(crate) fn edit(&self, document: &Document, repaired: &str) -> Option<Edit> {
        let new = Document { text: repaired.to_owned(), ..document.clone() };
        let source = Source::new(&new.text);
        let proposed = self.proposed(&new, &source, &self.dated(&new, &source));
        let old = Source::new(&document.text);
        let changed = changes(old.plain(), &proposed.text);
        let replacements = replacements(&old, &changed, &lines(&proposed.text));
        let (path, id) = (document.path.clone(), document.id.clone());
        (!replacements.is_empty()).then_some(Edit::Change(Change { path, id, replacements }))
    }

    fn gathered(&self, source: &Source<'_>) -> Gathered {
        gather::gather(source, Wanted { version_keys: &self.options.version_keys, prose: !self.options.terms.is_empty() })
    }

    fn dated(&self, document: &Document, source: &Source<'_>) -> Dated {
        if !self.options.stamps {
            return Dated::default();
        }
        let history = self.history.as_deref().map(|history| history as &dyn History);
        dating::check(history, &document.path, source.plain(), &self.options)
    }

    /// Dates first and formatting on top, so that a second run finds both done.
    fn proposed(&self, document: &Document, source: &Source<'_>, dated: &Dated) -> Proposed {
        let (plain, path) = (source.plain(), &document.path);
        let text = if document.editable { dating::righted(plain, &dated.wrong) } else { plain.to_owned() };
        let is_wanted = document.editable && self.options.format && !source.has_lone_return();
        let is_formatted = is_wanted && !self.is_no_commonmark(path, plain);
        let is_dated = text != plain;
        let first = self.look(path, plain, is_formatted && !is_dated);
        let second = is_dated.then(|| self.look(path, &text, is_formatted));
        let (seen, (left, fixed)) = match second {
            None => (first.seen, (None, first.fixed)),
            Some(second) => (first.seen, (Some(second.seen), second.fixed)),
        };
        if !is_formatted {
            let withheld = seen.iter().filter(|one| is_wanted && one.fixable).map(|one| one.rule.clone()).collect();
            return Proposed { seen, text, left, withheld, is_unformatted: is_wanted };
        }
        let tidied = tidy(&*self.rules, path, &text, left.as_deref().unwrap_or(&seen), fixed);
        Proposed { seen, text: tidied.text, left: tidied.left.or(left), withheld: tidied.withheld, is_unformatted: false }
    }

    /// Whether Python-Markdown reads the document: by its site, or by blocks that
    /// only that knows. The guard judges by CommonMark, to which indented text is
    /// another thing.
    fn is_no_commonmark(&self, path: &str, text: &str) -> bool {
        let is_block = |line: &str| ["!!! ", "??? ", "???+ ", "=== \""].iter().any(|sign| line.trim_start().starts_with(sign));
        self.unformatted.iter().any(|folder| path.starts_with(folder)) || text.lines().any(is_block)
    }

    fn look(&self, path: &str, text: &str, with_fixes: bool) -> Look {
        if !self.options.lint && !self.options.format {
            return Look::default();
        }
        match with_fixes {
            true => self.rules.check_and_fix(path, text),
            false => Look { seen: self.rules.check(path, text), fixed: None },
        }
    }
}

/// Findings of one document.
struct Told<'a> {
    document: &'a Document,
    source: &'a Source<'a>,
}

impl Told<'_> {
    fn stamp(&self, wrong: &Wrong) -> Finding {
        Finding {
            rule: if wrong.malformed { "stamp/malformed" } else { "stamp/outdated" }.to_owned(),
            severity: if wrong.malformed { Severity::Error } else { Severity::Warning },
            path: Some(self.document.path.clone()),
            span: Some(span(self.source.original(wrong.place.start)..self.source.original(wrong.place.end))),
            message: shortened(&wrong.message),
            help: wrong.right.is_none().then(|| REWRITE.to_owned()),
            repaired: wrong.right.is_some() && self.document.editable,
        }
    }

    fn drift(&self, drift: &toc::Drift) -> Finding {
        self.warning("toc/drift", &drift.place, &drift.message, "make the table of contents anew")
    }

    fn variant(&self, variant: &terms::Variant<'_>) -> Finding {
        let written = &self.source.plain()[variant.place.clone()];
        let message = format!("`{written}` is written `{}` here", variant.term);
        self.warning("term/variant", &variant.place, &message, "write the term as the option `terms` has it")
    }

    fn warning(&self, rule: &str, place: &Range<usize>, message: &str, help: &str) -> Finding {
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Warning,
            path: Some(self.document.path.clone()),
            span: Some(span(self.source.original(place.start)..self.source.original(place.end))),
            message: shortened(message),
            help: Some(help.to_owned()),
            repaired: false,
        }
    }

    fn lint(&self, seen: &Seen, repaired: bool, withheld: Option<&str>) -> Finding {
        let start = self.source.offset(seen.start.0, seen.start.1);
        let end = self.source.offset(seen.end.0, seen.end.1);
        Finding {
            rule: seen.rule.clone(),
            severity: match seen.weight {
                Weight::Error => Severity::Error,
                Weight::Warning => Severity::Warning,
                Weight::Note => Severity::Note,
            },
            path: Some(self.document.path.clone()),
            span: Some(span(start..end.max(start))),
            message: shortened(&seen.message),
            help: withheld.map(str::to_owned),
            repaired,
        }
    }
}

#[cfg(test)]
mod tests {
    use lifeos_sdk::{Document, Summary};

    use super::Checker;
    use crate::conclude::conclude;
    use crate::edits::applied;
    use crate::format::NoRules;
    use crate::history::tests::Past;
    use crate::options::Options;
    use crate::tree::tests::Fake;

    fn document(text: &str, editable: bool) -> Document {
        Document { path: "a.md".to_owned(), id: String::new(), text: text.to_owned(), editable }
    }

    fn checker(past: Past) -> Checker {
        Checker::new(Options::default(), Box::new(NoRules), Some(Box::new(past)), Vec::new())
    }

    const STAMPED: &str = "\u{feff}---\r\nlastmod: 2020-01-02\r\n---\r\nä Last updated: x\r\n";

    #[test]
    fn a_stamp_is_put_right_and_nothing_else_changes() {
        let report = checker(Past(vec![("b", "", Some("y")), ("a", "", Some("x"))])).check(&document(STAMPED, true));
        assert_eq!(applied(STAMPED, &report.replacements), STAMPED.replace("2020-01-02", "2001-09-09"));
        let finding = &report.findings[0];
        let span = finding.span.expect("span");
        assert_eq!(&STAMPED[span.start as usize..span.end as usize], "2020-01-02");
        assert_eq!((finding.rule.as_str(), finding.repaired), ("stamp/outdated", true));
    }

    #[test]
    fn a_document_that_may_not_be_edited_gets_findings_only() {
        let report = checker(Past(vec![("b", "", Some("y"))])).check(&document(STAMPED, false));
        assert!(report.replacements.is_empty());
        assert!(!report.findings[0].repaired);
    }

    #[test]
    fn missing_history_is_said_once() {
        let report = checker(Past(Vec::new())).check(&document(STAMPED, true));
        assert!(report.findings.is_empty() && report.replacements.is_empty());
        let findings = |data: &[&[u8]]| {
            let summaries: Vec<Summary> =
                data.iter().map(|data| Summary { path: "a.md".to_owned(), data: data.to_vec() }).collect();
            conclude(&summaries, &checker(Past(Vec::new())), &[], &Fake::default()).conclusion.findings.len()
        };
        assert_eq!(findings(&[&report.summary, &report.summary]), 1);
        assert_eq!(findings(&[&[0], &[]]), 0);
    }
}
