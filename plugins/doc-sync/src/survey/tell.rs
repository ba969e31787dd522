//! Stale places in words: the rule, what happened, what to do.

use lifeos_sdk::{Document, Finding};

use crate::code::heir::Heir;
use crate::document::mention::{Kind, Mention};
use crate::survey::Stale;
use crate::words::short;

/// Characters of a line of code that are told.
const LINE_MAX: usize = 100;

/// The finding of a stale place.
pub(crate) fn finding(document: &Document, stale: &Stale, is_repaired: bool) -> Finding {
    let bytes = stale.mention.bytes.clone();
    let finding = Finding::warning(rule(stale), message(stale)).at(document, bytes).repaired(is_repaired);
    match help(stale) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// What became of the name, and what kind of name it is.
fn rule(stale: &Stale) -> &'static str {
    match (stale.mention.kind, stale.proof.heir.name()) {
        (Kind::Path, Some(_)) => "doc-sync/moved-path",
        (Kind::Path, None) => "doc-sync/gone-path",
        (Kind::Flag, Some(_)) => "doc-sync/renamed-flag",
        (Kind::Flag, None) => "doc-sync/gone-flag",
        (Kind::Symbol, Some(_)) => "doc-sync/renamed-symbol",
        (Kind::Symbol, None) => "doc-sync/gone-symbol",
        (Kind::Command, Some(_)) => "doc-sync/renamed-command",
        (Kind::Command, None) => "doc-sync/gone-command",
    }
}

/// A name as documents write it.
pub(crate) fn spelled(mention: &Mention, name: &str) -> String {
    if mention.kind == Kind::Flag { format!("--{name}") } else { name.to_owned() }
}

/// What happened, with the evidence.
pub(crate) fn message(stale: &Stale) -> String {
    let (mention, proof) = (&stale.mention, &stale.proof);
    let (name, commit) = (spelled(mention, &mention.name), proof.end.short());
    match (&proof.line, proof.heir.name()) {
        (None, Some(heir)) => format!("`{name}` is no more: commit {commit} moved {} to `{heir}`", proof.file),
        (None, None) => format!("`{name}` is no more: commit {commit} removed {}", proof.file),
        (Some(line), heir) => {
            let line = short(line, LINE_MAX);
            let now = heir.map(|heir| format!("; it is `{}` now", spelled(mention, heir))).unwrap_or_default();
            format!("`{name}` is no more: commit {commit} took `{line}` out of {}{now}", proof.file)
        }
    }
}

fn help(stale: &Stale) -> Option<String> {
    let spelled = |name: &&str| format!("`{}`", spelled(&stale.mention, name));
    match &stale.proof.heir {
        Heir::Certain(name) => Some(format!("write {}", spelled(&name.as_str()))),
        Heir::Likely(name) => Some(format!("look whether {} is what is meant", spelled(&name.as_str()))),
        Heir::Unknown(names) if names.is_empty() => None,
        Heir::Unknown(_) => {
            let names: Vec<String> = stale.proof.heir.all().iter().map(spelled).collect();
            Some(format!("that commit brought {}", names.join(", ")))
        }
    }
}
