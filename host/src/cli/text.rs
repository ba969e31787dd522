//! Findings, runs and records as text for people. What plugins said arrives
//! cleaned; paths are cleaned here.

use std::fmt::Write as _;

use lifeos::clean;
use lifeos::edit::{Finding, Severity};
use lifeos::ledger::record::RefusedText;

use super::json::RunLine;

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
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        let fix = if finding.repaired { " (fixed by this run's edits)" } else { "" };
        let _infallible = writeln!(text, "{path}{place}: {severity} {}: {}{fix}", finding.rule, finding.message);
        if let Some(help) = &finding.help {
            let _infallible = writeln!(text, "    help: {help}");
        }
    }
    text
}

/// Edits that were refused, one to a line.
pub(crate) fn refused(refused: &[RefusedText]) -> String {
    let mut text = String::new();
    for RefusedText { path, problems } in refused {
        let path = if path.is_empty() { "(the whole proposal)" } else { path };
        let _infallible = writeln!(text, "refused: {path}: {}", problems.join("; "));
    }
    text
}

/// A run on one line.
pub(crate) fn run_line(line: &RunLine) -> String {
    let at = jiff::Timestamp::from_second(line.at).map_or_else(|_| line.at.to_string(), |at| at.to_string());
    let state = word(line.state);
    let (run, task) = (clean::line(&line.run), clean::line(&line.task));
    let mut text = format!("{run}  {at}  {state:<8}  {task}");
    if line.files > 0 {
        let _infallible = write!(text, "  {}", count(line.files, "file"));
    }
    let _infallible = write!(text, "  {}", count(line.findings, "finding"));
    if let Some(by) = &line.by {
        let _infallible = write!(text, "  by {}", clean::line(by));
    }
    if let Some(why) = &line.why {
        let _infallible = write!(text, "  ({})", clean::line(why));
    }
    text.push('\n');
    text
}

/// The word for a state.
pub(crate) fn word(state: lifeos::ledger::record::State) -> &'static str {
    use lifeos::ledger::record::State;
    match state {
        State::Waiting => "waiting",
        State::Approved => "approved",
        State::Rejected => "rejected",
        State::Landed => "landed",
        State::Nothing => "nothing",
        State::Red => "red",
        State::Failed => "failed",
    }
}
