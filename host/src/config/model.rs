//! What `lifeos.toml` says of models: which one, what it costs, what may be spent,
//! and what one task is granted of it.

use serde::{Deserialize, Serialize};

use super::Table;
use crate::budget::caps::{Cap, Caps};
use crate::budget::price::{PerMillion, Price, micros};

/// The model that tasks ask.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// Which language its endpoint speaks.
    pub provider: Dialect,
    /// The beginning of its addresses; none: where the provider itself answers.
    pub endpoint: Option<String>,
    /// With `scripted` alone: the file of rules, a path of the repository.
    pub script: Option<String>,
    /// Its name, as the provider calls it.
    pub name: String,
    /// Whether an answer of a model with another name is refused.
    #[serde(default)]
    pub pin: bool,
    /// Whether the endpoint may be this machine or one of a private network.
    #[serde(default)]
    pub private: bool,
    /// Seconds of one attempt, if the owner says; see [`Model::seconds_max`].
    seconds_max: Option<u64>,
    /// What it costs; without it nothing is sent.
    pub price: Option<PerMillion>,
}

/// Whom a task asks: what of [`Model`] is part of its grant. What it costs and how long
/// it is waited for may change under a candidate that waits.
#[derive(Serialize)]
pub(super) struct Whom {
    provider: Dialect,
    endpoint: Option<String>,
    script: Option<String>,
    name: String,
    pin: bool,
    private: bool,
}

/// The languages of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// Chat completions, as of OpenAI and of many others, local servers among them.
    Openai,
    /// Messages, as of Anthropic.
    Anthropic,
    /// A file of rules.
    Scripted,
}

impl Dialect {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::Anthropic => "anthropic",
            Self::Scripted => "scripted",
        }
    }
}

/// What all tasks together may spend.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// What money is called.
    pub currency: String,
    /// Tokens of a day.
    pub day_tokens_max: Option<u64>,
    /// Money of a day.
    pub day_cost_max: Option<f64>,
    /// Tokens of a month.
    pub month_tokens_max: Option<u64>,
    /// Money of a month.
    pub month_cost_max: Option<f64>,
    /// Share of a month's bound at which lifeos says so, once.
    pub alert_percent: u64,
}

impl Default for Budget {
    fn default() -> Self {
        let none = (None, None, None, None);
        let (day_tokens_max, day_cost_max, month_tokens_max, month_cost_max) = none;
        let currency = "USD".to_owned();
        Self { currency, day_tokens_max, day_cost_max, month_tokens_max, month_cost_max, alert_percent: 50 }
    }
}

/// What a task may spend on a model.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelGrant {
    /// Calls of one run.
    pub calls_max: u64,
    /// Tokens of one answer.
    pub output_tokens_max: u32,
    /// Tokens of one call, with its attempts and its second try.
    pub call_tokens_max: Option<u64>,
    /// Money of one call.
    pub call_cost_max: Option<f64>,
    /// Tokens of one run.
    pub tokens_max: u64,
    /// Money of one run.
    pub cost_max: Option<f64>,
    /// Tokens of a day.
    pub day_tokens_max: Option<u64>,
    /// Money of a day.
    pub day_cost_max: Option<f64>,
    /// Tokens of a month.
    pub month_tokens_max: Option<u64>,
    /// Money of a month.
    pub month_cost_max: Option<f64>,
}

impl Default for ModelGrant {
    fn default() -> Self {
        Self {
            calls_max: 20,
            output_tokens_max: 4_096,
            call_tokens_max: None,
            call_cost_max: None,
            tokens_max: 200_000,
            cost_max: None,
            day_tokens_max: None,
            day_cost_max: None,
            month_tokens_max: None,
            month_cost_max: None,
        }
    }
}

/// Rounds of repair that a task may be granted.
const ROUNDS_MAX: u32 = 10;
/// Seconds of one attempt where the owner says nothing.
const SECONDS: u64 = 120;

impl Model {
    /// What is wrong with it, if anything is.
    pub(super) fn fault(&self) -> Option<String> {
        let is_name = |byte: u8| byte.is_ascii_graphic();
        if !(1..=200).contains(&self.name.len()) || !self.name.bytes().all(is_name) {
            return Some("name: 1 to 200 bytes without spaces".to_owned());
        }
        if !(1..=3_600).contains(&self.seconds_max()) {
            return Some("seconds_max: must be 1 to 3600".to_owned());
        }
        if self.price.is_some_and(|price| Price::of(price).is_none()) {
            return Some("price: input and output are money for a million tokens, 0 to 1000000".to_owned());
        }
        match (self.provider, &self.script, &self.endpoint) {
            (Dialect::Scripted, None, _) => Some("provider = \"scripted\" needs script, the path of its file".to_owned()),
            (Dialect::Scripted, ..) => {
                self.unscripted().map(|key| format!("{key}: provider = \"scripted\" has none, since nothing is sent"))
            }
            (Dialect::Openai | Dialect::Anthropic, Some(_), _) => Some("script is for provider = \"scripted\" alone".to_owned()),
            _ => None,
        }
    }

    /// The first key that a script has no use for.
    fn unscripted(&self) -> Option<&'static str> {
        let keys = [
            ("endpoint", self.endpoint.is_some()),
            ("pin", self.pin),
            ("private", self.private),
            ("seconds_max", self.seconds_max.is_some()),
        ];
        keys.into_iter().find_map(|(key, is_there)| is_there.then_some(key))
    }

    /// What of it belongs to the grant of a task that asks it.
    pub(super) fn whom(&self) -> Whom {
        let Self { provider, endpoint, script, name, pin, private, .. } = self.clone();
        Whom { provider, endpoint, script, name, pin, private }
    }

    /// Seconds of one attempt.
    #[must_use]
    pub fn seconds_max(&self) -> u64 {
        self.seconds_max.unwrap_or(SECONDS)
    }

    /// What it costs, if the owner said so.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        self.price.and_then(Price::of)
    }
}

impl Budget {
    /// The bounds of a day.
    #[must_use]
    pub fn day(&self) -> Cap {
        cap(self.day_tokens_max, self.day_cost_max)
    }

    /// The bounds of a month.
    #[must_use]
    pub fn month(&self) -> Cap {
        cap(self.month_tokens_max, self.month_cost_max)
    }

    /// What is wrong with it, if anything is.
    pub(super) fn fault(&self) -> Option<String> {
        let is_word = |char: char| char.is_alphanumeric() || "$€£¥".contains(char);
        if !(1..=8).contains(&self.currency.chars().count()) || !self.currency.chars().all(is_word) {
            return Some("currency: 1 to 8 letters or digits".to_owned());
        }
        if !(1..=100).contains(&self.alert_percent) {
            return Some("alert_percent: must be 1 to 100".to_owned());
        }
        money_fault([("day_cost_max", self.day_cost_max), ("month_cost_max", self.month_cost_max)])
    }
}

impl ModelGrant {
    /// What is wrong with it, if anything is.
    pub(super) fn fault(&self) -> Option<String> {
        if self.output_tokens_max == 0 {
            return Some("model.output_tokens_max: at least 1".to_owned());
        }
        let money = [
            ("model.call_cost_max", self.call_cost_max),
            ("model.cost_max", self.cost_max),
            ("model.day_cost_max", self.day_cost_max),
            ("model.month_cost_max", self.month_cost_max),
        ];
        money_fault(money)
    }

    /// The bounds of a task, with those of all tasks.
    #[must_use]
    pub fn caps(&self, budget: &Budget) -> Caps {
        Caps {
            calls_max: self.calls_max,
            call: cap(self.call_tokens_max, self.call_cost_max),
            run: cap(Some(self.tokens_max), self.cost_max),
            task_day: cap(self.day_tokens_max, self.day_cost_max),
            task_month: cap(self.month_tokens_max, self.month_cost_max),
            day: budget.day(),
            month: budget.month(),
        }
    }
}

fn cap(tokens: Option<u64>, cost: Option<f64>) -> Cap {
    Cap { tokens, cost: cost.and_then(micros) }
}

/// What a model, and rounds of repair, need.
pub(super) fn check(table: &Table) -> Result<(), String> {
    if table.model.is_some() && table.asks.is_none() {
        return Err("a task with a table `model` needs a table [model] with `provider` and `name`".to_owned());
    }
    if table.rounds > ROUNDS_MAX {
        return Err(format!("rounds = {}: must be 0 to {ROUNDS_MAX}", table.rounds));
    }
    if table.rounds > 0 && table.gate.iter().flatten().chain(&table.goal).next().is_none() {
        return Err("rounds is for a task with a gate or a goal, since a round repairs what one of them spoke against".to_owned());
    }
    if !table.hosts.is_empty() && table.model.is_none() {
        return Err("hosts is for a task with a table `model`; no other is held to the hosts that it names".to_owned());
    }
    check_hosts(&table.hosts)?;
    table.model.and_then(|model| model.fault()).map_or(Ok(()), Err)
}

/// Whether these are hosts that documents may newly link to.
fn check_hosts(hosts: &[String]) -> Result<(), String> {
    let is_host = |host: &String| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b':');
        (1..=253).contains(&host.len()) && host.bytes().all(plain)
    };
    let is_good = hosts.len() <= 1_000 && hosts.iter().all(is_host);
    if is_good { Ok(()) } else { Err("hosts: names of hosts in lower case, without a scheme or a path".to_owned()) }
}

fn money_fault<const N: usize>(money: [(&str, Option<f64>); N]) -> Option<String> {
    let is_wrong = |(_, money): &(&str, Option<f64>)| money.is_some_and(|money| micros(money).is_none());
    money.into_iter().find(is_wrong).map(|(key, _)| format!("{key}: must be money, 0 to 1000000000"))
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    fn task(more: &str) -> Result<Config, String> {
        let model = "[model]\nprovider = 'openai'\nname = 'm'\nprice = { input = 1.0, output = 2.0 }\n";
        let text = format!("version = 1\n{model}[task.t]\nplugin = 'x'\n{more}");
        Config::parse(&text).map_err(|error| error.to_string())
    }

    #[test]
    fn bounds_are_read_and_held() {
        let config = task("[task.t.model]\ncost_max = 0.5\n[budget]\nmonth_cost_max = 20\n").expect("a configuration");
        let grant = config.tasks["t"].model.expect("a grant");
        let caps = grant.caps(&config.budget);
        assert_eq!((caps.run.cost, caps.run.tokens, caps.month.cost), (Some(500_000), Some(200_000), Some(20_000_000)));
        assert!(config.tasks["t"].granted.model);
        for wrong in [
            "[task.t.model]\ncost_max = -1\n",
            "[task.t.model]\noutput_tokens_max = 0\n",
            "[task.t.model]\ntokens = 1\n",
            "rounds = 11\ngate = ['x']\n",
            "hosts = ['https://example.org']\nmodel = {}\n",
            "[budget]\nalert_percent = 0\n",
            "[budget]\ncurrency = ''\n",
        ] {
            assert!(task(wrong).is_err(), "{wrong}");
        }
        assert!(Config::parse("version = 1\n[task.t]\nplugin = 'x'\n[task.t.model]\n").is_err(), "there is no [model]");
    }

    #[test]
    fn whom_a_task_asks_is_part_of_its_grant_and_what_that_costs_is_not() {
        let digest = |model: &str, more: &str| {
            let text = format!("version = 1\n[model]\n{model}\n[task.t]\nplugin = 'x'\n{more}");
            Config::parse(&text).expect("a configuration").tasks["t"].grant_digest
        };
        let usual = "provider = 'openai'\nname = 'a'";
        let other = |more: &str| format!("{usual}\n{more}");
        let mut rows = vec![usual.to_owned(), usual.replace("openai", "anthropic"), usual.replace("'a'", "'b'")];
        rows.extend(["endpoint = 'https://a.org'", "pin = true", "private = true"].map(other));
        rows.extend(["a.toml", "b.toml"].map(|script| format!("provider = 'scripted'\nname = 'a'\nscript = '{script}'")));
        let digests: std::collections::BTreeSet<_> = rows.iter().map(|row| digest(row, "model = {}").to_string()).collect();
        assert_eq!(digests.len(), rows.len());
        for same in ["price = { input = 1, output = 2 }", "seconds_max = 7", "pin = false"] {
            assert_eq!(digest(usual, "model = {}"), digest(&other(same), "model = {}"), "{same}");
        }
        assert_eq!(digest(usual, ""), digest(&rows[1], ""), "who asks nobody is granted nothing of it");
    }

    #[test]
    fn a_script_has_no_keys_of_what_is_sent() {
        for key in ["endpoint = 'https://a.org'", "pin = true", "private = true", "seconds_max = 120"] {
            let text = format!("version = 1\n[model]\nprovider = 'scripted'\nscript = 'a.toml'\nname = 's'\n{key}\n");
            let error = Config::parse(&text).expect_err(key).to_string();
            let word = key.split(' ').next().unwrap_or_default();
            assert_eq!(error, format!("[model] {word}: provider = \"scripted\" has none, since nothing is sent"));
        }
    }
}
