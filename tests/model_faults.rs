//! How a model over HTTP fails, and what each failure costs: known to be nothing, or as
//! much as was reserved.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use lifeos::budget::Sum;
use lifeos::model::answer::Refusal;
use lifeos::model::error::ModelError;
use serde_json::json;

use crate::models::{LANGUAGES, Lab, Plan, question};
use crate::rig::http::Fault;
use crate::rig::model::{KEY, Model, Says};
use crate::rig::tls::{Certificate, Host};
use crate::rig::{TestRepo, peak};

/// Whether every attempt is booked at what was reserved, or at nothing.
#[derive(PartialEq, Debug)]
enum Booked {
    Worst,
    Nothing,
}

#[track_caller]
fn booked(lab: &Lab, attempts: usize, booked: &Booked) {
    let noted = lab.noted.all();
    assert_eq!(noted.len(), attempts, "each attempt is reserved");
    for (worst, real) in noted {
        let expected = if *booked == Booked::Worst { worst } else { Sum::default() };
        assert_eq!(real, Some(expected));
    }
}

#[test]
fn case_125_a_rate_limit_is_waited_for() {
    for language in LANGUAGES {
        let server = Model::start(|_, before| match before {
            0 => Says::Status(429, json!({"error": {"message": "slow down"}}), vec![("Retry-After", "2".to_owned())]),
            _ => Says::text("hi"),
        });
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        assert_eq!(lab.ask(&question("hello", None)).expect("a reply").text, "hi");
        assert!(server.pauses()[0] >= Duration::from_secs(2), "{:?}", server.pauses());
        assert_eq!(server.requests().len(), 2);
        assert_eq!(lab.noted.all()[0].1, Some(Sum::default()), "what was refused cost nothing");
    }
}

#[test]
fn case_126_an_account_that_is_used_up_is_not_asked_again() {
    let rows = [
        (429, "insufficient_quota", "You exceeded your current quota"),
        (402, "billing_error", "Pay first"),
        (400, "invalid_request_error", "Your credit balance is too low to access the API"),
    ];
    for (status, kind, message) in rows {
        let server = Model::start(move |_, _| Says::refusal(status, kind, message));
        let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
        let (refusal, trouble) = lab.fails();
        assert_eq!((refusal, trouble), (Refusal::Unavailable, ModelError::Exhausted(message.to_owned())));
        booked(&lab, 1, &Booked::Nothing);
    }
}

#[test]
fn case_127_a_wait_without_reason_is_not_waited() {
    let rows = [
        ("86400", Some(86_400), 1),
        ("99999999999999999999", None, 3),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None, 3),
        ("-5", None, 3),
        ("soon", None, 3),
    ];
    for (value, wait, attempts) in rows {
        let server = Model::start(move |_, _| Says::Status(429, json!({}), vec![("Retry-After", value.to_owned())]));
        let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
        let begun = Instant::now();
        let (refusal, trouble) = lab.fails();
        assert!(begun.elapsed() < Duration::from_secs(5), "{value}");
        assert_eq!(refusal, Refusal::RateLimited(wait), "{value}");
        assert_eq!(trouble, ModelError::RateLimited { wait: wait.map(u64::from).map(Duration::from_secs) });
        booked(&lab, attempts, &Booked::Nothing);
    }
    let past =
        vec![("Date", "Wed, 21 Oct 2015 08:00:00 GMT".to_owned()), ("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT".to_owned())];
    let server = Model::start(move |_, _| Says::Status(429, json!({}), past.clone()));
    let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
    assert_eq!(lab.fails().0, Refusal::RateLimited(Some(0)));
}

#[test]
fn case_128_a_server_that_fails_for_ever_is_asked_three_times_with_growing_waits() {
    for (language, status) in [("openai", 500), ("anthropic", 529)] {
        let server = Model::start(move |_, _| Says::refusal(status, "overloaded_error", "busy"));
        let lab = Lab::new(language, &server.endpoint(), &Plan { first_wait: Duration::from_millis(200), ..Plan::default() });
        assert_eq!(lab.fails().1, ModelError::Server { status });
        booked(&lab, 3, &Booked::Worst);
        let pauses = server.pauses();
        assert!(pauses[0] >= Duration::from_millis(200) && pauses[1] >= Duration::from_millis(400), "{pauses:?}");
    }
    let server = Model::start(|_, _| Says::refusal(503, "x", "busy"));
    let lab = Lab::new("openai", &server.endpoint(), &Plan { tokens_max: 2_000, ..Plan::default() });
    assert_eq!(lab.fails().1, ModelError::Server { status: 503 }, "an attempt that there is no money for is not made");
    assert!(server.requests().len() < 3);
}

#[test]
fn case_129_no_connection_is_no_answer_and_no_cost() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a port").port();
    let lab = Lab::new("anthropic", &format!("http://127.0.0.1:{port}/v1"), &Plan::default());
    let (refusal, trouble) = lab.fails();
    assert!(refusal == Refusal::Unavailable && matches!(trouble, ModelError::Unreachable(_)), "{trouble:?}");
    booked(&lab, 3, &Booked::Nothing);
    let server = Host::start(Certificate::Unsigned);
    let port = server.port();
    let lab = Lab::new("openai", &format!("https://localhost:{port}/v1"), &Plan::default());
    let (_, trouble) = lab.fails();
    assert!(matches!(&trouble, ModelError::Unreachable(reason) if reason.contains("ertificate")), "{trouble:?}");
    booked(&lab, 1, &Booked::Nothing);
    let seen = server.stop();
    assert!(!String::from_utf8_lossy(&seen).contains(KEY), "a key was sent to somebody");
}

#[test]
fn case_130_an_answer_that_is_cut_off_is_booked_and_no_part_of_it_is_an_answer() {
    for language in LANGUAGES {
        let server = Model::start(|_, _| Says::Fault(Fault::Cut));
        let lab = Lab::new(language, &server.endpoint(), &Plan::default());
        let (refusal, trouble) = lab.fails();
        assert!(refusal == Refusal::Unavailable && matches!(trouble, ModelError::Cut(_)), "{trouble:?}");
        booked(&lab, 1, &Booked::Worst);
    }
}

#[test]
fn case_130_a_stream_that_nobody_asked_for_is_no_answer() {
    let stream = || ("Content-Type", "text/event-stream".to_owned());
    let server =
        Model::start(move |_, _| Says::Fault(Fault::Status(200, "data: {}\n\ndata: [DONE]\n\n".to_owned(), vec![stream()])));
    let lab = Lab::new("openai", &server.endpoint(), &Plan::default());
    assert!(matches!(lab.fails().1, ModelError::Malformed(_)));
    booked(&lab, 1, &Booked::Worst);
}

#[test]
fn case_132_an_answer_that_is_not_of_the_language_is_a_failure_of_the_provider() {
    let deep = format!("{{\"choices\":{}", "[".repeat(10_000));
    for body in ["", "{", "[]", "null", "{\"choices\":[]}", "{\"choices\":[],\"choices\":[]}", &deep] {
        for language in LANGUAGES {
            let said = body.to_owned();
            let server = Model::start(move |_, _| Says::Fault(Fault::Status(200, said.clone(), Vec::new())));
            let lab = Lab::new(language, &server.endpoint(), &Plan::default());
            assert!(matches!(lab.fails().1, ModelError::Malformed(_)), "{language}: {body}");
            booked(&lab, 1, &Booked::Worst);
        }
    }
    let server = Model::start(|_, _| Says::Fault(Fault::Garbage));
    assert!(matches!(Lab::new("openai", &server.endpoint(), &Plan::default()).fails().1, ModelError::Cut(_)));
}

#[test]
fn case_133_an_answer_without_an_end_is_ended() {
    let huge = Model::start(|_, _| Says::Fault(Fault::Huge));
    let lab = Lab::new("openai", &huge.endpoint(), &Plan::default());
    assert_eq!(lab.fails().1, ModelError::TooLarge(4 << 20));
    booked(&lab, 1, &Booked::Worst);
    let second = Duration::from_secs(1);
    let slow = Model::start(|_, _| Says::Fault(Fault::Trickle));
    // The head alone takes some seconds, byte by byte: no answer has begun by then.
    let lab = Lab::new("openai", &slow.endpoint(), &Plan { attempt: second, ..Plan::default() });
    let begun = Instant::now();
    assert_eq!(lab.fails().1, ModelError::TimedOut);
    assert!(begun.elapsed() < second * 5, "{:?}", begun.elapsed());
    booked(&lab, 1, &Booked::Worst);
    let drips = Model::start(|_, _| Says::Fault(Fault::Drip));
    let lab = Lab::new("openai", &drips.endpoint(), &Plan { attempt: second, ..Plan::default() });
    assert_eq!(lab.fails().1, ModelError::Slow, "it has begun");
    booked(&lab, 1, &Booked::Worst);
    let silent = Model::start(|_, _| Says::Fault(Fault::Hang));
    let lab = Lab::new("anthropic", &silent.endpoint(), &Plan { attempt: second, ..Plan::default() });
    assert_eq!(lab.fails().1, ModelError::TimedOut);
    booked(&lab, 1, &Booked::Worst);
    for coding in ["gzip", "br", "zstd", "deflate, gzip"] {
        let bomb = Model::start(move |_, _| Says::Status(200, json!({}), vec![("Content-Encoding", coding.to_owned())]));
        let lab = Lab::new("openai", &bomb.endpoint(), &Plan::default());
        assert!(matches!(lab.fails().1, ModelError::Malformed(reason) if reason.contains("compressed")));
    }
}

#[test]
fn case_133_memory_stays_flat_under_a_body_without_an_end() {
    let flat = Model::start(|_, _| Says::text("ready"));
    let huge = Model::start(|_, _| Says::Fault(Fault::Huge));
    let [usual, most] = [(&flat, 0), (&huge, 21)].map(|(server, exit)| {
        let repo = TestRepo::new(&[("a.md", "a\n")]);
        let task = "[task.t]\nplugin = 'doc-hygiene'\nread = ['**']\n[task.t.model]\n";
        repo.config(&format!("{}{task}", server.table("openai", "")));
        let (ran, bytes) = peak(&repo, &["doctor", "--model"]);
        ran.exits(exit);
        bytes
    });
    assert!(most < usual + (24 << 20), "{most} bytes, and {usual} for a small answer");
}

#[test]
fn case_134_nobody_is_led_elsewhere() {
    for language in LANGUAGES {
        let elsewhere = Model::start(|_, _| Says::text("come in"));
        for status in [301, 302, 303, 307, 308] {
            let to = format!("{}/chat/completions", elsewhere.endpoint());
            let server =
                Model::start(move |_, _| Says::Fault(Fault::Status(status, String::new(), vec![("Location", to.clone())])));
            let lab = Lab::new(language, &server.endpoint(), &Plan::default());
            assert_eq!(lab.fails().1, ModelError::Redirect { status });
            booked(&lab, 1, &Booked::Nothing);
        }
        assert!(elsewhere.requests().is_empty(), "a request was sent elsewhere");
    }
}

#[test]
fn refusals_are_told_in_the_provider_s_words_without_the_key() {
    use Booked::{Nothing, Worst};
    let rows = [(401, Nothing), (403, Nothing), (404, Nothing), (400, Worst), (413, Worst), (418, Worst), (422, Worst)];
    for (status, cost) in rows {
        let server =
            Model::start(move |_, _| Says::refusal(status, "x", &format!("no \u{1b}[2J {KEY} {}", "long ".repeat(1_000))));
        let lab = Lab::new("anthropic", &server.endpoint(), &Plan::default());
        let trouble = lab.fails().1;
        assert_eq!(matches!(trouble, ModelError::Unauthorized(_)), matches!(status, 401 | 403), "{trouble:?}");
        let words = trouble.to_string();
        assert!(words.contains("no ") && words.contains("[token]") && words.len() < 700, "{words}");
        assert!(!words.contains(KEY) && !words.contains('\u{1b}'), "{words}");
        booked(&lab, 1, &cost);
    }
}
