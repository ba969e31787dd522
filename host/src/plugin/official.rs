//! The plugins that the binary carries inside itself, so that `plugin =
//! "doc-hygiene"` needs nothing else. `build.rs` finds and digests them.

use std::borrow::Cow;

use super::{Plugin, PluginError};
use crate::digest::Digest;
use crate::nearest::nearest;

/// An official plugin: its name, the digest of its bytes, its bytes.
struct Official {
    name: &'static str,
    digest: &'static str,
    bytes: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/official.rs"));

/// The names of the official plugins.
pub fn names() -> impl Iterator<Item = &'static str> {
    OFFICIAL.iter().map(|official| official.name)
}

/// The bytes of an official plugin, with their digest.
///
/// # Errors
/// [`PluginError::Unknown`] when there is none of that name.
pub fn bytes(name: &str) -> Result<(&'static [u8], Digest), PluginError> {
    let Some(official) = OFFICIAL.iter().find(|official| official.name == name) else {
        return Err(PluginError::Unknown { name: name.to_owned(), nearest: nearest(name, names()).map(str::to_owned) });
    };
    // The digest was taken when the binary was built: the bytes are part of it.
    Ok((official.bytes, Digest::parse(official.digest).unwrap_or_else(|| Digest::of(official.bytes))))
}

/// Reads an official plugin.
///
/// # Errors
/// As [`bytes`].
pub fn read(name: &str) -> Result<Plugin, PluginError> {
    let (bytes, digest) = bytes(name)?;
    Plugin::parse(Cow::Borrowed(bytes), digest)
}
