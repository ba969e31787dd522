//! The routes of the forge of the tests: what each takes, and how it refuses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{State, labels};
use super::{NAME, OWNER};
use crate::rig::http::{Answer, Request};

/// Pairs of a query, decoded.
type Query = BTreeMap<String, String>;

/// What a request gets.
pub(super) fn answer(state: &mut State, request: &Request, token: &str) -> Answer {
    if let Some(refused) = refused(request, token) {
        return refused;
    }
    state.refresh();
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let segments: Vec<String> = path.split('/').skip(1).map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let query: Query = query.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (decoded(k), decoded(v))).collect();
    let ["repos", OWNER, NAME, rest @ ..] = segments.as_slice() else { return refusal(404, "Not Found") };
    match (request.method.as_str(), rest) {
        ("GET", ["pulls"]) => list(state, &query),
        ("POST", ["pulls"]) => open(state, request.text()),
        ("GET" | "PATCH", ["pulls", number]) => one(state, number, request),
        ("POST", ["issues", number, "labels"]) => label(state, number, request.text()),
        ("GET", ["commits", sha, "check-runs"]) => check_runs(state, sha, &query),
        ("GET", ["commits", sha, "status"]) => status(state, sha, &query),
        (_, ["pulls"] | ["pulls", _] | ["issues", _, "labels"] | ["commits", _, "check-runs" | "status"]) => {
            refusal(405, "Method Not Allowed")
        }
        _ => refusal(404, "Not Found"),
    }
}

/// What every request must have.
fn refused(request: &Request, token: &str) -> Option<Answer> {
    let has = |name: &str, value: &str| request.header(name) == Some(value);
    if !request.header("user-agent").is_some_and(|agent| agent.starts_with("lifeos/")) {
        return Some(refusal(403, "Request forbidden by administrative rules."));
    }
    if !has("authorization", &format!("Bearer {token}")) {
        return Some(refusal(401, "Bad credentials"));
    }
    if !has("accept", "application/vnd.github+json") || !has("x-github-api-version", "2022-11-28") {
        return Some(refusal(400, "Accept or X-GitHub-Api-Version is not supported."));
    }
    if request.method != "GET" && !has("content-type", "application/json") {
        return Some(refusal(415, "Content-Type must be application/json."));
    }
    None
}

/// A refusal in GitHub's words.
fn refusal(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({"message": message, "documentation_url": "https://docs.example.org"}))
}

/// A refusal of a field, in GitHub's words.
fn invalid(error: &Value) -> Answer {
    Answer::json(422, &json!({"message": "Validation Failed", "errors": [error]}))
}

/// Without `%41`, and with spaces for `+`.
fn decoded(text: &str) -> String {
    let (mut bytes, text) = (Vec::new(), text.replace('+', " "));
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok()).filter(|_| *byte == b'%');
        let code = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(code.unwrap_or(*byte));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A page, with the header that leads to the next one.
fn paged(all: &[Value], query: &Query, body: impl Fn(&[Value]) -> Value) -> Answer {
    let number = |name: &str, usual: usize| query.get(name).map_or(Some(usual), |text| text.parse().ok());
    let (Some(size @ 1..=100), Some(page @ 1..)) = (number("per_page", 30), number("page", 1)) else {
        return refusal(422, "Invalid page");
    };
    let (start, end) = ((page - 1) * size, page * size);
    let mut answer = Answer::json(200, &body(&all[start.min(all.len())..end.min(all.len())]));
    if end < all.len() {
        // An address that must not be asked.
        answer.headers.push(("Link", format!("<http://127.0.0.1:1/?page={}>; rel=\"next\"", page + 1)));
    }
    answer
}

fn unknown_key<'a>(keys: impl IntoIterator<Item = &'a String>, known: &[&str]) -> Option<Answer> {
    let unknown = keys.into_iter().find(|key| !known.contains(&key.as_str()))?;
    Some(refusal(422, &format!("Invalid request.\n\n\"{unknown}\" is not a permitted key.")))
}

fn list(state: &State, query: &Query) -> Answer {
    let known = ["head", "state", "base", "sort", "direction", "per_page", "page"];
    if let Some(refused) = unknown_key(query.keys(), &known) {
        return refused;
    }
    let wanted = query.get("state").map_or("open", String::as_str);
    let fits = |pull: &&super::StoredPull| {
        let owner = pull.from.split('/').next().unwrap_or_default();
        let head = query.get("head").is_none_or(|head| *head == format!("{owner}:{}", pull.branch));
        head && (wanted == "all" || pull.is_open == (wanted == "open"))
    };
    let pulls: Vec<Value> = state.pulls.iter().rev().filter(fits).map(|pull| state.show(pull, true)).collect();
    paged(&pulls, query, |page| page.to_vec().into())
}

/// The fields of a body, or why they are none.
fn fields(body: &str, known: &[&str]) -> Result<serde_json::Map<String, Value>, Answer> {
    let value: Value = serde_json::from_str(body).map_err(|_| refusal(400, "Problems parsing JSON"))?;
    let Value::Object(fields) = value else { return Err(refusal(400, "Body should be a JSON object")) };
    unknown_key(fields.keys(), known).map_or(Ok(fields), Err)
}

fn open(state: &mut State, body: &str) -> Answer {
    let fields = match fields(body, &["title", "body", "head", "base", "draft", "maintainer_can_modify"]) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let field = |name: &str, code: &str| json!({"resource": "PullRequest", "field": name, "code": code});
    let (Some(head), Some(base), Some(title)) = (text("head"), text("base"), text("title").filter(|title| !title.is_empty()))
    else {
        return invalid(&field("title", "missing_field"));
    };
    let draft = fields.get("draft").map_or(Some(false), Value::as_bool);
    let (Some(draft), Some(body)) = (draft, fields.get("body").map_or(Some(""), Value::as_str)) else {
        return refusal(422, "Invalid request.\n\nA field has the wrong type.");
    };
    let Some(sha) = state.commit(head) else { return invalid(&field("head", "invalid")) };
    if state.commit(base).is_none() {
        return invalid(&field("base", "invalid"));
    }
    let custom = |message: String| invalid(&json!({"resource": "PullRequest", "code": "custom", "message": message}));
    let here = format!("{OWNER}/{NAME}");
    if state.pulls.iter().any(|pull| pull.is_open && pull.branch == head && pull.base == base && pull.from == here) {
        return custom(format!("A pull request already exists for {OWNER}:{head}."));
    }
    if state.holds(base, &sha) {
        return custom(format!("No commits between {base} and {head}"));
    }
    let pull = state.add(&here, head, &sha, base, [title, body], draft).clone();
    Answer::json(201, &state.show(&pull, false))
}

fn one(state: &mut State, number: &str, request: &Request) -> Answer {
    let Some(place) = state.pulls.iter().position(|pull| pull.number.to_string() == number) else {
        return refusal(404, "Not Found");
    };
    if request.method == "PATCH" {
        let fields = match fields(request.text(), &["title", "body", "state", "base", "maintainer_can_modify"]) {
            Ok(fields) => fields,
            Err(refused) => return refused,
        };
        for (name, value) in &fields {
            match (name.as_str(), value.as_str()) {
                ("title", Some(title)) if !title.is_empty() => title.clone_into(&mut state.pulls[place].title),
                ("body", Some(body)) => body.clone_into(&mut state.pulls[place].body),
                _ => return invalid(&json!({"resource": "PullRequest", "field": name, "code": "invalid"})),
            }
        }
    }
    Answer::json(200, &state.show(&state.pulls[place], false))
}

fn label(state: &mut State, number: &str, body: &str) -> Answer {
    let fields = match fields(body, &["labels"]) {
        Ok(fields) => fields,
        Err(refused) => return refused,
    };
    let Some(pull) = state.pulls.iter_mut().find(|pull| pull.number.to_string() == number) else {
        return refusal(404, "Not Found");
    };
    let names = fields.get("labels").and_then(Value::as_array).map(|names| names.iter().map(Value::as_str).collect());
    let Some(Some(names)) = names.map(|names: Vec<_>| names.into_iter().collect::<Option<Vec<&str>>>()) else {
        return invalid(&json!({"resource": "Label", "field": "name", "code": "invalid"}));
    };
    pull.labels.extend(names.into_iter().map(str::to_owned));
    Answer::json(200, &labels(&pull.labels).into())
}

fn check_runs(state: &State, sha: &str, query: &Query) -> Answer {
    if let Some(refused) = unknown_key(query.keys(), &["check_name", "status", "filter", "per_page", "page"]) {
        return refused;
    }
    if !state.has(sha) {
        return refusal(422, &format!("No commit found for SHA: {sha}"));
    }
    let show = |[name, status, conclusion]: &[String; 3]| {
        let conclusion = (!conclusion.is_empty()).then_some(conclusion);
        json!({"id": 1, "name": name, "head_sha": sha, "status": status, "conclusion": conclusion, "app": {"slug": "ci"}})
    };
    let runs: Vec<Value> = state.runs.get(sha).into_iter().flatten().map(show).collect();
    paged(&runs, query, |page| json!({"total_count": runs.len(), "check_runs": page}))
}

fn status(state: &State, sha: &str, query: &Query) -> Answer {
    if let Some(refused) = unknown_key(query.keys(), &["per_page", "page"]) {
        return refused;
    }
    if !state.has(sha) {
        return refusal(404, "Not Found");
    }
    let show = |[context, state]: &[String; 2]| json!({"id": 1, "context": context, "state": state, "target_url": null});
    let statuses: Vec<Value> = state.statuses.get(sha).into_iter().flatten().map(show).collect();
    paged(&statuses, query, |page| json!({"state": "pending", "sha": sha, "total_count": statuses.len(), "statuses": page}))
}
