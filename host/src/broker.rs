//! Answers a plugin: asks the policy, stays within the bounds, notes it in the
//! trace. It knows nothing of WebAssembly.

pub mod answer;

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use crate::check::problem::{Problem, Refused};
use crate::check::{CheckedEdit, Checker};
use crate::clean;
use crate::edit::{Edit, Finding};
use crate::glob::Globs;
use crate::path::{PATH_BYTES_MAX, RepoPath};
use crate::policy::Policy;
use crate::repo::history::{History, REVISIONS_MAX, Revision};
use crate::repo::{Base, Entry, Kind, Repo, RepoError, Unreadable};
use crate::trace::{Call, Outcome};
use answer::{Document, PAGE_ENTRIES, Page, PathKind, Refusal, Results, Stop};

/// Bytes a run may log.
pub const LOG_BYTES_MAX: usize = 64 << 10;
/// Bytes of all findings of a run.
const FINDINGS_BYTES_MAX: u64 = 64 << 20;
/// Refused edits that are kept for the report.
const REFUSED_MAX: usize = 1000;
/// Problems of one refused edit that are kept for the report.
const PROBLEMS_MAX: usize = 10;

/// What all workers of a run share.
pub struct Shared {
    /// The pinned commit.
    pub base: Base,
    /// What may be reached.
    pub policy: Policy,
    /// When the task has to be done.
    deadline: Instant,
    history: OnceLock<Result<Option<History>, Arc<RepoError>>>,
    calls: AtomicU64,
    findings: AtomicU64,
    findings_bytes: AtomicU64,
}

/// The host's side of one instance.
pub struct Broker {
    shared: Arc<Shared>,
    repo: Repo,
    /// The document being checked, by its place in the order of the run.
    document: u32,
    /// Paths that have an edit already.
    proposed: HashSet<String>,
    proposed_bytes: u64,
    results: Results,
}

type Answer<T> = Result<Result<T, Refusal>, Stop>;

impl Shared {
    /// The state of a run over `base` under `policy`, until `deadline`.
    #[must_use]
    pub fn new(base: Base, policy: Policy, deadline: Instant) -> Self {
        let count = || AtomicU64::new(0);
        let (calls, findings, findings_bytes) = (count(), count(), count());
        Self { base, policy, deadline, history: OnceLock::new(), calls, findings, findings_bytes }
    }

    /// When the task has to be done.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// The clock of a guest stands still while the host works for it, so the
    /// host looks at its own.
    fn in_time(&self) -> Result<(), Stop> {
        let late = Instant::now() > self.deadline;
        if late { Err(Stop::Limit("seconds_max", self.policy.limits.seconds_max)) } else { Ok(()) }
    }

    fn history(&self, repo: &Repo) -> Result<&History, Stop> {
        let wanted = |path: &RepoPath| self.policy.may_read(path) && self.base.entry(path).is_some();
        let readable = |path: &RepoPath| self.policy.may_read(path);
        let walk = || History::walk(repo, self.base.commit, &wanted, &readable, self.deadline).map_err(Arc::new);
        let walked = self.history.get_or_init(walk).as_ref().map_err(|error| Stop::Repo(error.clone()))?;
        walked.as_ref().ok_or(Stop::Limit("seconds_max", self.policy.limits.seconds_max))
    }
}

impl Broker {
    /// The host's side of a new instance.
    #[must_use]
    pub fn new(shared: Arc<Shared>, repo: Repo) -> Self {
        Self { shared, repo, document: 0, proposed: HashSet::new(), proposed_bytes: 0, results: Results::default() }
    }

    /// What all workers share.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What was collected since the last time, in order.
    pub fn take(&mut self) -> Results {
        std::mem::take(&mut self.results)
    }

    /// Fetches the document at `place` in the order of the run.
    ///
    /// # Errors
    /// [`Stop`].
    pub fn feed(&mut self, place: u32, entry: &Entry) -> Answer<Document> {
        self.document = place;
        self.read(entry)
    }

    /// Lists granted paths that match a pattern, after a path.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn list_files(&mut self, pattern: &str, after: Option<&str>) -> Answer<Page> {
        self.call("read", "list-files", pattern, pattern.len(), |broker| {
            let Ok(globs) = Globs::new(&[pattern]) else { return Ok(Err(Refusal::InvalidPath)) };
            let base = &broker.shared.base;
            let first = after.map_or(0, |after| base.entries.partition_point(|entry| entry.path.as_str() <= after));
            let matching = base.entries[first..].iter().filter(|entry| globs.matches(entry.path.as_str()));
            let mut granted = matching.filter(|entry| broker.shared.policy.may_read(&entry.path));
            let mut entries = Vec::new();
            for entry in granted.by_ref().take(PAGE_ENTRIES) {
                entries.push((entry.path.clone(), broker.kind(entry)?));
            }
            let next = granted.next().and_then(|_| entries.last()).map(|(path, _)| path.clone());
            Ok(Ok(Page { entries, next }))
        })
    }

    /// Reads one granted file.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn read_file(&mut self, path: &str) -> Answer<Document> {
        self.call("read", "read-file", path, path.len(), |broker| match broker.granted(path) {
            Err(refusal) => Ok(Err(refusal)),
            Ok(entry) => broker.read(&entry),
        })
    }

    /// The revisions of a granted file, newest first.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn revisions(&mut self, path: &str, max: u32) -> Answer<Vec<Revision>> {
        self.call("history", "revisions", path, path.len(), |broker| {
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
        self.call("history", "texts", path, path.len(), |broker| {
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
            texts.map(Ok).map_err(|error| Stop::Repo(Arc::new(error)))
        })
    }

    /// Puts an edit on the proposal, or says everything that speaks against it.
    ///
    /// # Errors
    /// [`Stop`] over the limit of calls.
    pub fn propose(&mut self, edit: &Edit) -> Result<Result<(), Vec<Problem>>, Stop> {
        let started = Instant::now();
        self.count_call()?;
        let verdict = self.judge(edit)?;
        self.note("edit", "propose", &edit.path, 0, if verdict.is_ok() { Outcome::Allowed } else { Outcome::Denied }, started);
        Ok(match verdict {
            Ok(checked) => {
                self.proposed.insert(edit.path.clone());
                self.proposed_bytes += checked.new_text().map_or(0, str::len) as u64;
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
        let limit = self.shared.policy.limits.findings_max;
        if self.shared.findings.fetch_add(1, Ordering::Relaxed) >= limit {
            return Err(Stop::Limit("findings_max", limit));
        }
        let bytes = finding.message.len() + finding.help.as_ref().map_or(0, String::len);
        if self.shared.findings_bytes.fetch_add(bytes as u64, Ordering::Relaxed) > FINDINGS_BYTES_MAX {
            return Err(Stop::Limit("findings_bytes_max", FINDINGS_BYTES_MAX));
        }
        self.shared.in_time()?;
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
        let checker = Checker::new(&self.shared.base, &self.shared.policy);
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
        let entry = match self.granted(path) {
            Err(refusal) => return Ok(Err(refusal)),
            Ok(entry) => entry,
        };
        let history = self.shared.history(&self.repo)?;
        Ok(if history.cut_off { Err(Refusal::HistoryMissing) } else { Ok(history.revisions(&entry.path)) })
    }

    fn read(&self, entry: &Entry) -> Answer<Document> {
        if entry.kind != Kind::File {
            return Ok(Err(Refusal::NotAFile));
        }
        let text = self.repo.read_text(entry.id, self.limit_read()).map_err(|error| Stop::Repo(Arc::new(error)))?;
        let editable = Checker::new(&self.shared.base, &self.shared.policy).is_editable(&entry.path);
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
            // A pointer file is short; only short blobs are opened for the answer.
            Kind::File => match self.repo.read_text(entry.id, 1024).map_err(|error| Stop::Repo(Arc::new(error)))? {
                Err(Unreadable::Pointer) => PathKind::Pointer,
                _ => PathKind::File,
            },
        })
    }

    fn count_call(&self) -> Result<(), Stop> {
        let limit = self.shared.policy.limits.calls_max;
        let over = self.shared.calls.fetch_add(1, Ordering::Relaxed) >= limit;
        if over { Err(Stop::Limit("calls_max", limit)) } else { self.shared.in_time() }
    }

    fn call<T: Sized>(
        &mut self,
        capability: &'static str,
        function: &'static str,
        subject: &str,
        bytes_in: usize,
        answer: impl FnOnce(&Self) -> Answer<T>,
    ) -> Answer<T> {
        let started = Instant::now();
        self.count_call()?;
        let answer = answer(self)?;
        let outcome = match &answer {
            Ok(_) => Outcome::Allowed,
            Err(Refusal::NotGranted | Refusal::InvalidPath) => Outcome::Denied,
            Err(_) => Outcome::Error,
        };
        self.note(capability, function, subject, bytes_in, outcome, started);
        Ok(answer)
    }

    fn note(
        &mut self,
        capability: &'static str,
        function: &'static str,
        subject: &str,
        bytes_in: usize,
        outcome: Outcome,
        started: Instant,
    ) {
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let subject = clean::line(clean::cut(subject, 512)).into_owned();
        self.results.trace.push(Call {
            document: self.document,
            capability,
            function,
            subject,
            bytes_in: bytes_in as u64,
            outcome,
            micros,
        });
    }
}
