//! That the key to a model is left nowhere, wherever it came from: not in what is
//! printed, written, recorded or shown on a page, and in no process's arguments.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::rig::model::{Model, Says};
use crate::rig::{TestRepo, hostile};

/// The key of this test alone: others name theirs in arguments.
const KEY: &str = "canary-key-6d2be1f8-left-nowhere";

/// The key as somebody may have written it.
fn forms(key: &str) -> Vec<(&'static str, Vec<u8>)> {
    let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = key.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let base64 = |skip: usize| {
        // Without its ends, which depend on what stands beside it.
        let text = base64(&key.as_bytes()[skip..]);
        text.as_bytes()[..text.len() - 4].to_vec()
    };
    let wide: Vec<u8> = key.bytes().flat_map(|byte| [byte, 0]).collect();
    let mut forms = vec![("plain", key.as_bytes().to_vec()), ("utf-16", wide), ("percent", percent.into_bytes())];
    forms.extend([("HEX", hex.to_uppercase().into_bytes()), ("hex", hex.into_bytes())]);
    forms.extend((0..3).map(|skip| ("base64", base64(skip))));
    forms
}

fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let sign = |bits: u32| char::from(SIGNS[(bits & 63) as usize]);
    let group = |chunk: &[u8]| {
        let bits = chunk.iter().chain(&[0, 0]).take(3).fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        [bits >> 18, bits >> 12, bits >> 6, bits].map(sign)
    };
    bytes.chunks(3).flat_map(group).collect()
}

/// Every file below a folder.
fn files(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.symlink_metadata() {
            Ok(about) if about.is_dir() => files(&path, found),
            Ok(about) if about.is_file() => found.push((path.display().to_string(), std::fs::read(&path).unwrap_or_default())),
            _ => {}
        }
    }
}

/// Processes whose arguments hold the key.
fn in_arguments(found: &Mutex<BTreeSet<String>>) {
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let arguments = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        if arguments.windows(KEY.len()).any(|window| window == KEY.as_bytes()) {
            found.lock().expect("no panic").insert(String::from_utf8_lossy(&arguments).into_owned());
        }
    }
}

/// Everything that is left of a run with the key from `source`, by what it is.
fn left(repo: &TestRepo, server: &Model, source: &str) -> Vec<(String, Vec<u8>)> {
    let tape = repo.scratch().join("tape");
    let mut command = repo.command(&["run", "t", "--record", tape.to_str().expect("a path"), "--json"]);
    command.args(["--token", &format!("{}={source}", server.host())]);
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LIFEOS_LOG", "trace").env("TMPDIR", repo.scratch());
    if source.starts_with("env:") {
        command.env("MODEL_KEY", KEY);
    }
    let ran = repo.guarded(command);
    ran.exits(0);
    assert_eq!(ran.json()["tasks"][0]["record"]["model"]["redacted"]["known-key"], 3, "{ran}");
    let sent = server.requests();
    let sent: String = sent.iter().map(|request| format!("{} {:?} {}", request.path, request.headers, request.text())).collect();
    assert_eq!(sent.matches(KEY).count(), 1, "in one header of one request");
    let run = ran.json()["tasks"][0]["run"].as_str().expect("a run").to_owned();
    let mut left =
        vec![("stdout".to_owned(), ran.stdout.clone().into_bytes()), ("stderr".to_owned(), ran.stderr.clone().into_bytes())];
    let verbs: [&[&str]; 9] = [
        &["show", &run],
        &["show", &run, "--trace"],
        &["review", &run],
        &["review", &run, "--html", "-"],
        &["log"],
        &["budget", "--json"],
        &["budget", "--html", "-"],
        &["doctor"],
        &["verify"],
    ];
    for verb in verbs {
        let ran = repo.lifeos(verb);
        left.push((verb.join(" "), [ran.stdout.into_bytes(), ran.stderr.into_bytes()].concat()));
    }
    let objects = repo.git(&["cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered"]);
    for object in objects.lines() {
        let output = repo.git_command().args(["cat-file", "-p", object]).output().expect("git runs");
        left.push((format!("object {object}"), output.stdout));
    }
    [repo.path(), repo.scratch(), repo.home()].iter().for_each(|folder| files(folder, &mut left));
    left
}

#[test]
fn a_key_is_left_nowhere_plain_or_encoded() {
    for source in ["env:MODEL_KEY", "FILE", "command:cat FILE"] {
        let seen = Arc::new(Mutex::default());
        // A provider that gives the key back, in every form, and a gate that prints all it knows.
        let server = Model::start({
            let seen = Arc::clone(&seen);
            move |_, _| {
                in_arguments(&seen);
                let hex: String = KEY.bytes().map(|byte| format!("{byte:02x}")).collect();
                Says::text(format!("key {KEY}, {}, {hex}", base64(KEY.as_bytes())))
            }
        });
        let repo = TestRepo::new(&[("a.md", "hello world\n")]);
        let table = "read = ['**']\nedit = ['**']\nmodel = {}\ngate = [\"sh -c 'env; cat /proc/*/environ; true'\"]\n\
            options = {paths = ['a.md'], text = 'greet', find = 'world'}";
        repo.config(&format!("{}{}", server.table("openai", ""), repo.table("t", &hostile("ask"), table)));
        let file = repo.outside().join("key");
        std::fs::write(&file, KEY).expect("a key");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        let left = left(&repo, &server, &source.replace("FILE", &file.display().to_string()));
        assert!(left.len() > 50, "{}", left.len());
        for (form, bytes) in forms(KEY) {
            for (place, held) in &left {
                assert!(!held.windows(bytes.len()).any(|window| window == bytes), "{source}: {form} in {place}");
            }
        }
        assert_eq!(*seen.lock().expect("no panic"), BTreeSet::<String>::new(), "{source}: in arguments");
    }
}
