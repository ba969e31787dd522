//! What people say of a waiting run: approved, in part, or rejected; and going
//! on with what is approved.

use super::error::RunError;
use super::place::{Place, Stand, identity, require_pin};
use super::way::{Kept, Way};
use crate::approve::{Approved, Voice};
use crate::autonomy::Autonomy;
use crate::candidate::Candidate;
use crate::clean;
use crate::config::Task;
use crate::edit::Finding;
use crate::event::Events;
use crate::examine::Machine;
use crate::ledger::record::{Body, State};
use crate::plugin::Plugin;

/// Approves a waiting run in the name of a person, and lands it as far as the
/// task's autonomy allows once enough people have.
///
/// # Errors
/// [`RunError::Waiting`] when anything under the candidate changed.
pub fn approve(place: &Place<'_>, run: &str, task: &Task, plugin: &Plugin, by: &Voice<'_>) -> Result<Stand, RunError> {
    require_pin(task, plugin, place.lock)?;
    let way = Way::begin(place, task)?;
    if let Some((_, stand)) = way.finished(run) {
        return Ok(stand);
    }
    let (story, record) = way.found(run, &[State::Waiting, State::Approved])?;
    let waiting = way.waiting(&story, &record, plugin, false)?;
    if let Some(whole) = record.part_of.as_ref().and_then(|whole| way.book.story(whole)).filter(|it| it.state == State::Landed) {
        return Err(RunError::WholeLanded { run: story.run, whole: whole.run.clone() });
    }
    let rule = task.approve;
    let vote = Approved::by_person(waiting, rule, Some(&story), by, way.pen())?;
    way.settled(vote, &record, &story, by)
}

/// Some files of a run.
pub struct Part<'p> {
    /// The run.
    pub run: &'p str,
    /// The files, by their paths.
    pub paths: &'p [String],
}

/// Approves some files of a waiting run: they become a candidate of their own,
/// which is gated like any other. The run itself goes on waiting as it was.
///
/// # Errors
/// [`RunError::NoSuchFile`], and those of [`approve`] and of a run.
pub fn approve_part(
    place: &Place<'_>,
    part: &Part<'_>,
    task: &Task,
    plugin: &Plugin,
    by: &Voice<'_>,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<(String, Stand), RunError> {
    require_pin(task, plugin, place.lock)?;
    let Part { run, paths } = *part;
    let way = Way::begin(place, task)?;
    let (story, mut record) = way.found(run, &[State::Waiting, State::Approved])?;
    let whole = way.waiting(&story, &record, plugin, false)?;
    if record.reverts.is_some() {
        return Err(RunError::PartOfRollback { run: story.run });
    }
    if let Some(named) = by.named.filter(|named| *named != whole.digest()) {
        let (run, found) = (story.run, whole.digest());
        return Err(crate::approve::ApproveError::Digest { run, found, named }.into());
    }
    if let Some(path) = paths.iter().find(|path| !record.edits.iter().any(|edit| edit.path == **path)) {
        return Err(RunError::NoSuchFile { run: story.run, path: clean::line(clean::cut(path, 512)).into_owned() });
    }
    record.part_of = Some(story.run.clone());
    let whole_story = story.clone();
    (record.candidate, record.gate, record.tape) = (None, None, None);
    let mut files = Vec::new();
    if let Some(entry) = story.entry.as_deref().and_then(|entry| git2::Oid::from_str(entry).ok()) {
        let findings = way.ledger.file(entry, "findings.jsonl")?;
        files.extend(findings.map(|bytes| ("findings.jsonl", findings_of_part(&bytes, paths))));
        files.extend(way.ledger.file(entry, "trace.jsonl")?.map(|bytes| ("trace.jsonl", bytes)));
    }
    let mut paths = paths.to_vec();
    paths.sort_unstable();
    paths.dedup();
    let candidate = Candidate::part(whole.tree(), place.base, &paths, place.repo)?;
    let gate = way.gate(machine);
    let base = place.repo.pin_with(place.base, place.memory)?;
    let green = gate.as_ref().map(|gate| super::way::on_base(gate, &base, events)).transpose()?;
    let gate = gate.as_ref().map(|gate| (gate, green.as_ref()));
    let Kept { waiting, before, record } = way.keep(&candidate, identity(task, plugin), record, files, gate, events)?;
    let (run, by) = (waiting.run().to_owned(), Voice { named: None, ..*by });
    if let Some(before) = before.filter(|story| !matches!(story.state, State::Waiting | State::Approved | State::Red)) {
        return Ok((run, before.state.into()));
    }
    let story = way.book.story(&run);
    let vote = Approved::by_person(waiting, task.approve, story, &by, way.pen())?;
    let told = story.unwrap_or(&whole_story);
    Ok((run, way.settled(vote, &record, told, &by)?))
}

/// The findings of a run as a part of it has them: what is repaired in files that
/// are not in it is left.
fn findings_of_part(lines: &[u8], paths: &[String]) -> Vec<u8> {
    let mut findings = Vec::new();
    for line in String::from_utf8_lossy(lines).lines() {
        let Ok(mut finding) = serde_json::from_str::<Finding>(line) else { continue };
        if finding.repaired && !finding.path.as_ref().is_some_and(|path| paths.iter().any(|named| named == path.as_str())) {
            finding.repaired = false;
            finding.help = Some("its file is not part of this run".to_owned());
        }
        findings.push(finding);
    }
    super::record::json_lines(&findings)
}

/// Goes on with a run that is approved: moves its branch, opens its pull
/// request, or merges it once its checks are green.
///
/// # Errors
/// [`RunError::Land`] tells what stands in the way.
pub fn land(place: &Place<'_>, run: &str, task: &Task, plugin: &Plugin) -> Result<Stand, RunError> {
    require_pin(task, plugin, place.lock)?;
    let way = Way::begin(place, task)?;
    if let Some((_, stand)) = way.finished(run) {
        return Ok(stand);
    }
    let (story, record) = way.found(run, &[State::Approved, State::Open])?;
    // Outside, the base is held against the branch there.
    let anywhere = way.reach(&record) >= Autonomy::PullRequest;
    let waiting = way.waiting(&story, &record, plugin, anywhere)?;
    let not_approved = || RunError::WrongState { run: story.run.clone(), state: "waiting".to_owned(), wanted: "approved" };
    let approved = Approved::taken_up(waiting, task.approve, &story).ok_or_else(not_approved)?;
    way.land(approved, &record)
}

/// Rejects a waiting run.
///
/// # Errors
/// [`RunError::WrongState`], [`RunError::Ledger`].
pub fn reject(place: &Place<'_>, run: &str, task: &Task, why: &str, person: &str) -> Result<(), RunError> {
    let way = Way::begin(place, task)?;
    let (story, _) = way.found(run, &[State::Waiting, State::Approved])?;
    way.append(&story.run, Body::Rejection { why: why.to_owned(), by: person.to_owned() }, &[])?;
    Ok(())
}
