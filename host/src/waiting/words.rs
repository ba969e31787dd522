//! What stands in the commit of a candidate: the host's own words and nothing
//! that a plugin said. Whoever reads one again can tell whether the host wrote it.

use git2::{Commit, Oid};

use super::Identity;
use crate::digest::Digest;
use crate::ledger::record::Run;
use crate::ledger::{MAIL, NAME};
use crate::repo::history::TRAILER;

/// The trailer that names the newest entry of the ledger before a candidate.
pub const RECORD_TRAILER: &str = "Lifeos-Record:";
/// Rules that a commit names.
const RULES_NAMED: usize = 12;

/// The message of a candidate's commit. `before` is the newest entry of the
/// ledger: what came before a candidate cannot be rewritten without rewriting it.
pub(super) fn message(identity: &Identity, record: &Run, run: &str, digest: &Digest, before: Option<Oid>) -> String {
    let before = before.map(|before| format!("{RECORD_TRAILER} {before}\n")).unwrap_or_default();
    format!("{}\n\n{}\n\n{}{before}", subject(identity, record), summary(record), trailers(identity, run, digest))
}

/// Whether a commit is one that the host made for a run: its author, and every
/// word of its message.
#[must_use]
pub fn is_ours(commit: &Commit<'_>, identity: &Identity, record: &Run, run: &str, digest: &Digest) -> bool {
    let is_host = |who: &git2::Signature<'_>| who.name_bytes() == NAME.as_bytes() && who.email_bytes() == MAIL.as_bytes();
    let Ok(message) = commit.message() else { return false };
    let Some((begin, end)) = message.split_once("\n\n") else { return false };
    let Some((line, end)) = end.split_once("\n\n") else { return false };
    let rest = end.strip_prefix(&trailers(identity, run, digest));
    let is_entry = |line: &str| {
        let id = line.strip_prefix(RECORD_TRAILER).and_then(|id| id.strip_prefix(' ')?.strip_suffix('\n'));
        id.is_some_and(|id| Oid::from_str(id).is_ok_and(|found| found.to_string() == id))
    };
    is_host(&commit.author())
        && is_host(&commit.committer())
        && begin == subject(identity, record)
        && line == summary(record)
        && rest.is_some_and(|rest| rest.is_empty() || is_entry(rest))
}

fn subject(identity: &Identity, record: &Run) -> String {
    let Identity { task, plugin, .. } = identity;
    let files = record.edits.len();
    let noun = if files == 1 { "file" } else { "files" };
    format!("{task}: {files} {noun} by {} {}", plugin.name, plugin.version)
}

fn trailers(identity: &Identity, run: &str, digest: &Digest) -> String {
    let Identity { task, plugin, .. } = identity;
    let plugin = format!("{} {} {}", plugin.name, plugin.version, plugin.digest);
    format!("{TRAILER} {run}\nLifeos-Task: {task}\nLifeos-Plugin: {plugin}\nLifeos-Digest: {digest}\n")
}

/// What a commit says of a run, on one line: findings by rule, or what it takes back.
fn summary(record: &Run) -> String {
    if let Some(reverts) = &record.reverts {
        return format!("Takes back run {}.", reverts.run);
    }
    // A forge takes `ABC-1` for the name of an issue.
    let is_plain = |rule: &str| is_word(rule) && (!rule.contains('-') || !rule.bytes().any(|byte| byte.is_ascii_digit()));
    let mut most: Vec<_> = record.findings.iter().filter(|(rule, _)| is_plain(rule)).collect();
    most.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let named: Vec<String> = most.iter().take(RULES_NAMED).map(|(rule, count)| format!("{rule} {count}")).collect();
    let rest = record.findings.len() - named.len();
    match (named.is_empty(), rest) {
        (true, 0) => "Findings: none".to_owned(),
        (true, _) => format!("Findings: {rest} rules"),
        (_, 0) => format!("Findings: {}", named.join(", ")),
        _ => format!("Findings: {} and {rest} more rules", named.join(", ")),
    }
}

/// Text in which no forge reads a mention, a reference or a command.
fn is_word(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.'))
}
