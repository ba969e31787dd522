//! `lifeos plugin test`: finds the component, has the cases tried, and tells what
//! became of them.

mod junit;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use lifeos::plugin::Plugin;
use lifeos::plugin::manifest::{self, Manifest};
use lifeos::run::place;
use lifeos::trial::case::Case;
use lifeos::trial::verdict::Verdict;
use lifeos::trial::{self, Tried, Wanted};

use super::build::read_manifest;
use super::{CommandError, Exit, Global, Term, file, open};
use crate::cli::json::tested::Tested;
use crate::cli::progress::during;

/// Tries a plugin's cases in the sandbox: what it makes of the files in
/// cases/NAME/before is held against cases/NAME/after. Standard cases ask
/// what holds for every plugin. Exits with 1 if a case fails.
#[derive(Args)]
pub(crate) struct Test {
    /// The folder with lifeos-plugin.toml and cases/.
    #[arg(default_value = ".")]
    folder: PathBuf,
    /// The component [default: target/plugins/NAME.wasm, where `plugin build` puts it].
    #[arg(long, value_name = "FILE")]
    component: Option<PathBuf>,
    /// Try one case alone: its name, or standard/NAME.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Accept what the cases come to: rewrites after/ and expected.txt.
    #[arg(long)]
    bless: bool,
    /// Write a report of the JUnit form to FILE.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Leave out the standard cases.
    #[arg(long)]
    no_standard: bool,
}

pub(crate) fn test(verb: &Test, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let folder = global.path(&verb.folder);
    let place = verb.component.as_ref().map_or_else(|| built(&folder), |file| Ok(global.path(file)))?;
    let plugin = open::component(&place)?;
    tell_of_age(verb, &folder, &place, &plugin.manifest, term);
    let wanted = Wanted { case: verb.case.clone(), no_standard: verb.no_standard, bless: verb.bless };
    let all_pass =
        attempt(&folder, &plugin, &place, &wanted, verb.junit.as_ref().map(|file| global.path(file)).as_deref(), global, term)?;
    Ok(if all_pass { Exit::Done } else { Exit::Findings })
}

/// Tries the cases of a folder with this plugin and tells of them: whether all pass.
pub(super) fn attempt(
    folder: &Path,
    plugin: &Plugin,
    place: &Path,
    wanted: &Wanted,
    junit: Option<&Path>,
    global: &Global,
    term: &Term,
) -> Result<bool, CommandError> {
    let cases = Case::read_all(folder, &plugin.manifest)?;
    let machine = open::machine(global, None, term)?;
    let tried = during(term, |events| trial::try_all(plugin, &cases, wanted, &machine, events))?;
    let id = place::id(plugin);
    if let Some(place) = junit {
        let report = junit::report(&id.name, &tried);
        file::replace(place, &report)?;
    }
    let report = Tested::new(id, place.display().to_string(), &tried);
    if term.is_json() {
        term.json(&report);
    } else {
        print(&report, &tried, !cases.is_empty(), term);
    }
    Ok(report.failed == 0)
}

/// The component file, where `plugin build` puts it.
fn built(folder: &Path) -> Result<PathBuf, CommandError> {
    let manifest = read_manifest(folder)?;
    let name = format!("plugins/{}.wasm", manifest.name);
    let places: Vec<PathBuf> = targets(folder).into_iter().map(|target| target.join(&name)).collect();
    if let Some(place) = places.iter().find(|place| place.is_file()) {
        return Ok(place.clone());
    }
    let first = places.first().map_or(name, |place| place.display().to_string());
    let error = CommandError::usage(format!("{first}: there is no component of {} there or further up", manifest.name));
    Err(error.hint(format!("build it: lifeos plugin build {}", folder.display())).hint("or name it: --component FILE"))
}

/// Where cargo may put what it builds: where its variable says, or in the folder
/// of the plugin or one above it.
fn targets(folder: &Path) -> Vec<PathBuf> {
    if let Some(target) = open::cargo_target() {
        return vec![folder.join(target)];
    }
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder.ancestors().map(|above| above.join("target")).collect()
}

/// Says when the component is not that of the sources any more.
fn tell_of_age(verb: &Test, folder: &Path, place: &Path, carried: &Manifest, term: &Term) {
    let words = |manifest: &Manifest| serde_json::to_string(manifest).unwrap_or_default();
    let hint = format!("build it again: lifeos plugin build {}", folder.display());
    let written = file::text(&folder.join(manifest::FILE), manifest::BYTES_MAX as u64)
        .ok()
        .flatten()
        .and_then(|text| Manifest::parse(&text).ok());
    if written.is_some_and(|written| words(&written) != words(carried)) {
        return term.note(&format!("the component has another manifest than {}; {hint}", manifest::FILE));
    }
    let built = [Some(place.to_owned()), module(folder, place)].into_iter().flatten().filter_map(|file| changed(&file)).max();
    let newest = newest(folder).filter(|(_, at)| built.is_some_and(|built| *at > built));
    if let Some((file, _)) = newest.filter(|_| verb.component.is_none()) {
        let file = file.display().to_string();
        term.note(&format!("the component is older than {}; {hint}", lifeos::clean::line(&file)));
    }
}

/// What cargo built last: a component that did not change is not written again.
fn module(folder: &Path, place: &Path) -> Option<PathBuf> {
    let text = file::text(&folder.join("Cargo.toml"), manifest::BYTES_MAX as u64).ok()??;
    let cargo: toml::Table = toml::from_str(&text).ok()?;
    let name = |table: &str| cargo.get(table)?.get("name")?.as_str().map(|name| name.replace('-', "_"));
    let target = place.ancestors().nth(2)?;
    Some(target.join(super::build::TARGET).join("release").join(name("lib").or_else(|| name("package"))?).with_extension("wasm"))
}

fn changed(file: &Path) -> Option<SystemTime> {
    file.metadata().and_then(|about| about.modified()).ok()
}

/// Sources that are looked at.
const SOURCES_MAX: usize = 10_000;

/// What a component is made of, whatever the language.
const SOURCES: [&str; 8] =
    [manifest::FILE, "Cargo.toml", "src", "sdk", "app.py", "requirements.txt", "plugin.js", "package.json"];

/// The source that was written last.
fn newest(folder: &Path) -> Option<(PathBuf, SystemTime)> {
    let mut left: Vec<PathBuf> = SOURCES.iter().map(|name| folder.join(name)).collect();
    let mut newest: Option<(PathBuf, SystemTime)> = None;
    for _ in 0..SOURCES_MAX {
        let Some(path) = left.pop() else { break };
        // A folder changes when something in it is made or removed; a link is not followed.
        let is_folder = path.symlink_metadata().is_ok_and(|about| about.is_dir());
        if is_folder {
            left.extend(std::fs::read_dir(&path).into_iter().flatten().flatten().map(|entry| entry.path()));
        } else if let Some(at) = changed(&path)
            && newest.as_ref().is_none_or(|(_, latest)| at > *latest)
        {
            newest = Some((path, at));
        }
    }
    newest
}

fn print(report: &Tested, tried: &[Tried], has_own: bool, term: &Term) {
    for Tried { class, name, verdict, written, .. } in tried {
        let name = format!("{}/{name}", class.word());
        match verdict {
            Verdict::Passed if written.is_empty() => term.verdict(Some(true), "ok", &name),
            Verdict::Passed => term.verdict(Some(true), "blessed", &name),
            Verdict::Skipped(why) => term.verdict(None, "skipped", &format!("{name}: {why}")),
            Verdict::Failed(_) => term.verdict(Some(false), "FAILED", &name),
        }
        written.iter().for_each(|change| term.data(&format!("         {}\n", lifeos::clean::line(change))));
        let Verdict::Failed(mismatches) = verdict else { continue };
        for mismatch in mismatches {
            term.data(&format!("         {}\n", mismatch.what));
            mismatch.diff.iter().for_each(|diff| term.diff(diff));
        }
    }
    if !has_own {
        term.note("the plugin has no case of its own: add cases/NAME/before/, then --bless");
    }
    let Tested { passed, failed, skipped, .. } = report;
    term.data(&format!("{passed} passed, {failed} failed, {skipped} skipped\n"));
}
