//! What was spent and what is left: a month on record, a journal that a run left,
//! the one word at half of the bound, and two clones that meet.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use lifeos::budget::day::Day;
use lifeos::budget::purse::Journal as _;
use lifeos::budget::{Sum, Tokens, journal};
use lifeos::lock::Lock;
use serde_json::{Value, json};

use crate::json::fits;
use crate::rig::{Ran, TestRepo, hostile, spend};

const DAY: i64 = 86_400;
/// 2026-01-01T00:00Z.
const JANUARY: i64 = 1_767_225_600;

/// A January in which `docs` spends something on each day and `deps` on each seventh.
fn january() -> TestRepo {
    let repo = TestRepo::spending();
    for day in 0..31 {
        let micros = 50_000 + 10_000 * u64::try_from(day % 5).expect("a number");
        repo.spend("docs", JANUARY + day * DAY + 3_600, micros);
        if day % 7 == 4 {
            repo.spend("deps", JANUARY + day * DAY + 7_200, 300_000);
        }
    }
    repo
}

fn cost(value: &Value, place: usize) -> (u64, Option<u64>) {
    let window = &value["windows"][place];
    (window["spent"]["cost"].as_u64().expect("a cost"), window["cost_left"].as_u64())
}

#[test]
fn a_month_is_told_in_text_in_json_and_on_a_page() {
    let repo = january();
    let told = fits(repo.lifeos(&["budget", "--month", "2026-01", "--json"]).exits(0), "budget");
    // Six times 350000 of five days and one day more; four times 300000.
    let (docs, deps) = (6 * 350_000 + 50_000, 4 * 300_000);
    assert_eq!(cost(&told, 0), (docs + deps, Some(20_000_000 - docs - deps)));
    assert_eq!(cost(&told, 1), (deps, None));
    assert_eq!(cost(&told, 2), (docs, Some(15_000_000 - docs)));
    assert_eq!((told["today"].clone(), told["forecast"].clone()), (Value::Null, Value::Null), "it is over");
    assert_eq!(told["days"].as_array().map(Vec::len), Some(35));
    assert_eq!(
        told["days"][0],
        json!({"day": "2026-01-01", "task": "docs", "spent":
        {"attempts": 1, "tokens": {"input": 50_000, "output": 0}, "cost": 50_000}})
    );
    assert_eq!(told["alert"], json!({"percent": 50, "spent_percent": 16, "said": false}));
    assert_eq!(told["proposals"][1], json!({"task": "docs", "cost": docs, "accepted": 0, "cost_each": null}));
    let text = repo.lifeos(&["budget", "--month", "2026-01"]);
    text.exits(0).says("spending of 2026-01 in EUR, by days of UTC\n").says("\nall tasks\n");
    text.says("  month  3.35 of 20.00          [###...................]  16 %  16.65 left\n");
    text.says("  2026-01-05  ###################### ").says("  0.39  deps 0.30, docs 0.09\n");
    text.says("16 % of the month's bound is spent; lifeos says so once at 50 %.");
    assert!(text.stdout.lines().all(|line| line.chars().count() <= 80) && !text.stdout.contains('\u{1b}'), "{text}");
    let page = repo.lifeos(&["budget", "--month", "2026-01", "--html", "-"]).exits(0).stdout.clone();
    assert!(page.starts_with("<!doctype html><!-- lifeos budget page -->\n<html lang=\"en\">"), "{page}");
    for forbidden in ["<script", "<link", "<img", "<iframe", " src=", "url(", "@import", "href=\"http", " onclick="] {
        assert!(!page.contains(forbidden), "the page holds {forbidden}");
    }
    assert_eq!(page.matches("<rect").count(), 58 + 35, "parts of bars, as they grow and for each day");
    assert!(page.contains("<title>2026-01-05, deps: 0.30</title>") && page.contains("<dd>3.35 of 20.00</dd>"), "{page}");
    repo.lifeos(&["verify"]).exits(0).says("35 records").says("whole and true");
    repo.lifeos(&["log"]).exits(0).says("no task has run yet");
}

#[test]
fn a_page_takes_the_place_of_no_other_file() {
    let repo = TestRepo::spending();
    let file = repo.scratch().join("page.html").display().to_string();
    repo.lifeos(&["budget", "--html", &file]).exits(0).says("wrote ");
    repo.lifeos(&["budget", "--html", &file]).exits(0);
    std::fs::write(&file, "<!doctype html><!-- lifeos review page -->").expect("a file");
    repo.lifeos(&["budget", "--html", &file]).exits(2).says("is no page of lifeos budget and was left alone");
    repo.lifeos(&["budget", "--html", "-", "--json"]).exits(2).says("both want standard output");
    for month in ["2026", "2026-13", "now", ""] {
        repo.lifeos(&["budget", "--month", month]).exits(2).says("a month is written 2026-11");
    }
}

#[test]
fn nothing_spent_and_nothing_configured_is_told_too() {
    let repo = TestRepo::spending();
    let told = fits(repo.lifeos(&["budget", "--json"]).exits(0), "budget");
    assert_eq!((cost(&told, 0).0, told["forecast"]["days"].clone()), (0, json!(0)));
    repo.lifeos(&["budget"]).exits(0).says("No forecast: 0 whole days are on record, and it takes 7.");
    let bare = TestRepo::new(&[("a.md", "a\n")]);
    let told = fits(bare.lifeos(&["budget", "--json"]).exits(0).says("bounds are not known"), "budget");
    assert_eq!((told["configured"].clone(), told["alert"].clone()), (json!(false), Value::Null));
    bare.lifeos(&["budget", "--config", "none.toml"]).exits(2);
}

#[test]
fn the_past_tells_what_the_month_may_come_to() {
    let repo = TestRepo::spending();
    let now = Day::of(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("now").as_secs().cast_signed());
    for day in (1..=30).rev() {
        repo.spend("docs", now.plus(-day).since(Day::of(0)) * DAY + 60, 1_000);
    }
    let told = fits(repo.lifeos(&["budget", "--json"]).exits(0), "budget");
    // Every day came to the same: those before today, and today with what is left.
    let days = now.since(now.first_of_month()) + now.left_of_month() + 1;
    let month = u64::try_from(days).expect("days") * 1_000;
    let band = json!({"p10": month, "p50": month, "p90": month});
    assert_eq!((told["forecast"]["days"].clone(), told["forecast"]["cost"].clone()), (json!(30), band));
    repo.lifeos(&["budget"]).exits(0).says("From 30 whole days of the past, drawn at random");
}

fn journal_of(repo: &TestRepo) -> PathBuf {
    repo.path().join(".git/lifeos/spending")
}

/// Entries of the ledger, of one kind.
fn entries(repo: &TestRepo, kind: &str) -> Vec<Value> {
    let ids = repo.git(&["rev-list", "--reverse", "refs/lifeos/ledger"]);
    let record = |id: &str| serde_json::from_slice(&repo.show(id, "record.json")).expect("a record");
    ids.lines().map(record).filter(|record: &Value| record["kind"] == kind).collect()
}

/// What a child of `case_140` does: it reserves, and never comes to settling.
#[test]
#[ignore = "it is the child of another test"]
fn reserves_and_waits() {
    let folder = std::env::var_os("LIFEOS_TEST_JOURNAL").expect("a folder");
    let lock = Lock::take(&PathBuf::from(folder)).expect("the lock");
    let (mut journal, _) = journal::begin(&lock, "docs").expect("a journal");
    let worst = |cost| Sum { attempts: 1, tokens: Tokens { input: cost, output: 0 }, cost };
    let day = Day::of(JANUARY);
    journal.reserved(0, day, worst(700)).expect("reserved");
    journal.settled(0, worst(300)).expect("settled");
    journal.reserved(1, day, worst(9_000)).expect("reserved");
    std::thread::sleep(std::time::Duration::from_secs(60));
}

#[test]
fn case_140_what_a_killed_run_reserved_counts_as_spent() {
    let repo = TestRepo::spending();
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "budget::reserves_and_waits", "--ignored", "--nocapture"]);
    child.env("LIFEOS_TEST_JOURNAL", repo.path().join(".git")).stdout(Stdio::null());
    let mut child = child.spawn().expect("it starts");
    let lines = || std::fs::read(journal_of(&repo)).unwrap_or_default().iter().filter(|byte| **byte == b'\n').count();
    let is_there = (0..1_000).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(10));
        lines() == 4
    });
    assert!(is_there, "the child did not get that far");
    let month = || repo.lifeos(&["budget", "--month", "2026-01", "--json"]);
    let reserved = |ran: &Ran| (cost(&fits(ran, "budget"), 0).0, ran.json()["windows"][0]["reserved"]["cost"].clone());
    // Reading takes no lock: also while it goes on.
    assert_eq!(reserved(month().exits(0)), (9_300, json!(9_000)));
    repo.lifeos(&["demote", "docs", "--why", "no"]).exits(41);
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(reserved(month().exits(0)), (9_300, json!(9_000)));
    repo.lifeos(&["budget", "--month", "2026-01"]).exits(0).says("0.0090 of it is reserved and not settled");
    // Whatever writes next writes it down, once.
    let bytes = std::fs::read(journal_of(&repo)).expect("the journal");
    repo.lifeos(&["demote", "docs", "--why", "no"]).exits(0);
    assert!(!journal_of(&repo).exists());
    let told = entries(&repo, "spend");
    assert_eq!((told.len(), &told[0]["why"], &told[0]["spent"]["2026-01-01"]["cost"]), (1, &json!("stopped"), &json!(9_300)));
    assert_eq!(reserved(month().exits(0)), (9_300, json!(0)));
    // Killed again between that entry and the end of the journal.
    std::fs::write(journal_of(&repo), bytes).expect("the journal");
    assert_eq!(reserved(month().exits(0)), (9_300, json!(0)));
    repo.lifeos(&["promote", "docs", "--why", "yes"]).exits(0);
    assert!(!journal_of(&repo).exists());
    assert_eq!((entries(&repo, "spend").len(), reserved(month().exits(0))), (1, (9_300, json!(0))));
    repo.lifeos(&["verify"]).exits(0).says("3 records").says("whole and true");
}

/// A repository whose task `t` asks a script `count` times, at one currency unit for a
/// thousand tokens, and whose task `plain` asks nothing.
fn asking(count: u64, budget: &str) -> TestRepo {
    let repo = TestRepo::new(&[("a.md", "a\n"), ("script.toml", "[[rule]]\nanswer = 'yes'\n")]);
    let model = "[model]\nprovider = 'scripted'\nscript = 'script.toml'\nname = 's'\nprice = { input = 1000, output = 1000 }\n";
    let task = repo.table("t", &hostile("ask"), &format!("options = {{text = 'x', count = {count}}}\n[task.t.model]"));
    let plain = repo.table("plain", &hostile("nothing"), "");
    repo.config(&format!("{model}[budget]\n{budget}\n{task}\n{plain}"));
    repo
}

#[test]
fn case_121_a_damaged_journal_stops_what_would_spend_and_nothing_else() {
    let repo = asking(1, "");
    repo.lifeos(&["run", "t"]).exits(0);
    std::fs::write(journal_of(&repo), "0123456789abcdef 0 {}\n0123456789abcdef 1 {}\n").expect("a journal");
    let before = entries(&repo, "run").len();
    let failed = repo.lifeos(&["budget"]);
    failed.exits(50).says("the journal of spending (lifeos/spending in git's folder) is damaged: line 1").says("move it away");
    repo.lifeos(&["run", "t"]).exits(50).says("is damaged: line 1");
    repo.lifeos(&["check", "t"]).exits(50).says("is damaged: line 1");
    repo.lifeos(&["doctor"]).exits(2).says("is damaged: line 1");
    repo.lifeos(&["doctor", "--model"]).exits(50).says("is damaged: line 1");
    repo.lifeos(&["run", "plain"]).exits(0);
    assert_eq!(entries(&repo, "run").iter().skip(before).filter(|run| run["model"] != Value::Null).count(), 0);
    assert!(journal_of(&repo).exists(), "it is left for its owner");
    std::fs::rename(journal_of(&repo), repo.scratch().join("spending")).expect("moved away");
    // What would be waited for, or leads elsewhere, is none.
    std::os::unix::fs::symlink("/dev/zero", journal_of(&repo)).expect("a link");
    repo.lifeos(&["run", "t"]).exits(50).says("it is no plain file");
    std::fs::remove_file(journal_of(&repo)).expect("removed");
    repo.lifeos(&["run", "t"]).exits(0);
}

#[test]
fn half_of_the_bound_is_said_once() {
    let repo = asking(20, "month_cost_max = 2");
    let one = repo.lifeos(&["run", "t", "--json"]);
    one.exits(0).keeps_quiet_about("month_cost_max");
    let spent = cost(&repo.lifeos(&["budget", "--json"]).json(), 0).0;
    assert!((800_000..1_000_000).contains(&spent), "one run takes {spent}");
    repo.config(&repo_config(&repo, spent * 5 / 2));
    // The second one is over half, and says so; the third would be over the bound.
    repo.lifeos(&["check", "t"]).exits(0).says("of [budget] month_cost_max = ").says("`lifeos budget` tells by what");
    assert_eq!(entries(&repo, "alert").len(), 1);
    assert_eq!(repo.lifeos(&["budget", "--json"]).json()["alert"]["said"], true);
    let ran = repo.lifeos(&["run", "t"]);
    ran.exits(31).keeps_quiet_about("tells by what").says("[budget] month_cost_max");
    assert_eq!(entries(&repo, "alert").len(), 1);
    repo.lifeos(&["budget"]).exits(0).says("lifeos said so at 50 %.");
}

#[test]
fn the_owner_says_at_what_share_of_the_bound_it_is_said() {
    let probe = asking(20, "month_cost_max = 2");
    probe.lifeos(&["run", "t"]).exits(0);
    let spent = cost(&probe.lifeos(&["budget", "--json"]).json(), 0).0;
    // One run is at 40 percent of this, and two at 80.
    let micros = spent * 5 / 2;
    for (percent, runs) in [(30, [true, true]), (70, [false, true]), (90, [false, false])] {
        let bound = format!("month_cost_max = {}.{:06}", micros / 1_000_000, micros % 1_000_000);
        let repo = asking(20, &format!("{bound}\nalert_percent = {percent}"));
        for is_said in runs {
            repo.lifeos(&["check", "t"]).exits(0);
            assert_eq!(entries(&repo, "alert").len(), usize::from(is_said), "at {percent} percent");
        }
        repo.lifeos(&["budget"]).exits(0).says(&format!("at {percent} %"));
    }
}

/// The configuration as it is, with another bound of the month.
fn repo_config(repo: &TestRepo, micros: u64) -> String {
    let text = std::fs::read_to_string(repo.path().join("lifeos.toml")).expect("lifeos.toml");
    let bound = format!("month_cost_max = {}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.replace("version = 1\n", "").replace("month_cost_max = 2", &bound)
}

#[test]
fn two_clones_that_meet_add_up() {
    let repo = TestRepo::spending();
    let (bare, second) = (repo.scratch().join("there.git"), repo.scratch().join("second"));
    let text = |path: &PathBuf| path.display().to_string();
    repo.git(&["clone", "--quiet", "--bare", ".", &text(&bare)]);
    repo.git(&["remote", "add", "origin", &text(&bare)]);
    repo.spend("docs", JANUARY, 1_000);
    let run = |folder: Option<&PathBuf>, arguments: &[&str]| {
        let mut command = repo.command(arguments);
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin");
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        repo.ran(&command.output().expect("the program starts"))
    };
    run(None, &["sync"]).exits(0);
    repo.git(&["clone", "--quiet", &text(&bare), &text(&second)]);
    run(Some(&second), &["sync"]).exits(0);
    repo.spend("docs", JANUARY + DAY, 20_000);
    spend(&second, "deps", JANUARY + DAY, 300_000);
    for folder in [None, Some(&second), None] {
        run(folder, &["sync"]).exits(0);
    }
    for folder in [None, Some(&second)] {
        let told = run(folder, &["budget", "--month", "2026-01", "--json"]);
        assert_eq!(cost(&fits(told.exits(0), "budget"), 0).0, 321_000);
        run(folder, &["verify"]).exits(0).says("whole and true");
    }
}
