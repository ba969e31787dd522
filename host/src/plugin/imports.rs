//! Imported, the first of the four sets: what a component can call at all. An
//! import that is not on these lists is refused before anything is compiled.

use super::manifest::Manifest;
use crate::policy::Capability;

/// The package of the contract.
pub const PACKAGE: &str = "lifeos:task";
/// The version of it that this host speaks.
pub const VERSION: &str = "0.1.0";

/// One imported interface.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Import {
    /// As it stands in the component.
    pub name: String,
    /// What it stands for.
    #[serde(rename = "capability")]
    pub lends: Lends,
}

/// What an import stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
// Its name in `--json` stays what it was.
#[schemars(rename = "Capability")]
pub enum Lends {
    /// Types, findings, log: always lent.
    Always,
    /// `repo`: list and read files, each by globs of its own.
    Read,
    /// `history`: earlier revisions of readable files.
    History,
    /// `edits`: propose edits.
    Edit,
    /// `model`: ask a model.
    Model,
    /// `rounds`: be told why the gate failed.
    Rounds,
    /// WASI that is answered by an inert stub.
    Inert,
}

/// Why an import cannot be lent.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Nothing of ours, and nothing harmless.
    #[error("the component imports `{name}`, which no task can be granted")]
    Forbidden {
        /// The import.
        name: String,
    },
    /// Our package in another version.
    #[error("the component is built for {PACKAGE}@{found}; this lifeos speaks {PACKAGE}@{VERSION}")]
    Version {
        /// The version it wants.
        found: String,
    },
    /// Ours, but not part of the world that the component exports.
    #[error("the component imports `{name}`, which is not part of the world file-task")]
    NotInWorld {
        /// The import.
        name: String,
    },
    /// The manifest does not mention it.
    #[error("the component imports `{name}`, but its manifest does not declare `capabilities.{capability}`")]
    Undeclared {
        /// The import.
        name: String,
        /// The manifest key.
        capability: Capability,
    },
}

/// Bytes of a name; no interface that is lent has a longer one.
const NAME_BYTES_MAX: usize = 200;

/// WASI that std-built guests drag in, linked to stubs that know nothing, with
/// what a guest learns from each.
pub const INERT: &[(&str, &str)] = &[
    ("wasi:cli/environment", "no variables, no arguments, no working folder"),
    ("wasi:cli/exit", "ends the call, which counts as a failure of the plugin"),
    ("wasi:cli/stdin", "an input that is at its end"),
    ("wasi:cli/stdout", "an output that goes nowhere"),
    ("wasi:cli/stderr", "an output that goes nowhere"),
    ("wasi:cli/terminal-input", "nothing: there is no terminal"),
    ("wasi:cli/terminal-output", "nothing: there is no terminal"),
    ("wasi:cli/terminal-stdin", "that there is no terminal"),
    ("wasi:cli/terminal-stdout", "that there is no terminal"),
    ("wasi:cli/terminal-stderr", "that there is no terminal"),
    ("wasi:clocks/wall-clock", "the time of the base commit, for ever"),
    ("wasi:clocks/monotonic-clock", "zero, for ever; a pause is over at once"),
    ("wasi:random/random", "the same numbers in every run"),
    ("wasi:random/insecure", "the same numbers in every run"),
    ("wasi:random/insecure-seed", "zero"),
    ("wasi:io/error", "the words of an error of the streams above"),
    ("wasi:io/poll", "that whatever it waits for is there"),
    ("wasi:io/streams", "the empty input and the outputs that go nowhere"),
];

pub(super) fn classify(names: &[String]) -> Result<Vec<Import>, ImportError> {
    names.iter().map(|name| Ok(Import { lends: lends(name)?, name: name.clone() })).collect()
}

/// What the import of a component stands for.
///
/// # Errors
/// [`ImportError`] for one that no component may have.
pub fn lends(name: &str) -> Result<Lends, ImportError> {
    let forbidden = || ImportError::Forbidden { name: crate::clean::shown(name, NAME_BYTES_MAX) };
    if name.len() > NAME_BYTES_MAX || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/@.-".contains(&byte)) {
        return Err(forbidden());
    }
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if INERT.iter().any(|(inert, _)| interface == *inert) {
        return if version.starts_with("0.2.") { Ok(Lends::Inert) } else { Err(forbidden()) };
    }
    let Some(interface) = interface.strip_prefix(PACKAGE).and_then(|rest| rest.strip_prefix('/')) else {
        return Err(forbidden());
    };
    if version != VERSION {
        return Err(ImportError::Version { found: version.to_owned() });
    }
    match interface {
        "types" | "findings" | "log" => Ok(Lends::Always),
        "repo" => Ok(Lends::Read),
        "history" => Ok(Lends::History),
        "edits" => Ok(Lends::Edit),
        "model" => Ok(Lends::Model),
        "rounds" => Ok(Lends::Rounds),
        _ => Err(forbidden()),
    }
}

/// A file-task gives its edits and findings back; one that could also push
/// them would depend on the order of the documents.
pub(super) fn without_proposing(imports: &[Import]) -> Result<(), ImportError> {
    imports.iter().try_for_each(not_proposing)
}

/// The same for one import.
pub(super) fn not_proposing(import: &Import) -> Result<(), ImportError> {
    // Nor what asks a model: its answers are remembered, and a model's come once.
    let foreign = ["/edits@", "/findings@", "/model@", "/rounds@"];
    if foreign.iter().any(|interface| import.name.contains(interface)) {
        Err(ImportError::NotInWorld { name: import.name.clone() })
    } else {
        Ok(())
    }
}

/// Imported within Declared.
pub(super) fn within_declared(imports: &[Import], manifest: &Manifest) -> Result<(), ImportError> {
    imports.iter().try_for_each(|import| declared(import, manifest))
}

/// The same for one import.
pub(super) fn declared(import: &Import, manifest: &Manifest) -> Result<(), ImportError> {
    let (is_declared, capability) = match import.lends {
        Lends::Always | Lends::Inert => return Ok(()),
        Lends::Read => (manifest.capabilities.read.is_some() || manifest.capabilities.list.is_some(), Capability::Read),
        Lends::History => (manifest.capabilities.history.is_some(), Capability::History),
        Lends::Edit => (manifest.capabilities.edit.is_some(), Capability::Edit),
        Lends::Model => (manifest.capabilities.model.is_some(), Capability::Model),
        Lends::Rounds => (manifest.capabilities.rounds.is_some(), Capability::Rounds),
    };
    if is_declared { Ok(()) } else { Err(ImportError::Undeclared { name: import.name.clone(), capability }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_1_2_16_only_the_contract_and_inert_wasi_are_known() {
        let rows = [
            ("lifeos:task/repo@0.1.0", Some(Lends::Read)),
            ("lifeos:task/types@0.1.0", Some(Lends::Always)),
            ("wasi:cli/environment@0.2.6", Some(Lends::Inert)),
            ("wasi:cli/environment@0.3.0", None),
            ("wasi:cli/environment", None),
            ("wasi:cli/command@0.2.6", None),
            ("wasi:clocks/timezone@0.2.6", None),
            ("lifeos:task/repo@0.2.0", None),
            ("lifeos:task/repo", None),
            ("lifeos:task/shell@0.1.0", None),
            ("wasi:filesystem/types@0.2.6", None),
            ("wasi:filesystem/preopens@0.2.6", None),
            ("wasi:sockets/tcp@0.2.6", None),
            ("wasi:http/outgoing-handler@0.2.6", None),
            ("lifeos:taskx/repo@0.1.0", None),
            ("run", None),
        ];
        for (name, expected) in rows {
            assert_eq!(lends(name).ok(), expected, "{name}");
        }
        assert!(matches!(lends("lifeos:task/repo@1.0.0"), Err(ImportError::Version { found }) if found == "1.0.0"));
    }

    #[test]
    fn what_is_called_inert_is_what_is_linked() {
        let source = include_str!("../wasm/wasi.rs");
        let linked = source.lines().filter_map(|line| line.trim().split_once("::add_to_linker")?.0.split_once("::"));
        let mut linked: Vec<String> =
            linked.map(|(package, interface)| format!("wasi:{package}/{}", interface.replace('_', "-"))).collect();
        let mut called: Vec<&str> = INERT.iter().map(|(name, _)| *name).collect();
        linked.sort_unstable();
        called.sort_unstable();
        assert_eq!(linked, called);
    }
}
