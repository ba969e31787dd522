//! `lifeos plugin diff` of two commits: what the plugins of the newer `lifeos.lock`
//! can that those of the older one could not.

use git2::Oid;
use lifeos::plugin::diff;

use super::{CommandError, Exit, Global, Term, json, open};
use crate::cli::locked::Locked;

/// Two words that name commits of the repository, if both do.
pub(super) fn commits(words: [&str; 2], global: &Global) -> Option<[Oid; 2]> {
    let repo = open::repo(global).ok()?;
    let [old, new] = words.map(|word| repo.resolve(word).ok());
    Some([old?, new?])
}

/// Compares the locks of two commits.
pub(super) fn compare([old, new]: [Oid; 2], global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let lock = |commit: Oid| {
        let locked = Locked::at(&repo, commit, global);
        locked.map(|locked| locked.lock).map_err(|error| CommandError { exit: Exit::Usage, ..error.at(&commit.to_string()) })
    };
    let plugins = lock(old)?.changes(&lock(new)?);
    let wider = plugins.values().any(|differences| diff::is_wider(differences));
    if term.is_json() {
        let (old, new) = (old.to_string(), new.to_string());
        term.json(&json::audit::ComparedCommits { schema: "lifeos/plugin-diff-commits@1", old, new, wider, plugins });
    } else {
        for (name, differences) in &plugins {
            differences.iter().for_each(|difference| term.data(&format!("{name}  {difference}\n")));
        }
        if plugins.is_empty() {
            term.note("the plugins of both commits are the same");
        }
    }
    Ok(if wider { Exit::Findings } else { Exit::Done })
}
