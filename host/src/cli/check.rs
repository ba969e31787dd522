//! `lifeos check`.

use clap::Args;
use lifeos::check::problem::Refused;
use lifeos::event::{Event, Events};
use lifeos::examine::{self, Examined, Proposal};
use lifeos::run::identity;
use lifeos::run::record::{edits_of, refused_text};
use lifeos::{clean, diff};

use super::error::{CommandError, class_of, hints_of};
use super::exit::Exit;
use super::progress::Progress;
use super::term::Term;
use super::{Global, json, open, text};

/// Runs a task and shows its findings and the edits it would propose; writes
/// nothing. Exits with 1 if there is anything.
#[derive(Args)]
pub(crate) struct Check {
    /// The task, by its name in lifeos.toml.
    task: String,
    /// What to do, for tasks that take an instruction.
    #[arg(long, value_name = "TEXT")]
    instruction: Option<String>,
    /// Show findings only, no diff.
    #[arg(long)]
    no_diff: bool,
    /// Check documents on so many threads instead of all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

pub(crate) fn check(verb: &Check, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let head = repo.head()?;
    let config = open::config(global, &repo, head)?;
    open::task(&config, &verb.task)?;
    let task = &config.tasks[&verb.task];
    let plugin = open::plugin(task, &repo)?;
    open::bounded(verb.instruction.as_deref())?;
    let machine = open::machine(global, verb.threads.map(usize::from), term)?;
    let progress = Progress::new(term);
    let base = repo.pin(head)?;
    let reader = |event: &Event| progress.show(event, term);
    let examined = examine::examine(&repo, base, task, &plugin, verb.instruction.as_deref(), &machine, &Events::to(&reader));
    progress.show(&Event::Finished, term);
    let examined = examined?;
    let report = report(&verb.task, &examined, identity(task, &plugin).plugin);
    if term.is_json() {
        term.json(&report);
    } else {
        print(&report, verb.no_diff, term);
    }
    for hint in hints_of(refused_of(&examined)) {
        term.note(&format!("hint: {hint}"));
    }
    Ok(match refused_of(&examined) {
        [] if report.clean => Exit::Done,
        [] => Exit::Findings,
        refused => class_of(refused),
    })
}

/// What speaks against the whole, or else against single edits.
fn refused_of(examined: &Examined) -> &[Refused] {
    match &examined.proposal {
        Proposal::Refused(whole) => whole,
        Proposal::Candidate(_) | Proposal::Nothing => &examined.refused,
    }
}

fn report(task: &str, examined: &Examined, plugin: lifeos::ledger::record::PluginId) -> json::Check {
    let edits = match &examined.proposal {
        Proposal::Candidate(candidate) => edits(candidate.checked()),
        Proposal::Nothing | Proposal::Refused(_) => Vec::new(),
    };
    json::Check {
        schema: "lifeos/check@1",
        task: task.to_owned(),
        base: examined.base.to_string(),
        plugin,
        clean: examined.findings.is_empty() && edits.is_empty() && refused_of(examined).is_empty(),
        documents: examined.documents,
        skipped: examined.skipped.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect(),
        findings: examined.findings.clone(),
        edits,
        refused: refused_of(examined).iter().map(refused_text).collect(),
        log: examined.log.clone(),
    }
}

fn edits(checked: &lifeos::check::Checked) -> Vec<json::Edit> {
    let texts = edits_of(checked).into_iter().zip(checked.edits());
    let edit = |(text, edit): (lifeos::ledger::record::EditText, &lifeos::check::CheckedEdit)| {
        let diff = diff::unified(&clean::line(edit.path().as_str()), edit.old_text(), edit.new_text());
        json::Edit { edit: text, diff }
    };
    texts.map(edit).collect()
}

fn print(report: &json::Check, no_diff: bool, term: &Term) {
    term.data(&text::findings(&report.findings));
    term.data(&text::refused(&report.refused));
    if !no_diff {
        report.edits.iter().for_each(|edit| term.diff(&edit.diff));
    }
    for line in report.log.lines() {
        term.note(&format!("plugin: {line}"));
    }
    for (reason, count) in &report.skipped {
        term.note(&format!("skipped: {} ({reason})", text::count(*count, "file")));
    }
    let (findings, edits) = (report.findings.len() as u64, report.edits.len() as u64);
    let checked = text::count(report.documents, "document");
    let fixed = report.findings.iter().filter(|finding| finding.repaired).count();
    term.note(&format!(
        "{checked}: {} ({fixed} fixed by edits), {} to change",
        text::count(findings, "finding"),
        text::count(edits, "file")
    ));
}
