//! What the whole set shows, from top to bottom: it reads the summaries, asks
//! each rule, has broken links repaired, and tells the host.

use std::collections::BTreeMap;

use lifeos_sdk::{Conclusion, Document, Edit, Finding, Severity, Summary};

use crate::document::Checker;
use crate::issue::{Fix, Issue};
use crate::links::{self, Judged};
use crate::options::Options;
use crate::resolve::Resolver;
use crate::set::Set;
use crate::tree::{Files, Tree};
use crate::{orphans, paths, repair, titles, versions};

/// The contract's bound on the findings of one document.
const FINDINGS_MAX: usize = 10_000;

/// Bytes of the documents that are repaired in one run: each is formatted anew,
/// all on one meter. The next run goes on.
const REPAIRED_BYTES_MAX: usize = 1 << 20;

/// What is told, and lines for the log.
pub(crate) struct Concluded {
    pub(crate) conclusion: Conclusion,
    pub(crate) lines: Vec<String>,
}

/// Concludes a run. `config` holds the configuration of the sites.
pub(crate) fn conclude(summaries: &[Summary], checker: &Checker, config: &[Document], tree: &dyn Tree) -> Concluded {
    let options = checker.options();
    let set = Set::new(summaries, config, options.site);
    let files = Files::new(tree);
    let (issues, lines) = issues(&set, &files, options);
    let edits = edits(&set, &issues, checker, tree);
    let mut findings: Vec<Finding> = history_missing(&set).into_iter().collect();
    let mut told: BTreeMap<usize, usize> = BTreeMap::new();
    for issue in &issues {
        let count = told.entry(issue.doc).or_default();
        *count += 1;
        if *count <= FINDINGS_MAX / 2 {
            let repaired = issue.fix.is_some() && edits.contains_key(&issue.doc);
            findings.push(issue.told(set.docs[issue.doc].path, repaired));
        }
    }
    Concluded { conclusion: Conclusion { findings, edits: edits.into_values().collect() }, lines }
}

/// Everything wrong, by document and place, and what the log is told.
fn issues(set: &Set<'_>, files: &Files<'_>, options: &Options) -> (Vec<Issue>, Vec<String>) {
    let mut issues = Vec::new();
    let mut lines = Vec::new();
    if options.links {
        let resolver = Resolver::new(set, files);
        let mut judged = links::judge(&resolver, options.report_unresolved);
        issues.append(&mut judged.issues);
        issues.append(&mut judged.notes);
        lines.extend(unresolved(&judged));
        issues.extend(orphans::find(set, &resolver.included, &judged, options, &mut lines));
    }
    issues.extend(titles::find(set, options.duplicate_titles));
    if options.versions {
        issues.extend(versions::find(set));
    }
    if options.paths {
        issues.extend(paths::find(set, files));
    }
    issues.extend(files.unanswered().into_iter().map(unchecked));
    issues.sort_by_key(|issue| (issue.doc, issue.place.map(|place| place.start), issue.rule));
    (issues, lines)
}

fn unchecked(doc: usize) -> Issue {
    let message = "not all its links and paths were checked: they ask for too many paths that no document has".to_owned();
    Issue::warning("link/unchecked", doc, message, "split the document, or leave it out of `read`")
}

/// One line on the links that were not judged.
fn unresolved(judged: &Judged) -> Option<String> {
    let parts: Vec<String> =
        judged.unresolved.iter().map(|((profile, form), count)| format!("{} {} {count}", profile.name(), form.name())).collect();
    (!parts.is_empty()).then(|| format!("links of unresolved form: {}", parts.join(", ")))
}

/// The edits that repair what can be repaired, by document.
fn edits(set: &Set<'_>, issues: &[Issue], checker: &Checker, tree: &dyn Tree) -> BTreeMap<usize, Edit> {
    let mut fixes: BTreeMap<usize, Vec<Fix>> = BTreeMap::new();
    for issue in issues {
        if let Some(fix) = &issue.fix {
            fixes.entry(issue.doc).or_default().push(fix.clone());
        }
    }
    let mut bytes = 0;
    let edit = |(at, fixes): (usize, Vec<Fix>)| {
        if bytes > REPAIRED_BYTES_MAX {
            return None;
        }
        let document = tree.read(set.docs[at].path).ok().filter(|document| document.editable && !set.docs[at].is_nav)?;
        bytes += document.text.len();
        let text = repair::mended(&document.text, &fixes)?;
        Some((at, checker.edit(&document, &text)?))
    };
    fixes.into_iter().filter_map(edit).collect()
}

/// Whether history was missing: said once.
fn history_missing(set: &Set<'_>) -> Option<Finding> {
    let missing = set.docs.iter().filter(|doc| doc.facts.history_missing).count();
    (missing > 0).then(|| Finding {
        rule: "stamp/history-missing".to_owned(),
        severity: Severity::Warning,
        path: None,
        span: None,
        message: format!("the dates of {missing} documents were not checked: this clone does not hold their history"),
        help: Some("`git fetch --unshallow`, or `fetch-depth: 0` where a workflow checks out".to_owned()),
        repaired: false,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use lifeos_sdk::{Document, Edit, Summary};

    use super::{Concluded, conclude};
    use crate::document::Checker;
    use crate::edits::applied;
    use crate::facts::toc_file;
    use crate::format::NoRules;
    use crate::options::Options;
    use crate::tree::Tree as _;
    use crate::tree::tests::Fake;

    /// Checks and concludes over files in memory: path and text.
    pub(crate) fn concluded(files: &[(&str, &str)], options: &str) -> (Fake, Concluded) {
        let options: Options = serde_json::from_str(options).expect("options");
        let checker = Checker::new(options, Box::new(NoRules), None, Vec::new());
        let fake = Fake::new(files);
        let document = |path: &String| fake.read(path).expect("a file");
        let is_document = |path: &&String| path.ends_with(".md") || toc_file::notation(path).is_some();
        let summaries: Vec<Summary> = fake
            .0
            .keys()
            .filter(is_document)
            .map(|path| Summary { path: path.clone(), data: checker.check(&document(path)).summary })
            .collect();
        let config: Vec<Document> = fake.0.keys().map(document).collect();
        let concluded = conclude(&summaries, &checker, &config, &fake);
        (fake, concluded)
    }

    /// Findings as `path:line rule`, with `!` where they are repaired.
    fn findings(files: &[(&str, &str)], options: &str) -> Vec<String> {
        let (fake, concluded) = concluded(files, options);
        let row = |finding: &lifeos_sdk::Finding| {
            let path = finding.path.as_deref().unwrap_or_default();
            let before = finding.span.map_or("", |span| &fake.0[path][..span.start as usize]);
            let sign = if finding.repaired { "!" } else { "" };
            format!("{path}:{} {}{sign}", before.matches('\n').count() + 1, finding.rule)
        };
        concluded.conclusion.findings.iter().map(row).collect()
    }

    fn check(files: &[(&str, &str)], options: &str, expected: &[&str]) {
        assert_eq!(findings(files, options), expected, "{files:?}");
    }

    /// The text of one file after the repairs; a second run finds nothing.
    fn repaired(files: &[(&str, &str)], path: &str, expected: &str) {
        let (fake, concluded) = concluded(files, "{}");
        let mut files = fake.0;
        for edit in concluded.conclusion.edits {
            let Edit::Change(change) = edit else { panic!("only changes") };
            let text = applied(&files[&change.path], &change.replacements);
            files.insert(change.path, text);
        }
        assert_eq!(files[path], expected);
        let again: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        assert!(super::tests::concluded(&again, "{}").1.conclusion.edits.is_empty(), "a second run edits");
    }

    #[test]
    fn links_are_judged() {
        check(
            &[
                ("a.md", "[x](b.md)\n[x](no.md)\n[x](b.md#c)\n[x](b.md#d)\n[x](B.md)\n![i](i.png)\n"),
                ("b.md", "# C\n"),
                ("i.png", ""),
            ],
            "{}",
            &["a.md:2 link/broken", "a.md:4 link/anchor", "a.md:5 link/case!"],
        );
        check(&[("a.md", "[x](no.md)")], r#"{"links": false}"#, &[]);
        check(&[("a.md", "[x](../../issues) [y](link/b.md) [z](s/b.md)"), ("link", "->"), ("s/b.md", "?")], "{}", &[]);
    }

    #[test]
    fn links_are_repaired_where_there_is_one_answer() {
        repaired(
            &[
                ("a.md", "# T\r\n[x](old/b%20c.md#d) [y]\r\n\r\n[y]: ./old/e.png \"t\"\r\n"),
                ("n/b c.md", "# D\n"),
                ("n/e.png", ""),
            ],
            "a.md",
            "# T\r\n[x](n/b%20c.md#d) [y]\r\n\r\n[y]: ./n/e.png \"t\"\r\n",
        );
        repaired(&[("d/a.md", "[x](B.MD)\n"), ("d/b.md", "")], "d/a.md", "[x](b.md)\n");
        repaired(&[("a.md", "[x](b.md#instalation)\n"), ("b.md", "# Installation\n")], "a.md", "[x](b.md#installation)\n");
        check(&[("a.md", "[x](o/b.md)\n"), ("n/b.md", ""), ("m/b.md", "")], "{}", &["a.md:1 link/broken"]);
        check(&[("a.md", "[x](o/b.md#x)\n"), ("n/b.md", "# y\n")], "{}", &["a.md:1 link/broken"]);
        check(&[("a.md", "[x](o/index.md)\n"), ("n/index.md", "")], "{}", &["a.md:1 link/broken"]);
        check(&[("locked.md", "[x](o/b.md)\n"), ("n/b.md", "")], "{}", &["locked.md:1 link/broken"]);
        check(
            &[("a.md", "[x](b.md#headings)\n"), ("b.md", "# headings1\n# headingss\n# headingz\n")],
            "{}",
            &["a.md:1 link/anchor"],
        );
    }

    #[test]
    fn documents_without_links_are_found() {
        let book = [
            ("book.toml", ""),
            ("src/SUMMARY.md", "[a](a.md)\n"),
            ("src/a.md", "[b](b.md)\n"),
            ("src/b.md", "x\n"),
            ("src/c.md", "x\n"),
            ("src/d.md", "x\n"),
            ("src/e.md", "```\n{{#include d.md}}\n```\n"),
        ];
        let many: Vec<(String, String)> = (0..20).map(|at| (format!("src/x{at}.md"), "x\n".to_owned())).collect();
        let summary: String =
            "[a](a.md)\n[e](e.md)\n".to_owned() + &(0..20).map(|at| format!("[x](x{at}.md)\n")).collect::<String>();
        let mut files: Vec<(&str, &str)> = book.to_vec();
        files[1].1 = &summary;
        files.extend(many.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        check(&files, "{}", &["src/b.md:1 index/unlisted", "src/c.md:1 orphan/document"]);
        check(&files, r#"{"orphans": "never", "indexes": false}"#, &[]);
        check(&files, r#"{"orphans_allowed": ["src/c.md"], "indexes": false}"#, &[]);
        check(&[("p/a.md", "x"), ("p/b.md", "x")], "{}", &[]);
        check(&[("p/a.md", "x"), ("README.md", "x")], r#"{"orphans": "always"}"#, &["p/a.md:1 orphan/document"]);
    }

    #[test]
    fn titles_versions_and_paths_are_compared() {
        check(&[("d/a.md", "# T\n"), ("d/b.md", "x\n\n# T\n"), ("e/c.md", "# T\n")], "{}", &["d/b.md:3 title/duplicate"]);
        check(&[("d/a.md", "# T\n"), ("d/a.fr.md", "# T\n"), ("d/README_fr.md", "# T\n"), ("d/a2.md", "# T\n")], "{}", &[]);
        check(&[("d/a.md", "# T\n"), ("e/c.md", "# T\n")], r#"{"duplicate_titles": "site"}"#, &["e/c.md:1 title/duplicate"]);
        check(&[("a.md", "---\nversion: 1.2\n---\n# A 1.3\n")], "{}", &["a.md:2 version/mismatch"]);
        check(&[("a-2.0.md", "---\nversion: v1.9\n---\n")], "{}", &["a-2.0.md:2 version/mismatch"]);
        check(&[("a.md", "---\nversion: 1.2.4\n---\n# A 1.2\n")], "{}", &[]);
        let text = "`src/a.rs` `src/b.rs` `src/c.rs` `mine/x.rs`\n";
        check(&[("a.md", text), ("src/a.rs", ""), ("src/b.rs", "")], "{}", &["a.md:1 path/missing"]);
        check(&[("a.md", text), ("src/a.rs", "")], "{}", &[]);
        check(&[("d/a.md", "`src/a.rs`"), ("d/src/a.rs", "")], "{}", &[]);
    }
}
