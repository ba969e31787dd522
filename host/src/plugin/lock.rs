//! `lifeos.lock`: what was looked at before it was let in. Text in, entries
//! out, and back. It reads no file and fetches nothing; see `docs/plugins.md`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::diff::{self, Difference, Outline, Way};
use super::facts::Facts;
use super::manifest::Declared;
use super::origin::Origin;
use super::{Plugin, PluginError, World};
use crate::digest::Digest;
use crate::name::{NAME_RULE, is_name};

/// Where it lives in the base commit.
pub const FILE: &str = "lifeos.lock";
/// Bytes of a lifeos.lock.
pub const LOCK_BYTES_MAX: u64 = 1 << 20;
/// Entries of one.
const ENTRIES_MAX: usize = 1_000;

/// The plugins of a repository, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockFile {
    /// The plugins.
    pub plugins: BTreeMap<String, Entry>,
}

/// One plugin, as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Where its component comes from.
    pub source: Origin,
    /// The only bytes that run.
    pub digest: Digest,
    /// The plugin's own version.
    pub version: String,
    /// What it exports.
    pub world: World,
    /// What it can call: interface and function.
    pub imports: Vec<String>,
    /// What its author declares.
    pub declared: Declared,
    /// The reach of each task that was looked at with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grants: BTreeMap<String, Digest>,
}

/// What is wrong with a lifeos.lock.
#[derive(Debug, thiserror::Error)]
pub enum LockFileError {
    /// More than is read.
    #[error("it has more than {LOCK_BYTES_MAX} bytes")]
    TooLarge,
    /// Not what lifeos writes.
    #[error("{0}")]
    Syntax(String),
    /// Of a newer lifeos.
    #[error("it has version {0}; this lifeos reads version 1")]
    Newer(u32),
    /// A name that no plugin has.
    #[error("[plugin.{0}]: a plugin's name is {NAME_RULE}")]
    Name(String),
    /// Which of them counts for a path could not be told.
    #[error("[plugin.{one}] and [plugin.{other}] have one source")]
    TwoOfOne {
        /// The first.
        one: String,
        /// The second.
        other: String,
    },
    /// A value that TOML cannot hold.
    #[error("what the component says cannot be written down: {0}")]
    Unwritable(String),
}

/// Why a component is not the one that was locked.
#[derive(Debug, thiserror::Error)]
pub enum LockedError {
    /// Other bytes.
    #[error(
        "plugin {} is not the one that {FILE} has: {} was looked at, {} is there", .0.name, .0.locked, .0.found
    )]
    Changed(Box<Changed>),
    /// The bytes are right, and the entry tells something else about them.
    #[error("{FILE} does not tell the truth about plugin {name}, {digest}")]
    Untrue {
        /// The plugin.
        name: String,
        /// The digest.
        digest: Digest,
        /// From what the entry tells to what the bytes say.
        changes: Vec<Difference>,
    },
    /// What is read of a component went wrong.
    #[error(transparent)]
    Plugin(#[from] PluginError),
}

/// Bytes in the place of others.
#[derive(Debug)]
pub struct Changed {
    /// The plugin.
    pub name: String,
    /// Digest in the lock.
    pub locked: Digest,
    /// Digest of the bytes.
    pub found: Digest,
    /// What the new bytes can do that the old ones could not, and the other way round.
    pub changes: Vec<Difference>,
    /// Why they would not be taken at all.
    pub unfit: Option<String>,
}

#[derive(Deserialize)]
struct Version {
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    #[serde(default)]
    plugin: BTreeMap<String, Entry>,
}

/// What stands first in the file.
const HEAD: &str = "# Written by `lifeos plugin add` and `lifeos plugin remove`; not for editing. Commit it.\n";

impl LockFile {
    /// Reads the text of a lifeos.lock.
    ///
    /// # Errors
    /// [`LockFileError`].
    pub fn parse(text: &str) -> Result<Self, LockFileError> {
        if text.len() as u64 > LOCK_BYTES_MAX {
            return Err(LockFileError::TooLarge);
        }
        let syntax = |error: toml::de::Error| LockFileError::Syntax(error.message().to_owned());
        // First of all: a file of another version may have keys that this one does not know.
        let Version { version } = toml::from_str(text).map_err(syntax)?;
        if version != 1 {
            return Err(LockFileError::Newer(version));
        }
        let File { plugin: plugins, .. } = toml::from_str(text).map_err(syntax)?;
        Self { plugins }.checked()
    }

    /// The text of it, always in one order.
    ///
    /// # Errors
    /// [`LockFileError`] for what could not be read again.
    pub fn text(&self) -> Result<String, LockFileError> {
        let file = File { version: 1, plugin: self.plugins.clone() };
        let body = toml::to_string_pretty(&file).map_err(|error| LockFileError::Unwritable(error.to_string()))?;
        let text = format!("{HEAD}{body}");
        Self::parse(&text)?;
        Ok(text)
    }

    /// The entry of a path, with its name.
    #[must_use]
    pub fn of_path(&self, path: &str) -> Option<(&str, &Entry)> {
        let origin = Origin::parse(path).ok()?;
        self.plugins.iter().find(|(_, entry)| entry.source == origin).map(|(name, entry)| (name.as_str(), entry))
    }

    /// What is different in a newer lock, by plugin; nothing of those that are as they were.
    #[must_use]
    pub fn changes(&self, newer: &Self) -> BTreeMap<String, Vec<Difference>> {
        let mut all = BTreeMap::new();
        for name in self.plugins.keys().chain(newer.plugins.keys()) {
            let changes = match (self.plugins.get(name), newer.plugins.get(name)) {
                (Some(was), Some(is)) if was.digest == is.digest => was.changes(is),
                (Some(was), Some(is)) => {
                    let bytes = Difference::new(Way::Same, "digest", &format!("{} -> {}", was.digest, is.digest));
                    [vec![bytes], was.changes(is)].concat()
                }
                (None, Some(is)) => vec![Difference::new(Way::Wider, "plugin", &format!("+ {}", is.digest))],
                (Some(was), None) => vec![Difference::new(Way::Narrower, "plugin", &format!("- {}", was.digest))],
                (None, None) => Vec::new(),
            };
            if !changes.is_empty() {
                all.insert(name.clone(), changes);
            }
        }
        all
    }

    fn checked(self) -> Result<Self, LockFileError> {
        if self.plugins.len() > ENTRIES_MAX {
            return Err(LockFileError::Syntax(format!("more than {ENTRIES_MAX} plugins")));
        }
        if let Some(name) = self.plugins.keys().find(|name| !is_name(name)) {
            return Err(LockFileError::Name(crate::clean::line(crate::clean::cut(name, 100)).into_owned()));
        }
        let mut sources = BTreeMap::new();
        for (name, entry) in &self.plugins {
            if let Some(one) = sources.insert(entry.source.again().to_string(), name) {
                return Err(LockFileError::TwoOfOne { one: one.clone(), other: name.clone() });
            }
        }
        Ok(self)
    }
}

impl Entry {
    /// What there is to know of a component, without any grant.
    ///
    /// # Errors
    /// [`PluginError`] when its types are not valid.
    pub fn of(plugin: &Plugin, source: Origin) -> Result<Self, PluginError> {
        Ok(Self {
            source,
            digest: plugin.digest,
            version: plugin.manifest.version.clone(),
            world: plugin.world,
            imports: functions(&Facts::read(&plugin.bytes)?),
            declared: plugin.manifest.declared(),
            grants: BTreeMap::new(),
        })
    }

    /// The plugin of these bytes, if they are the ones that were looked at and
    /// the entry tells the truth about them. What is digested here is what runs.
    ///
    /// # Errors
    /// [`LockedError`].
    pub fn admit(&self, name: &str, bytes: Vec<u8>) -> Result<Plugin, LockedError> {
        let found = Digest::of(&bytes);
        let read = Plugin::read(bytes).and_then(|plugin| Ok((Self::of(&plugin, self.source.clone())?, plugin)));
        if found != self.digest {
            let (changes, unfit) = match read {
                Ok((now, _)) => (self.changes(&now), None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            let changed = Changed { name: name.to_owned(), locked: self.digest, found, changes, unfit };
            return Err(LockedError::Changed(Box::new(changed)));
        }
        let (now, plugin) = read?;
        let now = Self { grants: self.grants.clone(), ..now };
        if now == *self {
            return Ok(plugin);
        }
        Err(LockedError::Untrue { name: name.to_owned(), digest: found, changes: self.changes(&now) })
    }

    /// What it takes to come from this entry to a newer one.
    #[must_use]
    pub fn changes(&self, newer: &Self) -> Vec<Difference> {
        let mut changes = Vec::new();
        let (was, is) = (self.source.again(), newer.source.again());
        if was != is {
            changes.push(Difference::new(Way::Wider, "source", &format!("{was} -> {is}")));
        }
        if self.version != newer.version {
            changes.push(Difference::new(Way::Same, "version", &format!("{} -> {}", self.version, newer.version)));
        }
        changes.extend(diff::differences(&self.outline(), &newer.outline()));
        changes
    }

    /// The entry as versions are compared; types and exports are not part of it.
    #[must_use]
    pub fn outline(&self) -> Outline {
        Outline {
            digest: self.digest,
            name: None,
            version: Some(self.version.clone()),
            world: Some(self.world),
            imports: self.imports.iter().map(|import| (import.clone(), None)).collect(),
            exports: None,
            declared: Some(self.declared.clone()),
        }
    }
}

/// Every function that a component takes.
fn functions(facts: &Facts) -> Vec<String> {
    let mut lines = Vec::new();
    for interface in &facts.imports {
        let named = interface.functions.iter().filter(|function| !function.name.is_empty());
        let before = lines.len();
        lines.extend(named.map(|function| format!("{}#{}", interface.name, function.name)));
        if lines.len() == before {
            lines.push(interface.name.clone());
        }
    }
    lines.sort();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::manifest::{Plain, Scope};

    fn entry(source: &str) -> Entry {
        let scope = |glob: &str| Some(Scope { globs: vec![glob.to_owned()], optional: false });
        Entry {
            source: Origin::parse(source).expect("a source"),
            digest: Digest::of(b"x"),
            version: "1.0.0".to_owned(),
            world: World::Task,
            imports: vec!["lifeos:task/repo@0.1.0#read-file".to_owned()],
            declared: Declared { read: scope("**"), history: Some(Plain { optional: true }), ..Declared::default() },
            grants: BTreeMap::from([("t".to_owned(), Digest::of(b"y"))]),
        }
    }

    fn lock(entries: &[(&str, &str)]) -> LockFile {
        LockFile { plugins: entries.iter().map(|(name, source)| ((*name).to_owned(), entry(source))).collect() }
    }

    #[test]
    fn a_lock_reads_what_it_writes_in_one_order() {
        let file = lock(&[("b", "b.wasm"), ("a", "https://example.org/a.wasm")]);
        let text = file.text().expect("text");
        assert!(text.starts_with("# Written by `lifeos"), "{text}");
        assert!(text.find("[plugin.a]") < text.find("[plugin.b]"), "{text}");
        assert_eq!(LockFile::parse(&text).expect("a lock"), file);
        assert_eq!(file.of_path("./b.wasm").map(|(name, _)| name), Some("b"));
        assert_eq!(LockFile::parse(&LockFile::default().text().expect("text")).expect("a lock"), LockFile::default());
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_damaged_is_told_and_no_more(at in 0_usize..2_000, byte in 0_u8..128, cut in proptest::bool::ANY) {
            let mut text = lock(&[("a", "a.wasm"), ("b", "oci://h/n:t")]).text().expect("text").into_bytes();
            let at = at % text.len();
            if cut { text.truncate(at) } else { text[at] = byte }
            if let Ok(read) = LockFile::parse(&String::from_utf8_lossy(&text)) {
                // What reads is written in the one way, and reads as the same.
                let again = LockFile::parse(&read.text().expect("text")).expect("a lock");
                proptest::prop_assert_eq!(again, read);
            }
        }
    }

    #[test]
    fn what_lifeos_did_not_write_is_no_lock() {
        let good = lock(&[("a", "a.wasm")]).text().expect("text");
        let deep = format!("version = 1\nx = {}{}", "[".repeat(100_000), "]".repeat(100_000));
        let wide = format!("version = 1\n[a{}]\n", ".a".repeat(100_000));
        let rows = [
            (String::new(), "missing field `version`"),
            ("version = 2\nnew = 1".to_owned(), "it has version 2"),
            (format!("{good}colour = 1\n"), "expected"),
            (good.replace("world = \"task\"", "world = \"none\""), "unknown variant"),
            (good.replace("[plugin.a]", "[plugin.a]\ncolour = 1"), "unknown field `colour`"),
            (good.replace("sha256:", "md5:"), "expected `sha256:`"),
            (good.replace("a.wasm", "http://example.org/"), "must begin with https://"),
            (good.replace("plugin.a", "plugin.A"), "[plugin.A]: a plugin's name"),
            (good.replace("plugin.a", "plugin.\"../a\""), "a plugin's name"),
            (deep, ""),
            (wide, ""),
            (" ".repeat(10 << 20), "more than 1048576 bytes"),
        ];
        for (text, expected) in rows {
            let error = LockFile::parse(&text).expect_err("no lock").to_string();
            assert!(error.contains(expected), "{error}\n{}", &text[..text.len().min(400)]);
        }
        let two = lock(&[("a", "x.wasm"), ("b", "./x.wasm")]);
        assert!(matches!(two.text(), Err(LockFileError::TwoOfOne { .. })));
    }
}
