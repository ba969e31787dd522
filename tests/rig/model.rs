//! A model for the tests: an endpoint on this machine that speaks both languages over
//! HTTP, says what a closure says, and misbehaves where it is told to. It keeps every
//! request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Answer, Client, Fault, Request, Server};

/// The key that the tests show; nobody ever gave it.
pub(crate) const KEY: &str = "canary-key-0f3a9c77-of-the-model";

/// What it says to a request.
pub(crate) enum Says {
    /// An answer in the language that it was asked in.
    Text(Text),
    /// A status, a body of JSON, and headers.
    Status(u16, Value, Vec<(&'static str, String)>),
    /// It fails.
    Fault(Fault),
}

/// An answer in words of our own.
pub(crate) struct Text {
    text: String,
    /// `complete`, `stopped`, `truncated` or `withheld`.
    ending: &'static str,
    tokens: Option<(u64, u64)>,
    model: Option<String>,
}

impl Says {
    /// A whole answer, with tokens as they come.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(Text { text: text.into(), ending: "complete", tokens: Some((20, 5)), model: None })
    }

    /// One that ends otherwise.
    pub(crate) fn ending(self, ending: &'static str) -> Self {
        self.with(|text| text.ending = ending)
    }

    /// One that took so many tokens, or that does not say.
    pub(crate) fn tokens(self, tokens: Option<(u64, u64)>) -> Self {
        self.with(|text| text.tokens = tokens)
    }

    /// One of another model.
    pub(crate) fn of(self, model: &str) -> Self {
        self.with(|text| text.model = Some(model.to_owned()))
    }

    fn with(mut self, change: impl FnOnce(&mut Text)) -> Self {
        if let Self::Text(text) = &mut self {
            change(text);
        }
        self
    }

    /// A status with a message, as a provider refuses.
    pub(crate) fn refusal(status: u16, kind: &str, message: &str) -> Self {
        Self::Status(status, json!({"error": {"type": kind, "code": kind, "message": message}}), Vec::new())
    }
}

/// Everything that a request asks, in order.
pub(crate) fn asked(request: &Request) -> String {
    let body: Value = serde_json::from_str(request.text()).unwrap_or_default();
    let messages = body["messages"].as_array().into_iter().flatten().map(|message| &message["content"]);
    let texts = std::iter::once(&body["system"]).chain(messages).filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join("\n")
}

/// An endpoint that stops with its value.
pub(crate) struct Model {
    server: Server,
    shared: Arc<Shared>,
}

type Closure = dyn Fn(&Request, usize) -> Says + Send + Sync;

struct Shared {
    log: Mutex<Vec<(Request, Instant)>>,
    count: AtomicUsize,
    says: Box<Closure>,
}

impl Model {
    /// One that says what `says` makes of a request and of how many came before it.
    pub(crate) fn start(says: impl Fn(&Request, usize) -> Says + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared { log: Mutex::default(), count: AtomicUsize::new(0), says: Box::new(says) });
        let server = Server::start({
            let shared = Arc::clone(&shared);
            move |request, client| serve(request, client, &shared)
        });
        Self { server, shared }
    }

    /// Its host and port, to which a key is bound.
    pub(crate) fn host(&self) -> String {
        self.server.host()
    }

    /// The beginning of its addresses.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}/v1", self.host())
    }

    /// A table `[model]` for it; `more` is more of it.
    pub(crate) fn table(&self, provider: &str, more: &str) -> String {
        let endpoint = self.endpoint();
        let price = if more.contains("price") { "" } else { "price = { input = 1.0, output = 2.0 }\n" };
        format!("[model]\nprovider = '{provider}'\nname = 'm-1'\nendpoint = '{endpoint}'\nprivate = true\n{price}{more}\n")
    }

    /// Every request so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.log().iter().map(|(request, _)| request.clone()).collect()
    }

    /// How long it was from each request to the next.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.log().windows(2).map(|two| two[1].1 - two[0].1).collect()
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Vec<(Request, Instant)>> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn serve(request: &Request, mut client: Client, shared: &Shared) {
    let before = shared.count.fetch_add(1, Ordering::SeqCst);
    shared.log.lock().unwrap_or_else(PoisonError::into_inner).push((request.clone(), Instant::now()));
    match (shared.says)(request, before) {
        Says::Fault(fault) => client.fail(fault),
        Says::Status(status, body, headers) => client.send(&Answer { headers, ..Answer::json(status, &body) }),
        Says::Text(text) => client.send(&Answer::json(200, &written(request, &text))),
    }
}

/// An answer in the language of the request.
fn written(request: &Request, text: &Text) -> Value {
    let body: Value = serde_json::from_str(request.text()).expect("a request is JSON");
    let model = text.model.as_deref().or(body["model"].as_str()).expect("a model is asked");
    if request.path.ends_with("/chat/completions") {
        let reason = match text.ending {
            "complete" | "stopped" => "stop",
            "truncated" => "length",
            "withheld" => "content_filter",
            other => panic!("no ending {other}"),
        };
        let stop = (text.ending == "stopped").then_some("END");
        let message = json!({"role": "assistant", "content": text.text});
        let usage = text.tokens.map(|(input, output)| json!({"prompt_tokens": input, "completion_tokens": output}));
        return json!({"id": "c-1", "object": "chat.completion", "model": model, "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": reason, "stop_reason": stop}]});
    }
    assert!(request.path.ends_with("/messages"), "no such path: {}", request.path);
    let is_tool = body.get("tools").is_some();
    let input = || serde_json::from_str::<Value>(&text.text).unwrap_or_else(|_| json!({"not": "JSON"}));
    let block = if is_tool {
        json!({"type": "tool_use", "id": "t-1", "name": body["tools"][0]["name"], "input": input()})
    } else {
        json!({"type": "text", "text": text.text})
    };
    let reason = match text.ending {
        "complete" if is_tool => "tool_use",
        "complete" => "end_turn",
        "stopped" => "stop_sequence",
        "truncated" => "max_tokens",
        "withheld" => "refusal",
        other => panic!("no ending {other}"),
    };
    let usage = text.tokens.map(|(input, output)| json!({"input_tokens": input, "output_tokens": output}));
    json!({"id": "msg-1", "type": "message", "role": "assistant", "model": model, "content": [block], "stop_reason": reason, "usage": usage})
}
