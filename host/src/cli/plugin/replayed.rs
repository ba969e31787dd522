//! `lifeos plugin diff --replay`: what another version of a component would do
//! to the repository, told from a tape.

use std::collections::BTreeMap;
use std::path::Path;

use lifeos::examine::Machine;
use lifeos::ledger::record::PluginId;
use lifeos::plugin::Plugin;
use lifeos::run::compare::{Compared, Difference, compare};
use lifeos::run::error::RunError;
use lifeos::run::place::{Place, id};
use lifeos::tape::held::Divergence;
use lifeos::trace::Used;

use super::{CommandError, Exit, Global, Term, json, open};
use crate::cli::progress::during;
use crate::cli::{tape, text};

/// Findings of each side that are shown to people.
const FINDINGS_SHOWN: usize = 50;

/// Plays a tape with the old component and then with the new one, and prints
/// where they differ: exits with 0 if they do not, with 1 if they do.
pub(super) fn replayed(file: &Path, [old, new]: [&Plugin; 2], global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let tape = tape::read(file)?;
    let (base, config) = tape::stand(&tape, &repo, global)?;
    let task = open::task(&config, &tape.header.task)?;
    let machine = Machine { remembers: false, ..open::machine(global, None, term)? };
    let place = Place { repo: &repo, base, now: open::now(), memory: None, outside: None, lock: None };
    let compared = during(term, |events| compare(&place, &tape, task, [old, new], &machine, events));
    // That the old one is not what is on its tape is a mistake of whoever asks, and no difference to the new one.
    let compared = compared.map_err(|error| match error {
        RunError::Parted(_) => CommandError { exit: Exit::Usage, ..error.into() },
        error => error.into(),
    })?;
    let exit = if compared.is_same() { Exit::Done } else { Exit::Findings };
    if term.is_json() {
        term.json(&report(compared, task.name.clone(), base.to_string(), [old, new]));
    } else {
        print(&compared, &[old, new].map(id), &base.to_string(), term);
    }
    Ok(exit)
}

fn report(compared: Compared, task: String, base: String, plugins: [&Plugin; 2]) -> json::tape::Compared {
    let same = compared.is_same();
    let call = |call: Option<Box<lifeos::trace::Call>>| call.and_then(|call| serde_json::to_value(call).ok());
    let divergence = compared.divergence.map(|divergence| {
        let (reason, message) = (divergence.kind.reason(), divergence.to_string());
        json::tape::Divergence { reason, message, recorded: call(divergence.recorded), made: call(divergence.made) }
    });
    let edit = |Difference { path, by, diff }| json::tape::EditOf { path, by, diff: diff.unwrap_or_default() };
    let ([old, new], [findings_old, findings_new]) = (plugins.map(id), compared.findings);
    json::tape::Compared {
        schema: "lifeos/plugin-diff-replay@1",
        task,
        base,
        old,
        new,
        same,
        failed: compared.failed.map(|error| error.to_string()),
        divergence,
        used: compared.used,
        findings_old,
        findings_new,
        edits: compared.edits.into_iter().map(edit).collect(),
        refused: compared.refused,
    }
}

fn print(compared: &Compared, [old, new]: &[PluginId; 2], base: &str, term: &Term) {
    let name = |plugin: &PluginId| format!("{} {} {:.19}", plugin.name, plugin.version, plugin.digest);
    term.note(&format!("over {base:.10}: old {}, new {}", name(old), name(new)));
    if compared.is_same() {
        return term.data("same: calls, findings and edits\n");
    }
    if let Some(error) = &compared.failed {
        return term.data(&format!("the new one does not come to an end: {}\n", lifeos::clean::line(&error.to_string())));
    }
    if let Some(divergence) = &compared.divergence {
        term.data(&format!("first different call: {}\n", parted(divergence)));
    }
    term.data(&used(&compared.used));
    for (side, findings) in ["old", "new"].into_iter().zip(&compared.findings) {
        if !findings.is_empty() {
            term.data(&format!("only the {side} one reports {}:\n", text::count(findings.len() as u64, "finding")));
            term.data(&text::findings(&findings[..findings.len().min(FINDINGS_SHOWN)]));
        }
        if findings.len() > FINDINGS_SHOWN {
            term.note(&format!("not shown: {} more; --json has all", findings.len() - FINDINGS_SHOWN));
        }
    }
    for Difference { path, by, diff } in &compared.edits {
        let who = if *by == "both" { "both change" } else { &format!("only the {by} one changes") };
        term.data(&format!("{who} {}:\n", lifeos::clean::line(path)));
        diff.iter().for_each(|diff| term.diff(diff));
    }
    if compared.refused > 0 {
        term.note(&format!("of the new one, {} refused", text::count(compared.refused, "edit")));
    }
}

fn parted(divergence: &Divergence) -> String {
    format!("{}: {divergence}", divergence.kind.reason())
}

/// Calls by capability where they are not as many.
fn used(used: &BTreeMap<String, [Used; 2]>) -> String {
    let count = |used: &Used| used.allowed + used.denied + used.errors;
    let differing = used.iter().filter(|(_, [old, new])| old != new);
    let line = |(capability, [old, new]): (&String, &[Used; 2])| {
        let refused = if new.denied > 0 { format!(" ({} refused)", new.denied) } else { String::new() };
        format!("calls to {}: {} before, {} now{refused}\n", lifeos::clean::line(capability), count(old), count(new))
    };
    differing.map(line).collect()
}
