//! What authors do: a new plugin of each kind builds, does what its cases say,
//! and can call nothing but the contract. `languages` does the same for Python
//! and JavaScript, which need their installers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use lifeos::plugin::Plugin;

use crate::rig::{LIFEOS, Ran, TestRepo, expect_file, target, workspace};

/// A folder of this name below the target folder, empty. It is the same one each time, so that cargo knows it again.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = target().join("authoring").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("an old folder");
    }
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// The program in a folder, in the environment of the tests, without a network for cargo.
pub(crate) fn lifeos(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(LIFEOS);
    command.current_dir(folder).args(arguments).env("CARGO_NET_OFFLINE", "true");
    command.env("CARGO_TARGET_DIR", target().join("authoring/target"));
    command
}

pub(crate) fn ran(command: &mut Command) -> Ran {
    TestRepo::nowhere().ran(&command.output().expect("the program starts"))
}

#[track_caller]
pub(crate) fn new(folder: &Path, arguments: &[&str]) -> Ran {
    ran(lifeos(folder, &["plugin", "new"]).args(arguments))
}

#[track_caller]
pub(crate) fn builds(folder: &Path) -> PathBuf {
    let ran = ran(&mut lifeos(folder, &["plugin", "build", "--no-compile"]));
    PathBuf::from(ran.exits(0).stdout.trim_end())
}

/// Files below a folder, by path.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(inner) = folders.pop() {
        for path in std::fs::read_dir(&inner).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).expect("below").display().to_string();
                    files.insert(name, std::fs::read_to_string(&path).expect("text"));
                }
            }
        }
    }
    files
}

/// Asserts that the plugin makes `after/` of `before/`, and nothing of `after/`; gives the number of cases.
pub(crate) fn does_what_its_cases_say(folder: &Path, component: &Path) -> usize {
    let cases = std::fs::read_dir(folder.join("cases")).expect("cases").map(|entry| entry.expect("an entry").path());
    cases.filter(|case| case.is_dir()).map(|case| does_what_it_says(&case, component)).count()
}

fn does_what_it_says(case: &Path, component: &Path) {
    let before = files(&case.join("before"));
    // Without `after/` nothing may change.
    let after = if case.join("after").exists() { files(&case.join("after")) } else { before.clone() };
    let table = std::fs::read_to_string(case.join("case.toml")).expect("case.toml");
    let mut expected = std::fs::read_to_string(case.join("expected.txt")).unwrap_or_default();
    for begin in [before, after.clone()] {
        let list: Vec<(&str, &str)> = begin.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let repo = TestRepo::new(&list);
        repo.task(component, &format!("read = ['**']\nedit = ['**']\napprove = 'auto'\n{table}"));
        let found = repo.lifeos(&["check", "t"]);
        for line in std::mem::take(&mut expected).lines() {
            // What `check` has in the same words.
            found.says(line.split(['(', '|']).next().unwrap_or(line).trim_end());
        }
        repo.lifeos(&["run", "t"]).exits(0);
        let changed = !repo.rev("lifeos/t").is_empty();
        assert_eq!(changed, begin != after, "{}", case.display());
        let end = if changed { "lifeos/t" } else { "HEAD" };
        for (path, text) in &after {
            assert_eq!(String::from_utf8_lossy(&repo.show(end, path)), *text, "{} {path}", case.display());
        }
        let names = repo.git(&["ls-tree", "-r", "--name-only", end]);
        assert_eq!(names.lines().filter(|name| *name != "lifeos.toml").count(), after.len(), "{}", case.display());
    }
}

/// What the component can call, by the last part of the names.
pub(crate) fn imports(component: &Path) -> Vec<String> {
    let plugin = Plugin::read(std::fs::read(component).expect("a component")).expect("a plugin");
    let own = |name: &str| name.strip_prefix("lifeos:task/")?.strip_suffix("@0.1.0").map(str::to_owned);
    plugin.imports.iter().map(|import| own(&import.name).unwrap_or_else(|| panic!("imports {}", import.name))).collect()
}

#[test]
fn a_module_that_is_no_plugin_is_refused() {
    let repo = TestRepo::nowhere();
    repo.write("lifeos-plugin.toml", "name = \"other\"\nversion = \"0.1.0\"\ndescription = \"\"\n");
    let build = |module: &str| repo.lifeos(&["plugin", "build", "--no-compile", "--module", module]);
    let module = |text: &str| repo.write("bare.wasm", ::wat::parse_str(text).expect("a module"));
    module("(module (import \"env\" \"system\" (func)))");
    build("bare.wasm").exits(23).says("cannot make a component of the module").says("one world of lifeos:task@0.1.0");
    module("(module (func (export \"other\")))");
    build("bare.wasm").exits(2).says("exports neither `run`");
    build("gone.wasm").exits(50).says("gone.wasm");
    repo.lifeos(&["plugin", "build", "--watch", "--module", "bare.wasm"]).exits(2).says("--watch");
    assert!(!repo.path().join("target").exists());
}

#[test]
fn a_new_rust_plugin_of_each_kind_does_what_its_cases_say() {
    let folder = folder("kinds");
    for (kind, lent) in [("file-task", "types log"), ("task", "types repo edits findings log")] {
        new(&folder, &[kind, "--kind", kind]).exits(0).says("lifeos plugin build").keeps_quiet_about("warning");
        let component = builds(&folder.join(kind));
        assert_eq!(imports(&component).join(" "), lent);
        assert_eq!(does_what_its_cases_say(&folder.join(kind), &component), 2);
        let arguments = ["-C", kind, "plugin", "build", "--no-compile", "--output", "out.wasm"];
        ran(&mut lifeos(&folder, &arguments)).exits(0).says(&format!("{kind}/out.wasm\n"));
        assert!(folder.join(kind).join("out.wasm").exists(), "--output is taken from DIR");
    }
}

#[test]
fn the_same_sources_give_the_same_component_wherever_they_lie() {
    let [here, there] = ["here", "there/and/deeper"].map(folder);
    let [one, other] = [(&here, "target"), (&there, "target/other")].map(|(folder, built)| {
        new(folder, &["same"]).exits(0);
        let mut command = lifeos(&folder.join("same"), &["plugin", "build", "--no-compile"]);
        command.env("CARGO_TARGET_DIR", target().join("authoring").join(built));
        if built != "target" {
            // What somebody has set for the programs of this machine.
            command
                .env("CARGO_INCREMENTAL", "1")
                .env("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true")
                .env("RUSTFLAGS", "-Cdebuginfo=2");
        }
        std::fs::read(ran(&mut command).exits(0).stdout.trim_end()).expect("a component")
    });
    assert!(one == other, "the components differ");
    let text = String::from_utf8_lossy(&one);
    let home = std::env::var("HOME").expect("a home folder");
    for path in [target().display().to_string(), workspace().display().to_string(), home + "/"] {
        assert!(!text.contains(&path), "the component tells of {path}");
    }
}

#[test]
fn what_is_there_is_left_alone() {
    let folder = folder("refusals");
    std::fs::create_dir_all(folder.join("full/sdk")).expect("a folder");
    std::fs::write(folder.join("full/mine"), "mine").expect("a file");
    new(&folder, &["full"]).exits(2).says("is there already and was left alone").says("--in DIR");
    new(&folder.join("full"), &["--sdk-only"]).exits(2).says("is no folder of a plugin");
    std::fs::write(folder.join("full/Cargo.toml"), "").expect("a file");
    new(&folder.join("full"), &["--sdk-only"]).exits(2).says("was not made by lifeos and was left alone");
    assert_eq!(files(&folder.join("full")).len(), 2);
    for name in ["Upper", "1st", "-", "a/b", "..", "lifeos-sdk", &"a".repeat(41)] {
        new(&folder, &["--", name]).exits(2);
    }
    assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "a refusal leaves nothing");
    std::fs::create_dir(folder.join("empty")).expect("a folder");
    new(&folder, &["empty", "--lang", "js"]).exits(0).says("npm install");
    new(&folder, &["below", "--lang", "python", "--in", "x/y"]).exits(0).says("x/y/below\n").says("pip install");
}

#[test]
fn the_sdk_is_replaced_by_that_of_this_lifeos() {
    let folder = folder("sdk");
    for language in ["rust", "python", "js"] {
        new(&folder, &[language, "--lang", language]).exits(0);
        let folder = folder.join(language);
        let whole = files(&folder);
        std::fs::write(folder.join("sdk/stale"), "").expect("a file");
        std::fs::write(folder.join("sdk/README.md"), "made by `lifeos plugin new`, long ago").expect("a file");
        new(&folder, &["--sdk-only"]).exits(0);
        assert!(files(&folder) == whole, "{language}");
    }
}

#[test]
fn a_toolchain_that_is_not_there_is_named_with_its_installer() {
    let folder = folder("toolchains");
    let rows = [
        ("rust", "cargo is not there", "install Rust with rustup"),
        ("python", "componentize-py is neither in .venv", "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"),
        ("js", "node is not there", "install Node"),
    ];
    for (language, missing, install) in rows {
        new(&folder, &[language, "--lang", language]).exits(0);
        let mut command = lifeos(&folder.join(language), &["plugin", "build"]);
        ran(command.env("PATH", "/nowhere")).exits(2).says(missing).says(install);
    }
    // A node that nobody starts: its package is looked for first.
    std::fs::write(folder.join("node"), "").expect("a file");
    let mut command = lifeos(&folder.join("js"), &["plugin", "build"]);
    ran(command.env("PATH", &folder)).exits(2).says("componentize-js is not in node_modules").says("npm install");
    std::fs::remove_file(folder.join("rust/Cargo.toml")).expect("a file");
    let mut command = lifeos(&folder.join("rust"), &["plugin", "build"]);
    ran(&mut command).exits(2).says("has neither Cargo.toml nor package.json nor requirements.txt");
}

#[test]
fn watching_survives_a_mistake_and_builds_what_is_saved() {
    let folder = folder("watch");
    new(&folder, &["watch"]).exits(0);
    let source = folder.join("watch/src/lib.rs");
    let right = std::fs::read_to_string(&source).expect("the source");
    let mut command = lifeos(&folder.join("watch"), &["plugin", "build", "--no-compile", "--watch", "--rounds-max", "3"]);
    let errors = std::fs::File::create(folder.join("errors")).expect("a file");
    let child = command.stdout(std::process::Stdio::piped()).stderr(errors).spawn().expect("the program starts");
    let said = || std::fs::read_to_string(folder.join("errors")).expect("a file");
    for (round, text) in [(1, format!("{right}mistake")), (2, right.replace("names nobody", "has no name"))] {
        for _ in 0..1500 {
            std::thread::sleep(std::time::Duration::from_millis(100));
            if said().matches("watching ").count() == round {
                break;
            }
        }
        std::fs::write(&source, text).expect("the source");
    }
    let output = child.wait_with_output().expect("the program ends");
    let built = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{}", said());
    let components: Vec<&str> = built.lines().filter(|line| line.ends_with(".wasm")).collect();
    assert_eq!(components.len(), 2, "the first and the last round build\n{}", said());
    let tried: Vec<&str> = built.lines().filter(|line| line.contains(" passed, ")).collect();
    assert!(tried[0].contains(" 0 failed") && tried[1].contains(" 1 failed"), "each build is tried\n{built}");
    assert!(said().contains("error: cargo could not build"), "{}", said());
    let component = std::fs::read(components[1]).expect("a component");
    assert!(String::from_utf8_lossy(&component).contains("has no name"));
}

#[test]
fn a_new_plugin_is_locked_to_what_lifeos_is_built_with() {
    let folder = folder("lock");
    new(&folder, &["plugin-name"]).exits(0);
    let folder = folder.join("plugin-name");
    std::fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).expect("a lock file");
    let mut cargo = Command::new("cargo");
    let output =
        cargo.current_dir(&folder).args(["metadata", "--offline", "--format-version", "1"]).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let locked = std::fs::read_to_string(folder.join("Cargo.lock")).expect("a lock file");
    expect_file(&workspace().join("host/templates/plugin/language/rust/Cargo.lock"), &locked);
}

#[test]
fn the_sdk_of_a_new_plugin_depends_on_what_the_sdk_does() {
    let read = |path: &str| -> toml::Table {
        std::fs::read_to_string(workspace().join(path)).expect("a manifest").parse().expect("TOML")
    };
    let (own, template) = (read("plugins/sdk/Cargo.toml"), read("host/templates/plugin/language/rust/sdk/Cargo.toml"));
    let workspace = read("Cargo.toml");
    let shared = |table: &str, key: &str| workspace["workspace"][table][key].clone();
    let mut expected = own["dependencies"].clone();
    for (name, wanted) in expected.as_table_mut().expect("dependencies") {
        if wanted.get("workspace").is_some() {
            *wanted = shared("dependencies", name);
        }
    }
    assert_eq!(template["dependencies"], expected);
    for key in ["version", "edition", "license"] {
        assert_eq!(template["package"][key], shared("package", key), "{key}");
    }
}
