//! A run that somebody named, with everything that a verdict on it needs.

use git2::Oid;
use lifeos::autonomy::Autonomy;
use lifeos::config::{Config, Task};
use lifeos::land::outside::Outside;
use lifeos::ledger::Ledger;
use lifeos::ledger::record::State;
use lifeos::ledger::story::Story;
use lifeos::plugin::Plugin;
use lifeos::repo::Repo;
use lifeos::run::place::{Place, Stand};
use lifeos::sealed::SealedFolder;

use super::error::CommandError;
use super::exit::Exit;
use super::locked::Locked;
use super::term::Term;
use super::{Global, json, open, outside};

/// The run, its task, and where it stands.
pub(crate) struct Case {
    pub(crate) repo: Repo,
    pub(crate) base: Oid,
    pub(crate) story: Story,
    config: Config,
    locked: Locked,
    level: Autonomy,
    memory: Option<SealedFolder>,
}

impl Case {
    /// Finds the run by the beginning of its id, and its task in `lifeos.toml`.
    pub(crate) fn open(run: &str, global: &Global) -> Result<Self, CommandError> {
        let repo = open::repo(global)?;
        let memory = open::memory(global);
        let book = Ledger::of(&repo, memory.as_ref()).book()?;
        let story = open::story(&book, run)?;
        let base = repo.head()?;
        let config = open::config(global, &repo, base)?;
        let locked = Locked::at(&repo, base, global)?;
        // A rollback goes as far as what it takes back did, whatever the task may do now.
        let allowed = open::task(&config, &story.task)?.autonomy;
        let level = if story.reverts.is_some() { allowed } else { book.autonomy(&story.task, allowed) };
        Ok(Self { repo, base, story, config, locked, level, memory })
    }

    pub(crate) fn task(&self) -> &Task {
        &self.config.tasks[&self.story.task]
    }

    pub(crate) fn plugin(&self) -> Result<Plugin, CommandError> {
        self.locked.plugin(self.task(), &self.repo)
    }

    /// Where the task's pull requests go, if it makes any.
    pub(crate) fn outside(&self, global: &Global) -> Result<Option<Outside<'_>>, CommandError> {
        let settings = self.config.remote.as_ref().filter(|_| self.level >= Autonomy::PullRequest);
        settings.map(|settings| outside::outside(&self.repo, settings, global)).transpose()
    }

    pub(crate) fn place<'c>(&'c self, outside: Option<&'c Outside<'c>>) -> Place<'c> {
        Place {
            repo: &self.repo,
            base: self.base,
            now: open::now(),
            memory: self.memory.as_ref(),
            outside,
            lock: Some(&self.locked.lock),
        }
    }
}

/// Says where a run stands now.
pub(crate) fn tell(verb: &str, run: &str, story: &Story, by: Option<String>, stand: Stand, term: &Term) -> Exit {
    let Stand { state, branch, pull_request, waits_for, replaced } = stand;
    let is_pushed_only = state == State::Open && pull_request.is_none();
    let commit = story.candidate.as_ref().map(|candidate| candidate.commit.clone()).filter(|_| run == story.run);
    if term.is_json() {
        let (run, task) = (run.to_owned(), story.task.clone());
        let schema = format!("lifeos/{verb}@1");
        term.json(&json::Verdict { schema, run, task, state, by, branch, commit, pull_request, waits_for });
        return Exit::Done;
    }
    let run = lifeos::clean::line(run);
    let at = branch.as_ref().map_or(String::new(), |branch| format!(": branch {}", lifeos::clean::line(branch)));
    let pull = pull_request.map_or(String::new(), |pull| format!(", pull request {}", lifeos::clean::line(&pull.url)));
    term.data(&format!("run {run} is {}{at}{pull}\n", state.word()));
    match (state, &branch, commit) {
        (State::Approved, _, Some(commit)) => {
            term.note(&format!("the task is at \"propose\", so nothing moved; take it over: git merge --ff-only {commit}"));
        }
        (State::Landed, Some(branch), _) if branch.starts_with("lifeos/") => {
            term.note(&format!("take it over: git merge --ff-only {branch}"));
        }
        _ => {}
    }
    if let Some(replaced) = replaced {
        term.note(&format!("it took the place of run {}, which nobody had taken over", lifeos::clean::line(&replaced)));
    }
    if is_pushed_only {
        term.note(&format!("there is no forge: merge that branch there, then: lifeos land {run}"));
    }
    if let Some(what) = waits_for {
        term.note(&format!("it waits: {}", lifeos::clean::line(&what)));
    }
    Exit::Done
}
