//! The owner's commands over a tree: written out into a folder of its own, run
//! where they can reach nothing else, and judged by how they end and by how many
//! tests they ran. What they leave behind is thrown away.

pub mod cell;
mod count;
mod folder;
mod jail;
mod junit;
mod namespaces;
pub mod supervisor;

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use git2::Oid;
use serde::{Deserialize, Serialize};

use crate::clean;
use crate::digest::Digest;
use crate::event::{Event, Events, Judged};
use crate::policy::{Demand, Limits};
use crate::repo::Location;
use crate::sealed::SealedFolder;
use folder::Folder;
pub use folder::FolderError;
pub use jail::{Jail, JailError};

/// The form of what is remembered; another one is another file.
const FORM: &str = "gate-3-";
/// Bytes of a command's output that are on record: the last ones.
const OUTPUT_KEPT_MAX: usize = 256 << 10;
/// Verdicts that nobody asked for in so long are removed.
const STALE: Duration = Duration::from_secs(60 * 24 * 3600);

/// The commands of a task, and what it takes to run them.
pub struct Gate<'g> {
    demand: &'g Demand,
    limits: &'g Limits,
    jail: &'g Jail,
    place: Place<'g>,
    /// What was written out goes when the gate goes: a file system that has just
    /// removed thousands of files is slow to make as many.
    folders: Mutex<Vec<Folder>>,
}

/// Where trees come from and where they are written out.
pub struct Place<'g> {
    /// The repository.
    pub location: Location,
    /// Beneath what folders are made.
    pub scratch: PathBuf,
    /// Where verdicts are remembered.
    pub memory: Option<&'g SealedFolder>,
    /// Threads that write a tree out.
    pub threads: usize,
}

/// What a tree is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// What has to hold of every tree: of the base too.
    Gate,
    /// What the base may not hold to: each command is run, whatever became of the others.
    Goal,
    /// Both.
    Whole,
}

/// What became of the commands, one after the other, and but for a goal over the base
/// up to the first that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The tree they ran over.
    pub tree: String,
    /// Whether they ran in namespaces of their own.
    pub namespaces: bool,
    /// How each ended.
    pub commands: Vec<Ran>,
    /// Tests that their reports tell of, if the owner named any.
    pub reported: Option<u64>,
    /// Of a base: why it does not hold to the goals.
    #[serde(skip)]
    pub unmet: Option<String>,
}

/// How one command ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ran {
    /// Its words.
    pub command: String,
    /// None if it ended with success; else one sentence.
    pub fault: Option<String>,
    /// Tests that it says it ran.
    pub tests: Option<u64>,
    /// How long it took.
    pub millis: u64,
    /// Processes that it left behind and that were killed.
    pub killed: u64,
    /// The end of its output, cleaned.
    pub output: String,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The tree was not written out.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The commands were not run.
    #[error(transparent)]
    Jail(#[from] JailError),
}

impl<'g> Gate<'g> {
    /// A gate of these commands; folders that a killed run left go now.
    #[must_use]
    pub fn new(demand: &'g Demand, limits: &'g Limits, jail: &'g Jail, place: Place<'g>) -> Self {
        let gate = Self { demand, limits, jail, place, folders: Mutex::default() };
        Folder::sweep(&gate.place.scratch, &gate.prefix());
        gate
    }

    /// How the names of this repository's folders begin.
    fn prefix(&self) -> String {
        format!("lifeos-gate-{}-", &Digest::of(self.place.location.common.as_os_str().as_encoded_bytes()).hex()[..12])
    }

    /// Whether the commands are isolated.
    #[must_use]
    pub fn is_isolated(&self) -> bool {
        !self.jail.unconfined
    }

    /// Runs the commands over a tree, or remembers that they passed; `over` says which
    /// tree it is to whoever waits.
    ///
    /// # Errors
    /// [`GateError`] when they could not be run; a command that fails is a verdict.
    pub fn judge(&self, tree: Oid, ask: Ask, over: Judged, events: &Events<'_>) -> Result<Verdict, GateError> {
        let commands = self.asked(ask);
        let name = format!("{FORM}{}", self.identity(tree, &commands).hex());
        let remembered = self.place.memory.and_then(|memory| postcard::from_bytes(&memory.read(&name)?).ok());
        if let Some(verdict) = remembered {
            return Ok(verdict);
        }
        if !self.jail.unconfined {
            self.jail.probe()?;
        }
        let Place { location, scratch, threads, .. } = &self.place;
        let folder = Folder::write(location, tree, scratch, &self.prefix(), *threads)?;
        folder.link_home(&self.jail.links)?;
        let namespaces = self.jail.has_namespaces(folder.root());
        let mut verdict = Verdict { tree: tree.to_string(), namespaces, commands: Vec::new(), reported: None, unmet: None };
        let top = folder.open()?;
        junit::clear(&top, &self.demand.reports);
        for words in commands {
            events.emit(&Event::Gate { command: words.join(" "), over });
            let mut ran = self.run(words, &folder, namespaces)?;
            // A goal that tests nothing would be met by everything.
            if ran.tests == Some(0) && ran.fault.is_none() && self.demand.goals.contains(words) {
                ran.fault = Some("it ran no test at all".to_owned());
            }
            let failed = ran.fault.is_some();
            verdict.commands.push(ran);
            if failed && ask != Ask::Goal {
                break;
            }
        }
        let counts = !self.demand.reports.is_empty();
        verdict.reported = counts.then(|| junit::executed(&top, &self.demand.reports));
        self.folders.lock().unwrap_or_else(PoisonError::into_inner).push(folder);
        if let (None, Some(memory), Ok(bytes)) = (verdict.fault(), self.place.memory, postcard::to_stdvec(&verdict)) {
            if let Err(error) = memory.replace(&name, &bytes) {
                tracing::warn!(%error, "the verdict was not kept");
            }
            memory.sweep(FORM, STALE);
        }
        Ok(verdict)
    }

    /// The commands that a tree is asked with.
    fn asked(&self, ask: Ask) -> Vec<&'g Vec<String>> {
        let Demand { commands, goals, .. } = self.demand;
        match ask {
            Ask::Gate => commands.iter().collect(),
            Ask::Goal => goals.iter().collect(),
            Ask::Whole => commands.iter().chain(goals).collect(),
        }
    }

    /// Whether there are goals.
    #[must_use]
    pub fn has_goals(&self) -> bool {
        !self.demand.goals.is_empty()
    }

    fn run(&self, words: &[String], folder: &Folder, namespaces: bool) -> Result<Ran, GateError> {
        let started = Instant::now();
        let ended = self.jail.run(words.to_vec(), folder, namespaces, self.limits)?;
        let output = String::from_utf8_lossy(&ended.output).replace("\r\n", "\n");
        let report = ended.report;
        let fault = match (&report.limit, report.status, report.signal) {
            (Some(key), ..) => Some(format!("it went over limits.{key} and was killed")),
            (None, Some(0), _) => None,
            (None, Some(status), _) => Some(format!("it ended with status {status}")),
            (None, None, signal) => Some(format!("it was ended by signal {}", signal.unwrap_or(0))),
        };
        Ok(Ran {
            command: words.join(" "),
            fault,
            tests: count::executed(&without_colours(&output)),
            millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            killed: report.killed,
            output: clean::block(last(&without_colours(&output))).into_owned(),
        })
    }

    /// Everything that a verdict may depend on and that is known.
    fn identity(&self, tree: Oid, commands: &[&Vec<String>]) -> Digest {
        let limits = self.limits;
        let programs: Vec<_> = commands.iter().filter_map(|words| self.jail.program_of(words.first()?)).collect();
        let facts = format!(
            "{tree} {} {programs:?} {commands:?} {:?} {} {} {} {} {:?} {:?}",
            env!("CARGO_PKG_VERSION"),
            self.demand.reports,
            limits.gate_seconds_max,
            limits.gate_memory_bytes_max,
            limits.gate_processes_max,
            self.jail.unconfined,
            self.jail.readable,
            self.jail.environment
        );
        Digest::of_parts([facts.as_bytes(), self.place.location.common.as_os_str().as_encoded_bytes()])
    }
}

impl Verdict {
    /// What speaks against the tree: a command that failed, or tests of which
    /// none ran. None if nothing does.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let failed = self.commands.iter().find_map(|ran| Some(format!("`{}`: {}", ran.command, ran.fault.as_ref()?)));
        failed.or_else(|| (self.tests() == Some(0)).then(|| "its commands say that they ran no test at all".to_owned()))
    }

    /// The first command that passed: one of a goal that its base holds to already. If
    /// there are reports, and no test is in them, none passed.
    #[must_use]
    pub fn passed(&self) -> Option<&str> {
        let passed = self.commands.iter().find(|ran| ran.fault.is_none() && self.reported != Some(0));
        passed.map(|ran| ran.command.as_str())
    }

    /// Tests of all commands, as far as they tell.
    #[must_use]
    pub fn tests(&self) -> Option<u64> {
        self.reported.or_else(|| self.told())
    }

    fn told(&self) -> Option<u64> {
        self.commands.iter().filter_map(|ran| ran.tests).reduce(u64::saturating_add)
    }

    /// What speaks against this tree beside that of its base.
    #[must_use]
    pub fn fault_beside(&self, base: &Self) -> Option<String> {
        if let Some(fewer) = self.reported.zip(base.reported).filter(|(now, before)| now < before) {
            return self.fault().or_else(|| Some(format!("{} tests are in the reports, on the base {}", fewer.0, fewer.1)));
        }
        let fewer = |(now, before): (&Ran, &Ran)| match (now.tests, before.tests) {
            (Some(count), Some(before)) if count < before => {
                Some(format!("`{}`: {count} tests ran, on the base {before}", now.command))
            }
            (None, Some(before)) => Some(format!("`{}`: no test was reported, on the base {before}", now.command)),
            _ => None,
        };
        self.fault().or_else(|| self.commands.iter().zip(&base.commands).find_map(fewer))
    }
}

/// The end of a text, from the beginning of a character.
fn last(text: &str) -> &str {
    &text[text.ceil_char_boundary(text.len().saturating_sub(OUTPUT_KEPT_MAX))..]
}

/// Text without the sequences that colour it.
fn without_colours(text: &str) -> String {
    static COLOURS: std::sync::LazyLock<Option<regex::Regex>> =
        std::sync::LazyLock::new(|| regex::Regex::new("\u{1b}\\[[0-9;]*[A-Za-z]").ok());
    COLOURS.as_ref().map_or_else(|| text.to_owned(), |colours| colours.replace_all(text, "").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(rows: &[(Option<&str>, Option<u64>)]) -> Verdict {
        let ran = |(fault, tests): &(Option<&str>, Option<u64>)| Ran {
            command: "x".to_owned(),
            fault: fault.map(str::to_owned),
            tests: *tests,
            millis: 0,
            killed: 0,
            output: String::new(),
        };
        Verdict { tree: String::new(), namespaces: true, commands: rows.iter().map(ran).collect(), reported: None, unmet: None }
    }

    #[test]
    fn case_80_83_fewer_tests_are_a_fault_and_so_are_none() {
        let base = verdict(&[(None, Some(3)), (None, None)]);
        assert_eq!(base.fault(), None);
        assert_eq!(verdict(&[(None, None)]).fault(), None, "what counts no tests is judged by its end");
        assert!(verdict(&[(None, Some(0))]).fault().is_some());
        assert!(verdict(&[(None, Some(2))]).fault_beside(&base).is_some_and(|fault| fault.contains("on the base 3")));
        assert!(verdict(&[(None, None)]).fault_beside(&base).is_some());
        assert_eq!(verdict(&[(None, Some(4))]).fault_beside(&base), None);
        assert!(verdict(&[(Some("it ended with status 1"), Some(9))]).fault_beside(&base).is_some());
        let reported = |count| Verdict { reported: Some(count), ..verdict(&[(None, None)]) };
        assert!(reported(0).fault().is_some());
        assert!(reported(2).fault_beside(&reported(3)).is_some_and(|fault| fault.contains("on the base 3")));
        assert_eq!(reported(3).fault_beside(&reported(3)), None);
    }
}
