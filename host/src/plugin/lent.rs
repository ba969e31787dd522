//! What each function of the contract lets a plugin do, in one sentence, and what
//! it does not. The audit says it, and `docs/capabilities.md` is made of it; tests
//! hold it against `wit/` and against real components.

use std::fmt::Write as _;

use super::facts::Interface;
use super::imports::{self, INERT, Lends, PACKAGE, VERSION};

/// A function of the contract.
#[derive(Debug)]
pub struct Lent {
    /// Its interface in [`PACKAGE`].
    pub interface: &'static str,
    /// Its name.
    pub function: &'static str,
    /// As WIT has it.
    pub signature: &'static str,
    /// Over the structure of its types, as [`super::signature::Function::digest`].
    pub digest: &'static str,
    /// What the author has to declare, by manifest key; empty for nothing.
    pub declared: &'static str,
    /// What the owner has to grant, by key of the task; empty for nothing.
    pub granted: &'static str,
    /// What it lets a plugin do.
    pub allows: &'static str,
    /// What it does not.
    pub denies: &'static str,
}

/// Every function that a plugin can be lent.
pub const LENT: &[Lent] = &[
    Lent {
        interface: "repo",
        function: "list-files",
        signature: "func(pattern: string, after: option<path>) -> result<page, refusal>",
        digest: "ed8b02172f7072794fc66587193c4e5b9ab5073b5b06f758dbe0e40a19fb3974",
        declared: "capabilities.list or capabilities.read",
        granted: "list or read",
        allows: "learn the names of files of the base commit that its `list` or `read` globs cover",
        denies: "see names outside of them, untracked or ignored files, or anything of the checkout",
    },
    Lent {
        interface: "repo",
        function: "stat",
        signature: "func(path: path) -> result<kind, refusal>",
        digest: "53a7a86996bd3244301151b22e5485af40e17a0bf348468511b7e22aecae8abc",
        declared: "capabilities.list or capabilities.read",
        granted: "list or read",
        allows: "learn whether such a path is a file, a folder, a link, a submodule or a pointer",
        denies: "learn whether a path outside of its globs exists",
    },
    Lent {
        interface: "repo",
        function: "read-file",
        signature: "func(path: path) -> result<document, refusal>",
        digest: "e61fc13a75f618ffa1e657101fca52f1c6fef687161d281b46fd5d4b2eaff8cd",
        declared: "capabilities.read",
        granted: "read",
        allows: "read text files of the base commit that its `read` globs cover",
        denies: "read anything else, follow links, or read what is not text or larger than `read_bytes_max`",
    },
    Lent {
        interface: "history",
        function: "revisions",
        signature: "func(path: path, max: u32) -> result<list<revision>, refusal>",
        digest: "6189fc055f6fe564a1559231d2b10dc979745b1e971a096ea6f8b55e29be0b02",
        declared: "capabilities.history",
        granted: "history",
        allows: "learn which commits changed a file that it may read, or removed one, and when",
        denies: "learn of authors, messages, or other files",
    },
    Lent {
        interface: "history",
        function: "texts",
        signature: "func(path: path, commit: string) -> result<tuple<option<string>, option<string>>, refusal>",
        digest: "966e8a9ab62754f0633aa1cba1644f3c5a3b320ea15bb0698874036bcbb0199d",
        declared: "capabilities.history",
        granted: "history",
        allows: "read earlier texts of a file that it may read, also of one that was removed, and what was removed from it since",
        denies: "read the past of any other file",
    },
    Lent {
        interface: "edits",
        function: "propose",
        signature: "func(edit: edit) -> result<_, list<problem>>",
        digest: "a45b974c8f4248c7743cbf53b7ca0a1c6ee17e8d1a22d4ae1b3697fe266b816f",
        declared: "capabilities.edit",
        granted: "edit",
        allows: "propose to change, create or delete files that its `edit` globs cover",
        denies: "write anything: what it proposes is checked, shown and approved first; reach protected paths by a wildcard",
    },
    Lent {
        interface: "model",
        function: "complete",
        signature: "func(request: request) -> result<reply, refusal>",
        digest: "ced103b8df5e53218af447781e64815bf18ce96f9f0a94c1e5e645050b484ad6",
        declared: "capabilities.model",
        granted: "model",
        allows: "send text that it may read, and its own words, to the owner's model, and spend within the owner's bounds",
        denies: "choose the model or its address, see a key, or send what looks like a secret",
    },
    Lent {
        interface: "rounds",
        function: "previous",
        signature: "func() -> option<round>",
        digest: "55ec05b440ad1d7f33acdacba095f28de635d39ece72e289b542f085e2ead2de",
        declared: "capabilities.rounds",
        granted: "rounds",
        allows: "learn how the owner's tests failed over its proposal, and propose again, as often as `rounds` says; by what its proposal makes them print, learn whatever they can read",
        denies: "run anything, choose what is run, or see more than the end of its output",
    },
    Lent {
        interface: "findings",
        function: "report",
        signature: "func(finding: finding)",
        digest: "8f53d9a8661ec4d59c7fe3eeb9ffecc1b3256aeba9d26a9ee57515fa5faba120",
        declared: "",
        granted: "",
        allows: "report findings: text that people read",
        denies: "reach anything; control characters are shown inert, and findings are counted",
    },
    Lent {
        interface: "log",
        function: "write",
        signature: "func(level: level, text: string)",
        digest: "c8bcea095849c16b1d3f930b90f590c95bc55f5722a7dcd552c9ad60e08aa9a7",
        declared: "",
        granted: "",
        allows: "write lines for its author, at most 64 KiB a run",
        denies: "reach anything; control characters are shown inert",
    },
];

/// How a function that a component imports stands to the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is part of it.
    Lent(&'static Lent),
    /// It has the name of one, and other types.
    OtherTypes,
    /// It is not.
    Unknown,
}

impl PartialEq for Lent {
    fn eq(&self, other: &Self) -> bool {
        (self.interface, self.function) == (other.interface, other.function)
    }
}

impl Eq for Lent {}

/// Looks a function of an imported interface of the contract up.
pub(super) fn known(interface: &str, function: &super::signature::Function) -> Known {
    let lent = LENT.iter().find(|lent| is_of(interface, lent.interface) && lent.function == function.name);
    match lent {
        Some(lent) if lent.digest == function.digest.hex() => Known::Lent(lent),
        Some(_) => Known::OtherTypes,
        None => Known::Unknown,
    }
}

fn is_of(import: &str, interface: &str) -> bool {
    import.strip_prefix(PACKAGE).and_then(|rest| rest.strip_prefix('/')).and_then(|rest| rest.split_once('@'))
        == Some((interface, VERSION))
}

/// What a function of an imported interface of the contract lets a plugin do.
#[must_use]
pub fn allows_of(import: &str, function: &str) -> Option<&'static str> {
    LENT.iter().find(|lent| is_of(import, lent.interface) && lent.function == function).map(|lent| lent.allows)
}

/// What an import of whatever kind lets a component do, in one sentence.
#[must_use]
pub fn allows(import: &Interface) -> String {
    let name = import.name.as_str();
    match imports::lends(name) {
        Ok(Lends::Inert) => {
            let interface = name.split('@').next().unwrap_or(name);
            let sees = INERT.iter().find(|(inert, _)| *inert == interface).map_or("nothing", |(_, sees)| sees);
            format!("inert, a stub answers: {sees}")
        }
        Ok(_) if import.functions.is_empty() => "words that other interfaces use; nothing can be called".to_owned(),
        Ok(_) => {
            let lent = LENT.iter().filter(|lent| is_of(name, lent.interface));
            let called = lent.filter(|lent| import.functions.iter().any(|function| function.name == lent.function));
            called.map(|lent| lent.allows).collect::<Vec<_>>().join("; ")
        }
        Err(_) => foreign(name).to_owned(),
    }
}

/// What well-known interfaces of other hosts would do.
const FOREIGN: &[(&str, &str)] = &[
    (PACKAGE, "another version of the contract, or no part of it"),
    ("wasi:filesystem", "would open, read, write and remove files of this machine"),
    ("wasi:sockets", "would connect to other machines and listen to them"),
    ("wasi:http", "would send requests over the network, or answer them"),
    ("wasi:keyvalue", "would keep and fetch values in a store of its host"),
    ("wasi:blobstore", "would keep and fetch objects in a store of its host"),
    ("wasi:config", "would read settings of its host"),
    ("wasi:logging", "would write to the log of its host"),
    ("wasi:nn", "would run models on this machine"),
    ("wasi:tls", "would speak to other machines, encrypted"),
    ("wasi:", "would reach the system in a way that no stub stands for"),
];

fn foreign(name: &str) -> &'static str {
    let found = FOREIGN.iter().find(|(prefix, _)| name.starts_with(prefix));
    found.map_or("would call its host for something that lifeos does not have", |(_, does)| does)
}

/// Inert interfaces and what a guest learns from each; then what is always refused: two
/// tables beside that of [`LENT`], all of `docs/capabilities.md`.
#[must_use]
pub fn page() -> String {
    let code = |keys: &str| match keys {
        "" => "(none needed)".to_owned(),
        keys => format!("`{}`", keys.replace(" or ", "` or `")),
    };
    let mut page = String::from(PAGE);
    page.push_str("| capability | import | function | manifest key | grant key | lets a plugin | does not let it |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    for lent in LENT {
        let Lent { interface, function, declared, granted, allows, denies, .. } = lent;
        let capability = granted.split(' ').next().filter(|granted| !granted.is_empty()).unwrap_or("always");
        let (declared, granted) = (code(declared), code(granted));
        let _infallible = writeln!(
            page,
            "| {capability} | `{PACKAGE}/{interface}@{VERSION}` | `{function}` | {declared} | {granted} | {allows} | {denies} |"
        );
    }
    page.push_str(BESIDE);
    page.push_str("| import | what the stub answers |\n| --- | --- |\n");
    INERT.iter().for_each(|(name, sees)| {
        let _infallible = writeln!(page, "| `{name}@0.2` | {sees} |");
    });
    page.push_str(REFUSED);
    page.push_str("| import | it |\n| --- | --- |\n");
    FOREIGN.iter().for_each(|(name, does)| {
        let name = if *name == "wasi:" { "any other `wasi:*`".to_owned() } else { format!("`{name}`") };
        let _infallible = writeln!(page, "| {name} | {does} |");
    });
    page.push_str("| anything else | would call its host for something that lifeos does not have |\n");
    page
}

const PAGE: &str = "# What a plugin can be lent

This page is made from the contract in `wit/` and from `host/src/plugin/lent.rs`; a test holds it.

A plugin can call what it imports and nothing else. Each function below needs three yeses: the component imports it, its
author declared the capability in the manifest, and the owner granted it in the task's table of `lifeos.toml`. A path is
reached only if declared *and* granted globs cover it. `lifeos plugin audit` shows the three side by side; see
[audit.md](audit.md).

";

const BESIDE: &str = "
A task over documents (world `file-task`) is handed documents and gives edits and findings back, so it reads and edits
without importing `read-file` or `propose`; the same keys hold: it is handed what `documents`, `capabilities.read` and the
grant `read` cover, and its edits pass where `capabilities.edit` and the grant `edit` do. Files that the manifest's `config`
names are handed over as well, where the grant `read` covers them.

Types (`lifeos:task/types`) are words that the other interfaces use; nothing in them can be called.

## Inert

Components of some toolchains import WASI whether they need it or not. These are answered by stubs; no key is needed.

";

const REFUSED: &str = "
## Refused

A component that imports anything else is not loaded, whatever is declared or granted.

";
