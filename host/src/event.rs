//! What happens while a run is going, as data. Who shows it, and how, is not
//! decided here.

use std::time::Duration;

/// What the gate judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// The base, which has to pass before anything else is done.
    Base,
    /// The base, which a goal has to fail.
    BaseByGoal,
    /// A candidate.
    Candidate,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A component is compiled for the first time.
    Compiling {
        /// The plugin's name.
        plugin: String,
        /// Size of the component.
        bytes: u64,
    },
    /// It was.
    Compiled {
        /// How long it took.
        took: Duration,
    },
    /// Documents are being checked.
    Checking {
        /// How many there are.
        documents: u64,
    },
    /// One more document was checked.
    Checked,
    /// All documents were checked; the plugin looks at the whole set.
    Concluding,
    /// The candidate tree is being built.
    Building {
        /// How many files it changes.
        files: u64,
    },
    /// A command of the gate runs.
    Gate {
        /// Its words.
        command: String,
        /// Over what.
        over: Judged,
    },
    /// The gate spoke against a candidate, and the plugin proposes again.
    Repairing {
        /// The round, from 1.
        round: u32,
        /// Rounds that there are at most.
        most: u32,
    },
    /// A case of a plugin is tried.
    Trying {
        /// Its class and its name.
        case: String,
    },
    /// Much of what may be spent in a month is spent; said once.
    Alert {
        /// `2026-11`.
        month: String,
        /// How much of the bound, in percent.
        percent: u64,
        /// What is spent, as the owner writes it.
        spent: String,
        /// The key of the bound.
        key: &'static str,
        /// Its value, as the owner writes it.
        value: String,
    },
    /// Nothing more will come.
    Finished,
}

/// Somebody who wants to know.
pub struct Events<'a>(&'a (dyn Fn(&Event) + Sync));

impl<'a> Events<'a> {
    /// Tells `reader` of everything.
    #[must_use]
    pub fn to(reader: &'a (dyn Fn(&Event) + Sync)) -> Self {
        Self(reader)
    }

    /// Tells nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self(&|_| {})
    }

    /// Tells of an event.
    pub fn emit(&self, event: &Event) {
        (self.0)(event);
    }
}
