//! HTTP/1.1 as far as the servers of the tests speak it: a port of this machine, one
//! request for each connection, read within bounds; answers, and the ways in which
//! they fail. What is asked and answered is not known here.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// After so many connections a server takes no more.
const CONNECTIONS_MAX: usize = 500;
/// How long a server waits for a client that is there.
const PATIENCE: Duration = Duration::from_secs(2);
/// Bytes of a head, and of a body.
const HEAD_BYTES_MAX: usize = 64 << 10;
const BODY_BYTES_MAX: usize = 16 << 20;

/// A port with somebody behind it, who stops with this value.
pub(crate) struct Server {
    port: u16,
    runs: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
}

/// Somebody who asked, and waits.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    runs: Arc<AtomicBool>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET`, `POST` and so on.
    pub(crate) method: String,
    /// Path and query, still encoded.
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: Headers,
}

/// Names in lower case.
pub(crate) type Headers = Vec<(String, String)>;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// JSON unless they say otherwise.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// A way to fail.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This status, body and headers; JSON unless they say otherwise.
    Status(u16, String, Vec<(&'static str, String)>),
    /// Other bytes, of this media type.
    Other(String, Vec<u8>),
    /// No answer, for as long as the client or the server lives.
    Hang,
    /// Half of what was promised.
    Cut,
    /// So many bytes promised, and the connection ends.
    Promise(u64),
    /// No HTTP.
    Garbage,
    /// A body without an end.
    Huge,
    /// Elsewhere, with 307.
    Redirect(String),
    /// An answer of one byte each 50 milliseconds.
    Trickle,
    /// The same with its head at once.
    Drip,
}

impl Server {
    /// Answers requests.
    pub(crate) fn start(serve: impl Fn(&Request, Client) + Send + Sync + 'static) -> Self {
        Self::bare(move |mut client| {
            if let Some(request) = Request::read(&mut client.stream) {
                serve(&request, client);
            }
        })
    }

    /// Takes connections, whatever is spoken over them.
    pub(crate) fn bare(serve: impl Fn(Client) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let runs = Arc::new(AtomicBool::new(true));
        let listening = std::thread::spawn({
            let runs = Arc::clone(&runs);
            move || listen(&listener, &runs, &serve)
        });
        Self { port, runs, listening: Some(listening) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its host and port.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runs.store(false, Ordering::SeqCst);
        let _wakes = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        if let Some(listening) = self.listening.take() {
            let _panicked = listening.join();
        }
    }
}

fn listen(listener: &TcpListener, runs: &Arc<AtomicBool>, serve: &(impl Fn(Client) + Sync)) {
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten().take(CONNECTIONS_MAX) {
            if !runs.load(Ordering::SeqCst) {
                break;
            }
            stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
            stream.set_write_timeout(Some(PATIENCE)).expect("a time-out");
            let client = Client { stream, runs: Arc::clone(runs) };
            scope.spawn(move || serve(client));
        }
    });
}

impl Client {
    /// Sends an answer, or fails to. What the client does not take is not an error.
    pub(crate) fn send(&mut self, answer: &Answer) {
        self.say(&answer.bytes());
    }

    /// Fails in one way, while the server runs.
    pub(crate) fn fail(&mut self, fault: Fault) {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
        match fault {
            Fault::Status(status, body, headers) => self.send(&Answer { status, body: body.into_bytes(), headers }),
            Fault::Other(kind, body) => self.send(&Answer { status: 200, body, headers: vec![("Content-Type", kind)] }),
            Fault::Redirect(to) => self.send(&Answer { headers: vec![("Location", to)], ..Answer::empty(307) }),
            Fault::Garbage => self.say(b"\x16\x03\x01 not a word of HTTP\n\n\n"),
            Fault::Cut => self.fail(Fault::Promise(1000)),
            Fault::Promise(bytes) => self.say(format!("{head}Content-Length: {bytes}\r\n\r\n{{\"number\":").as_bytes()),
            Fault::Hang => while_true((0..600).map(|_| self.rest())),
            Fault::Trickle => {
                let bytes = Answer { body: vec![b' '; 1000], ..Answer::empty(200) }.bytes();
                while_true(bytes.chunks(1).map(|byte| self.write(byte) && self.rest()));
            }
            Fault::Drip => {
                self.say(format!("{head}Content-Length: 1000\r\n\r\n").as_bytes());
                while_true((0..1000).map(|_| self.write(b" ") && self.rest()));
            }
            Fault::Huge => {
                let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
                let head = format!("{head}Transfer-Encoding: chunked\r\n\r\n");
                let texts = std::iter::once(&head).chain(std::iter::repeat_n(&chunk, 16 << 10));
                while_true(texts.map(|text| self.write(text.as_bytes())));
            }
        }
    }

    fn say(&mut self, bytes: &[u8]) {
        let _gone = self.stream.write_all(bytes);
    }

    /// Whether it was written, and the server runs.
    fn write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok() && self.runs.load(Ordering::SeqCst)
    }

    /// Waits a moment; whether the server runs.
    fn rest(&self) -> bool {
        std::thread::sleep(Duration::from_millis(50));
        self.runs.load(Ordering::SeqCst)
    }
}

/// Goes on as long as each step says so.
fn while_true(mut steps: impl Iterator<Item = bool>) {
    let _last = steps.all(|goes_on| goes_on);
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { body: body.to_string().into_bytes(), ..Self::empty(status) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: Vec::new(), headers: Vec::new() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Word\r\nConnection: close\r\n", self.status);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            head.push_str("Content-Type: application/json; charset=utf-8\r\n");
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.body.len()));
        [head.as_bytes(), &self.body].concat()
    }
}

impl Request {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        value(&self.headers, name)
    }

    /// The body of one that sends text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body of text")
    }

    /// Reads one; none if what comes is none.
    fn read(stream: &mut TcpStream) -> Option<Self> {
        let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 << 10]);
        let end = loop {
            if bytes.first().is_some_and(|byte: &u8| !byte.is_ascii_uppercase()) {
                return None;
            }
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
            match stream.read(&mut chunk) {
                Ok(count @ 1..) if bytes.len() < HEAD_BYTES_MAX => bytes.extend_from_slice(&chunk[..count]),
                _ => return None,
            }
        };
        let mut body = bytes.split_off(end + 4);
        let (first, headers) = head(&bytes)?;
        let mut words = first.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let length: usize = value(&headers, "content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        while body.len() < length.min(BODY_BYTES_MAX) {
            match stream.read(&mut chunk) {
                Ok(count @ 1..) => body.extend_from_slice(&chunk[..count]),
                _ => return None,
            }
        }
        Some(Self { method, path, body, headers })
    }
}

/// Asks as a client, with these lines of headers; gives the status of the answer and
/// the first value of one of its headers.
#[track_caller]
pub(crate) fn ask(host: &str, what: &str, headers: &str, body: &[u8], wanted: &str) -> (u16, Option<String>) {
    let mut stream = TcpStream::connect(host).expect("a server");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time-out");
    let length = body.len();
    let sent = format!("{what} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n");
    stream.write_all(sent.as_bytes()).and_then(|()| stream.write_all(body)).expect("a request");
    let mut answer = Vec::new();
    stream.take(1 << 20).read_to_end(&mut answer).expect("an answer");
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let (first, headers) = head(&answer[..end]).expect("a head");
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
    (status, value(&headers, wanted).map(str::to_owned))
}

/// The first line of a head, and its headers.
fn head(bytes: &[u8]) -> Option<(&str, Headers)> {
    let mut lines = std::str::from_utf8(bytes).ok()?.lines();
    let first = lines.next()?;
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    Some((first, lines.filter_map(header).collect()))
}

fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
