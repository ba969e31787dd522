//! `lifeos sync`.

use clap::Args;
use lifeos::sync::Synced;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open, outside, text};

/// Makes the record of this clone and that of a remote repository one, and
/// exchanges candidates. Whoever may push to refs/lifeos/ there may add to the
/// record, approvals too.
#[derive(Args)]
pub(crate) struct Sync {
    /// The remote, by its name in this clone.
    #[arg(default_value = "origin")]
    remote: String,
}

pub(crate) fn sync(verb: &Sync, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let remote = outside::remote(&repo, &verb.remote, global)?;
    let Synced { received, sent, candidates, kept } = lifeos::sync::sync(&repo, &remote, open::now())?;
    if term.is_json() {
        let remote = verb.remote.clone();
        term.json(&json::Sync { schema: "lifeos/sync@1", remote, received, sent, candidates, kept });
        return Ok(Exit::Done);
    }
    let received = format!("{} and {}", text::count(received, "record"), text::count(candidates, "candidate"));
    term.data(&format!("received {received}, sent {}\n", text::count(sent, "record")));
    if kept > 0 {
        let kept = text::count(kept, "candidate");
        term.note(&format!("not sent: {kept} on commits that are not there; push those first if they are to be seen"));
    }
    Ok(Exit::Done)
}
