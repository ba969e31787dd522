//! Answers of a plugin that need not be asked for again: one sealed file for
//! each repository, component and settings. An answer is found by path, blob
//! and whether the document may be edited; a conclusion by everything it was
//! made from. Deleting the file changes no result.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use crate::checkup::{Checkup, Conclusion};
use crate::digest::Digest;
use crate::sealed::SealedFolder;

/// The form of the file; another one is another file.
const FORM: u64 = 5;
/// Rewritings that an answer outlives without being asked for: enough for
/// comparing two bases in turn.
const UNUSED_MAX: u8 = 3;
/// Conclusions that are kept.
const CONCLUSIONS_MAX: usize = 4;
/// Files that nobody wrote for so long are removed.
const STALE: Duration = Duration::from_secs(60 * 24 * 3600);
const PREFIX: &str = "results-";

/// What an answer is found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// The document.
    pub path: Box<str>,
    /// Its blob.
    pub blob: [u8; 20],
    /// Whether an edit of it could pass.
    pub editable: bool,
}

/// How often an answer was there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Counts {
    /// Documents whose answer was remembered.
    pub hits: u64,
    /// Documents that the plugin was asked about.
    pub misses: u64,
}

/// The remembered answers of one plugin with one set of settings.
pub struct Results<'f> {
    folder: Option<&'f SealedFolder>,
    name: String,
    bytes: Vec<u8>,
    kept: HashMap<Key, Kept>,
    conclusions: Vec<(Digest, Range<usize>)>,
    fresh: Mutex<Fresh>,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// An answer in the file: where its bytes are, and for how long nobody asked.
struct Kept {
    place: Range<usize>,
    unused: u8,
    used: AtomicBool,
}

/// What this run adds.
#[derive(Default)]
struct Fresh {
    checkups: Vec<(Key, Vec<u8>)>,
    conclusion: Option<(Digest, Vec<u8>)>,
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
struct File<'b> {
    #[serde(borrow)]
    checkups: Vec<(Key, u8, &'b Bytes)>,
    #[serde(borrow)]
    conclusions: Vec<(Digest, &'b Bytes)>,
}

impl<'f> Results<'f> {
    /// Opens the answers that were given under `identity`: repository,
    /// component and settings. Without a folder nothing is remembered.
    #[must_use]
    pub fn open(folder: Option<&'f SealedFolder>, identity: Digest) -> Self {
        let identity = Digest::of_parts([identity.hex().as_bytes(), &FORM.to_le_bytes()]);
        let name = format!("{PREFIX}{}", identity.hex());
        let bytes = folder.and_then(|folder| folder.read(&name)).unwrap_or_default();
        let (kept, conclusions) = read(&bytes);
        let count = || AtomicU64::new(0);
        Self { folder, name, bytes, kept, conclusions, fresh: Mutex::default(), hits: count(), misses: count() }
    }

    /// The answer for a document, if `still` says that it holds.
    ///
    /// # Errors
    /// Whatever `still` fails with.
    pub fn find<E>(&self, key: &Key, still: impl FnOnce(&Checkup) -> Result<bool, E>) -> Result<Option<Checkup>, E> {
        let found = self.kept.get(key).and_then(|kept| Some((kept, decode::<Checkup>(&self.bytes, &kept.place)?)));
        if let Some((kept, checkup)) = found
            && still(&checkup)?
        {
            kept.used.store(true, Ordering::Relaxed);
            self.hits.fetch_add(1, Ordering::Relaxed);
            return Ok(Some(checkup));
        }
        self.misses.fetch_add(1, Ordering::Relaxed);
        Ok(None)
    }

    /// Remembers an answer.
    pub fn keep(&self, key: Key, checkup: &Checkup) {
        if let Some(bytes) = self.folder.and_then(|_| postcard::to_stdvec(checkup).ok()) {
            self.fresh.lock().unwrap_or_else(PoisonError::into_inner).checkups.push((key, bytes));
        }
    }

    /// The conclusion that was drawn from `all`.
    #[must_use]
    pub fn conclusion(&self, all: Digest) -> Option<Conclusion> {
        let (_, place) = self.conclusions.iter().find(|(digest, _)| *digest == all)?;
        decode(&self.bytes, place)
    }

    /// Remembers a conclusion.
    pub fn conclude(&self, all: Digest, conclusion: &Conclusion) {
        if let Some(bytes) = self.folder.and_then(|_| postcard::to_stdvec(conclusion).ok()) {
            self.fresh.lock().unwrap_or_else(PoisonError::into_inner).conclusion = Some((all, bytes));
        }
    }

    /// Writes what is new, if anything is; a failure costs the next run time
    /// and nothing else.
    pub fn close(self) -> Counts {
        let counts = Counts { hits: self.hits.load(Ordering::Relaxed), misses: self.misses.load(Ordering::Relaxed) };
        let fresh = self.fresh.into_inner().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = self.folder.filter(|_| !fresh.checkups.is_empty() || fresh.conclusion.is_some()) else {
            return counts;
        };
        let mut file = File::default();
        for (key, Kept { place, unused, used }) in self.kept {
            let unused = if used.into_inner() { 0 } else { unused + 1 };
            if unused <= UNUSED_MAX
                && let Some(bytes) = self.bytes.get(place)
            {
                file.checkups.push((key, unused, Bytes::new(bytes)));
            }
        }
        file.checkups.extend(fresh.checkups.iter().map(|(key, bytes)| (key.clone(), 0, Bytes::new(bytes))));
        file.conclusions.extend(fresh.conclusion.iter().map(|(digest, bytes)| (*digest, Bytes::new(bytes))));
        let older =
            self.conclusions.iter().filter_map(|(digest, place)| Some((*digest, Bytes::new(self.bytes.get(place.clone())?))));
        file.conclusions.extend(older.take(CONCLUSIONS_MAX - file.conclusions.len()));
        let written = postcard::to_stdvec(&file).map_err(std::io::Error::other);
        if let Err(error) = written.and_then(|bytes| folder.replace(&self.name, &bytes)) {
            tracing::warn!(%error, "results were not kept");
        }
        for prefix in [PREFIX, "tree-", "history-"] {
            folder.sweep(prefix, STALE);
        }
        counts
    }
}

type Places = (HashMap<Key, Kept>, Vec<(Digest, Range<usize>)>);

/// Where things are in the file; a file of another form holds nothing.
fn read(bytes: &[u8]) -> Places {
    let file: File<'_> = postcard::from_bytes(bytes).unwrap_or_default();
    let place = |part: &[u8]| {
        let start = part.as_ptr() as usize - bytes.as_ptr() as usize;
        start..start + part.len()
    };
    let kept = |(key, unused, part): (Key, u8, &Bytes)| (key, Kept { place: place(part), unused, used: AtomicBool::new(false) });
    let conclusions = file.conclusions.into_iter().map(|(digest, part)| (digest, place(part))).collect();
    (file.checkups.into_iter().map(kept).collect(), conclusions)
}

fn decode<T: serde::de::DeserializeOwned>(bytes: &[u8], place: &Range<usize>) -> Option<T> {
    postcard::from_bytes(bytes.get(place.clone())?).ok()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn folder() -> (tempfile::TempDir, SealedFolder) {
        let root = tempfile::tempdir().expect("a folder");
        let sealed = SealedFolder::open(&root.path().join("sealed")).expect("a folder");
        (root, sealed)
    }

    fn key(path: &str, blob: u8, editable: bool) -> Key {
        Key { path: path.into(), blob: [blob; 20], editable }
    }

    fn checkup(summary: u8) -> Checkup {
        Checkup { summary: vec![summary], ..Checkup::default() }
    }

    fn found(results: &Results<'_>, key: &Key) -> Option<u8> {
        let found = results.find(key, |_| Ok::<_, Infallible>(true)).expect("no error");
        found.map(|checkup| checkup.summary[0])
    }

    #[test]
    fn an_answer_is_found_by_all_of_its_key_and_under_its_identity() {
        let (_root, folder) = folder();
        let [one, other] = [Digest::of(b"one"), Digest::of(b"other")];
        let results = Results::open(Some(&folder), one);
        assert_eq!(found(&results, &key("a", 1, true)), None);
        results.keep(key("a", 1, true), &checkup(7));
        results.conclude(other, &Conclusion { log: "x".to_owned(), ..Conclusion::default() });
        assert_eq!(results.close(), Counts { hits: 0, misses: 1 });
        let results = Results::open(Some(&folder), one);
        assert_eq!(found(&results, &key("a", 1, true)), Some(7));
        for missing in [key("b", 1, true), key("a", 2, true), key("a", 1, false)] {
            assert_eq!(found(&results, &missing), None, "{missing:?}");
        }
        let refused = results.find(&key("a", 1, true), |_| Ok::<_, Infallible>(false)).expect("no error");
        assert_eq!((refused, results.conclusion(other).map(|it| it.log)), (None, Some("x".to_owned())));
        assert_eq!(results.conclusion(one), None);
        assert_eq!(results.close(), Counts { hits: 1, misses: 4 });
        assert_eq!(found(&Results::open(Some(&folder), other), &key("a", 1, true)), None);
        assert_eq!(found(&Results::open(None, one), &key("a", 1, true)), None);
    }

    #[test]
    fn what_nobody_asks_for_is_dropped_in_the_end() {
        let (_root, folder) = folder();
        let identity = Digest::of(b"one");
        let mut left = Vec::new();
        for blob in 0..6 {
            let results = Results::open(Some(&folder), identity);
            left.push(results.kept.len());
            results.keep(key("a", blob, true), &checkup(blob));
            results.close();
        }
        assert_eq!(left, [0, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn a_damaged_file_holds_nothing() {
        let (_root, folder) = folder();
        let identity = Digest::of(b"one");
        let results = Results::open(Some(&folder), identity);
        let name = results.name.clone();
        folder.replace(&name, b"\xff\xff\xff\xff\x01garbage").expect("written");
        let results = Results::open(Some(&folder), identity);
        assert_eq!((found(&results, &key("a", 1, true)), results.conclusion(identity)), (None, None));
    }
}
