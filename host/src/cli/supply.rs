//! From the configuration and what the operator has: the model, its price, and the
//! key for it. Nothing is asked here.

use std::sync::Arc;
use std::time::Duration;

use git2::Oid;
use lifeos::budget::price::{PerMillion, Price};
use lifeos::config::{Config, Dialect, Model, Task};
use lifeos::model::Provider;
use lifeos::model::anthropic::{self, Anthropic};
use lifeos::model::door::{PATIENCE, Patience, Terms};
use lifeos::model::endpoint::{Endpoint, EndpointError};
use lifeos::model::error::ModelError;
use lifeos::model::openai::{self, OpenAi};
use lifeos::model::scripted::{SCRIPT_BYTES_MAX, Scripted};
use lifeos::model::supply::Supply;
use lifeos::repo::Repo;
use lifeos::run::asking::Asks;
use lifeos::token::Token;

use super::error::CommandError;
use super::keys::{self, Source};
use super::{Global, open};

/// What it takes to ask the model of `[model]`, for a run over `base`.
pub(crate) fn supply(model: &Model, repo: &Repo, base: Oid, global: &Global) -> Result<Supply, CommandError> {
    found(model, repo, base, global).map(|found| found.supply)
}

/// What it takes, and where that was found.
pub(crate) struct Found {
    pub(crate) supply: Supply,
    /// Where the model answers; none if it is a script.
    pub(crate) host: Option<String>,
    /// Where the key is, if there is one.
    pub(crate) key: Option<Source>,
}

/// The same, with where it was found.
pub(crate) fn found(model: &Model, repo: &Repo, base: Oid, global: &Global) -> Result<Found, CommandError> {
    let price = price(model)?;
    let endpoint = match model.provider {
        Dialect::Scripted => None,
        Dialect::Openai => Some(openai::ENDPOINT),
        Dialect::Anthropic => Some(anthropic::ENDPOINT),
    };
    let Some(usual) = endpoint else {
        let provider = Arc::new(scripted(model, repo, base)?);
        let supply = Supply { provider, price, terms: terms(model), known: Vec::new() };
        return Ok(Found { supply, host: None, key: None });
    };
    let endpoint = Endpoint::parse(model.endpoint.as_deref().unwrap_or(usual), model.private)?;
    let key = key(&endpoint, global)?;
    let known = key.iter().map(|(key, _)| key.secret()).collect();
    let (host, (key, source)) = (endpoint.host().to_owned(), key.unzip());
    let provider: Arc<dyn Provider> = match model.provider {
        Dialect::Anthropic => Arc::new(Anthropic::new(endpoint, &model.name, key)?),
        Dialect::Openai | Dialect::Scripted => Arc::new(OpenAi::new(endpoint, &model.name, key)?),
    };
    let supply = Supply { provider, price, terms: terms(model), known };
    Ok(Found { supply, host: Some(host), key: source })
}

/// The key for an endpoint; one on this machine may want none.
fn key(endpoint: &Endpoint, global: &Global) -> Result<Option<(Token, Source)>, CommandError> {
    let host = endpoint.host();
    let key = keys::key(host, global)?;
    if key.is_some() || endpoint.is_loopback() {
        return Ok(key);
    }
    let error = CommandError::usage(format!("there is no key for {}", lifeos::clean::line(host)));
    let place =
        open::tokens_folder().map_or_else(String::new, |folder| format!("put it into {}, or ", folder.join(host).display()));
    Err(error.hint(format!("{place}say where it is: --token {host}=FILE, or =env:NAME, or ='command:WORDS'; see docs/models.md")))
}

impl From<EndpointError> for CommandError {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::Private { host } => ModelError::Private { host }.into(),
            _ => Self::usage(error).hint("see [model] endpoint in docs/configuration.md"),
        }
    }
}

/// Who is asked, if one of these tasks is granted a model.
pub(crate) fn asks(
    config: &Config,
    tasks: &[&Task],
    repo: &Repo,
    base: Oid,
    global: &Global,
) -> Result<Option<Asks>, CommandError> {
    let is_wanted = tasks.iter().any(|task| task.model.is_some());
    let model = config.model.as_ref().filter(|_| is_wanted);
    let supply = model.map(|model| supply(model, repo, base, global)).transpose()?;
    Ok(supply.map(|supply| Asks { supply, budget: config.budget.clone() }))
}

/// What is waited: one attempt as the owner says, a call for two attempts and a half.
fn terms(model: &Model) -> Terms {
    let attempt = Duration::from_secs(model.seconds_max());
    let patience = Patience { attempt, call: attempt * 5 / 2, ..PATIENCE };
    Terms { output_tokens_max: u32::MAX, pins_model: model.pin, patience }
}

/// What it costs: a script nothing, unless the owner says so.
fn price(model: &Model) -> Result<Price, CommandError> {
    let free = || Price::of(PerMillion { input: 0.0, output: 0.0 }).filter(|_| model.provider == Dialect::Scripted);
    model.price().or_else(free).ok_or_else(|| {
        let error = CommandError::usage(format!("what {} costs is not known, so nothing is asked", model.name));
        error.hint("add to [model]: price = { input = N, output = N }, money for a million tokens; 0 for a model of your own")
    })
}

/// The rules of a file of the base commit.
fn scripted(model: &Model, repo: &Repo, base: Oid) -> Result<Scripted, CommandError> {
    let path = model.script.as_deref().unwrap_or_default();
    let text = repo.file_at(base, path, SCRIPT_BYTES_MAX)?.ok_or_else(|| {
        let error = CommandError::usage(format!("there is no {path} in the base commit {}", &base.to_string()[..10]));
        error.hint("[model] script is a path of the repository, and what counts is what is committed")
    })?;
    let wrong = |reason: String| CommandError::usage(lifeos::clean::line(&reason)).at(path).hint("its form is in docs/models.md");
    Scripted::parse(&model.name, &text).map_err(wrong)
}
