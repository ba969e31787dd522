//! Pull requests and merges: over a bare repository as remote, and a forge that
//! takes nothing that the real one would not.

use crate::rig::Away;
use crate::rig::http::Fault;

const GATE: &str = "gate = ['sh -c true']";

#[test]
fn one_run_one_approval_one_pull_request() {
    let away = Away::new("pull-request", "", "labels = ['lifeos', 'docs']\ndraft = true");
    away.lifeos(&["run", "t"]).exits(0).says("waits for approval");
    assert!(away.forge.requests().is_empty() && away.rev("refs/heads/lifeos/t").is_empty(), "nothing leaves before approval");
    let run = away.repo.only_run();
    away.lifeos(&["approve", &run]).exits(0).says("is open").says("branch origin/lifeos/t").says("/pull/1");
    assert_eq!(away.rev("refs/heads/lifeos/t"), away.candidate(&run));
    let pulls = away.forge.pulls();
    assert_eq!(pulls.len(), 1);
    let pull = &pulls[0];
    assert_eq!((pull.head.clone(), pull.draft), (away.candidate(&run), true));
    assert_eq!(pull.labels.iter().map(String::as_str).collect::<Vec<_>>(), ["docs", "lifeos"]);
    assert_eq!(pull.title, "t: 1 file by hostile");
    for words in ["`a.md` changed", "has no gate", &format!("lifeos review {run}"), "no model was called", "sha256:"] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert_eq!(away.repo.rev("lifeos/t"), "", "no branch here");
    away.lifeos(&["status"]).exits(0).says("open").says("#1");
    away.lifeos(&["verify"]).exits(0).says("whole and true");
    // Nothing is done twice.
    let requests = away.forge.requests().len();
    away.lifeos(&["run", "t"]).exits(0).says("is open at");
    away.lifeos(&["land", &run]).exits(0).says("is open");
    let asked: Vec<String> = away.forge.requests()[requests..].iter().map(|asked| asked.method.clone()).collect();
    assert!(asked.iter().all(|method| method == "GET"), "{asked:?}");
    assert_eq!(away.forge.pulls().len(), 1);
}

#[test]
fn a_newer_candidate_takes_the_place_of_the_one_that_is_open() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.lifeos(&["run", "t"]).exits(0).says("is open at");
    let first = away.repo.only_run();
    away.repo.write("b.md", "more\n");
    away.repo.commit("next");
    away.push();
    away.lifeos(&["run", "t"]).exits(0).says("is open at");
    let pulls = away.forge.pulls();
    assert_eq!((pulls.len(), pulls[0].is_open), (1, true), "one rolling pull request");
    assert_ne!(pulls[0].head, away.candidate(&first));
    away.lifeos(&["log"]).exits(0).says("superseded").says("open");
    away.lifeos(&["verify"]).exits(0);
}

#[test]
fn case_103_a_human_s_commit_on_the_branch_there_stays() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.lifeos(&["run", "t"]).exits(0);
    let theirs = away.there(&["commit-tree", "-p", "lifeos/t", "-m", "mine", "lifeos/t^{tree}"]);
    away.there(&["update-ref", "refs/heads/lifeos/t", &theirs]);
    away.repo.write("b.md", "more\n");
    away.repo.commit("next");
    away.push();
    away.lifeos(&["run", "t"]).exits(40).says("a commit that lifeos did not make").says("lifeos land");
    assert_eq!(away.rev("refs/heads/lifeos/t"), theirs);
}

#[test]
fn case_104_what_is_not_taken_is_kept_here_and_not_forced() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.hook("pre-receive", "printf 'no such thing\\n\\033[31mask Ann\\n' >&2; exit 1");
    let ran = away.lifeos(&["run", "t"]);
    ran.exits(30).says("did not take refs/heads/lifeos/t").says("pre-receive hook declined").says("land");
    ran.says("it said: no such thing").says("ask Ann").keeps_quiet_about("\u{1b}");
    assert_eq!(away.rev("refs/heads/lifeos/t"), "");
    assert!(away.forge.pulls().is_empty());
    let run = away.repo.only_run();
    away.lifeos(&["show", &run]).exits(0).says("approved");
    away.hook("pre-receive", "exit 0");
    away.lifeos(&["land", &run]).exits(0).says("is open");
    assert_eq!(away.forge.pulls().len(), 1);
}

#[test]
fn commits_that_nobody_pushed_are_not_published_along() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.repo.write("private.md", "not yet\n");
    away.repo.commit("private");
    away.lifeos(&["run", "t"]).exits(40).says("is not part of branch main of remote `origin`").says("push your commits first");
    assert_eq!(away.rev("refs/heads/lifeos/t"), "");
    assert!(away.forge.pulls().is_empty());
}

#[test]
fn people_merge_and_close_and_the_record_knows() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.lifeos(&["run", "t"]).exits(0);
    let run = away.repo.only_run();
    away.there(&["update-ref", "refs/heads/main", &away.candidate(&run)]);
    away.lifeos(&["land", &run]).exits(0).says("is landed: branch origin/main");
    away.lifeos(&["verify"]).exits(0);
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.lifeos(&["run", "t"]).exits(0);
    let run = away.repo.only_run();
    away.forge.close(1);
    away.lifeos(&["run", "t"]).exits(0).says("was rejected before");
    away.lifeos(&["log"]).exits(0).says("rejected").says("pull request #1 was closed");
    away.lifeos(&["land", &run]).exits(2).says("is rejected, not approved");
    assert_eq!(away.forge.pulls().len(), 1);
}

#[test]
fn the_owner_s_bounds_on_pull_requests_hold() {
    let away = Away::new("pull-request", "approve = 'auto'", "open_max = 1");
    let other = away.there(&["commit-tree", "-p", "main", "-m", "other", "main^{tree}"]);
    away.there(&["update-ref", "refs/heads/lifeos/other", &other]);
    away.forge.open_from(&away.forge.repository(), "lifeos/other");
    away.lifeos(&["run", "t"]).exits(21).says("remote.forge.open_max allows 1 of lifeos at one time");
    assert_eq!(away.rev("refs/heads/lifeos/t"), "", "nothing was pushed either");
    let away = Away::new("pull-request", "approve = 'auto'", "per_day_max = 1");
    away.lifeos(&["run", "t"]).exits(0);
    away.forge.close(1);
    away.lifeos(&["run", "t"]).exits(0);
    away.repo.write("b.md", "more\n");
    away.repo.commit("next");
    away.push();
    away.lifeos(&["run", "t"]).exits(21).says("remote.forge.per_day_max allows 1 of lifeos a day");
    let away = Away::new("pull-request", "approve = 'auto'", "per_day_max = 0");
    away.lifeos(&["run", "t"]).exits(21);
}

#[test]
fn it_is_merged_once_the_checks_of_that_very_commit_are_green() {
    let away = Away::new("merge", &format!("approve = 'auto'\n{GATE}"), "");
    let run = |arguments: &[&str]| away.lifeos(&[arguments, &["--unconfined-gate"]].concat());
    let base = away.rev("refs/heads/main");
    run(&["run", "t"]).exits(0).says("is open at").says("no check has run on it yet");
    let id = away.repo.only_run();
    let commit = away.candidate(&id);
    away.forge.set_checks(&base, &[("build", "completed", "success")]);
    away.lifeos(&["land", &id]).exits(0).says("no check has run on it yet");
    away.forge.set_checks(&commit, &[("build", "in_progress", ""), ("lint", "completed", "success")]);
    away.lifeos(&["land", &id]).exits(0).says("still running: build");
    away.forge.set_checks(&commit, &[("build", "completed", "failure")]);
    away.lifeos(&["land", &id]).exits(22).says("not green: build");
    assert_eq!(away.rev("refs/heads/main"), base);
    away.forge.set_checks(&commit, &[("build", "completed", "success")]);
    away.lifeos(&["land", &id]).exits(0).says("is landed: branch origin/main");
    assert_eq!(away.rev("refs/heads/main"), commit, "the very commit that was tested");
    assert!(away.forge.pulls()[0].is_merged);
    away.lifeos(&["verify"]).exits(0).says("whole and true");
    away.lifeos(&["land", &id]).exits(2).says("is landed, not approved");
}

#[test]
fn a_stale_base_and_a_moved_head_are_not_merged() {
    let away = Away::new("merge", "approve = 'auto'", "");
    away.lifeos(&["run", "t"]).exits(0);
    let run = away.repo.only_run();
    let (commit, base) = (away.candidate(&run), away.rev("refs/heads/main"));
    away.forge.set_checks(&commit, &[("build", "completed", "success")]);
    let theirs = away.there(&["commit-tree", "-p", &base, "-m", "mine", "main^{tree}"]);
    away.there(&["update-ref", "refs/heads/main", &theirs]);
    away.lifeos(&["land", &run]).exits(40).says("stale base").says("git pull");
    assert_eq!(away.rev("refs/heads/main"), theirs);
    away.there(&["update-ref", "refs/heads/main", &base]);
    let pushed = away.there(&["commit-tree", "-p", &commit, "-m", "mine", &format!("{commit}^{{tree}}")]);
    away.there(&["update-ref", "refs/heads/lifeos/t", &pushed]);
    away.forge.set_checks(&pushed, &[("build", "completed", "success")]);
    away.lifeos(&["land", &run]).exits(40).says("a commit that lifeos did not make");
    assert_eq!(away.rev("refs/heads/main"), base);
}

#[test]
fn plain_git_is_enough() {
    let away = Away::new("pull-request", "approve = 'auto'", "no forge");
    away.lifeos(&["run", "t"]).exits(0).says("is open at branch origin/lifeos/t");
    let run = away.repo.only_run();
    assert_eq!(away.rev("refs/heads/lifeos/t"), away.candidate(&run));
    away.configure("merge", "approve = 'auto'", "no forge");
    away.lifeos(&["run", "t"]).exits(2).says("without a forge, whose checks could be asked for, needs a gate");
    away.configure("merge", &format!("approve = 'auto'\n{GATE}"), "no forge");
    away.lifeos(&["run", "t", "--unconfined-gate"]).exits(0).says("landed on branch origin/main");
    assert_eq!(away.rev("refs/heads/main"), away.rev("refs/heads/lifeos/t"));
    assert!(away.forge.requests().is_empty());
    away.lifeos(&["verify"]).exits(0);
}

#[test]
fn what_the_forge_refuses_loses_nothing() {
    for (method, path, status) in [
        ("GET", "/repos", 401),
        ("GET", "/repos", 403),
        ("GET", "/repos", 404),
        ("POST", "/repos", 409),
        ("POST", "/repos", 422),
        ("POST", "/repos", 500),
    ] {
        let away = Away::new("pull-request", "approve = 'auto'", "");
        away.forge.fail_next(method, path, Fault::Status(status, "{\"message\": \"no\"}".to_owned(), Vec::new()));
        let ran = away.lifeos(&["run", "t"]);
        let words = ran.exits(30).stderr.clone();
        assert!(words.contains("lifeos land"), "{status}: {words}");
        let run = away.repo.only_run();
        away.lifeos(&["land", &run]).exits(0).says("is open");
        assert_eq!(away.forge.pulls().len(), 1, "{method} {status}");
        away.lifeos(&["verify"]).exits(0);
    }
}

#[test]
fn an_answer_that_is_cut_off_opens_no_second_one() {
    let away = Away::new("pull-request", "approve = 'auto'", "labels = ['x']");
    away.forge.fail_next("POST", "/repos/octo-org/sample.repo_1/issues", Fault::Cut);
    away.lifeos(&["run", "t"]).exits(30);
    let run = away.repo.only_run();
    away.lifeos(&["land", &run]).exits(0).says("is open");
    let pulls = away.forge.pulls();
    assert_eq!(pulls.len(), 1);
    assert!(pulls[0].labels.contains("x"), "the labels are made up for");
}

#[test]
fn a_rollback_is_a_pull_request_where_the_run_was_one() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    away.lifeos(&["run", "t"]).exits(0);
    let run = away.repo.only_run();
    away.there(&["update-ref", "refs/heads/main", &away.candidate(&run)]);
    away.lifeos(&["land", &run]).exits(0).says("is landed: branch origin/main");
    away.repo.git(&["pull", "--quiet", "origin", "main"]);
    away.hook("pre-receive", "exit 1");
    away.lifeos(&["rollback", &run]).exits(30).says("lifeos land");
    away.hook("pre-receive", "exit 0");
    let back = away.lifeos(&["status", "--json"]).json()["runs"][0]["run"].as_str().expect("an id").to_owned();
    away.lifeos(&["land", &back]).exits(0).says("is open").says("/pull/2");
    away.lifeos(&["land", &back]).exits(0).says("is open");
    assert_eq!(away.repo.rev("lifeos/t"), "", "it lands where the run did, and nowhere else");
    away.lifeos(&["log"]).keeps_quiet_about("rolled-back");
    assert_eq!(away.forge.pulls()[1].title, format!("t: roll back run {run} (1 file)"));
    away.there(&["update-ref", "refs/heads/main", &away.candidate(&back)]);
    away.lifeos(&["land", &back]).exits(0).says("is landed");
    away.lifeos(&["log"]).says("rolled-back");
    away.lifeos(&["verify"]).exits(0);
}

#[test]
fn skipped_checks_and_missing_ones_are_not_green() {
    let away = Away::new("merge", "approve = 'auto'", "checks = ['build']");
    away.lifeos(&["run", "t"]).exits(0);
    let run = away.repo.only_run();
    let commit = away.candidate(&run);
    for runs in [[("build", "completed", "skipped")], [("other", "completed", "success")]] {
        away.forge.set_checks(&commit, &runs);
        away.lifeos(&["land", &run]).exits(0).says("is open");
    }
    away.forge.set_checks(&commit, &[("build", "completed", "success")]);
    away.lifeos(&["land", &run]).exits(0).says("is landed");
}

#[test]
fn tokens_are_bound_to_hosts_and_to_their_owner() {
    let away = Away::new("pull-request", "approve = 'auto'", "");
    let token = away.repo.scratch().join("token");
    let lifeos = |token: &str| {
        let mut command = away.repo.command(&["run", "t", "--token", token]);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        away.repo.guarded(command)
    };
    lifeos(&format!("example.org={}", token.display())).exits(2).says("there is no token for 127.0.0.1");
    lifeos("nothing").exits(2).says("--token takes HOST=SOURCE");
    let mode = |mode| std::fs::set_permissions(&token, std::os::unix::fs::PermissionsExt::from_mode(mode)).expect("a mode");
    mode(0o644);
    lifeos(&format!("{}={}", away.forge.host(), token.display())).exits(20).says("can be read by others").says("chmod 600");
    assert!(away.forge.requests().is_empty(), "nothing was asked");
    mode(0o600);
    // Where a user keeps them.
    let folder = away.repo.home().join(".config/lifeos/tokens");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::copy(&token, folder.join(away.forge.host())).expect("a copy");
    let mut command = away.repo.command(&["run", "t"]);
    command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
    away.repo.guarded(command).exits(0).says("is open at");
    let answer = |question: &str| away.repo.lifeos(&["__askpass", &token.display().to_string(), question]);
    assert_eq!(answer("Username for 'https://x': ").exits(0).stdout, "x-access-token\n");
    assert_eq!(answer("Password for 'https://x': ").exits(0).stdout, format!("{}\n", away.forge.token()));
}
