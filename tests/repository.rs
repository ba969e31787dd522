//! Cases 64 and 93 to 110: the repository in every state, and what else works
//! on it meanwhile.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::rig::guard::assert_sound;
use crate::rig::{TestRepo, hostile};

const SANE: &str = "read = ['**']\nedit = ['**']\noptions = {paths = ['a.md'], find = 'a', text = 'b'}";

/// A repository whose task `t` changes `a.md`.
fn sane(more: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n")]);
    repo.task(&hostile("sane-edit"), &format!("{more}\n{SANE}"));
    repo
}

/// A repository whose task `t` takes about a second before it changes `a.md`.
fn slow(more: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n")]);
    let options = "options = {paths = ['a.md'], count = 100000000}";
    repo.task(&hostile("slow"), &format!("read = ['**']\nedit = ['**']\nlimits.fuel_max = 9000000000000\n{more}\n{options}"));
    repo
}

#[test]
fn case_64_105_changes_during_the_run_do_not_matter() {
    let repo = slow("approve = 'auto'");
    let base = repo.rev("HEAD");
    let mut run = repo.command(&["run", "t"]).spawn().expect("the program starts");
    std::thread::sleep(Duration::from_millis(200));
    repo.write("a.md", "user\n");
    std::fs::rename(repo.path().join("b.md"), repo.path().join("c.md")).expect("a rename");
    repo.git(&["add", "--all"]);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert!(run.wait().expect("an end").success());
    assert_eq!(repo.show("lifeos/t", "a.md"), b"slow\na\n");
    assert_eq!(repo.rev("lifeos/t^"), base);
    repo.git(&["gc", "--quiet", "--prune=now"]);
    assert_sound(&repo.path());
}

#[test]
fn case_93_a_dirty_worktree_stays_dirty() {
    let repo = sane("approve = 'auto'");
    repo.write("a.md", "staged\n");
    repo.git(&["add", "a.md"]);
    repo.write("a.md", "not staged\n");
    repo.write("new.md", "untracked\n");
    std::fs::remove_file(repo.path().join("b.md")).expect("a file");
    repo.lifeos(&["run", "t"]).exits(0);
    assert_eq!(repo.show("lifeos/t", "a.md"), b"b\n");
}

#[test]
fn case_94_a_detached_head_is_a_base() {
    let repo = sane("");
    repo.git(&["checkout", "--quiet", "--detach"]);
    repo.lifeos(&["run", "t"]).exits(0).says("waits for approval");
    repo.lifeos(&["approve", &repo.only_run()]).exits(0);
    assert_eq!(repo.rev("lifeos/t^"), repo.rev("HEAD"));
}

#[test]
fn case_95_no_repository_bare_and_unborn_are_told_apart() {
    let nowhere = TestRepo::nowhere();
    nowhere.lifeos(&["run", "t"]).exits(40).says("no git repository at").says("-C DIR");
    let unborn = TestRepo::unborn();
    unborn.lifeos(&["run", "t"]).exits(40).says("no commit yet");
    let bare = TestRepo::nowhere();
    bare.git(&["init", "--quiet", "--bare", "."]);
    bare.lifeos(&["run", "t"]).exits(40).says("bare");
}

#[test]
fn case_95_a_shallow_clone_says_that_history_is_missing() {
    let repo = sane("");
    repo.task(&hostile("probe"), "read = ['**']\nhistory = true\noptions = {paths = ['a.md']}");
    let clone = repo.scratch().join("clone");
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth=1", &url, clone.to_str().expect("text")]);
    let directory = clone.to_str().expect("text").to_owned();
    let ran = repo.lifeos(&["-C", &directory, "check", "t", "--json"]);
    assert!(ran.log().contains("past=HistoryMissing"), "{ran}");
    repo.lifeos(&["-C", &directory, "doctor"]).exits(2).says("git fetch --unshallow");
}

#[test]
fn case_95_a_missing_object_is_named() {
    let mut repo = sane("");
    repo.sound = false;
    let blob = repo.rev("HEAD:a.md");
    std::fs::remove_file(repo.path().join(format!(".git/objects/{}/{}", &blob[..2], &blob[2..]))).expect("a loose object");
    repo.lifeos(&["run", "t"]).exits(40).says(&blob).says("git fsck");
    let tree = repo.rev("HEAD^{tree}");
    std::fs::remove_file(repo.path().join(format!(".git/objects/{}/{}", &tree[..2], &tree[2..]))).expect("a loose object");
    repo.lifeos(&["run", "t"]).exits(40);
}

#[test]
fn case_96_an_operation_in_progress_is_left_alone() {
    let repo = sane("approve = 'auto'");
    let head = repo.rev("HEAD");
    for name in ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG"] {
        repo.write(&format!(".git/{name}"), format!("{head}\n"));
    }
    repo.write(".git/rebase-merge/head-name", "refs/heads/main\n");
    repo.lifeos(&["run", "t"]).exits(0);
    assert_eq!(repo.rev("lifeos/t^"), head);
}

#[test]
fn case_97_a_second_run_is_told_at_once() {
    let repo = sane("");
    repo.lifeos(&["run", "t"]).exits(0);
    let run = repo.only_run();
    let lock = std::fs::OpenOptions::new().write(true).open(repo.path().join(".git/lifeos/run.lock")).expect("the lock");
    lock.lock().expect("held");
    for arguments in [vec!["run", "t"], vec!["approve", &run], vec!["reject", &run, "--why", "no"]] {
        let started = Instant::now();
        repo.lifeos(&arguments).exits(41).says("another lifeos run").says("wait for it to end");
        assert!(started.elapsed() < Duration::from_secs(20));
    }
    for arguments in [vec!["check", "t"], vec!["status"], vec!["show", &run], vec!["log"]] {
        assert!(matches!(repo.lifeos(&arguments).code, Some(0 | 1)), "{arguments:?}");
    }
    // Closing it would not do while another test's child, about to start its program, holds it too.
    lock.unlock().expect("unlocked");
    repo.lifeos(&["approve", &run]).exits(0);
}

#[test]
fn case_97_of_two_runs_at_once_one_runs() {
    let repo = slow("");
    let start = || repo.command(&["run", "t"]).spawn().expect("the program starts");
    let mut both = [start(), start()];
    let mut codes = both.each_mut().map(|run| run.wait().expect("an end").code());
    codes.sort_unstable();
    assert_eq!(codes, [Some(0), Some(41)]);
}

#[test]
fn case_100_the_user_s_own_lock_stays() {
    let repo = sane("approve = 'auto'");
    repo.write(".git/index.lock", "");
    repo.write(".git/refs/heads/main.lock", "");
    repo.lifeos(&["run", "t"]).exits(0);
}

#[test]
fn case_101_a_lock_that_is_not_ours_is_named() {
    let repo = sane("approve = 'auto'");
    repo.write(".git/refs/heads/lifeos/t.lock", "");
    repo.unguarded(&["run", "t"]).exits(40).says("refs/heads/lifeos/t is locked").says(".lock file");
    assert!(repo.path().join(".git/refs/heads/lifeos/t.lock").exists());
    std::fs::remove_file(repo.path().join(".git/refs/heads/lifeos/t.lock")).expect("the lock");
    // The approval by the rule stands in the record; the landing is made up for.
    repo.lifeos(&["run", "t"]).exits(0);
    assert_eq!(repo.rev("lifeos/t^"), repo.rev("HEAD"), "the next run did not land");
}

#[test]
fn case_101_a_lock_that_the_journal_proves_ours_goes() {
    for name in ["refs/heads/lifeos/t", "refs/lifeos/ledger"] {
        let repo = sane("approve = 'auto'");
        repo.write(".git/lifeos/intent", name);
        repo.write(&format!(".git/{name}.lock"), "");
        repo.lifeos(&["run", "t"]).exits(0).says("landed");
    }
}

#[test]
fn case_101_a_forged_journal_removes_nothing_else() {
    let repo = sane("");
    repo.write(".git/lifeos/intent", "refs/../../outside/canary\nrefs/heads/../../config\n/etc/x\nconfig\nrefs/heads/main");
    repo.write(".git/config.lock", "");
    std::fs::write(repo.outside().join("canary.lock"), "").expect("a file");
    repo.lifeos(&["run", "t"]).exits(0);
}

#[test]
fn case_102_a_base_that_moved_makes_the_candidate_stale() {
    let repo = sane("");
    repo.lifeos(&["run", "t"]).exits(0);
    let run = repo.only_run();
    repo.write("b.md", "another commit\n");
    let other = repo.commit("theirs");
    repo.lifeos(&["approve", &run]).exits(40).says("stale: the base moved").says("run the task again");
    assert_eq!((repo.rev("HEAD"), repo.rev("lifeos/t")), (other, String::new()));
}

#[test]
fn case_103_a_human_s_commit_on_the_branch_stays() {
    let repo = sane("approve = 'auto'");
    repo.lifeos(&["run", "t"]).exits(0).says("landed on branch lifeos/t");
    let theirs = repo.git(&["commit-tree", "-p", "lifeos/t", "-m", "mine", "lifeos/t^{tree}"]);
    repo.git(&["update-ref", "refs/heads/lifeos/t", &theirs]);
    repo.write("b.md", "more\n");
    repo.commit("next");
    repo.lifeos(&["run", "t"]).exits(40).says("branch lifeos/t holds a commit that lifeos did not make");
    assert_eq!(repo.rev("lifeos/t"), theirs);
}

#[test]
fn a_branch_of_ours_moves_on_and_one_that_is_checked_out_does_not() {
    let repo = sane("approve = 'auto'");
    repo.lifeos(&["run", "t"]).exits(0);
    repo.write("b.md", "more\n");
    repo.commit("next");
    repo.lifeos(&["run", "t"]).exits(0).says("landed");
    assert_eq!(repo.rev("lifeos/t^"), repo.rev("HEAD"));
    let landed = repo.rev("lifeos/t");
    repo.git(&["worktree", "add", "--quiet", repo.scratch().join("tree").to_str().expect("text"), "lifeos/t"]);
    repo.write("b.md", "even more\n");
    repo.commit("and next");
    repo.lifeos(&["run", "t"]).exits(40).says("branch lifeos/t is checked out");
    assert_eq!(repo.rev("lifeos/t"), landed);
}

#[test]
fn case_106_no_hook_runs() {
    let repo = sane("approve = 'auto'");
    let canary = repo.outside().join("hook");
    for hook in
        ["pre-commit", "post-commit", "commit-msg", "post-checkout", "post-rewrite", "reference-transaction", "pre-auto-gc"]
    {
        let path = format!(".git/hooks/{hook}");
        repo.write(&path, format!("#!/bin/sh\ntouch {}\n", canary.display()));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(repo.path().join(path), mode).expect("mode");
    }
    repo.lifeos(&["run", "t"]).exits(0);
    assert!(!canary.exists());
}

#[test]
fn case_107_no_command_of_the_configuration_runs() {
    let repo = sane("approve = 'auto'");
    repo.write("b.md", "changed\n");
    repo.commit("one");
    let touch = format!("touch {}/ran", repo.outside().display());
    let keys = ["core.fsmonitor", "core.sshCommand", "core.pager", "core.editor", "filter.x.clean", "filter.x.smudge"];
    let more = ["diff.x.textconv", "diff.external", "merge.x.driver", "alias.run", "gpg.program", "credential.helper"];
    for key in keys.iter().chain(&more) {
        repo.git(&["config", key, &touch]);
    }
    repo.write(".git/info/attributes", "*.md filter=x diff=x merge=x\n");
    repo.write(".git/extra", format!("[core]\n\tfsmonitor = {touch}\n[commit]\n\tgpgSign = true\n"));
    repo.git(&["config", "include.path", "extra"]);
    repo.lifeos(&["run", "t"]).exits(20).says("a git filter stands between blob and content");
    repo.write(".git/info/attributes", "*.md diff=x merge=x\n");
    repo.lifeos(&["run", "t"]).exits(0).says("landed");
    assert!(!repo.outside().join("ran").exists());
}

#[test]
fn case_109_somebody_else_s_repository_is_refused() {
    if !rustix::process::geteuid().is_root() {
        // Only root can give a folder away.
        return;
    }
    let mut repo = sane("");
    repo.sound = false;
    give_away(&repo.path());
    repo.lifeos(&["run", "t"]).exits(40).says("belongs to another user").says("safe.directory");
}

fn give_away(folder: &Path) {
    let status = std::process::Command::new("chown").args(["-R", "65534:65534"]).arg(folder).status().expect("chown");
    assert!(status.success());
}

#[test]
fn case_110_a_commit_is_never_older_than_its_parent() {
    let repo = sane("approve = 'auto'");
    repo.write("b.md", "from the future\n");
    repo.git(&["add", "--all"]);
    let mut git = repo.git_command();
    git.env("GIT_COMMITTER_DATE", "2099-01-01T00:00:00+00:00").args(["commit", "--quiet", "-m", "future"]);
    assert!(git.status().expect("git").success());
    repo.lifeos(&["run", "t"]).exits(0);
    let time = |rev: &str| repo.git(&["show", "--no-patch", "--format=%ct", rev]).parse::<i64>().expect("a time");
    assert!(time("lifeos/t") >= time("HEAD"));
}

#[test]
fn a_run_works_in_a_linked_worktree() {
    let repo = sane("approve = 'auto'");
    let tree = repo.scratch().join("tree");
    repo.git(&["worktree", "add", "--quiet", "-b", "side", tree.to_str().expect("text")]);
    let directory = tree.to_str().expect("text").to_owned();
    repo.lifeos(&["-C", &directory, "run", "t"]).exits(0).says("landed");
    assert_eq!(repo.rev("lifeos/t^"), repo.rev("side"));
}
