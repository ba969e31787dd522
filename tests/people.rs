//! Who must approve, and what of a proposal.

use crate::rig::{Ran, TestRepo, hostile};

fn proposed(table: &str) -> (TestRepo, String) {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "a\n"), ("c.md", "a\n")]);
    let options = "options = {paths = ['a.md', 'b.md', 'c.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**/*.md']\n{table}\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0).says("waits for approval");
    let run = repo.only_run();
    (repo, run)
}

#[track_caller]
fn approves(repo: &TestRepo, name: &str, arguments: &[&str]) -> Ran {
    repo.git(&["config", "user.name", name]);
    repo.git(&["config", "user.email", &format!("{name}@example.org")]);
    repo.lifeos(&[&["approve"], arguments].concat())
}

#[test]
fn two_people_are_two_people() {
    let (repo, run) = proposed("approve = {people = 2}");
    approves(&repo, "ann", &[&run]).exits(0).says("is waiting").says("it waits: for other people; 1 of 2 approved it");
    assert_eq!(repo.rev("lifeos/t"), "");
    approves(&repo, "ANN", &[&run]).exits(0).says("is waiting");
    assert_eq!(repo.git(&["rev-list", "--count", "refs/lifeos/ledger"]), "2", "she said it once");
    repo.lifeos(&["run", "t"]).exits(0).says("waits for approval");
    approves(&repo, "bob", &[&run]).exits(0).says("is landed");
    assert_ne!(repo.rev("lifeos/t"), "");
    repo.lifeos(&["log"]).says("by ann <ann@example.org>, bob <bob@example.org>");
    repo.lifeos(&["verify"]).exits(0).says("whole and true");
}

#[test]
fn one_no_is_a_no() {
    let (repo, run) = proposed("approve = {people = 2}");
    approves(&repo, "ann", &[&run]).exits(0);
    repo.lifeos(&["reject", &run, "--why", "not now"]).exits(0).says("is rejected");
    approves(&repo, "bob", &[&run]).exits(2).says("is rejected, not waiting");
    repo.lifeos(&["run", "t"]).exits(0).says("was rejected before");
    assert_eq!(repo.rev("lifeos/t"), "");
}

#[test]
fn a_landing_without_enough_people_is_told_of() {
    let (repo, run) = proposed("approve = {people = 2}");
    approves(&repo, "ann", &[&run]).exits(0);
    approves(&repo, "bob", &[&run]).exits(0);
    // Somebody drops Bob's approval and mends the names of what follows.
    let entries = repo.git(&["log", "--reverse", "--format=%H %T", "refs/lifeos/ledger"]);
    let entries: Vec<(&str, &str)> = entries.lines().filter_map(|line| line.split_once(' ')).collect();
    let record = repo.git(&["cat-file", "blob", &format!("{}:record.json", entries[3].1)]);
    let path = repo.scratch().join("record.json");
    std::fs::write(&path, record.replace(entries[2].0, entries[1].0)).expect("a file");
    let blob = repo.git(&["hash-object", "-w", &path.display().to_string()]);
    std::fs::write(repo.scratch().join("tree"), format!("100644 blob {blob}\trecord.json\n")).expect("a file");
    let input = std::fs::File::open(repo.scratch().join("tree")).expect("a file");
    let output = repo.git_command().arg("mktree").stdin(input).output().expect("git runs");
    let tree = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let forged = repo.git(&["commit-tree", "-m", "x", "-p", entries[1].0, &tree]);
    repo.git(&["update-ref", "refs/lifeos/ledger", &forged]);
    repo.lifeos(&["verify"]).exits(40).says("landed and no approval of its digest stands before");
}

#[test]
fn a_part_is_a_candidate_of_its_own() {
    let (repo, run) = proposed("");
    repo.lifeos(&["approve", &run, "--file", "d.md"]).exits(2).says("does not change d.md").says("lists the files");
    let digest = repo.lifeos(&["show", &run, "--json"]).json()["digest"].as_str().expect("a digest").to_owned();
    let wrong = digest.replace(&digest[7..9], if &digest[7..9] == "00" { "11" } else { "00" });
    repo.lifeos(&["approve", &run, "--file", "a.md", "--digest", &wrong]).exits(20);
    let ran = repo.lifeos(&["approve", &run, "--file", "a.md", "--file", "c.md", "--digest", &digest]);
    ran.exits(0).says(&format!("2 files of run {run} became run")).says("is landed");
    let texts = ["a.md", "b.md", "c.md"].map(|path| repo.show("lifeos/t", path));
    assert_eq!(texts, [b"b\n", b"a\n", b"b\n"].map(|text| text.to_vec()));
    repo.lifeos(&["status"]).exits(0).says(&run).says("waiting");
    repo.lifeos(&["verify"]).exits(0).says("whole and true");
    repo.lifeos(&["approve", &run]).exits(0).says("is landed");
    assert_eq!(repo.show("lifeos/t", "b.md"), b"b\n");
    repo.lifeos(&["verify"]).exits(0);
}

#[test]
fn a_part_is_gated_as_the_whole_is() {
    let (repo, run) = proposed("gate = [\"sh -c 'cmp a.md c.md'\"]");
    let part = |arguments: &[&str]| {
        let arguments = [&["approve", &run, "--unconfined-gate"], arguments].concat();
        repo.guarded(repo.command(&arguments))
    };
    part(&["--file", "a.md"]).exits(22).says("did not pass the gate");
    assert_eq!(repo.rev("lifeos/t"), "");
    part(&["--file", "a.md", "--file", "c.md"]).exits(0).says("is landed");
}

#[test]
fn a_part_says_what_it_repairs_and_is_gone_when_the_whole_landed() {
    let repo = TestRepo::new(&[("a.md", "# A\n\n\n\nText.\n"), ("b.md", "# B\n\n\n\nText.\n")]);
    repo.config("[task.t]\nplugin = 'doc-hygiene'\nread = ['**/*.md']\nedit = ['**/*.md']\napprove = {people = 2}\n");
    repo.lifeos(&["run", "t"]).exits(0);
    let whole = repo.only_run();
    let ran = approves(&repo, "ann", &[&whole, "--file", "a.md", "--json"]);
    let part = ran.exits(0).json()["run"].as_str().expect("an id").to_owned();
    let page = repo.lifeos(&["review", &part, "--json"]).json()["review"].clone();
    assert_eq!((page["repaired"][0]["count"].as_u64(), page["remaining"][0]["count"].as_u64()), (Some(2), Some(2)), "{page}");
    approves(&repo, "ann", &[&whole]).exits(0);
    approves(&repo, "bob", &[&whole]).exits(0).says("is landed");
    approves(&repo, "bob", &[&part]).exits(2).says(&format!("is a part of run {whole}, which landed"));
    assert_eq!(repo.show("lifeos/t", "b.md"), b"# B\n\nText.\n");
}

#[test]
fn what_is_replaced_before_anybody_took_it_over_is_told() {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n")]);
    let options = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
    repo.task(&hostile("sane-edit"), &format!("read = ['**']\nedit = ['**/*.md']\napprove = 'auto'\n{options}"));
    repo.lifeos(&["run", "t"]).exits(0);
    let first = repo.only_run();
    repo.write("b.md", "more\n");
    repo.commit("next");
    repo.lifeos(&["run", "t"]).exits(0).says(&format!("it took the place of run {first}, which nobody had taken over"));
    repo.lifeos(&["log"]).exits(0).says("superseded");
    repo.lifeos(&["rollback", &first]).exits(40).says("a newer run took its place before it was merged");
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/t"]);
    repo.lifeos(&["verify"]).exits(0);
}
