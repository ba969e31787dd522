//! The record of two clones made one: entries and candidates go both ways over
//! a remote repository, and none is lost. What is received is read before it
//! counts; whoever may push there may add to the record.

use git2::Oid;

use crate::ledger::{self, Ledger, LedgerError};
use crate::lock::{Lock, LockError};
use crate::refs::{self, RefError};
use crate::remote::{Push, Remote, RemoteError};
use crate::repo::Repo;
use crate::waiting::ref_of;

/// Attempts while somebody else pushes.
const ATTEMPTS_MAX: usize = 8;
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
    crate::repo::make_durable();
    let lock = Lock::take(repo.common_dir())?;
    let ledger = Ledger::of(repo, None);
    let mut synced = Synced::default();
    for attempt in 1.. {
        let theirs = remote.list(refs::PREFIX)?;
        let find = |name: &str| theirs.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
        let head = find(ledger::REF);
        let new: Vec<&(String, Oid)> = theirs.iter().filter(|(name, _)| is_candidate(name) && !is_here(repo, name)).collect();
        let mut wanted: Vec<String> = new.iter().map(|(name, _)| name.clone()).collect();
        wanted.extend(head.filter(|head| repo.git().find_commit(*head).is_err()).map(|_| ledger::REF.to_owned()));
        if !wanted.is_empty() {
            remote.fetch(&wanted)?;
        }
        for (name, id) in new {
            let _intent = lock.intend(name)?;
            refs::move_own(repo.git(), name, None, *id, "lifeos: received")?;
            synced.candidates += 1;
        }
        if let Some(head) = head {
            synced.received += ledger.join(&lock, head, now)?;
        }
        let Some(ours) = refs::read(repo.git(), ledger::REF)? else { return Ok(synced) };
        let sent = ledger.missing_from(head, ours)?;
        let mut pushes = candidates(repo, &theirs)?;
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

/// Candidates here that are not there.
fn candidates(repo: &Repo, theirs: &[(String, Oid)]) -> Result<Vec<Push>, SyncError> {
    let mut pushes = Vec::new();
    for found in repo.git().references_glob(&ref_of("*"))? {
        let found = found?;
        let (Ok(name), Some(new)) = (found.name(), found.target()) else { continue };
        if is_candidate(name) && !theirs.iter().any(|(known, _)| known == name) {
            pushes.push(Push { name: name.to_owned(), old: None, new });
        }
    }
    Ok(pushes)
}

fn is_candidate(name: &str) -> bool {
    name.strip_prefix(&ref_of("")).is_some_and(|run| run.len() == 12 && run.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_here(repo: &Repo, name: &str) -> bool {
    refs::read(repo.git(), name).is_ok_and(|here| here.is_some())
}
