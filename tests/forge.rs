//! What is asked of a forge, and how its answers are read, against the strict
//! forge of the rig. How it may fail is in `forge_faults`.

use std::time::Duration;

use lifeos::forge::address::Address;
use lifeos::forge::error::ForgeError;
use lifeos::forge::{Checks, Forge, NewPull, PATIENCE, Patience, Pull, State};
use lifeos::token::Token;

use crate::rig::TestRepo;
use crate::rig::forge::Forge as Server;
use crate::rig::http::Fault;

/// A repository, its bare copy, and a forge that serves it.
pub(crate) struct Lab {
    repo: TestRepo,
    pub(crate) server: Server,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        let bare = repo.scratch().join("bare.git");
        repo.git(&["clone", "--quiet", "--bare", ".", &bare.display().to_string()]);
        Self { server: Server::start(&bare), repo }
    }

    /// Pushes a new commit over main to a branch.
    pub(crate) fn push(&self, branch: &str, message: &str) -> String {
        let commit = self.repo.git(&["commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", message]);
        self.push_commit(&commit, branch);
        commit
    }

    fn push_commit(&self, commit: &str, branch: &str) {
        let bare = self.repo.scratch().join("bare.git").display().to_string();
        self.repo.git(&["push", "--quiet", "--force", &bare, &format!("{commit}:refs/heads/{branch}")]);
    }

    /// A client that waits long for answers, and hardly between attempts.
    pub(crate) fn forge(&self) -> Forge {
        self.forge_with(Patience { first_wait: Duration::from_millis(10), ..PATIENCE })
    }

    pub(crate) fn forge_with(&self, patience: Patience) -> Forge {
        let address = Address::parse(&self.server.api(), &self.server.repository()).expect("an address");
        let token = Token::from_bytes(self.server.token().as_bytes()).expect("a token");
        Forge::with_patience(address, token, patience).expect("a client")
    }

    /// Opens a pull request of a new branch.
    pub(crate) fn opened(&self, branch: &str) -> Pull {
        self.push(branch, "change");
        self.forge().open(&new(branch)).expect("a pull request")
    }
}

pub(crate) fn new(head: &str) -> NewPull<'_> {
    NewPull { title: "Tidy", body: "All of it.\n", head, base: "main", draft: false }
}

#[test]
fn pull_requests_are_opened_found_changed_and_followed() {
    let lab = Lab::new();
    let forge = lab.forge();
    let head = lab.push("lifeos/tidy", "one");
    assert_eq!(forge.pull_of("lifeos/tidy").expect("an answer"), None);
    let opened = forge.open(&NewPull { draft: true, ..new("lifeos/tidy") }).expect("a pull request");
    let expected = Pull {
        number: 1,
        url: format!("https://forge.example.org/{}/pull/1", lab.server.repository()),
        state: State::Open,
        draft: true,
        head,
        branch: "lifeos/tidy".to_owned(),
        base: "main".to_owned(),
        is_fork: false,
    };
    assert_eq!(opened, expected);
    assert_eq!(forge.pull_of("lifeos/tidy").expect("an answer"), Some(expected.clone()));
    assert_eq!(forge.open_pulls("lifeos/").expect("a list"), vec![expected.clone()]);
    assert_eq!(forge.open_pulls("other/").expect("a list"), vec![]);

    assert_eq!(forge.update(1, "Tidy \"more\"", "é\n\u{1f980}").expect("changed"), expected);
    forge.label(1, &["docs".to_owned(), "a/b, c".to_owned()]).expect("labelled");
    forge.label(1, &[]).expect("nothing to do");
    forge.label(1, &["docs".to_owned()]).expect("labelled again");
    let stored = lab.server.pulls().remove(0);
    assert_eq!((stored.title.as_str(), stored.body.as_str()), ("Tidy \"more\"", "é\n\u{1f980}"));
    assert_eq!(stored.labels.into_iter().collect::<Vec<_>>(), ["a/b, c", "docs"]);

    let moved = lab.push("lifeos/tidy", "two");
    assert_eq!(forge.pull(1).expect("a pull request").head, moved);
    lab.push_commit(&moved, "main");
    assert_eq!(forge.pull(1).expect("a pull request").state, State::Merged);
    assert_eq!(forge.pull_of("lifeos/tidy").expect("an answer"), None);

    let second = lab.opened("lifeos/second");
    lab.server.close(second.number);
    assert_eq!(forge.pull(second.number).expect("a pull request").state, State::Closed);
    assert_eq!(lab.server.requests().iter().filter(|request| request.method == "GET").count(), 8);
}

#[test]
fn a_forge_refuses_in_types() {
    let lab = Lab::new();
    let forge = lab.forge();
    lab.opened("lifeos/a");
    assert!(matches!(forge.open(&new("lifeos/a")), Err(ForgeError::AlreadyOpen { .. })));
    let invalid = |new: &NewPull<'_>| match forge.open(new) {
        Err(ForgeError::Invalid { message, .. }) => message,
        other => panic!("{other:?}"),
    };
    assert_eq!(invalid(&new("lifeos/none")), "Validation Failed: PullRequest head invalid");
    assert_eq!(invalid(&NewPull { base: "none", ..new("lifeos/a") }), "Validation Failed: PullRequest base invalid");
    assert_eq!(invalid(&new("main")), "Validation Failed: No commits between main and main");
    let missing = [forge.pull(99).map(drop), forge.update(99, "t", "b").map(drop), forge.label(99, &["x".to_owned()])];
    for missing in missing {
        let error = missing.expect_err("no such thing");
        assert!(matches!(error, ForgeError::NotFound { .. }) && !error.is_retryable(), "{error:?}");
        assert!(error.to_string().starts_with("the forge has no pull request 99 in octo-org/sample.repo_1"), "{error}");
    }
    assert!(matches!(forge.checks(&"0".repeat(40), &[]), Err(ForgeError::Invalid { .. })));
    let asked = lab.server.requests().len();
    for commit in ["", "..", "main", "abc", &"G".repeat(40)] {
        assert!(matches!(forge.checks(commit, &[]), Err(ForgeError::Invalid { .. })), "{commit}");
    }
    assert_eq!(lab.server.requests().len(), asked, "what is no commit is not asked about");

    let other = Token::from_bytes(b"ghp_other").expect("a token");
    let stranger = Forge::new(forge.address().clone(), other).expect("a client");
    assert!(matches!(stranger.pull(1), Err(ForgeError::Unauthorized { .. })));
    let address = Address::parse(&lab.server.api(), "octo-org/other").expect("an address");
    let token = Token::from_bytes(lab.server.token().as_bytes()).expect("a token");
    let elsewhere = Forge::new(address, token).expect("a client");
    assert!(matches!(elsewhere.pull_of("x"), Err(ForgeError::NotFound { .. })));
}

#[test]
fn forge_requests_carry_what_they_must_and_nothing_more() {
    let lab = Lab::new();
    lab.opened("lifeos/a");
    lab.forge().pull(1).expect("a pull request");
    let address = lab.forge().address().clone();
    assert_eq!(address.host(), lab.server.host());
    for request in lab.server.requests() {
        let mut names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let body = ["content-length", "content-type"].into_iter().filter(|_| request.method == "POST");
        let expected = ["accept", "authorization"].into_iter().chain(body);
        let expected: Vec<&str> = expected.chain(["host", "user-agent", "x-github-api-version"]).collect();
        assert_eq!(names, expected);
        assert_eq!(request.header("user-agent"), Some(concat!("lifeos/", env!("CARGO_PKG_VERSION"))));
        assert_eq!(request.header("host"), Some(lab.server.host().as_str()));
    }
    let opening = lab.server.requests().remove(0);
    let body = r#"{"base":"main","body":"All of it.\n","draft":false,"head":"lifeos/a","title":"Tidy"}"#;
    assert_eq!(opening.text(), body);
}

#[test]
fn odd_branch_names_reach_the_forge_as_they_are() {
    let lab = Lab::new();
    let branches = ["lifeos/a&state=all", "lifeos/b#c", "lifeos/d%2e+e", "lifeos/é=\u{1f980};\"'`$(id)"];
    for branch in branches {
        let opened = lab.opened(branch);
        assert_eq!(lab.forge().pull_of(branch).expect("an answer"), Some(opened), "{branch}");
    }
    assert_eq!(lab.forge().pull_of("lifeos/a").expect("an answer"), None);
    let found = lab.forge().open_pulls("lifeos/").expect("a list");
    assert_eq!(found.iter().map(|pull| pull.branch.as_str()).rev().collect::<Vec<_>>(), branches);
    assert!(lab.server.requests().iter().all(|request| request.path.bytes().all(|byte| byte.is_ascii_graphic())));
}

#[test]
fn pull_requests_from_forks_are_not_taken_for_ours() {
    let lab = Lab::new();
    let ours = lab.opened("lifeos/a");
    let same_owner = lab.server.open_from("octo-org/fork", "lifeos/a");
    lab.server.open_from("mallory/sample.repo_1", "lifeos/a");
    assert_eq!(lab.forge().pull_of("lifeos/a").expect("an answer"), Some(ours.clone()));
    assert_eq!(lab.forge().open_pulls("lifeos/").expect("a list"), vec![ours]);
    assert!(lab.forge().pull(same_owner).expect("a pull request").is_fork);
}

#[test]
fn long_lists_of_a_forge_are_read_by_page_up_to_a_bound() {
    let lab = Lab::new();
    let oldest = lab.opened("lifeos/oldest");
    let fill = |count| (0..count).fold(0, |_, _| lab.server.open_from("mallory/x", "lifeos/y"));
    fill(299);
    let pages = |forge: &Forge| {
        let before = lab.server.requests().len();
        let found = forge.open_pulls("lifeos/").expect("a list");
        (found, lab.server.requests().len() - before)
    };
    // The last page is full: that no other follows is seen when it is empty.
    assert_eq!(pages(&lab.forge()), (vec![oldest], 4));
    fill(800);
    assert_eq!(pages(&lab.forge()), (vec![], 10));
}

#[test]
fn checks_of_a_forge_are_green_only_when_all_of_them_are() {
    let lab = Lab::new();
    let (forge, commit) = (lab.forge(), lab.push("lifeos/a", "one"));
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let green = [("a", "completed", "success"), ("b", "completed", "neutral"), ("c", "completed", "skipped")];
    let with = |more: &[(&str, &str, &str)], statuses: &[(&str, &str)]| {
        lab.server.set_checks(&commit, &[&green[..], more].concat());
        lab.server.set_statuses(&commit, statuses);
        forge.checks(&commit, &[]).expect("checks")
    };
    assert_eq!(forge.checks(&commit, &[]).expect("checks"), Checks::None);
    assert_eq!(with(&[], &[]), Checks::Green { count: 1 });
    assert_eq!(with(&[], &[("ci", "success")]), Checks::Green { count: 2 });
    assert_eq!(with(&[], &[("ci", "pending")]), Checks::Pending { names: names(&["ci"]) });
    for status in ["queued", "in_progress", "waiting", "requested", "pending"] {
        assert_eq!(with(&[("d", status, "")], &[]), Checks::Pending { names: names(&["d"]) }, "{status}");
    }
    for conclusion in ["failure", "cancelled", "timed_out", "action_required", "stale", "startup_failure", "newly_invented", ""] {
        let found = with(&[("d\n\u{202e}", "completed", conclusion), ("e", "queued", "")], &[("ci", "success")]);
        assert_eq!(found, Checks::Red { names: names(&["d\\n\\u{202e}"]) }, "{conclusion}");
    }
    for odd in [("d", "invented", ""), ("d", "queued", "success")] {
        assert_eq!(with(&[odd], &[]), Checks::Red { names: names(&["d"]) }, "{odd:?}");
    }
    for state in ["failure", "error", "invented"] {
        assert_eq!(with(&[], &[("ci", state), ("x", "pending")]), Checks::Red { names: names(&["ci"]) }, "{state}");
    }
    let many = vec![("m", "completed", "success"); 147];
    assert_eq!(with(&many, &[("s", "success"); 120]), Checks::Green { count: 268 });
    lab.server.set_checks(&commit, &vec![("m", "completed", "success"); 1001]);
    assert!(matches!(forge.checks(&commit, &[]), Err(ForgeError::TooLarge { .. })));
}

#[test]
fn checks_of_another_commit_are_not_taken() {
    let lab = Lab::new();
    let (forge, commit, other) = (lab.forge(), lab.push("lifeos/a", "one"), lab.push("lifeos/b", "two"));
    let run = format!(r#"{{"name": "a", "status": "completed", "conclusion": "success", "head_sha": "{other}"}}"#);
    let bodies = [
        ("check-runs", format!(r#"{{"total_count": 1, "check_runs": [{run}]}}"#)),
        ("status", format!(r#"{{"sha": "{other}", "statuses": []}}"#)),
    ];
    for (last, body) in bodies {
        let path = format!("/repos/{}/commits/{commit}/{last}", lab.server.repository());
        lab.server.fail_next("GET", &path, Fault::Status(200, body, vec![]));
        let error = forge.checks(&commit, &[]).expect_err("a mix-up");
        assert!(matches!(error, ForgeError::Malformed { .. }), "{error}");
    }
    assert_eq!(forge.checks(&commit, &[]).expect("checks"), Checks::None);
}
