//! `lifeos run`.

use std::cell::Cell;
use std::path::PathBuf;

use clap::Args;
use lifeos::autonomy::Autonomy;
use lifeos::clean;
use lifeos::config::Task;
use lifeos::examine::{ExamineError, Job, Machine};
use lifeos::ledger::Ledger;
use lifeos::ledger::record::{AllRounds, State};
use lifeos::plugin::Plugin;
use lifeos::repo::Repo;
use lifeos::run::asking::Asks;
use lifeos::run::place::{Place, Stand};
use lifeos::run::{self, Ended, Finished, Order};

use super::error::{CommandError, class_of, model};
use super::exit::Exit;
use super::locked::Locked;
use super::progress::during;
use super::tape::{self, TapeFile};
use super::term::Term;
use super::{Global, json, open, outside, supply, text};

/// Runs tasks as far as their autonomy allows. Exits with 0 when they are done,
/// have nothing to do, or wait for approval.
#[derive(Args)]
pub(crate) struct Run {
    /// The tasks, by their names in lifeos.toml.
    #[arg(required_unless_present = "all")]
    tasks: Vec<String>,
    /// Run every task of lifeos.toml but those that need an instruction.
    #[arg(long, conflicts_with_all = ["tasks", "instruction", "instruction_file"])]
    all: bool,
    #[command(flatten)]
    instruction: open::Instruction,
    /// Put every call of the plugin on tape, in FILE; for one task.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "replay"])]
    record: Option<PathBuf>,
    /// Run the task again as it is on the tape in FILE, compare, and write nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["all", "instruction", "instruction_file", "no_cache", "detailed_exitcode"])]
    replay: Option<PathBuf>,
    /// Exit with 3 when there was nothing to do, with 4 when a candidate waits.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Ask the plugin about every document, also those it was asked about before.
    #[arg(long)]
    no_cache: bool,
    #[command(flatten)]
    gate: open::GateOptions,
    /// Check documents on so many threads instead of all cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
}

pub(crate) fn run(verb: &Run, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    if let Some(file) = verb.replay.as_ref().map(|file| global.path(file)) {
        return tape::replay(&file, one(verb, "--replay")?, verb.threads.map(usize::from), &repo, global, term);
    }
    let tape = verb
        .record
        .as_ref()
        .map(|file| one(verb, "--record").and_then(|_| TapeFile::new(&global.path(file), &repo)))
        .transpose()?;
    let base = repo.head()?;
    let config = open::config(global, &repo, base)?;
    let locked = Locked::at(&repo, base, global)?;
    open::tell_of_changes(global, &repo, base, term)?;
    let names: Vec<String> = if verb.all { config.tasks.keys().cloned().collect() } else { verb.tasks.clone() };
    let tasks = names.iter().map(|name| open::task(&config, name)).collect::<Result<Vec<_>, _>>()?;
    let instruction = verb.instruction.read(global)?;
    let (works, left_out) = works(verb, tasks, instruction.as_deref(), &locked, &repo)?;
    let tasks: Vec<&Task> = works.iter().map(|work| work.task).collect();
    let machine = open::gated(open::machine(global, verb.threads.map(usize::from), term)?, &verb.gate, global)?;
    let machine = Machine { remembers: !verb.no_cache, folds: true, ..machine };
    let book = Ledger::of(&repo, machine.memory()).book()?;
    let goes_out = tasks.iter().any(|task| book.autonomy(&task.name, task.autonomy) >= Autonomy::PullRequest);
    let settings = config.remote.as_ref().filter(|_| goes_out);
    let outside = settings.map(|settings| outside::outside(&repo, settings, global)).transpose()?;
    let asks = supply::asks(&config, &tasks, &repo, base, global)?;
    let place = Place {
        repo: &repo,
        base,
        now: open::now(),
        memory: machine.memory(),
        outside: outside.as_ref(),
        lock: Some(&locked.lock),
    };
    let given = Given { instruction: instruction.as_deref(), tape: tape.as_ref(), asks: asks.as_ref() };
    let (mut exits, mut ends) = (Vec::new(), Vec::new());
    for Work { task, plugin } in works {
        let name = &task.name;
        let (asked, end) = match plugin {
            Ok(plugin) => run_task(verb, task, &plugin, given, &place, &machine, term),
            Err(error) => (None, Err(error)),
        };
        let exit = exit_of(&end, verb.detailed_exitcode);
        exits.push(exit);
        match end {
            end if term.is_json() => ends.push(json::RanTask { asked, ..json_of(name, end, exit) }),
            Ok(finished) => print(name, &finished, asked.as_ref(), term),
            Err(error) => {
                term.error(&error.at(name));
                tell_asked(asked.as_ref(), term);
            }
        }
    }
    for task in left_out {
        let words = "left out: its plugin needs an instruction, so it runs when it is named";
        term.note(&format!("{}: {words}", task.name));
        ends.push(json_of(&task.name, Err(CommandError::new(Exit::Done, words)), Exit::Done));
    }
    if term.is_json() {
        term.json(&json::Ran { schema: "lifeos/run@1", tasks: ends });
    } else if names.is_empty() {
        term.note("lifeos.toml has no task");
    }
    Ok(overall(&exits))
}

/// A task, and its plugin if there is one that may be loaded.
struct Work<'c> {
    task: &'c Task,
    plugin: Result<Plugin, CommandError>,
}

/// What is to be run, and what `--all` leaves out. The instruction is for every task that
/// is named: where one of them does not fit it, none is run.
fn works<'c>(
    verb: &Run,
    tasks: Vec<&'c Task>,
    instruction: Option<&str>,
    locked: &Locked,
    repo: &Repo,
) -> Result<(Vec<Work<'c>>, Vec<&'c Task>), CommandError> {
    let (mut works, mut left_out) = (Vec::new(), Vec::new());
    for task in tasks {
        let plugin = locked.plugin(task, repo);
        match plugin.as_ref().map(|plugin| Job::new(task, plugin, instruction).is_told()) {
            Ok(Err(ExamineError::NeedsInstruction { .. })) if verb.all => left_out.push(task),
            Ok(Err(error)) => return Err(CommandError::from(error).at(&task.name)),
            Ok(Ok(())) | Err(_) => works.push(Work { task, plugin }),
        }
    }
    Ok((works, left_out))
}

/// The one task that an option is for.
fn one<'v>(verb: &'v Run, option: &str) -> Result<&'v str, CommandError> {
    match verb.tasks.as_slice() {
        [task] => Ok(task),
        _ => Err(CommandError::usage(format!("{option} is for one task"))),
    }
}

/// What all tasks of the command are given.
#[derive(Clone, Copy)]
struct Given<'g> {
    instruction: Option<&'g str>,
    tape: Option<&'g TapeFile>,
    asks: Option<&'g Asks>,
}

fn run_task(
    verb: &Run,
    task: &Task,
    plugin: &Plugin,
    given: Given<'_>,
    place: &Place<'_>,
    machine: &Machine,
    term: &Term,
) -> (Option<AllRounds>, Result<Finished, CommandError>) {
    let Given { instruction, tape, asks } = given;
    let is_on_tape = Cell::new(false);
    let write = |bytes: &[u8]| {
        is_on_tape.set(true);
        tape.map_or(Ok(()), |file| file.keep(bytes))
    };
    let keep: Option<run::tape::Keep<'_>> = if tape.is_some() { Some(&write) } else { None };
    let order = Order { task, plugin, instruction, asks };
    let Ended { asked, end } = during(term, |events| run::run(place, order, machine, events, keep));
    if let Some(file) = verb.record.as_ref().filter(|_| is_on_tape.get()) {
        term.note(&format!("on tape: {}", file.display()));
    }
    (asked, end.map_err(CommandError::from))
}

fn exit_of(end: &Result<Finished, CommandError>, detailed: bool) -> Exit {
    match end {
        Err(error) => error.exit,
        Ok(finished) if !finished.refused.is_empty() || finished.trouble.is_some() => {
            let refused = (!finished.refused.is_empty()).then(|| class_of(&finished.refused));
            refused.max(finished.trouble.as_ref().map(model::class)).unwrap_or(Exit::Done)
        }
        Ok(finished) => match finished.stand.state {
            State::Nothing if detailed => Exit::Nothing,
            State::Waiting if detailed => Exit::Waiting,
            _ => Exit::Done,
        },
    }
}

/// One task: its own class. Several: partial when some failed, the worst class
/// when all did.
fn overall(exits: &[Exit]) -> Exit {
    let is_failure = |exit: &Exit| exit.code() >= Exit::Partial.code() || *exit == Exit::Usage;
    let worst = exits.iter().copied().max().unwrap_or(Exit::Done);
    let failures = exits.iter().filter(|exit| is_failure(exit)).count();
    if failures > 0 && failures < exits.len() { Exit::Partial } else { worst }
}

fn json_of(name: &str, end: Result<Finished, CommandError>, exit: Exit) -> json::RanTask {
    let (class, code, task) = (exit.word(), exit.code(), name.to_owned());
    match end {
        Ok(Finished { run, stand, record, remembered, trouble, .. }) => json::RanTask {
            task,
            class,
            code,
            run: Some(run),
            state: Some(stand.state),
            branch: stand.branch,
            pull_request: stand.pull_request,
            waits_for: stand.waits_for,
            record: Some(record),
            cache: Some(remembered),
            asked: None,
            trouble: trouble.map(|trouble| trouble.to_string()),
            message: None,
            hints: Vec::new(),
        },
        Err(error) => json::RanTask {
            task,
            class,
            code,
            run: None,
            state: None,
            branch: None,
            pull_request: None,
            waits_for: None,
            record: None,
            cache: None,
            asked: None,
            trouble: None,
            message: Some(error.message),
            hints: error.hints,
        },
    }
}

/// What was asked and spent, however it ended.
pub(super) fn tell_asked(asked: Option<&AllRounds>, term: &Term) {
    if let Some(asked) = asked {
        term.note(&format!("asked {}", text::asked(asked)));
        asked.taken_out().iter().for_each(|line| term.note(line));
    }
}

fn print(name: &str, finished: &Finished, asked: Option<&AllRounds>, term: &Term) {
    let Finished { run, stand: Stand { state, branch, pull_request, waits_for, replaced }, record, findings, log, .. } = finished;
    term.data(&text::refused(&record.refused));
    for line in log.lines() {
        term.note(&format!("plugin: {line}"));
    }
    for (reason, count) in &record.skipped {
        term.note(&format!("skipped: {} ({reason})", text::count(*count, "file")));
    }
    let findings = text::count(findings.len() as u64, "finding");
    let files = text::count(record.edits.len() as u64, "file");
    term.data(&match (state, branch) {
        (State::Red, _) => format!("{name}: run {run} did not pass the gate ({files}, {findings})\n"),
        (State::Nothing, _) => format!("{name}: nothing to do ({findings}, no edit)\n"),
        (State::Landed, Some(branch)) => format!("{name}: run {run} landed on branch {branch} ({files}, {findings})\n"),
        (State::Waiting, _) => format!("{name}: run {run} waits for approval ({files}, {findings})\n"),
        (State::Rejected, _) => format!("{name}: run {run} is the candidate that was rejected before; nothing was proposed\n"),
        (State::Open, Some(branch)) => {
            let at = pull_request.as_ref().map_or_else(|| format!("branch {branch}"), |pull| clean::line(&pull.url).into_owned());
            format!("{name}: run {run} is open at {at} ({files}, {findings})\n")
        }
        (state, _) => format!("{name}: run {run} is {} ({files}, {findings})\n", state.word()),
    });
    if let Some(before) = &record.repairs {
        term.note(&format!("it repairs run {}, which did not pass the gate", clean::line(before)));
    }
    tell_asked(asked, term);
    if let Some(trouble) = &finished.trouble {
        term.note(&format!("it is not the whole work: {trouble}"));
        term.note(&format!("hint: {}", model::hint(trouble)));
    }
    if let Some(replaced) = replaced {
        term.note(&format!("it took the place of run {}, which nobody had taken over", clean::line(replaced)));
    }
    if *state == State::Open && pull_request.is_none() {
        term.note(&format!("there is no forge: merge that branch there, then: lifeos land {run}"));
    }
    if let Some(what) = waits_for {
        term.note(&format!("it waits: {}; go on with: lifeos land {run}", clean::line(what)));
    }
    if *state == State::Waiting {
        term.note(&format!("look: lifeos review {run}    approve: lifeos approve {run}    or: lifeos reject {run} --why TEXT"));
    }
}
