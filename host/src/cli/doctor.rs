//! `lifeos doctor`.

mod limits;
mod model;

use clap::Args;
use lifeos::budget::journal;
use lifeos::config::Config;
use lifeos::plugin::{needs, official};
use lifeos::repo::Repo;
use lifeos::run::error::RunError;
use lifeos::run::place::require_pin;

use model::Called;

use super::error::CommandError;
use super::exit::Exit;
use super::json::{self, Diagnosis};
use super::locked::Locked;
use super::term::Term;
use super::{Global, open, outside, supply};

/// Tells what is there and what is missing: repository, configuration,
/// plugins, engine, cache, and how a run is isolated.
#[derive(Args)]
pub(crate) struct Doctor {
    /// Ask the model of lifeos.toml one small question, and tell how that went; it costs little,
    /// and is on account of the first task that is granted a model.
    #[arg(long)]
    model: bool,
}

pub(crate) fn doctor(verb: &Doctor, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let mut checks = Vec::new();
    let repo = note(&mut checks, "repository", open::repo(global), |repo| repo.workdir().display().to_string());
    let config = repo.as_ref().and_then(|repo| {
        note(&mut checks, "history", history(repo), Clone::clone);
        // One that is damaged stops whatever asks a model.
        if let Err(error) = journal::seen(repo.common_dir()) {
            note(&mut checks, "spending", Err::<(), _>(RunError::Budget(error).into()), |()| String::new());
        }
        note(
            &mut checks,
            "configuration",
            repo.head().map_err(CommandError::from).and_then(|head| open::config(global, repo, head)),
            |config| super::text::count(config.tasks.len() as u64, "task"),
        )
    });
    let carried: Vec<&str> = official::names().collect();
    let carried = if carried.is_empty() {
        Err(CommandError::usage("this build carries none; build with `just build`"))
    } else {
        Ok(carried)
    };
    note(&mut checks, "official plugins", carried, |names| names.join(", "));
    let mut called = Ok(None);
    if let (Some(repo), Some(config)) = (&repo, &config) {
        configured(&mut checks, repo, config, global);
        called = asked(verb, &mut checks, repo, config, global, term);
    }
    note(&mut checks, "engine and cache", open::machine(global, None, term), |_| {
        open::cache_folder(global).map_or_else(|| "no cache folder".to_owned(), |folder| folder.display().to_string())
    });
    isolation(&mut checks, config.as_ref());
    Ok(told(checks, called, term))
}

/// What the configuration names: plugins and the remote repository.
fn configured(checks: &mut Vec<Diagnosis>, repo: &Repo, config: &Config, global: &Global) {
    let locked = repo.head().map_err(CommandError::from).and_then(|head| Locked::at(repo, head, global));
    let locked = note(checks, "lock", locked, |locked| super::text::count(locked.lock.plugins.len() as u64, "plugin"));
    if let Some(locked) = locked {
        tasks(checks, repo, config, &locked);
    }
    if let Some(settings) = &config.remote {
        let found = outside::outside(repo, settings, global);
        note(checks, "remote", found, |outside| {
            let forge = outside.forge.as_ref().map_or_else(String::new, |forge| format!(", forge {}", forge.address().host()));
            format!("{}, branch {}{forge}: address and token are there; nothing was asked", settings.name, settings.branch)
        });
    }
}

/// How plugins and gates are isolated, and whether the programs of gates are there.
fn isolation(checks: &mut Vec<Diagnosis>, config: Option<&Config>) {
    let detail = "plugins: WebAssembly, no system access; compiling: child process with limits".to_owned();
    checks.push(Diagnosis { name: "isolation", ok: true, detail });
    if let (Some(config), Ok(jail)) = (config, open::jail()) {
        for task in config.tasks.values() {
            let missing =
                |words: &&Vec<String>| words.first().is_some_and(|name| !name.contains('/') && jail.program_of(name).is_none());
            for words in task.gate.commands.iter().chain(&task.gate.goals).filter(missing) {
                let error = CommandError::usage(format!("{}: {} is in no folder of PATH", task.name, words[0]));
                note(checks, "gate", Err::<(), _>(error), |()| String::new());
            }
        }
    }
    let isolated = open::jail().and_then(|jail| {
        jail.probe().map_err(|error| CommandError::new(Exit::Denied, error))?;
        Ok(open::scratch().is_ok_and(|folder| jail.has_namespaces(folder.path())))
    });
    note(checks, "gates", isolated, |namespaces| {
        let namespaces = if *namespaces { "namespaces" } else { "no namespaces: see docs/gate.md" };
        format!("Landlock (files, other processes), seccomp (no sockets), {namespaces}")
    });
}

/// Shows all that was looked at.
fn told(checks: Vec<Diagnosis>, called: Result<Option<Called>, Exit>, term: &Term) -> Exit {
    let ok = checks.iter().all(|check| check.ok);
    let exit = called.as_ref().map_or_else(|exit| *exit, |called| called.as_ref().map_or(Exit::Done, |called| called.exit));
    if term.is_json() {
        term.json(&json::Doctor { schema: "lifeos/doctor@1", checks, model: called.ok().flatten().map(|called| called.report) });
    } else {
        for Diagnosis { name, ok, detail } in &checks {
            let mark = if *ok { "ok     " } else { "missing" };
            term.data(&format!("{mark}  {name:<17} {}\n", lifeos::clean::line(detail)));
        }
    }
    match exit {
        Exit::Done if !ok => Exit::Usage,
        exit => exit,
    }
}

/// The model, and with --model what it says.
///
/// # Errors
/// With --model, the class of why it could not be asked.
fn asked(
    verb: &Doctor,
    checks: &mut Vec<Diagnosis>,
    repo: &Repo,
    config: &Config,
    global: &Global,
    term: &Term,
) -> Result<Option<Called>, Exit> {
    let Ok(base) = repo.head() else { return Ok(None) };
    let mut failed = |name, error: CommandError| {
        let exit = error.exit;
        note(checks, name, Err::<(), _>(error), |()| String::new());
        if verb.model { Err(exit) } else { Ok(None) }
    };
    let Some(model) = &config.model else {
        let none = CommandError::usage("lifeos.toml has no [model]").hint("see docs/models.md");
        return if verb.model { failed("model", none) } else { Ok(None) };
    };
    let found = match supply::found(model, repo, base, global) {
        Ok(found) => found,
        Err(error) => return failed("model", error),
    };
    let place = found.host.as_ref().map_or_else(String::new, |host| format!(" at {}", lifeos::clean::line(host)));
    let key = found.key.as_ref().map_or_else(|| "no key".to_owned(), |key| format!("key from {key}"));
    let what =
        format!("{} {}{place}, {key}{}", model.provider.word(), model.name, if verb.model { "" } else { "; nothing was asked" });
    note(checks, "model", Ok(()), |()| what);
    if !verb.model {
        return Ok(None);
    }
    match model::call(found, model, config, repo, base, global, term) {
        Ok(called) => {
            checks.push(Diagnosis { name: "model call", ok: called.exit == Exit::Done, detail: called.detail.clone() });
            checks.push(Diagnosis { name: "model limits", ok: true, detail: called.limits.clone() });
            Ok(Some(called))
        }
        Err(error) => {
            let exit = error.exit;
            note(checks, "model call", Err::<(), _>(error), |()| String::new());
            Err(exit)
        }
    }
}

fn note<T>(
    checks: &mut Vec<Diagnosis>,
    name: &'static str,
    found: Result<T, CommandError>,
    detail: impl FnOnce(&T) -> String,
) -> Option<T> {
    let (ok, detail) = match &found {
        Ok(found) => (true, detail(found)),
        Err(error) => (false, [vec![error.message.clone()], error.hints.clone()].concat().join("; ")),
    };
    checks.push(Diagnosis { name, ok, detail });
    found.ok()
}

fn history(repo: &Repo) -> Result<String, CommandError> {
    repo.head()?;
    if repo.is_shallow() {
        return Err(CommandError::new(Exit::Repo, "the clone is shallow, so dates cannot be told").hint("git fetch --unshallow"));
    }
    Ok("complete".to_owned())
}

fn tasks(checks: &mut Vec<Diagnosis>, repo: &Repo, config: &Config, locked: &Locked) {
    for task in config.tasks.values() {
        let plugin =
            locked.plugin(task, repo).and_then(|plugin| Ok(require_pin(task, &plugin, Some(&locked.lock)).map(|()| plugin)?));
        note(checks, "task", plugin.map_err(|error| error.at(&task.name)), |plugin| {
            let idle = needs::idle(&plugin.manifest, &task.granted)
                .into_iter()
                .map(|capability| format!("; the grant of `{capability}` has no effect, since the plugin does not declare it"));
            format!("{}: {} {}{}", task.name, plugin.manifest.name, plugin.manifest.version, idle.collect::<String>())
        });
    }
}
