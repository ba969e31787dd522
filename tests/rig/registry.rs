//! A registry for the tests: the part of the OCI distribution specification
//! that lifeos asks for, and as much of pushing as a test needs, over HTTP on
//! this machine; files of a plain server besides. What is wrong, it refuses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lifeos::digest::Digest;

use super::http::{Answer, Client, Fault, Request, Server};

/// What its clients must show: this `Authorization`, after this challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) challenge: String,
    pub(crate) takes: String,
}

#[derive(Default)]
struct State {
    blobs: HashMap<String, Vec<u8>>,
    /// By path: media type and bytes.
    files: HashMap<String, (String, Vec<u8>)>,
    faults: Vec<(String, Fault)>,
    log: Vec<Request>,
    door: Option<Door>,
}

/// A server that stops with its value.
pub(crate) struct Registry {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let server = Server::start({
            let state = Arc::clone(&state);
            move |request, client| serve(request, client, &state)
        });
        Self { server, state }
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> String {
        self.server.host()
    }

    /// Puts a file where a plain server has one.
    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        lock(&self.state).files.insert(path.to_owned(), ("application/wasm".to_owned(), bytes.to_vec()));
    }

    /// Fails whatever begins so, until it is told otherwise.
    pub(crate) fn fail(&self, path: &str, fault: Option<Fault>) {
        let mut state = lock(&self.state);
        state.faults.retain(|(known, _)| known != path);
        state.faults.extend(fault.map(|fault| (path.to_owned(), fault)));
    }

    /// Lets nobody read who does not show what it takes.
    pub(crate) fn close(&self, door: Door) {
        lock(&self.state).door = Some(door);
    }

    /// Every request since the last time.
    pub(crate) fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut lock(&self.state).log)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(request: &Request, mut client: Client, state: &Mutex<State>) {
    let mut state = lock(state);
    state.log.push(request.clone());
    let fault = state.faults.iter().find(|(path, _)| request.path.starts_with(path)).map(|(_, fault)| fault.clone());
    match fault {
        Some(fault) => {
            drop(state);
            client.fail(fault);
        }
        None => {
            let answer = answer(&mut state, request);
            drop(state);
            client.send(&answer);
        }
    }
}

fn with(status: u16, name: &'static str, value: String) -> Answer {
    Answer { headers: vec![(name, value)], ..Answer::empty(status) }
}

fn answer(state: &mut State, asked: &Request) -> Answer {
    let found = |kind: &str, bytes: &[u8]| Answer { body: bytes.to_vec(), ..with(200, "Content-Type", kind.to_owned()) };
    let none = || Answer::json(404, &serde_json::json!({"errors": []}));
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    if asked.method != "GET" {
        return push(state, path, query, asked);
    }
    if path == "/token" {
        return found("application/json", br#"{"token": "pass-of-the-realm", "expires_in": 60}"#);
    }
    if let Some(Door { challenge, takes }) = &state.door
        && asked.header("authorization") != Some(takes)
    {
        return with(401, "WWW-Authenticate", challenge.clone());
    }
    match path.rsplit_once("/blobs/") {
        Some((_, digest)) => state.blobs.get(digest).map_or_else(none, |bytes| found("application/octet-stream", bytes)),
        None => state.files.get(path).map_or_else(none, |(kind, bytes)| found(kind, bytes)),
    }
}

/// Takes a blob or a manifest.
fn push(state: &mut State, path: &str, query: &str, asked: &Request) -> Answer {
    let (body, kind) = (&asked.body, asked.header("content-type").unwrap_or_default());
    let digest = Digest::of(body).to_string();
    if path.ends_with("/blobs/uploads/") {
        return with(202, "Location", format!("{path}one?state=a"));
    }
    if path.contains("/blobs/uploads/") {
        let named = query.split('&').find_map(|pair| pair.strip_prefix("digest=")).unwrap_or_default();
        if named.replace("%3A", ":") != digest {
            return Answer::empty(400);
        }
        state.blobs.insert(digest, body.clone());
        return Answer::empty(201);
    }
    match path.rsplit_once("/manifests/") {
        Some((repository, _)) => {
            let manifest = (kind.to_owned(), body.clone());
            state.files.insert(format!("{repository}/manifests/{digest}"), manifest.clone());
            state.files.insert(path.to_owned(), manifest);
            with(201, "Docker-Content-Digest", digest)
        }
        None => Answer::empty(404),
    }
}
