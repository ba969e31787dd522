//! A recorded run as somebody must know it who is to judge its candidate:
//! findings by rule, what was granted and not used, what the files hold. All of
//! it is read from the ledger and the object database; it judges nothing.

pub mod hidden;
mod rules;

use git2::Oid;

use crate::diff::{Diff, Line};
use crate::edit::Finding;
use crate::ledger::book::Book;
use crate::ledger::record::Run;
use crate::ledger::story::Story;
use crate::ledger::{Ledger, LedgerError};
use crate::path::RepoPath;
use crate::plugin::imports::{self, Lends};
use crate::policy::{self, Capability};
use crate::reach::unused::{self, Unused};
use crate::repo::{Repo, RepoError};
use hidden::HiddenIn;
pub use rules::Rule;

/// Lines of one file's diff, its context and headers included.
pub const DIFF_LINES_MAX: usize = 2_000;
/// Bytes of one such line.
pub const LINE_BYTES_MAX: usize = 2_000;
/// The end of what the gate's commands printed.
const OUTPUT_BYTES_MAX: usize = 16 << 10;

/// Why there is no review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The record cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The candidate or its base cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
}

/// A recorded run, read for a reviewer.
#[derive(Debug)]
pub struct Review {
    /// The record.
    pub run: Run,
    /// The rounds that it repairs, newest first.
    pub before: Vec<Run>,
    /// Findings that the edits of the run take care of, by rule.
    pub repaired: Vec<Rule>,
    /// The other findings, by rule.
    pub remaining: Vec<Rule>,
    /// Capabilities that are granted and that this run did not use.
    pub unused: Vec<Capability>,
    /// What is granted and was not used in the last runs, if there are enough to tell.
    pub idle: Option<Unused>,
    /// Protected paths that the grant writes out.
    pub named: Vec<String>,
    /// Files in which the candidate differs from its base.
    pub files: Vec<File>,
    /// The end of what the gate's commands printed.
    pub output: String,
}

/// A file of the candidate.
#[derive(Debug)]
pub struct File {
    /// Its path, bytes that are no text replaced.
    pub path: String,
    /// `changed`, `created` or `deleted`.
    pub action: &'static str,
    /// Whether both sides are text; if not, only the path is known.
    pub is_text: bool,
    /// Whether only a grant that writes it out reaches it.
    pub is_protected: bool,
    /// Lines added.
    pub added: u64,
    /// Lines removed.
    pub removed: u64,
    /// Hidden characters of the new text.
    pub hidden: HiddenIn,
    /// The beginning of the diff.
    pub lines: Vec<Line>,
    /// Lines of the diff that come after it.
    pub lines_besides: usize,
}

/// A path in which a candidate differs from its base.
pub struct Change {
    /// The path, bytes that are no text replaced.
    pub path: String,
    /// The text before and after; none if one of them is no text.
    pub texts: Option<(Option<String>, Option<String>)>,
}

impl Review {
    /// Reads a run of `story`, whose record is that of the entry `record`.
    ///
    /// # Errors
    /// [`ReviewError`] when something of it cannot be read.
    pub fn of(repo: &Repo, ledger: &Ledger<'_>, book: &Book, story: &Story, record: Oid, run: Run) -> Result<Self, ReviewError> {
        let idle = run.granted.globs().map(|granted| unused::unused(ledger, book, &story.task, &granted, &run.plugin.digest));
        let lines = ledger.file(record, "findings.jsonl")?.unwrap_or_default();
        let lines = String::from_utf8_lossy(&lines);
        let findings = lines.lines().filter_map(|line| serde_json::from_str::<Finding>(line).ok());
        let (repaired, remaining) = rules::by_rule(findings);
        let output = ledger.file(record, "gate.txt")?.unwrap_or_default();
        let output = String::from_utf8_lossy(&output[output.len().saturating_sub(OUTPUT_BYTES_MAX)..]).into_owned();
        let files = changes(repo, &run)?.iter().map(file).collect();
        let (idle, unused) = (idle.transpose()?.flatten(), unused(&run));
        let before = ledger.rounds_before(&run)?;
        Ok(Self { before, unused, idle, named: named(&run), files, run, repaired, remaining, output })
    }

    /// Lines added and lines removed, over all files.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        self.files.iter().fold((0, 0), |(added, removed), file| (added + file.added, removed + file.removed))
    }

    /// Findings, and how many of them are repaired.
    #[must_use]
    pub fn findings(&self) -> (u64, u64) {
        let count = |rules: &[Rule]| rules.iter().map(|rule| rule.count).sum::<u64>();
        (count(&self.repaired) + count(&self.remaining), count(&self.repaired))
    }
}

/// What the candidate of a run changes, from the object database: what differs,
/// not what the record says. The two are compared again at approval.
///
/// # Errors
/// [`RepoError`] when the candidate or its base cannot be read.
pub fn changes(repo: &Repo, run: &Run) -> Result<Vec<Change>, RepoError> {
    let Some(candidate) = &run.candidate else { return Ok(Vec::new()) };
    let id = |text: &str| Oid::from_str(text).map_err(RepoError::from);
    let (base, commit) = (id(&run.base)?, id(&candidate.commit)?);
    let change = |path: String| {
        let texts = (repo.file_at(base, &path, u64::MAX), repo.file_at(commit, &path, u64::MAX));
        Change { path, texts: texts.0.ok().zip(texts.1.ok()) }
    };
    Ok(repo.differing(base, commit)?.into_iter().map(change).collect())
}

/// Whether a component can call for a capability: one of its imports stands for it.
#[must_use]
pub fn can_call(run: &Run, capability: Lends) -> bool {
    run.imported.iter().any(|import| imports::lends(import).is_ok_and(|found| found == capability))
}

fn file(Change { path, texts }: &Change) -> File {
    let is_protected = RepoPath::new(path).is_ok_and(|path| policy::is_protected(&path));
    let (is_text, (old, new)) =
        texts.as_ref().map_or((false, (None, None)), |(old, new)| (true, (old.as_deref(), new.as_deref())));
    let diff = Diff::new(old, new);
    let (lines, lines_besides) = diff.shown(DIFF_LINES_MAX, LINE_BYTES_MAX);
    let (added, removed) = diff.counts();
    let action = if is_text { diff.action() } else { "changed" };
    let hidden = HiddenIn::of(&diff);
    File { path: path.clone(), action, is_text, is_protected, added, removed, hidden, lines, lines_besides }
}

/// Capabilities that are granted and were not used. A document that is handed over was read.
fn unused(run: &Run) -> Vec<Capability> {
    let is_used =
        |capability: Capability| run.used.contains_key(capability.word()) || capability == Capability::Read && run.documents > 0;
    Capability::ALL.into_iter().filter(|capability| run.granted.has(*capability) && !is_used(*capability)).collect()
}

/// Protected paths that the grant writes out: no wildcard, so a plugin reaches just these.
fn named(run: &Run) -> Vec<String> {
    let is_plain = |pattern: &&String| !pattern.contains(['*', '?', '[', '{']);
    let protected = |pattern: &&String| RepoPath::new(pattern).is_ok_and(|path| policy::is_protected(&path));
    run.granted.edit.iter().filter(is_plain).filter(protected).cloned().collect()
}
