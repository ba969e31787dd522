//! A forge: its REST API as far as lifeos uses it, GitHub's first. It asks and
//! reads; who pushes, and when something is opened, is decided above. Blocks,
//! and must not be called from inside an asynchronous runtime.

pub mod address;
mod answer;
mod call;
pub mod error;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;

pub use crate::http::patience::Patience;
use crate::token::Token;
use address::Address;
use answer::{PullAnswer, RunsAnswer, StatusesAnswer, Tally};
use call::{Call, Request, Transport, Verb};
use error::ForgeError;

/// How long a forge is waited for.
pub const PATIENCE: Patience =
    Patience { attempt: Duration::from_secs(30), call: Duration::from_secs(90), first_wait: Duration::from_secs(1) };

/// One repository of a forge, and the key to it.
pub struct Forge {
    transport: Transport,
}

/// What became of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It waits.
    Open,
    /// It was given up.
    Closed,
    /// Its branch is part of the base.
    Merged,
}

/// A pull request. Its names come from the forge: no control characters, but
/// otherwise not cleaned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pull {
    /// Its number in the repository.
    pub number: u64,
    /// Its page.
    pub url: String,
    /// What became of it.
    pub state: State,
    /// Whether it asks for no review yet.
    pub draft: bool,
    /// The commit that it proposes, in full.
    pub head: String,
    /// The branch that it proposes, without `refs/heads/`.
    pub branch: String,
    /// The branch that it is to become part of.
    pub base: String,
    /// Whether its branch lies in another repository, or in none any more.
    pub is_fork: bool,
}

/// A pull request to be opened.
#[derive(Debug, Clone, Copy)]
pub struct NewPull<'a> {
    /// One line.
    pub title: &'a str,
    /// Markdown.
    pub body: &'a str,
    /// A branch of the repository, without `refs/heads/`.
    pub head: &'a str,
    /// The branch that it is to become part of.
    pub base: &'a str,
    /// Whether to ask for no review yet.
    pub draft: bool,
}

/// What the checks of a commit say, all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checks {
    /// Some passed; others, if there are any, were neutral or skipped.
    Green {
        /// How many passed.
        count: u64,
    },
    /// None is red, some are not done.
    Pending {
        /// Those, cleaned.
        names: Vec<String>,
    },
    /// Some failed, or ended in a way that is not known.
    Red {
        /// Those, cleaned.
        names: Vec<String>,
    },
    /// None passed: there are none, or they were neutral or skipped.
    None,
}

/// Entries of a page, and pages of a list.
const PAGE: usize = 100;
const PAGES_MAX: usize = 10;

impl Forge {
    /// Makes the way to a repository; nothing is asked yet.
    ///
    /// # Errors
    /// [`ForgeError::Setup`], for example without certificates of authorities.
    pub fn new(address: Address, token: Token) -> Result<Self, ForgeError> {
        Self::with_patience(address, token, PATIENCE)
    }

    /// As [`Self::new`], waiting otherwise.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_patience(address: Address, token: Token, patience: Patience) -> Result<Self, ForgeError> {
        Ok(Self { transport: Transport::new(address, token, patience)? })
    }

    /// The repository that is asked about.
    #[must_use]
    pub fn address(&self) -> &Address {
        self.transport.address()
    }

    /// The pull request with this number.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn pull(&self, number: u64) -> Result<Pull, ForgeError> {
        self.numbered(Verb::Get, number)
    }

    /// The open pull request of this branch of the repository.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn pull_of(&self, branch: &str) -> Result<Option<Pull>, ForgeError> {
        let head = format!("{}:{branch}", self.address().owner());
        let query = [("head", head.as_str()), ("state", "open")];
        let request = get(&["pulls"], &query, "pull requests");
        let call = self.transport.call();
        let (found, _) = call.ask::<Vec<PullAnswer>>(&request)?;
        let mut found = found.into_iter().map(|pull| self.pull_from(pull, &call, &request)).collect::<Result<Vec<_>, _>>()?;
        found.retain(|pull| pull.branch == branch && pull.state == State::Open && !pull.is_fork);
        Ok(found.into_iter().next())
    }

    /// The open pull requests of all branches of the repository that begin
    /// with `prefix`, among the thousand newest.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn open_pulls(&self, prefix: &str) -> Result<Vec<Pull>, ForgeError> {
        let request = get(&["pulls"], &[("state", "open"), ("sort", "created"), ("direction", "desc")], "pull requests");
        let call = self.transport.call();
        let (pages, _) = pages(&call, &request, Vec::<PullAnswer>::len)?;
        let mut pulls: Vec<Pull> = Vec::new();
        for pull in pages.into_iter().flatten() {
            let pull = self.pull_from(pull, &call, &request)?;
            // What is opened meanwhile moves others to the next page.
            let is_known = pulls.iter().any(|known| known.number == pull.number);
            if pull.branch.starts_with(prefix) && pull.state == State::Open && !pull.is_fork && !is_known {
                pulls.push(pull);
            }
        }
        Ok(pulls)
    }

    /// Opens a pull request.
    ///
    /// # Errors
    /// [`ForgeError::AlreadyOpen`] when the branch has one; [`ForgeError`].
    /// After [`ForgeError::TimedOut`], [`ForgeError::Cut`],
    /// [`ForgeError::Server`] and an answer that is not understood it may be
    /// open all the same: [`Self::pull_of`] tells.
    pub fn open(&self, new: &NewPull<'_>) -> Result<Pull, ForgeError> {
        let NewPull { title, body, head, base, draft } = *new;
        let body = json!({"title": title, "body": body, "head": head, "base": base, "draft": draft});
        let request = Request { verb: Verb::Post(body), ..get(&["pulls"], &[], "pull requests") };
        let call = self.transport.call();
        let (pull, _) = call.ask::<PullAnswer>(&request)?;
        let pull = self.pull_from(pull, &call, &request)?;
        if pull.branch != head || pull.base != base {
            return Err(malformed(&call, &request, "the pull request is of another branch"));
        }
        Ok(pull)
    }

    /// Gives a pull request another title and body.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn update(&self, number: u64, title: &str, body: &str) -> Result<Pull, ForgeError> {
        self.numbered(Verb::Patch(json!({"title": title, "body": body})), number)
    }

    /// Adds labels to a pull request; those it has stay.
    ///
    /// # Errors
    /// [`ForgeError`].
    pub fn label(&self, number: u64, labels: &[String]) -> Result<(), ForgeError> {
        if labels.is_empty() {
            return Ok(());
        }
        let (id, what) = (number.to_string(), format!("pull request {number}"));
        let segments = ["issues", &id, "labels"];
        let request = Request { verb: Verb::Post(json!({"labels": labels})), ..get(&segments, &[], &what) };
        self.transport.call().ask::<Vec<serde::de::IgnoredAny>>(&request).map(drop)
    }

    /// What check runs and statuses say of a commit, given by its whole id; those
    /// that are `required` are pending until they are there.
    ///
    /// # Errors
    /// [`ForgeError`]; [`ForgeError::TooLarge`] for more than a thousand.
    pub fn checks(&self, commit: &str, required: &[String]) -> Result<Checks, ForgeError> {
        let what = format!("commit {commit}");
        let (runs, statuses) = (["commits", commit, "check-runs"], ["commits", commit, "status"]);
        let (runs, statuses) = (get(&runs, &[], &what), get(&statuses, &[], &what));
        let call = self.transport.call();
        if !answer::is_commit(commit) {
            return Err(ForgeError::Invalid { asked: call.asked(&runs), message: "that is no commit's whole id".to_owned() });
        }
        let mut tally = Tally::default();
        for page in all(&call, &runs, |page: &RunsAnswer| page.check_runs.len())? {
            tally.add_runs(page, commit).map_err(|reason| malformed(&call, &runs, &reason))?;
        }
        for page in all(&call, &statuses, |page: &StatusesAnswer| page.statuses.len())? {
            tally.add_statuses(page, commit).map_err(|reason| malformed(&call, &statuses, &reason))?;
        }
        Ok(tally.checks(required))
    }

    fn numbered(&self, verb: Verb, number: u64) -> Result<Pull, ForgeError> {
        let (id, what) = (number.to_string(), format!("pull request {number}"));
        let segments = ["pulls", &id];
        let request = Request { verb, ..get(&segments, &[], &what) };
        let call = self.transport.call();
        let (pull, _) = call.ask::<PullAnswer>(&request)?;
        let pull = self.pull_from(pull, &call, &request)?;
        if pull.number != number {
            return Err(malformed(&call, &request, "it is about another pull request"));
        }
        Ok(pull)
    }

    fn pull_from(&self, pull: PullAnswer, call: &Call<'_>, request: &Request<'_>) -> Result<Pull, ForgeError> {
        pull.pull(&self.address().repository()).map_err(|reason| malformed(call, request, &reason))
    }
}

impl std::fmt::Debug for Forge {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Forge").field("address", self.address()).finish_non_exhaustive()
    }
}

fn get<'a>(segments: &'a [&'a str], query: &'a [(&'a str, &'a str)], what: &'a str) -> Request<'a> {
    Request { verb: Verb::Get, segments, query, what }
}

fn malformed(call: &Call<'_>, request: &Request<'_>, reason: &str) -> ForgeError {
    ForgeError::Malformed { asked: call.asked(request), reason: reason.to_owned() }
}

/// The pages of a list, and whether they are all. Where the next one is, is
/// known; an address that the forge gives for it is not followed.
fn pages<T: DeserializeOwned>(
    call: &Call<'_>,
    request: &Request<'_>,
    length: impl Fn(&T) -> usize,
) -> Result<(Vec<T>, bool), ForgeError> {
    let (size, mut pages) = (PAGE.to_string(), Vec::new());
    for number in 1..=PAGES_MAX {
        let number = number.to_string();
        let query = [request.query, &[("per_page", size.as_str()), ("page", number.as_str())]].concat();
        let (page, has_next) = call.ask(&get(request.segments, &query, request.what))?;
        let is_last = !has_next && length(&page) < PAGE;
        pages.push(page);
        if is_last {
            return Ok((pages, true));
        }
    }
    Ok((pages, false))
}

/// As [`pages`], where some of them would be as good as none.
fn all<T: DeserializeOwned>(call: &Call<'_>, request: &Request<'_>, length: impl Fn(&T) -> usize) -> Result<Vec<T>, ForgeError> {
    match pages(call, request, length)? {
        (pages, true) => Ok(pages),
        (_, false) => Err(ForgeError::TooLarge { asked: call.asked(request) }),
    }
}
