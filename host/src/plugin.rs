//! What a component's bytes say: what it can call, what its author declared,
//! which world it is for. Nothing here runs a guest or compiles anything.

pub mod audit;
pub mod component;
pub mod contract;
pub mod diff;
pub mod facts;
pub mod imports;
pub mod lent;
pub mod lock;
pub mod manifest;
pub mod needs;
pub mod official;
pub mod origin;
pub mod scope;
pub mod signature;

use std::borrow::Cow;

use wasmparser::{ComponentTypeRef, Encoding, Parser, Payload, TypeBounds};

use crate::digest::Digest;
use imports::{Import, ImportError};
use manifest::{Manifest, ManifestError};

/// Bytes of one component.
pub const COMPONENT_BYTES_MAX: usize = 64 << 20;
/// Components and modules that lie within one another.
pub const NESTED_MAX: usize = 100;
/// Components and modules within one component, at any depth.
pub const PARTS_MAX: usize = 10_000;
/// Imports of one component, and exports.
pub const NAMES_MAX: usize = 10_000;

/// A component that may be loaded: every import is known and declared.
#[derive(Debug)]
pub struct Plugin {
    /// The component.
    pub bytes: Cow<'static, [u8]>,
    /// Digest of those bytes.
    pub digest: Digest,
    /// What its author declared.
    pub manifest: Manifest,
    /// What it can call.
    pub imports: Vec<Import>,
    /// What it exports.
    pub world: World,
}

/// The two worlds of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum World {
    /// Exports `run`.
    Task,
    /// Exports `configure`, `check` and `conclude`.
    FileTask,
}

impl World {
    /// Its name in the contract.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::FileTask => "file-task",
        }
    }
}

/// Why a component is not taken.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// No such official plugin.
    #[error("no plugin named `{name}` is carried by this lifeos")]
    Unknown {
        /// The name asked for.
        name: String,
        /// The nearest one there is.
        nearest: Option<String>,
    },
    /// Native code, which is never loaded.
    #[error("this is precompiled native code, which lifeos never loads; give the WebAssembly component")]
    Native,
    /// A core module.
    #[error("this is a core WebAssembly module; a plugin is a component (see `lifeos plugin build`)")]
    CoreModule,
    /// Anything else that is no component.
    #[error("this is not a WebAssembly component: {reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
    },
    /// Too many bytes.
    #[error("the component has {bytes} bytes; at most {COMPONENT_BYTES_MAX} are taken")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// More of something than any plugin has use for.
    #[error("the component has more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are taken.
        max: usize,
    },
    /// An import that cannot be lent.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The manifest is missing or wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The exports fit no world.
    #[error(
        "the component exports neither `run` (world task) nor `configure`, `check`, `conclude` (world file-task) of lifeos:task@0.1.0"
    )]
    NoWorld,
    /// The digest is not the one the owner pinned.
    #[error("the component is {found}, but the task pins {pinned}")]
    NotPinned {
        /// Digest of the bytes.
        found: Digest,
        /// Digest in the configuration.
        pinned: Digest,
    },
}

impl PluginError {
    fn malformed(reason: &str) -> Self {
        Self::Malformed { reason: crate::clean::line(reason).into_owned() }
    }
}

impl Plugin {
    /// Reads a component; the bytes digested here are the bytes compiled.
    ///
    /// # Errors
    /// [`PluginError`].
    pub fn read(bytes: Vec<u8>) -> Result<Self, PluginError> {
        let digest = Digest::of(&bytes);
        Self::parse(Cow::Owned(bytes), digest)
    }

    fn parse(bytes: Cow<'static, [u8]>, digest: Digest) -> Result<Self, PluginError> {
        let surface = Surface::read(&bytes)?;
        let (manifest, imports, world) = Self::check(&surface)?;
        Ok(Self { digest, manifest, imports, world, bytes })
    }

    /// Whether a component with this outside may be loaded.
    fn check(surface: &Surface) -> Result<(Manifest, Vec<Import>, World), PluginError> {
        let imports = imports::classify(&surface.imports)?;
        let manifest = surface.manifest()?;
        imports::within_declared(&imports, &manifest)?;
        let world = surface.world().ok_or(PluginError::NoWorld)?;
        if world == World::FileTask {
            manifest.takes_no_instruction()?;
            imports::without_proposing(&imports)?;
        }
        Ok((manifest, imports, world))
    }

    /// Refuses any component but the pinned one.
    ///
    /// # Errors
    /// [`PluginError::NotPinned`].
    pub fn pinned(self, digest: Option<Digest>) -> Result<Self, PluginError> {
        match digest {
            Some(pinned) if pinned != self.digest => Err(PluginError::NotPinned { found: self.digest, pinned }),
            _ => Ok(self),
        }
    }
}

/// The outside of a component: names only, nothing validated.
#[derive(Debug, Default)]
struct Surface {
    imports: Vec<String>,
    exports: Vec<String>,
    /// The first two manifest sections that are not inside another component.
    manifests: Vec<Vec<u8>>,
}

impl Surface {
    fn read(bytes: &[u8]) -> Result<Self, PluginError> {
        Self::check_head(bytes)?;
        let malformed = |error: wasmparser::BinaryReaderError| PluginError::malformed(error.message());
        let mut surface = Self::default();
        let (mut depth, mut parts) = (0_usize, 0_usize);
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload.map_err(malformed)?;
            match payload {
                Payload::Version { encoding: Encoding::Module, .. } if depth == 0 => return Err(PluginError::CoreModule),
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                    (depth, parts) = (depth + 1, parts + 1);
                    // Each costs its reader more, the deeper it lies.
                    Self::not_over(depth, "parts within one another", NESTED_MAX)?;
                    Self::not_over(parts, "components and modules within it", PARTS_MAX)?;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentImportSection(reader) if depth == 0 => {
                    for import in reader {
                        let import = import.map_err(malformed)?;
                        // An alias of a type brings no function with it.
                        if !matches!(import.ty, ComponentTypeRef::Type(TypeBounds::Eq(_))) {
                            surface.imports.push(import.name.name.to_owned());
                        }
                    }
                    Self::check_count("imports", &surface.imports)?;
                }
                Payload::ComponentExportSection(reader) if depth == 0 => {
                    for export in reader {
                        surface.exports.push(export.map_err(malformed)?.name.name.to_owned());
                    }
                    Self::check_count("exports", &surface.exports)?;
                }
                Payload::CustomSection(section) if depth == 0 && section.name() == manifest::SECTION => {
                    if section.data().len() > manifest::BYTES_MAX {
                        return Err(ManifestError::TooLarge { bytes: section.data().len() }.into());
                    }
                    if surface.manifests.len() < 2 {
                        surface.manifests.push(section.data().to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(surface)
    }

    fn not_over(found: usize, what: &'static str, max: usize) -> Result<(), PluginError> {
        if found > max { Err(PluginError::TooMany { what, max }) } else { Ok(()) }
    }

    fn check_count<T>(what: &'static str, found: &[T]) -> Result<(), PluginError> {
        Self::not_over(found.len(), what, NAMES_MAX)
    }

    /// The one manifest: with two of them nobody could say which one counts.
    fn manifest(&self) -> Result<Manifest, ManifestError> {
        match self.manifests.as_slice() {
            [] => Err(ManifestError::Missing),
            [section] => Manifest::read(section),
            _ => Err(ManifestError::Several),
        }
    }

    /// What the first bytes and their number tell.
    fn check_head(bytes: &[u8]) -> Result<(), PluginError> {
        if bytes.len() > COMPONENT_BYTES_MAX {
            return Err(PluginError::TooLarge { bytes: bytes.len() });
        }
        if bytes.starts_with(b"\x7fELF") {
            return Err(PluginError::Native);
        }
        if !bytes.starts_with(b"\0asm") {
            return Err(PluginError::malformed("it does not begin as WebAssembly does"));
        }
        Ok(())
    }

    fn world(&self) -> Option<World> {
        let exports = |name: &str| self.exports.iter().any(|export| export == name);
        if exports("run") {
            return Some(World::Task);
        }
        ["configure", "check", "conclude"].into_iter().all(exports).then_some(World::FileTask)
    }
}
