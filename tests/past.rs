//! The history of paths, of those that are there and of those that are gone.

use crate::rig::{TestRepo, hostile};

#[test]
fn the_history_of_a_path_that_is_gone_ends_with_its_removal() {
    let repo = TestRepo::new(&[("gone.md", "a\n"), ("old.md", "b\n"), ("secret/gone.md", "c\n"), ("there.md", "d\n")]);
    repo.write("gone.md", "more\n");
    repo.commit("change");
    repo.git(&["rm", "--quiet", "gone.md", "secret/gone.md"]);
    repo.git(&["mv", "old.md", "new.md"]);
    repo.commit_index("remove and move");
    let paths = "options = {paths = ['gone.md', 'old.md', 'new.md', 'there.md', 'never.md', 'secret/gone.md']}";
    repo.task(&hostile("probe"), &format!("read = ['*.md']\nhistory = true\n{paths}"));
    let ran = repo.lifeos(&["check", "t", "--json"]);
    for (path, past) in [
        ("gone.md", "3 revisions"),
        ("old.md", "1 revisions"),
        ("new.md", "1 revisions"),
        ("there.md", "1 revisions"),
        ("never.md", "NotFound"),
        ("secret/gone.md", "NotGranted"),
    ] {
        let said = ran.log().lines().any(|line| line.contains(&format!("\"{path}\"")) && line.contains(&format!("past={past}")));
        assert!(said, "{path}: {past}\n{ran}");
    }
}
