//! `lifeos plugin add`.

use clap::Args;
use lifeos::config;
use lifeos::digest::Digest;
use lifeos::name::{NAME_RULE, is_name};
use lifeos::nearest::nearest;
use lifeos::plugin::audit::{Audit, Grant, Pin};
use lifeos::plugin::diff::{self, Difference, Way};
use lifeos::plugin::lock::{self, Entry};
use lifeos::plugin::manifest::{Capabilities, Plain};
use lifeos::plugin::origin::Origin;
use lifeos::plugin::{Plugin, PluginError, official};
use lifeos::policy::{Limits, Reach};

use super::audit::text;
use super::bring::{self, Brought, Network, bring};
use super::checkout::Checkout;
use super::json::plugin as said;
use super::{CommandError, Exit, Global, Term, open, summary};
use crate::cli::error::differences;
use crate::cli::progress::during;

/// Lets a plugin in: brings it, shows what it can do, compiles it, and writes
/// it into lifeos.lock with the grants of the tasks that use it. Run it again
/// after a change of the plugin or of a grant.
#[derive(Args)]
pub(crate) struct Add {
    /// A path, https://...[#sha256:DIGEST], oci://HOST/NAME:TAG, or the name of a plugin in lifeos.lock.
    source: String,
    /// Call it NAME [default: as its author does].
    #[arg(long)]
    name: Option<String>,
    /// Make the task TASK for it in lifeos.toml, with all that its author declares.
    #[arg(long)]
    task: Option<String>,
    /// Write it also where it can do more than the one that is there.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    network: Network,
}

/// What is asked for.
struct Wanted {
    origin: Origin,
    digest: Option<Digest>,
    name: Option<String>,
}

pub(crate) fn add(verb: &Add, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let mut checkout = Checkout::read(&repo, global)?;
    let wanted = wanted(verb, &checkout, global)?;
    let Brought { bytes, origin } = bring(wanted.origin, wanted.digest, &verb.network, &checkout, global, term)?;
    let plugin = Plugin::read(bytes).map_err(|error| CommandError::from(error).at(&verb.source))?;
    let name = wanted.name.unwrap_or_else(|| plugin.manifest.name.clone());
    if official::names().any(|official| official == name) {
        let error = CommandError::usage(format!("{name} is the name of an official plugin, which a task would get instead"));
        return Err(error.hint("call it something else: --name NAME"));
    }
    if !is_name(&name) {
        return Err(CommandError::usage(format!("a plugin's name is {NAME_RULE}")).hint("--name NAME"));
    }
    let entry = Entry::of(&plugin, origin)?;
    let before = checkout.lock.plugins.get(&name).cloned();
    let changes = before.as_ref().map_or_else(Vec::new, |before| before.changes(&entry));
    if !term.is_json() {
        let can = text::reach(&audited(verb, &plugin, &checkout)?);
        show(&[summary::entry(&name, &entry), can], &entry, before.as_ref(), &changes, term);
    }
    if !verb.yes && diff::is_wider(&changes) {
        return Err(wider(verb, &name, &changes));
    }
    compile(&plugin, &entry, global, term)?;
    write(verb, &name, entry, &mut checkout, before.as_ref(), &changes, term)
}

/// Where the component is to come from, and what it is to be called.
fn wanted(verb: &Add, checkout: &Checkout<'_>, global: &Global) -> Result<Wanted, CommandError> {
    let text = verb.source.as_str();
    let (text, digest) = match text.split_once("#sha256:") {
        Some((address, hex)) if address.contains("://") => {
            let digest = Digest::parse(&format!("sha256:{hex}"));
            (address, Some(digest.ok_or_else(|| CommandError::usage("#sha256: is followed by 64 digits of 0-9 a-f"))?))
        }
        _ => (text, None),
    };
    let is_name = matches!(config::Source::parse(text), config::Source::Name(_));
    if let Some(entry) = checkout.lock.plugins.get(text).filter(|_| is_name) {
        let name = verb.name.clone().or_else(|| Some(text.to_owned()));
        return Ok(Wanted { origin: entry.source.again(), digest, name });
    }
    if is_name {
        return Err(no_source(text, checkout));
    }
    let origin = match Origin::parse(text)? {
        // The repository is where its lock is read: a path is written from there.
        Origin::File(_) => Origin::parse(&checkout.inside(&global.path(text.as_ref()))?)?,
        origin => origin,
    };
    // A source has one name, so that which entry counts for a path can be told.
    let known = checkout.lock.plugins.iter().find(|(_, entry)| entry.source.again() == origin.again());
    let name = verb.name.clone().or_else(|| known.map(|(name, _)| name.clone()));
    Ok(Wanted { origin, digest, name })
}

fn no_source(name: &str, checkout: &Checkout<'_>) -> CommandError {
    let shown = lifeos::clean::line(name);
    if official::names().any(|official| official == name) {
        let error = CommandError::usage(format!("{shown} is an official plugin, which this lifeos carries"));
        return error.hint(format!("a task uses it with plugin = \"{shown}\"; there is nothing to add"));
    }
    let error = CommandError::usage(format!("{} has no plugin {shown}", lock::FILE));
    match nearest(name, checkout.lock.plugins.keys().map(String::as_str)) {
        Some(nearest) => error.hint(format!("did you mean `{nearest}`?")),
        None => error.hint("name a component: a path with a slash or `.wasm`, https://..., or oci://HOST/NAME:TAG"),
    }
}

fn show(page: &[String; 2], entry: &Entry, before: Option<&Entry>, changes: &[Difference], term: &Term) {
    page.iter().for_each(|part| term.data(part));
    match before {
        Some(before) if before.digest != entry.digest => {
            term.data(&format!("instead of {}, {}\n", lifeos::clean::line(&before.version), before.digest));
            if changes.is_empty() {
                term.data("  what it can call and what it declares are the same\n");
            }
        }
        Some(_) => term.data("the same bytes as before\n"),
        None => {}
    }
    changes.iter().for_each(|change| term.data(&format!("  {change}\n")));
}

/// What it can do, held against the grant of the task that is named; a new one grants what is declared.
fn audited(verb: &Add, plugin: &Plugin, checkout: &Checkout<'_>) -> Result<Audit, CommandError> {
    let there = verb.task.as_deref().and_then(|task| checkout.task(task));
    let declared = plugin.manifest.reach().map_err(PluginError::from)?;
    // A new task is granted no model and no rounds that the plugin can do without.
    let is_needed = |plain: &Option<Plain>| plain.as_ref().is_some_and(|plain| !plain.optional);
    let Capabilities { model, rounds, .. } = &plugin.manifest.capabilities;
    let declared = Reach { model: is_needed(model), rounds: is_needed(rounds), ..declared };
    let (reach, limits) = there.map_or((&declared, Limits::default()), |task| (&task.granted, task.limits));
    let against = |task| Grant { task, reach, limits: &limits, pin: Pin::NotNeeded, uses: None, idle: None };
    Ok(Audit::of(&plugin.bytes, plugin.digest, verb.task.as_deref().map(against).as_ref())?)
}

fn wider(verb: &Add, name: &str, changes: &[Difference]) -> CommandError {
    let error = CommandError::new(Exit::Denied, format!("plugin {name} would do more than the one that was looked at"));
    let wider: Vec<Difference> = changes.iter().filter(|change| change.way == Way::Wider).cloned().collect();
    let error = differences(&wider).into_iter().fold(error, CommandError::hint);
    error.hint(format!("nothing was written; if you want that: lifeos plugin add {} --yes", verb.source))
}

/// What was looked at before with less, or with something else, is looked at again by somebody.
fn other_grant(verb: &Add, name: &str, tasks: &[&String], checkout: &Checkout<'_>) -> CommandError {
    let message = format!("plugin {name} was looked at with another grant than it has now");
    let grants = tasks.iter().filter_map(|task| checkout.task(task)).map(|task| format!("task {}", summary::grant(task)));
    let error = grants.fold(CommandError::new(Exit::Denied, message), CommandError::hint);
    error.hint(format!("nothing was written; if that is what you want: lifeos plugin add {} --yes", verb.source))
}

/// Compiles and links it, which is the last thing that can speak against it, and keeps it.
fn compile(plugin: &Plugin, entry: &Entry, global: &Global, term: &Term) -> Result<(), CommandError> {
    let machine = open::machine(global, None, term)?;
    during(term, |events| machine.runtime.load(plugin, machine.cache.as_ref(), &machine.compiler, events))?;
    bring::keep(entry, &plugin.bytes, machine.cache.as_ref())
}

fn write(
    verb: &Add,
    name: &str,
    entry: Entry,
    checkout: &mut Checkout<'_>,
    before: Option<&Entry>,
    changes: &[Difference],
    term: &Term,
) -> Result<Exit, CommandError> {
    let table = verb.task.as_deref().map(|task| checkout.with_task(task, name, &entry)).transpose()?.flatten();
    // Which tasks use it is told by the lock with it inside.
    let there = checkout.lock.plugins.insert(name.to_owned(), entry.clone());
    let grants = checkout.grants(name);
    match there {
        Some(there) => drop(checkout.lock.plugins.insert(name.to_owned(), there)),
        None => drop(checkout.lock.plugins.remove(name)),
    }
    let is_other = |(task, grant): &(&String, &Digest)| {
        before.and_then(|before| before.grants.get(*task)).is_some_and(|looked_at| looked_at != *grant)
    };
    let others: Vec<&String> = grants.iter().filter(is_other).map(|(task, _)| task).collect();
    if !verb.yes && !others.is_empty() {
        return Err(other_grant(verb, name, &others, checkout));
    }
    if !term.is_json() {
        for task in grants.keys().filter_map(|task| checkout.task(task)) {
            term.data(&format!("task {}\n", summary::grant(task)));
        }
    }
    let entry = Entry { grants, ..entry };
    checkout.write(name, Some(entry.clone()))?;
    if table.is_some() {
        checkout.write_config()?;
    }
    let tasks: Vec<String> = entry.grants.keys().cloned().collect();
    if term.is_json() {
        term.json(&said::Added::new(name, &entry, before, changes, table));
        return Ok(Exit::Done);
    }
    let files = if let Some(table) = &table {
        term.data(&format!("\n{}", lifeos::clean::block(table)));
        "lifeos.lock lifeos.toml"
    } else {
        "lifeos.lock"
    };
    match tasks.as_slice() {
        [] => term.note(&format!("no task uses it yet: plugin = \"{name}\" in lifeos.toml, then this again; or --task TASK")),
        tasks => term.note(&format!("looked at with the grants of: {}", tasks.join(", "))),
    }
    term.note(&format!("it counts once it is committed: git add {files} && git commit -m \"lifeos: plugin {name}\""));
    Ok(Exit::Done)
}
