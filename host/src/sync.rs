//! The record of two clones made one: entries go both ways over a remote
//! repository, and none is lost; candidates go along whose base is there, so
//! that no commit is published that nobody pushed. What is received is read
//! before it counts; whoever may push there may add to the record.

use git2::Oid;

use crate::ledger::{self, Ledger, LedgerError};
use crate::lock::{Lock, LockError};
use crate::refs::{self, RefError};
use crate::remote::{Push, Remote, RemoteError};
use crate::repo::Repo;
use crate::waiting::ref_of;

/// Attempts while somebody else pushes.
const ATTEMPTS_MAX: usize = 8;
/// Digits of a run's id.
const RUN_DIGITS: usize = 12;
/// Refs of one push.
const PUSHED_AT_ONCE: usize = 200;

/// What went where.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Synced {
    /// Entries that came from there.
    pub received: u64,
    /// Entries that went there.
    pub sent: u64,
    /// Candidates that came from there.
    pub candidates: u64,
    /// Candidates that stay here: their base is not part of a branch there.
    pub kept: u64,
}

/// Why the two are not one.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The remote repository failed.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// One of the records cannot be read or written.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A ref did not move.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// Somebody else is at work here.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Git failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

/// Makes the records of this clone and of a remote repository one.
///
/// # Errors
/// [`SyncError`]; what was received by then stays.
pub fn sync(repo: &Repo, remote: &Remote<'_>, now: i64) -> Result<Synced, SyncError> {
    let lock = Lock::take(repo.common_dir())?;
    let ledger = Ledger::of(repo, None);
    let mut synced = Synced::default();
    for attempt in 1.. {
        let theirs = remote.list(refs::PREFIX)?;
        let branches: Vec<Oid> = remote.list("refs/heads/")?.into_iter().map(|(_, tip)| tip).collect();
        let find = |name: &str| theirs.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
        let head = find(ledger::REF);
        let mut here = candidates(repo)?;
        let is_new = |(name, id): &&(String, Oid)| is_candidate(name) && !here.iter().any(|(_, known)| known == id);
        let new: Vec<(String, Oid)> = theirs.iter().filter(is_new).cloned().collect();
        let absent = |(_, id): &&(String, Oid)| !repo.git().odb().is_ok_and(|odb| odb.exists(*id));
        let mut wanted: Vec<String> = new.iter().filter(absent).map(|(name, _)| name.clone()).collect();
        wanted.extend(head.filter(|head| repo.git().find_commit(*head).is_err()).map(|_| ledger::REF.to_owned()));
        if !wanted.is_empty() {
            remote.fetch(&wanted)?;
        }
        for (name, id) in new {
            let name = free(&name, id, &here);
            // What is no candidate stays there, and so does one whose name is taken twice.
            if base_of(repo, id).is_none() || here.iter().any(|(known, _)| *known == name) {
                continue;
            }
            let _intent = lock.intend(&name)?;
            refs::move_own(repo.git(), &name, None, id, "lifeos: received")?;
            here.push((name, id));
            synced.candidates += 1;
        }
        if let Some(head) = head {
            synced.received += ledger.join(&lock, head, now)?;
        }
        let Some(ours) = refs::read(repo.git(), ledger::REF)? else { return Ok(synced) };
        let sent = ledger.missing_from(head, ours)?;
        let (mut pushes, kept) = to_send(repo, &theirs, &branches)?;
        synced.kept = kept;
        if head != Some(ours) {
            pushes.push(Push { name: ledger::REF.to_owned(), old: head, new: ours });
        }
        // The record goes last: whoever has it has its candidates.
        match pushes.chunks(PUSHED_AT_ONCE).try_for_each(|pushes| remote.push(pushes)) {
            Err(RemoteError::Rejected { .. }) if attempt < ATTEMPTS_MAX => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                synced.sent = sent;
                break;
            }
        }
    }
    Ok(synced)
}

/// Candidates here, by the names of their refs.
fn candidates(repo: &Repo) -> Result<Vec<(String, Oid)>, SyncError> {
    let mut found = Vec::new();
    for reference in repo.git().references_glob(&ref_of("*"))? {
        let reference = reference?;
        if let (Ok(name), Some(id)) = (reference.name(), reference.target())
            && is_candidate(name)
        {
            found.push((name.to_owned(), id));
        }
    }
    Ok(found)
}

/// Candidates here that are not there, and how many of them have to stay.
fn to_send(repo: &Repo, theirs: &[(String, Oid)], branches: &[Oid]) -> Result<(Vec<Push>, u64), SyncError> {
    let (mut pushes, mut kept) = (Vec::new(), 0);
    for (name, new) in candidates(repo)? {
        if theirs.iter().any(|(_, known)| *known == new) {
            continue;
        }
        let is_there = base_of(repo, new).is_some_and(|base| branches.iter().any(|tip| repo.holds(*tip, base)));
        let name = free(&name, new, theirs);
        if is_there && !theirs.iter().any(|(known, _)| *known == name) {
            pushes.push(Push { name, old: None, new });
        } else {
            kept += 1;
        }
    }
    Ok((pushes, kept))
}

/// The commit that a candidate stands on; none if it is no commit as the host
/// makes them, with one parent.
fn base_of(repo: &Repo, id: Oid) -> Option<Oid> {
    let commit = repo.git().find_commit(id).ok()?;
    let is_host = commit.author().email_bytes() == ledger::MAIL.as_bytes();
    (is_host && commit.parent_count() == 1).then(|| commit.parent_id(0).ok()).flatten()
}

/// Another name where a run's is taken: two clones may have made a candidate
/// each, the same but for its time.
fn free(name: &str, id: Oid, taken: &[(String, Oid)]) -> String {
    let is_taken = taken.iter().any(|(known, _)| known == name);
    let run = &name[..name.len().min(ref_of("").len() + RUN_DIGITS)];
    if is_taken { format!("{run}-{:.10}", id.to_string()) } else { name.to_owned() }
}

/// `RUN`, or `RUN-COMMIT` for a second candidate of the run.
fn is_candidate(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(&ref_of("")) else { return false };
    let (run, commit) = rest.split_once('-').unwrap_or((rest, "0000000000"));
    let is_hex = |text: &str, digits| text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex(run, RUN_DIGITS) && is_hex(commit, 10)
}
