//! Spending on record: a task asks a model of its own, at any time, through the
//! library's own door, ledger and journal.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeos::budget::Tokens;
use lifeos::budget::price::{PerMillion, Price};
use lifeos::config::Config;
use lifeos::event::Events;
use lifeos::lock::LockError;
use lifeos::model::Provider;
use lifeos::model::answer::{Answer, Ending};
use lifeos::model::door::{PATIENCE, Terms};
use lifeos::model::error::Failure;
use lifeos::model::request::{RawRequest, Request, Role, Template};
use lifeos::model::supply::Supply;
use lifeos::repo::Repo;
use lifeos::run::asking::{Asks, tried};
use lifeos::run::error::RunError;
use lifeos::run::place::Place;

use super::TestRepo;

/// Tasks `docs` and `deps`, which may ask; a token costs a millionth.
pub(crate) const CONFIG: &str = "version = 1
[model]
provider = 'scripted'
script = 'script.toml'
name = 'meter'
price = { input = 1.0, output = 1.0 }
[budget]
currency = 'EUR'
month_cost_max = 20
[task.docs]
plugin = 'doc-hygiene'
read = ['**/*.md']
[task.docs.model]
month_cost_max = 15
[task.deps]
plugin = 'doc-hygiene'
read = ['**/*.md']
[task.deps.model]
tokens_max = 10000000
";

/// A model whose answers take as many tokens as they are told to.
struct Meter(u64);

impl Provider for Meter {
    fn model(&self) -> &str {
        "meter"
    }

    fn body(&self, _: &Request) -> Vec<u8> {
        vec![b' '; usize::try_from(self.0).expect("a length")]
    }

    fn send(&self, body: &[u8], _: Instant) -> Result<Answer, Failure> {
        let tokens = Some(Tokens { input: body.len() as u64, output: 0 });
        let (text, model) = ("yes".to_owned(), Some("meter".to_owned()));
        Ok(Answer { text, ending: Ending::Complete, tokens, model, id: None })
    }
}

impl TestRepo {
    /// A repository with [`CONFIG`].
    pub(crate) fn spending() -> Self {
        let repo = Self::new(&[("a.md", "# A\n"), ("script.toml", "[[rule]]\nanswer = 'yes'\n")]);
        repo.write("lifeos.toml", CONFIG);
        repo.commit("configure");
        repo
    }

    /// A task takes so many millionths at a moment, for a `check`.
    #[track_caller]
    pub(crate) fn spend(&self, task: &str, at: i64, micros: u64) {
        spend(&self.path(), task, at, micros);
    }
}

/// The same in the repository of a folder.
#[track_caller]
pub(crate) fn spend(folder: &Path, task: &str, at: i64, micros: u64) {
    let repo = Repo::discover(folder).expect("a repository");
    let base = repo.head().expect("a commit");
    let config = Config::parse(CONFIG).expect("a configuration");
    let price = Price::of(PerMillion { input: 1.0, output: 1.0 }).expect("a price");
    let terms = Terms { output_tokens_max: 1, pins_model: true, patience: PATIENCE };
    let supply = Supply { provider: Arc::new(Meter(micros)), price, terms, known: Vec::new() };
    let asks = Asks { supply, budget: config.budget.clone() };
    let place = Place { repo: &repo, base, now: at, memory: None, outside: None, lock: None };
    let ask = || {
        tried(&place, &config.tasks[task], &asks, "check", &Events::nobody(), |door| {
            door.complete(&asked(), Instant::now() + Duration::from_secs(60)).map(|said| said.answer)
        })
    };
    // A program that another test starts has the lock too, until it is that program.
    let mut said = ask();
    for _ in 0..100 {
        if !matches!(said, Err(RunError::Lock(LockError::Busy))) {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
        said = ask();
    }
    let answer = said.unwrap_or_else(|error| panic!("{error}")).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer.map(|reply| reply.cost), Ok(micros));
}

fn asked() -> RawRequest {
    let message = Template { role: Role::User, text: "Is it?".to_owned(), inputs: Vec::new() };
    RawRequest {
        prompt: "ask@1".to_owned(),
        messages: vec![message],
        output_tokens_max: 1,
        temperature: None,
        schema: None,
        stop: Vec::new(),
    }
}
