//! What a provider says when it refuses, in any of the forms that they write it in:
//! a message, and a word for its kind. It decides one thing, namely whether the
//! account is used up.

use serde_json::Value;

/// Words for an account that has nothing left.
const USED_UP: [&str; 6] = [
    "insufficient_quota",
    "insufficient_balance",
    "billing_error",
    "billing_hard_limit_reached",
    "billing_not_active",
    "credits_exhausted",
];

/// A refusal in words.
pub(super) struct ErrorBody {
    /// For people; empty if there is none.
    pub(super) message: String,
    kinds: Vec<String>,
}

impl ErrorBody {
    /// Reads it from a body; what is not known is left away.
    pub(super) fn read(bytes: &[u8]) -> Self {
        let json: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        let message = ["/error/message", "/error", "/message", "/detail"].into_iter().find_map(text);
        let kinds = ["/error/type", "/error/code", "/type", "/code"].into_iter().filter_map(text).collect();
        Self { message: message.unwrap_or_default(), kinds }
    }
}

/// Whether it means that the account is used up, which no waiting changes.
pub(super) fn is_used_up(status: u16, body: &ErrorBody) -> bool {
    let says_so = body.kinds.iter().any(|kind| USED_UP.contains(&kind.as_str()));
    status == 402 || says_so || body.message.to_ascii_lowercase().contains("credit balance is too low")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_126_an_account_that_is_used_up_is_no_rate_limit() {
        let read = |text: &str| ErrorBody::read(text.as_bytes());
        let quota =
            r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
        let credit =
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access"}}"#;
        let rate = r#"{"error":{"message":"Rate limit reached","type":"requests","code":"rate_limit_exceeded"}}"#;
        assert!(is_used_up(429, &read(quota)) && is_used_up(400, &read(credit)) && is_used_up(402, &read("")));
        assert!(!is_used_up(429, &read(rate)) && !is_used_up(429, &read("<html>")) && !is_used_up(429, &read("")));
        assert_eq!(read(rate).message, "Rate limit reached");
        assert_eq!(read(r#"{"error":"model not found"}"#).message, "model not found");
        assert_eq!(read(&"[".repeat(10_000)).message, "");
    }
}
