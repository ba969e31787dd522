//! What a run spends, written down while it runs: a file in the state folder, one
//! line for each reservation and one for what it came to. A line is on the disk
//! before anything is sent. It is no record: when the ledger tells what the run
//! spent, the file goes. What it tells of a run that was killed is `Left`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::day::Day;
use super::spent::{Days, add};
use super::{BudgetError, DAYS_MAX, Sum, purse};
use crate::lock::{JOURNAL_BYTES_MAX, Lock};
use crate::name::is_name;

/// The version of what is written; a reader refuses a newer one.
const VERSION: u32 = 1;
/// Zeros that are written ahead at once.
static ROOM: [u8; 64 << 10] = [0; 64 << 10];
/// Digits of a line's checksum.
const CHECK_DIGITS: usize = 16;

/// The journal of a run that is going on.
pub struct Journal {
    file: File,
    /// Bytes of whole lines.
    length: u64,
    /// Bytes of the file: zeros stand behind the lines, so that a line changes
    /// nothing but its own block, and finds room.
    room: u64,
    next: u64,
    check: String,
    /// A line could not be written: nothing is reserved any more.
    is_broken: bool,
}

/// What a run left that did not come to its record, or has not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The journal's own id.
    pub id: String,
    /// The task of the run.
    pub task: String,
    /// What it spent, by day; what was not settled counts as much as was reserved.
    pub spent: Days,
    /// The part of it that was not settled.
    pub open: Days,
}

/// A line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Entry {
    Begun { version: u32, id: String, task: String },
    Reserved { number: u64, day: Day, worst: Sum },
    Settled { number: u64, real: Sum },
}

/// Begins the journal of a run of `task`, and gives its id. What an earlier run left
/// must be on record and cleared before.
///
/// # Errors
/// [`BudgetError`]; nothing may be sent then.
pub fn begin(lock: &Lock, task: &str) -> Result<(Journal, String), BudgetError> {
    let failed = |error: Error| BudgetError::Journal(error.to_string());
    if let Some(left) = left(lock)? {
        return Err(BudgetError::Journal(format!("one of task {} is there that is not on record", left.task)));
    }
    clear(lock)?;
    let mut id = [0; 8];
    getrandom::fill(&mut id).map_err(|error| failed(Error::other(error)))?;
    let id = format!("{:016x}", u64::from_be_bytes(id));
    let file = lock.journal().map_err(failed)?;
    let mut journal = Journal { file, length: 0, room: 0, next: 0, check: String::new(), is_broken: false };
    let begun = Entry::Begun { version: VERSION, id: id.clone(), task: task.to_owned() };
    journal.write(&begun, true).map_err(failed)?;
    Ok((journal, id))
}

/// What a run that was stopped left, if it left anything.
///
/// # Errors
/// [`BudgetError::Damaged`] and [`BudgetError::Newer`], which nobody mends in silence.
pub fn left(lock: &Lock) -> Result<Option<Left>, BudgetError> {
    told(lock.journal_left())
}

/// The same for somebody who only looks: also of a run that is going on, in the
/// repository whose common folder is `git`.
///
/// # Errors
/// As [`left`].
pub fn seen(git: &Path) -> Result<Option<Left>, BudgetError> {
    told(Lock::journal_of(git))
}

/// Forgets a journal whose spending is on record.
///
/// # Errors
/// [`BudgetError::Journal`]; what is on record is not counted twice all the same.
pub fn clear(lock: &Lock) -> Result<(), BudgetError> {
    lock.journal_clear().map_err(|error| BudgetError::Journal(error.to_string()))
}

fn told(read: std::io::Result<Option<Vec<u8>>>) -> Result<Option<Left>, BudgetError> {
    match read {
        Ok(bytes) => Ok(bytes.map(|bytes| read_all(&bytes)).transpose()?.flatten()),
        Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(BudgetError::Damaged(error.to_string())),
        Err(error) => Err(BudgetError::Journal(error.to_string())),
    }
}

impl Journal {
    /// Writes a line, whole or not at all, and through to the disk if it must be.
    fn write(&mut self, line: &Entry, is_flushed: bool) -> std::io::Result<()> {
        if self.is_broken {
            return Err(Error::other("a line before could not be written"));
        }
        let body = format!("{} {}", self.next, serde_json::to_string(line)?);
        let check = check(&self.check, &body);
        let text = format!("{check} {body}\n");
        let length = self.length + text.len() as u64;
        if length > JOURNAL_BYTES_MAX {
            return Err(Error::new(ErrorKind::FileTooLarge, "it is full"));
        }
        if let Err(error) = self.put(text.as_bytes(), length, is_flushed) {
            self.is_broken = true;
            // Nothing was sent: the line may go. If it stays it counts as spent.
            drop(self.file.set_len(self.length));
            return Err(error);
        }
        (self.length, self.next, self.check) = (length, self.next + 1, check);
        Ok(())
    }
}

impl Journal {
    /// Puts a line behind the others, which makes them so long.
    fn put(&mut self, line: &[u8], length: u64, is_flushed: bool) -> std::io::Result<()> {
        while self.room < length {
            self.file.write_all_at(&ROOM, self.room)?;
            self.file.sync_all()?;
            self.room += ROOM.len() as u64;
        }
        self.file.write_all_at(line, self.length)?;
        if is_flushed { self.file.sync_data() } else { Ok(()) }
    }
}

impl purse::Journal for Journal {
    fn reserved(&mut self, number: u64, day: Day, worst: Sum) -> std::io::Result<()> {
        self.write(&Entry::Reserved { number, day, worst }, true)
    }

    fn settled(&mut self, number: u64, real: Sum) -> std::io::Result<()> {
        // A line that is lost leaves its reservation, which is more.
        self.write(&Entry::Settled { number, real }, false)
    }
}

/// The beginning of a digest over a line and the checksum of the line before it.
fn check(before: &str, body: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before.as_bytes()).update(b"\n").update(body.as_bytes());
    hasher.finalize().to_hex()[..CHECK_DIGITS].to_owned()
}

/// All lines of a journal, added up; none if it does not even tell whose it is.
fn read_all(bytes: &[u8]) -> Result<Option<Left>, BudgetError> {
    let mut read = Read::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest);
        let (line, after) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + 1..]));
        match read.line(line) {
            Ok(()) => {}
            Err(Fault::Newer(version)) => return Err(BudgetError::Newer(version)),
            // What was written when the machine stopped is cut, or has holes.
            Err(Fault::NoLine) if after.is_empty() && (end.is_none() || line.contains(&0)) => break,
            Err(Fault::NoLine | Fault::NoSense) => return Err(BudgetError::Damaged(format!("line {}", read.next + 1))),
        }
        rest = after;
    }
    let left = read.left();
    let is_long = left.as_ref().is_some_and(|left| left.spent.len() > DAYS_MAX);
    if is_long { Err(BudgetError::Damaged("it tells of too many days".to_owned())) } else { Ok(left) }
}

/// What is wrong with a line.
enum Fault {
    /// It is none, or not the one that was written.
    NoLine,
    /// It says what nobody says here.
    NoSense,
    /// A newer lifeos wrote it.
    Newer(u32),
}

/// Whether a text may be the id of a journal.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Lines as read so far.
#[derive(Default)]
struct Read {
    next: u64,
    check: String,
    whose: Option<(String, String)>,
    open: BTreeMap<u64, (Day, Sum)>,
    settled: Days,
}

impl Read {
    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let line = std::str::from_utf8(line).map_err(|_| Fault::NoLine)?;
        let (found, body) = line.split_once(' ').ok_or(Fault::NoLine)?;
        let expected = check(&self.check, body);
        if found != expected {
            return Err(Fault::NoLine);
        }
        let (number, json) = body.split_once(' ').ok_or(Fault::NoSense)?;
        if number != self.next.to_string() {
            return Err(Fault::NoSense);
        }
        self.newer(json)?;
        self.add(serde_json::from_str(json).map_err(|_| Fault::NoSense)?)?;
        (self.next, self.check) = (self.next + 1, expected);
        Ok(())
    }

    /// The first line may be of a version whose lines are others.
    fn newer(&self, json: &str) -> Result<(), Fault> {
        let version = || serde_json::from_str::<serde_json::Value>(json).ok()?["begun"]["version"].as_u64();
        match if self.next == 0 { version() } else { None } {
            Some(version) if version > u64::from(VERSION) => Err(Fault::Newer(u32::try_from(version).unwrap_or(u32::MAX))),
            _ => Ok(()),
        }
    }

    fn add(&mut self, line: Entry) -> Result<(), Fault> {
        match (line, &self.whose) {
            (Entry::Begun { id, task, .. }, None) if is_id(&id) && is_name(&task) => self.whose = Some((id, task)),
            (Entry::Reserved { number, day, worst }, Some(_)) => {
                if self.open.insert(number, (day, worst)).is_some() {
                    return Err(Fault::NoSense);
                }
            }
            (Entry::Settled { number, real }, Some(_)) => {
                let (day, _) = self.open.remove(&number).ok_or(Fault::NoSense)?;
                let sum = self.settled.entry(day).or_default();
                *sum = sum.plus(real);
            }
            _ => return Err(Fault::NoSense),
        }
        Ok(())
    }

    fn left(self) -> Option<Left> {
        let (id, task) = self.whose?;
        let (mut spent, mut open) = (self.settled, Days::new());
        for (day, worst) in self.open.into_values() {
            [&mut spent, &mut open].into_iter().for_each(|days| add(days, &Days::from([(day, worst)])));
        }
        spent.retain(|_, sum| *sum != Sum::default());
        Some(Left { id, task, spent, open })
    }
}

#[cfg(test)]
mod tests {
    use super::purse::Journal as _;
    use super::*;
    use crate::budget::Tokens;

    fn sum(cost: u64) -> Sum {
        Sum { attempts: 1, tokens: Tokens { input: cost, output: 1 }, cost }
    }

    fn written() -> (tempfile::TempDir, Lock, String) {
        let git = tempfile::tempdir().expect("a folder");
        let lock = Lock::take(git.path()).expect("the lock");
        let (mut journal, id) = begin(&lock, "docs").expect("a journal");
        let day = Day::of(1_795_651_200);
        journal.reserved(0, day, sum(100)).expect("written");
        journal.settled(0, sum(40)).expect("written");
        journal.reserved(1, day, sum(100)).expect("written");
        journal.settled(1, Sum::default()).expect("written");
        journal.reserved(2, day.plus(1), sum(70)).expect("written");
        (git, lock, id)
    }

    #[test]
    fn case_140_what_was_not_settled_counts_as_spent() {
        let (git, lock, id) = written();
        let left = left(&lock).expect("read").expect("left");
        let day = Day::of(1_795_651_200);
        let spent = BTreeMap::from([(day, sum(40)), (day.plus(1), sum(70))]);
        assert_eq!(left, Left { id, task: "docs".to_owned(), spent, open: Days::from([(day.plus(1), sum(70))]) });
        assert_eq!(seen(git.path()).expect("seen").as_ref(), Some(&left));
        assert!(matches!(begin(&lock, "other"), Err(BudgetError::Journal(_))), "it is not on record yet");
        clear(&lock).expect("cleared");
        assert_eq!(super::left(&lock).expect("read"), None);
        let (_, next) = begin(&lock, "other").expect("another one");
        assert_ne!(next, left.id);
    }

    #[test]
    fn case_121_a_torn_line_is_dropped_and_damage_before_it_is_told() {
        let (git, lock, _) = written();
        let file = git.path().join("lifeos/spending");
        let mut whole = std::fs::read(&file).expect("bytes");
        assert_eq!(whole.len(), ROOM.len());
        whole.truncate(memchr::memchr(0, &whole).expect("zeros behind the lines"));
        let lines: Vec<usize> = memchr::memchr_iter(b'\n', &whole).collect();
        let last = lines[lines.len() - 2] + 1;
        let cost = |left: Option<Left>| left.map_or(0, |left| left.spent.values().map(|sum| sum.cost).sum::<u64>());
        for at in 0..whole.len() {
            // Cut: whole lines count, and what is reserved in them.
            std::fs::write(&file, &whole[..at]).expect("written");
            let whole_lines = lines.iter().filter(|end| **end <= at).count();
            assert_eq!(cost(left(&lock).expect("read")), [0, 0, 100, 40, 140, 40, 110][whole_lines], "cut at {at}");
            // One bit is another: never less, but for the last line.
            let mut changed = whole.clone();
            changed[at] ^= 4;
            std::fs::write(&file, &changed).expect("written");
            match left(&lock) {
                Err(BudgetError::Damaged(_)) => {}
                Ok(left) => assert!(at == whole.len() - 1 && cost(left) == 40, "changed at {at}"),
                Err(error) => panic!("changed at {at}: {error}"),
            }
            // Taken out, or there twice.
            if at < last {
                changed = whole.clone();
                changed.remove(at);
                std::fs::write(&file, &changed).expect("written");
                assert!(left(&lock).is_err(), "without byte {at}");
            }
        }
        // The last line has a hole where the disk did not get it.
        let mut holed = whole.clone();
        holed[last + 3..last + 20].fill(0);
        std::fs::write(&file, &holed).expect("written");
        assert_eq!(cost(left(&lock).expect("read")), 40);
        std::fs::write(&file, [&whole[..], &[0; 512]].concat()).expect("written");
        assert_eq!(cost(left(&lock).expect("read")), 110);
        let without = [&whole[..=lines[0]], &whole[lines[1] + 1..]].concat();
        std::fs::write(&file, without).expect("written");
        assert!(matches!(left(&lock), Err(BudgetError::Damaged(line)) if line == "line 2"));
    }

    #[test]
    fn case_122_a_newer_journal_is_left_alone() {
        let (git, lock, _) = written();
        let body = "0 {\"begun\":{\"version\":2,\"id\":\"x\",\"task\":\"docs\",\"more\":1}}";
        std::fs::write(git.path().join("lifeos/spending"), format!("{} {body}\n", check("", body))).expect("written");
        assert_eq!(left(&lock), Err(BudgetError::Newer(2)));
    }

    #[test]
    fn case_114_what_cannot_be_written_is_not_reserved() {
        let git = tempfile::tempdir().expect("a folder");
        let lock = Lock::take(git.path()).expect("the lock");
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
        let mut journal = Journal { file: full, length: 0, room: 0, next: 0, check: String::new(), is_broken: false };
        let day = Day::of(0);
        assert!(journal.reserved(0, day, sum(1)).is_err_and(|error| error.kind() == ErrorKind::StorageFull));
        journal.file = lock.journal().expect("a file that could be written");
        assert!(journal.reserved(1, day, sum(1)).is_err(), "nothing comes after a line that is cut");
        assert!(journal.settled(0, sum(1)).is_err());
        let full = JOURNAL_BYTES_MAX - 10;
        let mut journal = Journal { length: full, room: JOURNAL_BYTES_MAX, is_broken: false, ..journal };
        assert!(journal.reserved(0, day, sum(1)).is_err_and(|error| error.kind() == ErrorKind::FileTooLarge));
    }
}
