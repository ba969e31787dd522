//! Whether the record is whole and true, from what is in the repository alone:
//! its chain, the candidates it tells of, and the commits that say they are of
//! lifeos. It looks and changes nothing.

use std::collections::HashMap;

use git2::{Commit, Oid, Repository};

use crate::autonomy;
use crate::digest::Digest;
use crate::ledger::record::{Body, Candidate, Outcome, Record, Run};
use crate::ledger::{Ledger, LedgerError, MAIL};
use crate::lock::Lock;
use crate::repo::history::TRAILER;
use crate::repo::{Repo, RepoError};
use crate::waiting::words::RECORD_TRAILER;
use crate::waiting::{self, Identity, run_of};

/// Commits that are looked through for trailers.
const COMMITS_MAX: usize = 1_000_000;

/// What came out.
#[derive(Debug, Default)]
pub struct Verified {
    /// Entries of the ledger.
    pub records: u64,
    /// Commits on branches that say they are of lifeos.
    pub commits: u64,
    /// What is wrong, one sentence each, oldest entry first.
    pub faults: Vec<String>,
    /// What a run that was stopped has not told yet, one sentence each.
    pub untold: Vec<String>,
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The repository cannot be read.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// Git failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

/// Looks at the whole record.
///
/// # Errors
/// [`VerifyError`] when it cannot be read. What is wrong with it is no error.
pub fn verify(repo: &Repo) -> Result<Verified, VerifyError> {
    let entries = Ledger::of(repo, None).records()?;
    let mut walk = Walk { repo, git: repo.git(), verified: Verified::default(), places: HashMap::new(), runs: HashMap::new() };
    for (place, (id, record)) in entries.iter().enumerate() {
        walk.chain(*id, record)?;
        walk.entry(*id, record);
        walk.places.insert(id.to_string(), place);
    }
    walk.verified.records = entries.len() as u64;
    walk.commits()?;
    walk.missing();
    Ok(walk.verified)
}

/// A run as told so far.
#[derive(Default)]
struct RunSoFar {
    /// Whether an entry tells that it landed.
    landed: bool,
    candidate: Option<Candidate>,
    /// Commits of its candidates; the place of the first entry about each, and
    /// whether it began a ledger.
    commits: HashMap<String, (usize, bool)>,
    /// Digests that were approved, and by whom.
    approvals: Vec<(String, String)>,
    /// The most people that an approval said it takes.
    of: u32,
    /// The entry that rejected the candidate.
    rejected: Option<Oid>,
    /// Whether the candidate is not in this clone.
    missing: bool,
    /// Whether an entry tells that it left `refs/lifeos/`.
    published: bool,
}

impl RunSoFar {
    /// Whether enough people approved the candidate.
    fn is_approved(&self) -> bool {
        let Some(candidate) = &self.candidate else { return false };
        let approved = self.approvals.iter().filter(|(digest, _)| *digest == candidate.digest);
        autonomy::people(approved.map(|(_, by)| by.as_str())) >= self.of.max(1)
    }
}

struct Walk<'r> {
    repo: &'r Repo,
    git: &'r Repository,
    verified: Verified,
    /// Entries by id, and their place in the chain.
    places: HashMap<String, usize>,
    runs: HashMap<String, RunSoFar>,
}

impl Walk<'_> {
    fn fault(&mut self, entry: Oid, words: &str) {
        self.verified.faults.push(format!("entry {:.10}: {words}", entry.to_string()));
    }

    /// An entry names the one before it, which is its only parent.
    fn chain(&mut self, id: Oid, record: &Record) -> Result<(), git2::Error> {
        let commit = self.git.find_commit(id)?;
        let parents: Vec<String> = commit.parent_ids().map(|parent| parent.to_string()).collect();
        let other = match &record.body {
            Body::Join { other } => Some(other),
            _ => None,
        };
        let named: Vec<String> = record.previous.iter().chain(other).cloned().collect();
        if parents != named {
            let name = |ids: &[String]| ids.first().map_or_else(|| "nothing".to_owned(), |id| id[..id.len().min(10)].to_owned());
            let words = format!("it was written after {}, and stands after {}", name(&named), name(&parents));
            self.fault(id, &format!("{words}: an entry was changed, dropped or moved"));
        }
        Ok(())
    }

    fn entry(&mut self, id: Oid, record: &Record) {
        match &record.body {
            Body::Run(run) => self.run(id, record, run),
            Body::Approval { digest, by, of } => match self.runs.get_mut(&record.run) {
                Some(told) if told.candidate.as_ref().is_some_and(|it| it.digest == digest.to_string()) => {
                    told.approvals.push((digest.to_string(), by.clone()));
                    told.of = told.of.max(*of);
                }
                _ => self.fault(id, &format!("it approves a candidate that run {} did not come to", record.run)),
            },
            Body::Rejection { .. } if !self.runs.contains_key(&record.run) => {
                self.fault(id, &format!("it rejects run {}, of which there is no entry", record.run));
            }
            Body::Rejection { .. } => {
                if let Some(told) = self.runs.get_mut(&record.run) {
                    told.rejected = Some(id);
                }
            }
            Body::Landing { new, .. } => {
                if let Some(told) = self.runs.get_mut(&record.run) {
                    told.landed = true;
                }
                self.published(id, record, new, "landed");
            }
            Body::Opening { new, .. } => self.published(id, record, new, "was pushed"),
            Body::Level { .. } | Body::Spend { .. } | Body::Alert { .. } | Body::Join { .. } => {}
        }
    }

    fn run(&mut self, id: Oid, record: &Record, run: &Run) {
        let is_missing = run.candidate.as_ref().is_some_and(|candidate| {
            Oid::from_str(&candidate.commit).is_ok_and(|commit| self.repo.git().find_commit(commit).is_err())
        });
        if let Some(candidate) = &run.candidate
            && let Some(words) = self.untrue(record, run, candidate, is_missing)
        {
            self.fault(id, &words);
        }
        let place = self.places.len();
        let told = self.runs.entry(record.run.clone()).or_default();
        if run.outcome == Outcome::Red {
            told.approvals.clear();
        }
        if let Some(candidate) = &run.candidate {
            told.missing = is_missing;
            told.commits.entry(candidate.commit.clone()).or_insert((place, record.previous.is_none()));
            told.candidate = Some(candidate.clone());
        }
    }

    /// What the entry says of its candidate and is not so.
    fn untrue(&self, record: &Record, run: &Run, candidate: &Candidate, is_missing: bool) -> Option<String> {
        let id = |text: &str| Oid::from_str(text).ok();
        let ids = id(&run.base).zip(id(&candidate.tree)).zip(id(&candidate.commit)).zip(Digest::parse(&run.grant));
        let Some((((base, tree), commit), grant)) = ids else {
            return Some(format!("run {}: base, tree, commit and grant are not what such things are", record.run));
        };
        let identity = Identity { task: record.task.clone(), plugin: run.plugin.clone(), grant };
        let digest = identity.digest(base, tree);
        if digest.to_string() != candidate.digest || run_of(&digest) != record.run {
            let words = "task, base, tree, component and grant do not make the digest";
            return Some(format!("run {}: {words} {}", record.run, candidate.digest));
        }
        let is_true = is_missing || waiting::verified(&identity, run, base, tree, commit, self.repo).is_some();
        let words = "is not the one that was made: its tree, base, component, author or words are others";
        (!is_true).then(|| format!("run {}: its candidate {:.10} {words}", record.run, candidate.commit))
    }

    /// Candidates that are not here: of runs that went nowhere they may be in
    /// another clone.
    fn missing(&mut self) {
        let missing: Vec<_> =
            self.runs.iter().filter(|(_, told)| told.missing).map(|(run, told)| (run.clone(), told.published)).collect();
        for (run, published) in missing {
            let words = format!("run {run}: its candidate is not in the repository");
            if published { self.verified.faults.push(words) } else { self.verified.untold.push(words) }
        }
    }

    /// What left `refs/lifeos/` is a candidate of its run, and enough people
    /// had approved it.
    fn published(&mut self, id: Oid, record: &Record, new: &str, how: &str) {
        if let Some(told) = self.runs.get_mut(&record.run) {
            told.published = true;
        }
        let told = self.runs.get(&record.run);
        let candidate = told.and_then(|told| told.candidate.as_ref().filter(|_| told.commits.contains_key(new)));
        let Some((told, _)) = told.zip(candidate) else {
            let words = format!("{new:.10} {how}, which is not the candidate of run {}", record.run);
            return self.fault(id, &words);
        };
        if !told.is_approved() {
            self.fault(id, &format!("run {} {how} and no approval of its digest stands before", record.run));
        } else if let Some(rejected) = told.rejected {
            // A no that nobody here could know of is told, and is no lie.
            let words = format!("run {} {how}, and entry {:.10} rejects it", record.run, rejected.to_string());
            match self.git.graph_descendant_of(id, rejected) {
                Ok(false) => self.verified.untold.push(words),
                _ => self.fault(id, &words),
            }
        }
    }

    /// Every commit on a branch that says it is of a run has that run's entry.
    fn commits(&mut self) -> Result<(), VerifyError> {
        let mut walk = self.git.revwalk()?;
        walk.push_glob("refs/heads/*")?;
        // A detached HEAD is a branch without a name; an unborn one has no commits.
        drop(walk.push_head());
        for id in walk.take(COMMITS_MAX) {
            let commit = self.git.find_commit(id?)?;
            let Some(run) = trailer(&commit, TRAILER) else { continue };
            self.verified.commits += 1;
            let faults: Vec<String> = self.commit(&commit, &run).into_iter().collect();
            self.verified.faults.extend(faults);
        }
        self.branches()
    }

    /// A branch of ours that is at a candidate has that landing's entry.
    fn branches(&mut self) -> Result<(), VerifyError> {
        let landed = |run: &str| self.runs.get(run).is_some_and(|told| told.landed);
        let moving = Lock::moving(self.git.commondir());
        let (mut faults, mut untold) = (Vec::new(), Vec::new());
        for branch in self.git.references_glob("refs/heads/lifeos/*")? {
            let branch = branch?;
            let commit = branch.peel_to_commit()?;
            if let Some(run) = trailer(&commit, TRAILER).filter(|run| !landed(run)) {
                let name = String::from_utf8_lossy(branch.name_bytes()).into_owned();
                let is_approved = self.runs.get(&run).is_some_and(|told| told.is_approved() && told.rejected.is_none());
                if moving.contains(&name) && is_approved {
                    untold.push(format!("{name} is at run {run}, which a run that was stopped did not tell; the next one will"));
                } else {
                    faults.push(format!("{name} is at run {run}, and no entry tells that it landed"));
                }
            }
        }
        self.verified.faults.extend(faults);
        self.verified.untold.extend(untold);
        Ok(())
    }

    fn commit(&self, commit: &Commit<'_>, run: &str) -> Option<String> {
        let shown = format!("commit {:.10}", commit.id().to_string());
        let Some(told) = self.runs.get(run) else {
            return Some(format!("{shown} says that it is of run {run}, of which there is no entry"));
        };
        // One that somebody picked or rebased is a commit of theirs.
        let Some(place) = told.commits.get(&commit.id().to_string()) else {
            let is_host = |who: &git2::Signature<'_>| who.email_bytes() == MAIL.as_bytes();
            let is_forged = is_host(&commit.author()) && is_host(&commit.committer());
            return is_forged.then(|| format!("{shown} says that lifeos made it for run {run}, and no entry tells of it"));
        };
        match (trailer(commit, RECORD_TRAILER), *place) {
            (None, (_, true)) => None,
            (Some(before), (place, _)) if self.places.get(&before).is_some_and(|at| *at < place) => None,
            (Some(before), _) => Some(format!("{shown} was made after entry {before:.10}, which does not stand before its run")),
            (None, (place, _)) => Some(format!("{shown} was made when the ledger was empty, and {place} entries stand before")),
        }
    }
}

/// The value of a trailer in the last paragraph of a message.
fn trailer(commit: &Commit<'_>, name: &str) -> Option<String> {
    let message = commit.message().ok()?;
    let lines = message.lines().rev().skip_while(|line| line.trim().is_empty()).take_while(|line| !line.trim().is_empty());
    lines.into_iter().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()))
}
