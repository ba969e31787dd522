//! `lifeos plugin build`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use lifeos::event::{Event, Events};
use lifeos::ledger::record::PluginId;
use lifeos::plugin::Plugin;
use lifeos::plugin::component::componentize;
use lifeos::plugin::manifest::{self, Manifest};

use super::{CommandError, Exit, Global, Term, json, open};
use crate::cli::progress::Progress;

/// Builds a plugin from its Rust sources: cargo for wasm32-unknown-unknown,
/// then a component with the manifest inside.
#[derive(Args)]
pub(crate) struct Build {
    /// The folder with Cargo.toml and lifeos-plugin.toml.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// Where to put the component [default: target/plugins/NAME.wasm].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not compile ahead for this machine.
    #[arg(long)]
    no_compile: bool,
}

const TARGET: &str = "wasm32-unknown-unknown";

/// What cargo is told for every plugin: fast, and with vector instructions. A
/// package of which little runs is made small by its workspace's own profile.
const PROFILE: &[&str] = &[
    "profile.release.opt-level=3",
    "profile.release.lto=\"thin\"",
    "profile.release.codegen-units=4",
    "profile.release.panic=\"abort\"",
    "profile.release.strip=true",
    "profile.release.debug=false",
    "profile.release.overflow-checks=false",
    "target.wasm32-unknown-unknown.rustflags=[\"-C\", \"target-feature=+simd128\"]",
];

pub(crate) fn build(verb: &Build, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let folder = global.directory.join(&verb.folder);
    let manifest = read_manifest(&folder)?;
    let artifact = cargo(&folder)?;
    let module = std::fs::read(&artifact.module).map_err(|error| CommandError::io(&artifact.module, &error))?;
    let component = componentize(&module, &manifest).map_err(|error| {
        CommandError::new(Exit::Plugin, error).hint("is it a `cdylib` that exports one world of lifeos:task@0.1.0?")
    })?;
    let plugin = Plugin::read(component)?;
    let output = verb.output.clone().unwrap_or_else(|| artifact.target.join("plugins").join(format!("{}.wasm", manifest.name)));
    write(&output, &plugin.bytes)?;
    if !verb.no_compile {
        let progress = Progress::new(term);
        let reader = |event: &Event| progress.show(event, term);
        let machine = open::machine(global, None, term)?;
        machine.runtime.load(&plugin, machine.cache.as_ref(), &machine.compiler, &Events::to(&reader))?;
    }
    report(&plugin, &output, term);
    Ok(Exit::Done)
}

fn read_manifest(folder: &Path) -> Result<Manifest, CommandError> {
    let path = folder.join(manifest::FILE);
    let text = std::fs::read_to_string(&path).map_err(|source| {
        CommandError::usage(format!("{}: {source}", path.display()))
            .hint("a plugin's folder holds Cargo.toml and lifeos-plugin.toml")
    })?;
    Manifest::parse(&text).map_err(|error| CommandError::usage(error).at(&path.display().to_string()))
}

/// What cargo left.
struct Artifact {
    module: PathBuf,
    target: PathBuf,
}

fn cargo(folder: &Path) -> Result<Artifact, CommandError> {
    let mut command = Command::new("cargo");
    command.current_dir(folder).args(["build", "--release", "--lib", "--target", TARGET]);
    command.args(["--message-format", "json-render-diagnostics"]);
    for setting in PROFILE {
        command.args(["--config", setting]);
    }
    // Flags meant for this machine's programs would change the component.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS").stdin(Stdio::null()).stderr(Stdio::inherit());
    let missing = |error| CommandError::new(Exit::Io, format!("cargo: {error}")).hint("install Rust with rustup");
    let output = command.output().map_err(missing)?;
    if !output.status.success() {
        let error = CommandError::new(Exit::Plugin, format!("cargo could not build {}", folder.display()));
        return Err(error.hint(format!("if the target is missing: rustup target add {TARGET}")));
    }
    let module = last_module(&output.stdout)
        .ok_or_else(|| CommandError::usage("cargo built no `cdylib`").hint("Cargo.toml needs [lib] crate-type = [\"cdylib\"]"))?;
    // target/wasm32-unknown-unknown/release/NAME.wasm
    let target = module.ancestors().nth(3).map_or_else(|| folder.join("target"), Path::to_owned);
    Ok(Artifact { module, target })
}

/// The path of the last `.wasm` in cargo's messages: the crate asked for is
/// built after what it depends on.
fn last_module(messages: &[u8]) -> Option<PathBuf> {
    let messages = String::from_utf8_lossy(messages);
    let values = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let artifacts = values.rev().filter(|value| value["reason"] == "compiler-artifact");
    let mut files = artifacts.filter_map(|value| {
        let files = value["filenames"].as_array()?.clone();
        files.iter().filter_map(|file| file.as_str()).find(|file| file.ends_with(".wasm")).map(PathBuf::from)
    });
    files.next()
}

fn write(output: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let folder = output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let io = |error: std::io::Error| CommandError::io(output, &error);
    // Whoever builds upon the component need not do so again for the same bytes.
    if std::fs::read(output).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(io)?;
    std::io::Write::write_all(&mut file, bytes).map_err(io)?;
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(readable).map_err(io)?;
    file.persist(output).map_err(|error| CommandError::io(output, &error.error))?;
    Ok(())
}

fn report(plugin: &Plugin, output: &Path, term: &Term) {
    let imports: Vec<String> = plugin.imports.iter().map(|import| import.name.clone()).collect();
    let component = output.display().to_string();
    if term.is_json() {
        let (name, version) = (plugin.manifest.name.clone(), plugin.manifest.version.clone());
        let id = PluginId { name, version, digest: plugin.digest.to_string() };
        let bytes = plugin.bytes.len() as u64;
        return term.json(&json::Built { schema: "lifeos/plugin-build@1", plugin: id, component, bytes, imports });
    }
    term.data(&format!("{component}\n"));
    term.note(&format!("{}  {:.1} MB  imports: {}", plugin.digest, plugin.bytes.len() as f64 / 1e6, imports.join(" ")));
}
