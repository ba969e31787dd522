//! `lifeos doctor --model`: one small call on the terms of a task, and how it went.
//! What it spends is on record as any spending.

use std::time::Instant;

use git2::Oid;
use lifeos::budget::Sum;
use lifeos::budget::price::money;
use lifeos::config::{Config, Model, Task};
use lifeos::model::answer::Refusal;
use lifeos::model::door::{Door, Traffic};
use lifeos::model::error::ModelError;
use lifeos::model::request::{RawRequest, Role, Template};
use lifeos::repo::Repo;
use lifeos::run::asking::{self, Asks};
use lifeos::run::place::Place;

use super::super::error::{CommandError, model};
use super::super::exit::Exit;
use super::super::json::asked::{ModelCall, Price};
use super::super::progress::during;
use super::super::supply::Found;
use super::super::term::Term;
use super::super::{Global, open, text};
use super::limits::Bounds;

/// Tokens of the answer; some models think before they say a word.
const OUTPUT_TOKENS_MAX: u32 = 256;
const PROMPT: &str = "doctor@1";
const QUESTION: &str = "Answer with one word: ready";

/// How a call went: for people, for programs, and as an end.
pub(super) struct Called {
    pub(super) detail: String,
    /// What the task may spend, and what is left.
    pub(super) limits: String,
    pub(super) report: ModelCall,
    pub(super) exit: Exit,
}

/// Calls the model.
pub(super) fn call(
    found: Found,
    settings: &Model,
    config: &Config,
    repo: &Repo,
    base: Oid,
    global: &Global,
    term: &Term,
) -> Result<Called, CommandError> {
    let Found { supply, host, key } = found;
    let granted = config.tasks.values().find_map(|task| Some((task, task.model.as_ref()?)));
    let (task, grant) = granted.ok_or_else(|| {
        let error = CommandError::usage("no task is granted a model, so nothing may be spent");
        error.hint("add a table [task.NAME.model] to lifeos.toml")
    })?;
    let deadline = Instant::now() + supply.terms.patience.call;
    let memory = open::memory(global);
    let place = Place { repo, base, now: open::now(), memory: memory.as_ref(), outside: None, lock: None };
    let price = supply.price.per_million();
    let asks = Asks { supply, budget: config.budget.clone() };
    let went = during(term, |events| asking::tried(&place, task, &asks, "doctor --model", events, |door| ask(door, deadline)))??;
    let (spent, bounds) = (went.spent, Bounds::of(&task.name, grant, config, &place)?);
    let report = ModelCall {
        provider: settings.provider.word(),
        host,
        asked: settings.name.clone(),
        answered: went.traffic.answered.iter().map(|model| lifeos::clean::line(model).into_owned()).collect(),
        key: key.map(|key| key.to_string()),
        task: task.name.clone(),
        milliseconds: u64::try_from(went.traffic.waited.as_millis()).unwrap_or(u64::MAX),
        attempts: went.traffic.attempts,
        tokens: spent.tokens,
        cost: spent.cost,
        currency: config.budget.currency.clone(),
        price: Price { input: price.input, output: price.output },
        seconds_max: settings.seconds_max(),
        limits: bounds.report(),
        pin: settings.pin,
        private: settings.private,
    };
    // That it says more than a word, or that a script has no rule for this, is no fault.
    let is_fault = |trouble: &&ModelError| !matches!(trouble, ModelError::Invalid(_) | ModelError::NoRule { .. });
    let exit = went.traffic.trouble.as_ref().filter(is_fault).map_or(Exit::Done, model::class);
    let limits = format!("{}; {} an attempt", bounds.words(&report.currency), text::count(report.seconds_max, "second"));
    Ok(Called { detail: detail(&report, &went, task), limits, report, exit })
}

/// What came of it.
struct Went {
    traffic: Traffic,
    answer: Result<(), Refusal>,
    spent: Sum,
}

fn ask(door: &Door, deadline: Instant) -> Result<Went, ModelError> {
    let message = Template { role: Role::User, text: QUESTION.to_owned(), inputs: Vec::new() };
    let asked = RawRequest {
        prompt: PROMPT.to_owned(),
        messages: vec![message],
        output_tokens_max: OUTPUT_TOKENS_MAX,
        temperature: None,
        schema: None,
        stop: Vec::new(),
    };
    let answer = door.complete(&asked, deadline)?.answer.map(drop);
    let spent = door.spent().values().fold(Sum::default(), |sum, day| sum.plus(*day));
    Ok(Went { traffic: door.traffic(), answer, spent })
}

fn detail(report: &ModelCall, went: &Went, task: &Task) -> String {
    if let Some(ModelError::NoRule { prompt }) = &went.traffic.trouble {
        return format!("a script, with no rule for {prompt}; it answers what it has rules for");
    }
    if let Some(trouble) = went.traffic.trouble.as_ref().filter(|trouble| !matches!(trouble, ModelError::Invalid(_))) {
        return format!("{trouble}; {}", model::hint(trouble));
    }
    let ModelCall { answered, milliseconds, tokens, cost, currency, price, .. } = report;
    let who = answered.first().map_or("somebody who does not say who", String::as_str);
    let how = match went.answer {
        Ok(()) => String::new(),
        Err(Refusal::InvalidAnswer(fault)) => format!(" ({fault})"),
        Err(ref refusal) => format!(" ({})", refusal.word()),
    };
    format!(
        "{who} answered in {milliseconds} ms{how}; {} of the request, {} of the answer, {} {currency}; a million cost {} and {}; on account of task {}",
        text::count(tokens.input, "token"),
        text::count(tokens.output, "token"),
        money(*cost),
        price.input,
        price.output,
        task.name
    )
}
