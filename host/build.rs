//! Puts the official plugins into the binary: every component that
//! `just plugins` left in `target/plugins`. Without any, the binary carries
//! none and says so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

const OFFICIAL: &[&str] = &["doc-hygiene"];

fn main() -> io::Result<()> {
    let host = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| host.join("../target"), PathBuf::from);
    let mut list = String::from("const OFFICIAL: &[Official] = &[\n");
    for name in OFFICIAL {
        add(&mut list, name, &target.join("plugins").join(name).with_extension("wasm"))?;
    }
    list.push_str("];\n");
    fs::write(PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("official.rs"), list)
}

fn add(list: &mut String, name: &str, component: &Path) -> io::Result<()> {
    let watched = if component.exists() { component } else { component.parent().unwrap_or(component) };
    println!("cargo:rerun-if-changed={}", watched.display());
    let Ok(component) = component.canonicalize() else { return Ok(()) };
    let digest: String = Sha256::digest(fs::read(&component)?).iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("    Official {{ name: {name:?}, digest: \"sha256:{digest}\", bytes: include_bytes!({component:?}) }},");
    writeln!(list, "{line}").map_err(io::Error::other)
}
