//! What a component can do, held against what its author declared and what the
//! owner granted: from its bytes alone. Nothing is compiled, no guest runs, and
//! how it is shown is not decided here.

mod verdict;

use super::facts::{self, Facts, Inner, Interface, Producer};
use super::imports::{self, Import, Lends, VERSION};
use super::lent::{self, Known};
use super::manifest::{Instructed, Manifest};
use super::{Plugin, PluginError, Surface, World};
use crate::digest::Digest;
use crate::edit::Severity;
use crate::policy::{Capability, Limits, Reach, Unused};
use crate::trace::{Used, Uses};
pub use verdict::{Finding, Fix, RULES};

/// What a component can do, and whether it is within its bounds.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct Audit {
    /// Digest of the component.
    #[schemars(with = "String")]
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// Its name, as its author says.
    pub name: Option<String>,
    /// Its version, as its author says.
    pub version: Option<String>,
    /// One sentence of its author.
    pub description: Option<String>,
    /// Which world it is for, if any.
    pub world: Option<World>,
    /// The version of the contract that this lifeos speaks.
    pub contract: &'static str,
    /// What made it, as it says itself.
    pub producers: Vec<Producer>,
    /// Core modules within it.
    pub modules: u64,
    /// Components within it.
    pub components: u64,
    /// The first of them, with what they take from the component around them.
    pub inner: Vec<Inner>,
    /// Everything that it takes.
    pub imports: Vec<Imported>,
    /// The four sets side by side, one row for each capability.
    pub capabilities: Vec<Row>,
    /// Globs of documents that it wants to be handed, and of configuration files.
    pub handed: Handed,
    /// Whether it follows the instruction of a run.
    pub instruction: Instructed,
    /// Bounds that its author promises, that the owner set, and that hold.
    pub limits: Vec<LimitRow>,
    /// The task that it is held against, if one was named.
    pub task: Option<String>,
    /// Runs of this component that `used` is counted from.
    pub runs: Option<u64>,
    /// What speaks against it, and what is of no use.
    pub findings: Vec<Finding>,
    /// Whether it would load, and, for a task, run.
    pub within: bool,
}

/// An interface that a component takes.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Imported {
    /// What it takes to be lent it; none for what is refused.
    #[serde(rename = "capability")]
    pub lends: Option<Lends>,
    /// Its name and functions.
    pub interface: Interface,
    /// What it lets the component do.
    pub allows: String,
}

/// One capability in the four sets.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Row {
    /// `list`, `read`, `edit` or `history`.
    #[schemars(with = "String")]
    pub capability: Capability,
    /// Imported: functions that reach it; for a task over documents also what the
    /// host hands over and takes back.
    pub imported: Vec<String>,
    /// Declared: globs, or that there are none to it; none if it is not declared.
    pub declared: Option<Vec<String>>,
    /// Whether the plugin is of use without it.
    pub optional: bool,
    /// Granted: globs, or that there are none to it; none if it is not granted, or if
    /// no task was named.
    pub granted: Option<Vec<String>>,
    /// Used: calls in the runs that are counted.
    pub used: Option<Used>,
}

/// What a task over documents is handed.
#[derive(Debug, Clone, Default, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Handed {
    /// Globs of documents.
    pub documents: Vec<String>,
    /// Globs of configuration files.
    pub config: Vec<String>,
}

/// One bound.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LimitRow {
    /// Its key.
    pub key: &'static str,
    /// What the author promises.
    pub declared: Option<u64>,
    /// What the owner set, or the default; none if no task was named.
    pub granted: Option<u64>,
    /// What holds: the lower of the two.
    pub effective: u64,
}

/// The side of the owner: what a component is held against.
#[derive(Debug)]
pub struct Grant<'g> {
    /// The task.
    pub task: &'g str,
    /// What it grants.
    pub reach: &'g Reach,
    /// Its bounds.
    pub limits: &'g Limits,
    /// How the bytes are known.
    pub pin: Pin<'g>,
    /// What this component did in recorded runs of the task, if they were read.
    pub uses: Option<Uses>,
    /// What of the grant nothing was reached by, over the last runs.
    pub idle: Option<Unused>,
}

/// How a task knows the bytes of its component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin<'g> {
    /// They are part of the program, or nobody asks.
    NotNeeded,
    /// By this digest.
    Digest(Digest),
    /// By `lifeos.lock`.
    Locked {
        /// The plugin's name there.
        plugin: &'g str,
        /// Its bytes.
        digest: Digest,
        /// Whether they were looked at with this very grant.
        with_grant: bool,
    },
    /// Not at all.
    Missing,
}

impl Audit {
    /// Audits a component, by itself or against the grant of a task.
    ///
    /// # Errors
    /// [`PluginError`] for what is no component, or more of one than is read.
    pub fn of(bytes: &[u8], digest: Digest, grant: Option<&Grant<'_>>) -> Result<Self, PluginError> {
        let surface = Surface::read(bytes)?;
        let facts = Facts::read(bytes)?;
        let manifest = surface.manifest();
        let world = surface.world();
        let declared = manifest.as_ref().ok();
        let capabilities = rows(&facts.imports, world, declared, grant);
        let mut audit = Self {
            digest,
            bytes: bytes.len() as u64,
            name: declared.map(|manifest| manifest.name.clone()),
            version: declared.map(|manifest| manifest.version.clone()),
            description: declared.map(|manifest| crate::clean::line(&manifest.description).into_owned()),
            world,
            contract: VERSION,
            producers: facts.producers,
            modules: facts.modules,
            components: facts.components,
            inner: facts.inner,
            imports: facts.imports.into_iter().map(imported).collect(),
            capabilities,
            handed: declared.map_or_else(Handed::default, |manifest| Handed {
                documents: manifest.documents.clone(),
                config: manifest.config.clone(),
            }),
            instruction: declared.map_or_else(Instructed::default, |manifest| manifest.instruction),
            limits: limits(declared, grant),
            task: grant.map(|grant| grant.task.to_owned()),
            runs: grant.and_then(|grant| Some(grant.uses.as_ref()?.runs)),
            findings: Vec::new(),
            within: false,
        };
        audit.findings = verdict::findings(&audit, &manifest, grant);
        if let Some(reason) = facts::off(bytes) {
            verdict::add_off(&mut audit.findings, &reason);
        }
        // Whatever is said above, what the loader refuses is not within.
        if let Err(error) = Plugin::check(&surface) {
            verdict::add_refusal(&mut audit.findings, &error);
        }
        audit.within = audit.findings.iter().all(|finding| finding.level != Severity::Error);
        Ok(audit)
    }
}

fn imported(interface: Interface) -> Imported {
    let allows = lent::allows(&interface);
    Imported { lends: imports::lends(&interface.name).ok(), allows, interface }
}

/// The capabilities that an owner can grant, and the functions that reach them.
const REACHED: [(Capability, &[(&str, &str)]); 6] = [
    (Capability::List, &[("repo", "list-files"), ("repo", "stat")]),
    (Capability::Read, &[("repo", "read-file")]),
    (Capability::Edit, &[("edits", "propose")]),
    (Capability::History, &[("history", "revisions"), ("history", "texts")]),
    (Capability::Model, &[("model", "complete")]),
    (Capability::Rounds, &[("rounds", "previous")]),
];

fn rows(imports: &[Interface], world: Option<World>, manifest: Option<&Manifest>, grant: Option<&Grant<'_>>) -> Vec<Row> {
    let lent: Vec<&lent::Lent> = imports
        .iter()
        .flat_map(|import| import.functions.iter().map(|function| lent::known(&import.name, function)))
        .filter_map(|known| if let Known::Lent(lent) = known { Some(lent) } else { None })
        .collect();
    let row = |(capability, reached): (Capability, &[(&str, &str)])| {
        let reaches = |lent: &&&lent::Lent| reached.contains(&(lent.interface, lent.function));
        let functions = lent.iter().filter(reaches).map(|lent| format!("{}#{}", lent.interface, lent.function));
        let by_world = match (world, capability) {
            (Some(World::FileTask), Capability::Read) => Some("documents handed to `check`"),
            (Some(World::FileTask), Capability::Edit) => Some("answers of `check` and `conclude`"),
            _ => None,
        };
        let need = manifest.and_then(|manifest| manifest.need(capability));
        Row {
            capability,
            imported: by_world.map(str::to_owned).into_iter().chain(functions).collect(),
            optional: need.as_ref().is_some_and(|need| need.optional),
            declared: need.map(|need| need.globs),
            granted: grant.and_then(|grant| granted(grant.reach, capability)),
            used: grant.and_then(|grant| {
                let uses = grant.uses.as_ref()?;
                Some(uses.calls.get(capability.word()).copied().unwrap_or_default())
            }),
        }
    };
    REACHED.into_iter().map(row).collect()
}

fn granted(reach: &Reach, capability: Capability) -> Option<Vec<String>> {
    let patterns = || reach.globs(capability).map_or_else(Vec::new, |globs| globs.patterns().to_vec());
    reach.has(capability).then(patterns)
}

fn limits(manifest: Option<&Manifest>, grant: Option<&Grant<'_>>) -> Vec<LimitRow> {
    let declared = manifest.map(|manifest| manifest.limits).unwrap_or_default();
    let set = grant.map_or_else(Limits::default, |grant| *grant.limits);
    let (declared_rows, set_rows) = (declared.by_key(), set.by_key());
    let rows = declared_rows.into_iter().zip(set_rows).zip(set.under(&declared).by_key());
    rows.map(|(((key, declared), (_, set)), (_, effective))| LimitRow { key, declared, granted: grant.map(|_| set), effective })
        .collect()
}

/// Imports of the contract that no manifest covers, each with the key that is missing.
fn undeclared(audit: &Audit, manifest: &Manifest) -> Vec<(String, Capability)> {
    let found = audit.imports.iter().filter_map(|imported| {
        let import = Import { name: imported.interface.name.clone(), lends: imported.lends? };
        match imports::declared(&import, manifest) {
            Err(imports::ImportError::Undeclared { name, capability }) => Some((name, capability)),
            _ => None,
        }
    });
    found.collect()
}
