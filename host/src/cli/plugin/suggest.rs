//! `lifeos plugin suggest`.

use clap::Args;
use lifeos::config;
use lifeos::diff::Diff;
use lifeos::ledger::record::PluginId;
use lifeos::reach::unused::{RUNS_MAX, RUNS_MIN};
use lifeos::run::place::{self, Place};
use lifeos::run::suggest::{Subject, Suggestion, suggest as find};

use super::{CommandError, Exit, Global, Term, json, open};
use crate::cli::locked::Locked;
use crate::cli::progress::during;
use crate::cli::text;

/// Shows the narrowest grant that the last runs of a task needed, as a patch of
/// lifeos.toml for `git apply`. It is tried before it is shown, and never
/// applied.
#[derive(Args)]
pub(crate) struct Suggest {
    /// The task, by its name in lifeos.toml.
    task: String,
    /// Look at so many runs.
    #[arg(long, value_name = "N", default_value_t = RUNS_MAX as u16, value_parser = clap::value_parser!(u16).range(1..=500))]
    runs: u16,
}

pub(crate) fn suggest(verb: &Suggest, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let base = repo.head()?;
    let text = open::config_text(global, &repo, base)?;
    let config = open::config(global, &repo, base)?;
    let task = open::task(&config, &verb.task)?;
    let locked = Locked::at(&repo, base, global)?;
    let plugin = locked.plugin(task, &repo)?;
    let machine = open::machine(global, None, term)?;
    let place = Place { repo: &repo, base, now: open::now(), memory: machine.memory(), outside: None, lock: Some(&locked.lock) };
    let asked = Subject { text: &text, task, plugin: &plugin, runs_max: verb.runs.into() };
    let suggestion = during(term, |events| find(&place, &asked, &machine, events))?;
    let name = global.config.as_ref().map_or_else(|| config::FILE.to_owned(), |path| path.display().to_string());
    let patch =
        if suggestion.text == text { String::new() } else { Diff::new(Some(&text), Some(&suggestion.text)).unified(&name) };
    if term.is_json() {
        term.json(&report(suggestion, verb.task.clone(), place::id(&plugin), patch));
    } else {
        print(&suggestion, &verb.task, &patch, term);
    }
    Ok(Exit::Done)
}

fn report(suggestion: Suggestion, task: String, plugin: PluginId, patch: String) -> json::tape::Suggested {
    json::tape::Suggested {
        schema: "lifeos/plugin-suggest@1",
        task,
        plugin,
        narrower: suggestion.present != suggestion.suggested,
        runs: suggestion.runs,
        present: suggestion.present,
        suggested: suggestion.suggested,
        base: suggestion.base.to_string(),
        tree: suggestion.tree,
        reasons: suggestion.reasons,
        denied: suggestion.reached.denied,
        patch,
    }
}

fn print(suggestion: &Suggestion, task: &str, patch: &str, term: &Term) {
    let Suggestion { runs, reasons, reached, base, tree, other_findings, .. } = suggestion;
    term.diff(patch);
    let base = &base.to_string()[..10];
    let runs = text::count(runs.len() as u64, "run");
    if patch.is_empty() {
        term.note(&format!("# {task}: nothing narrower would have sufficed for the last {runs} with this component"));
    } else {
        let tree = tree.as_ref().map_or_else(|| "nothing to change".to_owned(), |tree| format!("tree {tree:.10}"));
        term.note(&format!("# {task}: what the last {runs} with this component needed; tried over {base}: the same ({tree})"));
    }
    if suggestion.runs.len() < RUNS_MIN {
        term.note("# so few runs know little of what the task needs; run it over different commits first");
    }
    for reason in reasons {
        term.note(&format!("# {}", lifeos::clean::line(reason)));
    }
    if *other_findings {
        term.note("# the findings there are not the same under it: compare with `lifeos check` before you take it over");
    }
    for (capability, asked) in &reached.denied {
        let shown: Vec<&str> = asked.keys().take(10).map(String::as_str).collect();
        let more = asked.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let words = format!("asked for and denied, not part of the patch: {capability} {}{more}", shown.join(" "));
        term.note(&format!("# {}", lifeos::clean::line(&words)));
    }
    if !patch.is_empty() {
        term.note(&format!("# take it over: lifeos plugin suggest {task} | git apply, look at it, and commit it"));
    }
}
