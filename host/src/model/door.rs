//! The one way from a plugin to a model: taken apart, cleaned of secrets, paid for
//! before it is sent, tried again where that helps, and held against what was asked
//! for. It knows no provider's language.

mod call;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Provider;
use super::answer::{Answer, Ending, Fault, Refusal, Reply};
use super::error::{Failure, ModelError};
use super::request::{RawRequest, Request};
use super::schema::Schema;
use crate::budget::day::Day;
use crate::budget::purse::Purse;
use crate::budget::{Bound, Sum};
use crate::clean;
use crate::digest::Digest;
pub use crate::http::patience::Patience;
use crate::redact::Redactor;
use crate::trace::Sent;
use call::Call;

/// Attempts that repeat another, of all requests of a round: a broken endpoint costs no more.
const RETRIES_MAX: u32 = 10;
/// Bytes of an answer's text.
const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Prompts of a run, by name: each stands on its record.
const PROMPTS_MAX: usize = 100;
/// Bytes of a model's or a request's name in a line of the trace.
const WORD_BYTES_MAX: usize = 200;

/// How long a model is waited for.
pub const PATIENCE: Patience =
    Patience { attempt: Duration::from_secs(120), call: Duration::from_secs(300), first_wait: Duration::from_secs(1) };

/// What a run's door lets through.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Tokens of one answer.
    pub output_tokens_max: u32,
    /// Whether an answer of another model than was asked is refused.
    pub pins_model: bool,
    /// How long is waited.
    pub patience: Patience,
}

/// Where seconds since 1970-01-01T00:00Z come from: it never goes back.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    begun: Instant,
    at: i64,
}

impl Clock {
    /// A clock that shows `at` now.
    #[must_use]
    pub fn new(at: i64) -> Self {
        Self { begun: Instant::now(), at }
    }

    fn now(&self) -> i64 {
        self.at.saturating_add(i64::try_from(self.begun.elapsed().as_secs()).unwrap_or(i64::MAX))
    }
}

/// A run's way to its model.
pub struct Door {
    source: Source,
    redactor: Arc<Redactor>,
    terms: Terms,
    traffic: Mutex<Traffic>,
}

/// Where answers come from.
enum Source {
    Live(Box<Live>),
    /// A tape, in its order; nothing is sent and nothing is spent.
    Taped(Mutex<VecDeque<Held>>),
}

/// A provider, and what may be spent on it.
struct Live {
    provider: Arc<dyn Provider>,
    purse: Purse,
    clock: Clock,
}

/// What a tape holds of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Held {
    /// The digest of the request in its one form.
    pub request: Digest,
    /// What the plugin got.
    pub answer: Result<Reply, Refusal>,
}

/// What went through a door.
#[derive(Debug, Clone, Default)]
pub struct Traffic {
    /// The model that was asked.
    pub asked: String,
    /// Models that answered, as the provider calls them.
    pub answered: Vec<String>,
    /// Prompts with the digests of their templates.
    pub prompts: BTreeMap<String, Digest>,
    /// Calls of the plugin of which something was sent.
    pub calls: u64,
    /// Attempts that were sent.
    pub attempts: u64,
    /// Those of them that repeated another.
    pub retries: u32,
    /// Secrets taken out, by kind.
    pub redacted: BTreeMap<&'static str, u64>,
    /// Time spent waiting for the provider.
    pub waited: Duration,
    /// Why a call came to nothing, of the last that did for a reason that the owner
    /// must know.
    pub trouble: Option<ModelError>,
}

/// What became of a call.
pub struct Completion {
    /// The digest of the request, if there is one.
    pub request: Option<Digest>,
    /// What the plugin gets.
    pub answer: Result<Reply, Refusal>,
    /// What was sent for it, if anything was.
    pub sent: Option<Sent>,
}

impl Door {
    /// A door to `provider`.
    #[must_use]
    pub fn new(
        provider: Arc<dyn Provider>,
        purse: Purse,
        redactor: impl Into<Arc<Redactor>>,
        terms: Terms,
        clock: Clock,
    ) -> Self {
        let redactor = redactor.into();
        let traffic = Traffic { asked: provider.model().to_owned(), ..Traffic::default() };
        Self { source: Source::Live(Box::new(Live { provider, purse, clock })), redactor, terms, traffic: Mutex::new(traffic) }
    }

    /// A door to the answers of a tape, for requests of at most so many tokens.
    #[must_use]
    pub fn taped(held: Vec<Held>, output_tokens_max: u32) -> Self {
        let terms = Terms { output_tokens_max, pins_model: false, patience: PATIENCE };
        let source = Source::Taped(Mutex::new(held.into()));
        Self { source, redactor: Arc::default(), terms, traffic: Mutex::default() }
    }

    /// Asks for a plugin, until `deadline` at the latest.
    ///
    /// # Errors
    /// [`ModelError::NotOnTape`]: the run is not that of the tape.
    pub fn complete(&self, asked: &RawRequest, deadline: Instant) -> Result<Completion, ModelError> {
        let (request, schema) = match self.read(asked) {
            Ok(read) => read,
            Err(refusal) => return Ok(Completion { request: None, answer: Err(refusal), sent: None }),
        };
        let (digest, prompt, templates) = (request.digest(), request.prompt.clone(), request.templates);
        let mut sent = Sent::default();
        let answer = match &self.source {
            Source::Taped(held) => next(held, digest, &prompt)?,
            Source::Live(live) => self.ask(live, request, schema.as_ref(), deadline, &mut sent),
        };
        // A call beyond the bound of calls leaves nothing behind; here and on a tape it is known by its answer.
        if !matches!(answer, Err(Refusal::OverBudget { bound: Bound::Calls, .. })) {
            self.with(|traffic| traffic.prompts.insert(prompt, templates));
        }
        Ok(Completion { request: Some(digest), answer, sent: Some(sent).filter(|sent| sent.attempts > 0) })
    }

    /// Asks a provider; what the owner must know of is noted.
    fn ask(
        &self,
        live: &Live,
        request: Request,
        schema: Option<&Schema>,
        deadline: Instant,
        sent: &mut Sent,
    ) -> Result<Reply, Refusal> {
        let deadline = deadline.min(Instant::now() + self.terms.patience.call);
        let asked = live.purse.ask().map_err(ModelError::from);
        let answer = asked.and_then(|()| Call::new(self, live, deadline, sent).answered(request, schema));
        // Also where the answer that took too much is one, and nobody asks again.
        let trouble = if live.purse.is_over() { Some(ModelError::Overrun) } else { answer.as_ref().err().cloned() };
        if let Some(trouble) = trouble {
            self.with(|traffic| traffic.trouble = Some(trouble));
        }
        answer.map_err(|error| error.refusal())
    }

    /// What went through.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What takes secrets out of whatever goes through.
    #[must_use]
    pub fn redactor(&self) -> Arc<Redactor> {
        Arc::clone(&self.redactor)
    }

    /// What was spent, by day.
    #[must_use]
    pub fn spent(&self) -> BTreeMap<Day, Sum> {
        match &self.source {
            Source::Live(live) => live.purse.spent(),
            Source::Taped(_) => BTreeMap::new(),
        }
    }

    /// Calls that count towards the run's bound, with those of earlier rounds.
    #[must_use]
    pub fn counted(&self) -> u64 {
        match &self.source {
            Source::Live(live) => live.purse.asked(),
            Source::Taped(_) => 0,
        }
    }

    fn with<T>(&self, note: impl FnOnce(&mut Traffic) -> T) -> T {
        note(&mut self.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The request as it may leave this machine.
    fn read(&self, asked: &RawRequest) -> Result<(Request, Option<Schema>), Refusal> {
        let mut request = Request::read(asked)?;
        // Nothing is put into these, so nothing is taken out of them either.
        let others = asked.stop.iter().chain(&asked.schema).chain([&asked.prompt]);
        if others.into_iter().any(|text| !self.redactor.count(text).is_empty()) {
            return Err(Refusal::InvalidRequest("schema, stop, prompt: there is what looks like a secret".to_owned()));
        }
        self.knows(&request)?;
        let schema = asked.schema.as_deref().map(Schema::read).transpose().map_err(Refusal::InvalidRequest)?;
        request.schema = schema.as_ref().map(|schema| schema.value().clone());
        request.output_tokens_max = request.output_tokens_max.min(self.terms.output_tokens_max);
        for message in &mut request.messages {
            message.text = self.cleaned(&message.text);
        }
        Ok((request, schema))
    }

    /// Whether the prompt may stand on record beside those before it.
    fn knows(&self, request: &Request) -> Result<(), Refusal> {
        let Request { prompt, templates, .. } = request;
        let (known, count) = self.with(|traffic| (traffic.prompts.get(prompt).copied(), traffic.prompts.len()));
        let fault = match known {
            Some(known) if known != *templates => format!("{prompt} had other templates in this run; raise its version"),
            None if count >= PROMPTS_MAX => format!("a run has at most {PROMPTS_MAX} names"),
            _ => return Ok(()),
        };
        Err(Refusal::InvalidRequest(format!("prompt: {fault}")))
    }

    fn cleaned(&self, text: &str) -> String {
        let redacted = self.redactor.redact(text);
        self.with(|traffic| redacted.counts.iter().for_each(|(kind, count)| *traffic.redacted.entry(kind).or_default() += count));
        redacted.text.into_owned()
    }

    /// A word of the provider for a line of the trace.
    fn word(&self, text: &str) -> String {
        clean::line(clean::cut(&self.redactor.redact(text).text, WORD_BYTES_MAX)).into_owned()
    }

    /// The text of an answer, if it is one; else what is wrong with it.
    fn held(&self, answer: &Answer, schema: Option<&Schema>) -> Result<String, (Fault, String)> {
        let bad = |fault: Fault| (fault, fault.to_string());
        match answer.ending {
            Ending::Truncated => return Err(bad(Fault::Truncated)),
            Ending::Withheld => return Err(bad(Fault::Withheld)),
            Ending::Complete | Ending::Stopped => {}
        }
        if answer.text.trim().is_empty() {
            return Err(bad(Fault::Empty));
        }
        // What the plugin gets is what a tape may hold.
        let text = self.cleaned(&answer.text);
        match schema {
            None => Ok(text),
            Some(schema) => schema.hold(&text),
        }
    }

    /// Notes who answered; somebody else is refused where the owner pins the model.
    fn admitted(&self, asked: &str, answer: Answer) -> Result<Answer, Failure> {
        let failed = |error| Failure { error, is_free: false, may_repeat: false, wait: None };
        if answer.text.len() > ANSWER_BYTES_MAX {
            return Err(failed(ModelError::TooLarge(ANSWER_BYTES_MAX as u64)));
        }
        let Some(answered) = answer.model.as_ref().map(|model| self.cleaned(model)) else { return Ok(answer) };
        self.with(|traffic| {
            if !traffic.answered.contains(&answered) && traffic.answered.len() < 16 {
                traffic.answered.push(answered.clone());
            }
        });
        if self.terms.pins_model && answered != asked {
            return Err(failed(ModelError::OtherModel { asked: asked.to_owned(), answered }));
        }
        Ok(answer)
    }

    /// Counts an attempt beyond the first, while there may be others.
    fn may_retry(&self) -> bool {
        self.with(|traffic| {
            let may = traffic.retries < RETRIES_MAX;
            traffic.retries += u32::from(may);
            may
        })
    }
}

/// The next answer of a tape, if it is one to this request.
fn next(held: &Mutex<VecDeque<Held>>, request: Digest, prompt: &str) -> Result<Result<Reply, Refusal>, ModelError> {
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    let answer = held.pop_front().filter(|held| held.request == request).map(|held| held.answer);
    answer.ok_or_else(|| ModelError::NotOnTape { prompt: prompt.to_owned() })
}
