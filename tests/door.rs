//! What a run's door to its model lets through, as the owner of the task sees it: what
//! an answer that is dearer than it can be leads to, what is left for a round of repair,
//! and when the task's own time ends a call.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rig::http::Fault;
use crate::rig::model::{Model, Says};
use crate::rig::{TestRepo, hostile, kill};

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

/// What `obey` is told to do, each time anew: an edit that the gate of [`GATE`] is against.
fn orders(count: usize) -> Says {
    Says::text(json!({"edits": [{"path": "a.md", "find": "world", "text": format!("moon {count}")}]}).to_string())
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
    let server = Model::start(|_, count| orders(count).tokens(Some((900_000, 5))));
    let repo = asking(&server, "obey", &format!("{GATE}\nmodel = {{tokens_max = 100000000}}"));
    repo.lifeos(&["run", "t"]).exits(31);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_round_of_repair_has_the_calls_that_the_one_before_left() {
    // `obey` asks once in each round.
    for (calls, exit, requests) in [(1, 31, 1), (2, 21, 2)] {
        let server = Model::start(|_, count| orders(count));
        let repo = asking(&server, "obey", &format!("{GATE}\nmodel = {{calls_max = {calls}}}"));
        let ran = repo.lifeos(&["run", "t"]);
        assert_eq!((ran.code, server.requests().len()), (Some(exit), requests), "{ran}");
        assert!(exit != 31 || ran.says("[task.t.model] calls_max = 1").stderr.contains("asked m-1: 1 call, "), "{ran}");
    }
}

#[test]
fn a_round_of_repair_has_the_tokens_that_the_one_before_left() {
    // Who does not say what it took has taken the most, so the second round takes more than is left.
    let ends = |tokens_max: u64| {
        let server = Model::start(|_, count| orders(count).tokens(None));
        let repo = asking(&server, "obey", &format!("{GATE}\nmodel = {{tokens_max = {tokens_max}}}"));
        let ran = repo.lifeos(&["run", "t"]);
        let spent = repo.lifeos(&["budget", "--json"]).json()["windows"][0]["spent"]["tokens"].clone();
        (ran.code, server.requests().len(), ["input", "output"].map(|kind| spent[kind].as_u64().expect("tokens")).iter().sum())
    };
    let (code, requests, both): (_, _, u64) = ends(100_000);
    assert_eq!((code, requests), (Some(21), 2));
    assert_eq!(ends(both - 1).0, Some(31));
    assert_eq!((ends(both - 1).1, ends(both).1), (1, 2));
}

#[test]
fn a_second_try_that_there_is_no_money_for_says_what_was_wrong_with_the_first() {
    let server = Model::start(|_, _| Says::text("not JSON").tokens(None));
    let table = "options = {paths = ['a.md'], text = 'the moon'}\nmodel = {calls_max = 1, tokens_max = 2500}";
    let ran = asking(&server, "obey", table).lifeos(&["run", "t"]);
    ran.exits(23).says("it is not JSON that can be taken");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn what_was_proposed_before_the_task_s_time_ends_a_call_is_kept() {
    let server = Model::start(|_, before| if before == 0 { Says::text("moon") } else { Says::Fault(Fault::Hang) });
    let repo = asking(&server, "ask", &format!("{}\napprove = 'auto'\nlimits.seconds_max = 8\nmodel = {{}}", times(4)));
    let ran = repo.lifeos(&["run", "t"]);
    ran.exits(30).says("the model did not answer in time").says("waits for approval (1 file");
    assert_eq!(server.requests().len(), 2, "what cannot be answered in time is not sent");
    assert!(ran.stderr.contains("asked m-1: 2 calls, "), "{ran}");
}

#[test]
fn the_guest_learns_that_a_stop_ended_the_answer() {
    for (ending, words) in [("complete", "answer: moon\n"), ("stopped", "answer: moon (stopped)\n")] {
        let server = Model::start(move |_, _| Says::text("moon").ending(ending));
        asking(&server, "ask", &format!("{}\nmodel = {{}}", times(1))).lifeos(&["run", "t"]).exits(0).says(words);
    }
}

#[test]
fn case_140_a_run_that_is_killed_while_a_model_thinks_has_spent_what_it_reserved() {
    let server = Model::start(|_, before| if before == 0 { Says::Fault(Fault::Hang) } else { Says::text("moon") });
    let repo = asking(&server, "ask", &format!("{}\nmodel = {{}}", times(1)));
    let spent = || repo.lifeos(&["budget", "--json"]).exits(0).json()["windows"][0].clone();
    let mut running = repo.command(&["run", "t"]).spawn().expect("a run");
    let is_asking = (0..2_000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        server.requests().len() == 1
    });
    let reserved = spent()["reserved"].clone();
    kill(&running, rustix::process::Signal::KILL);
    running.wait().expect("it is gone");
    assert!(is_asking, "the server was never asked");
    assert_eq!((&reserved["attempts"], &reserved["cost"]), (&Value::from(1), &spent()["spent"]["cost"]), "{reserved}");
    // The next run writes it down, and goes its own way.
    repo.lifeos(&["run", "t"]).exits(0).says("waits for approval (1 file");
    let after = spent();
    let cost = |value: &Value| value["cost"].as_u64().expect("a cost");
    assert_eq!((cost(&after["spent"]), cost(&after["reserved"])), (cost(&reserved) + 30, 0), "{after}");
    assert_eq!(after["spent"]["attempts"], 2);
    repo.lifeos(&["verify"]).exits(0);
}
