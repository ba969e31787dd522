//! The standard cases that run twice or more and hold one run against another.

use super::{NO_PATH, Standard, on};
use crate::examine::Machine;
use crate::plugin::World;
use crate::sealed::SealedFolder;
use crate::trial::TrialError;
use crate::trial::outcome::Outcome;
use crate::trial::verdict::{self, Mismatch, Verdict};

/// Files that a second run would change and that are shown, for each case.
const FILES_SHOWN: usize = 2;
/// Threads and order of each run that is held against one thread in the order of the paths.
const ORDERS: &[(usize, u64)] = &[(1, 1), (2, 2), (4, 3)];

impl Standard<'_> {
    /// Neither the order of documents nor the number of threads is to be seen.
    pub(super) fn order_and_threads(&self) -> Result<Verdict, TrialError> {
        if self.runner.plugin.world == World::Task {
            return Ok(Verdict::Skipped("a task in free form runs once, on one thread".to_owned()));
        }
        let mut mismatches = Vec::new();
        for base in self.inputs.few() {
            let commit = self.runner.ground.commit(&base.files, base.given.past.as_deref())?;
            let machine = |threads, shuffle| Machine { threads, shuffle, ..self.runner.machine.clone() };
            let expected = self.runner.run_on(commit, &base.given, &machine(1, None))?;
            for (threads, order) in ORDERS {
                let found = self.runner.run_on(commit, &base.given, &machine(*threads, Some(*order)))?;
                let when = format!("{}, {threads} threads, order {order}", base.name);
                // Of several documents that fail, the one that is met first is told.
                if expected.failed.is_none() || found.failed.is_none() {
                    mismatches.extend(differs(&when, &expected, &found));
                }
            }
        }
        self.asked(mismatches)
    }

    /// What a plugin proposed is what it would leave alone.
    pub(super) fn second_run(&self) -> Result<Verdict, TrialError> {
        let (mut mismatches, mut changed) = (Vec::new(), false);
        let git = self.runner.ground.repo().git();
        for base in &self.inputs.bases {
            let first = self.runner.run(self.runner.ground.commit(&base.files, base.given.past.as_deref())?, &base.given)?;
            let Some(candidate) = &first.candidate else { continue };
            changed = true;
            let landed = self.runner.ground.land(candidate)?;
            let second = self.runner.run(landed, &base.given)?;
            let trouble = second.failed.as_ref().map(|failed| failed.words.clone()).or_else(|| second.disorder());
            mismatches.extend(trouble.map(|words| on(&format!("a second run of {}", base.name), &words)));
            if let Some(candidate) = &second.candidate {
                self.runner.ground.land(candidate)?;
            }
            let name = format!("a second run of {}", base.name);
            mismatches.extend(verdict::trees(git, &name, first.tree, second.tree, FILES_SHOWN)?);
        }
        Ok(if changed { Verdict::of(mismatches) } else { Verdict::Skipped("no case changes a file".to_owned()) })
    }

    /// The same input has the same answer, whether the host remembers some of it or not.
    pub(super) fn repeat(&self) -> Result<Verdict, TrialError> {
        let mut mismatches = Vec::new();
        for (number, base) in self.inputs.few().enumerate() {
            let (ground, past) = (self.runner.ground, base.given.past.as_deref());
            let (commit, half) = (ground.commit(&base.files, past)?, ground.commit(&self.inputs.half(&base.files), past)?);
            let fresh = Machine { threads: 1, ..self.runner.machine.clone() };
            let answers = SealedFolder::open(&ground.beside(&format!("answers-{number}")))?;
            let remembering = Machine { remembers: true, answers: Some(answers), ..fresh.clone() };
            let expected = self.runner.run_on(commit, &base.given, &fresh)?;
            self.runner.run_on(half, &base.given, &remembering)?;
            for when in ["half of it remembered", "all of it remembered"] {
                let found = self.runner.run_on(commit, &base.given, &remembering)?;
                mismatches.extend(differs(&format!("{}, {when}", base.name), &expected, &found));
            }
            let again = self.runner.run_on(commit, &base.given, &fresh)?;
            mismatches.extend(differs(&format!("{}, again", base.name), &expected, &again));
        }
        self.asked(mismatches)
    }

    fn asked(&self, mismatches: Vec<Mismatch>) -> Result<Verdict, TrialError> {
        Ok(if self.inputs.bases.is_empty() { Verdict::Skipped(NO_PATH.to_owned()) } else { Verdict::of(mismatches) })
    }
}

/// How two runs differ that had to be the same.
fn differs(when: &str, expected: &Outcome, found: &Outcome) -> Option<Mismatch> {
    verdict::texts(when, &expected.whole(), &found.whole())
}
