//! Files as they would be: what the base has, what the model says of it, and what
//! the host took. It asks no model.

use std::collections::{BTreeMap, BTreeSet};

use lifeos_sdk::rounds::Proposed;
use lifeos_sdk::{Document, Edit, Refusal, Replacement, edits, repo};

use crate::change::{Change, Fault, applied, difference};
use crate::files::{fenced, quoted};
use crate::options::Options;

/// All files that the run has to do with, by path.
#[derive(Default)]
pub(crate) struct Drafts {
    files: BTreeMap<String, Draft>,
    bytes: u64,
    /// Files that were wanted and are not shown, and why.
    left: Vec<(String, String)>,
}

/// One file.
#[derive(Default)]
struct Draft {
    /// As it is; none: it is not there.
    base: Option<Document>,
    /// As it would be, if other than that.
    text: Option<String>,
    /// Whether the host took that.
    taken: bool,
}

/// What speaks against a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Objection {
    /// The file.
    pub(crate) path: String,
    /// As a sentence about it.
    pub(crate) why: String,
}

impl Draft {
    fn text(&self) -> Option<&str> {
        self.text.as_deref().or_else(|| self.base.as_ref().map(|base| base.text.as_str()))
    }

    /// The edit that makes of the base what it would be; none if that is the same.
    fn edit(&self, path: &str) -> Option<Edit> {
        let text = self.text.as_deref()?;
        let Some(base) = &self.base else { return Some(Edit::create(path, text)) };
        let (gone, new) = difference(&base.text, text);
        (base.text != text).then(|| Edit::replace(base, vec![Replacement::new(gone, new)]))
    }
}

impl Drafts {
    /// Takes up files of the base, as many as the options allow.
    pub(crate) fn read<'p>(&mut self, paths: impl IntoIterator<Item = &'p str>, options: &Options) {
        for path in paths {
            if self.files.contains_key(path) {
                continue;
            }
            let is_full = self.files.len() as u64 >= options.files_max;
            let read = if is_full { Err("there are too many already".to_owned()) } else { self.fitting(path, options) };
            match read {
                Ok(None) => {}
                Ok(Some(base)) => {
                    self.bytes += base.text.len() as u64;
                    self.files.insert(path.to_owned(), Draft { base: Some(base), ..Draft::default() });
                }
                Err(why) => self.left.push((path.to_owned(), why)),
            }
        }
    }

    /// A file if there is room for it; none if it is not there.
    fn fitting(&self, path: &str, options: &Options) -> Result<Option<Document>, String> {
        match repo::read_file(path) {
            Err(Refusal::NotFound) => Ok(None),
            Err(refusal) => Err(refusal.into()),
            Ok(base) if self.bytes + base.text.len() as u64 > options.read_bytes_max => Err("it is too long".to_owned()),
            Ok(base) => Ok(Some(base)),
        }
    }

    /// Takes up what the round before proposed.
    pub(crate) fn resume(&mut self, before: Vec<Proposed>) {
        for Proposed { path, text } in before {
            let base = repo::read_file(&path).ok();
            self.bytes += text.as_ref().map_or(0, String::len) as u64;
            self.files.insert(path, Draft { base, text, taken: false });
        }
    }

    /// All files for a model, or those of some paths.
    #[must_use]
    pub(crate) fn shown(&self, paths: Option<&[Objection]>) -> String {
        let is_meant = |path: &str| paths.is_none_or(|paths| paths.iter().any(|objection| objection.path == path));
        let files = self.files.iter().filter(|(path, _)| is_meant(path));
        let shown = files.filter_map(|(path, draft)| {
            let is_fixed = draft.base.as_ref().is_some_and(|base| !base.editable);
            let mark = if is_fixed { ", cannot be changed" } else { "" };
            Some((format!("{}{mark}", quoted(path)), draft.text()?))
        });
        fenced(shown)
    }

    /// What is not shown, as a sentence; nothing if that is nothing.
    #[must_use]
    pub(crate) fn left(&self) -> String {
        let left: Vec<String> = self.left.iter().map(|(path, why)| format!("{}: {why}", quoted(path))).collect();
        if left.is_empty() {
            String::new()
        } else {
            format!("Not shown:\n{}", fenced([(String::new(), left.join("\n").as_str())].into_iter()))
        }
    }

    /// Changes files; what cannot be changed so is left as it is.
    pub(crate) fn apply(&mut self, changes: &[Change]) -> Vec<Objection> {
        let mut seen = BTreeSet::new();
        let objection = |(path, why): (&str, String)| Objection { path: path.to_owned(), why };
        let mut objections = Vec::new();
        for change in changes {
            let path = change.path.as_str();
            let verdict = if seen.insert(path) { self.change(change) } else { Err("it is there more than once".to_owned()) };
            objections.extend(verdict.err().map(|why| objection((path, why))));
        }
        objections
    }

    fn change(&mut self, change: &Change) -> Result<(), String> {
        if !self.files.contains_key(&change.path) {
            let base = match repo::read_file(&change.path) {
                Ok(base) => Some(base),
                // Whether it is there is not told; the host knows.
                Err(Refusal::NotFound | Refusal::NotGranted) => None,
                Err(refusal) => return Err(refusal.into()),
            };
            let is_unseen = base.is_some();
            self.files.insert(change.path.clone(), Draft { base, ..Draft::default() });
            if is_unseen {
                return Err("it is there, and was changed without being seen".to_owned());
            }
        }
        let Some(draft) = self.files.get_mut(&change.path) else { return Ok(()) };
        if draft.taken {
            return Err("a change of it was taken already".to_owned());
        }
        if draft.base.as_ref().is_some_and(|base| !base.editable) {
            return Err("it cannot be changed".to_owned());
        }
        match applied(change, draft.text()) {
            Ok(text) => draft.text = Some(text),
            Err(Fault::Nothing) => {}
            Err(fault) => return Err(fault.to_string()),
        }
        Ok(())
    }

    /// Takes changes back.
    pub(crate) fn undo(&mut self, paths: &[String]) {
        for path in paths {
            if let Some(draft) = self.files.get_mut(path) {
                draft.text = None;
            }
        }
    }

    /// What it comes to, to tell whether that is something else than before.
    #[must_use]
    pub(crate) fn texts(&self) -> Vec<(String, Option<String>)> {
        self.files
            .iter()
            .map(|(path, draft)| (path.clone(), draft.text().map(str::to_owned)))
            .filter(|(_, text)| text.is_some())
            .collect()
    }

    /// Proposes what was not taken up to now, but for files that something else is still
    /// expected of; what the host refuses is given up.
    pub(crate) fn propose(&mut self, but: &[Objection]) -> Vec<Objection> {
        let mut objections = Vec::new();
        let is_due = |path: &str| but.iter().all(|objection| objection.path != path);
        for (path, draft) in self.files.iter_mut().filter(|(path, draft)| !draft.taken && is_due(path)) {
            let Some(edit) = draft.edit(path) else { continue };
            match edits::propose(&edit) {
                Ok(()) => draft.taken = true,
                Err(problems) => {
                    draft.text = None;
                    objections.push(Objection { path: path.clone(), why: edits::reasons(problems) });
                }
            }
        }
        objections
    }

    /// The files that the host took changes of.
    pub(crate) fn taken(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter(|(_, draft)| draft.taken).map(|(path, _)| path.as_str())
    }

    /// Whether a path is that of a file of the base.
    #[must_use]
    pub(crate) fn is_there(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|draft| draft.base.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drafts() -> Drafts {
        let base = |path: &str, editable| {
            let (path, id, text) = (path.to_owned(), "0".repeat(40), "one\ntwo\n".to_owned());
            (path.clone(), Draft { base: Some(Document { path, id, text, editable }), ..Draft::default() })
        };
        Drafts { files: [base("a.rs", true), base("t.rs", false)].into(), ..Drafts::default() }
    }

    fn change(path: &str, old: &str, new: &str) -> Change {
        let json = serde_json::json!({"path": path, "replace": [{"old": old, "new": new}]});
        serde_json::from_value(json).expect("a change")
    }

    #[test]
    fn a_change_that_cannot_be_made_leaves_the_file_and_the_others_stand() {
        let mut drafts = drafts();
        let changes = [change("a.rs", "two", "2"), change("t.rs", "one", "1"), change("a.rs", "one", "1")];
        let whys: Vec<String> =
            drafts.apply(&changes).into_iter().map(|objection| objection.path + ": " + &objection.why).collect();
        assert_eq!(whys, ["t.rs: it cannot be changed", "a.rs: it is there more than once"]);
        assert_eq!(drafts.files["a.rs"].text(), Some("one\n2\n"));
        assert_eq!(drafts.files["t.rs"].edit("t.rs"), None);
        drafts.undo(&["a.rs".to_owned(), "none".to_owned()]);
        assert_eq!(drafts.files["a.rs"].edit("a.rs"), None);
        let whys = drafts.apply(&[change("a.rs", "three", "3")]);
        assert!(whys[0].why.contains("does not occur"));
    }

    #[test]
    fn an_edit_is_of_the_base_however_the_text_came_about() {
        let mut drafts = drafts();
        drafts.apply(&[change("a.rs", "one", "1")]);
        drafts.apply(&[change("a.rs", "1\n", "1\n1.5\n")]);
        let Some(Edit::Change(edit)) = drafts.files["a.rs"].edit("a.rs") else { panic!("no edit") };
        assert_eq!((edit.replacements[0].span.start, edit.replacements[0].span.end), (0, 3));
        assert_eq!(edit.replacements[0].text, "1\n1.5");
    }

    #[test]
    fn what_is_shown_is_marked() {
        let shown = drafts().shown(None);
        assert!(shown.contains("~~~~ \"a.rs\"\none\ntwo\n~~~~\n") && shown.contains("~~~~ \"t.rs\", cannot be changed\n"));
        let only = [Objection { path: "t.rs".to_owned(), why: String::new() }];
        assert!(!drafts().shown(Some(&only)).contains("a.rs"));
    }
}
