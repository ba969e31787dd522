//! A registry for the tests: the part of the OCI distribution specification
//! that lifeos asks for, and as much of pushing as a test needs, over HTTP on
//! this machine; files of a plain server besides. What is wrong, it refuses.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use lifeos::digest::Digest;

/// What its clients must show: this `Authorization`, after this challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Door {
    pub(crate) challenge: String,
    pub(crate) takes: String,
}

/// A way to fail, for every path that begins so.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This status.
    Status(u16),
    /// Elsewhere, with 307.
    Redirect(String),
    /// Other bytes, of this media type.
    Other(String, Vec<u8>),
    /// Half of what was promised.
    Cut,
    /// A body without an end.
    Huge,
    /// More promised than is taken.
    Promise(u64),
    /// No answer.
    Hang,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
}

#[derive(Default)]
struct State {
    blobs: HashMap<String, Vec<u8>>,
    /// By path: media type and bytes.
    files: HashMap<String, (String, Vec<u8>)>,
    faults: Vec<(String, Fault)>,
    log: Vec<Asked>,
    door: Option<Door>,
}

/// A server that stops with its value.
pub(crate) struct Registry {
    port: u16,
    runs: Arc<AtomicBool>,
    state: Arc<Mutex<State>>,
    listening: Option<JoinHandle<()>>,
}

/// After so many requests it takes no more.
const REQUESTS_MAX: usize = 500;
/// Bytes of a request.
const REQUEST_BYTES_MAX: usize = 16 << 20;

impl Registry {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (runs, state) = (Arc::new(AtomicBool::new(true)), Arc::<Mutex<State>>::default());
        let listening = std::thread::spawn({
            let (runs, state) = (Arc::clone(&runs), Arc::clone(&state));
            move || listen(&listener, &runs, &state)
        });
        Self { port, runs, state, listening: Some(listening) }
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
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
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.state).log)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.runs.store(false, Ordering::SeqCst);
        let _wakes = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(listening) = self.listening.take() {
            let _panicked = listening.join();
        }
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn listen(listener: &TcpListener, runs: &Arc<AtomicBool>, state: &Arc<Mutex<State>>) {
    let mut serving = Vec::new();
    for stream in listener.incoming().flatten().take(REQUESTS_MAX) {
        if !runs.load(Ordering::SeqCst) {
            break;
        }
        let (runs, state) = (Arc::clone(runs), Arc::clone(state));
        serving.push(std::thread::spawn(move || serve(stream, &runs, &state)));
    }
    for thread in serving {
        let _panicked = thread.join();
    }
}

fn serve(mut stream: TcpStream, runs: &AtomicBool, state: &Mutex<State>) {
    stream.set_read_timeout(Some(Duration::from_secs(2))).expect("a time-out");
    stream.set_write_timeout(Some(Duration::from_secs(2))).expect("a time-out");
    let Some((asked, kind, body)) = read(&mut stream) else { return };
    let (fault, answer) = {
        let mut state = lock(state);
        state.log.push(asked.clone());
        let fault = state.faults.iter().find(|(path, _)| asked.path.starts_with(path)).map(|(_, fault)| fault.clone());
        (fault.clone(), if fault.is_none() { answer(&mut state, &asked, &kind, &body) } else { (500, Vec::new(), Vec::new()) })
    };
    let (status, headers, body) = match fault {
        None => answer,
        Some(Fault::Status(status)) => (status, Vec::new(), Vec::new()),
        Some(Fault::Redirect(to)) => (307, vec![format!("Location: {to}")], Vec::new()),
        Some(Fault::Other(kind, bytes)) => (200, vec![format!("Content-Type: {kind}")], bytes),
        Some(fault) => return fail(&mut stream, &fault, runs),
    };
    send(&mut stream, status, &headers, &body);
}

fn send(stream: &mut TcpStream, status: u16, headers: &[String], body: &[u8]) {
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    let head = format!("HTTP/1.1 {status} Word\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    let _gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

fn fail(stream: &mut TcpStream, fault: &Fault, runs: &AtomicBool) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\n";
    match fault {
        Fault::Cut => drop(stream.write_all(format!("{head}Content-Length: 100000\r\n\r\n\0asm").as_bytes())),
        Fault::Promise(bytes) => drop(stream.write_all(format!("{head}Content-Length: {bytes}\r\n\r\n\0asm").as_bytes())),
        Fault::Huge => {
            let chunk = format!("{:x}\r\n{}\r\n", 256 << 10, " ".repeat(256 << 10));
            let _gone = stream.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes());
            while runs.load(Ordering::SeqCst) && stream.write_all(chunk.as_bytes()).is_ok() {}
        }
        _ => {
            for _ in 0..200 {
                if !runs.load(Ordering::SeqCst) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// One request: what was asked, the media type of its body, and the body.
fn read(stream: &mut TcpStream) -> Option<(Asked, String, Vec<u8>)> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut chunk) {
            Ok(count @ 1..) if bytes.len() < 64 << 10 => bytes.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).ok()?;
    let mut words = head.lines().next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: HashMap<String, String> = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let length: usize = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while body.len() < length.min(REQUEST_BYTES_MAX) {
        match stream.read(&mut chunk) {
            Ok(count @ 1..) => body.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
    let authorization = headers.get("authorization").cloned();
    Some((Asked { method, path, authorization }, headers.get("content-type").cloned().unwrap_or_default(), body))
}

type Answer = (u16, Vec<String>, Vec<u8>);

fn answer(state: &mut State, asked: &Asked, kind: &str, body: &[u8]) -> Answer {
    let found = |kind: &str, bytes: &[u8]| (200, vec![format!("Content-Type: {kind}")], bytes.to_vec());
    let none = || (404, Vec::new(), b"{\"errors\":[]}".to_vec());
    let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
    if asked.method != "GET" {
        return push(state, path, query, kind, body);
    }
    if path == "/token" {
        return found("application/json", br#"{"token": "pass-of-the-realm", "expires_in": 60}"#);
    }
    if let Some(Door { challenge, takes }) = &state.door
        && asked.authorization.as_ref() != Some(takes)
    {
        return (401, vec![format!("WWW-Authenticate: {challenge}")], Vec::new());
    }
    match path.rsplit_once("/blobs/") {
        Some((_, digest)) => state.blobs.get(digest).map_or_else(none, |bytes| found("application/octet-stream", bytes)),
        None => state.files.get(path).map_or_else(none, |(kind, bytes)| found(kind, bytes)),
    }
}

/// Takes a blob or a manifest.
fn push(state: &mut State, path: &str, query: &str, kind: &str, body: &[u8]) -> Answer {
    let digest = Digest::of(body).to_string();
    if path.ends_with("/blobs/uploads/") {
        return (202, vec![format!("Location: {path}one?state=a")], Vec::new());
    }
    if path.contains("/blobs/uploads/") {
        let named = query.split('&').find_map(|pair| pair.strip_prefix("digest=")).unwrap_or_default();
        if named.replace("%3A", ":") != digest {
            return (400, Vec::new(), Vec::new());
        }
        state.blobs.insert(digest, body.to_vec());
        return (201, Vec::new(), Vec::new());
    }
    match path.rsplit_once("/manifests/") {
        Some((repository, _)) => {
            let manifest = (kind.to_owned(), body.to_vec());
            state.files.insert(format!("{repository}/manifests/{digest}"), manifest.clone());
            state.files.insert(path.to_owned(), manifest);
            (201, vec![format!("Docker-Content-Digest: {digest}")], Vec::new())
        }
        None => (404, Vec::new(), Vec::new()),
    }
}
