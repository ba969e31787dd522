//! `lifeos check`.

use std::collections::BTreeSet;

use clap::Args;
use lifeos::candidate::edit_text;
use lifeos::check::CheckedEdit;
use lifeos::check::problem::Refused;
use lifeos::examine::{self, Examined, Job, Machine, Proposal};
use lifeos::ledger::record::PluginId;
use lifeos::repo::Repo;
use lifeos::run::asking;
use lifeos::run::place::{Place, identity};
use lifeos::run::record::refused_text;
use lifeos::since::{self, Seen};

use super::error::{CommandError, class_of, hints_of, model};
use super::exit::Exit;
use super::locked::Locked;
use super::progress::during;
use super::run::tell_asked;
use super::term::Term;
use super::{Global, json, open, text};

/// Runs a task and shows its findings and the edits it would propose; proposes
/// nothing, and of a model it puts on record only what it cost. Exits with 1 if
/// there is anything.
#[derive(Args)]
pub(crate) struct Check {
    /// The task, by its name in lifeos.toml.
    task: String,
    #[command(flatten)]
    instruction: open::Instruction,
    /// Report only what the commit REV did not have, wherever lines have moved since.
    #[arg(long, value_name = "REV")]
    new_since: Option<String>,
    /// Show findings only, no diff.
    #[arg(long)]
    no_diff: bool,
    /// Ask the plugin about every document, also those it was asked about before.
    #[arg(long)]
    no_cache: bool,
    /// Note every call as `run` does, to measure what that costs; nobody reads them here.
    #[arg(long, hide = true)]
    trace: bool,
    /// Check documents on so many threads instead of all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

pub(crate) fn check(verb: &Check, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let head = repo.head()?;
    let config = open::config(global, &repo, head)?;
    open::tell_of_changes(global, &repo, head, term)?;
    let task = open::task(&config, &verb.task)?;
    let plugin = Locked::at(&repo, head, global)?.plugin(task, &repo)?;
    let instruction = verb.instruction.read(global)?;
    Job::new(task, &plugin, instruction.as_deref()).is_told()?;
    let since = verb.new_since.as_deref().map(|revision| repo.resolve(revision)).transpose()?;
    let machine = open::machine(global, verb.threads.map(usize::from), term)?;
    let machine = Machine { remembers: !verb.no_cache, shows: !verb.no_diff, traces: verb.trace, ..machine };
    // What a model says differs from one commit to the other for no reason of theirs.
    let asks = match since {
        None => super::supply::asks(&config, &[task], &repo, head, global)?,
        Some(_) => None,
    };
    if since.is_some() && task.model.is_some() {
        term.note("with --new-since no model is asked");
    }
    let place = Place { repo: &repo, base: head, now: open::now(), memory: machine.memory(), outside: None, lock: None };
    let mut asked = None;
    let mut examined = |commit| {
        let base = repo.pin_with(commit, machine.memory())?;
        let job = Job::new(task, &plugin, instruction.as_deref());
        let examined = during(term, |events| match &asks {
            // What is asked is paid for, also where nothing is written.
            Some(asks) => {
                let ended = asking::examined(&place, &job, asks, "check", &machine, events);
                asked = ended.asked;
                ended.end
            }
            None => Ok(examine::examine(&repo, base, &job, &machine, events)?),
        });
        Ok::<_, CommandError>(examined?)
    };
    let ends = since.map(&mut examined).transpose().and_then(|before| Ok((before, examined(head)?)));
    let (before, mut examined) = ends.inspect_err(|_| tell_asked(asked.as_ref(), term))?;
    let known = before.map(|before| without_known(&repo, &before, &mut examined)).transpose()?;
    let mut report = json::Check { asked, ..report(verb, &mut examined, identity(task, &plugin).plugin) };
    if let (Some(commit), Some(known)) = (since, known) {
        narrow(&mut report, json::Since { commit: commit.to_string(), known });
    }
    if term.is_json() {
        term.json(&report);
    } else {
        print(&report, term);
        tell_asked(report.asked.as_ref(), term);
    }
    let refused = if report.since.is_none() { refused_of(&examined) } else { &[] };
    for hint in hints_of(refused) {
        term.note(&format!("hint: {hint}"));
    }
    let exit = match (&examined.trouble, refused) {
        (Some(trouble), _) => {
            term.note(&format!("it is not the whole work: {trouble}"));
            term.note(&format!("hint: {}", model::hint(trouble)));
            model::class(trouble)
        }
        (None, []) if report.clean => Exit::Done,
        (None, []) => Exit::Findings,
        (None, refused) => class_of(refused),
    };
    // The process ends here: to give a hundred thousand findings back one by one would take a tenth of its time.
    std::mem::forget((report, examined));
    Ok(exit)
}

/// Drops the findings that the older base had, and counts them.
fn without_known(repo: &Repo, before: &Examined, examined: &mut Examined) -> Result<u64, CommandError> {
    let old = Seen { commit: before.base, findings: &before.findings };
    let new = Seen { commit: examined.base, findings: &examined.findings };
    let all = examined.findings.len();
    let mut is_new = since::is_new(repo, old, new)?.into_iter();
    examined.findings.retain(|_| is_new.next().unwrap_or(true));
    Ok((all - examined.findings.len()) as u64)
}

/// Keeps of a report what belongs to its findings.
fn narrow(report: &mut json::Check, since: json::Since) {
    let paths: BTreeSet<&str> = report.findings.iter().filter_map(|finding| Some(finding.path.as_ref()?.as_str())).collect();
    report.edits.retain(|edit| paths.contains(edit.edit.path.as_str()));
    report.refused.retain(|refused| paths.contains(refused.path.as_str()));
    report.clean = report.findings.is_empty();
    report.since = Some(since);
}

/// What speaks against the whole, or else against single edits.
fn refused_of(examined: &Examined) -> &[Refused] {
    match &examined.proposal {
        Proposal::Refused(whole) => whole,
        Proposal::Checked(_) | Proposal::Nothing => &examined.refused,
    }
}

/// Takes findings and log out of what was examined: there may be very many.
fn report(verb: &Check, examined: &mut Examined, plugin: PluginId) -> json::Check {
    let edits = match &examined.proposal {
        Proposal::Checked(checked) => checked.edits().iter().map(edit).collect(),
        Proposal::Nothing | Proposal::Refused(_) => Vec::new(),
    };
    json::Check {
        schema: "lifeos/check@1",
        task: verb.task.clone(),
        base: examined.base.to_string(),
        plugin,
        clean: examined.findings.is_empty() && edits.is_empty() && refused_of(examined).is_empty(),
        documents: examined.documents,
        skipped: examined.skipped.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect(),
        findings: std::mem::take(&mut examined.findings),
        edits,
        refused: refused_of(examined).iter().map(refused_text).collect(),
        log: std::mem::take(&mut examined.log),
        cache: examined.remembered,
        since: None,
        asked: None,
        trouble: examined.trouble.as_ref().map(ToString::to_string),
    }
}

/// An edit in words, and as a diff unless nobody wants that.
fn edit(edit: &CheckedEdit) -> json::Edit {
    json::Edit { edit: edit_text(edit), diff: edit.change().diff.clone() }
}

fn print(report: &json::Check, term: &Term) {
    term.data(&text::findings(&report.findings));
    term.data(&text::refused(&report.refused));
    report.edits.iter().filter_map(|edit| edit.diff.as_deref()).for_each(|diff| term.diff(diff));
    for line in report.log.lines() {
        term.note(&format!("plugin: {line}"));
    }
    for (reason, count) in &report.skipped {
        term.note(&format!("skipped: {} ({reason})", text::count(*count, "file")));
    }
    if let Some(json::Since { commit, known }) = &report.since {
        term.note(&format!("not shown: {} that {} had already", text::count(*known, "finding"), &commit[..10]));
    }
    let (findings, edits) = (report.findings.len() as u64, report.edits.len() as u64);
    // A task in free form is handed none.
    let checked = match report.documents {
        0 if report.skipped.is_empty() => String::new(),
        documents => format!("{}: ", text::count(documents, "document")),
    };
    let fixed = report.findings.iter().filter(|finding| finding.repaired).count();
    term.note(&format!(
        "{checked}{} ({fixed} fixed by edits), {} to change",
        text::count(findings, "finding"),
        text::count(edits, "file")
    ));
}
