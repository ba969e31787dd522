//! `lifeos plugin fetch`.

use clap::Args;
use lifeos::plugin::lock::{self, Entry};

use super::bring::{self, Network, bring};
use super::checkout::Checkout;
use super::json::plugin as said;
use super::{CommandError, Exit, Global, Term, open};
use crate::cli::locked;
use crate::cli::progress::during;

/// Brings what lifeos.lock names to this machine, holds it against the lock,
/// and compiles it, so that runs need no network.
#[derive(Args)]
pub(crate) struct Fetch {
    /// Plugins by their names in lifeos.lock [default: all].
    names: Vec<String>,
    #[command(flatten)]
    network: Network,
}

pub(crate) fn fetch(verb: &Fetch, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let checkout = Checkout::read(&repo, global)?;
    if let Some(name) = verb.names.iter().find(|name| !checkout.lock.plugins.contains_key(*name)) {
        let error = CommandError::usage(format!("{} has no plugin {}", lock::FILE, lifeos::clean::line(name)));
        return Err(error.hint("`lifeos plugin list` shows what it has"));
    }
    let machine = open::machine(global, None, term)?;
    let mut plugins = Vec::new();
    for (name, entry) in checkout.lock.plugins.iter().filter(|(name, _)| verb.names.is_empty() || verb.names.contains(name)) {
        let there = locked::bytes(name, entry, &repo, machine.cache.as_ref()).ok();
        let there = there.and_then(|bytes| entry.admit(name, bytes).ok());
        let was_here = there.is_some();
        let plugin = match there {
            Some(plugin) => plugin,
            None => {
                let wanted = entry.source.is_remote().then_some(entry.digest);
                let bytes = bring(entry.source.clone(), wanted, &verb.network, &checkout, global, term);
                entry.admit(name, bytes.map_err(|error| error.at(name))?.bytes)?
            }
        };
        during(term, |events| machine.runtime.load(&plugin, machine.cache.as_ref(), &machine.compiler, events))?;
        if !was_here {
            bring::keep(entry, &plugin.bytes, machine.cache.as_ref())?;
        }
        plugins.push(said::Fetched { name: name.clone(), digest: entry.digest.to_string(), was_here });
    }
    if term.is_json() {
        term.json(&said::FetchedAll { schema: "lifeos/plugin-fetch@1", plugins });
    } else {
        plugins.iter().for_each(|plugin| term.data(&line(plugin, &checkout.lock.plugins[&plugin.name])));
        if plugins.is_empty() {
            term.note(&format!("there is nothing in {}", lock::FILE));
        }
    }
    Ok(Exit::Done)
}

fn line(plugin: &said::Fetched, entry: &Entry) -> String {
    let how = if plugin.was_here { "was here" } else { "brought" };
    format!("{} {}: {how}, is as it was locked, and compiled\n", plugin.name, lifeos::clean::line(&entry.version))
}
