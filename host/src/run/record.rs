//! What a run did, in the words of the ledger.

use std::collections::BTreeMap;

use crate::check::problem::{Problem, Refused};
use crate::clean;
use crate::config::Task;
use crate::examine::Examined;
use crate::gate::{Ran, Verdict};
use crate::ledger::record::{CommandText, GateText, Outcome, ReachText, RefusedText, Run};
use crate::plugin::Plugin;
use crate::reach;
use crate::trace::{self, Call};
use crate::waiting::Identity;

/// A record of a run of a plugin that has done nothing yet.
pub(super) fn blank(task: &Task, plugin: &Plugin, identity: &Identity, base: git2::Oid) -> Run {
    let mut record = blank_of(task, identity, base);
    record.imported = plugin.imports.iter().map(|import| import.name.clone()).collect();
    record.declared = plugin.manifest.reach().map_or(record.declared, |reach| ReachText::of(&reach));
    record
}

/// A record of a run without a plugin that has done nothing yet.
pub(super) fn blank_of(task: &Task, identity: &Identity, base: git2::Oid) -> Run {
    let nothing = ReachText { list: Vec::new(), read: Vec::new(), edit: Vec::new(), history: false, model: false, rounds: false };
    Run {
        base: base.to_string(),
        instruction: None,
        outcome: Outcome::Nothing,
        reason: None,
        candidate: None,
        plugin: identity.plugin.clone(),
        grant: identity.grant.to_string(),
        imported: Vec::new(),
        declared: nothing,
        granted: ReachText::of(&task.granted),
        used: BTreeMap::new(),
        documents: 0,
        skipped: BTreeMap::new(),
        findings: BTreeMap::new(),
        edits: Vec::new(),
        refused: Vec::new(),
        gate: None,
        reverts: None,
        part_of: None,
        tape: None,
        model: None,
        repairs: None,
    }
}

/// A verdict of the gate, in words.
pub(super) fn gate_text(base: Option<&Verdict>, candidate: &Verdict, isolated: bool) -> GateText {
    let command = |ran: &Ran| CommandText {
        command: clean::line(&ran.command).into_owned(),
        fault: ran.fault.clone(),
        millis: ran.millis,
        killed: ran.killed,
    };
    GateText {
        fault: base.map_or_else(|| candidate.fault(), |base| candidate.fault_beside(base)),
        isolated,
        namespaces: candidate.namespaces,
        tests_before: base.and_then(Verdict::tests),
        tests: candidate.tests(),
        goal_before: base.and_then(|base| base.unmet.as_deref()).map(|unmet| clean::line(unmet).into_owned()),
        commands: candidate.commands.iter().map(command).collect(),
    }
}

/// What the commands printed, for the record.
pub(super) fn output_of(verdict: &Verdict) -> Vec<u8> {
    let one = |ran: &Ran| format!("$ {}\n{}\n", clean::line(&ran.command), ran.output.trim_end());
    verdict.commands.iter().map(one).collect::<String>().into_bytes()
}

/// Adds what the plugin saw and would change.
pub(super) fn fill(record: &mut Run, examined: &Examined) {
    for finding in &examined.findings {
        *record.findings.entry(finding.rule.clone()).or_default() += 1;
    }
    record.used = trace::used(&examined.trace);
    record.documents = examined.documents;
    record.skipped = examined.skipped.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect();
    record.refused = examined.refused.iter().map(refused_text).collect();
}

/// A refusal in words, cleaned.
#[must_use]
pub fn refused_text(refused: &Refused) -> RefusedText {
    let problems = refused.problems.iter().map(Problem::to_string).collect();
    RefusedText { path: clean::line(clean::cut(&refused.path, 512)).into_owned(), problems }
}

pub(super) fn problems_of(refused: &[Refused]) -> Vec<String> {
    let problem = |refused: &Refused| refused_text(refused).problems.join(", ");
    refused.iter().take(5).map(problem).collect()
}

/// Findings and trace as JSON lines, and what was reached, beside the record.
pub(super) fn attachments(examined: &Examined) -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![("findings.jsonl", json_lines(&examined.findings)), ("trace.jsonl", trace_lines(&examined.trace))];
    let reached = examined.reached.as_ref().and_then(|reached| serde_json::to_vec(reached).ok());
    files.extend(reached.map(|bytes| (reach::FILE, bytes)));
    files
}

/// The first calls, and how many there were besides.
fn trace_lines(trace: &[Call]) -> Vec<u8> {
    let kept = &trace[..trace.len().min(trace::CALLS_KEPT_MAX)];
    let mut lines = json_lines(&kept.iter().map(trace::Line::from).collect::<Vec<_>>());
    if kept.len() < trace.len() {
        lines.extend(format!("{{\"not_kept\":{}}}\n", trace.len() - kept.len()).into_bytes());
    }
    lines
}

pub(super) fn json_lines<T: serde::Serialize>(items: &[T]) -> Vec<u8> {
    let lines = items.iter().filter_map(|item| serde_json::to_string(item).ok());
    lines.flat_map(|line| [line, "\n".to_owned()]).collect::<String>().into_bytes()
}
