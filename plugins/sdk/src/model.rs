//! Asking a model from a task (capability `model`). What is asked for is made in
//! short ways; what is refused says what to do next. Templates are filled by the
//! host, never here: it keeps a digest of them.
//!
//! ```no_run
//! use lifeos_sdk::model::{Prompt, Refusal};
//!
//! #[derive(serde::Deserialize)]
//! struct Title {
//!     title: String,
//! }
//!
//! fn title(text: &str) -> Result<Option<String>, String> {
//!     const SCHEMA: &str = r#"{"type":"object","properties":{"title":{"type":"string","maxLength":80}},"required":["title"]}"#;
//!     let prompt = Prompt::new("title@1")
//!         .system("You name documents. Answer with JSON.")
//!         .user("A title for this:\n\n{{document}}", &[("document", text)])
//!         .output_tokens(100)
//!         .schema(SCHEMA);
//!     match prompt.ask_json::<Title>() {
//!         Ok(Title { title }) => Ok(Some(title)),
//!         // The owner grants no model, or no more of it: the task goes on without.
//!         Err(refusal) if refusal.is_not_granted() || refusal.is_over_budget() => Ok(None),
//!         Err(refusal) => Err(refusal.into()),
//!     }
//! }
//! ```

use serde::de::DeserializeOwned;

pub use crate::bindings::lifeos::task::model::{
    Bound, Fault, Finish, Input, Message, Refusal, Reply, Request, Role, Shortage, Usage, Window, complete,
};

/// Tokens of an answer where the plugin names no bound.
pub const OUTPUT_TOKENS: u32 = 1_000;

/// A request in the making. The messages come in the order in which they are added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    request: Request,
}

impl Prompt {
    /// A prompt by name and version, such as `repair@2`.
    pub fn new(name: impl Into<String>) -> Self {
        let (prompt, output_tokens_max) = (name.into(), OUTPUT_TOKENS);
        let request =
            Request { prompt, messages: Vec::new(), output_tokens_max, temperature: None, schema: None, stop: Vec::new() };
        Self { request }
    }

    /// What holds for the whole conversation; first, if at all.
    #[must_use]
    pub fn system(self, text: impl Into<String>) -> Self {
        self.message(Role::System, text.into(), &[])
    }

    /// A message with places `{{name}}` for what was read. The last message is one of these.
    #[must_use]
    pub fn user(self, template: impl Into<String>, inputs: &[(&str, &str)]) -> Self {
        self.message(Role::User, template.into(), inputs)
    }

    /// What the model is to have said.
    #[must_use]
    pub fn assistant(self, template: impl Into<String>, inputs: &[(&str, &str)]) -> Self {
        self.message(Role::Assistant, template.into(), inputs)
    }

    /// Tokens of the answer at most; [`OUTPUT_TOKENS`] without it. The owner's bound counts if it is
    /// lower: an answer that reaches either is [`Fault::Truncated`].
    #[must_use]
    pub fn output_tokens(mut self, tokens: u32) -> Self {
        self.request.output_tokens_max = tokens;
        self
    }

    /// The temperature in hundredths, 0 to 200; left to the model without it.
    #[must_use]
    pub fn temperature(mut self, hundredths: u16) -> Self {
        self.request.temperature = Some(hundredths);
        self
    }

    /// A JSON Schema that the answer has to hold to, at most 32 deep and without what looks like a secret.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.request.schema = Some(schema.into());
        self
    }

    /// A text that ends the answer, of up to four; without what looks like a secret.
    #[must_use]
    pub fn stop(mut self, text: impl Into<String>) -> Self {
        self.request.stop.push(text.into());
        self
    }

    /// The request as the host gets it.
    #[must_use]
    pub fn into_request(self) -> Request {
        self.request
    }

    /// Asks, and waits for the whole answer.
    ///
    /// # Errors
    /// Why there is none.
    pub fn ask(&self) -> Result<Reply, Refusal> {
        complete(&self.request)
    }

    /// Asks, and reads the answer as a value. The prompt has a [`schema`](Self::schema) that fits it.
    ///
    /// # Errors
    /// Why there is none; an answer of another type is [`Fault::NotOfSchema`].
    pub fn ask_json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        self.ask()?.json()
    }

    fn message(mut self, role: Role, template: String, inputs: &[(&str, &str)]) -> Self {
        let input = |(name, text): &(&str, &str)| Input { name: (*name).to_owned(), text: (*text).to_owned() };
        self.request.messages.push(Message { role, template, inputs: inputs.iter().map(input).collect() });
        self
    }
}

impl Reply {
    /// The answer as a value.
    ///
    /// # Errors
    /// [`Refusal::InvalidAnswer`] when it is of another type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        serde_json::from_str(&self.text)
            .map_err(|error| Refusal::InvalidAnswer(if error.is_data() { Fault::NotOfSchema } else { Fault::NotJson }))
    }
}

impl Refusal {
    /// Whether the owner grants no model at all: no call of this run will be answered.
    #[must_use]
    pub fn is_not_granted(&self) -> bool {
        matches!(self, Self::NotGranted)
    }

    /// Whether the next attempt would have gone over a budget. It was not sent, but one
    /// before it may have been: a retry and the second try count too. A smaller request
    /// may still pass, unless no call is left.
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        matches!(self, Self::OverBudget(_))
    }

    /// Whether the model could not be reached or had no time: another run may have more luck.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Unavailable)
    }
}

/// So that `?` ends a run with the reason.
impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotGranted => "the owner grants no model".to_owned(),
            Refusal::InvalidRequest(reason) => format!("the request to the model is not of the contract: {reason}"),
            Refusal::TooLarge(bytes) => format!("the request to the model has more than {bytes} bytes"),
            Refusal::OverBudget(Shortage { window, bound, left }) => {
                let left = if bound == Bound::Cost { format!("{left} millionths") } else { left.to_string() };
                let (bound, window) = (bound.words(), window.words());
                format!("the request to the model is over the owner's bound on {bound} of {window}, of which {left} are left")
            }
            Refusal::RateLimited(Some(seconds)) => format!("the model was asked too often; try again in {seconds} seconds"),
            Refusal::RateLimited(None) => "the model was asked too often".to_owned(),
            Refusal::Unavailable => "the model gave no answer that could be used".to_owned(),
            Refusal::InvalidAnswer(fault) => format!("the model's answer {}", fault.words()),
        }
    }
}

impl Bound {
    fn words(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::Tokens => "tokens",
            Self::Cost => "money (in millionths)",
        }
    }
}

impl Window {
    fn words(self) -> &'static str {
        match self {
            Self::Call => "one call",
            Self::Run => "one run",
            Self::TaskDay => "the task in a day",
            Self::TaskMonth => "the task in a month",
            Self::Day => "all tasks in a day",
            Self::Month => "all tasks in a month",
        }
    }
}

impl Fault {
    fn words(self) -> &'static str {
        match self {
            Self::Truncated => "was longer than asked for",
            Self::Withheld => "was held back by its provider",
            Self::Empty => "was empty",
            Self::NotJson => "was not JSON",
            Self::NotOfSchema => "was not of the schema",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_a_request_of_its_parts() {
        let prompt = Prompt::new("name@1").system("Be short.").user("{{text}}?", &[("text", "a")]).temperature(0).stop("END");
        let request = prompt.output_tokens(7).schema("{}").into_request();
        let roles: Vec<Role> = request.messages.iter().map(|message| message.role).collect();
        assert_eq!(roles, [Role::System, Role::User]);
        assert_eq!(request.messages[1].inputs, [Input { name: "text".to_owned(), text: "a".to_owned() }]);
        assert_eq!((request.output_tokens_max, request.temperature, request.stop), (7, Some(0), vec!["END".to_owned()]));
        assert_eq!(request.schema.as_deref(), Some("{}"));
    }

    #[test]
    fn an_answer_of_another_type_is_refused() {
        let usage = Usage { input_tokens: 1, output_tokens: 1 };
        let reply = |text: &str| Reply { text: text.to_owned(), finish: Finish::Complete, usage, cost: 0 };
        assert_eq!(reply("[1]").json::<Vec<u8>>(), Ok(vec![1]));
        assert_eq!(reply("[-1]").json::<Vec<u8>>(), Err(Refusal::InvalidAnswer(Fault::NotOfSchema)));
        assert_eq!(reply("[1").json::<Vec<u8>>(), Err(Refusal::InvalidAnswer(Fault::NotJson)));
    }

    #[test]
    fn a_refusal_is_a_sentence() {
        let shortage = Shortage { window: Window::TaskDay, bound: Bound::Tokens, left: 3 };
        let refusal = Refusal::OverBudget(shortage);
        assert!(refusal.is_over_budget() && !refusal.is_not_granted() && !refusal.is_passing());
        let words = "the request to the model is over the owner's bound on tokens of the task in a day, of which 3 are left";
        assert_eq!(String::from(refusal), words);
        assert_eq!(String::from(Refusal::InvalidAnswer(Fault::Empty)), "the model's answer was empty");
    }
}
