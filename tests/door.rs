//! What a run's door to its model lets through, as the owner of the task sees it: what
//! an answer that is dearer than it can be leads to, what is left for a round of repair,
//! and when the task's own time ends a call.

use serde_json::json;

use crate::rig::model::{Model, Says};
use crate::rig::{TestRepo, hostile};

/// A task `t` of a plugin, whose model is a server.
fn asking(server: &Model, danger: &str, table: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "hello world\n")]);
    let task = repo.table("t", &hostile(danger), &format!("read = ['**']\nedit = ['**']\n{table}"));
    repo.config(&format!("{}{task}", server.table("openai", "")));
    repo
}

/// The options of `ask`, so often; its last answer becomes an edit.
fn times(count: u64) -> String {
    format!("options = {{paths = ['a.md'], text = 'greet', find = 'world', count = {count}}}")
}

/// Answers of `obey`: an edit that the gate of [`GATE`] is against.
fn orders() -> Says {
    Says::text(json!({"edits": [{"path": "a.md", "find": "world", "text": "moon"}]}).to_string())
}

const GATE: &str = "options = {paths = ['a.md'], text = 'the moon'}\nrounds = 1\ngate = [\"grep -q 'hello world' a.md\"]";

#[test]
fn case_138_what_was_proposed_for_too_much_waits_for_a_person() {
    let server = Model::start(|_, _| Says::text("moon").tokens(Some((900_000, 5))));
    let repo = asking(&server, "ask", &format!("{}\napprove = 'auto'\nmodel = {{}}", times(1)));
    let ran = repo.lifeos(&["run", "t"]);
    ran.exits(31).says("an answer took more than its request can cost").says("waits for approval (1 file");
    assert_eq!(server.requests().len(), 1, "and it was the last call");
    assert!(!repo.git(&["branch", "--list", "lifeos/t"]).contains("lifeos/t"), "{ran}");
    assert_eq!(repo.lifeos(&["budget", "--json"]).json()["windows"][0]["spent"]["cost"], 900_010);
    repo.lifeos(&["check", "t"]).exits(31);
}

#[test]
fn case_138_no_round_of_repair_follows_an_answer_that_took_too_much() {
    let server = Model::start(|_, _| orders().tokens(Some((900_000, 5))));
    let repo = asking(&server, "obey", &format!("{GATE}\nmodel = {{tokens_max = 100000000}}"));
    repo.lifeos(&["run", "t"]).exits(31);
    assert_eq!(server.requests().len(), 1);
}
