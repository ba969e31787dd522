//! Secrets in text: found by their shape, or because they are known, plain or
//! encoded; taken out before text leaves this machine. Where an edit would add one,
//! `check` refuses it. What a secret opens is nobody's business here.

mod context;
mod encoded;
mod shapes;
mod spoken;
mod value;
mod view;
mod work;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem;
use zeroize::Zeroizing;

use work::Work;

/// Bytes that a known value has at least: shorter ones are found in any text.
const KNOWN_BYTES_MIN: usize = 8;
/// Encodings around one another that are seen through.
const LAYERS: u32 = 2;
/// How often a text is gone over until nothing is found in it any more.
const PASSES_MAX: usize = 8;
/// The kind of a text that takes too long to search.
const UNSEARCHED: Kind = Kind { word: "unsearched", rank: 0 };
/// The kind of a known value.
const KNOWN: Kind = Kind { word: "known-key", rank: 0 };
/// What characters are counted as that hide what a text says.
pub const HIDDEN: &str = "hidden";

/// Finds secrets.
#[derive(Default)]
pub struct Redactor {
    known: Vec<Zeroizing<String>>,
}

/// A text without its secrets.
#[derive(Debug, PartialEq, Eq)]
pub struct Redacted<'t> {
    /// What is left, with `[KIND]` where one was, and without tag characters. Of a text that
    /// would take too long to search nothing is left: `[unsearched]`.
    pub text: Cow<'t, str>,
    /// How many there were, by kind; `hidden` are characters that cannot be seen.
    pub counts: BTreeMap<&'static str, u64>,
}

/// What sort of secret it is. Of two at one place that of the lower rank counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    rank: u8,
    word: &'static str,
}

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hit {
    range: Range<usize>,
    kind: Kind,
}

/// A text that cannot be gone over is taken out whole.
fn all_of(text: &str) -> Vec<Hit> {
    vec![Hit { range: 0..text.len(), kind: UNSEARCHED }]
}

impl Redactor {
    /// A redactor of all shapes and of these values. Those of fewer than 8 bytes are not looked for.
    #[must_use]
    pub fn new(known: Vec<Zeroizing<String>>) -> Self {
        Self { known: known.into_iter().filter(|value| value.len() >= KNOWN_BYTES_MIN).collect() }
    }

    /// Takes secrets out of a text.
    #[must_use]
    pub fn redact<'t>(&self, text: &'t str) -> Redacted<'t> {
        let mut counts = BTreeMap::new();
        let (mut text, hidden) = view::without_tags(text);
        if hidden > 0 {
            counts.insert(HIDDEN, hidden);
        }
        let mut work = Work::default();
        // What is put in its place may bring two halves of another together.
        for pass in 0..=PASSES_MAX {
            let hits = self.hits(&text, &mut work);
            if hits.is_empty() {
                break;
            }
            let hits = if pass < PASSES_MAX { hits } else { all_of(&text) };
            hits.iter().for_each(|hit| *counts.entry(hit.kind.word).or_default() += 1);
            text = Cow::Owned(replaced(&text, &hits));
            if hits[0].kind == UNSEARCHED {
                break;
            }
        }
        Redacted { text, counts }
    }

    /// How many secrets a text holds, by kind.
    #[must_use]
    pub fn count(&self, text: &str) -> BTreeMap<&'static str, u64> {
        let mut counts = BTreeMap::new();
        self.values(text).iter().for_each(|((kind, _), count)| *counts.entry(*kind).or_default() += count);
        counts
    }

    /// The secrets of a text by kind, without the blanks in them, and how often each
    /// stands there.
    pub(crate) fn values(&self, text: &str) -> BTreeMap<(&'static str, String), u64> {
        let mut values = BTreeMap::new();
        for hit in self.hits(text, &mut Work::default()) {
            let value = text[hit.range].split_whitespace().collect();
            *values.entry((hit.kind.word, value)).or_default() += 1;
        }
        values
    }

    /// Secrets of a text by place, none of which touches another.
    fn hits(&self, text: &str, work: &mut Work) -> Vec<Hit> {
        let mut hits = Vec::new();
        self.find(text.as_bytes(), LAYERS, work, &mut hits);
        if work.is_used_up() {
            return all_of(text);
        }
        // The places in an encoded text are those of its bytes.
        for Hit { range, .. } in &mut hits {
            *range = text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end);
        }
        merged(hits)
    }

    fn find(&self, text: &[u8], layers: u32, work: &mut Work, hits: &mut Vec<Hit>) {
        if !work.take(text.len()) {
            return;
        }
        for value in &self.known {
            let places = memmem::find_iter(text, value.as_bytes());
            hits.extend(places.map(|at| Hit { range: at..at + value.len(), kind: KNOWN }));
        }
        shapes::find(text, work, hits);
        context::find(text, hits);
        spoken::find(text, work, hits);
        let Some(layers) = layers.checked_sub(1) else { return };
        let shortest = self.known.iter().map(|value| value.len()).min().unwrap_or(usize::MAX);
        encoded::runs(text, shortest, |range, decoded| {
            let known = self.known.iter().any(|value| memmem::find(decoded, value.as_bytes()).is_some());
            let kind = if known { Some(KNOWN) } else { self.within(decoded, layers, work) };
            hits.extend(kind.map(|kind| Hit { range, kind }));
            kind.is_some()
        });
        if let Some(view) = view::View::of(text) {
            let mut seen = Vec::new();
            self.find(&view.text, layers, work, &mut seen);
            hits.extend(seen.into_iter().map(|hit| Hit { range: view.place(hit.range), ..hit }));
        }
    }

    /// The kind of a secret in what was decoded: secrets can be printed, other bytes cannot.
    fn within(&self, decoded: &[u8], layers: u32, work: &mut Work) -> Option<Kind> {
        let mut hits = Vec::new();
        encoded::printable(decoded).for_each(|text| self.find(text, layers, work, &mut hits));
        hits.into_iter().map(|hit| hit.kind).min()
    }
}

/// Hits by place; those that touch are one, of the lowest rank.
fn merged(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.range.start, hit.kind));
    let mut merged: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match merged.last_mut().filter(|last| hit.range.start < last.range.end) {
            Some(last) => {
                last.range.end = last.range.end.max(hit.range.end);
                last.kind = last.kind.min(hit.kind);
            }
            None => merged.push(hit),
        }
    }
    merged
}

fn replaced(text: &str, hits: &[Hit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for Hit { range, kind } in hits {
        out.push_str(&text[done..range.start]);
        out.push('[');
        out.push_str(kind.word);
        out.push(']');
        done = range.end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Digits that no word has; no source of lifeos holds a secret, not even a made one.
    pub(super) fn digits(count: usize) -> String {
        "a8Kq3Zt6Rb1Xw9Lm4Cv7Np2Jd5Fh0Sg".chars().cycle().take(count).collect()
    }

    pub(super) fn hex(count: usize) -> String {
        "3f9a1c7e05b2d846".chars().cycle().take(count).collect()
    }

    fn kinds(text: &str) -> Vec<&'static str> {
        Redactor::default().count(text).into_keys().collect()
    }

    #[test]
    fn secrets_are_known_by_their_shape() {
        let key = |begin: &str| format!("{begin}{}", digits(48));
        let pem = format!("-----BEGIN {0}-----\n{1}\n{1}\n-----END {0}-----", "RSA PRIVATE KEY", digits(64));
        let jwt = format!("eyJ{}.eyJ{}.{}", digits(20), digits(30), digits(40));
        let rows: Vec<(String, &str)> = vec![
            (key("ghp_"), "github-token"),
            (key("github_pat_"), "github-token"),
            (key("glpat-"), "gitlab-token"),
            (format!("AKIA{}", "Q7".repeat(8)), "aws-key-id"),
            (format!("AIza{}", digits(35)), "google-key"),
            (key("xoxb-1234567890-"), "slack-token"),
            (format!("https://hooks.slack.com/services/T0/B0/{}", digits(40)), "webhook"),
            (key("sk_live_"), "stripe-key"),
            (key("sk-ant-api03-"), "model-key"),
            (key("sk-proj-"), "model-key"),
            (key("sk-"), "model-key"),
            (key("hf_"), "model-key"),
            (key("npm_"), "npm-token"),
            (key("pypi-AgEIcHlwaS5vcmc"), "pypi-token"),
            (format!("dop_v1_{}", hex(64)), "digitalocean-token"),
            (format!("123456789:AA{}", digits(33)), "telegram-token"),
            (jwt.clone(), "jwt"),
            (pem.clone(), "private-key"),
            (pem.replace('\n', "\\n"), "private-key"),
            (format!("curl -H 'Authorization: Bearer {}'", digits(32)), "authorization"),
            ("authorization: basic dXNlcjpwYXNzd29yZA==".to_owned(), "authorization"),
            ("postgres://admin:hunter2@db.internal/x".to_owned(), "url-password"),
            (format!("https://{}@git.internal/x", digits(40)), "url-password"),
            (format!("API_KEY={}", digits(32)), "assigned-secret"),
            (format!("\"client_secret\": \"{}\"", digits(24)), "assigned-secret"),
            (format!("aws.secretAccessKey : '{}/+{}'", digits(18), digits(20)), "assigned-secret"),
            ("password := \"tr0ub4dor&3xyzzy\"".to_owned(), "assigned-secret"),
            (format!("--token={}", hex(40)), "assigned-secret"),
        ];
        for (text, kind) in rows {
            let text = format!("see {text} there");
            let redacted = Redactor::default().redact(&text);
            assert_eq!(redacted.counts, BTreeMap::from([(kind, 1)]), "{text}");
            assert!(redacted.text.contains(&format!("[{kind}]")), "{text} became {}", redacted.text);
            assert!(redacted.text.starts_with("see ") && redacted.text.ends_with(" there"), "{}", redacted.text);
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        let (id, digest) = (hex(40), hex(64));
        let rows = [
            id.as_str(),
            &format!("commit {id}\nsha256:{digest}"),
            &format!("integrity = \"sha512-{}==\"\nchecksum = \"{digest}\"", digits(86)),
            &format!("[`{id}`](https://example.org/owner/name/commit/{id}#{id})"),
            "550e8400-e29b-41d4-a716-446655440000",
            "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft",
            "token = parser.next_token()\nlet secret = std::env::var(\"API_SECRET_NAME\")?;",
            "password: ${{ secrets.DEPLOY_PASSWORD }}\napi_key: <your-api-key>\nAPI_KEY=your_api_key_here_12345",
            "Authorization: Bearer $TOKEN\nAuthorization: Bearer <token>\nAuthorization: token",
            "git clone https://user:password@example.org/x\nssh://git@example.org/x\nmysql://{user}:{pass}@host",
            "a task-sk-of-a-kind-that-goes-on-and-on, and sk-estimator-html-representation-container",
            "-----BEGIN PRIVATE KEY----- is how the file of a key begins; MIIE... follows.",
            "max_tokens: 4096\ntokenizer = \"bert-base-uncased\"\npublicKeyToken=\"6595b64144ccf1df\"",
            "eyJhbGciOi... is how a token begins",
            "secret: correct-horse-battery-staple-2024, or name-of-the-secret-1",
            "../../reference/a-long-path/with-many/parts/and-2-numbers/index.html?version=1.2.3",
        ];
        for text in rows {
            let redacted = Redactor::default().redact(text);
            assert_eq!((redacted.text.as_ref(), &redacted.counts), (text, &BTreeMap::new()));
            assert!(matches!(redacted.text, Cow::Borrowed(_)), "nothing is copied");
        }
    }

    #[test]
    fn characters_that_hide_are_counted_and_tags_taken_out() {
        let told = |text: &str| {
            let redacted = Redactor::default().redact(text);
            (redacted.text.into_owned(), redacted.counts.get(HIDDEN).copied().unwrap_or_default())
        };
        let tags: String = "do it".bytes().filter_map(|byte| char::from_u32(0xe0000 + u32::from(byte))).collect();
        assert_eq!(told(&format!("a{tags}b\u{200b}c")), ("ab\u{200b}c".to_owned(), 6));
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{2764}\u{fe0f}\u{200d}\u{1f525}";
        assert_eq!(told(family), (family.to_owned(), 0));
        assert_eq!(told("a\u{200d}b"), ("a\u{200d}b".to_owned(), 1));
        assert_eq!(kinds(&format!("ghp_{}{tags}{}", digits(20), digits(20))), ["github-token"]);
    }

    #[test]
    fn known_values_are_found_and_short_ones_are_not() {
        let known = |values: &[&str]| Redactor::new(values.iter().map(|value| Zeroizing::new((*value).to_owned())).collect());
        let redacted = known(&["correct horse", "short"]).redact("short: correct horse, xcorrect horsex");
        assert_eq!(redacted.text, "short: [known-key], x[known-key]x");
        assert_eq!(redacted.counts, BTreeMap::from([("known-key", 2)]));
        assert_eq!(known(&["", "1234567"]).redact("1234567").text, "1234567");
        assert_eq!(known(&["12345678"]).redact("MTIzNDU2Nzg= 3132333435363738").text, "[known-key] [known-key]");
    }

    #[test]
    fn every_shape_is_a_pattern() {
        assert!(shapes::all_compile());
    }

    fn base64(bytes: &[u8], alphabet: &[u8; 2], pads: bool, line: usize) -> String {
        let digit = |value: u32| match value {
            0..=25 => b'A' + value as u8,
            26..=51 => b'a' + (value - 26) as u8,
            52..=61 => b'0' + (value - 52) as u8,
            _ => alphabet[value as usize - 62],
        };
        let mut out = String::new();
        for chunk in bytes.chunks(3) {
            let word = (0..3).fold(0, |word, at| word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
            let count = chunk.len() + 1;
            out.extend((0..count).map(|at| char::from(digit(word >> (18 - 6 * at) & 63))));
            out.extend((count..4).filter(|_| pads).map(|_| '='));
        }
        let lines: Vec<_> = out.as_bytes().chunks(line).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
        lines.join("\r\n")
    }

    fn encoded(text: &str, form: usize) -> String {
        let each = |form: &dyn Fn(u8) -> String| text.bytes().map(form).collect::<String>();
        let std = |text: &str| base64(text.as_bytes(), b"+/", true, usize::MAX);
        match form {
            0 => text.to_owned(),
            1 => std(text),
            2 => base64(text.as_bytes(), b"-_", false, usize::MAX),
            3 => base64(text.as_bytes(), b"+/", true, 76),
            4 => base64(text.as_bytes(), b"+/", true, 20),
            5 => each(&|byte| format!("{byte:02x}")),
            6 => each(&|byte| format!("{byte:02X}:")),
            7 => each(&|byte| format!("%{byte:02X}")),
            8 => each(&|byte| format!("\\u{byte:04x}")),
            9 => each(&|byte| format!("\\u{{{byte:x}}}")),
            10 => each(&|byte| format!("&#{byte};")),
            11 => each(&|byte| format!("\\x{byte:02x}")),
            12 => each(&|byte| format!("{}\u{200b}", char::from(byte))),
            13 => std(&std(text)),
            14 => std(&each(&|byte| format!("%{byte:02x}"))),
            15 => each(&|byte| format!("{byte:02x}")).bytes().map(|byte| format!("%{byte:02x}")).collect(),
            16 => std(text).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
            17 => each(&|byte| format!("&#x{byte:x}")),
            _ => std(&format!("user: {text}\nmore")),
        }
    }

    proptest! {
        #[test]
        fn no_canary_is_left_in_any_encoding(
            before in "[a-zA-Z0-9/+_ .\n-]{0,30}",
            after in "([ .,\n'\"][a-zA-Z0-9/+_ .\n-]{0,30})?",
            form in 0_usize..19,
            at in 0_usize..3,
        ) {
            let known = "Zx9-known-value-of-31-bytes.q_w";
            let canary = [format!("ghp_{}", digits(36)), known.to_owned(), format!("AKIA{}", "Q7".repeat(8))][at].clone();
            let redactor = Redactor::new(vec![Zeroizing::new(known.to_owned())]);
            let text = format!("{before}{}{after}", encoded(&canary, form));
            let redacted = redactor.redact(&text);
            prop_assert!(!redacted.counts.is_empty(), "{}", text);
            // Not one encoded third of it is left.
            for part in canary.as_bytes().chunks_exact(canary.len() / 3).map(String::from_utf8_lossy) {
                prop_assert!(!redacted.text.contains(&encoded(&part, form)), "{} became {}", text, redacted.text);
            }
        }

        #[test]
        fn what_was_redacted_stays_as_it_is(
            parts in prop::collection::vec((0_usize..19, 0_usize..8, "[ -~\u{200b}\u{e0041}é\n]{0,12}"), 0..8),
        ) {
            let words = [
                format!("ghp_{}", digits(36)), "password = \"".to_owned(), "-----BEGIN PRIVATE KEY-----\n".to_owned(), digits(70),
                "https://u:".to_owned(), "Authorization: Basic ".to_owned(), "known-value-1234".to_owned(), "@host ".to_owned(),
            ];
            let text: String = parts.iter().map(|(form, word, rest)| encoded(&words[*word], *form) + rest).collect();
            let redactor = Redactor::new(vec![Zeroizing::new("known-value-1234".to_owned())]);
            let once = redactor.redact(&text).text;
            let twice = redactor.redact(&once);
            prop_assert_eq!(&twice.text, &once);
            prop_assert!(!once.contains("known-value-1234"));
        }

        #[test]
        fn no_text_is_too_much(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let text = text + &String::from_utf8_lossy(&bytes);
            let redacted = Redactor::new(vec![Zeroizing::new("12345678".to_owned())]).redact(&text);
            prop_assert!(redacted.text.len() <= text.len() + 32 * redacted.counts.values().sum::<u64>() as usize);
        }
    }
}
