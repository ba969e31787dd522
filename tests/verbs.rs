//! What an owner does: init, run, show, approve, reject, and what happens when
//! the ground moves in between.

use crate::rig::{Ran, TestRepo, hostile};

const EDIT: &str = "options = {paths = ['a.md'], find = 'a', text = 'b'}";

fn sane(more: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n")]);
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{more}\n{EDIT}"));
    repo
}

/// A repository with a waiting run, and its id.
fn waiting(more: &str) -> (TestRepo, String) {
    let repo = sane(more);
    repo.lifeos(&["run", "t"]).exits(0).says("waits for approval (1 file");
    let run = repo.only_run();
    (repo, run)
}

fn digest_of(ran: &Ran) -> String {
    ran.json()["runs"][0]["digest"].as_str().expect("a digest").to_owned()
}

#[test]
fn init_shows_then_writes_and_never_overwrites() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let shown = repo.lifeos(&["init"]);
    shown.exits(0).says("nothing was written");
    repo.unguarded(&["init", "--write"]).exits(0).says("wrote $REPO/lifeos.toml");
    let written = std::fs::read_to_string(repo.path().join("lifeos.toml")).expect("the file");
    assert_eq!(written, shown.stdout);
    repo.write("lifeos.toml", "mine\n");
    repo.lifeos(&["init", "--write"]).exits(2).says("is there already and was left alone");
    repo.write("lifeos.toml", &written);
    repo.commit("configure");
    repo.lifeos(&["doctor"]).exits(0).says("docs: doc-hygiene");
}

#[test]
fn what_init_leaves_in_comments_is_a_configuration_too() {
    let text = TestRepo::new(&[("a.md", "a\n")]).lifeos(&["init"]).stdout.clone();
    let is_key = |line: &&str| line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let shown = |line| str::strip_prefix(line, "# ").filter(is_key).unwrap_or(line);
    let whole: Vec<_> = text.lines().map(shown).collect();
    let config = lifeos::config::Config::parse(&whole.join("\n")).expect("a configuration");
    let task = &config.tasks["implement"];
    assert!(config.model.is_some() && config.budget.month_cost_max.is_some() && task.model.is_some() && task.rounds > 0);
}

#[test]
fn what_is_not_known_gets_the_nearest_name() {
    let repo = sane("");
    repo.lifeos(&["check", "tt"]).exits(2).says("there is no task `tt`").says("did you mean `t`?");
    repo.lifeos(&["run", "zzz"]).exits(2).says("the tasks are: t");
    repo.lifeos(&["chekc", "t"]).exits(2).says("check");
    for (line, nearest) in [("plugin = 'doc-hygeine'", "doc-hygiene"), ("plugin = 'x'\nraed = []", "read")] {
        repo.config(&format!("[task.t]\n{line}\n"));
        repo.lifeos(&["check", "t"]).exits(2).says(&format!("did you mean `{nearest}`?"));
    }
    repo.config("[task.t]\nplugin = 'doc-hygiene'\nlimits.edit_file_max = 1\n");
    repo.lifeos(&["check", "t"]).exits(2).says("did you mean `edit_files_max`?").says("lifeos.toml: line 4");
}

#[test]
fn case_87_the_configuration_is_the_base_s_or_the_operator_s() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.lifeos(&["check", "t"]).exits(2).says("there is no lifeos.toml in the base commit");
    repo.write("lifeos.toml", "version = 1\n");
    repo.lifeos(&["check", "t"]).exits(2).says("there is no lifeos.toml in the base commit");
    let own = repo.scratch().join("own.toml");
    std::fs::write(&own, format!("version = 1\n{}", repo.table("t", &hostile("nothing"), ""))).expect("a file");
    repo.lifeos(&["check", "t", "--config", own.to_str().expect("text")]).exits(0);
    repo.lifeos(&["check", "t", "--config", "/none.toml"]).exits(2).says("no such file");
}

#[test]
fn check_shows_a_diff_and_writes_nothing() {
    let repo = sane("");
    let ran = repo.lifeos(&["check", "t"]);
    assert_eq!(ran.exits(1).stdout, "--- a/a.md\n+++ b/a.md\n@@ -1 +1 @@\n-a\n+b\n");
    assert_eq!(repo.lifeos(&["check", "t", "--no-diff"]).exits(1).stdout, "");
    assert_eq!(repo.git(&["for-each-ref", "refs/lifeos"]), "");
    assert!(!repo.path().join(".git/lifeos").exists());
}

#[test]
fn an_approval_lands_the_very_tree_that_was_shown() {
    let (repo, run) = waiting("");
    let shown = repo.lifeos(&["show", &run]);
    shown.exits(0).says("-a\n+b\n").says("granted    read [**], edit [**]");
    let digest = digest_of(&repo.lifeos(&["status", "--json"]));
    repo.lifeos(&["approve", &run[..6], "--digest", &digest]).exits(0).says("is landed: branch lifeos/t");
    let commit = repo.rev("lifeos/t");
    assert_eq!(commit, repo.rev(&format!("refs/lifeos/runs/{run}")));
    assert_eq!((repo.show("lifeos/t", "a.md"), repo.rev("lifeos/t^")), (b"b\n".to_vec(), repo.rev("HEAD")));
    assert_eq!(repo.git(&["diff", "--name-only", "HEAD", "lifeos/t"]), "a.md");
    let message = repo.git(&["show", "--no-patch", "--format=%an <%ae>%n%B", "lifeos/t"]);
    assert!(message.starts_with("lifeos <lifeos@localhost>\nt: 1 file by hostile 0.1.0\n"), "{message}");
    assert!(message.contains(&format!("Lifeos-Digest: {digest}")), "{message}");
    repo.lifeos(&["log"]).exits(0).says("landed").says("by Owner <owner@example.org>");
    repo.lifeos(&["approve", &run]).exits(2).says("is landed, not waiting");
    repo.lifeos(&["reject", &run, "--why", "late"]).exits(2).says("is landed, not waiting");
    repo.lifeos(&["run", "t"]).exits(0).says("is landed");
    assert_eq!(repo.rev("lifeos/t"), commit);
}

#[test]
fn autonomy_propose_moves_nothing() {
    let (repo, run) = waiting("autonomy = 'propose'");
    repo.lifeos(&["approve", &run]).exits(0).says("nothing moved");
    assert_eq!(repo.rev("lifeos/t"), "");
    repo.lifeos(&["status"]).exits(0).says("approved");
}

#[test]
fn an_approval_names_one_candidate() {
    let (repo, run) = waiting("");
    let other = format!("sha256:{}", "0".repeat(64));
    repo.lifeos(&["approve", &run, "--digest", &other]).exits(20).says("has the digest sha256:");
    repo.lifeos(&["approve", &run, "--digest", "md5:1"]).exits(2).says("--digest takes");
    repo.lifeos(&["approve", "ffff"]).exits(2).says("there is no run `ffff`");
    repo.lifeos(&["approve", ""]).exits(2);
    repo.git(&["config", "--unset", "user.name"]);
    repo.lifeos(&["approve", &run]).exits(2).says("git does not know who you are");
    assert_eq!(repo.rev("lifeos/t"), "");
}

#[test]
fn a_rejected_candidate_is_not_proposed_again() {
    let (repo, run) = waiting("approve = 'person'");
    repo.lifeos(&["reject", &run, "--why", " "]).exits(2).says("--why takes one sentence");
    repo.lifeos(&["reject", &run, "--why", "not now\u{1b}[0m"]).exits(0).says("is rejected");
    repo.lifeos(&["run", "t"]).exits(0).says("rejected before; nothing was proposed");
    repo.lifeos(&["approve", &run]).exits(2).says("is rejected, not waiting");
    repo.lifeos(&["status"]).exits(0).says("(not now\\u{1b}[0m)").says("nothing waits");
    assert_eq!(repo.rev("lifeos/t"), "");
}

#[test]
fn an_approval_is_stale_once_the_ground_moved() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    let file = |name: &str, text: &str| {
        let path = repo.scratch().join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("text").to_owned()
    };
    let table = |more: &str| {
        format!(
            "version = 1\n{}",
            repo.table("t", &hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{more}\n{EDIT}"))
        )
    };
    let own = file("own.toml", &table(""));
    repo.lifeos(&["run", "t", "--config", &own]).exits(0);
    let run = repo.only_run();
    let wider = file("wider.toml", &table("history = true"));
    repo.lifeos(&["approve", &run, "--config", &wider]).exits(40).says("the task's configuration changed");
    let mut bytes = std::fs::read(hostile("sane-edit")).expect("a component");
    bytes.extend_from_slice(&[0, 2, 1, b'x']);
    let copy = repo.scratch().join("copy.wasm");
    std::fs::write(&copy, bytes).expect("a component");
    let other = format!("version = 1\n{}", repo.table("t", &copy, &format!("read = ['**']\nedit = ['**']\n{EDIT}")));
    repo.lifeos(&["approve", &run, "--config", &file("other.toml", &other)]).exits(40).says("the component is another one now");
    repo.commit("moves");
    repo.lifeos(&["approve", &run, "--config", &own]).exits(40).says("the base moved");
    assert_eq!(repo.rev("lifeos/t"), "");
    repo.lifeos(&["status"]).exits(0).says("waiting");
}

#[test]
fn a_replaced_candidate_is_stale() {
    let (repo, run) = waiting("");
    let evil = repo.git(&["commit-tree", "-p", "HEAD", "-m", "evil", "HEAD^{tree}"]);
    repo.git(&["update-ref", &format!("refs/lifeos/runs/{run}"), &evil]);
    repo.lifeos(&["approve", &run]).exits(40).says("its candidate was replaced");
    repo.lifeos(&["run", "t"]).exits(0).says(&format!("run {run} waits"));
    assert_ne!(repo.rev(&format!("refs/lifeos/runs/{run}")), evil, "the run did not put its candidate back");
    repo.git(&["update-ref", "-d", &format!("refs/lifeos/runs/{run}")]);
    repo.lifeos(&["approve", &run]).exits(40).says("its candidate is gone");
}

#[test]
fn auto_approval_lands_at_once_and_waits_with_refused_edits() {
    let repo = sane("approve = 'auto'");
    repo.lifeos(&["run", "t"]).exits(0).says("landed on branch lifeos/t (1 file, 0 findings)");
    repo.lifeos(&["log"]).exits(0).says("by rule: approve = \"auto\"");
    let repo = TestRepo::new(&[("a.md", "a\n"), ("Makefile", "a\n")]);
    let options = EDIT.replace("'a.md'", "'a.md', 'Makefile'");
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\napprove = 'auto'\n{options}"));
    repo.lifeos(&["run", "t"]).exits(20).says("refused: Makefile: protected").says("waits for approval");
    assert_eq!(repo.rev("lifeos/t"), "");
    repo.lifeos(&["run", "t"]).exits(20);
    assert_eq!(repo.rev("lifeos/t"), "", "a second run let it through");
}

#[test]
fn a_run_with_nothing_to_do_says_so() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task(&hostile("nothing"), "");
    repo.lifeos(&["run", "t"]).exits(0).says("t: nothing to do (0 findings, no edit)");
    repo.lifeos(&["status"]).exits(0).says("nothing waits for a verdict");
}

#[test]
fn an_edit_that_changes_nothing_is_nothing() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**']\n{}", EDIT.replace("'b'", "'a'")));
    repo.lifeos(&["run", "t", "--detailed-exitcode"]).exits(3);
}

#[test]
fn a_failed_run_is_on_record() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    repo.task(&hostile("panic"), "");
    repo.lifeos(&["run", "t"]).exits(23);
    repo.lifeos(&["log"]).exits(0).says("failed").says("stopped with a trap");
    assert_eq!(repo.git(&["for-each-ref", "refs/lifeos/runs", "refs/heads/lifeos"]), "");
}

#[test]
fn log_is_cut_where_asked() {
    let repo = sane("");
    repo.config(&["one", "two"].map(|name| repo.table(name, &hostile("nothing"), "")).concat());
    repo.lifeos(&["run", "--all"]).exits(0);
    assert_eq!(repo.lifeos(&["log", "-n", "1"]).exits(0).stdout.lines().count(), 1);
    assert_eq!(repo.lifeos(&["log"]).exits(0).stdout.lines().count(), 2);
}
