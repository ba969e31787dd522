//! `lifeos.lock`: what was looked at runs, and nothing else does.

use lifeos::digest::Digest;
use serde_json::Value;

use crate::rig::TestRepo;
use crate::rig::components::{MANIFEST, task_wat, wat_with};

pub(crate) const FILE: &str = "plugins/wat.wasm";

/// A plugin called `wat` of version 0.1.0 with these capabilities.
pub(crate) fn component(capabilities: &str) -> Vec<u8> {
    wat_with(&task_wat("", "", "", ""), &MANIFEST.replace("{}", capabilities))
}

/// The same, which calls what one interface offers.
pub(crate) fn calling(interface: &str, capabilities: &str) -> Vec<u8> {
    let outer = format!("(import \"lifeos:task/{interface}@0.1.0\" (instance))");
    wat_with(&task_wat(&outer, "", "", ""), &MANIFEST.replace("{}", capabilities))
}

/// A repository whose task `t` uses the plugin `wat`, which was added and committed.
fn locked(bytes: &[u8], table: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.write(FILE, bytes);
    repo.config(&format!("[task.t]\nplugin = 'wat'\n{table}\n"));
    repo.unguarded(&["plugin", "add", FILE]).exits(0).says("looked at with the grants of: t");
    repo.commit("lock");
    repo
}

/// The text of the lock in the checkout.
pub(crate) fn text(repo: &TestRepo) -> String {
    std::fs::read_to_string(repo.path().join("lifeos.lock")).expect("a lock")
}

/// The plugin `name` of `plugin list --json`.
pub(crate) fn listed(repo: &TestRepo, name: &str) -> Value {
    let list = repo.lifeos(&["plugin", "list", "--json"]);
    let plugins = list.exits(0).json()["plugins"].as_array().expect("plugins").clone();
    plugins.into_iter().find(|plugin| plugin["name"] == name).unwrap_or_else(|| panic!("no {name}\n{list}"))
}

#[test]
fn changed_bytes_under_the_same_name_and_version_do_not_run() {
    let read = r#"{"read": {"globs": ["docs/**"]}}"#;
    let (old, new) = (component(read), calling("edits", r#"{"read": {"globs": ["**"]}, "edit": {"globs": ["*.md"]}}"#));
    let repo = locked(&old, "read = ['**']");
    repo.lifeos(&["check", "t"]).exits(0);
    repo.lifeos(&["run", "t"]).exits(0);
    repo.write(FILE, &new);
    for verb in ["check", "run"] {
        let ran = repo.lifeos(&[verb, "t"]);
        ran.exits(20).says(&Digest::of(&old).to_string()).says(&Digest::of(&new).to_string());
        ran.says("import: + lifeos:task/edits@0.1.0").says("capabilities.edit: declared now: `*.md`");
        ran.says("capabilities.read: + `**`");
        ran.says("lifeos plugin add wat");
    }
    assert_eq!(listed(&repo, "wat")["is_here"], false);
    // Committed or not, named by its path or not, other bytes are another plugin.
    repo.config(&format!("[task.t]\nplugin = './{FILE}'\nread = ['**']\n"));
    repo.lifeos(&["run", "t"]).exits(20).says("is not the one that lifeos.lock has");
    repo.write(FILE, b"no component");
    repo.lifeos(&["run", "t"]).exits(20).says("what is there would not be taken");
    repo.write(FILE, &old);
    repo.lifeos(&["run", "t"]).exits(0);
}

#[test]
fn what_can_do_more_is_let_in_with_a_yes_alone() {
    let repo = locked(&component(r#"{"read": {"globs": ["docs/**"]}}"#), "read = ['**']");
    let before = text(&repo);
    let add = |more: &[&str]| repo.unguarded(&[&["plugin", "add", "wat"], more].concat());
    let rows = [
        (r#"{"read": {"globs": ["**"]}}"#, "wider     capabilities.read: + `**`"),
        (r#"{"read": {"globs": ["docs/**"]}, "history": {}}"#, "wider     capabilities.history: declared now"),
        (
            r#"{"read": {"globs": ["docs/**"]}, "list": {"globs": ["**"], "optional": true}}"#,
            "wider     capabilities.list: declared now: `**`",
        ),
    ];
    for (capabilities, difference) in rows {
        repo.write(FILE, component(capabilities));
        add(&[]).exits(20).says("would do more").says(difference).says("plugin add wat --yes");
        assert_eq!(text(&repo), before, "something was written");
    }
    repo.write(FILE, component(r#"{"read": {"globs": ["docs/**"], "optional": true}}"#));
    add(&[]).exits(0).says("narrower  capabilities.read: needed -> optional");
    assert_ne!(text(&repo), before);
    for (limits, code) in [(r#"{}, "limits": {"calls_max": 10}"#, 0), (r#"{}, "limits": {"calls_max": 20}"#, 20), ("{}", 20)] {
        repo.write(FILE, wat_with(&task_wat("", "", "", ""), &MANIFEST.replace("{}", limits)));
        add(&[]).exits(code);
    }
    add(&["--yes"]).exits(0).says("wider     limits.calls_max: 10 -> no promise");
}

#[test]
fn two_commits_are_compared_by_their_locks() {
    let repo = locked(&component(r#"{"read": {"globs": ["docs/**"]}}"#), "read = ['**']");
    repo.lifeos(&["plugin", "diff", "HEAD", "HEAD"]).exits(0).says("are the same");
    repo.lifeos(&["plugin", "diff", "HEAD~1", "HEAD"]).exits(1).says("wat  wider     plugin: + sha256:");
    repo.write(FILE, component(r#"{"read": {"globs": ["docs/a/**"]}}"#));
    repo.unguarded(&["plugin", "add", "wat"]).exits(0);
    repo.commit("narrower");
    let ran = repo.lifeos(&["plugin", "diff", "HEAD~1", "HEAD"]);
    ran.exits(0).says("wat  narrower  capabilities.read: - `docs/**`").keeps_quiet_about("wider");
    let ran = repo.lifeos(&["plugin", "diff", "HEAD", "HEAD~1", "--json"]);
    assert_eq!((ran.code, &ran.json()["wider"]), (Some(1), &serde_json::Value::Bool(true)));
    repo.lifeos(&["plugin", "diff", "HEAD", "no-such-thing"]).exits(2);
}

#[test]
fn a_grant_that_was_not_looked_at_does_not_run() {
    let repo = locked(&component("{}"), "read = ['docs/**']");
    repo.lifeos(&["run", "t"]).exits(0);
    repo.config("[task.t]\nplugin = 'wat'\nread = ['**']\n[task.u]\nplugin = 'wat'\n");
    let changed = "the grant of task t is not the one that was reviewed with plugin wat";
    repo.lifeos(&["run", "t"]).exits(20).says(changed).says("lifeos plugin add wat");
    repo.lifeos(&["run", "u"]).exits(20).says("the grant of task u was not reviewed with plugin wat");
    repo.lifeos(&["check", "t"]).exits(0);
    repo.lifeos(&["plugin", "list"]).exits(0).says("t (its grant has changed since").says("u (its grant was not looked at");
    // Limits, gates and options are no reach.
    repo.config("[task.t]\nplugin = 'wat'\nread = ['docs/**']\nlimits.calls_max = 7\n");
    repo.lifeos(&["run", "t"]).exits(0);
    repo.config("[task.t]\nplugin = 'wat'\nread = ['**']\nhistory = true\n[task.u]\nplugin = 'wat'\n");
    let before = text(&repo);
    let ran = repo.unguarded(&["plugin", "add", "wat"]);
    ran.exits(20).says("was looked at with another grant").says("task t grants read **; history").says("add wat --yes");
    assert_eq!(text(&repo), before, "something was written");
    let ran = repo.unguarded(&["plugin", "add", "wat", "--yes"]);
    ran.exits(0).says("the same bytes as before").says("grants of: t, u").says("task u grants nothing");
    repo.lifeos(&["run", "t"]).exits(20).says("lifeos.lock in the checkout differs from that of the commit");
    repo.commit("looked");
    repo.lifeos(&["run", "--all"]).exits(0);
}

#[test]
fn the_lock_of_the_commit_counts() {
    let repo = locked(&component("{}"), "");
    let evil = component(r#"{"history": {}}"#);
    repo.write(FILE, &evil);
    repo.unguarded(&["plugin", "add", "wat", "--yes"]).exits(0);
    let ran = repo.lifeos(&["run", "t"]);
    ran.exits(20).says("lifeos.lock in the checkout differs from that of the commit, which counts").says("is not the one");
    repo.write("lifeos.lock", "version = 9\n");
    repo.lifeos(&["run", "t"]).exits(20);
    repo.lifeos(&["plugin", "list"]).exits(2).says("it has version 9; this lifeos reads version 1");
}

#[test]
fn a_lock_that_does_not_tell_the_truth_is_found() {
    let repo = locked(&calling("edits", r#"{"edit": {"globs": ["**"]}}"#), "edit = ['**']");
    let good = text(&repo);
    let rows = [
        good.replace("lifeos:task/edits@0.1.0", "lifeos:task/log@0.1.0"),
        good.replace("imports = [\"lifeos:task/edits@0.1.0\"]", "imports = []"),
        good.replace("globs = [\"**\"]", "globs = [\"docs/**\"]"),
        good.replace("optional = false", "optional = true"),
        good.replace("version = \"0.1.0\"", "version = \"0.1.1\""),
        good.replace("world = \"task\"", "world = \"file-task\""),
    ];
    for lie in rows {
        assert_ne!(lie, good);
        repo.write("lifeos.lock", &lie);
        repo.commit("lie");
        for verb in ["check", "run"] {
            repo.lifeos(&[verb, "t"]).exits(20).says("lifeos.lock does not tell the truth about plugin wat");
        }
        repo.unguarded(&["plugin", "add", "wat", "--yes"]).exits(0);
        assert_eq!(text(&repo), good);
    }
}

#[test]
fn what_nobody_would_write_is_no_lock() {
    let repo = locked(&component("{}"), "");
    let good = text(&repo);
    let two = format!("{good}\n{}", &good[good.find("[plugin.wat]").expect("an entry")..].replace("[plugin.wat", "[plugin.two"));
    let rows = [
        (two, 2, "[plugin.two] and [plugin.wat] have one source"),
        (good.replace("version = 1", "version = 2"), 2, "it has version 2"),
        (good.replace("world", "colour"), 2, "unknown field `colour`"),
        (good.replace("plugin.wat", "plugin.\"..\""), 2, "a plugin's name is"),
        (format!("version = 1\nx = {}", "[".repeat(50_000)), 2, "lifeos.lock"),
        ("#".repeat(10 << 20), 40, "too large"),
        ("\0".to_owned(), 40, "not a text file"),
    ];
    for (text, code, words) in rows {
        repo.write("lifeos.lock", &text);
        repo.commit("odd");
        for arguments in [["check", "t"], ["run", "t"]] {
            repo.lifeos(&arguments).exits(code).says(words);
        }
        assert_ne!(repo.unguarded(&["plugin", "add", FILE]).code, Some(0));
        assert_eq!(std::fs::read_to_string(repo.path().join("lifeos.lock")).expect("a lock"), text, "it was overwritten");
    }
}

#[test]
fn a_digest_in_the_configuration_must_agree_with_the_lock() {
    let bytes = component("{}");
    let repo = locked(&bytes, &format!("digest = '{}'", Digest::of(&bytes)));
    repo.lifeos(&["run", "t"]).exits(0);
    repo.config(&format!("[task.t]\nplugin = 'wat'\ndigest = '{}'\n", Digest::of(b"other")));
    repo.lifeos(&["run", "t"]).exits(20).says("but the task pins");
}
