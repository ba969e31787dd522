//! A Python or JavaScript plugin: a tool of its own ecosystem makes the
//! component. These tools import the whole world they are given, used or not,
//! so the one they get is narrowed to the manifest.

use std::path::{Path, PathBuf};

use lifeos::plugin::component::with_manifest;
use lifeos::plugin::manifest::Manifest;
use lifeos::plugin::{COMPONENT_BYTES_MAX, World, contract};

use super::toolchain::Tool;
use super::{CommandError, Exit, Made, file, open};

/// What node runs.
const COMPONENTIZE_JS: &str = include_str!("../../../../templates/componentize.mjs");
/// The package that it imports.
const JS_PACKAGE: &str = "node_modules/@bytecodealliance/componentize-js/package.json";

pub(super) fn python(folder: &Path, manifest: &Manifest) -> Result<Made, CommandError> {
    let venv = std::path::absolute(folder.join(".venv")).map_err(|error| CommandError::io(folder, &error))?;
    let own = venv.join("bin/componentize-py");
    let tool = if own.is_file() { Some(own) } else { open::program("componentize-py") };
    let tool = tool.ok_or_else(|| {
        let error = CommandError::usage("componentize-py is neither in .venv of the plugin's folder nor on PATH");
        error.hint("in the plugin's folder: python3 -m venv .venv && .venv/bin/pip install -r requirements.txt")
    })?;
    let work = Work::prepare(folder, manifest)?;
    let mut tool = Tool::new(tool, folder).arguments(["--quiet", "--wit-path", WIT, "--world", work.world]);
    if venv.is_dir() {
        // What requirements.txt has besides is found there.
        tool = tool.set("VIRTUAL_ENV", venv);
    }
    let tool = tool.arguments(["componentize", "--stub-wasi", "--python-path", ".", "--python-path", "sdk"]);
    work.finish(tool.arguments(["--output", COMPONENT, &work.entry]), "componentize-py", manifest)
}

pub(super) fn js(folder: &Path, manifest: &Manifest) -> Result<Made, CommandError> {
    let node = open::program("node").ok_or_else(|| {
        CommandError::usage("node is not there, and a JavaScript plugin needs it").hint("install Node 20 or newer")
    })?;
    if !folder.join(JS_PACKAGE).is_file() {
        let error = CommandError::usage("componentize-js is not in node_modules of the plugin's folder");
        return Err(error.hint("in the plugin's folder: npm install"));
    }
    let work = Work::prepare(folder, manifest)?;
    let entry = format!("sdk/{}.js", work.entry);
    let tool = Tool::new(node, folder).arguments(["--input-type=module", "--eval", COMPONENTIZE_JS, "--"]);
    work.finish(tool.arguments([entry.as_str(), WIT, work.world, COMPONENT]), "componentize-js", manifest)
}

/// The contract that the tool reads, below the plugin's folder.
const WIT: &str = "target/lifeos/wit";
/// What the tool writes.
const COMPONENT: &str = "target/lifeos/component.wasm";

/// A folder in which a tool works.
struct Work {
    folder: PathBuf,
    world: &'static str,
    /// The file of `sdk/` that makes the world of the author's functions.
    entry: String,
}

impl Work {
    fn prepare(folder: &Path, manifest: &Manifest) -> Result<Self, CommandError> {
        let world = World::of(manifest).word();
        let entry = format!("lifeos_{}", world.replace('-', "_"));
        if !folder.join("sdk").is_dir() {
            let error = CommandError::usage(format!("{} has no sdk/, which makes a component of it", folder.display()));
            return Err(error.hint("in the plugin's folder: lifeos plugin new --sdk-only"));
        }
        let wit = folder.join(WIT);
        std::fs::create_dir_all(&wit).map_err(|error| CommandError::io(&wit, &error))?;
        for (name, text) in contract::narrowed(manifest) {
            file::replace(&wit.join(name), text.as_bytes())?;
        }
        Ok(Self { folder: folder.to_owned(), world, entry })
    }

    fn finish(&self, tool: Tool, name: &str, manifest: &Manifest) -> Result<Made, CommandError> {
        let path = self.folder.join(COMPONENT);
        tool.run(|| CommandError::new(Exit::Plugin, format!("{name} could not build {}", self.folder.display())))?;
        let bytes = file::read(&path, COMPONENT_BYTES_MAX as u64).map_err(|error| CommandError::io(&path, &error))?;
        let component = with_manifest(bytes, manifest).map_err(|error| CommandError::new(Exit::Plugin, error))?;
        Ok(Made { component, target: self.folder.join("target") })
    }
}
