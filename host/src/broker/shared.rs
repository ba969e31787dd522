//! What all instances of a run share: the base, the policy, the history once
//! somebody asked for it, and the counts that are bounded over all of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::answer::Stop;
use crate::check::guard::Guard;
use crate::model::door::Door;
use crate::path::RepoPath;
use crate::policy::Policy;
use crate::repo::history::{History, Memory, Walked};
use crate::repo::{Base, Repo, RepoError};
use crate::round::Round;

/// Bytes of all findings of a run.
const FINDINGS_BYTES_MAX: u64 = 64 << 20;
/// What is left of a task's time at most when no answer of a model is waited for any more.
const REST_MAX: Duration = Duration::from_secs(5);

/// What all workers of a run share.
pub struct Shared {
    /// The pinned commit.
    pub base: Base,
    /// What may be reached.
    pub policy: Policy,
    /// What edits must not bring in.
    pub(super) guard: Guard,
    /// Whether edits are wanted with their diffs.
    pub shows: bool,
    /// Whether calls are wanted, beyond what answers are remembered by.
    pub traces: bool,
    /// The way to a model, if one is granted and there.
    pub(super) door: Option<Arc<Door>>,
    /// What became of the round before.
    pub(super) round: Option<Round>,
    /// Whether answers are wanted whole that nothing gives again.
    pub(super) holds: bool,
    /// When the task has to be done.
    deadline: Instant,
    memory: Option<Memory>,
    history: OnceLock<Result<Option<Walked>, Arc<RepoError>>>,
    calls: AtomicU64,
    findings: AtomicU64,
    findings_bytes: AtomicU64,
}

impl Shared {
    /// The state of a run over `base` under `policy`, until `deadline`, that keeps
    /// diffs if it `shows`; what is in `memory` of the history is not walked again.
    #[must_use]
    pub fn new(base: Base, policy: Policy, shows: bool, deadline: Instant, memory: Option<Memory>) -> Self {
        let count = || AtomicU64::new(0);
        let (calls, findings, findings_bytes) = (count(), count(), count());
        Self {
            base,
            policy,
            guard: Guard::default(),
            shows,
            traces: true,
            door: None,
            round: None,
            holds: false,
            deadline,
            memory,
            history: OnceLock::new(),
            calls,
            findings,
            findings_bytes,
        }
    }

    /// The same with a trace, or without.
    #[must_use]
    pub fn tracing(self, traces: bool) -> Self {
        Self { traces, ..self }
    }

    /// The same with a way to a model, and with what became of the round before.
    #[must_use]
    pub fn asking(self, door: Option<Arc<Door>>, round: Option<Round>, holds: bool) -> Self {
        Self { door, round, holds, ..self }
    }

    /// The same with another guard of what edits bring in.
    #[must_use]
    pub fn guarded(self, guard: Guard) -> Self {
        Self { guard, ..self }
    }

    /// When the task has to be done.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// When a model has to have answered, so that what was proposed until then is kept:
    /// the plugin learns that there is no answer while it has time to end.
    pub(super) fn answers_until(&self) -> Instant {
        let rest = Duration::from_secs(self.policy.limits.seconds_max) / 10;
        self.deadline.checked_sub(rest.min(REST_MAX)).unwrap_or(self.deadline)
    }

    /// The clock of a guest stands still while the host works for it, so the
    /// host looks at its own.
    pub(super) fn in_time(&self) -> Result<(), Stop> {
        let late = Instant::now() > self.deadline;
        if late { Err(Stop::Limit("seconds_max", self.policy.limits.seconds_max)) } else { Ok(()) }
    }

    pub(super) fn history(&self, repo: &Repo) -> Result<&History, Stop> {
        let readable = |path: &RepoPath| self.policy.may_read(path);
        let walk = || {
            let remembered = self.memory.as_ref().and_then(Memory::read);
            History::walk(repo, self.base.commit, &readable, self.deadline, remembered).map_err(Arc::new)
        };
        let walked = self.history.get_or_init(walk).as_ref().map_err(|error| Stop::Repo(error.clone()))?;
        let walked = walked.as_ref().ok_or(Stop::Limit("seconds_max", self.policy.limits.seconds_max))?;
        Ok(&walked.history)
    }

    /// The commit whose history may be relied on in another run: the base, if
    /// all of its history is there.
    #[must_use]
    pub fn past(&self) -> Option<[u8; 20]> {
        self.memory.as_ref().and_then(|_| self.base.commit.as_bytes().try_into().ok())
    }

    /// Keeps a history that took a walk, once nothing runs any more.
    pub fn remember(&self) {
        if let (Some(memory), Some(Ok(Some(walked)))) = (&self.memory, self.history.get())
            && walked.is_fresh
        {
            memory.write(self.base.commit, &walked.history);
        }
    }

    /// Counts calls of the plugin.
    pub(super) fn count_calls(&self, calls: u64) -> Result<(), Stop> {
        let limit = self.policy.limits.calls_max;
        let over = calls > 0 && self.calls.fetch_add(calls, Ordering::Relaxed) + calls > limit;
        if over { Err(Stop::Limit("calls_max", limit)) } else { self.in_time() }
    }

    /// Takes back calls whose answers were thrown away.
    pub(super) fn forget_calls(&self, calls: u64) {
        self.calls.fetch_sub(calls, Ordering::Relaxed);
    }

    /// Counts a finding of so many bytes.
    pub(super) fn count_finding(&self, bytes: usize) -> Result<(), Stop> {
        let limit = self.policy.limits.findings_max;
        if self.findings.fetch_add(1, Ordering::Relaxed) >= limit {
            return Err(Stop::Limit("findings_max", limit));
        }
        if self.findings_bytes.fetch_add(bytes as u64, Ordering::Relaxed) > FINDINGS_BYTES_MAX {
            return Err(Stop::Limit("findings_bytes_max", FINDINGS_BYTES_MAX));
        }
        self.in_time()
    }
}
