//! `lifeos plugin list`.

use clap::Args;
use lifeos::digest::Digest;
use lifeos::plugin::lock::Entry;
use lifeos::plugin::origin::Origin;
use lifeos::plugin::{Plugin, official};

use super::checkout::Checkout;
use super::json::plugin as said;
use super::{CommandError, Exit, Global, Term, open, summary};
use crate::cli::locked;

/// Lists the plugins that this lifeos carries and those in lifeos.lock: what
/// they can do, which tasks use them, and whether they are here.
#[derive(Args)]
pub(crate) struct List {}

pub(crate) fn list(_: &List, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let checkout = Checkout::read(&repo, global)?;
    let machine = open::machine(global, None, term)?;
    let is_compiled = |digest| machine.cache.as_ref().is_some_and(|folder| machine.runtime.has_code(digest, folder));
    let mut plugins = Vec::new();
    for name in official::names() {
        let entry = entry_of(&official::read(name)?)?;
        let mut line = said::Line::new(name, &entry, is_compiled(entry.digest));
        line.source = None;
        line.tasks = checkout.tasks(name).into_iter().map(|task| said::Use { task: task.name.clone(), grant: None }).collect();
        plugins.push(line);
    }
    for (name, entry) in &checkout.lock.plugins {
        let mut line = said::Line::new(name, entry, is_compiled(entry.digest));
        let bytes = locked::bytes(name, entry, &repo, machine.cache.as_ref());
        match bytes.map(|bytes| Digest::of(&bytes)) {
            Ok(found) if found == entry.digest => {}
            Ok(found) => (line.is_here, line.problem) = (false, Some(format!("{found} is there, which was not looked at"))),
            Err(_) => line.is_here = false,
        }
        line.tasks = checkout.tasks(name).into_iter().map(|task| said::Use::new(task, entry)).collect();
        plugins.push(line);
    }
    if term.is_json() {
        term.json(&said::List { schema: "lifeos/plugin-list@1", plugins });
    } else {
        plugins.iter().for_each(|line| print(line, term));
    }
    checkout.tell(global, term)?;
    Ok(Exit::Done)
}

/// An official plugin as an entry would have it.
fn entry_of(plugin: &Plugin) -> Result<Entry, CommandError> {
    Ok(Entry::of(plugin, Origin::File(format!("{}.wasm", plugin.manifest.name)))?)
}

fn print(line: &said::Line, term: &Term) {
    let said::Line {
        name, version, digest, world, source, is_outside, capabilities, tasks, is_here, is_compiled, problem, ..
    } = line;
    let short = &digest[..digest.len().min("sha256:".len() + 12)];
    let source = source.as_deref().map_or("carried by this lifeos".into(), lifeos::clean::line);
    let outside = if *is_outside { ", outside of the repository" } else { "" };
    term.data(&format!("{name} {}  {}  {short}\n  from   {source}{outside}\n", lifeos::clean::line(version), world.word()));
    let wants: Vec<&str> = capabilities.iter().map(|capability| capability.word()).collect();
    let capabilities = if wants.is_empty() { "nothing".to_owned() } else { wants.join(", ") };
    term.data(&format!("  wants  {capabilities}\n"));
    let uses: Vec<String> = tasks.iter().map(|user| format!("{}{}", user.task, note(user, name))).collect();
    term.data(&match uses.as_slice() {
        [] if line.source.is_none() => "  tasks  none\n".to_owned(),
        [] => format!("  tasks  none: lifeos plugin remove {name} takes it out\n"),
        uses => format!("  tasks  {}\n", uses.join(", ")),
    });
    let here = match (problem, is_here, is_compiled) {
        (Some(problem), ..) => format!("{problem}: lifeos plugin add {name}"),
        (None, false, _) => format!("not here: lifeos plugin fetch {name}"),
        (None, true, true) => "here, compiled".to_owned(),
        (None, true, false) => "here, compiled when it is first used".to_owned(),
    };
    term.data(&format!("  state  {here}\n"));
}

fn note(user: &said::Use, name: &str) -> String {
    match user.grant {
        None | Some(said::Grant::Reviewed) => String::new(),
        Some(said::Grant::Changed) => format!(" (its grant has changed since: lifeos plugin add {name})"),
        Some(said::Grant::NotReviewed) => format!(" (its grant was not looked at: lifeos plugin add {name})"),
    }
}

// `summary` knows what an entry wants.
impl said::Line {
    fn new(name: &str, entry: &Entry, is_compiled: bool) -> Self {
        Self {
            name: name.to_owned(),
            version: entry.version.clone(),
            digest: entry.digest.to_string(),
            world: entry.world,
            source: Some(entry.source.to_string()),
            is_outside: entry.source.is_outside(),
            imports: entry.imports.clone(),
            capabilities: summary::capabilities(&entry.declared),
            tasks: Vec::new(),
            is_here: true,
            is_compiled,
            problem: None,
        }
    }
}
