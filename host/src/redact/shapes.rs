//! Secrets that are known by how they begin. A shape that plain words could have asks
//! for digits and letters besides. What stands around a secret is looked at in `context`.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;

use super::value::is_mixed;
use super::work::Work;
use super::{Hit, Kind};

/// A shape: its kind, how it begins (one of these), how it goes on (a pattern over
/// ASCII), and what else must hold.
type Shape = (&'static str, &'static str, &'static str, u8);

/// No letter, digit or `_` stands before it.
const ALONE: u8 = 1;
/// Plain words could have it.
const MIXED: u8 = 2;
/// It goes on in the lines below.
const WRAPPED: u8 = 4;
/// It begins with letters and digits before what it is known by.
const BEHIND: u8 = 8;

/// All but private keys. The first that fits counts.
#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    ("github-token", "ghp_|gho_|ghu_|ghs_|ghr_", r"[A-Za-z0-9]{36,}", 0),
    ("github-token", "github_pat_", r"[A-Za-z0-9_]{22,}", 0),
    ("gitlab-token", "GR1348941", r"[A-Za-z0-9_-]{20,}", 0),
    ("gitlab-token", "glpat-|gldt-|glrt-|glcbt-|glptt-|glft-|glimt-|glagent-|gloas-|glsoat-|glffct-", r"[A-Za-z0-9_-]{20,}", 0),
    ("bitbucket-token", "ATBB", r"[A-Za-z0-9]{32,}", MIXED),
    ("atlassian-token", "ATATT3|ATCTT3", r"[A-Za-z0-9_=-]{50,}", 0),
    ("aws-key-id", "AKIA", r"[A-Z0-9]{16}", 0),
    ("aws-key-id", "ASIA|ABIA|ACCA", r"[A-Z0-9]{16}\b", ALONE | MIXED),
    ("google-key", "AIza", r"[0-9A-Za-z_-]{35}", 0),
    ("google-token", "GOCSPX-", r"[A-Za-z0-9_-]{28,}", 0),
    ("google-token", "ya29.", r"[0-9A-Za-z_-]{20,}", ALONE),
    ("slack-token", "xoxa-|xoxb-|xoxe-|xoxo-|xoxp-|xoxr-|xoxs-", r"[A-Za-z0-9-]{10,}", MIXED),
    ("slack-token", "xapp-", r"[0-9]-[A-Za-z0-9-]{20,}", MIXED),
    ("webhook", "hooks.slack.com/", r"(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,}", 0),
    ("webhook", "discordapp.com/api/|discord.com/api/", r"webhooks/[0-9]+/[A-Za-z0-9_-]{50,}", 0),
    ("stripe-key", "sk_|rk_", r"(?:live|test|prod)_[0-9A-Za-z]{16,}", 0),
    ("stripe-key", "whsec_", r"[A-Za-z0-9+/]{24,}={0,2}", ALONE),
    ("model-key", "sk-", r"ant-[A-Za-z0-9_-]{20,}", 0),
    ("model-key", "sk-", r"[A-Za-z0-9_-]{20,}", ALONE | MIXED),
    ("model-key", "hf_", r"[A-Za-z0-9]{30,}", ALONE),
    ("model-key", "gsk_", r"[A-Za-z0-9]{40,}", ALONE),
    ("model-key", "xai-", r"[A-Za-z0-9]{60,}", ALONE),
    ("model-key", "pplx-", r"[A-Za-z0-9]{40,}", ALONE),
    ("model-key", "r8_", r"[A-Za-z0-9]{37,}", ALONE),
    ("npm-token", "npm_", r"[A-Za-z0-9]{36,}", 0),
    ("pypi-token", "pypi-", r"[A-Za-z0-9_-]{50,}", MIXED),
    ("rubygems-token", "rubygems_", r"[a-f0-9]{48,}", 0),
    ("cargo-token", "cio", r"[A-Za-z0-9]{32}\b", ALONE | MIXED),
    ("nuget-key", "oy2", r"[a-z0-9]{43}\b", ALONE),
    ("docker-token", "dckr_", r"(?:pat|oat)_[A-Za-z0-9_-]{20,}", 0),
    ("digitalocean-token", "doo_v1_|dop_v1_|dor_v1_", r"[a-f0-9]{64}", 0),
    ("linear-key", "lin_api_", r"[A-Za-z0-9]{32,}", 0),
    ("notion-token", "ntn_", r"[A-Za-z0-9]{40,}", ALONE),
    ("shopify-token", "shpat_|shpca_|shppa_|shpss_", r"[a-fA-F0-9]{32,}", 0),
    ("sendgrid-key", "SG.", r"[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", ALONE),
    ("twilio-key", "SK", r"[0-9a-f]{32}\b", ALONE),
    ("mailgun-key", "key-", r"[0-9a-f]{32}\b", ALONE),
    ("vault-token", "hvs.|hvb.|hvr.", r"[A-Za-z0-9_-]{24,}", ALONE),
    ("databricks-token", "dapi", r"[a-f0-9]{32}", ALONE),
    ("postman-key", "PMAK-", r"[a-f0-9]{24}-[a-f0-9]{34}", 0),
    ("newrelic-key", "NRAK-", r"[A-Z0-9]{27}", 0),
    ("grafana-token", "glsa_", r"[A-Za-z0-9]{32}_[A-Fa-f0-9]{8}", ALONE),
    ("grafana-token", "glc_", r"[A-Za-z0-9+/]{32,}={0,2}", ALONE),
    ("doppler-token", "dp.", r"(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9]{40,}", ALONE),
    ("pulumi-token", "pul-", r"[a-f0-9]{40}\b", ALONE),
    ("planetscale-token", "pscale_", r"(?:tkn|oauth|pw)_[A-Za-z0-9_.-]{32,}", 0),
    ("supabase-token", "sbp_|sbs_", r"[a-f0-9]{40}\b", ALONE),
    ("private-key", "AGE-SECRET-KEY-1", r"[0-9A-Z]{58}", 0),
    ("private-key", "b3BlbnNzaC1rZXktdjEA", r"[A-Za-z0-9+/=]{40,}", WRAPPED),
    ("jwt", "eyJ", r"[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]{10,}", 0),
    ("jwt", "eyJ", r"[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_.-]{10,}", 0),
    ("figma-token", "figd_", r"[A-Za-z0-9_-]{30,}", ALONE),
    ("sonar-token", "sqp_|squ_|sqa_", r"[a-f0-9]{40}\b", ALONE),
    ("tailscale-key", "tskey-", r"[a-z]+-[A-Za-z0-9]{8,}-[A-Za-z0-9]{16,}", ALONE),
    ("1password-token", "ops_eyJ", r"[A-Za-z0-9+/=_-]{50,}", ALONE),
    ("sentry-token", "sntrys_|sntryu_", r"[A-Za-z0-9+/=_-]{40,}", ALONE),
    ("buildkite-token", "bkua_", r"[a-f0-9]{40}\b", ALONE),
    ("circleci-token", "CCIPAT_|CCIPRJ_", r"[A-Za-z0-9]{20,}_[a-f0-9]{40}", ALONE),
    ("netlify-token", "nfp_", r"[A-Za-z0-9]{36,}", ALONE | MIXED),
    ("artifactory-key", "AKCp8|AKCp5|cmVmdGtu", r"[A-Za-z0-9+/=]{40,}", ALONE | MIXED),
    ("hubspot-token", "pat-na1-|pat-na2-|pat-eu1-", r"[a-f0-9]{8}-[a-f0-9-]{27}", ALONE),
    ("airtable-token", "pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}\b", ALONE),
    ("fly-token", "fm1r_|fm2_", r"[A-Za-z0-9+/=_-]{60,}", ALONE | MIXED),
    ("google-key", "AQ.", r"Ab[A-Za-z0-9_-]{35,}", ALONE | MIXED),
    ("google-token", "1//0", r"[A-Za-z0-9_-]{40,}", ALONE | MIXED),
    ("google-key", ":APA91b", r"[A-Za-z0-9_-]{100,}", 0),
    ("mapbox-token", "sk.eyJ", r"[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{20,}", ALONE),
    ("webhook", ".webhook.office.com/webhookb2/", r"[A-Za-z0-9@/-]{60,}", 0),
    ("cluster-token", "K10", r"[a-f0-9]{64}::[a-z]+:[A-Za-z0-9]{16,}", ALONE),
    ("discord-token", "MT|MD|Mj|Mz|NT|ND|Nj|Nz|OD|OT", r"[A-Za-z0-9_-]{22,26}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}", ALONE | MIXED),
    ("terraform-token", ".atlasv1.", r"[A-Za-z0-9_=-]{60,}", BEHIND),
    ("azure-secret", "7Q~|8Q~|9Q~", r"[A-Za-z0-9_.~-]{31,}", BEHIND | MIXED),
    ("azure-token", "AZDO", r"[A-Za-z0-9]{4}\b", BEHIND | MIXED),
    ("private-key", "Private-Lines: ", r"[0-9]+", WRAPPED),
    ("authorization", "Bearer |Bearer+|bearer |bearer+", r"[A-Za-z0-9._~+/-]{20,}={0,2}", ALONE | MIXED),
];

/// Bytes that a shape is looked for in; one that fills them up goes on as long as it can.
const SHAPE_BYTES_MAX: usize = 2048;
/// Bytes of a private key that are looked at before it counts as one.
const KEY_BYTES_SEEN: usize = 400;
/// Bytes of a whole one; its comments have what signs they like.
const KEY_BYTES_MAX: usize = 16 << 10;
/// Digits of a line of it.
const KEY_LINE_MIN: usize = 32;
/// Signs of a shape that is known by less.
const SIGNS_MIN: usize = 37;
/// Bytes that a shape has at most before what it is known by.
const BEFORE_MAX: usize = 80;
/// What its first line begins with, its pattern, and bytes that it has at most.
const DASHES: &str = "-----BEGIN ";
const BEGIN: &str = r"\A(?-u:-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----)";
const BEGIN_BYTES_MAX: usize = 100;

/// One way that a shape begins, and the shape.
struct Ready {
    begin: &'static [u8],
    rest: Option<Regex>,
    kind: Kind,
    asks: u8,
}

/// All of them, by their first byte.
static READY: LazyLock<Vec<Vec<Ready>>> = LazyLock::new(|| {
    let mut ready: Vec<Vec<Ready>> = (0..=u8::MAX).map(|_| Vec::new()).collect();
    for (word, begins, rest, asks) in SHAPES {
        let rest = Regex::new(&format!(r"\A(?-u:{rest})")).ok();
        for begin in begins.split('|').map(str::as_bytes) {
            let kind = Kind { word, rank: 1 };
            ready[usize::from(begin[0])].push(Ready { begin, rest: rest.clone(), kind, asks: *asks });
        }
    }
    ready
});

/// Where any of them, or a private key, may begin: texts of a few bytes, so that
/// looking for the next one costs as much as what is passed.
static BEGINS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let begins = SHAPES.iter().flat_map(|(_, begins, ..)| begins.split('|')).chain([DASHES]);
    let begins: Vec<_> = begins.map(regex::escape).collect();
    Regex::new(&format!("(?-u:{})", begins.join("|"))).ok()
});

static FIRST_LINE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(BEGIN).ok());

/// Adds what has a shape, as far as the work goes.
pub(super) fn find(text: &[u8], work: &mut Work, hits: &mut Vec<Hit>) {
    let (Some(begins), Some(first_line)) = (&*BEGINS, &*FIRST_LINE) else { return };
    let (mut at, mut run_end) = (0, 0);
    let mut ends = Ends { last: None };
    while let Some(found) = begins.find_at(text, at) {
        let start = found.start();
        at = start + 1;
        if found.as_bytes() == DASHES.as_bytes() {
            let line = first_line.find(&text[start..text.len().min(start + BEGIN_BYTES_MAX)]);
            let end = line.filter(|_| work.take(KEY_BYTES_SEEN)).and_then(|line| ends.of_key(text, start + line.end()));
            if let Some(end) = end {
                at = end;
                hits.push(Hit { range: start..end, kind: Kind { word: "private-key", rank: 1 } });
            }
            continue;
        }
        // Many may begin in one run, which is gone over once.
        if run_end < found.end() {
            run_end = end_of_run(text, found.end(), is_sign);
        }
        if !work.take(run_end.min(start + SHAPE_BYTES_MAX) - start) {
            return;
        }
        let is_alone = start == 0 || !is_word(text[start - 1]);
        if let Some(hit) = fitting(text, start..run_end, is_alone) {
            at = hit.range.end;
            hits.push(hit);
        }
    }
}

/// The shape that a run begins with.
fn fitting(text: &[u8], run: Range<usize>, is_alone: bool) -> Option<Hit> {
    let window = &text[run.start..run.end.min(run.start + SHAPE_BYTES_MAX)];
    READY[usize::from(window[0])].iter().find_map(|Ready { begin, rest, kind, asks }| {
        let asks = |what: u8| asks & what != 0;
        let found = rest.as_ref()?.find(window.strip_prefix(*begin).filter(|_| is_alone || !asks(ALONE))?)?;
        let length = begin.len() + found.end();
        let is_before = |byte: &&u8| is_word(**byte) || **byte == b'-';
        let before = text[..run.start].iter().rev().take(BEFORE_MAX).take_while(is_before).count();
        let start = run.start - if asks(BEHIND) { before } else { 0 };
        let end = run.start + length;
        let end = if asks(WRAPPED) {
            end_of_run(text, end, |byte| byte.is_ascii_alphanumeric() || b"+/=\r\n".contains(&byte))
        } else if length == SHAPE_BYTES_MAX {
            run.end
        } else {
            end
        };
        let is_long = end - start >= SIGNS_MIN || !(asks(BEHIND) || asks(WRAPPED));
        let is_one = is_long && (!asks(MIXED) || is_mixed(&text[start..run.start + length]));
        is_one.then_some(Hit { range: start..end, kind: *kind })
    })
}

fn end_of_run(text: &[u8], from: usize, is_part: impl Fn(u8) -> bool) -> usize {
    text[from..].iter().position(|byte| !is_part(*byte)).map_or(text.len(), |at| from + at)
}

/// Whether some shape may have it behind its begin.
fn is_sign(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_.+/=~:@-".contains(&byte)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
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
        let has_end = memmem::find(&text[end..text.len().min(end + 80)], b"PRIVATE KEY").is_some() && end - from <= KEY_BYTES_MAX;
        let is_whole = has_end && memmem::find(&text[from..end], DASHES.as_bytes()).is_none();
        let is_body = |byte: &u8| is_whole || byte.is_ascii_alphanumeric() || b"+/=-:,. \t\r\n\\\"'>|*_`#;".contains(byte);
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
    BEGINS.is_some() && FIRST_LINE.is_some() && READY.iter().flatten().all(|ready| ready.rest.is_some())
}

#[cfg(test)]
mod tests {
    use super::super::Redactor;
    use super::super::tests::{digits, hex};

    #[test]
    fn shapes_of_many_services() {
        let rows = [
            format!("GR1348941{}", digits(20)),
            format!("figd_{}", digits(40)),
            format!("sqp_{}", hex(40)),
            format!("squ_{}", hex(40)),
            format!("tskey-auth-k{}-{}", digits(10), digits(32)),
            format!("ops_eyJ{}", digits(200)),
            format!("sntrys_eyJ{}", digits(60)),
            format!("bkua_{}", hex(40)),
            format!("CCIPAT_{}_{}", digits(22), hex(40)),
            format!("nfp_{}", digits(36)),
            format!("AKCp8{}", digits(68)),
            format!("cmVmdGtuOjAxOj{}", digits(50)),
            format!("pat-na1-{}-{}-{}-{}-{}", hex(8), hex(4), hex(4), hex(4), hex(12)),
            format!("pat{}.{}", digits(14), hex(64)),
            format!("{}.atlasv1.{}", digits(14), digits(67)),
            format!("fm2_{}", digits(100)),
            format!("AQ.Ab8RN6{}", digits(40)),
            format!("1//0{}", digits(60)),
            format!("{}8Q~{}", digits(3), digits(34)),
            format!("{}AZDO{}", digits(76), digits(4)),
            format!("MT{}.G{}.{}", digits(24), digits(5), digits(38)),
            format!("sk.eyJ{}.{}", digits(60), digits(22)),
            format!("K10{}::server:{}", hex(64), hex(32)),
        ];
        for secret in rows {
            let redacted = Redactor::default().redact(&format!("it is {secret} there")).text.into_owned();
            let kind = redacted.strip_prefix("it is [").and_then(|rest| rest.strip_suffix("] there"));
            assert!(kind.is_some_and(|kind| kind.len() < 20 && !kind.contains(['[', ' '])), "{secret} became {redacted}");
        }
        for address in [
            format!("https://x.webhook.office.com/webhookb2/{}@{}/IncomingWebhook/{}", hex(36), hex(8), hex(32)),
            format!("AAAA{}:APA91b{}", digits(7), digits(134)),
        ] {
            assert_eq!(Redactor::default().count(&address).len(), 1, "{address}");
        }
    }

    #[test]
    fn what_only_begins_like_one_is_none() {
        let text = format!(
            "pattern path.{} MTU.G1234.x 1//0 K10 AQ.Ab figd_ NAMES.Jd5Fh0.word {}AZDO is 8Q~ {}",
            hex(64),
            "A".repeat(76),
            "patience and patents ".repeat(9)
        );
        assert_eq!(Redactor::default().redact(&text).text, text);
    }

    #[test]
    fn private_keys_stand_behind_marks_and_beside_comments() {
        let lines: Vec<String> = (0..8).map(|at| digits(70)[at..at + 60].to_owned()).collect();
        let pem = |kind: &str, head: &str, mark: &str| {
            let (begin, end) = (format!("-----BEGIN {kind}-----"), format!("-----END {kind}-----"));
            let all = [&[begin, head.to_owned()], &lines[..], &[end]].concat();
            all.iter().map(|line| format!("{mark}{line}\n")).collect::<String>()
        };
        let texts = [
            pem("PRIVATE KEY", "", "# "),
            pem("RSA PRIVATE KEY", "", "; "),
            pem("EC PRIVATE KEY", "", "// "),
            pem("PGP PRIVATE KEY BLOCK", "Comment: hello there, this is (a) comment! [x]", ""),
            format!("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\n{}\nPrivate-MAC: x", lines.concat()),
        ];
        for text in texts {
            let redacted = Redactor::default().redact(&text);
            assert!(lines.iter().all(|line| !redacted.text.contains(&line[20..50])), "{}", redacted.text);
            assert_eq!(redacted.counts.get("private-key"), Some(&1), "{text}");
        }
        let commented = pem("PRIVATE KEY", "", "# ").lines().take(5).collect::<Vec<_>>().join("\n");
        assert!(!Redactor::default().redact(&commented).text.contains(&lines[2][20..50]), "one without an end");
    }
}
