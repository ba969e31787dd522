//! The client that every request is made with: it goes nowhere but where it is
//! sent. What is asked, and of whom, is not decided here.

pub(crate) mod answer;
pub(crate) mod base;
pub(crate) mod patience;
pub(crate) mod resolver;
pub(crate) mod runtime;

use std::time::Duration;

use reqwest::{Client, ClientBuilder, redirect, retry, tls};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);

const USER_AGENT: &str = concat!("lifeos/", env!("CARGO_PKG_VERSION"));

/// A client without redirects, proxies, decompression, kept connections or
/// attempts of its own. Certificates are held against the roots of the system;
/// one for `is_plain` requests, to this machine alone, needs none.
pub(crate) fn client(is_plain: bool) -> ClientBuilder {
    // One provider is compiled in. An error says that it is installed already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .referer(false)
        .https_only(!is_plain)
        .tls_version_min(tls::Version::TLS_1_2)
        .pool_max_idle_per_host(0)
        .connect_timeout(CONNECT);
    if is_plain { builder.tls_certs_only([]) } else { builder }
}

/// The cause of the cause: the outer ones say that a request failed.
pub(crate) fn innermost(error: &dyn std::error::Error, bytes_max: usize) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    crate::clean::line(crate::clean::cut(&error.to_string(), bytes_max)).into_owned()
}

/// A cause of a certain kind, wherever it is among the causes.
pub(crate) fn cause<'e, E: std::error::Error + 'static>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e E> {
    std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
}

/// Whether a connection failed of TLS, most likely of a certificate: another attempt meets the same.
pub(crate) fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    fn is(error: &(dyn std::error::Error + 'static)) -> bool {
        let inside = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        error.is::<rustls::Error>() || inside.is_some_and(|inside| is(inside))
    }
    std::iter::successors(Some(error), |error| error.source()).any(is)
}
