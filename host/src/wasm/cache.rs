//! Compiled code on disk. Loading native code is running it, so it is taken
//! only from a sealed folder, and only as this program put it there.

use wasmtime::Engine;
use wasmtime::component::Component;

use super::LoadError;
use crate::digest::Digest;
use crate::sealed::SealedFolder;

/// Compiled code of a component, if it is there and is what we put there.
pub(super) fn find(folder: &SealedFolder, engine: &Engine, component: Digest) -> Option<Component> {
    let file = folder.find(&name(engine, component))?;
    // SAFETY: the bytes are those that `keep` sealed with a key that only this user can read,
    // in a folder that only this user can write.
    #[expect(unsafe_code, reason = "loading native code that this program made")]
    let component = unsafe { Component::deserialize_file(engine, &file) };
    // Code of another build of the engine does not load: compile again.
    component.ok()
}

/// Whether there is compiled code of a component; it is not loaded.
pub(super) fn has(folder: &SealedFolder, engine: &Engine, component: Digest) -> bool {
    folder.find(&name(engine, component)).is_some()
}

/// Keeps fresh code.
pub(super) fn keep(folder: &SealedFolder, engine: &Engine, component: Digest, code: &[u8]) {
    // A full disk costs the next run a compilation and this one nothing.
    if let Err(error) = folder.keep(&name(engine, component), code) {
        tracing::warn!(%error, "compiled code was not kept");
    }
}

/// Loads code that the compiling child has just handed over.
pub(super) fn adopt(engine: &Engine, code: &[u8]) -> Result<Component, LoadError> {
    // SAFETY: the bytes come straight from a child process that runs this same program.
    #[expect(unsafe_code, reason = "loading native code that this program made")]
    let component = unsafe { Component::deserialize(engine, code) };
    component.map_err(|error| LoadError::Code(format!("{error:#}")))
}

/// Component, engine configuration and engine version in one file name.
fn name(engine: &Engine, component: Digest) -> String {
    use std::hash::{Hash as _, Hasher as _};
    let mut hasher = std::hash::DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut hasher);
    env!("CARGO_PKG_VERSION").hash(&mut hasher);
    format!("{}-{:016x}", component.hex(), hasher.finish())
}
