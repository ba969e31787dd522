//! What a plugin can do that an older one could not, and the other way round:
//! two entries of `lifeos.lock` side by side. It decides nothing.

use std::collections::BTreeSet;
use std::fmt;

use super::World;
use super::lock::Entry;
use super::manifest::Scope;
use crate::clean;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A function that it calls.
    Call {
        /// Interface and function.
        function: String,
        /// Whether it is new.
        added: bool,
    },
    /// A capability that its author declares.
    Capability {
        /// `list`, `read`, `edit` or `history`.
        key: &'static str,
        /// Before.
        was: Need,
        /// Now.
        is: Need,
    },
    /// A pattern of one.
    Glob {
        /// The capability, `documents` or `config`.
        key: &'static str,
        /// The pattern.
        glob: String,
        /// Whether it is new.
        added: bool,
    },
    /// A bound that its author promises.
    Limit {
        /// Which.
        key: &'static str,
        /// Before.
        was: Option<u64>,
        /// Now.
        is: Option<u64>,
    },
    /// What it exports.
    World {
        /// Before.
        was: World,
        /// Now.
        is: World,
    },
    /// Its own version.
    Version {
        /// Before.
        was: String,
        /// Now.
        is: String,
    },
    /// Where it comes from.
    Source {
        /// Before.
        was: String,
        /// Now.
        is: String,
    },
}

/// How much a plugin wants a capability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// Not at all.
    No,
    /// It is of use without.
    Optional,
    /// It does not run without.
    Needed,
}

impl Change {
    /// Whether the newer one can do more, or comes from elsewhere.
    #[must_use]
    pub fn is_wider(&self) -> bool {
        match self {
            Self::Call { added, .. } | Self::Glob { added, .. } => *added,
            Self::Capability { was, is, .. } => is > was,
            Self::Limit { was, is, .. } => is.unwrap_or(u64::MAX) > was.unwrap_or(u64::MAX),
            Self::World { .. } | Self::Source { .. } => true,
            Self::Version { .. } => false,
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = |added: &bool| if *added { '+' } else { '-' };
        let bound = |bound: &Option<u64>| bound.map_or_else(|| "no bound".to_owned(), |bound| bound.to_string());
        match self {
            Self::Call { function, added } => write!(out, "{} calls {}", sign(added), clean::line(function)),
            Self::Capability { key, was, is } => write!(out, "{} {key}: {} -> {}", sign(&(is > was)), was.word(), is.word()),
            Self::Glob { key, glob, added } => write!(out, "{} {key} {}", sign(added), clean::line(glob)),
            Self::Limit { key, was, is } => {
                write!(out, "{} limits.{key}: {} -> {}", sign(&self.is_wider()), bound(was), bound(is))
            }
            Self::World { was, is } => write!(out, "+ world: {} -> {}", was.word(), is.word()),
            Self::Version { was, is } => write!(out, "  version: {} -> {}", clean::line(was), clean::line(is)),
            Self::Source { was, is } => write!(out, "+ source: {} -> {}", clean::line(was), clean::line(is)),
        }
    }
}

impl Need {
    fn of(optional: Option<bool>) -> Self {
        match optional {
            None => Self::No,
            Some(true) => Self::Optional,
            Some(false) => Self::Needed,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::No => "not declared",
            Self::Optional => "optional",
            Self::Needed => "needed",
        }
    }
}

/// Every difference, in one order.
pub(super) fn between(was: &Entry, is: &Entry) -> Vec<Change> {
    let mut changes = Vec::new();
    if was.source.again() != is.source.again() {
        changes.push(Change::Source { was: was.source.to_string(), is: is.source.to_string() });
    }
    if was.version != is.version {
        changes.push(Change::Version { was: was.version.clone(), is: is.version.clone() });
    }
    if was.world != is.world {
        changes.push(Change::World { was: was.world, is: is.world });
    }
    changes.extend(
        differing(&was.imports, &is.imports).map(|(function, added)| Change::Call { function: function.to_owned(), added }),
    );
    declared(was, is, &mut changes);
    for ((key, was), (_, is)) in was.declared.limits.by_key().into_iter().zip(is.declared.limits.by_key()) {
        if was != is {
            changes.push(Change::Limit { key, was, is });
        }
    }
    changes
}

fn declared(was: &Entry, is: &Entry, changes: &mut Vec<Change>) {
    let (was, is) = (&was.declared, &is.declared);
    let history = |plain: &Option<super::manifest::Plain>| Need::of(plain.as_ref().map(|plain| plain.optional));
    let need = |scope: &Option<Scope>| Need::of(scope.as_ref().map(|scope| scope.optional));
    let scopes = [("list", &was.list, &is.list), ("read", &was.read, &is.read), ("edit", &was.edit, &is.edit)];
    let needs = scopes.map(|(key, was, is)| (key, need(was), need(is)));
    for (key, was, is) in needs.into_iter().chain([("history", history(&was.history), history(&is.history))]) {
        if was != is {
            changes.push(Change::Capability { key, was, is });
        }
    }
    let globs = |scope: &Option<Scope>| scope.as_ref().map_or_else(Vec::new, |scope| scope.globs.clone());
    let lists = scopes.map(|(key, was, is)| (key, globs(was), globs(is)));
    let plain = [("documents", was.documents.clone(), is.documents.clone()), ("config", was.config.clone(), is.config.clone())];
    for (key, was, is) in lists.into_iter().chain(plain) {
        changes.extend(differing(&was, &is).map(|(glob, added)| Change::Glob { key, glob: glob.to_owned(), added }));
    }
}

/// What one list has and the other has not: first what is new.
fn differing<'a>(was: &'a [String], is: &'a [String]) -> impl Iterator<Item = (&'a str, bool)> {
    let set = |list: &'a [String]| list.iter().map(String::as_str).collect::<BTreeSet<_>>();
    let (was, is) = (set(was), set(is));
    let added: Vec<_> = is.difference(&was).map(|item| (*item, true)).collect();
    let removed: Vec<_> = was.difference(&is).map(|item| (*item, false)).collect();
    added.into_iter().chain(removed)
}
