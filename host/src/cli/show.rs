//! `lifeos show`.

use clap::Args;
use lifeos::edit::Finding;
use lifeos::ledger::Ledger;
use lifeos::ledger::record::{AllRounds, Run};
use lifeos::repo::Repo;
use lifeos::review::{self, Change};
use lifeos::{clean, diff::Diff};

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open, text};

/// Findings that are shown to people.
const FINDINGS_SHOWN: usize = 100;

/// Shows a run: where it stands, what the plugin could and did do, its
/// findings, and the candidate as a diff.
#[derive(Args)]
pub(crate) struct Show {
    /// The run, or the beginning of its id.
    run: String,
    /// Show the calls of the plugin to the host, one JSON line each.
    #[arg(long)]
    trace: bool,
}

pub(crate) fn show(verb: &Show, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let repo = open::repo(global)?;
    let memory = open::memory(global);
    let ledger = Ledger::of(&repo, memory.as_ref());
    let story = open::story(&ledger.book()?, &verb.run)?;
    let record = ledger.run_of(&story)?;
    let lines = |name: &str| -> Result<Vec<String>, CommandError> {
        let Some((id, _)) = &record else { return Ok(Vec::new()) };
        let bytes = ledger.file(*id, name)?.unwrap_or_default();
        Ok(String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect())
    };
    if verb.trace && !term.is_json() {
        lines("trace.jsonl")?.iter().for_each(|line| term.data(&format!("{}\n", clean::line(line))));
        return Ok(Exit::Done);
    }
    let diff = record.as_ref().map(|(_, record)| candidate_diff(&repo, record)).transpose()?.unwrap_or_default();
    let line = json::RunLine::new(&story);
    if term.is_json() {
        let values = |lines: Vec<String>| lines.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let (reported, trace) = (values(lines("findings.jsonl")?), values(lines("trace.jsonl")?));
        let output = lines("gate.txt")?.join("\n");
        let record = record.map(|(_, record)| record);
        term.json(&json::Show { schema: "lifeos/show@1", line, record, output, diff, reported, trace });
        return Ok(Exit::Done);
    }
    term.data(&text::run_line(&line));
    if let Some((_, record)) = &record {
        term.data(&facts(record));
    }
    let findings: Vec<Finding> = lines("findings.jsonl")?.iter().filter_map(|line| serde_json::from_str(line).ok()).collect();
    term.data(&text::findings(&findings[..findings.len().min(FINDINGS_SHOWN)]));
    if findings.len() > FINDINGS_SHOWN {
        let more = text::count((findings.len() - FINDINGS_SHOWN) as u64, "finding");
        term.note(&format!("not shown: {more} more; --json has all"));
    }
    for line in lines("gate.txt")? {
        term.data(&format!("  | {}\n", clean::line(&line)));
    }
    term.diff(&diff);
    Ok(Exit::Done)
}

/// What the record says, a line for each fact.
fn facts(record: &Run) -> String {
    let list = |list: &[String]| if list.is_empty() { "nothing".to_owned() } else { list.join(" ") };
    let counts = |counts: &mut dyn Iterator<Item = (String, u64)>| {
        list(&counts.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>())
    };
    let mut facts = vec![
        ("base", record.base.clone()),
        ("plugin", format!("{} {} {}", record.plugin.name, record.plugin.version, record.plugin.digest)),
        ("imported", list(&record.imported)),
        ("declared", text::reach(&record.declared)),
        ("granted", text::reach(&record.granted)),
        ("used", counts(&mut record.used.iter().map(|(name, used)| (name.clone(), used.all())))),
        ("documents", record.documents.to_string()),
        ("findings", counts(&mut record.findings.iter().map(|(rule, count)| (rule.clone(), *count)))),
    ];
    if let Some(candidate) = &record.candidate {
        facts.push(("candidate", candidate.commit.clone()));
        facts.push(("digest", candidate.digest.clone()));
    }
    if let Some(gate) = &record.gate {
        facts.push(("gate", text::gate(gate)));
        facts.extend(gate.commands.iter().map(|ran| ("", text::command(ran))));
    }
    if let Some((asked, all)) = record.model.as_ref().zip(AllRounds::of(&record.model)) {
        facts.push(("model", text::asked(&all)));
        facts.extend((!asked.answered.is_empty()).then(|| ("answered", list(&asked.answered))));
        facts.extend(all.prompts.iter().map(|(prompt, digest)| ("prompt", format!("{prompt} {digest}"))));
        facts.extend(all.taken_out().map(|line| ("", line)));
        facts.extend(asked.trouble.iter().map(|trouble| ("", trouble.clone())));
    }
    if let Some(reason) = &record.reason {
        facts.push(("reason", clean::line(reason).into_owned()));
    }
    let mut shown: String = facts.iter().map(|(name, fact)| format!("  {name:<10} {}\n", clean::line(fact))).collect();
    shown.push_str(&text::refused(&record.refused));
    shown
}

/// The candidate against its base, from the object database.
fn candidate_diff(repo: &Repo, record: &Run) -> Result<String, CommandError> {
    let mut diffs = String::new();
    for Change { path, texts } in review::changes(repo, record)? {
        let shown = clean::line(&path).into_owned();
        match texts {
            Some((old, new)) => diffs.push_str(&Diff::new(old.as_deref(), new.as_deref()).unified(&shown)),
            None => diffs.push_str(&format!("--- a/{shown}\n+++ b/{shown}\n(not text: changed, and not shown)\n")),
        }
    }
    Ok(diffs)
}
