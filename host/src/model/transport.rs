//! One request to an endpoint and its answer, over HTTP: how it fails, and whether a
//! failure may have cost something. What is asked, in whose words, is not decided here.

use std::time::{Duration, Instant};

use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Client, Response};
use tokio::time::{timeout, timeout_at};

use super::endpoint::Endpoint;
use super::error::{Failure, ModelError};
use super::error_body::{ErrorBody, is_used_up};
use crate::http::answer::{Unread, beginning, is_json, retry_after, text, whole};
use crate::http::resolver::{Lookup, OutOfScope, Resolver, Scope, system};
use crate::http::runtime::Runtime;
use crate::token::Token;
use crate::{clean, http};

/// Bytes of an answer.
const ANSWER_BYTES_MAX: usize = 4 << 20;
/// Bytes that are read of a refusal.
const REFUSAL_BYTES_MAX: usize = 64 << 10;
/// How long nothing may come once an answer has begun; before that, an attempt's own
/// time counts, since a model may think for long.
const SILENCE: Duration = Duration::from_secs(60);
/// How long the words of a refusal are waited for.
const REFUSAL: Duration = Duration::from_secs(5);
/// Bytes of what somebody says that are kept.
const WORDS_BYTES_MAX: usize = 500;
/// Bytes of a name that comes along: of a model, of a request.
const NAME_BYTES_MAX: usize = 200;

/// The way to one endpoint, with its key.
pub(super) struct Transport {
    endpoint: Endpoint,
    key: Option<Token>,
    client: Client,
    runtime: Runtime,
    silence: Duration,
}

/// An answer that means yes.
pub(super) struct Came {
    pub(super) bytes: Vec<u8>,
    /// Its name for the request.
    pub(super) id: Option<String>,
}

impl Transport {
    pub(super) fn new(endpoint: Endpoint, key: Option<Token>) -> Result<Self, ModelError> {
        Self::with(endpoint, key, system())
    }

    /// With another way to look names up.
    fn with(endpoint: Endpoint, key: Option<Token>, lookup: Lookup) -> Result<Self, ModelError> {
        let setup = |error: &dyn std::error::Error| ModelError::Setup(http::innermost(error, WORDS_BYTES_MAX));
        let client = http::client(endpoint.is_plain()).dns_resolver(Resolver::new(endpoint.scope(), lookup));
        let client = client.build().map_err(|error| setup(&error))?;
        let runtime = Runtime::new().map_err(|error| setup(&error))?;
        Ok(Self { endpoint, key, client, runtime, silence: SILENCE })
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(super) fn key(&self) -> Option<&Token> {
        self.key.as_ref()
    }

    /// Posts JSON, and waits for the whole answer until `until` at the latest.
    pub(super) fn post(&self, segments: &[&str], headers: HeaderMap, body: &[u8], until: Instant) -> Result<Came, Failure> {
        let setup = |reason: &str| known_free(ModelError::Setup(reason.to_owned()));
        // Who asks may stand on a thread that drives a runtime of its own, and two do not go on one.
        std::thread::scope(|scope| {
            let asking = std::thread::Builder::new().spawn_scoped(scope, || {
                let went = self.runtime.run(async {
                    let begun = std::cell::Cell::new(false);
                    let exchange = self.exchange(segments, headers, body, &begun);
                    timeout_at(until.into(), exchange).await.unwrap_or_else(|_| {
                        let error = if begun.get() { ModelError::Slow } else { ModelError::TimedOut };
                        Err(maybe_spent(error))
                    })
                });
                went.unwrap_or_else(|reason| Err(setup(&reason)))
            });
            let asking = asking.map_err(|error| setup(&error.to_string()))?;
            asking.join().unwrap_or_else(|_| Err(maybe_spent(ModelError::Setup("a thread of lifeos panicked".to_owned()))))
        })
    }

    async fn exchange(
        &self,
        segments: &[&str],
        headers: HeaderMap,
        body: &[u8],
        begun: &std::cell::Cell<bool>,
    ) -> Result<Came, Failure> {
        let builder = self.client.post(self.endpoint.below(segments)).headers(headers).body(body.to_vec());
        let builder = builder.header(CONTENT_TYPE, "application/json").header(ACCEPT, "application/json");
        let mut response = builder.header(ACCEPT_ENCODING, "identity").send().await.map_err(|error| self.broken(&error))?;
        begun.set(true);
        let status = response.status().as_u16();
        if status != 200 {
            return Err(self.refusal(status, &mut response).await);
        }
        self.answer(response).await
    }

    async fn answer(&self, mut response: Response) -> Result<Came, Failure> {
        let headers = response.headers();
        let coding = text(headers, CONTENT_ENCODING.as_str()).unwrap_or("identity");
        if !coding.eq_ignore_ascii_case("identity") {
            return Err(malformed("it is compressed, and nobody asked for that"));
        }
        if !is_json(headers) {
            return Err(malformed("it is not JSON"));
        }
        let id = ["x-request-id", "request-id"].into_iter().find_map(|name| text(headers, name));
        let id = id.and_then(|id| self.name(id));
        let read = whole(&mut response, ANSWER_BYTES_MAX, self.silence).await;
        let bytes = read.map_err(|unread| {
            maybe_spent(match unread {
                Unread::TooLarge => ModelError::TooLarge(ANSWER_BYTES_MAX as u64),
                Unread::Silent => ModelError::Slow,
                Unread::Broken(error) => ModelError::Cut(self.words(&http::innermost(&error, WORDS_BYTES_MAX))),
            })
        })?;
        Ok(Came { bytes, id })
    }

    /// What any other status means.
    async fn refusal(&self, status: u16, response: &mut Response) -> Failure {
        let wait = retry_after(response.headers());
        if (300..=399).contains(&status) {
            return known_free(ModelError::Redirect { status });
        }
        // What it says is of use; that it says it slowly is no reason to wait, or to think that it answered.
        let said = timeout(REFUSAL, beginning(response, REFUSAL_BYTES_MAX)).await.unwrap_or_default();
        let said = ErrorBody::read(&said);
        let message = self.words(&said.message);
        match status {
            500..=599 => Failure { may_repeat: true, wait, ..maybe_spent(ModelError::Server { status }) },
            _ if is_used_up(status, &said) => known_free(ModelError::Exhausted(message)),
            429 => Failure { may_repeat: true, wait, ..known_free(ModelError::RateLimited { wait }) },
            401 | 403 => known_free(ModelError::Unauthorized(message)),
            // It waited for us, or for somebody behind it: nobody knows.
            408 => Failure { may_repeat: true, wait, ..maybe_spent(ModelError::Refused { status, message }) },
            404 => known_free(ModelError::Refused { status, message }),
            // It may have been read, and is paid for then: what a filter holds back is.
            400..=499 => maybe_spent(ModelError::Refused { status, message }),
            _ => malformed(&format!("its status is {status}")),
        }
    }

    /// What a request failed of that has no answer.
    fn broken(&self, error: &reqwest::Error) -> Failure {
        if let Some(OutOfScope(scope)) = http::cause(error) {
            let host = self.endpoint.host().to_owned();
            return known_free(match scope {
                Scope::Public => ModelError::Private { host },
                Scope::Machine | Scope::Any => ModelError::Unreachable(format!("{host} is not this machine here")),
            });
        }
        let reason = self.words(&http::innermost(error, WORDS_BYTES_MAX));
        if error.is_builder() {
            known_free(ModelError::Setup(reason))
        } else if error.is_connect() {
            Failure { may_repeat: !http::is_tls(error), ..known_free(ModelError::Unreachable(reason)) }
        } else if error.is_timeout() {
            maybe_spent(ModelError::TimedOut)
        } else {
            Failure { may_repeat: true, ..maybe_spent(ModelError::Cut(reason)) }
        }
    }

    /// What somebody says: short, inert, and without the key.
    pub(super) fn words(&self, text: &str) -> String {
        self.inert(text, WORDS_BYTES_MAX)
    }

    /// A name that came along, if it is one.
    pub(super) fn name(&self, text: &str) -> Option<String> {
        Some(self.inert(text, NAME_BYTES_MAX)).filter(|name| !name.is_empty())
    }

    fn inert(&self, text: &str, bytes_max: usize) -> String {
        let text = self.key.as_ref().map_or_else(|| text.to_owned(), |key| key.withhold(text));
        let text = clean::line(clean::cut(&text, bytes_max));
        clean::cut(&text, bytes_max).to_owned()
    }

    /// An answer that is not of the provider's language; what it took is not known.
    pub(super) fn unread(&self, error: &serde_json::Error) -> Failure {
        malformed(&self.words(&error.to_string()))
    }
}

/// A failure that cost nothing for sure.
fn known_free(error: ModelError) -> Failure {
    Failure { error, is_free: true, may_repeat: false, wait: None }
}

/// A failure that may have cost as much as an answer.
fn maybe_spent(error: ModelError) -> Failure {
    Failure { error, is_free: false, may_repeat: false, wait: None }
}

/// An answer that is not of the provider's language: it came, so it cost something.
pub(super) fn malformed(reason: &str) -> Failure {
    maybe_spent(ModelError::Malformed(reason.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{IpAddr, Ipv4Addr, TcpListener};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn looked_up(addresses: &'static [&'static str]) -> (Lookup, Arc<AtomicUsize>) {
        let (count, lookups) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let seen = Arc::clone(&lookups);
        let lookup: Lookup = Arc::new(move |_| {
            seen.fetch_add(1, Ordering::SeqCst);
            let at = count.fetch_add(1, Ordering::SeqCst).min(addresses.len() - 1);
            Ok(addresses[at].split(' ').map(|text| text.parse::<IpAddr>().expect("an address")).collect())
        });
        (lookup, lookups)
    }

    fn post(transport: &Transport) -> ModelError {
        let until = Instant::now() + Duration::from_secs(5);
        let failure = transport.post(&["x"], HeaderMap::new(), b"{}", until).err().expect("no answer");
        assert!(failure.is_free, "{failure:?}");
        failure.error
    }

    #[test]
    fn case_135_a_name_that_leads_inside_is_refused_before_a_connection() {
        let endpoint = |text, private| Endpoint::parse(text, private).expect("an endpoint");
        let rows =
            ["127.0.0.1", "169.254.169.254", "10.1.2.3 192.168.0.1", "::1", "::ffff:10.0.0.1", "fd00:ec2::254", "64:ff9b::a00:1"];
        for addresses in rows {
            let (lookup, _) = looked_up(Box::leak(Box::new([addresses])));
            let transport =
                Transport::with(endpoint("https://model.example.org:1/v1", false), None, lookup).expect("a transport");
            assert_eq!(post(&transport), ModelError::Private { host: "model.example.org:1".to_owned() }, "{addresses}");
        }
        let (lookup, _) = looked_up(&["10.0.0.1"]);
        let transport = Transport::with(endpoint("http://localhost:1", true), None, lookup).expect("a transport");
        assert!(matches!(post(&transport), ModelError::Unreachable(reason) if reason.contains("not this machine")));
        let (lookup, _) = looked_up(&["127.0.0.1"]);
        let transport = Transport::with(endpoint("https://gpu.lan:1", true), None, lookup).expect("a transport");
        assert!(matches!(post(&transport), ModelError::Unreachable(_)), "with the owner's word it is gone to");
    }

    #[test]
    fn case_129_a_name_that_nobody_knows_is_no_connection() {
        let endpoint = Endpoint::parse("https://model.example.org/v1", false).expect("an endpoint");
        for found in [Err("no such name"), Ok(Vec::new())] {
            let lookup: Lookup = Arc::new(move |_| found.clone().map_err(std::io::Error::other));
            let transport = Transport::with(endpoint.clone(), None, lookup).expect("a transport");
            assert!(matches!(post(&transport), ModelError::Unreachable(_)), "and nothing is spent");
        }
    }

    #[test]
    fn case_133_an_answer_that_has_begun_and_falls_silent_is_too_slow() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _read = stream.read(&mut [0; 4096]).expect("a request");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
            stream.write_all(head.as_bytes()).expect("a beginning");
            // Until the other side goes, and no longer than this test may take.
            stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a time-out");
            let _gone = stream.read(&mut [0; 4096]);
        });
        let endpoint = Endpoint::parse(&format!("http://127.0.0.1:{port}"), true).expect("an endpoint");
        let transport = Transport { silence: Duration::from_millis(300), ..Transport::new(endpoint, None).expect("a transport") };
        let (begun, patience) = (Instant::now(), Duration::from_secs(20));
        let failure = transport.post(&["x"], HeaderMap::new(), b"{}", begun + patience).err().expect("no answer");
        assert!(failure.error == ModelError::Slow && !failure.is_free && !failure.may_repeat, "{failure:?}");
        assert!(begun.elapsed() < patience, "it is the silence that ends it");
        // The connection goes with whoever drives it.
        drop(transport);
        serving.join().expect("a server");
    }

    #[test]
    fn case_135_a_connection_goes_to_the_address_that_was_looked_at() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let serving = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _read = stream.read(&mut [0; 4096]).expect("a request");
            stream.write_all(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").expect("an answer");
        });
        let (lookup, lookups) = looked_up(&["127.0.0.1", "10.0.0.1"]);
        let endpoint = Endpoint::parse(&format!("http://localhost:{port}"), true).expect("an endpoint");
        let transport = Transport::with(endpoint, None, lookup).expect("a transport");
        assert!(matches!(post(&transport), ModelError::Refused { status: 404, .. }), "one look-up, one connection");
        assert_eq!(lookups.load(Ordering::SeqCst), 1);
        serving.join().expect("a server");
        assert!(matches!(post(&transport), ModelError::Unreachable(_)), "what the name means now is looked at again");
        assert_eq!(lookups.load(Ordering::SeqCst), 2);
    }
}
