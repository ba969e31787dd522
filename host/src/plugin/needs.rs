//! Declared against Granted: what a manifest asks for and a task does not give, with
//! the line of `lifeos.toml` that would, and what is given to no effect. It knows
//! nothing of imports.

use super::manifest::Manifest;
use crate::policy::{Capability, Reach};

/// A capability that is declared and not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub capability: Capability,
    /// Whether the plugin is of use without it.
    pub optional: bool,
    /// The line that would grant it.
    pub line: String,
}

/// What a task does not grant of what a manifest declares.
#[must_use]
pub fn missing(manifest: &Manifest, granted: &Reach) -> Vec<Missing> {
    let needed = |capability: Capability| {
        let need = manifest.need(capability).filter(|_| !granted.has(capability))?;
        Some(Missing { capability, optional: need.optional, line: capability.line(&need.globs) })
    };
    Capability::ALL.into_iter().filter_map(needed).collect()
}

/// What a task grants that a manifest does not declare, of all that is granted whole.
#[must_use]
pub fn idle(manifest: &Manifest, granted: &Reach) -> Vec<Capability> {
    let is_idle = |capability: &Capability| granted.has(*capability) && manifest.need(*capability).is_none();
    Capability::ALL.into_iter().filter(|capability| !Capability::WITH_GLOBS.contains(capability)).filter(is_idle).collect()
}
