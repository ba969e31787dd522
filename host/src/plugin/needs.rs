//! Declared against Granted: what a manifest asks for and a task does not give,
//! with the line of `lifeos.toml` that would. It knows nothing of imports.

use super::manifest::Manifest;
use crate::policy::Reach;

/// A capability that is declared and not granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub capability: &'static str,
    /// Whether the plugin is of use without it.
    pub optional: bool,
    /// The line that would grant it.
    pub line: String,
}

/// What a task does not grant of what a manifest declares.
#[must_use]
pub fn missing(manifest: &Manifest, granted: &Reach) -> Vec<Missing> {
    let needed = &manifest.capabilities;
    let scopes = [
        ("list", &needed.list, granted.list.is_empty()),
        ("read", &needed.read, granted.read.is_empty()),
        ("edit", &needed.edit, granted.edit.is_empty()),
    ];
    let scopes = scopes.into_iter().filter(|(_, _, is_missing)| *is_missing).filter_map(|(capability, scope, _)| {
        let scope = scope.as_ref()?;
        Some(Missing { capability, optional: scope.optional, line: line(capability, &scope.globs) })
    });
    let history = needed.history.as_ref().filter(|_| !granted.history).map(|plain| Missing {
        capability: "history",
        optional: plain.optional,
        line: "history = true".to_owned(),
    });
    scopes.chain(history).collect()
}

/// A list of globs as a line of TOML: a JSON list of strings is one of TOML.
#[must_use]
pub fn line(key: &str, globs: &[String]) -> String {
    format!("{key} = {}", serde_json::to_string(globs).unwrap_or_default())
}
