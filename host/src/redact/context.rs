//! Secrets that are known by what stands before them: a name and `=` or `:`, the
//! scheme of an `Authorization`, the user of an address.

use std::ops::Range;

use memchr::memmem;

use super::value::{is_bare_secret, is_mixed, is_quoted_secret, is_variable, stands_in};
use super::{Hit, Kind};

/// Bytes of a name, and of a value.
const NAME_BYTES_MAX: usize = 64;
const VALUE_BYTES_MAX: usize = 1024;

/// Ends of names whose values are secrets, in lower case without `_`, `-` and `.`.
const NAMES: &[&str] = &[
    "secret",
    "token",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "credential",
    "credentials",
    "apikey",
    "accesskey",
    "accesskeyid",
    "secretkey",
    "secretkeybase",
    "accountkey",
    "sharedkey",
    "privatekey",
    "authkey",
    "signingkey",
    "encryptionkey",
    "masterkey",
    "adminkey",
    "appkey",
    "openaikey",
    "servicekey",
    "storagekey",
    "subscriptionkey",
    "licensekey",
    "hmackey",
    "auth",
    "requirepass",
    "vaultpass",
    "dbpass",
    "userpass",
    "adminpass",
    "rootpass",
    "smtppass",
    "sessionid",
    "sessid",
    "connectsid",
    "amzsignature",
    "googsignature",
];

/// What Laravel writes before a key.
const ENCODED: &[u8] = b"base64:";
/// Names that are too short to be the end of one.
const WHOLE_NAMES: &[&str] = &[SHORT_NAME, "pass", "pw"];
/// A signature in an address, or something else that has a short name.
const SHORT_NAME: &str = "sig";
const SIGNATURE_BYTES_MIN: usize = 32;
/// Numbers of a key in JSON, if its kind stands near them.
const NUMBERS: &[&str] = &["d", "p", "q", "dp", "dq", "qi", "k"];
const NUMBER_BYTES_MIN: usize = 40;
const KIND_NEAR: usize = 2048;

/// The end of a name that sounds like one of these: part of a .NET assembly's name.
const PUBLIC: &str = "publickeytoken";

/// Schemes whose credential is a secret, in lower case.
const SCHEMES: &[&[u8]] = &[b"basic", b"bearer", b"token", b"apikey", b"key", b"negotiate", b"ntlm", b"ssws", b"splunk", b"bot"];

/// Adds what a name, a scheme or a user stands before.
pub(super) fn find(text: &[u8], hits: &mut Vec<Hit>) {
    for at in memchr::memchr2_iter(b':', b'=', text) {
        let found = match &text[at..] {
            [b':', b'/', b'/', ..] => in_address(text, at + 3),
            [b':', b'A', b'A', ..] => of_bot(text, at),
            _ => named(text, at),
        };
        hits.extend(found.map(|(word, range)| Hit { range, kind: Kind { word, rank: 2 } }));
    }
}

/// The password of an address whose authority begins at `from`.
fn in_address(text: &[u8], from: usize) -> Option<(&'static str, Range<usize>)> {
    let rest = &text[from..text.len().min(from + VALUE_BYTES_MAX)];
    let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/\"<>`".contains(byte);
    let authority = &rest[..rest.iter().position(ends).unwrap_or(rest.len())];
    let user = &authority[..authority.iter().rposition(|byte| *byte == b'@')?];
    let colon = user.iter().position(|byte| *byte == b':');
    let begin = colon.map_or(0, |colon| colon + 1);
    let password = &user[begin..];
    // These end an authority, unless somebody forgot to encode a password.
    let mark = user.iter().position(|byte| b"?#".contains(byte)).unwrap_or(user.len());
    let is_host = mark < user.len() && user.get(begin..mark).is_none_or(|port| port.iter().all(u8::is_ascii_digit));
    let is_place = is_host || user.iter().any(|byte| b"[]{}".contains(byte)) || is_variable(password);
    let is_secret = if is_place {
        false
    } else if colon.is_some() {
        !stands_in(password)
    } else {
        password.len() >= 20 && is_mixed(password)
    };
    (is_secret && !password.is_empty()).then(|| ("url-password", from + begin..from + user.len()))
}

/// A number, the sign at `at`, and 35 digits of base64: how Telegram knows a bot.
fn of_bot(text: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    let number = text[..at].iter().rev().take(11).take_while(|byte| byte.is_ascii_digit()).count();
    let is_digit = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let digits = text[at + 1..].iter().take(36).take_while(is_digit).count();
    ((8..=10).contains(&number) && digits == 35).then(|| ("telegram-token", at - number..at + 36))
}

/// The value after a name and the sign at `at`.
fn named(text: &[u8], at: usize) -> Option<(&'static str, Range<usize>)> {
    let mut buffer = [0; NAME_BYTES_MAX];
    let name = name_before(&text[..at], &mut buffer)?;
    let is_header = name.ends_with("authorization");
    let is_number = NUMBERS.contains(&name);
    let is_name = WHOLE_NAMES.contains(&name) || NAMES.iter().any(|end| name.ends_with(end));
    if !is_header && !is_number && (name.ends_with(PUBLIC) || !is_name) {
        return None;
    }
    let limit = text.len().min(at + VALUE_BYTES_MAX);
    let skip = |from: usize, signs: &[u8], most: usize| {
        let passed = text[from..limit].iter().take(most).take_while(|byte| signs.contains(byte)).count();
        from + passed
    };
    let from = skip(skip(at + 1, b"=>:", 2), b" \t", 40);
    let mut begin = skip(from, b"\\\"'`", 2);
    let quote = text[from..begin].last().copied();
    if text[begin..limit].starts_with(ENCODED) {
        begin += ENCODED.len();
    }
    if is_header {
        return credential(&text[..limit], begin).map(|range| ("authorization", range));
    }
    let end = end_of(&text[..limit], begin, quote.filter(|quote| *quote != b'\\'));
    let value = &text[begin..end];
    let is_secret = match quote {
        _ if is_number => quote.is_some() && is_number_of_key(text, begin..end),
        Some(_) => is_quoted_secret(value),
        None if name == SHORT_NAME => value.len() >= SIGNATURE_BYTES_MIN && is_bare_secret(value),
        None => is_bare_secret(value),
    };
    is_secret.then_some(("assigned-secret", begin..end))
}

/// The name that ends a text, quotes and spaces aside, in lower case without its signs.
fn name_before<'b>(text: &[u8], buffer: &'b mut [u8; NAME_BYTES_MAX]) -> Option<&'b str> {
    let trimmed = text.iter().rev().take(4).take_while(|byte| b" \t\"'`\\]:".contains(byte)).count();
    let mut left = NAME_BYTES_MAX;
    for byte in text[..text.len() - trimmed].iter().rev().take(NAME_BYTES_MAX) {
        match byte {
            b'_' | b'-' | b'.' => {}
            byte if byte.is_ascii_alphanumeric() => {
                left -= 1;
                buffer[left] = byte.to_ascii_lowercase();
            }
            _ => break,
        }
    }
    std::str::from_utf8(&buffer[left..]).ok().filter(|name| !name.is_empty())
}

/// Where a value ends: at its quote, or at what no value has inside; `=` fills one up.
pub(super) fn end_of(text: &[u8], from: usize, quote: Option<u8>) -> usize {
    let ends = |byte: &u8| match quote {
        Some(quote) => *byte == quote || *byte == b'\\' || byte.is_ascii_control(),
        None => !byte.is_ascii_graphic() || b",;\"'`)}]<>\\&|=:".contains(byte),
    };
    let end = text[from..].iter().position(ends).map_or(text.len(), |at| from + at);
    let filling = text[end..].iter().take(2).take_while(|byte| quote.is_none() && **byte == b'=').count();
    end + filling
}

/// What follows the scheme of an `Authorization` at `from`.
fn credential(text: &[u8], from: usize) -> Option<Range<usize>> {
    let scheme = text[from..].iter().take(16).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let word = text[from..from + scheme].to_ascii_lowercase();
    let spaces = text[from + scheme..].iter().take(4).take_while(|byte| **byte == b' ').count();
    let is_scheme = spaces > 0 && SCHEMES.contains(&word.as_slice());
    let begin = if is_scheme { from + scheme + spaces } else { from };
    let end = end_of(text, begin, None);
    let value = &text[begin..end];
    let has_cases = value.iter().skip(1).any(u8::is_ascii_uppercase) && value.iter().any(u8::is_ascii_lowercase);
    let is_one = is_scheme && (has_cases || value.iter().any(u8::is_ascii_digit)) || is_mixed(value);
    (value.len() >= 8 && is_one && !stands_in(value)).then_some(begin..end)
}

/// A large number of a key: who says `"d"` has said `"kty"` before, or does so soon.
fn is_number_of_key(text: &[u8], range: Range<usize>) -> bool {
    let near = range.start.saturating_sub(KIND_NEAR)..text.len().min(range.end + KIND_NEAR);
    let value = &text[range];
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
    value.len() >= NUMBER_BYTES_MIN
        && value.iter().all(is_digit)
        && is_mixed(value)
        && memmem::find(&text[near], b"kty").is_some()
}

#[cfg(test)]
mod tests {
    use super::super::Redactor;
    use super::super::tests::{digits, hex};

    /// Passwords that people and machines make, in parts.
    fn strong() -> String {
        ["Xk9#mP2", "$vL8!qR4z"].concat()
    }

    #[track_caller]
    fn taken(row: &str, secret: &str, kind: &str) {
        let redacted = Redactor::default().redact(&row.replace("{}", secret)).text.into_owned();
        assert_eq!(redacted, row.replace("{}", &format!("[{kind}]")), "{secret}");
    }

    #[test]
    fn a_password_is_judged_whole() {
        let rows = [
            "\"password\": \"{}\"",
            "DB_PASSWORD={}",
            "[pypi]\nusername = deploy\npassword = {}",
            "Server=h;User Id=sa;Password={};Encrypt=true",
            "jdbc:postgresql://h/db?user=a&password={}",
            "password: {}\n",
            "'PASSWORD': '{}',",
            "vault_pass: {}",
        ];
        for secret in [strong(), ["hunter", "2!"].concat(), ["Sommer", "2026!"].concat(), ["kD83hs", "92jsLQ"].concat()] {
            rows.iter().for_each(|row| taken(row, &secret, "assigned-secret"));
        }
        let django = format!("django-insecure-{}", ["a8(k!q3@z_", "t6=r&b1x)", "w9^lm4#cv7"].concat());
        taken("SECRET_KEY = \"{}\"", &django, "assigned-secret");
    }

    #[test]
    fn a_password_in_an_address_may_have_signs_that_nobody_encoded() {
        taken("postgres://app:{}@db.internal:5432/x", &strong(), "url-password");
        taken("redis://:{}@h:6379", &["pa$", "$w#rd"].concat(), "url-password");
        taken("https://$USER:{}@h/x", &["pa?", "w0rd!"].concat(), "url-password");
        for text in [
            "https://$USER:$PASSWORD@h/x https://$TOKEN@h https://u:${PASS}@h u://a:pre$PASS@h",
            "https://example.org:8080#a@b https://example.org?x=a@b https://example.org:8080?mail=a:b@c",
        ] {
            assert_eq!(Redactor::default().redact(text).text, text);
        }
    }

    #[test]
    fn secrets_have_many_names() {
        let rows = [
            "AZURE_OPENAI_KEY={}",
            "\"azureOpenAiKey\": \"{}\"",
            "ALGOLIA_ADMIN_KEY={}",
            "DD_APP_KEY={}",
            "Cookie: sessionid={}; x=1",
            "https://b.s3.amazonaws.com/x?X-Amz-Signature={}",
            "https://a.blob.core.windows.net/c?sv=2022-11-02&sig={}",
            "APP_KEY=base64:{}",
        ];
        for secret in [hex(40), digits(44)] {
            rows.iter().for_each(|row| taken(row, &secret, "assigned-secret"));
        }
        taken("Authorization: SSWS {}", &format!("00{}", digits(40)), "authorization");
        let key = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"d\":\"{}\"}";
        taken(key, &digits(43), "assigned-secret");
        let other = format!("{{\"d\":\"{}\",\"k\":\"{}\"}}", digits(43), hex(64));
        assert_eq!(Redactor::default().redact(&other).text, other, "no key");
    }

    #[test]
    fn code_and_addresses_of_code_are_no_secrets() {
        for text in [
            "password: String!\ntoken = user1.save!\nsecret = \"pkg@1.2.3\"; auth: me1@example.net",
            "write!(f, \"{sig:0mwidth2x$}\")\ntoken = !is_v2_ready\npassword=\"$(get pass1)\" pwd=$HOME1",
            "const STORAGE_KEY: Flags = Flags(1);\nlet token: &'a str = x1; bypass=1 compass: a1b2",
            "oauth_token_secret=secret%3Dpassword&oauth_token=lock%26key",
        ] {
            assert_eq!(Redactor::default().redact(text).text, text);
        }
    }
}
