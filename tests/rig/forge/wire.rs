//! HTTP/1.1 as far as the servers of the tests speak it: one request for each
//! connection, read within bounds; answers, and the ways in which they fail.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET`, `POST` and so on.
    pub(crate) method: String,
    /// Path and query, still encoded.
    pub(crate) path: String,
    /// As text.
    pub(crate) body: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

/// A way to fail.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// This status, body and headers; JSON unless they say otherwise.
    Status(u16, String, Vec<(&'static str, String)>),
    /// No answer, for as long as the client or the server lives.
    Hang,
    /// Half of what was promised.
    Cut,
    /// No HTTP.
    Garbage,
    /// A body without an end.
    Huge,
    /// Elsewhere, with 307.
    Redirect(String),
    /// An answer of one byte each 50 milliseconds.
    Trickle,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string(), headers: Vec::new() }
    }

    /// A refusal in GitHub's words.
    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        Self::json(status, &serde_json::json!({"message": message, "documentation_url": "https://docs.example.org"}))
    }

    /// A refusal of a field, in GitHub's words.
    pub(crate) fn invalid(error: &Value) -> Self {
        Self::json(422, &serde_json::json!({"message": "Validation Failed", "errors": [error]}))
    }

    fn text(&self) -> String {
        let mut text = format!("HTTP/1.1 {} Word\r\nConnection: close\r\n", self.status);
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            text.push_str("Content-Type: application/json; charset=utf-8\r\n");
        }
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        format!("{text}Content-Length: {}\r\n\r\n{}", self.body.len(), self.body)
    }
}

impl Request {
    /// The first value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Reads one; none if what comes is none.
    pub(crate) fn read(stream: &mut TcpStream) -> Option<Self> {
        let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
        let head = loop {
            if bytes.first().is_some_and(|byte: &u8| !byte.is_ascii_uppercase()) {
                return None;
            }
            let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                break end;
            }
            match stream.read(&mut chunk) {
                Ok(count @ 1..) if bytes.len() < 64 << 10 => bytes.extend_from_slice(&chunk[..count]),
                _ => return None,
            }
        };
        let mut body = bytes.split_off(head + 4);
        let head = String::from_utf8(bytes).ok()?;
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
        let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
        let headers = lines.filter_map(header).collect();
        let mut request = Self { method, path, body: String::new(), headers };
        let length: usize = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        while body.len() < length.min(1 << 20) {
            match stream.read(&mut chunk) {
                Ok(count @ 1..) => body.extend_from_slice(&chunk[..count]),
                _ => return None,
            }
        }
        request.body = String::from_utf8(body).ok()?;
        Some(request)
    }
}

/// Sends an answer, or fails to. What the client does not take is not an error.
pub(crate) fn send(stream: &mut TcpStream, answer: &Answer) {
    let _gone = stream.write_all(answer.text().as_bytes());
}

/// Fails in one way, while `runs` says that the server does.
pub(crate) fn fail(stream: &mut TcpStream, fault: Fault, runs: impl Fn() -> bool) {
    let pause = || std::thread::sleep(Duration::from_millis(50));
    match fault {
        Fault::Status(status, body, headers) => send(stream, &Answer { status, body, headers }),
        Fault::Redirect(to) => {
            send(stream, &Answer { status: 307, body: String::new(), headers: vec![("Location", to)] });
        }
        Fault::Garbage => drop(stream.write_all(b"\x16\x03\x01 not a word of HTTP\n\n\n")),
        Fault::Cut => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"number\":";
            drop(stream.write_all(head.as_bytes()));
        }
        Fault::Hang => (0..600).take_while(|_| runs()).for_each(|_| pause()),
        Fault::Trickle => {
            let text = Answer { status: 200, body: " ".repeat(1000), headers: Vec::new() }.text();
            for byte in text.as_bytes() {
                if !runs() || stream.write_all(&[*byte]).is_err() {
                    break;
                }
                pause();
            }
        }
        Fault::Huge => {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
            let chunk = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
            let texts = std::iter::once(head).chain(std::iter::repeat_n(chunk.as_str(), 16 << 10));
            for text in texts {
                if !runs() || stream.write_all(text.as_bytes()).is_err() {
                    break;
                }
            }
        }
    }
}
