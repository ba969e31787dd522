//! A model over HTTP, in both languages: what is sent, what comes of it, what it costs.
//! How it fails is in `model_faults`.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifeos::budget::caps::{Cap, Caps};
use lifeos::budget::day::Day;
use lifeos::budget::price::{PerMillion, Price};
use lifeos::budget::purse::{Journal, Past, Purse};
use lifeos::budget::{Sum, Tokens};
use lifeos::model::Provider;
use lifeos::model::answer::{Refusal, Reply};
use lifeos::model::anthropic::Anthropic;
use lifeos::model::door::{Clock, Door, Patience, Terms, Traffic};
use lifeos::model::endpoint::Endpoint;
use lifeos::model::error::ModelError;
use lifeos::model::openai::OpenAi;
use lifeos::model::request::{RawRequest, Role, Template};
use lifeos::redact::Redactor;
use lifeos::token::Token;

use crate::rig::model::{KEY, Model, Says, asked};

/// The languages.
pub(crate) const LANGUAGES: [&str; 2] = ["openai", "anthropic"];

/// A journal in memory.
#[derive(Clone, Default)]
pub(crate) struct Noted(Arc<Mutex<Vec<Booked>>>);

/// What was reserved, and what it came to.
pub(crate) type Booked = (Sum, Option<Sum>);

impl Noted {
    /// All, in order.
    pub(crate) fn all(&self) -> Vec<Booked> {
        self.0.lock().expect("no panic").clone()
    }
}

impl Journal for Noted {
    fn reserved(&mut self, _: u64, _: Day, worst: Sum) -> std::io::Result<()> {
        self.0.lock().expect("no panic").push((worst, None));
        Ok(())
    }

    fn settled(&mut self, number: u64, real: Sum) -> std::io::Result<()> {
        self.0.lock().expect("no panic")[usize::try_from(number).expect("small")].1 = Some(real);
        Ok(())
    }
}

/// A door to a server, with hands on everything around it.
pub(crate) struct Lab {
    pub(crate) door: Door,
    pub(crate) noted: Noted,
}

/// What a lab is made of.
pub(crate) struct Plan {
    pub(crate) attempt: Duration,
    pub(crate) call: Duration,
    pub(crate) first_wait: Duration,
    pub(crate) pins: bool,
    pub(crate) tokens_max: u64,
    pub(crate) call_tokens_max: u64,
}

impl Default for Plan {
    fn default() -> Self {
        let [attempt, call] = [10, 20].map(Duration::from_secs);
        Self {
            attempt,
            call,
            first_wait: Duration::from_millis(20),
            pins: false,
            tokens_max: 1_000_000,
            call_tokens_max: u64::MAX,
        }
    }
}

/// A provider of a language at an endpoint of this machine.
pub(crate) fn provider(language: &str, endpoint: &str) -> Arc<dyn Provider> {
    let endpoint = Endpoint::parse(endpoint, true).expect("an endpoint");
    let key = Some(Token::from_bytes(KEY.as_bytes()).expect("a key"));
    match language {
        "openai" => Arc::new(OpenAi::new(endpoint, "m-1", key).expect("a provider")),
        _ => Arc::new(Anthropic::new(endpoint, "m-1", key).expect("a provider")),
    }
}

impl Lab {
    pub(crate) fn new(language: &str, endpoint: &str, plan: &Plan) -> Self {
        let noted = Noted::default();
        let [run, call] = [plan.tokens_max, plan.call_tokens_max].map(|most| Cap { tokens: Some(most), cost: None });
        let caps = Caps { calls_max: 100, run, call, ..Caps::default() };
        let price = Price::of(PerMillion { input: 1.0, output: 2.0 }).expect("a price");
        let purse = Purse::new("t", price, caps, Past::default(), Box::new(noted.clone()));
        let known = Token::from_bytes(KEY.as_bytes()).expect("a key").secret();
        let patience = Patience { attempt: plan.attempt, call: plan.call, first_wait: plan.first_wait };
        let terms = Terms { output_tokens_max: 100, pins_model: plan.pins, patience };
        let door = Door::new(provider(language, endpoint), purse, Redactor::new(vec![known]), terms, Clock::new(0));
        Self { door, noted }
    }

    /// Asks something, as a plugin does: on a thread that drives a runtime.
    pub(crate) fn ask(&self, asked: &RawRequest) -> Result<Reply, Refusal> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let deadline = Instant::now() + Duration::from_secs(60);
            self.door.complete(asked, deadline).expect("it is live").answer
        })
    }

    /// The same for a question, and what the owner learns.
    pub(crate) fn fails(&self) -> (Refusal, ModelError) {
        let refusal = self.ask(&question("hello", None)).expect_err("a failure");
        (refusal, self.traffic().trouble.expect("the owner must know"))
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.door.traffic()
    }
}

/// A question with what was read in its place.
pub(crate) fn question(text: &str, schema: Option<&str>) -> RawRequest {
    let message = |role, text: &str, inputs| Template { role, text: text.to_owned(), inputs };
    let inputs = vec![("text".to_owned(), text.to_owned())];
    RawRequest {
        prompt: "test@1".to_owned(),
        messages: vec![message(Role::System, "Be short.", Vec::new()), message(Role::User, "Say {{text}}", inputs)],
        output_tokens_max: 50,
        temperature: None,
        schema: schema.map(str::to_owned),
        stop: Vec::new(),
    }
}

/// A schema of one number.
pub(crate) const SCHEMA: &str =
    r#"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"#;

#[test]
fn a_key_is_in_one_header_and_nothing_else_goes_along() {
    for language in LANGUAGES {
        let server = Model::start(|_, _| Says::text("hi"));
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        let reply = lab.ask(&question("hello", None)).expect("a reply");
        assert_eq!((reply.text.as_str(), reply.stopped), ("hi", false));
        assert_eq!((reply.tokens, reply.cost), (Tokens { input: 20, output: 5 }, 30));
        let requests = server.requests();
        let [request] = requests.as_slice() else { panic!("{} requests", requests.len()) };
        let (path, header, value) = match language {
            "openai" => ("/v1/chat/completions", "authorization", format!("Bearer {KEY}")),
            _ => ("/v1/messages", "x-api-key", KEY.to_owned()),
        };
        assert_eq!(
            (request.method.as_str(), request.path.as_str(), request.header(header)),
            ("POST", path, Some(value.as_str()))
        );
        let others = request.headers.iter().filter(|(name, _)| name != header);
        let mut names: Vec<&str> =
            others.inspect(|(_, value)| assert!(!value.contains(KEY))).map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut expected = vec!["accept", "accept-encoding", "content-length", "content-type", "host", "user-agent"];
        if language == "anthropic" {
            expected.insert(2, "anthropic-version");
        }
        expected.sort_unstable();
        assert_eq!(names, expected, "no cookie, no referer, no name of this machine");
        assert_eq!(request.header("accept-encoding"), Some("identity"));
        assert_eq!(asked(request), "Be short.\nSay hello");
        assert!(!request.text().contains(KEY));
        let traffic = lab.traffic();
        assert_eq!((traffic.answered.as_slice(), traffic.attempts, traffic.trouble), (["m-1".to_owned()].as_slice(), 1, None));
    }
}

#[test]
fn an_answer_of_a_schema_is_asked_for_in_the_provider_s_own_way() {
    for language in LANGUAGES {
        let server = Model::start(|_, before| Says::text(if before == 0 { "{\"a\":\"x\"}" } else { "{\"a\":1}" }));
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        let reply = lab.ask(&question("hello", Some(SCHEMA))).expect("a reply");
        assert_eq!((reply.text.as_str(), reply.tokens.input), ("{\"a\":1}", 40), "of both rounds");
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        assert!(requests[1].text().contains("That is not what was asked for"));
        let way = if language == "openai" { "\"response_format\"" } else { "\"tool_choice\"" };
        assert!(requests.iter().all(|request| request.text().contains(way)));
    }
}

#[test]
fn case_132_what_is_no_answer_of_the_schema_is_asked_for_once_more_and_no_more() {
    let deep = "[".repeat(10_000);
    for text in ["no JSON", "Here: {\"a\":1}", "{\"a\":1,\"a\":1}", &deep] {
        let said = text.to_owned();
        let server = Model::start(move |_, _| Says::text(said.clone()));
        let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
        let refusal = lab.ask(&question("hello", Some(SCHEMA))).expect_err("no answer");
        assert!(matches!(refusal, Refusal::InvalidAnswer(_)), "{refusal:?}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn case_137_an_answer_without_usage_is_booked_at_what_was_reserved() {
    for language in LANGUAGES {
        // Nothing, or nothing for the text, or for the request: that is no usage either.
        for tokens in [Some((0, 0)), Some((20, 0)), Some((0, 5))] {
            let server = Model::start(move |_, _| Says::text("hi").tokens(tokens));
            let lab = Lab::new(language, &server.endpoint(), &Plan::default());
            lab.ask(&question("hello", None)).expect("a reply");
            let [(worst, real)] = lab.noted.all()[..] else { panic!("one attempt") };
            assert_eq!(real, Some(worst), "{tokens:?}");
        }
        let server = Model::start(|_, _| Says::text("hi").tokens(None));
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        let reply = lab.ask(&question("hello", None)).expect("a reply");
        let [(worst, Some(real))] = lab.noted.all()[..] else { panic!("one attempt") };
        assert_eq!((worst, reply.tokens, reply.cost), (real, real.tokens, real.cost));
        let body = server.requests()[0].body.len() as u64;
        assert!(
            worst.tokens.input > body && worst.tokens.output == 50,
            "{worst:?}: a token has a byte, and the provider adds some"
        );
    }
}

#[test]
fn case_138_who_reports_more_than_was_reserved_is_paid_and_not_asked_again() {
    let server = Model::start(|_, _| Says::text("hi").tokens(Some((900_000, 50))));
    let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
    let first = lab.ask(&question("hello", None));
    let [(worst, Some(real))] = lab.noted.all()[..] else { panic!("one attempt") };
    assert!(real.tokens.input == 900_000 && real.cost > worst.cost, "{worst:?} {real:?} {first:?}");
    let (refusal, _) = lab.fails();
    assert!(matches!(refusal, Refusal::OverBudget { .. }), "{refusal:?}");
    assert_eq!(server.requests().len(), 1);
    // A claim that cannot be true is booked as far as it can, and no further: the month goes on.
    for language in LANGUAGES {
        let server = Model::start(|_, _| Says::text("hi").tokens(Some((u64::MAX, u64::MAX))));
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        let _spent = lab.ask(&question("hello", None));
        let [(worst, Some(real))] = lab.noted.all()[..] else { panic!("one attempt") };
        assert!(real.tokens.all() > worst.tokens.all() && real.tokens.all() < 2_010_000, "{real:?}");
        assert!(matches!(lab.fails().0, Refusal::OverBudget { .. }));
    }
}

#[test]
fn case_144_another_model_is_told_of_and_refused_where_it_is_pinned() {
    for language in LANGUAGES {
        let server = Model::start(|_, _| Says::text("hi").of("m-1-mini"));
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        lab.ask(&question("hello", None)).expect("a reply");
        assert_eq!(lab.traffic().answered, ["m-1-mini"]);
        let pinned = Lab::new(language, &server.endpoint(), &Plan { pins: true, ..Plan::default() });
        let (refusal, trouble) = pinned.fails();
        assert_eq!(refusal, Refusal::Unavailable);
        assert_eq!(trouble, ModelError::OtherModel { asked: "m-1".to_owned(), answered: "m-1-mini".to_owned() });
        assert!(pinned.noted.all().iter().all(|(_, real)| real.is_some_and(|real| real.cost == 30)), "it is booked all the same");
        assert_eq!(server.requests().len(), 2);
    }
}

#[test]
fn what_is_cut_off_or_held_back_is_no_answer() {
    for (ending, word) in [("truncated", "Truncated"), ("withheld", "Withheld")] {
        for language in LANGUAGES {
            let server = Model::start(move |_, _| Says::text("half").ending(ending));
            let lab = Lab::new(language, &server.endpoint(), &Plan::default());
            let refusal = lab.ask(&question("hello", None)).expect_err("no answer");
            assert_eq!(format!("{refusal:?}"), format!("InvalidAnswer({word})"));
            assert_eq!(lab.noted.all()[0].1.map(|real| real.cost), Some(30), "it is booked");
        }
    }
}

#[test]
fn case_70_a_request_with_a_secret_where_none_can_be_replaced_is_not_sent() {
    let server = Model::start(|_, _| Says::text("hi"));
    let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
    let schema = format!(r#"{{"type":"string","const":"{KEY}"}}"#);
    let prompt = RawRequest { prompt: format!("{KEY}@1"), ..question("hello", None) };
    let stop = RawRequest { stop: vec![KEY.to_owned()], ..question("hello", None) };
    for asked in [question("hello", Some(&schema)), prompt, stop] {
        assert!(matches!(lab.ask(&asked), Err(Refusal::InvalidRequest(_))), "{asked:?}");
    }
    assert_eq!(server.requests().len(), 0);
    lab.ask(&RawRequest { prompt: "test@2".to_owned(), ..question("hello", None) }).expect("one without is sent");
}
