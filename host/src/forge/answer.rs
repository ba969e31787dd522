//! What a forge answers, read strictly as data: fields that are needed have
//! the right types and plausible values, all others are not looked at.

use serde::Deserialize;

use super::{Checks, Pull, State};
use crate::clean;

/// A pull request, as the API has it.
#[derive(Deserialize)]
pub(super) struct PullAnswer {
    number: u64,
    html_url: String,
    state: Openness,
    draft: Option<bool>,
    merged: Option<bool>,
    merged_at: Option<String>,
    head: Side,
    base: Side,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Openness {
    Open,
    Closed,
}

#[derive(Deserialize)]
struct Side {
    sha: String,
    #[serde(rename = "ref")]
    branch: String,
    /// None when the fork is gone.
    repo: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

impl PullAnswer {
    /// The pull request, or what is wrong with it.
    pub(super) fn pull(self, repository: &str) -> Result<Pull, String> {
        let state = match self.state {
            Openness::Open => State::Open,
            Openness::Closed if self.merged == Some(true) || self.merged_at.is_some() => State::Merged,
            Openness::Closed => State::Closed,
        };
        if !is_commit(&self.head.sha) {
            return Err("the head of a pull request is no commit".to_owned());
        }
        let is_page = self.html_url.starts_with("https://") || self.html_url.starts_with("http://");
        if !is_page || ![&self.html_url, &self.head.branch, &self.base.branch].into_iter().all(|text| is_word(text)) {
            return Err("the page or a branch of a pull request has an impossible name".to_owned());
        }
        let is_fork = !self.head.repo.is_some_and(|repo| repo.full_name.eq_ignore_ascii_case(repository));
        Ok(Pull {
            number: self.number,
            url: self.html_url,
            state,
            draft: self.draft.unwrap_or(false),
            head: self.head.sha,
            branch: self.head.branch,
            base: self.base.branch,
            is_fork,
        })
    }
}

/// Bytes of a name that people read.
const NAME_BYTES_MAX: usize = 200;

fn is_word(text: &str) -> bool {
    text.len() <= 2048 && !text.contains(|char: char| char.is_control() || char.is_whitespace())
}

/// Whether text is the whole id of a commit.
pub(super) fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A page of check runs.
#[derive(Deserialize)]
pub(super) struct RunsAnswer {
    pub(super) check_runs: Vec<RunAnswer>,
}

/// One check run. A status or a conclusion that is not known is no success.
#[derive(Deserialize)]
pub(super) struct RunAnswer {
    name: String,
    head_sha: String,
    status: String,
    conclusion: Option<String>,
}

/// A page of the combined status. Its own `state` is pending where there is
/// none at all, hence not read.
#[derive(Deserialize)]
pub(super) struct StatusesAnswer {
    sha: String,
    pub(super) statuses: Vec<StatusAnswer>,
}

/// The newest status of one context.
#[derive(Deserialize)]
pub(super) struct StatusAnswer {
    context: String,
    state: String,
}

/// What is known of a commit so far.
#[derive(Default)]
pub(super) struct Tally {
    green: Vec<String>,
    pending: Vec<String>,
    red: Vec<String>,
}

/// The words of what is not done.
const WAITING: [&str; 5] = ["queued", "in_progress", "waiting", "requested", "pending"];

impl Tally {
    /// Adds check runs, all of which must be of this commit.
    pub(super) fn add_runs(&mut self, page: RunsAnswer, commit: &str) -> Result<(), String> {
        for run in page.check_runs {
            if run.head_sha != commit {
                return Err("a check run is of another commit".to_owned());
            }
            match (run.status.as_str(), run.conclusion.as_deref()) {
                ("completed", Some("success")) => self.green.push(name(&run.name)),
                // They checked nothing.
                ("completed", Some("neutral" | "skipped")) => {}
                (status, None) if WAITING.contains(&status) => self.pending.push(name(&run.name)),
                _ => self.red.push(name(&run.name)),
            }
        }
        Ok(())
    }

    /// Adds statuses, which must be of this commit.
    pub(super) fn add_statuses(&mut self, page: StatusesAnswer, commit: &str) -> Result<(), String> {
        if page.sha != commit {
            return Err("the status is of another commit".to_owned());
        }
        for status in page.statuses {
            match status.state.as_str() {
                "success" => self.green.push(name(&status.context)),
                "pending" => self.pending.push(name(&status.context)),
                _ => self.red.push(name(&status.context)),
            }
        }
        Ok(())
    }

    /// All of it: what is red outweighs what is pending, and so is what is
    /// required and not there.
    pub(super) fn checks(mut self, required: &[String]) -> Checks {
        let is_there = |name: &&String| [&self.green, &self.pending, &self.red].iter().any(|names| names.contains(name));
        let missing: Vec<String> = required.iter().filter(|name| !is_there(name)).cloned().collect();
        self.pending.extend(missing);
        match self {
            Self { red, .. } if !red.is_empty() => Checks::Red { names: red },
            Self { pending, .. } if !pending.is_empty() => Checks::Pending { names: pending },
            Self { green, .. } if green.is_empty() => Checks::None,
            Self { green, .. } => Checks::Green { count: green.len() as u64 },
        }
    }
}

fn name(text: &str) -> String {
    clean::line(clean::cut(text, NAME_BYTES_MAX)).into_owned()
}

/// Why a forge refuses, in its own words.
pub(super) struct Refusal {
    message: String,
    errors: Vec<String>,
}

impl Refusal {
    /// Reads what it can; a refusal without words is one as well.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<serde_json::Value>(bytes) else {
            return Self { message: "it does not say why".to_owned(), errors: Vec::new() };
        };
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let error = |error: &serde_json::Value| {
            let words = ["resource", "field", "code"].iter().filter_map(|key| error[*key].as_str());
            text(error).or_else(|| text(&error["message"])).unwrap_or_else(|| words.collect::<Vec<_>>().join(" "))
        };
        let errors = value["errors"].as_array().into_iter().flatten().take(10).map(error).collect();
        Self { message: text(&value["message"]).unwrap_or_else(|| "it does not say why".to_owned()), errors }
    }

    /// All of it in one line.
    pub(super) fn message(&self) -> String {
        std::iter::once(&self.message).chain(&self.errors).map(String::as_str).collect::<Vec<_>>().join(": ")
    }

    /// Whether the branch has a pull request already.
    pub(super) fn is_already_open(&self) -> bool {
        self.errors.iter().any(|error| error.starts_with("A pull request already exists"))
    }
}
