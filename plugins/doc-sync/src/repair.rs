//! Replacements of a document: of paths with one certain place, by themselves;
//! of the rest as a model says, held against what is known before anything is
//! proposed. Only stale lines change.

pub(crate) mod ask;

use std::collections::BTreeSet;
use std::ops::Range;

use lifeos_sdk::{Document, Replacement};

use crate::code::heir::Heir;
use crate::document::mention::Kind;
use crate::document::quote::line_of;
use crate::survey::Stale;
use crate::survey::tell::spelled;
use crate::words::{has, runs};

/// What a model may bring in of its own: words of prose, and bytes beyond those of the old text.
const WORDS_MAX: usize = 12;
const BYTES_MORE_MAX: usize = 160;

/// What a model says: an old piece of a document, and a new one for it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Said {
    pub(crate) old: String,
    pub(crate) new: String,
}

/// A replacement that holds, and which stale places it takes care of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Repair {
    pub(crate) bytes: Range<usize>,
    pub(crate) text: String,
    pub(crate) places: Vec<usize>,
}

impl Repair {
    pub(crate) fn replacement(&self) -> Replacement {
        Replacement::new(self.bytes.clone(), self.text.clone())
    }
}

/// Repairs of paths whose new place is certain. The text of a link is left: its target would have to change as well.
pub(crate) fn certain(stale: &[Stale]) -> Vec<Repair> {
    let certain = |(at, one): (usize, &Stale)| match &one.proof.heir {
        Heir::Certain(path) if one.mention.kind == Kind::Path && !one.mention.is_linked => {
            Some(Repair { bytes: one.mention.bytes.clone(), text: path.clone(), places: vec![at] })
        }
        _ => None,
    };
    stale.iter().enumerate().filter_map(certain).collect()
}

/// What a model said about the places that are `open`, as repairs; else why one of them is not taken.
pub(crate) fn held(
    document: &Document,
    stale: &[Stale],
    open: &[usize],
    said: &[Said],
    known: &str,
) -> Vec<Result<Repair, String>> {
    let mut taken: Vec<Range<usize>> = Vec::new();
    let mut repairs = Vec::new();
    for one in said {
        let repair = hold(document, stale, open, one, known, &taken);
        taken.extend(repair.iter().map(|repair| repair.bytes.clone()));
        repairs.push(repair);
    }
    repairs
}

fn hold(
    document: &Document,
    stale: &[Stale],
    open: &[usize],
    said: &Said,
    known: &str,
    taken: &[Range<usize>],
) -> Result<Repair, String> {
    let Said { old, new } = said;
    let is_one_line = |text: &str| !text.is_empty() && !text.contains(['\n', '\r']);
    if !is_one_line(old) || !is_one_line(new) || old == new {
        return Err("it is not one piece of a line for another".to_owned());
    }
    // Of all places where the old piece stands, those around a stale name.
    let around = |at: usize| {
        let name = &stale[at].mention.bytes;
        let line = line_of(&document.text, name.start);
        let places = document.text[line.clone()].match_indices(old.as_str()).map(move |(start, piece)| {
            let start = line.start + start;
            start..start + piece.len()
        });
        places.filter(|piece| piece.start <= name.start && name.end <= piece.end).collect::<Vec<_>>()
    };
    let mut pieces: Vec<Range<usize>> = open.iter().flat_map(|at| around(*at)).collect();
    pieces.sort_by_key(|piece| (piece.start, piece.end));
    pieces.dedup();
    let free = |piece: &&Range<usize>| taken.iter().all(|other| other.end <= piece.start || piece.end <= other.start);
    let bytes = pieces.iter().find(free).ok_or("the old piece does not hold a stale name that is still open")?.clone();
    let inside = |at: &&usize| bytes.start <= stale[**at].mention.bytes.start && stale[**at].mention.bytes.end <= bytes.end;
    let places: Vec<usize> = open.iter().filter(inside).copied().collect();
    for at in &places {
        let one = &stale[*at];
        if has(new, &spelled(&one.mention, &one.mention.name)) {
            return Err(format!("it keeps `{}`", spelled(&one.mention, &one.mention.name)));
        }
        let heirs = one.proof.heir.all();
        if !heirs.is_empty() && !heirs.iter().any(|heir| has(new, &spelled(&one.mention, heir))) {
            return Err("it names none of what the commit brought".to_owned());
        }
    }
    brings_nothing(old, new, known)?;
    Ok(Repair { bytes, text: new.clone(), places })
}

/// That a new piece has nothing that neither the old one nor what is known has, a few words of prose aside.
fn brings_nothing(old: &str, new: &str, known: &str) -> Result<(), String> {
    if new.len() > old.len() + BYTES_MORE_MAX {
        return Err("it is much longer".to_owned());
    }
    for sign in ["`", "](", "<", "|", "![", "://", "**", "$", "{", "}"] {
        if new.matches(sign).count() > old.matches(sign).count() {
            return Err(format!("it brings in `{sign}`"));
        }
    }
    if new.matches('`').count() != old.matches('`').count() {
        return Err("it changes what is code".to_owned());
    }
    let mut fresh = BTreeSet::new();
    for run in runs(new) {
        let is_known = has(old, run.text) || has(known, run.text);
        let is_prose = run.dashes == 0 && run.text.bytes().all(|byte| byte.is_ascii_lowercase()) && !in_code(new, run.start);
        match (is_known, is_prose) {
            (true, _) => {}
            (false, true) => {
                fresh.insert(run.text);
            }
            (false, false) => return Err(format!("it brings in `{}`, which nothing told of", run.text)),
        }
    }
    let is_foreign = |char: &char| !char.is_ascii() && !old.contains(*char);
    match new.chars().find(is_foreign) {
        Some(char) => Err(format!("it brings in `{char}`")),
        None if fresh.len() > WORDS_MAX => Err("it brings in too many words".to_owned()),
        None => Ok(()),
    }
}

/// Whether a place of a line is within a code span.
fn in_code(line: &str, at: usize) -> bool {
    line[..at].matches('`').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::mention::Mention;
    use crate::place::Moment;
    use crate::survey::Proof;

    const TEXT: &str = "# Tool\n\nPass `--colour` to paint; `--colour` is slow.\n\nNot stale.\n";

    fn document() -> Document {
        Document { path: "a.md".to_owned(), id: String::new(), text: TEXT.to_owned(), editable: true }
    }

    fn stale(kind: Kind, name: &str, heir: Heir) -> Vec<Stale> {
        let word = if kind == Kind::Flag { format!("--{name}") } else { name.to_owned() };
        let end = Moment { commit: "0".repeat(40), seconds: 0 };
        let proof = Proof { end, file: "a.rs".to_owned(), line: Some("x".to_owned()), heir };
        let place = |(start, _): (usize, &str)| Stale {
            mention: Mention { kind, name: name.to_owned(), bytes: start..start + word.len(), is_linked: false },
            proof: proof.clone(),
        };
        TEXT.match_indices(&word).map(place).collect()
    }

    fn hold(old: &str, new: &str) -> Result<Vec<usize>, String> {
        let stale = stale(Kind::Flag, "colour", Heir::Likely("color".to_owned()));
        let said = [Said { old: old.to_owned(), new: new.to_owned() }];
        let mut repairs = held(&document(), &stale, &[0, 1], &said, "--color");
        repairs.remove(0).map(|repair| repair.places)
    }

    #[test]
    fn a_piece_around_a_stale_name_is_taken() {
        assert_eq!(hold("`--colour` to", "`--color` to"), Ok(vec![0]));
        assert_eq!(hold("Pass `--colour` to paint; `--colour` is", "Pass `--color` to paint; `--color` is"), Ok(vec![0, 1]));
        assert_eq!(hold("Pass `--colour` to paint", "Pass `--color` now to paint"), Ok(vec![0]));
    }

    #[test]
    fn what_nothing_told_of_is_refused() {
        for (old, new, reason) in [
            ("Not stale.", "Now stale.", "does not hold a stale name"),
            ("`--colour` to", "`--colour` too", "keeps"),
            ("`--colour` to", "`--paint` to", "names none"),
            ("`--colour` to", "`--color` or `--paint` to", "brings in ``"),
            ("Pass `--colour` to", "Pass `--color` to Evil", "`Evil`"),
            ("Pass `--colour` to", "Pass `--color x` to", "`x`, which"),
            ("Pass `--colour` to", "Pass `--color` at https://a.b to", "://"),
            ("Pass `--colour`", "Pass\n`--color`", "not one piece"),
            ("Pass `--colour`", "Pass --color", "what is code"),
            (
                "Pass `--colour`",
                "Pass `--color` and one two three four five six seven eight nine ten eleven twelve",
                "too many words",
            ),
        ] {
            assert!(hold(old, new).as_ref().is_err_and(|said| said.contains(reason)), "{new}: {:?}", hold(old, new));
        }
    }

    #[test]
    fn each_place_is_replaced_once() {
        let stale = stale(Kind::Flag, "colour", Heir::Likely("color".to_owned()));
        let said = Said { old: "`--colour`".to_owned(), new: "`--color`".to_owned() };
        let repairs = held(&document(), &stale, &[0, 1], &[said.clone(), said.clone(), said], "--color");
        let places: Vec<_> = repairs.iter().map(|repair| repair.as_ref().ok().map(|repair| repair.places.clone())).collect();
        assert_eq!(places, [Some(vec![0]), Some(vec![1]), None]);
    }

    #[test]
    fn only_paths_repair_themselves() {
        assert_eq!(certain(&stale(Kind::Flag, "colour", Heir::Certain("color".to_owned()))), []);
        let paths = stale(Kind::Path, "colour", Heir::Certain("color".to_owned()));
        assert_eq!(certain(&paths).len(), paths.len());
    }
}
