//! A core module and a manifest made into a component. What the module does
//! not import is not in the component.

use wasm_encoder::{ComponentSection as _, CustomSection};
use wit_component::ComponentEncoder;

use super::manifest::{Manifest, SECTION};

/// Why a module cannot be made into a component.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a component of the module: {0}")]
pub struct ComponentizeError(String);

/// Makes a component of a module built against `lifeos:task`, with the
/// manifest as its last section.
///
/// # Errors
/// [`ComponentizeError`] when imports or exports fit no world.
pub fn componentize(module: &[u8], manifest: &Manifest) -> Result<Vec<u8>, ComponentizeError> {
    let failed = |error: &dyn std::fmt::Display| ComponentizeError(format!("{error:#}"));
    let encoder = ComponentEncoder::default().module(module).map_err(|error| failed(&error))?;
    let mut component = encoder.validate(true).encode().map_err(|error| failed(&error))?;
    let data = serde_json::to_vec(manifest).map_err(|error| failed(&error))?;
    CustomSection { name: SECTION.into(), data: data.into() }.append_to_component(&mut component);
    Ok(component)
}
