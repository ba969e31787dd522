//! A task with an instruction: a model looks at names, then at files, and says what
//! is to change; what can be taken of that is proposed. In a round of repair it sees
//! what the owner's tests printed, and proposes better over the same base. It
//! neither tests nor approves anything.

mod change;
mod drafts;
mod files;
mod options;
mod prompts;

use lifeos_sdk::rounds::{self, Round};
use lifeos_sdk::{Finding, Input, Task, findings, task};

use drafts::{Drafts, Objection};
use files::{fenced, quoted};
pub use options::Options;
use prompts::{Changes, EDIT, MEND, PLAN, Plan, REPAIR, Stop};

/// Objections that are told of.
const OBJECTIONS_MAX: usize = 50;

/// The task.
pub struct Implement;

impl Task for Implement {
    type Options = Options;

    fn run(options: Options, input: &Input) -> Result<(), String> {
        let options = options.bounded()?;
        let instruction = input.instruction.as_deref().map(str::trim).filter(|text| !text.is_empty());
        let instruction = instruction
            .ok_or("it carries out an instruction, and there is none: --instruction TEXT, or --instruction-file FILE")?;
        let mut work = Work { hints: options.hinted(), options, instruction, drafts: Drafts::default() };
        let done = match rounds::previous() {
            None => work.begin(),
            Some(round) => work.repair(round),
        };
        work.tell(done)
    }
}

/// One run.
struct Work<'i> {
    options: Options,
    hints: String,
    instruction: &'i str,
    drafts: Drafts,
}

impl Work<'_> {
    /// The first round: a plan, files, changes. Gives the model's reason.
    fn begin(&mut self) -> Result<String, Stop> {
        let all = files::all().map_err(|refusal| Stop::Failed(refusal.into()))?;
        let (paths, left) = files::narrowed(&all, self.instruction);
        let left = if left == 0 { String::new() } else { format!(" ({left} more are not shown)") };
        let names: Vec<String> = paths.into_iter().map(quoted).collect();
        let names = fenced([("paths".to_owned(), names.join("\n").as_str())].into_iter());
        let files_max = self.options.files_max.to_string();
        let plan: Plan = PLAN.ask(&[
            ("instruction", self.instruction),
            ("hints", &self.hints),
            ("left", &left),
            ("paths", &names),
            ("files-max", &files_max),
        ])?;
        if plan.change.is_empty() {
            return Ok(plan.reason);
        }
        self.drafts.read(plan.change.iter().chain(&plan.read).map(String::as_str), &self.options);
        let (shown, left) = (self.drafts.shown(None), self.drafts.left());
        let inputs = [("instruction", self.instruction), ("hints", &self.hints), ("shown", &shown), ("left", &left)];
        let changes: Changes = EDIT.ask(&inputs)?;
        self.take(&changes)?;
        Ok(changes.reason)
    }

    /// A round of repair, over what the round before proposed.
    fn repair(&mut self, round: Round) -> Result<String, Stop> {
        let all = files::all().map_err(|refusal| Stop::Failed(refusal.into()))?;
        self.drafts.resume(round.edits);
        self.drafts.read(files::named_in(&all, &round.output), &self.options);
        let (before, shown, left) = (self.drafts.texts(), self.drafts.shown(None), self.drafts.left());
        let output = fenced([("output".to_owned(), round.output.as_str())].into_iter());
        let changes: Changes = REPAIR.ask(&[
            ("instruction", self.instruction),
            ("hints", &self.hints),
            ("fault", &round.fault),
            ("output", &output),
            ("shown", &shown),
            ("left", &left),
        ])?;
        self.drafts.undo(&changes.undo);
        let objections = self.drafts.apply(&changes.files);
        if objections.is_empty() && self.drafts.texts() == before {
            return Err(Stop::Short("the model had nothing better to propose".to_owned()));
        }
        self.propose(objections)?;
        Ok(changes.reason)
    }

    /// Makes proposals of changes.
    fn take(&mut self, changes: &Changes) -> Result<(), Stop> {
        let objections = self.drafts.apply(&changes.files);
        self.propose(objections)
    }

    /// Proposes; what cannot be taken goes back to the model, once.
    fn propose(&mut self, mut objections: Vec<Objection>) -> Result<(), Stop> {
        let refused = self.drafts.propose(&objections);
        objections.extend(refused);
        if objections.is_empty() {
            return Ok(());
        }
        let mended = self.mend(&objections);
        // What was to be mended stays as it was before, in a round of repair as in the round before.
        let refused = self.drafts.propose(&[]);
        let left = mended.as_ref().map_or(&objections, |left| left);
        left.iter().chain(&refused).take(OBJECTIONS_MAX).for_each(|objection| self.refused(objection));
        mended.map(drop)
    }

    fn mend(&mut self, objections: &[Objection]) -> Result<Vec<Objection>, Stop> {
        let lines = objections.iter().take(OBJECTIONS_MAX).map(|Objection { path, why }| format!("{}: {why}\n", quoted(path)));
        let problems = fenced([("problems".to_owned(), lines.collect::<String>().as_str())].into_iter());
        let shown = self.drafts.shown(Some(objections));
        let inputs = [("instruction", self.instruction), ("hints", &self.hints), ("problems", &problems), ("shown", &shown)];
        let mut changes: Changes = MEND.ask(&inputs)?;
        // Whatever else it says now, these are the files it was asked about.
        changes.files.retain(|change| objections.iter().any(|objection| objection.path == change.path));
        Ok(self.drafts.apply(&changes.files))
    }

    fn refused(&self, Objection { path, why }: &Objection) {
        let finding = Finding::warning("implement/refused", format!("a change of {} was not taken: {why}", quoted(path)));
        findings::report(&if self.drafts.is_there(path) { finding.of(path) } else { finding });
    }

    /// Says what came of it.
    fn tell(&self, done: Result<String, Stop>) -> Result<(), String> {
        let taken: Vec<String> = self.drafts.taken().map(quoted).collect();
        let changed = if taken.is_empty() { "nothing".to_owned() } else { taken.join(", ") };
        match done {
            Ok(reason) => {
                let message = format!("it would change {changed}; the model's reason: {}", quoted(&reason));
                findings::report(&Finding::note("implement/plan", message));
            }
            Err(Stop::Failed(why)) if taken.is_empty() => return Err(why),
            Err(Stop::Short(why) | Stop::Failed(why)) => {
                let message = format!("it was not finished: {why}; up to then it would change {changed}");
                findings::report(&Finding::warning("implement/unfinished", message));
            }
        }
        Ok(())
    }
}

task!(Implement);
