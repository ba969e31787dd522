//! The component that `lifeos plugin build` leaves: made of a core module, or
//! finished by another toolchain; with the manifest as its last section. What
//! a module does not import is not in its component.

use wasm_encoder::{ComponentSection as _, CustomSection};
use wit_component::ComponentEncoder;

use super::manifest::{Manifest, SECTION};

/// Why a module cannot be made into a component.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a component of the module: {0}")]
pub struct ComponentizeError(String);

/// Makes a component of a module built against `lifeos:task`.
///
/// # Errors
/// [`ComponentizeError`] when imports or exports fit no world.
pub fn componentize(module: &[u8], manifest: &Manifest) -> Result<Vec<u8>, ComponentizeError> {
    let failed = |error: &dyn std::fmt::Display| ComponentizeError(format!("{error:#}"));
    let encoder = ComponentEncoder::default().module(module).map_err(|error| failed(&error))?;
    let component = encoder.validate(true).encode().map_err(|error| failed(&error))?;
    with_manifest(component, manifest)
}

/// Puts the manifest behind a component that another toolchain made; the
/// bytes before it stay what they are.
///
/// # Errors
/// [`ComponentizeError`] when the manifest cannot be written.
pub fn with_manifest(mut component: Vec<u8>, manifest: &Manifest) -> Result<Vec<u8>, ComponentizeError> {
    let data = serde_json::to_vec(manifest).map_err(|error| ComponentizeError(error.to_string()))?;
    CustomSection { name: SECTION.into(), data: data.into() }.append_to_component(&mut component);
    Ok(component)
}
