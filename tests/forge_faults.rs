//! A forge that fails: how often it is asked again, how long it is waited for,
//! and that the token goes nowhere else.

use std::process::Command;
use std::time::{Duration, Instant};

use lifeos::forge::address::{Address, AddressError};
use lifeos::forge::error::ForgeError;
use lifeos::forge::{Forge, PATIENCE, Patience};
use lifeos::token::Token;

use crate::forge::{Lab, new};
use crate::rig::http::Fault;
use crate::rig::tls::{Certificate, Host};

const PULLS: &str = "/repos/octo-org/sample.repo_1/pulls";

/// Of those who do not wait long for an answer.
const HASTY: Patience =
    Patience { attempt: Duration::from_millis(300), call: Duration::from_secs(20), first_wait: Duration::from_millis(10) };

/// A lab with the pull request 1.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.opened("lifeos/a");
    lab.push("lifeos/b", "other");
    lab
}

fn status(status: u16, headers: &[(&'static str, &str)]) -> Fault {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Fault::Status(status, r#"{"message": "no"}"#.to_owned(), headers)
}

/// How many requests `ask` makes, and what comes of it.
fn counted<T>(lab: &Lab, ask: impl FnOnce() -> Result<T, ForgeError>) -> (usize, Result<T, ForgeError>) {
    let before = lab.server.requests().len();
    let result = ask();
    if let Err(error) = &result {
        assert!(!format!("{error:?} {error}").contains(lab.server.token()), "{error}");
    }
    (lab.server.requests().len() - before, result)
}

#[test]
fn case_128_a_forge_that_fails_is_asked_three_times_and_never_told_twice() {
    let lab = lab();
    let forge = lab.forge();
    for code in [500, 502, 503, 529] {
        for method in ["GET", "POST", "PATCH"] {
            lab.server.fail_times(if method == "GET" { 3 } else { 1 }, method, "/", status(code, &[]));
        }
        let failed = |result: Result<_, ForgeError>| {
            let error = result.map(|_: Option<_>| ()).expect_err("a failure");
            error.is_retryable() && matches!(error, ForgeError::Server { status, .. } if status == code)
        };
        let (count, result) = counted(&lab, || forge.pull(1));
        assert!(count == 3 && failed(result.map(Some)), "{code}: {count}");
        let (count, result) = counted(&lab, || forge.open(&new("lifeos/b")));
        assert!(count == 1 && failed(result.map(Some)), "{code}: {count}");
        let (count, result) = counted(&lab, || forge.update(1, "t", "b"));
        assert!(count == 1 && failed(result.map(Some)), "{code}: {count}");
    }
    lab.server.fail_times(2, "GET", PULLS, status(502, &[]));
    let (count, result) = counted(&lab, || forge.pull_of("lifeos/a"));
    assert!(count == 3 && result.expect("an answer").is_some());
}

#[test]
fn case_125_127_a_forge_s_rate_limit_is_waited_for_within_the_deadline() {
    let lab = lab();
    let forge = lab.forge();
    let (date, past, day) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sat, 05 Nov 1994 08:49:37 GMT", "Mon, 07 Nov 1994 08:49:37 GMT");
    for headers in
        [vec![], vec![("Retry-After", "0")], vec![("Retry-After", past), ("Date", date)], vec![("Retry-After", "soon")]]
    {
        for (method, code) in [("GET", 429), ("PATCH", 429)] {
            lab.server.fail_next(method, PULLS, status(code, &headers));
        }
        assert_eq!(counted(&lab, || forge.pull(1)).0, 2, "{headers:?}");
        let (count, result) = counted(&lab, || forge.update(1, "t", "b"));
        assert!(count == 2 && result.is_ok(), "{headers:?}");
    }
    lab.server.fail_next("POST", PULLS, status(429, &[("Retry-After", "1")]));
    let start = Instant::now();
    let (count, result) = counted(&lab, || forge.open(&new("lifeos/b")));
    assert!(count == 2 && result.is_ok() && start.elapsed() >= Duration::from_secs(1));
    assert_eq!(lab.server.pulls().len(), 2);

    let a_day = Some(Duration::from_hours(24));
    for (code, headers, expected) in [
        (429, vec![("Retry-After", "86400")], a_day),
        (403, vec![("Retry-After", "86400")], a_day),
        (429, vec![("Retry-After", day), ("Date", date)], a_day),
        (403, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "784198177"), ("Date", date)], a_day),
        (429, vec![("Retry-After", "18446744073709551615")], Some(Duration::from_secs(u64::MAX))),
    ] {
        lab.server.fail_next("GET", PULLS, status(code, &headers));
        match counted(&lab, || forge.pull(1)) {
            (1, Err(ForgeError::RateLimited { retry_after, .. })) => assert_eq!(retry_after, expected, "{headers:?}"),
            other => panic!("{headers:?}: {other:?}"),
        }
    }
    lab.server.fail_times(3, "GET", PULLS, status(429, &[("Retry-After", "99999999999999999999")]));
    assert!(matches!(counted(&lab, || forge.pull(1)), (3, Err(ForgeError::RateLimited { retry_after: None, .. }))));
}

#[test]
fn every_status_of_a_forge_has_its_error() {
    let lab = lab();
    let forge = lab.forge();
    for code in [202, 204, 300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 418, 422, 451] {
        for method in ["GET", "POST"] {
            lab.server.fail_next(method, PULLS, status(code, &[]));
        }
        let read = counted(&lab, || forge.pull_of("lifeos/a").map(drop));
        let written = counted(&lab, || forge.open(&new("lifeos/b")).map(drop));
        for (count, result) in [read, written] {
            let error = result.expect_err("a refusal");
            let is_right = match (&error, code) {
                (ForgeError::Redirect { status, .. }, 300 | 304) => *status == code,
                (ForgeError::Forbidden { message, .. }, 403)
                | (ForgeError::Conflict { message, .. }, 409)
                | (ForgeError::Invalid { message, .. }, 422) => message == "no",
                (ForgeError::Status { status, .. }, 202 | 204 | 400 | 402 | 405 | 410 | 418 | 451) => *status == code,
                (ForgeError::Unauthorized { .. }, 401) | (ForgeError::NotFound { .. }, 404) => true,
                _ => false,
            };
            assert!(is_right && count == 1 && !error.is_retryable(), "{code}: {error:?}");
        }
    }
}

#[test]
fn a_forge_s_words_are_short_inert_and_without_the_token() {
    let lab = lab();
    let forge = lab.forge();
    let said = format!("\u{1b}[2J{} {}", lab.server.token(), "x".repeat(10_000));
    let body = serde_json::json!({"message": said, "errors": [{"message": lab.server.token()}, 7, null]}).to_string();
    lab.server.fail_next("GET", PULLS, Fault::Status(403, body, vec![]));
    match counted(&lab, || forge.pull(1)).1 {
        Err(ForgeError::Forbidden { message, asked }) => {
            assert!(message.starts_with("\\u{1b}[2J[token] xxx") && message.len() <= 500, "{message}");
            assert_eq!(asked.to_string(), format!("GET {PULLS}/1"));
        }
        other => panic!("{other:?}"),
    }
    for body in ["x".repeat(100_000), "<html>".to_owned(), String::new(), "[]".to_owned()] {
        lab.server.fail_next("GET", PULLS, Fault::Status(403, body, vec![]));
        let error = counted(&lab, || forge.pull(1)).1.expect_err("a refusal");
        assert!(error.to_string().ends_with("it does not say why"), "{error}");
    }
    let wrong_type = format!(r#"{{"number": "{}"}}"#, lab.server.token());
    lab.server.fail_next("GET", PULLS, Fault::Status(200, wrong_type, vec![]));
    let error = counted(&lab, || forge.pull(1)).1.expect_err("a string is no number");
    assert!(error.to_string().contains("[token]"), "{error}");
    assert!(!format!("{forge:?}").contains(lab.server.token()));
}

#[test]
fn case_132_133_what_a_forge_may_not_answer() {
    let lab = lab();
    let forge = lab.forge();
    let good = lab.forge().pull(1).expect("a pull request");
    let pull = |head: &str, number: u64| {
        format!(
            r#"{{"number": {number}, "html_url": "https://x", "state": "open", "merged_at": null,
            "head": {{"sha": "{head}", "ref": "a", "repo": null}}, "base": {{"sha": "{head}", "ref": "b", "repo": null}}"#
        )
    };
    let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let json = |body: String| Fault::Status(200, body, vec![]);
    let malformed = [
        json(String::new()),
        json("{".to_owned()),
        json("null".to_owned()),
        json("Here it is: {}".to_owned()),
        json(format!("{}}}", pull("HEAD", 1))),
        json(format!("{}}}", pull(&good.head, 2))),
        json(format!("{}}}", pull(&good.head, 1)).replace("\"open\"", "\"ajar\"")),
        json(format!("{}, \"number\": 1}}", pull(&good.head, 1))),
        json(format!("{}}} {{}}", pull(&good.head, 1))),
        json(format!("{}}}", pull(&good.head, 1)).replace("https://x", "javascript:x")),
        json(deep(10_000)),
        Fault::Status(200, format!("{}}}", pull(&good.head, 1)), vec![("Content-Type", "text/html".to_owned())]),
        Fault::Status(200, "\u{0}\u{1}".repeat(1000), vec![]),
    ];
    for fault in malformed {
        lab.server.fail_next("GET", PULLS, fault.clone());
        let (count, result) = counted(&lab, || forge.pull(1));
        assert!(count == 1 && matches!(result, Err(ForgeError::Malformed { .. })), "{fault:?}: {result:?}");
    }
    // What nobody needs is not looked at, however deep.
    let body = format!("{}, \"new\": {}}}", pull(&good.head, 1), deep(100));
    lab.server.fail_next("GET", PULLS, json(body));
    assert!(forge.pull(1).expect("a pull request").is_fork);
    let long = Fault::Status(200, " ".repeat((4 << 20) + 1), vec![]);
    for fault in [Fault::Huge, long] {
        lab.server.fail_next("GET", PULLS, fault);
        assert!(matches!(counted(&lab, || forge.pull(1)), (1, Err(ForgeError::TooLarge { .. }))));
    }
}

#[test]
fn case_130_133_a_forge_that_hangs_or_breaks_off() {
    let lab = lab();
    let forge = lab.forge_with(HASTY);
    for fault in [Fault::Hang, Fault::Trickle, Fault::Cut, Fault::Garbage] {
        let is_slow = matches!(fault, Fault::Hang | Fault::Trickle);
        lab.server.fail_times(3, "GET", PULLS, fault.clone());
        lab.server.fail_next("POST", PULLS, fault.clone());
        let read = counted(&lab, || forge.pull(1).map(drop));
        let written = counted(&lab, || forge.open(&new("lifeos/b")).map(drop));
        for ((count, result), expected) in [(read, 3), (written, 1)] {
            let error = result.expect_err("no answer");
            let is_right =
                if is_slow { matches!(error, ForgeError::TimedOut { .. }) } else { matches!(error, ForgeError::Cut { .. }) };
            assert!(is_right && count == expected && error.is_retryable(), "{fault:?}: {count}, {error:?}");
        }
    }
    // The whole call has an end as well.
    lab.server.fail_times(3, "GET", PULLS, Fault::Hang);
    let short = lab.forge_with(Patience { attempt: Duration::from_secs(30), call: Duration::from_millis(300), ..HASTY });
    let start = Instant::now();
    assert!(matches!(counted(&lab, || short.pull(1)), (1, Err(ForgeError::TimedOut { .. }))));
    assert!(start.elapsed() < Duration::from_secs(15));
}

#[test]
fn case_129_a_forge_that_is_not_there_or_has_no_certificate() {
    let lab = Lab::new();
    let token = || Token::from_bytes(lab.server.token().as_bytes()).expect("a token");
    let patient = Patience { attempt: Duration::from_secs(30), call: Duration::from_secs(60), ..HASTY };
    let nobody = "http://127.0.0.1:1".to_owned();
    let plain = format!("https://{}", lab.server.host());
    for (api, patience) in [(nobody, patient), (plain, patient), ("https://forge.invalid".to_owned(), HASTY)] {
        let address = Address::parse(&api, "o/r").expect("an address");
        let forge = Forge::with_patience(address, token(), patience).expect("a client");
        for error in [forge.pull(1).expect_err("nobody"), forge.open(&new("x")).expect_err("nobody")] {
            let is_right = matches!(error, ForgeError::Unreachable { .. }) || api.ends_with("invalid") && error.is_retryable();
            assert!(is_right, "{api}: {error:?}");
        }
    }
    assert!(lab.server.requests().is_empty(), "nothing is asked without TLS where it was wanted");
    assert_eq!(Address::parse("http://forge.example.org", "o/r"), Err(AddressError::NotHttps));
}

#[test]
fn case_129_a_forge_with_a_certificate_that_nobody_signed() {
    let server = Host::start(Certificate::Unsigned);
    let port = server.port();
    let address = Address::parse(&format!("https://localhost:{port}"), "o/r").expect("an address");
    let token = Token::from_bytes(b"ghp_canary").expect("a token");
    // One attempt: the wait before another is longer than the call.
    let patience = Patience { first_wait: Duration::from_hours(1), ..PATIENCE };
    let error = Forge::with_patience(address, token, patience).expect("a client").pull(1).expect_err("no trust");
    assert!(matches!(&error, ForgeError::Unreachable { reason, .. } if reason.contains("certificate")), "{error:?}");
    assert_eq!(server.stop(), b"", "nothing was asked");
}

#[test]
fn case_134_a_forge_s_redirect_is_not_followed() {
    let (lab, other) = (lab(), Lab::new());
    for to in [format!("{}/x", other.server.api()), format!("{}{PULLS}", lab.server.api())] {
        for method in ["GET", "POST"] {
            lab.server.fail_next(method, PULLS, Fault::Redirect(to.clone()));
        }
        let read = counted(&lab, || lab.forge().pull(1).map(drop));
        let written = counted(&lab, || lab.forge().open(&new("lifeos/b")).map(drop));
        for (count, result) in [read, written] {
            assert!(count == 1 && matches!(result, Err(ForgeError::Redirect { status: 307, .. })), "{result:?}");
        }
    }
    assert!(other.server.requests().is_empty());
}

#[test]
fn case_136_proxy_variables_do_not_reach_the_forge_s_client() {
    let proxy = Lab::new();
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "forge::forge_requests_carry_what_they_must_and_nothing_more"]);
    for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        child.env(name, proxy.server.api());
    }
    let output = child.env_remove("no_proxy").env_remove("NO_PROXY").output().expect("it runs");
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && words.contains("1 passed"), "{words}");
    assert!(proxy.server.requests().is_empty());
}
