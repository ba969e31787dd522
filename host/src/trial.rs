//! The cases of a plugin, tried in the sandbox that it will run in: what a run
//! makes of the files before is held against the files after, and the standard
//! cases ask what holds for every plugin. Nothing is built here, nothing is
//! printed, and no repository of the user is touched.

pub mod case;
pub mod files;
mod ground;
mod outcome;
pub mod sample;
mod script;
pub mod standard;
pub mod verdict;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::event::{Event, Events};
use crate::examine::{ExamineError, Machine};
use crate::nearest::nearest;
use crate::plugin::Plugin;
use crate::plugin::manifest::ManifestError;
use crate::repo::RepoError;
use crate::sealed::SealedError;
use case::{Case, CaseError};
use ground::Ground;
use outcome::{Outcome, Runner};
use standard::{STANDARD, Standard};
use verdict::{FILES_SHOWN, Mismatch, Verdict};

/// Where a case comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The plugin's author.
    Cases,
    /// The host: every plugin is asked.
    Standard,
}

impl Class {
    /// The word for it, as in front of a case's name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Cases => "cases",
            Self::Standard => "standard",
        }
    }
}

/// What is to be tried.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// One case alone, with or without its class in front.
    pub case: Option<String>,
    /// Not the standard cases.
    pub no_standard: bool,
    /// What the author's cases come to is what is expected from now on.
    pub bless: bool,
}

/// A case that was tried.
#[derive(Debug)]
pub struct Tried {
    /// Where it comes from.
    pub class: Class,
    /// Its name.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
    /// What was written to accept it, one entry for each file.
    pub written: Vec<String>,
}

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The folder of cases cannot be read.
    #[error("{path}: {source}")]
    Cases {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A case is none.
    #[error("case {case}: {error}")]
    Case {
        /// Its name.
        case: String,
        /// What is wrong with it.
        error: CaseError,
    },
    /// Too many cases.
    #[error("there are more than {cases_max} cases")]
    TooMany {
        /// The bound.
        cases_max: usize,
    },
    /// Too much in them.
    #[error("the files of all cases together have more than {} MiB", .bytes_max >> 20)]
    TooLarge {
        /// The bound.
        bytes_max: usize,
    },
    /// No case of this name.
    #[error("there is no case `{name}`")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The nearest one there is.
        nearest: Option<String>,
    },
    /// The temporary folder cannot be made.
    #[error("the folder that cases are tried in: {0}")]
    Scratch(std::io::Error),
    /// The repository made for the trial failed.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The repository made for the trial failed.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
    /// The plugin could not be run at all.
    #[error(transparent)]
    Examine(#[from] ExamineError),
    /// The manifest is not usable.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// Answers cannot be remembered.
    #[error(transparent)]
    Sealed(#[from] SealedError),
}

/// Tries the cases that are wanted, those of the author first.
///
/// # Errors
/// [`TrialError`] for what is not the plugin's doing; no verdict is kept then.
pub fn try_all(
    plugin: &Plugin,
    cases: &[Case],
    wanted: &Wanted,
    machine: &Machine,
    events: &Events<'_>,
) -> Result<Vec<Tried>, TrialError> {
    let ground = Ground::new(&machine.scratch)?;
    let machine = forgetful(machine);
    let (runner, choice) = (Runner { ground: &ground, plugin, machine: &machine, events }, Choice::of(wanted, cases)?);
    let mut tried = Vec::new();
    let chosen = cases.iter().filter(|case| choice.takes(Class::Cases, &case.name));
    for case in chosen {
        let started = Instant::now();
        announce(Class::Cases, &case.name, events);
        let (verdict, written) = own(case, wanted.bless, &runner)?;
        tried.push(Tried { class: Class::Cases, name: case.name.clone(), verdict, took: started.elapsed(), written });
    }
    let chosen: Vec<_> = STANDARD.iter().filter(|(name, _)| choice.takes(Class::Standard, name)).collect();
    if chosen.is_empty() {
        return Ok(tried);
    }
    let standard = Standard::new(&runner, cases)?;
    for (name, ask) in chosen {
        let started = Instant::now();
        announce(Class::Standard, name, events);
        let verdict = standard.ask(*ask)?;
        tried.push(Tried { class: Class::Standard, name: (*name).to_owned(), verdict, took: started.elapsed(), written: vec![] });
    }
    Ok(tried)
}

fn announce(class: Class, name: &str, events: &Events<'_>) {
    events.emit(&Event::Trying { case: format!("{}/{name}", class.word()) });
}

/// The machine, with nothing remembered from another time.
fn forgetful(machine: &Machine) -> Machine {
    Machine { remembers: false, answers: None, shows: false, shuffle: None, ..machine.clone() }
}

/// Tries a case of the author, and accepts what came of it if that is wanted.
fn own(case: &Case, bless: bool, runner: &Runner<'_>) -> Result<(Verdict, Vec<String>), TrialError> {
    let ground = runner.ground;
    let outcome = runner.run(ground.commit(&case.before, case.given.past.as_deref())?, &case.given)?;
    let failure = verdict::failure(case.fails.as_deref(), &outcome);
    if case.fails.is_some() || failure.is_some() {
        return Ok((Verdict::of(failure.into_iter().collect()), Vec::new()));
    }
    let mismatches = mismatches(case, &outcome, ground)?;
    if !bless || mismatches.is_empty() {
        return Ok((Verdict::of(mismatches), Vec::new()));
    }
    let found = ground.files(outcome.tree)?;
    let written = case.accept(&found, &outcome.told);
    let written = written.map_err(|error| TrialError::Case { case: case.name.clone(), error: error.into() })?;
    Ok((Verdict::Passed, written))
}

fn mismatches(case: &Case, outcome: &Outcome, ground: &Ground) -> Result<Vec<Mismatch>, TrialError> {
    let expected = ground.tree(case.after.as_ref().unwrap_or(&case.before))?;
    // It is in memory up to here, and compared by its id.
    if let Some(candidate) = outcome.candidate.as_ref().filter(|candidate| candidate.tree() != expected) {
        ground.land(candidate)?;
    }
    let mut mismatches = verdict::trees(ground.repo().git(), case::AFTER, expected, outcome.tree, FILES_SHOWN)?;
    mismatches.extend(verdict::texts(case::EXPECTED, &case.expected, &outcome.told));
    Ok(mismatches)
}

/// Which cases are tried.
struct Choice<'w> {
    /// Class, if it is said, and name of the only one.
    only: Option<(Option<&'w str>, &'w str)>,
    no_standard: bool,
}

impl<'w> Choice<'w> {
    fn of(wanted: &'w Wanted, cases: &[Case]) -> Result<Self, TrialError> {
        let part = |name: &'w str| match name.trim_end_matches('/').split_once('/') {
            Some((class, name)) => (Some(class), name),
            None => (None, name),
        };
        let choice = Self { only: wanted.case.as_deref().map(part), no_standard: wanted.no_standard };
        let own = cases.iter().map(|case| (Class::Cases, case.name.as_str()));
        let all: Vec<_> = own.chain(STANDARD.iter().map(|(name, _)| (Class::Standard, *name))).collect();
        match choice.only {
            Some((class, name)) if !all.iter().any(|(class, name)| choice.takes(*class, name)) => {
                let names = all.iter().map(|(_, name)| *name);
                let name = class.map_or(name.to_owned(), |class| format!("{class}/{name}"));
                Err(TrialError::Unknown { nearest: nearest(&name, names).map(str::to_owned), name })
            }
            _ => Ok(choice),
        }
    }

    fn takes(&self, class: Class, name: &str) -> bool {
        match self.only {
            Some((only, wanted)) => only.is_none_or(|only| only == class.word()) && wanted == name,
            None => class == Class::Cases || !self.no_standard,
        }
    }
}
