//! Answers a plugin: asks the policy, stays within the bounds, notes it in the
//! trace. It knows nothing of WebAssembly.

pub mod answer;
mod asking;
mod shared;
mod told;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::check::problem::{Problem, Refused};
use crate::check::{CheckedEdit, Checker};
use crate::clean;
use crate::digest::Digest;
use crate::edit::{Edit, Finding};
use crate::glob::Globs;
use crate::path::{PATH_BYTES_MAX, RepoPath};
use crate::repo::history::{REVISIONS_MAX, Revision};
use crate::repo::{Entry, Kind, Repo, Unreadable};
use crate::trace::Call;
pub use shared::Shared;
pub use told::{Answered, Given};

use answer::{Collected, Document, PAGE_ENTRIES, Page, PathKind, Refusal, Stop};
use told::{Digested, Question, Versions};

/// Bytes a run may log.
pub const LOG_BYTES_MAX: usize = 64 << 10;
/// Refused edits that are kept for the report.
const REFUSED_MAX: usize = 1000;
/// Problems of one refused edit that are kept for the report.
const PROBLEMS_MAX: usize = 10;

/// The host's side of one instance.
pub struct Broker {
    shared: Arc<Shared>,
    repo: Repo,
    /// The document being checked, by its place in the order of the run.
    document: u32,
    /// Paths that have an edit already.
    proposed: HashSet<String>,
    proposed_bytes: u64,
    results: Collected,
}

type Answer<T> = Result<Result<T, Refusal>, Stop>;

impl Broker {
    /// The host's side of a new instance.
    #[must_use]
    pub fn new(shared: Arc<Shared>, repo: Repo) -> Self {
        Self { shared, repo, document: 0, proposed: HashSet::new(), proposed_bytes: 0, results: Collected::default() }
    }

    /// What all workers share.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What was collected since the last time, in order.
    pub fn take(&mut self) -> Collected {
        std::mem::take(&mut self.results)
    }

    /// Counts calls that a remembered answer took when it was given.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls, or of time.
    pub fn recall(&self, calls: u64) -> Result<(), Stop> {
        self.shared.count_calls(calls)
    }

    /// Takes back calls whose answers were thrown away.
    pub fn forget(&self, calls: u64) {
        self.shared.forget_calls(calls);
    }

    /// Takes over the calls and the log of an answer for the document at
    /// `place` in the order of the run.
    pub fn told(&mut self, place: u32, calls: Vec<Call>, log: &str) {
        self.document = place;
        if self.shared.traces {
            self.results.trace.extend(calls.into_iter().map(|call| Call { document: place, ..call }));
        }
        let room = LOG_BYTES_MAX.saturating_sub(self.results.log.len());
        self.results.log.push_str(clean::cut(log, room));
    }

    /// Everything that the history can tell of a path.
    ///
    /// # Errors
    /// [`Stop`] when the history cannot be walked in time.
    pub fn facts(&self, path: &RepoPath) -> Result<Digest, Stop> {
        Ok(match self.past(path.as_str())? {
            Err(refusal) => Digest::of(format!("{refusal:?}").as_bytes()),
            Ok(revisions) => Digest::of(&revisions.iter().flat_map(Revision::bytes).collect::<Vec<_>>()),
        })
    }

    /// Whether an edit of an existing path could pass, its text aside.
    #[must_use]
    pub fn is_editable(&self, path: &RepoPath) -> bool {
        Checker::new(&self.shared.base, &self.shared.policy, self.shared.shows).is_editable(path)
    }

    /// Fetches a document that the host hands over without being asked.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn feed(&self, entry: &Entry) -> Answer<Document> {
        self.read(entry)
    }

    /// Notes that the document at `place` in the order of the run was handed to
    /// `function`, or could not be.
    pub fn fed(&mut self, place: u32, function: &'static str, entry: &Entry, answered: Answered) {
        self.document = place;
        if self.shared.traces {
            let (capability, subject) = ("read", entry.path.as_str());
            // The plugin handed nothing over. Most documents have this line and one for an edit.
            self.results.trace.reserve_exact(2);
            self.note(&Question { capability, function, subject, given: Given::default() }, answered, Duration::ZERO);
        }
    }

    /// Lists paths that may be listed and match a pattern, after a path.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn list_files(&mut self, pattern: &str, after: Option<&str>) -> Answer<Page> {
        let asked = Question::about("list", "list-files", pattern, after.unwrap_or_default().as_bytes());
        self.call(&asked, |broker| {
            let Ok(globs) = Globs::new(&[pattern]) else { return Ok(Err(Refusal::InvalidPath)) };
            let base = &broker.shared.base;
            let first = after.map_or(0, |after| base.entries.partition_point(|entry| entry.path.as_str() <= after));
            let matching = base.entries[first..].iter().filter(|entry| globs.matches(entry.path.as_str()));
            let mut granted = matching.filter(|entry| broker.shared.policy.may_list(&entry.path));
            let mut entries = Vec::new();
            for entry in granted.by_ref().take(PAGE_ENTRIES) {
                entries.push((entry.path.clone(), broker.kind(entry)?));
            }
            let next = granted.next().and_then(|_| entries.last()).map(|(path, _)| path.clone());
            Ok(Ok(Page { entries, next }))
        })
    }

    /// What is at a path that may be listed.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn stat(&mut self, path: &str) -> Answer<PathKind> {
        self.call(&Question::about("list", "stat", path, &[]), |broker| {
            let Shared { base, policy, .. } = &*broker.shared;
            let Ok(path) = RepoPath::new(path) else { return Ok(Err(Refusal::InvalidPath)) };
            if base.below(&path).iter().any(|entry| policy.may_list(&entry.path)) {
                return Ok(Ok(PathKind::Folder));
            }
            if !policy.may_list(&path) {
                return Ok(Err(Refusal::NotGranted));
            }
            base.entry(&path).map_or(Ok(Err(Refusal::NotFound)), |entry| broker.kind(entry).map(Ok))
        })
    }

    /// Reads one granted file.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn read_file(&mut self, path: &str) -> Answer<Document> {
        self.call(&Question::about("read", "read-file", path, &[]), |broker| match broker.granted(path) {
            Err(refusal) => Ok(Err(refusal)),
            Ok(entry) => broker.read(&entry),
        })
    }

    /// The revisions of a granted file, newest first.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn revisions(&mut self, path: &str, max: u32) -> Answer<Vec<Revision>> {
        self.call(&Question::about("history", "revisions", path, &max.to_le_bytes()), |broker| {
            let revisions = match broker.past(path)? {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(revisions) => revisions,
            };
            Ok(Ok(revisions.iter().take((max as usize).min(REVISIONS_MAX)).cloned().collect()))
        })
    }

    /// A granted file's text before and after one of its revisions.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn texts(&mut self, path: &str, commit: &str) -> Answer<(Option<String>, Option<String>)> {
        let versions = self.call(&Question::about("history", "texts", path, commit.as_bytes()), |broker| {
            let revision = match broker.past(path)? {
                Err(refusal) => return Ok(Err(refusal)),
                Ok(revisions) => revisions.iter().find(|revision| revision.commit.to_string() == commit),
            };
            let Some(Revision { before, after, .. }) = revision else { return Ok(Err(Refusal::NotFound)) };
            let text = |blob: &Option<git2::Oid>| match blob {
                None => Ok(None),
                Some(blob) => broker.repo.read_text(*blob, broker.limit_read()).map(Result::ok),
            };
            let texts = text(before).and_then(|before| Ok((before, text(after)?)));
            let versions = |texts| Ok(Versions { texts, blobs: [*before, *after] });
            texts.map(versions).map_err(|error| Stop::Repo(Arc::new(error)))
        });
        Ok(versions?.map(|versions| versions.texts))
    }

    /// Puts an edit on the proposal, or says everything that speaks against it.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn propose(&mut self, edit: &Edit) -> Result<Result<(), Vec<Problem>>, Stop> {
        self.propose_given(edit, None)
    }

    /// The digest of everything that an edit says, as the trace has it.
    #[must_use]
    pub fn given(edit: &Edit) -> Given {
        told::given(edit)
    }

    /// As [`Self::propose`], for an edit whose digest is known.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn propose_given(&mut self, edit: &Edit, given: Option<Given>) -> Result<Result<(), Vec<Problem>>, Stop> {
        let started = Instant::now();
        self.count_call()?;
        let verdict = self.judge(edit)?;
        if self.shared.traces {
            let given = given.unwrap_or_else(|| told::given(edit));
            let asked = Question { capability: "edit", function: "propose", subject: &edit.path, given };
            self.note(&asked, Answered::verdict(&verdict), started.elapsed());
        }
        Ok(match verdict {
            Ok(checked) => {
                self.proposed.insert(edit.path.clone());
                self.proposed_bytes += checked.new_bytes();
                self.results.edits.push(checked);
                Ok(())
            }
            Err(problems) => {
                self.refuse(&edit.path, &problems);
                Err(problems)
            }
        })
    }

    /// A limit of the whole refuses the whole, at the end of the run.
    fn refuse(&mut self, path: &str, problems: &[Problem]) {
        let of_the_whole = |problem: &&Problem| matches!(problem, Problem::OverLimit("edit_files_max" | "edit_bytes_max", _));
        match problems.iter().find(of_the_whole) {
            Some(limit) => self.results.over = Some(limit.clone()),
            None if self.results.refused.len() < REFUSED_MAX => {
                let path = clean::cut(path, PATH_BYTES_MAX).to_owned();
                self.results.refused.push(Refused { path, problems: problems.iter().take(PROBLEMS_MAX).cloned().collect() });
            }
            None => {}
        }
    }

    /// Keeps a finding.
    ///
    /// # Errors
    /// [`Stop`] over the limit of findings.
    pub fn report(&mut self, finding: Finding) -> Result<(), Stop> {
        let bytes = finding.message.len() + finding.help.as_ref().map_or(0, String::len);
        self.shared.count_finding(bytes)?;
        self.results.findings.push(finding);
        Ok(())
    }

    /// Keeps a line for the author; what is over the bound is dropped.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn log(&mut self, text: &str) -> Result<(), Stop> {
        self.count_call()?;
        let line = clean::line(text);
        let room = LOG_BYTES_MAX.saturating_sub(self.results.log.len() + 1);
        if room > 0 {
            self.results.log.push_str(clean::cut(&line, room));
            self.results.log.push('\n');
        }
        Ok(())
    }

    /// What a guest that panics says of it: the last line of its log, cleaned as that is.
    #[must_use]
    pub fn last_words(&self) -> Option<&str> {
        self.results.log.lines().next_back()?.strip_prefix("warn: ").filter(|words| words.starts_with("panicked at "))
    }

    /// The text of a path that the policy lets be read, for positions.
    #[must_use]
    pub fn text_of(&self, path: &RepoPath) -> Option<String> {
        let entry = self.shared.base.entry(path).filter(|_| self.shared.policy.may_read(path))?;
        self.repo.read_text(entry.id, self.limit_read()).ok()?.ok()
    }

    fn judge(&self, edit: &Edit) -> Result<Result<CheckedEdit, Vec<Problem>>, Stop> {
        let limits = &self.shared.policy.limits;
        if self.proposed.contains(&edit.path) {
            return Ok(Err(vec![Problem::ConflictingEdit]));
        }
        if self.proposed.len() as u64 >= limits.edit_files_max {
            return Ok(Err(vec![Problem::OverLimit("edit_files_max", limits.edit_files_max)]));
        }
        if self.proposed_bytes > limits.edit_bytes_max {
            return Ok(Err(vec![Problem::OverLimit("edit_bytes_max", limits.edit_bytes_max)]));
        }
        let Shared { base, policy, guard, shows, .. } = &*self.shared;
        let checker = Checker::new(base, policy, *shows).guarded(guard);
        checker.edit(edit, &self.repo).map_err(|error| Stop::Repo(Arc::new(error)))
    }

    fn limit_read(&self) -> u64 {
        self.shared.policy.limits.read_bytes_max
    }

    fn granted(&self, path: &str) -> Result<Entry, Refusal> {
        let path = RepoPath::new(path).map_err(|_| Refusal::InvalidPath)?;
        if !self.shared.policy.may_read(&path) {
            return Err(Refusal::NotGranted);
        }
        self.shared.base.entry(&path).cloned().ok_or(Refusal::NotFound)
    }

    fn past(&self, path: &str) -> Answer<&[Revision]> {
        if !self.shared.policy.may_read_history() {
            return Ok(Err(Refusal::NotGranted));
        }
        let Ok(path) = RepoPath::new(path) else { return Ok(Err(Refusal::InvalidPath)) };
        if !self.shared.policy.may_read(&path) {
            return Ok(Err(Refusal::NotGranted));
        }
        let history = self.shared.history(&self.repo)?;
        if history.cut_off {
            return Ok(Err(Refusal::HistoryMissing));
        }
        let (revisions, is_there) = (history.revisions(&path), self.shared.base.entry(&path).is_some());
        Ok(if is_there || !revisions.is_empty() { Ok(revisions) } else { Err(Refusal::NotFound) })
    }

    fn read(&self, entry: &Entry) -> Answer<Document> {
        if entry.kind != Kind::File {
            return Ok(Err(Refusal::NotAFile));
        }
        let text = self.repo.read_text(entry.id, self.limit_read()).map_err(|error| Stop::Repo(Arc::new(error)))?;
        let editable = self.is_editable(&entry.path);
        Ok(match text {
            Ok(text) => Ok(Document { path: entry.path.clone(), id: entry.id, text, editable }),
            Err(Unreadable::TooLarge) => Err(Refusal::TooLarge(self.limit_read())),
            Err(Unreadable::NotText) => Err(Refusal::NotText),
            Err(Unreadable::Pointer) => Err(Refusal::NotAFile),
        })
    }

    fn kind(&self, entry: &Entry) -> Result<PathKind, Stop> {
        Ok(match entry.kind {
            Kind::Symlink => PathKind::Symlink,
            Kind::Submodule => PathKind::Submodule,
            // Without a filter git itself takes a pointer for the text it is.
            Kind::File if !self.shared.base.filters.cover(&entry.path) => PathKind::File,
            // A pointer file is short; only short blobs are opened for the answer.
            Kind::File => match self.repo.read_text(entry.id, 1024).map_err(|error| Stop::Repo(Arc::new(error)))? {
                Err(Unreadable::Pointer) => PathKind::Pointer,
                _ => PathKind::File,
            },
        })
    }

    fn count_call(&mut self) -> Result<(), Stop> {
        self.results.calls += 1;
        self.shared.count_calls(1)
    }

    fn call<T: Digested>(&mut self, asked: &Question<'_>, answer: impl FnOnce(&Self) -> Answer<T>) -> Answer<T> {
        let started = Instant::now();
        self.count_call()?;
        let answer = answer(self)?;
        self.note(asked, Answered::of(&answer), started.elapsed());
        Ok(answer)
    }

    fn note(&mut self, asked: &Question<'_>, answered: Answered, took: Duration) {
        self.results.trace.push(asked.call(self.document, answered, took));
    }
}
