//! The record: a chain of commits under `refs/lifeos/ledger`, one for each
//! thing that was decided, so that git's own hashing makes it tamper-evident.

pub mod book;
pub mod record;
pub mod story;

use git2::{Oid, Signature, Sort, Time};

use crate::digest::Digest;
use crate::lock::{Lock, LockError};
use crate::refs::{self, RefError};
use crate::repo::Repo;
use crate::sealed::SealedFolder;
use crate::trace::Uses;
use crate::writing;
use book::Book;
use record::{Body, Outcome, Record, Run, SCHEMA};
use story::Story;

/// The ref of the chain.
pub const REF: &str = "refs/lifeos/ledger";
/// Who commits: the host.
pub const NAME: &str = "lifeos";
/// The host's address, which leads nowhere.
pub const MAIL: &str = "lifeos@localhost";
/// Bytes of a record.
const RECORD_BYTES_MAX: usize = 16 << 20;
/// Bytes of a file beside a record.
const FILE_BYTES_MAX: usize = 128 << 20;
/// Entries that are looked at for what a component used.
const LOOKED_AT_MAX: usize = 1_000;
/// Attempts to append while somebody else does.
const APPENDS_MAX: usize = 16;
/// Rounds of one run that are looked back on; no task is granted more.
const ROUNDS_MAX: usize = 10;
/// The form of the book as it is remembered; another one is another file.
const FORM: &str = "ledger-4-";

/// Why the record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A newer lifeos wrote it.
    #[error("record {commit} has schema {found}; this lifeos reads up to {SCHEMA}")]
    Newer {
        /// The commit.
        commit: String,
        /// Its schema.
        found: u64,
    },
    /// It is not what a ledger holds.
    #[error("record {commit} is damaged: {reason}")]
    Damaged {
        /// The commit.
        commit: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It would be refused when it is read again, so it was not written.
    #[error("what was to be put on record is of a form that lifeos does not read: {0}")]
    Unfit(&'static str),
    /// The ref did not move.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// The state folder cannot be written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Git failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
}

/// The chain in a repository.
pub struct Ledger<'r> {
    repo: &'r Repo,
    memory: Option<&'r SealedFolder>,
}

/// What writing an entry takes: the ledger, the right to write, and the time.
#[derive(Clone, Copy)]
pub(crate) struct Pen<'p> {
    pub(crate) ledger: &'p Ledger<'p>,
    pub(crate) lock: &'p Lock,
    /// Seconds since 1970-01-01T00:00Z.
    pub(crate) now: i64,
}

impl Pen<'_> {
    /// Appends an entry about a run of a task, with further files beside it.
    ///
    /// # Errors
    /// As [`Ledger::append`].
    pub(crate) fn write(&self, run: &str, task: &str, body: Body, files: &[(&str, Vec<u8>)]) -> Result<Oid, LedgerError> {
        let (run, task) = (run.to_owned(), task.to_owned());
        let record = Record { schema: SCHEMA, run, task, at: self.now, previous: None, body };
        self.ledger.append(self.lock, &record, files)
    }
}

impl<'r> Ledger<'r> {
    /// The ledger of a repository; there may be none yet. What was added up
    /// before is remembered in `memory`.
    #[must_use]
    pub fn of(repo: &'r Repo, memory: Option<&'r SealedFolder>) -> Self {
        Self { repo, memory }
    }

    /// Appends a record with further files beside it. Concurrent appends wait
    /// their turn. What a reader would refuse is not written: one such entry would
    /// make all of the chain unreadable.
    ///
    /// # Errors
    /// [`LedgerError`].
    pub(crate) fn append(&self, lock: &Lock, record: &Record, files: &[(&str, Vec<u8>)]) -> Result<Oid, LedgerError> {
        self.append_beside(lock, record, files, None)
    }

    fn append_beside(
        &self,
        lock: &Lock,
        record: &Record,
        files: &[(&str, Vec<u8>)],
        other: Option<Oid>,
    ) -> Result<Oid, LedgerError> {
        fits(record)?;
        let _intent = lock.intend(REF)?;
        let git = self.repo.git();
        let tree = |head: Option<Oid>| {
            let record = Record { previous: head.map(|head| head.to_string()), ..record.clone() };
            let text = serde_json::to_vec_pretty(&record).map_err(|error| git2::Error::from_str(&error.to_string()))?;
            let mut builder = git.treebuilder(None)?;
            builder.insert("record.json", git.blob(&text)?, 0o100_644)?;
            for (name, bytes) in files {
                builder.insert(name, git.blob(bytes)?, 0o100_644)?;
            }
            git.find_tree(builder.write()?)
        };
        let title = record.title();
        let other = other.map(|other| git.find_commit(other)).transpose()?;
        for attempt in 1.. {
            let head = refs::read(git, REF)?;
            let parent = head.map(|id| git.find_commit(id)).transpose()?;
            let parents: Vec<_> = parent.iter().chain(&other).collect();
            let newest = parents.iter().map(|parent| parent.time().seconds()).max().unwrap_or(0);
            let author = signature(record.at.max(newest))?;
            let write = || writing::commit(git, &author, &title, &tree(head)?, &parents);
            match refs::publish::<LedgerError>(git, REF, head, &title, write) {
                Err(LedgerError::Ref(RefError::Moved { .. } | RefError::Locked { .. })) if attempt < APPENDS_MAX => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                published => return published,
            }
        }
        unreachable!("the loop returns")
    }

    /// Makes another ledger, whose objects are here, part of this one, and gives
    /// how many entries came along. All of them are read before they count.
    ///
    /// # Errors
    /// [`LedgerError`] for an entry that cannot be read; nothing moves then.
    pub(crate) fn join(&self, lock: &Lock, other: Oid, at: i64) -> Result<u64, LedgerError> {
        let git = self.repo.git();
        let head = refs::read(git, REF)?;
        let received = self.between(head, other)?;
        if received.is_empty() {
            return Ok(0);
        }
        received.iter().try_for_each(|id| self.record(*id).map(drop))?;
        let count = received.len() as u64;
        match head {
            Some(head) if !git.graph_descendant_of(other, head)? => {
                let body = Body::Join { other: other.to_string() };
                let record = Record { schema: SCHEMA, run: String::new(), task: String::new(), at, previous: None, body };
                self.append_beside(lock, &record, &[], Some(other))?;
            }
            head => {
                let _intent = lock.intend(REF)?;
                refs::move_own(git, REF, head, other, "lifeos: received")?;
            }
        }
        Ok(count)
    }

    /// How many entries of a ledger another one lacks.
    ///
    /// # Errors
    /// [`LedgerError::Git`].
    pub(crate) fn missing_from(&self, other: Option<Oid>, head: Oid) -> Result<u64, LedgerError> {
        Ok(self.between(other, head)?.len() as u64)
    }

    /// Entries up to `head` that are not among those up to `known`.
    fn between(&self, known: Option<Oid>, head: Oid) -> Result<Vec<Oid>, LedgerError> {
        let mut walk = self.repo.git().revwalk()?;
        walk.push(head)?;
        known.map(|known| walk.hide(known)).transpose()?;
        Ok(walk.collect::<Result<_, _>>()?)
    }

    /// All records, each after those it was written after, with the commits that
    /// hold them.
    ///
    /// # Errors
    /// [`LedgerError`] for the first one that cannot be read.
    pub fn records(&self) -> Result<Vec<(Oid, Record)>, LedgerError> {
        let git = self.repo.git();
        let Some(head) = refs::read(git, REF)? else { return Ok(Vec::new()) };
        let mut walk = git.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME | Sort::REVERSE)?;
        walk.push(head)?;
        walk.map(|id| self.record(id?)).collect()
    }

    /// The record, added up.
    ///
    /// # Errors
    /// As [`Ledger::records`].
    pub fn book(&self) -> Result<Book, LedgerError> {
        let head = refs::read(self.repo.git(), REF)?;
        let name = self.book_name();
        let remembered = self.memory.and_then(|memory| postcard::from_bytes::<Book>(&memory.read(&name)?).ok());
        let mut book = remembered.unwrap_or_default();
        if book.head != head.map(|head| head.to_string()) {
            let records = match self.since(book.head.as_deref(), head)? {
                Some(records) => records,
                None => {
                    book = Book::default();
                    self.records()?
                }
            };
            book.index();
            records.into_iter().for_each(|(id, record)| book.add(&id.to_string(), record));
            if let (Some(memory), Ok(bytes)) = (self.memory, postcard::to_stdvec(&book))
                && let Err(error) = memory.replace(&name, &bytes)
            {
                tracing::warn!(%error, "the ledger was not remembered");
            }
        }
        book.index();
        Ok(book)
    }

    /// What was appended to an entry, if nothing else happened.
    fn since(&self, known: Option<&str>, head: Option<Oid>) -> Result<Option<Vec<(Oid, Record)>>, LedgerError> {
        let (mut records, mut next) = (Vec::new(), head);
        let Some(known) = known else { return Ok(None) };
        while let Some(id) = next.filter(|id| id.to_string() != known) {
            let parents: Vec<Oid> = self.repo.git().find_commit(id)?.parent_ids().collect();
            if parents.len() != 1 {
                return Ok(None);
            }
            records.push(self.record(id)?);
            next = parents.first().copied();
        }
        records.reverse();
        Ok(next.map(|_| records))
    }

    fn book_name(&self) -> String {
        format!("{FORM}{}", Digest::of(self.repo.common_dir().as_os_str().as_encoded_bytes()).hex())
    }

    /// The newest record of kind `run` of a story, and the commit that holds it.
    ///
    /// # Errors
    /// As [`Ledger::records`].
    pub fn run_of(&self, story: &Story) -> Result<Option<(Oid, Run)>, LedgerError> {
        let Some(entry) = &story.entry else { return Ok(None) };
        let (id, record) = self.record(Oid::from_str(entry)?)?;
        Ok(match record.body {
            Body::Run(run) => Some((id, *run)),
            _ => None,
        })
    }

    /// The rounds that a run repairs, newest first: as many as a task can be granted.
    ///
    /// # Errors
    /// As [`Ledger::records`].
    pub fn rounds_before(&self, record: &Run) -> Result<Vec<Run>, LedgerError> {
        let mut before: Vec<Run> = Vec::new();
        if record.repairs.is_none() {
            return Ok(before);
        }
        let book = self.book()?;
        while let Some(run) = before.last().unwrap_or(record).repairs.as_ref().filter(|_| before.len() < ROUNDS_MAX) {
            let found = book.story(run).map(|story| self.run_of(story)).transpose()?.flatten();
            let Some((_, found)) = found else { break };
            before.push(found);
        }
        Ok(before)
    }

    /// What a component did in the newest `runs_max` runs of a task, as far as they
    /// are among the newest entries. Nothing is remembered for it.
    ///
    /// # Errors
    /// As [`Ledger::records`].
    pub fn uses(&self, task: &str, component: &str, runs_max: u64) -> Result<Uses, LedgerError> {
        let git = self.repo.git();
        let mut uses = Uses::default();
        let Some(head) = refs::read(git, REF)? else { return Ok(uses) };
        let mut walk = git.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
        walk.push(head)?;
        for id in walk.take(LOOKED_AT_MAX) {
            let (_, record) = self.record(id?)?;
            match record.body {
                // One that failed keeps its reason, and not what it used until then.
                Body::Run(run) if run.outcome == Outcome::Failed => {}
                Body::Run(run) if record.task == task && run.plugin.digest == component => uses.add(&run.used),
                _ => {}
            }
            if uses.runs >= runs_max {
                break;
            }
        }
        Ok(uses)
    }

    /// A file beside a record.
    ///
    /// # Errors
    /// [`LedgerError::Git`]; a missing file is none.
    pub fn file(&self, record: Oid, name: &str) -> Result<Option<Vec<u8>>, LedgerError> {
        let git = self.repo.git();
        let tree = git.find_commit(record)?.tree()?;
        let Some(entry) = tree.get_name(name) else { return Ok(None) };
        let (size, _) = git.odb()?.read_header(entry.id())?;
        if size > FILE_BYTES_MAX {
            return Err(LedgerError::Damaged { commit: record.to_string(), reason: format!("{name} is too large") });
        }
        Ok(Some(git.find_blob(entry.id())?.content().to_owned()))
    }

    fn record(&self, id: Oid) -> Result<(Oid, Record), LedgerError> {
        let damaged = |reason: String| LedgerError::Damaged { commit: id.to_string(), reason };
        let tree = self.repo.git().find_commit(id)?.tree()?;
        let entry = tree.get_name("record.json").ok_or_else(|| damaged("it has no record.json".to_owned()))?;
        if self.repo.git().odb()?.read_header(entry.id())?.0 > RECORD_BYTES_MAX {
            return Err(damaged("it is too large".to_owned()));
        }
        let blob = self.repo.git().find_blob(entry.id())?;
        let value: serde_json::Value = serde_json::from_slice(blob.content()).map_err(|error| damaged(error.to_string()))?;
        match value["schema"].as_u64() {
            Some(found) if found > u64::from(SCHEMA) => Err(LedgerError::Newer { commit: id.to_string(), found }),
            _ => {
                let record: Record = serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
                record.check().map_err(|reason| damaged(reason.to_owned()))?;
                Ok((id, record))
            }
        }
    }
}

/// Whether an entry is one that [`Ledger::records`] gives back.
fn fits(record: &Record) -> Result<(), LedgerError> {
    record.check().map_err(LedgerError::Unfit)?;
    // It names the entry before it then, which takes less than this.
    let len = serde_json::to_vec_pretty(record).map_or(usize::MAX, |text| text.len() + 100);
    if len > RECORD_BYTES_MAX { Err(LedgerError::Unfit("it is too large")) } else { Ok(()) }
}

/// The name under which lifeos commits.
///
/// # Errors
/// Never for times that git can hold.
pub fn signature(seconds: i64) -> Result<Signature<'static>, git2::Error> {
    Signature::new(NAME, MAIL, &Time::new(seconds, 0))
}
