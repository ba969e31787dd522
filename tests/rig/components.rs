//! The components that tests run: built ahead from `tests/plugins`, or made
//! here from WebAssembly text.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};

use lifeos::plugin::manifest::Manifest;
use wasm_encoder::{ComponentSection as _, CustomSection};

use super::{TestRepo, target, workspace};

/// Compiled code, kept over runs of the tests so that it is compiled once.
pub(crate) static CACHE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    std::fs::create_dir_all(&folder).expect("the cache folder");
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).expect("its permissions");
    folder
});

/// Components that are compiled, so that tests in parallel do not do it twice.
static WARM: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A component that was built ahead, compiled when the first test asks for it.
fn built(package: &str, danger: &str) -> PathBuf {
    let path = target().join("plugins").join(package).join(danger).with_extension("wasm");
    assert!(path.exists(), "{} is missing: run `just test`", path.display());
    let mut warm = WARM.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if warm.insert(path.clone()) {
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        // Compiled, and stopped before it does anything.
        repo.task(&path, "read = ['**']\nlimits.fuel_max = 1");
        let _any = repo.lifeos(&["check", "t"]);
    }
    path
}

/// The component of this file in `tests/plugins/hostile/examples`.
pub(crate) fn hostile(danger: &str) -> PathBuf {
    built("hostile", danger)
}

/// The component of this file in `tests/plugins/hostile-files/examples`.
pub(crate) fn hostile_files(danger: &str) -> PathBuf {
    built("hostile-files", danger)
}

/// The component of `tests/plugins/std-guest`, with its manifest.
pub(crate) fn std_guest() -> Vec<u8> {
    let path = target().join("wasm32-wasip2/release/std_guest.wasm");
    let mut bytes = std::fs::read(&path).unwrap_or_else(|_| panic!("{} is missing: run `just test`", path.display()));
    let text = std::fs::read_to_string(workspace().join("tests/plugins/std-guest/lifeos-plugin.toml")).expect("a manifest");
    let manifest = Manifest::parse(&text).expect("a manifest that reads");
    add_manifest(&mut bytes, &serde_json::to_string(&manifest).expect("JSON"));
    bytes
}

/// What a manifest may declare in these tests.
pub(crate) const MANIFEST: &str = r#"{"name": "wat", "version": "0.1.0", "description": "", "capabilities": {}}"#;

/// What is made of this file in `tests/plugins/wat`, without a manifest.
pub(crate) fn bare_wat(danger: &str) -> Vec<u8> {
    let path = workspace().join("tests/plugins/wat").join(format!("{danger}.wat"));
    ::wat::parse_file(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// The component of this file in `tests/plugins/wat`, with a manifest.
pub(crate) fn hostile_wat(danger: &str) -> Vec<u8> {
    hostile_wat_with(danger, MANIFEST)
}

/// The component of this file in `tests/plugins/wat`, with this manifest.
pub(crate) fn hostile_wat_with(danger: &str, manifest: &str) -> Vec<u8> {
    let mut bytes = bare_wat(danger);
    add_manifest(&mut bytes, manifest);
    bytes
}

/// Makes a component of WebAssembly text, with a manifest.
pub(crate) fn wat(text: &str) -> Vec<u8> {
    wat_with(text, MANIFEST)
}

/// Makes a component of WebAssembly text, with this manifest.
pub(crate) fn wat_with(text: &str, manifest: &str) -> Vec<u8> {
    let mut bytes = ::wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    add_manifest(&mut bytes, manifest);
    bytes
}

/// Puts a manifest at the end of a component.
pub(crate) fn add_manifest(component: &mut Vec<u8>, manifest: &str) {
    CustomSection { name: "lifeos:manifest".into(), data: manifest.as_bytes().into() }.append_to_component(component);
}

/// A component of the world `task` whose core module holds `fields` and whose
/// `run` has the body `body`; `outer` stands before the module.
pub(crate) fn task_wat(outer: &str, fields: &str, with: &str, body: &str) -> String {
    format!(
        r#"(component
  {outer}
  (core module $m
    {fields}
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32 i32 i32 i64) (result i32)
      {body}
      (i32.const 16)))
  (core instance $i (instantiate $m {with}))
  (type $record (record (field "options" string) (field "instruction" (option string)) (field "now" s64)))
  (export $input "input" (type $record))
  (type $run (func (param "input" $input) (result (result (error string)))))
  (func $run (type $run) (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (export "run" (func $run)))"#
    )
}
