//! What comes back over HTTP, as far as it is the same from everybody: headers, and
//! bodies up to a bound. What a status means is not decided here.

use std::time::Duration;

use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use tokio::time::timeout;

/// Why a body was not read to its end.
pub(crate) enum Unread {
    /// It has more bytes than are taken.
    TooLarge,
    /// Nothing came for too long.
    Silent,
    /// The connection broke.
    Broken(reqwest::Error),
}

/// A whole body of at most `bytes_max` bytes, whose pieces come within `silence` of
/// each other.
pub(crate) async fn whole(response: &mut Response, bytes_max: usize, silence: Duration) -> Result<Vec<u8>, Unread> {
    if response.content_length().is_some_and(|length| length > bytes_max as u64) {
        return Err(Unread::TooLarge);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = timeout(silence, response.chunk()).await.map_err(|_| Unread::Silent)?.map_err(Unread::Broken)? {
        if bytes.len() + chunk.len() > bytes_max {
            return Err(Unread::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The beginning of a body, as far as it comes.
pub(crate) async fn beginning(response: &mut Response, bytes_max: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > bytes_max {
            break;
        }
    }
    bytes.truncate(bytes_max);
    bytes
}

/// The first value of a header, if it is text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Whether a body says that it is JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let kind = text(headers, CONTENT_TYPE.as_str()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json")
}

/// How long an answer says to wait: seconds, or until a moment on its own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let after = text(headers, RETRY_AFTER.as_str())?;
    match after.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => until(headers, moment(after)?),
    }
}

/// How long it is to a second of Unix time, on the clock of who answers.
pub(crate) fn until(headers: &HeaderMap, second: i64) -> Option<Duration> {
    let now = text(headers, DATE.as_str()).and_then(moment)?;
    Some(Duration::from_secs(u64::try_from(second.saturating_sub(now)).unwrap_or(0)))
}

/// A date of HTTP, in seconds of Unix time.
fn moment(date: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(date).ok().map(|moment| moment.timestamp().as_second())
}
