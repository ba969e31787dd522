//! The components that tests run: built ahead from `tests/plugins`, or made
//! here from WebAssembly text.

use std::path::PathBuf;
use std::sync::LazyLock;

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

/// Compiles both hostile plugins before tests in parallel would do so.
static WARM: LazyLock<()> = LazyLock::new(|| {
    for plugin in ["hostile", "hostile-files"] {
        let danger = if plugin == "hostile" { "nothing" } else { "sane-edit" };
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        repo.task(&built(plugin), &format!("read = ['**']\nedit = ['**']\noptions.danger = '{danger}'"));
        let _any = repo.lifeos(&["check", "t"]);
    }
});

fn built(name: &str) -> PathBuf {
    let path = target().join("plugins").join(name).with_extension("wasm");
    assert!(path.exists(), "{} is missing: run `just test`", path.display());
    path
}

/// The component of `tests/plugins/hostile`.
pub(crate) fn hostile() -> PathBuf {
    LazyLock::force(&WARM);
    built("hostile")
}

/// The component of `tests/plugins/hostile-files`.
pub(crate) fn hostile_files() -> PathBuf {
    LazyLock::force(&WARM);
    built("hostile-files")
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
