//! Paths that lead nowhere: whether the base had them once, and where what was
//! there went.

use std::collections::BTreeSet;

use crate::code::base::{Base, Seen};
use crate::code::heir::Heir;
use crate::place::{Moment, Past};

/// Bytes of a text that is long enough to be known again.
const TEXT_BYTES_MIN: usize = 40;
/// Hundredths of lines that stay, from which on a file with another name is the same one.
const LINES_SAME: usize = 60;
/// Files of the same kind whose past is looked at.
const KIN_MAX: usize = 1_000;

/// The end of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) end: Moment,
    /// The whole path that was there.
    pub(crate) path: String,
    /// The whole path of what was there.
    pub(crate) heir: Heir,
}

/// What became of a path that a document names; none where the history does not prove that it was there since.
pub(crate) fn gone(named: &str, document: &str, since: &Moment, base: &Base, seen: &Seen, past: &Past<'_>) -> Option<Gone> {
    let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = if folder.is_empty() { named.to_owned() } else { format!("{folder}/{named}") };
    // A name without a folder is one of the document's own folder: from elsewhere it may be anybody's.
    let from_root = named.contains('/').then(|| named.to_owned());
    from_root.into_iter().chain([beside]).find_map(|path| {
        let (end, text) = past.end_of(&path).filter(|_| !base.paths.contains(&path))?;
        // Who writes of a path that is gone already means something else by it.
        (end.commit != since.commit && end.seconds >= since.seconds).then(|| {
            let heir = text.map_or(Heir::Unknown(Vec::new()), |text| heir(&path, &text, &end, base, seen, past));
            Gone { end, path, heir }
        })
    })
}

/// Where a file went that ended with this text.
fn heir(path: &str, text: &str, end: &Moment, base: &Base, seen: &Seen, past: &Past<'_>) -> Heir {
    let unknown = || Heir::Unknown(Vec::new());
    if text.len() < TEXT_BYTES_MIN {
        return unknown();
    }
    let same: Vec<&String> = seen.with_text(text).iter().filter(|other| *other != path).collect();
    if let [only] = same[..] {
        return Heir::Certain(only.clone());
    }
    if same.len() > 1 {
        return unknown();
    }
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let named: Vec<&String> = base.code.iter().filter(|other| name(other) == name(path)).collect();
    let had: Vec<&String> = named.iter().copied().filter(|other| had_text(other, text, past)).collect();
    if let [only] = had[..] {
        return Heir::Certain(only.clone());
    }
    let ending = |path: &str| path.rsplit_once('.').map(|(_, ending)| ending.to_owned());
    let kin: Vec<&String> = base.code.iter().filter(|other| ending(other) == ending(path)).collect();
    // A file that moved unchanged keeps its revisions, so the one before the move ends with this text.
    let moved: Vec<&String> = if kin.len() <= KIN_MAX {
        kin.into_iter().filter(|other| had_text_at(other, text, end, past)).collect()
    } else {
        Vec::new()
    };
    if let [only] = moved[..] {
        return Heir::Certain(only.clone());
    }
    // The same commit made another file of most of the lines: with its old name that is a move.
    let made: Vec<&String> = base.code.iter().filter(|other| alike(other, text, end, past) >= LINES_SAME).collect();
    match made[..] {
        [only] if name(only) == name(path) => Heir::Certain(only.clone()),
        [only] => Heir::Likely(only.clone()),
        _ => unknown(),
    }
}

/// Whether a file had this very text once.
fn had_text(path: &str, text: &str, past: &Past<'_>) -> bool {
    past.revisions(path).iter().any(|revision| {
        past.texts(path, &revision.commit)
            .is_some_and(|texts| [&texts.0, &texts.1].into_iter().flatten().any(|other| other == text))
    })
}

/// Whether a file had this very text when a commit was made.
fn had_text_at(path: &str, text: &str, end: &Moment, past: &Past<'_>) -> bool {
    let revisions = past.revisions(path);
    let then = revisions.get(past.changes_since(path, end));
    then.and_then(|then| past.texts(path, &then.commit)).is_some_and(|texts| texts.1.as_deref() == Some(text))
}

/// How much of a text is in the file that a commit made here, in hundredths of its lines.
fn alike(path: &str, text: &str, end: &Moment, past: &Past<'_>) -> usize {
    let revisions = past.revisions(path);
    let Some(first) = revisions.last().filter(|first| first.commit == end.commit) else { return 0 };
    let Some(texts) = past.texts(path, &first.commit) else { return 0 };
    let (None, Some(made)) = (&texts.0, &texts.1) else { return 0 };
    let telling = |line: &&str| line.trim().len() > 3;
    let lines: BTreeSet<&str> = made.lines().filter(telling).collect();
    let (all, same) =
        text.lines().filter(telling).fold((0, 0), |(all, same), line| (all + 1, same + usize::from(lines.contains(line))));
    (same * 100_usize).checked_div(all).unwrap_or(0)
}

/// A new path in the way that the old one was written: from the root, or from the document's folder.
pub(crate) fn written(named: &str, gone: &Gone, heir: &str) -> Option<String> {
    let before = gone.path.strip_suffix(named)?;
    heir.strip_prefix(before).map(str::to_owned)
}
