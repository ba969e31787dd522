//! What `--json` prints: one document for each command, with the version of
//! its schema. The schema files in `docs/schema/` are made from these types.

pub(crate) mod asked;
pub(crate) mod audit;
pub(crate) mod budget;
pub(crate) mod plugin;
pub(crate) mod review;
mod schemas;
pub(crate) mod tape;
pub(crate) mod tested;

pub(crate) use schemas::schema;

use std::collections::BTreeMap;

use lifeos::autonomy::Autonomy;
use lifeos::edit::Finding;
use lifeos::ledger::book::{Book, Level as TaskLevel};
use lifeos::ledger::record::{AllRounds, EditText, PluginId, PullRequest, RefusedText, Run, State};
use lifeos::ledger::story::Story;
use lifeos::policy::Capability;
use lifeos::results::Counts;
use schemars::JsonSchema;
use serde::Serialize;

use super::error::CommandError;

/// Any command that failed.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Failed {
    schema: &'static str,
    /// The class of the exit code.
    class: &'static str,
    /// The exit code.
    code: u8,
    /// What happened.
    message: String,
    /// What to do next.
    hints: Vec<String>,
    /// A stable word for it, where the class is too coarse: of tapes.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// `init`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Init {
    pub(crate) schema: &'static str,
    /// Where the file goes.
    pub(crate) path: String,
    /// Whether it was written.
    pub(crate) written: bool,
    /// What is in it.
    pub(crate) text: String,
}

/// `check`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Check {
    pub(crate) schema: &'static str,
    pub(crate) task: String,
    /// The commit that was checked.
    pub(crate) base: String,
    pub(crate) plugin: PluginId,
    /// Whether there is nothing to see and nothing to change.
    pub(crate) clean: bool,
    /// Documents handed to the plugin.
    pub(crate) documents: u64,
    /// Documents in reach that could not be handed over, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) edits: Vec<Edit>,
    pub(crate) refused: Vec<RefusedText>,
    /// Lines for the author.
    pub(crate) log: String,
    /// Answers of the plugin that were remembered, and those that were not.
    pub(crate) cache: Counts,
    /// With --new-since: what the findings are compared with.
    pub(crate) since: Option<Since>,
    /// What it asked of a model.
    pub(crate) asked: Option<AllRounds>,
    /// Why a model was not there for it: this may be half of the work.
    pub(crate) trouble: Option<String>,
}

/// An older commit whose findings are not shown again.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Since {
    pub(crate) commit: String,
    /// Findings that it had already.
    pub(crate) known: u64,
}

/// An edit that `check` or `show` speaks of.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Edit {
    #[serde(flatten)]
    pub(crate) edit: EditText,
    /// The change as a unified diff; not there with --no-diff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) diff: Option<String>,
}

/// `run`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Ran {
    pub(crate) schema: &'static str,
    pub(crate) tasks: Vec<RanTask>,
}

/// One task of a `run`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct RanTask {
    pub(crate) task: String,
    /// The class of its exit code.
    pub(crate) class: &'static str,
    /// Its exit code.
    pub(crate) code: u8,
    /// The run, unless it failed.
    pub(crate) run: Option<String>,
    pub(crate) state: Option<State>,
    /// The branch that moved.
    pub(crate) branch: Option<String>,
    pub(crate) pull_request: Option<PullRequest>,
    /// What it waits for, if it waits.
    pub(crate) waits_for: Option<String>,
    pub(crate) record: Option<Run>,
    /// Answers of the plugin that were remembered, and those that were not.
    pub(crate) cache: Option<Counts>,
    /// What it asked of a model, with the rounds that it repairs.
    pub(crate) asked: Option<AllRounds>,
    /// Why a model was not there for it: this may be half of the work.
    pub(crate) trouble: Option<String>,
    /// What happened, if it failed.
    pub(crate) message: Option<String>,
    /// What to do next.
    pub(crate) hints: Vec<String>,
}

/// `status` and `log`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Runs {
    pub(crate) schema: &'static str,
    pub(crate) runs: Vec<RunLine>,
    /// Tasks that go no further than somebody decided, whatever lifeos.toml allows.
    pub(crate) levels: Vec<LevelLine>,
    /// `status` only: what tasks are granted and their last runs did not use.
    pub(crate) unused: Vec<UnusedLine>,
}

/// What a task is granted and did not use.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct UnusedLine {
    pub(crate) task: String,
    /// How many runs were looked at, all with one component.
    pub(crate) runs: usize,
    /// Capabilities of which nothing was used.
    #[schemars(with = "Vec<String>")]
    pub(crate) capabilities: Vec<Capability>,
    /// Of the other capabilities: patterns by which nothing was reached that is there.
    pub(crate) patterns: BTreeMap<&'static str, Vec<String>>,
}

/// How far a task goes at most.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct LevelLine {
    pub(crate) task: String,
    pub(crate) autonomy: Autonomy,
    /// Why, in one sentence.
    pub(crate) why: String,
    /// Who decided it.
    pub(crate) by: String,
    /// When, seconds since 1970-01-01T00:00Z.
    pub(crate) at: i64,
}

/// One run in a list.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct RunLine {
    pub(crate) run: String,
    pub(crate) task: String,
    /// Time of its newest record, seconds since 1970-01-01T00:00Z.
    pub(crate) at: i64,
    pub(crate) state: State,
    pub(crate) digest: Option<String>,
    /// Files of its candidate.
    pub(crate) files: u64,
    pub(crate) findings: u64,
    /// Who approved or rejected it.
    pub(crate) by: Option<String>,
    /// Why it was rejected, or why it failed.
    pub(crate) why: Option<String>,
    /// The pull request that tells of it.
    pub(crate) pull_request: Option<PullRequest>,
    /// The landed run that it takes back.
    pub(crate) reverts: Option<String>,
}

/// `show`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Show {
    pub(crate) schema: &'static str,
    #[serde(flatten)]
    pub(crate) line: RunLine,
    pub(crate) record: Option<Run>,
    /// The end of what the gate's commands printed.
    pub(crate) output: String,
    /// The candidate as a unified diff.
    pub(crate) diff: String,
    /// Findings as reported.
    pub(crate) reported: Vec<serde_json::Value>,
    /// Host calls, the first 4,000; if there were more, a last value says how many.
    pub(crate) trace: Vec<serde_json::Value>,
}

/// `verify`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Verify {
    pub(crate) schema: &'static str,
    /// Entries of the ledger.
    pub(crate) records: u64,
    /// Commits on branches that say they are of lifeos.
    pub(crate) commits: u64,
    /// What is wrong, one sentence each.
    pub(crate) faults: Vec<String>,
    /// What a run that was stopped has not told yet, one sentence each.
    pub(crate) untold: Vec<String>,
    /// With --replay: what came of it.
    pub(crate) replayed: Option<Replay>,
}

/// A run that was made again.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Replay {
    pub(crate) run: String,
    /// Whether it came to the tree that the record tells of.
    pub(crate) same: bool,
}

/// `approve`, `reject`, `land` and `rollback`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Verdict {
    pub(crate) schema: String,
    /// The run; of `rollback` and of `approve --file` the one that was made.
    pub(crate) run: String,
    pub(crate) task: String,
    pub(crate) state: State,
    /// Who said so.
    pub(crate) by: Option<String>,
    /// The branch that moved.
    pub(crate) branch: Option<String>,
    /// The candidate's commit, if the run was named.
    pub(crate) commit: Option<String>,
    pub(crate) pull_request: Option<PullRequest>,
    /// What it waits for, if it waits.
    pub(crate) waits_for: Option<String>,
}

/// `promote` and `demote`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Level {
    pub(crate) schema: String,
    pub(crate) task: String,
    /// How far it goes by itself now.
    pub(crate) autonomy: Autonomy,
}

/// `sync`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Sync {
    pub(crate) schema: &'static str,
    pub(crate) remote: String,
    /// Entries that came from there.
    pub(crate) received: u64,
    /// Entries that went there.
    pub(crate) sent: u64,
    /// Candidates that came from there.
    pub(crate) candidates: u64,
    /// Candidates that stay here: their base is not part of a branch there.
    pub(crate) kept: u64,
}

/// `explain`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Explain {
    pub(crate) schema: &'static str,
    /// The rule that was asked for, or all of them.
    pub(crate) rules: Vec<Rule>,
}

/// A rule of a plugin.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Rule {
    /// Its id, as in a finding.
    pub(crate) rule: String,
    /// The plugin that reports it; `lifeos` for what the host reports itself.
    pub(crate) plugin: String,
    /// Its other names.
    pub(crate) also: Vec<String>,
    /// What it asks for, in one line of its author.
    pub(crate) title: String,
    /// Its page as Markdown, if there is one and it was asked for.
    pub(crate) text: Option<&'static str>,
}

/// `doctor`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Doctor {
    pub(crate) schema: &'static str,
    pub(crate) checks: Vec<Diagnosis>,
    /// With --model: the call, if it could be made.
    pub(crate) model: Option<asked::ModelCall>,
}

/// One thing that `doctor` looked at.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Diagnosis {
    pub(crate) name: &'static str,
    pub(crate) ok: bool,
    pub(crate) detail: String,
}

/// `plugin new`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct NewPlugin {
    pub(crate) schema: &'static str,
    /// The plugin's name; `sdk` with --sdk-only.
    pub(crate) name: String,
    /// The folder that was made.
    pub(crate) folder: String,
    /// The files of the plugin that were written.
    pub(crate) files: Vec<String>,
}

/// `plugin build`.
#[derive(Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(crate) struct Built {
    pub(crate) schema: &'static str,
    pub(crate) plugin: PluginId,
    /// The component file.
    pub(crate) component: String,
    pub(crate) bytes: u64,
    /// What it can call.
    pub(crate) imports: Vec<String>,
}

impl Failed {
    pub(crate) fn new(error: &CommandError) -> Self {
        let CommandError { exit, message, hints, reason } = error;
        let (class, code) = (exit.word(), exit.code());
        Self { schema: "lifeos/error@1", class, code, message: message.clone(), hints: hints.clone(), reason: *reason }
    }
}

impl LevelLine {
    pub(crate) fn all(book: &Book) -> Vec<Self> {
        let line = |(task, level): (&String, &TaskLevel)| {
            let TaskLevel { autonomy, why, by, at, .. } = level.clone();
            Self { task: task.clone(), autonomy, why, by, at }
        };
        book.levels().iter().map(line).collect()
    }
}

impl RunLine {
    pub(crate) fn new(story: &Story) -> Self {
        let approvers: Vec<&str> = story.approvers().collect();
        let approved = (!approvers.is_empty()).then(|| approvers.join(", "));
        let (by, why) = story.rejection.clone().map_or((approved, None), |(by, why)| (Some(by), Some(why)));
        Self {
            run: story.run.clone(),
            task: story.task.clone(),
            at: story.at,
            state: story.state,
            digest: story.candidate.as_ref().map(|candidate| candidate.digest.clone()),
            files: story.files,
            findings: story.findings,
            by,
            why: why.or_else(|| story.reason.clone()),
            pull_request: story.pull_request.clone(),
            reverts: story.reverts.as_ref().map(|reverts| reverts.run.clone()),
        }
    }
}
