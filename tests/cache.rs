//! The folder of compiled code: never trusted further than its seals, never
//! needed for a result.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::rig::components::{task_wat, wat};
use crate::rig::{Ran, TestRepo, unprivileged};

/// A repository with a small component, and a cache folder of its own.
fn cached() -> (TestRepo, PathBuf) {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task_of(&wat(&task_wat("", "", "", "")), "");
    let cache = repo.scratch().join("cache");
    (repo, cache)
}

#[track_caller]
fn check(repo: &TestRepo, cache: &Path) -> Ran {
    repo.guarded(command(repo, cache))
}

fn command(repo: &TestRepo, cache: &Path) -> std::process::Command {
    let mut command = repo.bare_command(&["check", "t", "--cache-dir"]);
    command.arg(cache);
    command
}

/// The compiled code in a folder, and its seal.
fn code_and_seal(cache: &Path) -> (PathBuf, PathBuf) {
    let files: Vec<PathBuf> = std::fs::read_dir(cache).expect("a cache").flatten().map(|entry| entry.path()).collect();
    let seal = files.iter().find(|path| path.extension().is_some_and(|extension| extension == "seal")).expect("a seal");
    (seal.with_extension(""), seal.clone())
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("a file");
    bytes[at] ^= 1;
    std::fs::write(path, bytes).expect("a file");
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("mode");
}

#[test]
fn code_is_compiled_once_and_kept_privately() {
    let (repo, cache) = cached();
    check(&repo, &cache).exits(0).says("compiling wat");
    check(&repo, &cache).exits(0).keeps_quiet_about("compiling");
    let mode = |path: &Path| std::fs::metadata(path).expect("a file").permissions().mode() & 0o777;
    let (code, seal) = code_and_seal(&cache);
    assert_eq!([&cache, &code, &seal, &cache.join("key")].map(|path| mode(path)), [0o700, 0o600, 0o600, 0o600]);
}

#[test]
fn case_90_tampered_code_is_not_used() {
    let (repo, cache) = cached();
    let tampering: [&dyn Fn(); 6] = [
        &|| flip(&code_and_seal(&cache).0, 64),
        &|| flip(&code_and_seal(&cache).1, 0),
        &|| flip(&cache.join("key"), 31),
        &|| std::fs::write(code_and_seal(&cache).0, "").expect("a file"),
        &|| std::fs::write(code_and_seal(&cache).1, "").expect("a file"),
        &|| std::fs::remove_file(cache.join("key")).expect("the key"),
    ];
    for tamper in tampering {
        check(&repo, &cache).exits(0);
        tamper();
        check(&repo, &cache).exits(0).says("compiling wat");
        check(&repo, &cache).exits(0).keeps_quiet_about("compiling");
    }
}

#[test]
fn case_90_another_component_s_code_is_not_used() {
    let (repo, cache) = cached();
    check(&repo, &cache).exits(0);
    let first = code_and_seal(&cache);
    let moved = [&first.0, &first.1].map(|path| (repo.scratch().join(path.file_name().expect("a name")), path.clone()));
    moved.iter().for_each(|(to, from)| std::fs::rename(from, to).expect("a move"));
    repo.task_of(&wat(&task_wat("", "", "", "(unreachable)")), "");
    check(&repo, &cache).exits(23);
    let second = code_and_seal(&cache);
    std::fs::copy(&moved[0].0, &second.0).expect("a copy");
    std::fs::copy(&moved[1].0, &second.1).expect("a copy");
    check(&repo, &cache).exits(23).says("compiling wat");
}

#[test]
fn a_folder_that_came_with_the_repository_is_refused() {
    let (repo, cache) = cached();
    check(&repo, &cache).exits(0);
    let inside = repo.path().join(".lifeos-cache");
    std::fs::create_dir(&inside).expect("a folder");
    chmod(&inside, 0o700);
    for entry in std::fs::read_dir(&cache).expect("a cache").flatten() {
        std::fs::copy(entry.path(), inside.join(entry.file_name())).expect("a copy");
    }
    check(&repo, &inside).exits(0).keeps_quiet_about("compiling");
    repo.commit("with a cache");
    check(&repo, &inside).exits(20).says("is part of the repository").says("--cache-dir");
    // Whatever loads compiled code, from whichever commit the rest is taken.
    repo.git(&["rm", "--quiet", "--cached", "-r", ".lifeos-cache"]);
    repo.git(&["commit", "--quiet", "--message", "without"]);
    let tape = repo.scratch().join("t.tape").display().to_string();
    repo.lifeos(&["run", "t", "--record", &tape]).exits(0);
    repo.commit("with a cache again");
    let component = repo.scratch().join("component.wasm").display().to_string();
    let run = repo.lifeos(&["log", "--json"]).json()["runs"][0]["run"].as_str().expect("a run").to_owned();
    for verb in [
        &["run", "t", "--replay", &tape][..],
        &["plugin", "diff", "--replay", &tape, &component, &component],
        &["plugin", "test", "--component", &component],
        &["plugin", "suggest", "t"],
        &["plugin", "list"],
        &["verify", "--replay", &run],
    ] {
        let mut command = repo.bare_command(verb);
        repo.guarded({
            command.arg("--cache-dir").arg(&inside);
            command
        })
        .exits(20)
        .says("is part of the repository");
    }
}

#[test]
fn a_folder_that_others_can_write_is_refused() {
    let (repo, cache) = cached();
    check(&repo, &cache).exits(0);
    for mode in [0o720, 0o702, 0o777] {
        chmod(&cache, mode);
        check(&repo, &cache).exits(50).says("can be written by others").says("chmod go-w");
    }
}

#[test]
fn a_folder_that_cannot_be_written_costs_time_only() {
    let (repo, cache) = cached();
    let unbound = unprivileged(&command(&repo, &cache));
    std::fs::create_dir(&cache).expect("a folder");
    chmod(&cache, 0o500);
    repo.guarded(unbound).exits(50).says("$ROOT/scratch/cache").says("--cache-dir");
    chmod(&cache, 0o700);
    check(&repo, &cache).exits(0);
    let (code, _) = code_and_seal(&cache);
    std::fs::remove_file(code).expect("the code");
    chmod(&cache, 0o500);
    repo.guarded(unprivileged(&command(&repo, &cache))).exits(0).says("compiling wat");
    chmod(&cache, 0o700);
}

#[test]
fn a_cache_that_is_no_folder_is_named() {
    let (repo, cache) = cached();
    std::fs::write(&cache, "").expect("a file");
    check(&repo, &cache).exits(50).says("$ROOT/scratch/cache");
}
