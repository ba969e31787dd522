//! What a call to a model is held within, whatever its provider does: attempts, time,
//! bytes, tokens of one call; and what of an answer goes back to it.

use std::time::{Duration, Instant};

use lifeos::model::answer::Refusal;
use lifeos::model::error::ModelError;

use crate::models::{LANGUAGES, Lab, Plan, SCHEMA, question};
use crate::rig::http::Fault;
use crate::rig::model::{KEY, Model, Says};

#[test]
fn a_broken_provider_is_asked_again_ten_times_in_a_round_and_no_more() {
    let server = Model::start(|_, _| Says::refusal(503, "x", "busy"));
    let lab = Lab::new("openai", &server.endpoint(), &Plan { first_wait: Duration::from_millis(1), ..Plan::default() });
    for _ in 0..8 {
        assert_eq!(lab.fails().1, ModelError::Server { status: 503 });
    }
    // Five calls of three attempts each, and three of one.
    assert_eq!((server.requests().len(), lab.traffic().calls, lab.traffic().retries), (18, 8, 10));
}

#[test]
fn a_call_with_all_its_attempts_ends_in_its_time() {
    let server = Model::start(|_, _| Says::Fault(Fault::Hang));
    let second = Duration::from_secs(1);
    let lab = Lab::new("openai", &server.endpoint(), &Plan { attempt: second * 20, call: second, ..Plan::default() });
    let begun = Instant::now();
    assert_eq!(lab.fails().1, ModelError::TimedOut);
    assert!((second..second * 10).contains(&begun.elapsed()), "{:?}", begun.elapsed());
}

#[test]
fn an_answer_has_a_mebibyte_at_most() {
    for (more, is_one) in [(0, true), (1, false)] {
        let server = Model::start(move |_, _| Says::text("x ".repeat(1 << 19) + &"y".repeat(more)));
        let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
        let answer = lab.ask(&question("hello", None));
        assert_eq!(answer.as_ref().map(|reply| reply.text.len()).ok(), is_one.then_some(1 << 20));
        let trouble = (!is_one).then_some(ModelError::TooLarge(1 << 20));
        assert_eq!(lab.traffic().trouble, trouble);
        assert_eq!(lab.noted.all()[0].1.map(|real| real.cost), Some(30), "it is booked");
    }
}

#[test]
fn a_call_has_its_own_budget_over_its_attempts() {
    let server = Model::start(|_, _| Says::refusal(503, "x", "busy"));
    let attempts = |call_tokens_max| {
        let first_wait = Duration::from_millis(1);
        let lab = Lab::new("openai", &server.endpoint(), &Plan { call_tokens_max, first_wait, ..Plan::default() });
        // The attempt that was made says why there is no answer.
        assert_eq!(lab.fails().1, ModelError::Server { status: 503 });
        lab.noted.all()
    };
    let all = attempts(u64::MAX);
    let one = all[0].0.tokens.all();
    assert_eq!(all.len(), 3);
    assert_eq!([one, 2 * one - 1, 2 * one, 3 * one - 1].map(|most| attempts(most).len()), [1, 1, 2, 2]);
}

#[test]
fn a_call_has_its_own_budget_over_its_second_try() {
    let asks = |call_tokens_max| {
        let server = Model::start(|_, _| Says::text("no JSON"));
        let lab = Lab::new("openai", &server.endpoint(), &Plan { call_tokens_max, ..Plan::default() });
        let refusal = lab.ask(&question("hello", Some(SCHEMA))).expect_err("no answer");
        assert!(matches!(refusal, Refusal::InvalidAnswer(_)), "{refusal:?}");
        lab.noted.all()
    };
    let [first, (second, _)] = asks(u64::MAX)[..] else { panic!("two attempts") };
    // The first took 25 tokens, and the second may take all that is left.
    assert_eq!((first.1.map(|real| real.tokens.all()), second.tokens.all() > first.0.tokens.all()), (Some(25), true));
    assert_eq!([24, 25].map(|more| asks(second.tokens.all() + more).len()), [1, 2]);
}

#[test]
fn case_70_what_goes_back_to_a_provider_is_cleaned_too() {
    for language in LANGUAGES {
        let server = Model::start(|_, _| Says::text(format!("{{\"a\":\"{KEY}\"}}")));
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        assert!(lab.ask(&question("hello", Some(SCHEMA))).is_err());
        let requests = server.requests();
        assert_eq!(requests.len(), 2);
        let sent = requests[1].text();
        assert!(sent.contains("[known-key]") && !sent.contains(KEY), "{sent}");
    }
}

#[test]
fn a_plugin_learns_that_a_stop_ended_the_answer() {
    for language in LANGUAGES {
        for (ending, stopped) in [("complete", false), ("stopped", true)] {
            let server = Model::start(move |_, _| Says::text("half").ending(ending));
            let lab = Lab::new(language, &server.endpoint(), &Plan::default());
            assert_eq!(lab.ask(&question("hello", None)).map(|reply| reply.stopped), Ok(stopped), "{language}");
        }
    }
}
