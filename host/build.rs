//! Puts into the binary what it carries: the official plugins, every component
//! that `just plugins` left in `target/plugins` (without any, the binary
//! carries none and says so), and the pages on rules of `docs/rules`.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest as _, Sha256};

const OFFICIAL: &[&str] = &["doc-hygiene", "doc-sync", "implement", "license-header"];

fn main() -> io::Result<()> {
    let host = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| host.join("../target"), |target| host.join("..").join(target));
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let mut list = String::from("const OFFICIAL: &[Official] = &[\n");
    for name in OFFICIAL {
        add(&mut list, name, &target.join("plugins").join(name).with_extension("wasm"), &out)?;
    }
    list.push_str("];\n");
    fs::write(out.join("official.rs"), list)?;
    fs::write(out.join("pages.rs"), pages(&host.join("../docs/rules"))?)?;
    fs::write(out.join("contract.rs"), texts("CONTRACT", &host.join("../wit"))?)?;
    let templates = texts("TEMPLATES", &host.join("templates/plugin"))?;
    fs::write(out.join("templates.rs"), templates + &texts("CRATE", &host.join("../plugins/sdk/src"))?)
}

/// All files below a folder, by path.
fn texts(constant: &str, folder: &Path) -> io::Result<String> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut list = format!("const {constant}: &[(&str, &str)] = &[\n");
    for path in files {
        let name = path.strip_prefix(folder).map_err(io::Error::other)?;
        writeln!(list, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    list.push_str("];\n");
    Ok(list)
}

/// The pages by name, without the index.
fn pages(folder: &Path) -> io::Result<String> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<io::Result<_>>()?;
    let mut pages: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("README.md"));
    pages.sort();
    let mut list = String::from("const PAGES: &[(&str, &str)] = &[\n");
    for path in pages {
        let name = path.file_stem().unwrap_or_default();
        writeln!(list, "    ({name:?}, include_str!({path:?})),").map_err(io::Error::other)?;
    }
    list.push_str("];\n");
    Ok(list)
}

/// The bytes that are digested are the bytes that are included: a copy that nobody replaces in between.
fn add(list: &mut String, name: &str, component: &Path, out: &Path) -> io::Result<()> {
    let watched = if component.exists() { component } else { component.parent().unwrap_or(component) };
    println!("cargo:rerun-if-changed={}", watched.display());
    if !component.exists() {
        return Ok(());
    }
    let bytes = fs::read(component)?;
    let copy = out.join(name).with_extension("wasm");
    fs::write(&copy, &bytes)?;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let line = format!("    Official {{ name: {name:?}, digest: \"sha256:{digest}\", bytes: include_bytes!({copy:?}) }},");
    writeln!(list, "{line}").map_err(io::Error::other)
}
