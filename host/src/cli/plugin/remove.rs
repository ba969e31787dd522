//! `lifeos plugin remove`.

use clap::Args;
use lifeos::nearest::nearest;
use lifeos::plugin::lock;

use super::checkout::Checkout;
use super::json::plugin as said;
use super::{CommandError, Exit, Global, Term, open};

/// Takes a plugin out of lifeos.lock.
#[derive(Args)]
pub(crate) struct Remove {
    /// Its name there.
    name: String,
}

pub(crate) fn remove(verb: &Remove, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let mut checkout = Checkout::read(&repo, global)?;
    let name = verb.name.as_str();
    if !checkout.lock.plugins.contains_key(name) {
        let error = CommandError::usage(format!("{} has no plugin {}", lock::FILE, lifeos::clean::line(name)));
        return Err(match nearest(name, checkout.lock.plugins.keys().map(String::as_str)) {
            Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
            None => error.hint("`lifeos plugin list` shows what it has"),
        });
    }
    let tasks: Vec<String> = checkout.tasks(name).into_iter().map(|task| task.name.clone()).collect();
    checkout.write(name, None)?;
    if term.is_json() {
        term.json(&said::Removed { schema: "lifeos/plugin-remove@1", name: name.to_owned(), tasks });
        return Ok(Exit::Done);
    }
    term.data(&format!("{name} is not in {} any more\n", lock::FILE));
    if !tasks.is_empty() {
        term.note(&format!("still in lifeos.toml, with a plugin that is not pinned now: {}", tasks.join(", ")));
    }
    term.note("it counts once it is committed: git add lifeos.lock && git commit");
    Ok(Exit::Done)
}
