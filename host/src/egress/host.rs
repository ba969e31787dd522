//! The hosts of an authority: what stands before its first sign, behind each `@`, and
//! whatever else in it looks like a name of hosts; written as browsers write them.

use url::Url;

use crate::clean;

/// Bytes of an authority; a longer one is taken for a host that nobody knows.
const SPAN_BYTES_MAX: usize = 512;
/// Bytes of a host that are told.
pub(super) const HOST_BYTES_MAX: usize = 253;

/// An authority, and what cannot be told from it.
pub(super) struct Span<'t> {
    text: &'t str,
    /// Whether full stops of other scripts part names.
    leads: bool,
    is_whole: bool,
}

impl<'t> Span<'t> {
    /// An authority, to its end; in an address that `leads` somewhere for sure all full
    /// stops count.
    pub(super) fn of(text: &'t str, leads: bool) -> Self {
        Self { text: clean::cut(text, SPAN_BYTES_MAX + 1), leads, is_whole: text.len() <= SPAN_BYTES_MAX }
    }

    /// Bytes of it.
    pub(super) fn length(&self) -> usize {
        self.text.len()
    }

    /// All that may be its host.
    pub(super) fn hosts(&self) -> impl Iterator<Item = &'t str> + use<'t> {
        let is_user = |char: char| char.is_ascii_alphanumeric() || "._~%!$&*+=-:@".contains(char);
        let leads = self.leads;
        // What is a user's name for sure is no host.
        let from = match self.text.rfind('@') {
            Some(at) if self.text[..at].chars().all(is_user) => at + 1,
            _ => 0,
        };
        let text = if self.is_whole { &self.text[from..] } else { "" };
        let long = (!self.is_whole).then_some(self.text);
        let address = text.strip_prefix('[').and_then(|rest| rest.find(']')).map(|end| &text[..end + 2]);
        let rest = &text[address.map_or(0, str::len)..];
        let is_other = move |char: char| !is_part(char, leads);
        let parts = rest.split(is_other).scan(0, move |at, part| {
            let begin = *at;
            *at += part.len() + rest[begin + part.len()..].chars().next().map_or(0, char::len_utf8);
            let is_behind = rest[..begin].ends_with('@');
            let name = part.trim_matches(['.', '-', '_']);
            let has_dot = name.contains('.') && name.contains(|char: char| char.is_alphabetic());
            let counts = begin == 0 && address.is_none() || is_behind || has_dot;
            Some(Some(name).filter(|name| counts && !name.is_empty()))
        });
        long.into_iter().chain(address).chain(parts.flatten())
    }

    /// The port behind a host of it, with its colon; empty if there is none.
    pub(super) fn port_of(&self, host: &str) -> &'t str {
        let Some((_, rest)) = self.text.split_once(host) else { return "" };
        let digits = rest.strip_prefix(':').map_or(0, |rest| rest.bytes().take(5).take_while(u8::is_ascii_digit).count());
        if digits == 0 { "" } else { &rest[..digits + 1] }
    }
}

/// Whether an authority is over before this character.
pub(super) fn is_end(char: char) -> bool {
    char.is_whitespace() || char.is_control() || "/\\?#<>\"`".contains(char)
}

fn is_part(char: char, leads: bool) -> bool {
    match char {
        '\u{3002}' | '\u{ff0e}' | '\u{ff61}' => leads,
        char if char.is_ascii() => char.is_ascii_alphanumeric() || "-._%".contains(char),
        // Signs of other scripts end a word of prose.
        char => char.is_alphanumeric() || leads && !matches!(char, '\u{2010}'..='\u{205f}' | '\u{3000}'..='\u{3020}'),
    }
}

/// Whether a host is the machine of whoever reads its name.
pub(super) fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "[::1]" | "0.0.0.0") || host.ends_with(".localhost") || host.starts_with("127.")
}

/// A host as a browser would write it, and its port with the colon.
pub(super) fn canonical(host: &str, port: &str) -> (String, String) {
    if host.len() > HOST_BYTES_MAX {
        // Whatever its end is, it is no host that anybody named or allowed.
        let begin = clean::cut(host, HOST_BYTES_MAX).to_lowercase();
        return (format!("{}...", clean::cut(&clean::line(&begin), HOST_BYTES_MAX)), port.to_owned());
    }
    let parsed = Url::parse(&format!("http://{host}/")).ok();
    let name = parsed.as_ref().and_then(Url::host_str).map_or_else(|| host.to_lowercase(), str::to_owned);
    (clean::shown(name.trim_end_matches('.'), HOST_BYTES_MAX), port.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(text: &str) -> Vec<String> {
        let span = Span::of(text.split(is_end).next().unwrap_or_default(), true);
        span.hosts().map(|host| canonical(host, "").0).collect()
    }

    #[test]
    fn all_that_may_be_a_host_is_one() {
        let rows: &[(&str, &[&str])] = &[
            ("example.org/a@b", &["example.org"]),
            ("Example.ORG.", &["example.org"]),
            ("example.org:8080", &["example.org"]),
            ("good.org@evil.net/x", &["evil.net"]),
            ("good.org:80@evil.net", &["evil.net"]),
            ("a@good.org@evil.net", &["evil.net"]),
            ("good.org)@evil.net", &["good.org", "evil.net"]),
            ("good.org;x@localhost", &["good.org", "localhost"]),
            ("good.org!x.evil.net", &["good.org", "x.evil.net"]),
            ("good.org\\@evil.net", &["good.org"]),
            ("good.org,then", &["good.org"]),
            ("%65vil.net", &["evil.net"]),
            ("ｅｖｉｌ。net", &["evil.net"]),
            ("münchen.example", &["xn--mnchen-3ya.example"]),
            ("0x7f.1", &["127.0.0.1"]),
            ("[::1]:80/x", &["[::1]"]),
            ("<host>", &[]),
            ("", &[]),
        ];
        for (text, expected) in rows {
            assert_eq!(hosts(text), *expected, "{text}");
        }
        let long = format!("{}@evil.net", "a".repeat(600));
        assert!(hosts(&long)[0].starts_with("aaa"));
        let dots = format!("good.org{}evil.net", ".".repeat(300));
        assert!(hosts(&dots)[0].starts_with("good.org..") && hosts(&dots)[0].ends_with("..."));
        assert_eq!(Span::of("a.org:8080", false).port_of("a.org"), ":8080");
        assert_eq!(Span::of("例.jp。そして", false).hosts().collect::<Vec<_>>(), ["例.jp"]);
    }
}
