//! Findings, runs and records as text for people. What plugins said arrives
//! cleaned; paths are cleaned here.

use std::fmt::Write as _;

use lifeos::budget::price::money;
use lifeos::clean;
use lifeos::edit::Finding;
use lifeos::ledger::record::{AllRounds, CommandText, GateText, ReachText, RefusedText};
use lifeos::policy::Capability;
use lifeos::reach::unused::Unused;

use super::json::RunLine;

/// Patterns of one list that are shown to people.
const GLOBS_SHOWN: usize = 4;

/// `one file`, `2 files`.
pub(crate) fn count(number: u64, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ if noun.ends_with('s') => format!("{number} {noun}es"),
        _ => format!("{number} {noun}s"),
    }
}

/// Findings, one to a line, as compilers print them.
pub(crate) fn findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let path = finding.path.as_ref().map_or("(repository)".into(), |path| clean::line(path.as_str()));
        let place = finding.position.map_or(String::new(), |at| format!(":{}:{}", at.line, at.column));
        let severity = finding.severity.word();
        let fix = if finding.repaired { " (fixed by this run's edits)" } else { "" };
        let (rule, message) = (clean::line(&finding.rule), clean::line(&finding.message));
        let _infallible = writeln!(text, "{path}{place}: {severity} {rule}: {message}{fix}");
        if let Some(help) = &finding.help {
            let _infallible = writeln!(text, "    help: {}", clean::line(help));
        }
    }
    text
}

/// What is granted and was not used, in one sentence.
pub(crate) fn unused(unused: &Unused) -> String {
    let Unused { runs, capabilities, patterns } = unused;
    let mut parts: Vec<String> = capabilities.iter().map(Capability::to_string).collect();
    for (capability, patterns) in patterns {
        let shown: Vec<String> = patterns.iter().take(GLOBS_SHOWN).map(|pattern| format!("\"{pattern}\"")).collect();
        let more = patterns.len() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        parts.push(format!("{capability} {}{more}", shown.join(" ")));
    }
    let is_one = parts.len() == 1 && patterns.iter().all(|(_, patterns)| patterns.len() == 1);
    let verb = if is_one { "was" } else { "were" };
    clean::line(&format!("{} {verb} granted and not used in the last {runs} runs", parts.join(", "))).into_owned()
}

/// Edits that were refused, one to a line.
pub(crate) fn refused(refused: &[RefusedText]) -> String {
    let mut text = String::new();
    for RefusedText { path, problems } in refused {
        let path = if path.is_empty() { "(the whole proposal)" } else { path };
        let _infallible = writeln!(text, "refused: {}: {}", clean::line(path), clean::line(&problems.join("; ")));
    }
    text
}

/// A run on one line.
pub(crate) fn run_line(line: &RunLine) -> String {
    let at = jiff::Timestamp::from_second(line.at).map_or_else(|_| line.at.to_string(), |at| at.to_string());
    let state = line.state.word();
    let (run, task) = (clean::line(&line.run), clean::line(&line.task));
    let mut text = format!("{run}  {at}  {state:<8}  {task}");
    if line.files > 0 {
        let _infallible = write!(text, "  {}", count(line.files, "file"));
    }
    let _infallible = write!(text, "  {}", count(line.findings, "finding"));
    if let Some(pull) = &line.pull_request {
        let _infallible = write!(text, "  #{}", pull.number);
    }
    if let Some(by) = &line.by {
        let _infallible = write!(text, "  by {}", clean::line(by));
    }
    if let Some(why) = &line.why {
        let _infallible = write!(text, "  ({})", clean::line(why));
    }
    text.push('\n');
    text
}

/// What was asked of a model and what that cost, on one line.
pub(crate) fn asked(asked: &AllRounds) -> String {
    let (calls, tokens) = (count(asked.calls, "call"), count(asked.spent.tokens.all(), "token"));
    format!("{}: {calls}, {tokens}, {}", clean::line(&asked.model), money(asked.spent.cost))
}

/// The verdict of a gate on one line.
pub(crate) fn gate(gate: &GateText) -> String {
    let verdict = gate.fault.as_ref().map_or_else(|| "passed".to_owned(), |fault| format!("red: {fault}"));
    let tests = gate.tests.map_or(String::new(), |tests| format!(", {}", count(tests, "test")));
    let before = gate.tests_before.map_or(String::new(), |tests| format!(" ({tests} on the base)"));
    let isolation = match (gate.isolated, gate.namespaces) {
        (true, true) => "",
        (true, false) => ", without namespaces",
        (false, _) => ", NOT isolated",
    };
    format!("{verdict}{tests}{before}{isolation}")
}

/// A command of a gate on one line.
pub(crate) fn command(ran: &CommandText) -> String {
    format!("`{}`: {}", ran.command, ended(ran))
}

/// How a command of a gate ended.
pub(crate) fn ended(ran: &CommandText) -> String {
    let fault = ran.fault.as_deref().unwrap_or("ok");
    let killed =
        if ran.killed > 0 { format!(", {} left behind and killed", count(ran.killed, "process")) } else { String::new() };
    format!("{fault}, {:.1} s{killed}", ran.millis as f64 / 1e3)
}

/// What one side says a task may reach, on one line.
pub(crate) fn reach(reach: &ReachText) -> String {
    let plain = [("history", reach.history), ("model", reach.model), ("rounds", reach.rounds)];
    let plain: String = plain.iter().filter(|(_, has)| *has).map(|(word, _)| format!(", {word}")).collect();
    let list = if reach.list.is_empty() { String::new() } else { format!("list [{}], ", shortened(&reach.list)) };
    format!("{list}read [{}], edit [{}]{plain}", shortened(&reach.read), shortened(&reach.edit))
}

/// A list of patterns as far as it is short.
pub(crate) fn shortened(globs: &[String]) -> String {
    match globs.len().checked_sub(GLOBS_SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more", globs[..GLOBS_SHOWN].join(" ")),
        _ => globs.join(" "),
    }
}
