//! `lifeos plugin build`.

mod cargo;
mod script;
mod toolchain;
mod watch;

use std::path::{Path, PathBuf};

use clap::Args;
use lifeos::plugin::component::componentize;
use lifeos::plugin::manifest::{self, Manifest};
use lifeos::plugin::{COMPONENT_BYTES_MAX, Plugin};
use lifeos::run::place;
use lifeos::template::Language;
use lifeos::trial::Wanted;

use super::{CommandError, Exit, Global, Term, file, json, open, test};
use crate::cli::progress::during;
pub(super) use cargo::TARGET;

/// Builds a plugin from its sources: a component with the manifest inside.
///
/// Cargo.toml is built by cargo for wasm32-unknown-unknown, requirements.txt by
/// componentize-py, package.json by componentize-js. Of any other toolchain
/// --module takes what it made.
#[derive(Args)]
pub(crate) struct Build {
    /// The folder with lifeos-plugin.toml and the sources.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where to put the component [default: target/plugins/NAME.wasm].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A core module that was built otherwise, for example from C or Zig; no toolchain is started.
    #[arg(long, value_name = "FILE", conflicts_with = "watch")]
    module: Option<PathBuf>,
    /// Do not compile ahead for this machine.
    #[arg(long)]
    no_compile: bool,
    /// Build and try the cases again each time that a file of the folder is saved, until Ctrl-C.
    #[arg(long)]
    watch: bool,
    /// End after so many builds of --watch; for tests.
    #[arg(long, hide = true, value_name = "N", requires = "watch")]
    rounds_max: Option<u32>,
}

/// What a toolchain left.
struct Made {
    component: Vec<u8>,
    /// The folder of what is built.
    target: PathBuf,
}

pub(crate) fn build(verb: &Build, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let folder = std::path::absolute(global.path(&verb.folder)).map_err(|error| CommandError::io(&verb.folder, &error))?;
    let output = verb.output.as_ref().map(|output| global.path(output));
    if !verb.watch {
        return round(&folder, output.as_deref(), verb, global, term).map(|()| Exit::Done);
    }
    let rounds_max = verb.rounds_max.unwrap_or(u32::MAX);
    watch::watch(&folder, output.as_deref(), rounds_max, term, || round(&folder, output.as_deref(), verb, global, term))
}

/// From sources to a component that is reported: what `--watch` does again.
fn round(folder: &Path, output: Option<&Path>, verb: &Build, global: &Global, term: &Term) -> Result<(), CommandError> {
    let manifest = read_manifest(folder)?;
    let made = match &verb.module {
        Some(module) => Made { component: component(module, &manifest)?, target: folder.join("target") },
        None => make(folder, &manifest)?,
    };
    let plugin = Plugin::read(made.component)?;
    let usual = || made.target.join("plugins").join(format!("{}.wasm", manifest.name));
    let output = output.map_or_else(usual, Path::to_owned);
    write(&output, &plugin.bytes)?;
    if !verb.no_compile {
        let machine = open::machine(global, None, term)?;
        during(term, |events| machine.runtime.load(&plugin, machine.cache.as_ref(), &machine.compiler, events))?;
    }
    report(&plugin, &output, term);
    if verb.watch {
        test::attempt(folder, &plugin, &output, &Wanted::default(), None, global, term)?;
    }
    Ok(())
}

fn make(folder: &Path, manifest: &Manifest) -> Result<Made, CommandError> {
    match Language::of(folder) {
        Some(Language::Rust) => cargo::make(folder, manifest),
        Some(Language::Python) => script::python(folder, manifest),
        Some(Language::Js) => script::js(folder, manifest),
        None => {
            let error = format!("{} has neither Cargo.toml nor package.json nor requirements.txt", folder.display());
            Err(CommandError::usage(error).hint("`lifeos plugin new NAME` makes a folder that builds"))
        }
    }
}

/// A component of a core module, whoever made that.
fn component(module: &Path, manifest: &Manifest) -> Result<Vec<u8>, CommandError> {
    let bytes = file::read(module, COMPONENT_BYTES_MAX as u64).map_err(|error| CommandError::io(module, &error))?;
    let failed = |error| {
        CommandError::new(Exit::Plugin, error).hint("it has to be a core module that exports one world of lifeos:task@0.1.0")
    };
    componentize(&bytes, manifest).map_err(failed)
}

/// The manifest in a plugin's folder.
pub(super) fn read_manifest(folder: &Path) -> Result<Manifest, CommandError> {
    let path = folder.join(manifest::FILE);
    let text = file::text(&path, manifest::BYTES_MAX as u64)?.ok_or_else(|| {
        CommandError::usage(format!("{}: no such file", path.display()))
            .hint("a plugin's folder holds its sources and lifeos-plugin.toml; `lifeos plugin new NAME` makes one")
    })?;
    Manifest::parse(&text).map_err(|error| CommandError::usage(error).at(&path.display().to_string()))
}

fn write(output: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Whoever builds upon the component need not do so again for the same bytes.
    if file::read(output, bytes.len() as u64).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(|error| CommandError::io(output, &error))?;
    file::replace(output, bytes)
}

fn report(plugin: &Plugin, output: &Path, term: &Term) {
    let imports: Vec<String> = plugin.imports.iter().map(|import| import.name.clone()).collect();
    let component = output.display().to_string();
    if term.is_json() {
        let id = place::id(plugin);
        let bytes = plugin.bytes.len() as u64;
        return term.json(&json::Built { schema: "lifeos/plugin-build@1", plugin: id, component, bytes, imports });
    }
    term.data(&format!("{component}\n"));
    term.note(&format!("{}  {:.1} MB  imports: {}", plugin.digest, plugin.bytes.len() as f64 / 1e6, imports.join(" ")));
}
