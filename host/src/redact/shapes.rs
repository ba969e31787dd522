//! Secrets that are known by how they begin. A shape that plain words could have asks
//! for digits and letters besides. What stands around a secret is looked at in `context`.

use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::context::is_mixed;
use super::{Hit, Kind};

/// A shape: its kind, its pattern over ASCII, and whether plain words could have it.
type Shape = (&'static str, &'static str, bool);

/// All but private keys. The first that fits counts.
const SHAPES: &[Shape] = &[
    ("github-token", r"gh[pousr]_[A-Za-z0-9]{36,}", false),
    ("github-token", r"github_pat_[A-Za-z0-9_]{22,}", false),
    ("gitlab-token", r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct)-[A-Za-z0-9_-]{20,}", false),
    ("bitbucket-token", r"ATBB[A-Za-z0-9]{32,}", true),
    ("atlassian-token", r"AT[AC]TT3[A-Za-z0-9_=-]{50,}", false),
    ("aws-key-id", r"AKIA[A-Z0-9]{16}", false),
    ("aws-key-id", r"\b(?:ASIA|ABIA|ACCA)[A-Z0-9]{16}\b", true),
    ("google-key", r"AIza[0-9A-Za-z_-]{35}", false),
    ("google-token", r"GOCSPX-[A-Za-z0-9_-]{28,}", false),
    ("google-token", r"\bya29\.[0-9A-Za-z_-]{20,}", false),
    ("slack-token", r"xox[abeoprs]-[A-Za-z0-9-]{10,}", true),
    ("slack-token", r"xapp-[0-9]-[A-Za-z0-9-]{20,}", true),
    ("webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,}", false),
    ("webhook", r"discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]{50,}", false),
    ("stripe-key", r"[sr]k_(?:live|test|prod)_[0-9A-Za-z]{16,}", false),
    ("stripe-key", r"\bwhsec_[A-Za-z0-9+/]{24,}={0,2}", false),
    ("model-key", r"sk-ant-[A-Za-z0-9_-]{20,}", false),
    ("model-key", r"\bsk-[A-Za-z0-9_-]{20,}", true),
    ("model-key", r"\bhf_[A-Za-z0-9]{30,}", false),
    ("model-key", r"\bgsk_[A-Za-z0-9]{40,}", false),
    ("model-key", r"\bxai-[A-Za-z0-9]{60,}", false),
    ("model-key", r"\bpplx-[A-Za-z0-9]{40,}", false),
    ("model-key", r"\br8_[A-Za-z0-9]{37,}", false),
    ("npm-token", r"npm_[A-Za-z0-9]{36,}", false),
    ("pypi-token", r"pypi-[A-Za-z0-9_-]{50,}", true),
    ("rubygems-token", r"rubygems_[a-f0-9]{48,}", false),
    ("cargo-token", r"\bcio[A-Za-z0-9]{32}\b", true),
    ("nuget-key", r"\boy2[a-z0-9]{43}\b", false),
    ("docker-token", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}", false),
    ("digitalocean-token", r"do[opr]_v1_[a-f0-9]{64}", false),
    ("linear-key", r"lin_api_[A-Za-z0-9]{32,}", false),
    ("notion-token", r"\bntn_[A-Za-z0-9]{40,}", false),
    ("shopify-token", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32,}", false),
    ("sendgrid-key", r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", false),
    ("twilio-key", r"\bSK[0-9a-f]{32}\b", false),
    ("mailgun-key", r"\bkey-[0-9a-f]{32}\b", false),
    ("vault-token", r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}", false),
    ("databricks-token", r"\bdapi[a-f0-9]{32}", false),
    ("postman-key", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", false),
    ("newrelic-key", r"NRAK-[A-Z0-9]{27}", false),
    ("grafana-token", r"\bglsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}", false),
    ("grafana-token", r"\bglc_[A-Za-z0-9+/]{32,}={0,2}", false),
    ("doppler-token", r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9]{40,}", false),
    ("pulumi-token", r"\bpul-[a-f0-9]{40}\b", false),
    ("planetscale-token", r"pscale_(?:tkn|oauth|pw)_[A-Za-z0-9_.-]{32,}", false),
    ("supabase-token", r"\bsb[ps]_[a-f0-9]{40}\b", false),
    ("private-key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}", false),
    ("private-key", r"b3BlbnNzaC1rZXktdjEA[A-Za-z0-9+/=\r\n]{40,}", false),
    ("jwt", r"eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ[A-Za-z0-9_-]{8,}|[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+)\.[A-Za-z0-9_.-]{10,}", false),
    ("authorization", r"\b[Bb]earer[ +][A-Za-z0-9._~+/-]{20,}={0,2}", true),
];

/// Bytes of a private key that are looked at before it counts as one.
const KEY_BYTES_SEEN: usize = 400;
/// Digits of a line of it.
const KEY_LINE_MIN: usize = 32;

static COMPILED: LazyLock<Vec<(Kind, Option<Regex>, bool)>> = LazyLock::new(|| {
    let compiled = |(word, pattern, plain): &Shape| (Kind { word, rank: 1 }, Regex::new(&ascii(pattern)).ok(), *plain);
    SHAPES.iter().map(compiled).collect()
});

/// All of them in one pass, and where private keys begin.
static ANY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let patterns: Vec<_> = SHAPES.iter().map(|(_, pattern, _)| *pattern).collect();
    Regex::new(&ascii(&format!("{}|{BEGIN}", patterns.join("|")))).ok()
});

const BEGIN: &str = r"-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----";

fn ascii(pattern: &str) -> String {
    format!("(?-u:{pattern})")
}

/// Adds what has a shape.
pub(super) fn find(text: &[u8], hits: &mut Vec<Hit>) {
    let Some(any) = &*ANY else { return };
    let mut at = 0;
    let mut ends = Ends { last: None };
    while let Some(found) = any.find_at(text, at) {
        at = found.end();
        let range = found.range();
        if found.as_bytes().starts_with(b"-----BEGIN") {
            if let Some(end) = ends.of_key(text, range.end) {
                at = end;
                hits.push(Hit { range: range.start..end, kind: Kind { word: "private-key", rank: 1 } });
            }
            continue;
        }
        let fits = |shape: &Option<Regex>| shape.as_ref().and_then(|shape| shape.find_at(text, range.start));
        let shape = COMPILED.iter().find(|(_, shape, _)| fits(shape).is_some_and(|one| one.range() == range));
        if let Some((kind, _, plain)) = shape
            && (!plain || is_mixed(found.as_bytes()))
        {
            hits.push(Hit { range, kind: *kind });
        }
    }
}

/// Where private keys end; looked for once, however many begin.
struct Ends {
    last: Option<usize>,
}

impl Ends {
    /// The end of a key whose first line ends at `from`, if there is a key.
    fn of_key(&mut self, text: &[u8], from: usize) -> Option<usize> {
        let seen = &text[from..text.len().min(from + KEY_BYTES_SEEN)];
        let is_other = |byte: &u8| !(byte.is_ascii_alphanumeric() || b"+/=".contains(byte));
        if !seen.split(is_other).any(|line| line.len() >= KEY_LINE_MIN) {
            return None;
        }
        let end = match self.last {
            Some(end) if end >= from => end,
            _ => memmem::find(&text[from..], b"-----END ").map_or(text.len(), |at| from + at),
        };
        self.last = Some(end);
        let is_body = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-:,. \t\r\n\\\"'>|*_`".contains(byte);
        // A key without an end reaches as far as it could be one.
        let body = text[from..end].iter().position(|byte| !is_body(byte)).map_or(end, |at| from + at);
        if body < end || end == text.len() {
            return Some(body);
        }
        let tail = &text[end..text.len().min(end + 80)];
        Some(memmem::find(&tail[9..], b"-----").map_or(end, |at| end + 9 + at + 5))
    }
}

#[cfg(test)]
pub(super) fn all_compile() -> bool {
    ANY.is_some() && COMPILED.iter().all(|(_, shape, _)| shape.is_some())
}
