//! Addresses that an edit of a document would bring in: hosts that the text did not
//! name before, and images that carry data to one that it did. A reader's browser
//! asks for an image by itself, so an address is a way out. In doubt it is one.

mod filling;
mod host;
mod image;
mod kind;
mod notebook;
mod reading;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use filling::Filling;
use host::Span;
use image::{ADDRESS_BYTES_MAX, Page};
use kind::Kind;

use crate::clean;

/// Schemes whose addresses have a host whatever stands between.
const SPECIAL: &[&str] = &["http", "https", "ws", "wss", "ftp"];
/// Schemes that carry what they lead to.
const INLINE: &[&str] = &["javascript", "vbscript", "data"];
/// Ports, with their colons, that an address need not tell.
const DEFAULT_PORTS: &[&str] = &["", ":80", ":443"];
/// Bytes of a scheme.
const SCHEME_BYTES_MAX: usize = 40;

/// Whether a file is a document, by its name: all that is not known code.
#[must_use]
pub fn is_document(path: &str) -> bool {
    Kind::of(path) != Kind::Code
}

/// The first host that the `new` text of a file leads to, `old` does not, and nobody
/// allowed; or that an image of `new` carries a query or a fragment to which is not in
/// `old`. Of code only what has the form of documentation counts. For an address without
/// a host it is its scheme, with a colon; where nobody can know the host, what stands in
/// its place. `allowed` are hosts as [`url::Url`] writes them, with a port or without.
#[must_use]
pub fn brought(path: &str, old: &str, new: &str, allowed: &[String]) -> Option<String> {
    let kind = Kind::of(path);
    let shown = (kind == Kind::Code).then(|| kind::shown(new));
    let new = shown.as_deref().unwrap_or(new);
    if new.is_empty() {
        return None;
    }
    if kind == Kind::Notebook && notebook::strings(new).is_none() {
        return Some("unreadable-notebook:".to_owned());
    }
    let [old, new] = [old, new].map(|text| reading::readings(text, kind));
    let (before, after) = (Named::of(&old, kind), Named::of(&new, kind));
    let is_known = |host: &String, port: &String| {
        // A default port is the host's own, and one of the reader's own machine leads nowhere.
        let is_own =
            |ports: &BTreeSet<String>| DEFAULT_PORTS.contains(&port.as_str()) || ports.contains(port) || host::is_local(host);
        before.hosts.get(host).is_some_and(is_own)
            || allowed.iter().any(|one| one.strip_prefix(host.as_str()).is_some_and(|rest| rest.is_empty() || rest == port))
    };
    let all = after.hosts.iter().flat_map(|(host, ports)| ports.iter().map(move |port| (host, port)));
    let stranger = all.into_iter().find(|(host, port)| !is_known(host, port)).map(|(host, port)| {
        let named = if before.hosts.contains_key(host) { format!("{host}{port}") } else { host.clone() };
        clean::shown(&named, host::HOST_BYTES_MAX)
    });
    let carrier = || after.images.iter().find(|(image, _)| !before.carriers.contains(*image)).map(|(_, host)| host.clone());
    stranger.or_else(carrier)
}

/// The addresses of a text.
#[derive(Default)]
struct Named<'t> {
    /// Hosts with the ports, `:80`, that they are named with; an empty one is none.
    hosts: BTreeMap<String, BTreeSet<String>>,
    /// Addresses with a query or a fragment.
    carriers: BTreeSet<&'t str>,
    /// Those that may be images, with their hosts.
    images: BTreeMap<&'t str, String>,
}

impl<'t> Named<'t> {
    fn of(readings: &'t [Cow<'_, str>], kind: Kind) -> Self {
        let mut named = Self::default();
        readings.iter().for_each(|text| named.read(&Page::of(text, kind)));
        named
    }

    fn read(&mut self, page: &Page<'t>) {
        let text = page.text.as_bytes();
        for at in memchr::memchr3_iter(b':', b'/', b'\\', text) {
            match text[at] {
                b':' => self.scheme(page, at),
                _ => self.relative(page, at),
            }
        }
        for at in memchr::memchr2_iter(b'w', b'W', text) {
            let is_start = at == 0 || !(text[at - 1].is_ascii_alphanumeric() || b"./@-_".contains(&text[at - 1]));
            if is_start && text[at..].get(..4).is_some_and(|four| four.eq_ignore_ascii_case(b"www.")) {
                self.authority(page, at, at);
            }
        }
        page.declarations().for_each(|one| self.add(one.to_owned(), String::new()));
        if let Some(filling) = &page.filling {
            filling.places().for_each(|at| self.filled(page, filling, at));
        }
    }

    /// What is filled in at a place where an address begins, before its host can be known.
    fn filled(&mut self, page: &Page<'t>, filling: &Filling<'t>, at: usize) {
        let text = page.text.as_bytes();
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+-.$".contains(byte);
        let begin = at - text[..at].iter().rev().take(SCHEME_BYTES_MAX).take_while(is_part).count();
        let begin = if begin > 0 && is_slash(text[begin - 1]) { begin - 1 } else { begin };
        let is_place = page.is_place(begin);
        if !is_place && !filling.takes_all() {
            return;
        }
        let is_apart = !page.text[..begin].ends_with(|char: char| char.is_alphanumeric() || "/-_.~%:".contains(char));
        if let Some((host, is_link)) = filling.host(begin, true)
            && (is_place || is_link && is_apart)
        {
            self.add(host, String::new());
        }
    }

    /// What stands around a colon.
    fn scheme(&mut self, page: &Page<'t>, at: usize) {
        let text = page.text.as_bytes();
        let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+.-".contains(byte);
        let length = text[..at].iter().rev().take(SCHEME_BYTES_MAX).take_while(is_part).count();
        let begin = text[at - length..at].iter().position(u8::is_ascii_alphabetic).map_or(at, |first| at - length + first);
        let scheme = page.text[begin..at].to_ascii_lowercase();
        let slashes = slashes(text, at + 1);
        let rest = &text[at + 1 + slashes..];
        if SPECIAL.contains(&scheme.as_str()) || slashes >= 2 && scheme != "file" {
            self.authority(page, begin, at + 1 + slashes);
        } else if INLINE.contains(&scheme.as_str()) {
            let leads = page.leads_from(begin);
            let is_data = || rest.iter().take(40).take_while(|byte| is_part(byte)).count() > 0 || rest.starts_with(b",");
            let has_body = rest.first().is_some_and(|byte| !byte.is_ascii_whitespace());
            let is_one = if scheme == "data" { is_data() && (has_mark(rest) || leads) } else { has_body || leads };
            if is_one {
                self.add(format!("{scheme}:"), String::new());
            }
        } else if scheme == "file" && slashes > 0 {
            self.add("file:".to_owned(), String::new());
        } else if scheme == "mailto" {
            self.authority(page, begin, at + 1);
        }
    }

    /// An address that begins with two slashes.
    fn relative(&mut self, page: &Page<'t>, at: usize) {
        let text = page.text.as_bytes();
        let is_first = at == 0 || !is_slash(text[at - 1]) && text[at - 1] != b':';
        // Of a run only the first slash counts the others.
        let count = if is_first { slashes(text, at) } else { 0 };
        if count < 2 {
            return;
        }
        let (leads, is_plain) = (page.leads_from(at), text[at..].starts_with(b"//"));
        let is_apart = at == 0 || text[at - 1].is_ascii_whitespace();
        // `"\\n"` and `// word` are no addresses; a host without a dot is one of this network, or a number.
        let is_far = |host: &str| host.contains('.') || host.starts_with(|char: char| char.is_ascii_digit());
        let is_name = || Span::of(page.authority(at + count), leads).hosts().any(is_far);
        let may_lead = leads || is_plain && is_apart || page.may_lead_from(at);
        if leads && is_plain || may_lead && is_name() {
            self.authority(page, at, at + count);
        }
    }

    /// The hosts of an address that begins at `begin`, with its authority at `from`.
    fn authority(&mut self, page: &Page<'t>, begin: usize, from: usize) {
        let leads = page.leads_from(begin);
        let authority = page.authority(from);
        let near = clean::cut(authority, ADDRESS_BYTES_MAX);
        let filled = page
            .filling
            .as_ref()
            .filter(|_| memchr::memchr(b'{', near.as_bytes()).is_some() || page.text[from + authority.len()..].starts_with('<'));
        if let Some((host, _)) = filled.and_then(|filling| filling.host(from, false)) {
            self.add(host, String::new());
        }
        let span = Span::of(authority, leads);
        let mut first = None;
        for host in span.hosts() {
            let (name, port) = host::canonical(host, span.port_of(host));
            first.get_or_insert_with(|| name.clone());
            self.add(name, port);
        }
        if first.is_none() && page.is_defined(begin) {
            // What it is put before has the host.
            self.add(page.text[begin..from].to_owned(), String::new());
        }
        let Some(host) = first else { return };
        let address = page.address(begin, from + span.length());
        if memchr::memchr2(b'?', b'#', &page.text.as_bytes()[from + span.length()..address.end]).is_some() {
            let is_whole = address.len() < ADDRESS_BYTES_MAX;
            let address = &page.text[address];
            if page.may_be_image(begin) {
                self.images.insert(address, host);
            }
            // Of one that is cut off nobody knows whether it was there before.
            self.carriers.extend(Some(address).filter(|_| is_whole));
        }
    }

    fn add(&mut self, host: String, port: String) {
        if !host.is_empty() {
            self.hosts.entry(host).or_default().insert(port);
        }
    }
}

fn is_slash(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

fn slashes(text: &[u8], from: usize) -> usize {
    text[from..].iter().take_while(|byte| is_slash(**byte)).count()
}

/// Whether what follows `data:` goes on as such an address does.
fn has_mark(rest: &[u8]) -> bool {
    let is_kind = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+.-/;=".contains(byte);
    let kind = rest.iter().take(100).take_while(is_kind).count();
    rest.get(kind) == Some(&b',') || rest[..kind].contains(&b'/') || rest[..kind].contains(&b';')
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "# A\n\nSee [b](https://known.org/b?x=1#y) and <http://also.known.org>.\n";

    fn found(added: &str) -> Option<String> {
        brought("a.md", OLD, &format!("{OLD}\n{added}\n"), &["img.allowed.org".to_owned(), "allowed.org:8080".to_owned()])
    }

    #[test]
    fn case_67_a_host_is_found_however_it_is_written() {
        for added in [
            "https://evil.net",
            "see https://evil.net/a, then",
            "[x](https://evil.net)",
            "![x](https://evil.net/p.png?d=1)",
            "[x]: https://evil.net",
            "[x]:\n  <https://evil.net>",
            "<https://evil.net>",
            "<a href='https://evil.net'>x</a>",
            "<img src=https://evil.net/x>",
            "<img src=\" \thttps://evil.net/x\">",
            "<img srcset=\"https://known.org/a 1x, //evil.net/b 2x\">",
            "<p style=\"background: url(//evil.net/x)\">",
            "![x](//evil.net/x)",
            "![x](/\\evil.net/x)",
            "<a href=\"\\\\evil.net/x\">",
            "//evil.net/x",
            "www.evil.net/x",
            "[x](HTTPS://EVIL.net)",
            "[x](https:evil.net)",
            "[x](https:/evil.net)",
            "[x](https:\\\\evil.net)",
            "[x](https\\://evil\\.net)",
            "[x](https:////evil.net)",
            "[x](https://known.org@evil.net)",
            "[x](https://known.org:80@evil.net)",
            "[x](https://known.org\\@evil.net)",
            "https://known.org)@evil.net",
            "[x](&#104;ttps://evil.net)",
            "[x](&#x68ttps&colon;//evil.net)",
            "[x](https://evil&period;net)",
            "<a href=\"ht\ntps://ev\til.net\">",
            "<a href=\"/\n/evil.net\">",
            "[x](https://%65vil.net)",
            "[x](https://known.org/?to=https%3A%2F%2Fevil.net)",
            "[x](https://ev\u{200b}il.net)",
            "[x](https://ｅｖｉｌ。net)",
            "<iframe src=ftp://evil.net>",
            "git://evil.net/x",
            ".. image:: //evil.net/x",
            "image::https://evil.net/x[]",
            "mailto:me@evil.net",
            "<meta http-equiv=refresh content=\"0;url=https://evil.net\">",
        ] {
            let host = found(added);
            // With escapes there are two readings, and the other is no better.
            assert!(host.as_ref().is_some_and(|host| host.trim_start_matches("www.").starts_with("ev")), "{added}: {host:?}");
        }
        assert_eq!(found("[x](https://münchen.example)").as_deref(), Some("xn--mnchen-3ya.example"));
        assert_eq!(found("http://2130706433/").as_deref(), Some("127.0.0.1"));
        assert_eq!(found("![x](//[::1]/x)").as_deref(), Some("[::1]"));
        assert_eq!(found("[x](https://allowed.org/)").as_deref(), Some("allowed.org"));
        for (added, scheme) in [
            ("![x](data:image/png;base64,AAAA)", "data:"),
            ("<a href=\"java\nscript:alert(1)\">", "javascript:"),
            ("[x](JavaScript:alert(1))", "javascript:"),
            ("[x](javascript&colon;alert(1))", "javascript:"),
            ("[x](vbscript:x)", "vbscript:"),
            ("[x](file:///etc/passwd)", "file:"),
        ] {
            assert_eq!(found(added).as_deref(), Some(scheme), "{added}");
        }
    }

    #[test]
    fn what_was_named_before_or_is_allowed_passes() {
        for added in [
            "[x](https://known.org/other/path)",
            "<http://KNOWN.org.>",
            "[x](https://known.org/c?x=2), a link that somebody has to follow",
            "[![b](https://known.org/b.svg)](https://known.org/c?x=2)",
            "![x](https://known.org/b?x=1#y), as before",
            "![x](https://img.allowed.org/a.png)",
            "[x](https://allowed.org:8080/)",
            "![x](../a.png?raw=true)",
            "<a href=\"https://known.org/c?x=2\">",
            "std::vec, a/b//c.d, \"\\\\n\", data: none, http: a protocol, the scheme https, // a comment",
            "https://, https://<host>/, https://${HOST}/",
            "git@known.org:a/b, C:\\Users\\x, 10:20",
        ] {
            assert_eq!(found(added), None, "{added}");
        }
    }

    #[test]
    fn an_image_with_a_query_is_new_on_any_host() {
        for added in [
            "![x](https://known.org/c?x=2)",
            "![x](https://known.org/c#x)",
            "![a [b] c](<https://known.org/c d?x=2>)",
            "![`]`](https://known.org/c?x=2)",
            "[a ![`]`](https://known.org/c?x=2)",
            "[z ![ [x](https://known.org/]) y](https://known.org/c?x=2)",
            "[a]: https://known.org/c?x=2\n\n![a]",
            "![z][a]\n\n[a]: https://known.org/c?x=2",
            "<img src=\"https://known.org/c d?x=2\">",
            "<img alt='>' src='https://known.org/c?x=2'>",
            "<link href=\"https://known.org/c?x=2\">",
            "<source srcset=\"a.png 1x, https://known.org/c?x=2 2x\">",
            "<p style=\"background:url('https://known.org/c?x=2')\">",
            ".. figure:: https://known.org/c?x=2",
            "image::https://known.org/c?x=2[]",
            "<video poster=https://known.org/c?x=2>",
            "![x](//known.org/c?x=2)",
            &format!("![{}](https://known.org/c?x=2)", "long ".repeat(2_000)),
        ] {
            assert_eq!(found(added).as_deref(), Some("known.org"), "{added}");
        }
        assert_eq!(found("![x](https://img.allowed.org/a?b)").as_deref(), Some("img.allowed.org"));
        assert_eq!(brought("a.md", "", "see https://a.org", &[]).as_deref(), Some("a.org"));
    }

    #[test]
    fn no_place_that_is_filled_in_is_cut_within_a_character() {
        for path in ["a.md", "a.adoc", "a.tmpl", "a.ipynb", "a.svg"] {
            for text in
                ["{\u{201c}set x}", "{\u{201c}let x", "<%\u{201c}set x%>", "{{\u{e9}with a}}", "/{\u{201c}x}", "<!\u{201c}ntity"]
            {
                drop(brought(path, "", text, &[]));
            }
        }
    }

    #[test]
    fn a_document_is_known_by_its_name() {
        for path in ["docs/A.MD", "x.html", "logo.svg", "a.ipynb", "a.mdwn", "a.asc", "a.org", "README", "docs/Changelog"] {
            assert!(is_document(path), "{path}");
        }
        assert!(!is_document("src/a.rs") && !is_document("README/a.rs") && !is_document("readme.rs"));
    }

    #[test]
    fn what_an_edit_takes_away_is_not_asked_about() {
        assert_eq!(brought("a.md", OLD, "# A\n", &[]), None);
        assert_eq!(brought("a.md", OLD, OLD, &[]), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_much(text in proptest::prelude::any::<String>(), parts in "([:/\\\\@&#;<>()\\[\\]!\"'=a.%0\n{}\u{201c}]|https|www\\.|data|&colon;|set |\\{%|%\\}|image::|<!ENTITY ){0,60}") {
            let text = text + &parts;
            for path in ["a.md", "a.adoc", "a.rst", "a.tmpl", "a.svg", "a.json"] {
                assert_eq!(brought(path, &text, &text, &[]), None, "{path}");
                drop(brought(path, "", &text, &[]));
            }
            // Of code only some lines of the new text are looked at.
            drop(brought("a.rs", "", &text, &[]));
            drop(brought("a.ipynb", "", &serde_json::json!([text, parts]).to_string(), &[]));
        }
    }
}
