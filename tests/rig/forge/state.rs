//! What the forge of the tests knows: pull requests, whose heads are what the
//! bare repository says, and what was reported of commits.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::{NAME, OWNER};

/// A pull request.
#[derive(Debug, Clone)]
pub(crate) struct StoredPull {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) draft: bool,
    /// The repository and the branch it comes from, and the commit there.
    pub(crate) from: String,
    pub(crate) branch: String,
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) is_open: bool,
    pub(crate) is_merged: bool,
    pub(crate) labels: BTreeSet<String>,
}

/// All of it.
pub(super) struct State {
    bare: PathBuf,
    /// By branch: its commit.
    branches: BTreeMap<String, String>,
    pub(super) pulls: Vec<StoredPull>,
    /// By commit: name, status, conclusion.
    pub(super) runs: BTreeMap<String, Vec<[String; 3]>>,
    /// By commit: context, state.
    pub(super) statuses: BTreeMap<String, Vec<[String; 2]>>,
}

impl State {
    pub(super) fn new(bare: &Path) -> Self {
        let (bare, branches, pulls) = (bare.to_owned(), BTreeMap::new(), Vec::new());
        Self { bare, branches, pulls, runs: BTreeMap::new(), statuses: BTreeMap::new() }
    }

    fn git(&self, arguments: &[&str]) -> Option<String> {
        let mut git = Command::new("git");
        git.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        git.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        let output = git.arg("--git-dir").arg(&self.bare).args(arguments).output().expect("git runs");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// The commit of a branch, since the last [`Self::refresh`].
    pub(super) fn commit(&self, branch: &str) -> Option<String> {
        self.branches.get(branch).cloned()
    }

    /// Whether a commit is there.
    pub(super) fn has(&self, commit: &str) -> bool {
        self.git(&["cat-file", "-e", &format!("{commit}^{{commit}}")]).is_some()
    }

    /// Whether a branch holds a commit.
    pub(super) fn holds(&self, branch: &str, commit: &str) -> bool {
        self.git(&["merge-base", "--is-ancestor", commit, &format!("refs/heads/{branch}")]).is_some()
    }

    /// Follows the branches: heads move, what the base holds is merged, what
    /// has no branch is closed.
    pub(super) fn refresh(&mut self) {
        let listed = self.git(&["for-each-ref", "--format=%(objectname) %(refname:lstrip=2)", "refs/heads"]);
        let listed = listed.unwrap_or_default();
        let branches = listed.lines().filter_map(|line| line.split_once(' '));
        self.branches = branches.map(|(commit, branch)| (branch.to_owned(), commit.to_owned())).collect();
        let mut pulls = std::mem::take(&mut self.pulls);
        for pull in pulls.iter_mut().filter(|pull| pull.is_open && pull.from == format!("{OWNER}/{NAME}")) {
            let head = self.commit(&pull.branch);
            pull.is_open = head.is_some();
            pull.head = head.unwrap_or_else(|| pull.head.clone());
            if self.holds(&pull.base, &pull.head) {
                (pull.is_open, pull.is_merged) = (false, true);
            }
        }
        self.pulls = pulls;
    }

    pub(super) fn close(&mut self, number: u64) {
        let pull = self.pulls.iter_mut().find(|pull| pull.number == number).expect("a pull request");
        pull.is_open = false;
    }

    pub(super) fn open_from(&mut self, repository: &str, branch: &str) -> u64 {
        let head = "f".repeat(40);
        self.add(repository, branch, &head, "main", ["from a fork", ""], false).number
    }

    /// Adds an open pull request.
    pub(super) fn add(&mut self, from: &str, branch: &str, head: &str, base: &str, words: [&str; 2], draft: bool) -> &StoredPull {
        let [from, branch, head, base] = [from, branch, head, base].map(str::to_owned);
        let [title, body] = words.map(str::to_owned);
        let (number, labels) = (self.pulls.len() as u64 + 1, BTreeSet::new());
        let (is_open, is_merged) = (true, false);
        self.pulls.push(StoredPull { number, title, body, draft, from, branch, head, base, is_open, is_merged, labels });
        self.pulls.last().expect("the new one")
    }

    /// A pull request as GitHub shows it, with some of what nobody asked for;
    /// in lists without `merged`.
    pub(super) fn show(&self, pull: &StoredPull, in_list: bool) -> Value {
        let side = |repository: &str, branch: &str, sha: &str| {
            let owner = repository.split('/').next().unwrap_or_default();
            let repo = json!({"id": 1, "full_name": repository, "private": true});
            json!({"label": format!("{owner}:{branch}"), "ref": branch, "sha": sha, "repo": repo, "user": {"login": owner}})
        };
        let here = format!("{OWNER}/{NAME}");
        let base = self.commit(&pull.base).unwrap_or_default();
        let mut shown = json!({
            "id": 1000 + pull.number, "node_id": "PR_x", "locked": false, "user": {"login": "somebody", "id": 1},
            "number": pull.number, "title": pull.title, "body": pull.body, "draft": pull.draft,
            "html_url": format!("https://forge.example.org/{here}/pull/{}", pull.number),
            "state": if pull.is_open { "open" } else { "closed" },
            "merged_at": pull.is_merged.then_some("2026-01-02T03:04:05Z"),
            "head": side(&pull.from, &pull.branch, &pull.head),
            "base": side(&here, &pull.base, &base),
            "labels": labels(&pull.labels), "_links": {}, "a_field_of_tomorrow": [[null]],
        });
        if !in_list {
            shown["merged"] = pull.is_merged.into();
            shown["mergeable"] = Value::Null;
        }
        shown
    }
}

/// Labels as GitHub shows them.
pub(super) fn labels(names: &BTreeSet<String>) -> Vec<Value> {
    names.iter().map(|name| json!({"id": 1, "name": name, "color": "ededed", "default": false})).collect()
}
