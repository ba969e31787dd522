//! Why a forge did not do what it was asked: one variant for each thing that
//! can be told apart, each with the request and a sentence. Never the token.

use std::time::Duration;

/// A request, as words of errors name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// `GET`, `POST` or `PATCH`.
    pub method: &'static str,
    /// Path and query, as they were sent.
    pub path: String,
}

impl std::fmt::Display for RequestLine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {}", self.method, self.path)
    }
}

/// What a forge, or the way to it, made of a request.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// There is no way to ask at all.
    #[error("requests cannot be made on this machine: {reason}")]
    Setup {
        /// What is missing.
        reason: String,
    },
    /// No connection was made; nothing was carried out.
    #[error("the forge cannot be reached ({asked}): {reason}")]
    Unreachable {
        /// The request.
        asked: RequestLine,
        /// What the connection failed of.
        reason: String,
    },
    /// No whole answer in time. Whether it was carried out is not known.
    #[error("the forge did not answer in time ({asked})")]
    TimedOut {
        /// The request.
        asked: RequestLine,
    },
    /// The connection broke. Whether it was carried out is not known.
    #[error("the connection broke before the forge's answer was whole ({asked}): {reason}")]
    Cut {
        /// The request.
        asked: RequestLine,
        /// What broke.
        reason: String,
    },
    /// Asked too often; nothing was carried out.
    #[error("the forge's rate limit is used up ({asked}){}", after(*retry_after))]
    RateLimited {
        /// The request.
        asked: RequestLine,
        /// How long the forge says to wait.
        retry_after: Option<Duration>,
    },
    /// 401.
    #[error("the forge does not take the token ({asked}); it may have expired")]
    Unauthorized {
        /// The request.
        asked: RequestLine,
    },
    /// 403.
    #[error("the forge forbids it ({asked}): {message}")]
    Forbidden {
        /// The request.
        asked: RequestLine,
        /// What the forge says.
        message: String,
    },
    /// 404, or nothing that the token may see.
    #[error("the forge has no {what}, or the token may not see it ({asked})")]
    NotFound {
        /// The request.
        asked: RequestLine,
        /// What was looked for.
        what: String,
    },
    /// 409.
    #[error("the forge sees a conflict ({asked}): {message}")]
    Conflict {
        /// The request.
        asked: RequestLine,
        /// What the forge says.
        message: String,
    },
    /// 422, or nothing that could be asked.
    #[error("the forge does not take the request ({asked}): {message}")]
    Invalid {
        /// The request.
        asked: RequestLine,
        /// What the forge says.
        message: String,
    },
    /// There is an open pull request of this branch.
    #[error("the branch has an open pull request already ({asked})")]
    AlreadyOpen {
        /// The request.
        asked: RequestLine,
    },
    /// 5xx. Whether it was carried out is not known.
    #[error("the forge failed with status {status} ({asked})")]
    Server {
        /// The request.
        asked: RequestLine,
        /// The status.
        status: u16,
    },
    /// More than is read of an answer, or more answers than are asked for.
    #[error("the forge's answer is larger than what is read of one ({asked})")]
    TooLarge {
        /// The request.
        asked: RequestLine,
    },
    /// Not what the API's description promises.
    #[error("the forge's answer is not understood ({asked}): {reason}")]
    Malformed {
        /// The request.
        asked: RequestLine,
        /// What is wrong with it.
        reason: String,
    },
    /// 3xx, which is not followed.
    #[error("the forge points elsewhere with status {status}, which is not followed ({asked}); has the repository moved?")]
    Redirect {
        /// The request.
        asked: RequestLine,
        /// The status.
        status: u16,
    },
    /// Any other status.
    #[error("the forge answered with status {status} ({asked}): {message}")]
    Status {
        /// The request.
        asked: RequestLine,
        /// The status.
        status: u16,
        /// What the forge says.
        message: String,
    },
}

impl ForgeError {
    /// Whether the same request may succeed later, with nothing changed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Cut { .. } | Self::RateLimited { .. } | Self::Server { .. }
        )
    }

    /// Whether the forge surely did nothing of what it was asked, though it
    /// may later.
    pub(super) fn is_undone(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::RateLimited { .. })
    }
}

fn after(wait: Option<Duration>) -> String {
    wait.map(|wait| format!("; it asks to wait {} s", wait.as_secs())).unwrap_or_default()
}
