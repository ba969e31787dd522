//! What a document names: paths, flags, symbols and commands, as they stand in
//! its pieces of code. Whether they are there is nobody's business here.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::document::quote::{Quote, QuoteKind};
use crate::words::is_identifier;

/// What kind of thing is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// `src/a.rs`
    Path,
    /// `--color`, known as `color`.
    Flag,
    /// `read_all()`, `Reader::read_all`
    Symbol,
    /// `make docs`, known as `docs`.
    Command,
}

/// A name in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mention {
    pub(crate) kind: Kind,
    /// The name that is looked for.
    pub(crate) name: String,
    /// Its bytes in the document; of a flag with its dashes.
    pub(crate) bytes: Range<usize>,
    /// Whether it is the text of a link.
    pub(crate) is_linked: bool,
}

/// The names in the pieces of code of a document. `programs` are those that the
/// project makes: the flags of others are not its own.
pub(crate) fn mentions(text: &str, quotes: &[Quote], programs: &BTreeSet<String>) -> Vec<Mention> {
    let mut found = Vec::new();
    for quote in quotes {
        let code = &text[quote.bytes.clone()];
        let mut add = |kind, name: &str, at: Range<usize>| {
            let bytes = quote.bytes.start + at.start..quote.bytes.start + at.end;
            found.push(Mention { kind, name: name.to_owned(), bytes, is_linked: quote.kind == QuoteKind::Linked });
        };
        match quote.kind {
            QuoteKind::Command => command(code, programs, &mut add),
            QuoteKind::Span | QuoteKind::Linked => {
                if !flag(code, &mut add) && !path(code, &mut add) {
                    symbols(code, &mut add);
                    command(code, programs, &mut add);
                }
            }
        }
    }
    found
}

type Add<'a> = dyn FnMut(Kind, &str, Range<usize>) + 'a;

/// The name of a flag at the start of a text, without its dashes.
fn flag_name(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("--")?;
    let len = rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let name = rest[..len].trim_end_matches('-');
    let is_whole = name.len() == len && !rest[len..].starts_with(['_', '.', '/', '*', '{', '(', '$']);
    (len >= 3 && is_whole && name.bytes().all(|byte| !byte.is_ascii_uppercase())).then_some(name)
}

/// A code span that is a flag: `--color`, `--color=WHEN`, `-c, --color`.
fn flag(code: &str, add: &mut Add<'_>) -> bool {
    let at = if code.starts_with("--") {
        0
    } else {
        code.find(", --").or_else(|| code.find("/--")).map_or(0, |at| code[at..].find("--").map_or(0, |dash| at + dash))
    };
    let is_flag = code[at..].starts_with("--") && (at == 0 || code.starts_with('-') && at <= 4);
    if let Some(name) = flag_name(&code[at..]).filter(|_| is_flag) {
        add(Kind::Flag, name, at..at + 2 + name.len());
    }
    is_flag
}

/// The flags of a program of the project, and the commands of `make`, `just` and `npm run`.
fn command(code: &str, programs: &BTreeSet<String>, add: &mut Add<'_>) {
    let mut words = code.split(' ').scan(0, |at, word| {
        let start = *at;
        *at += word.len() + 1;
        Some((start, word))
    });
    let Some((_, first)) = words.next() else { return };
    let program = first.rsplit('/').next().unwrap_or(first);
    if programs.contains(program) {
        let own = words.take_while(|(_, word)| !matches!(*word, "|" | "&&" | ";" | "--"));
        for (start, word) in own {
            if let Some(name) = flag_name(word) {
                add(Kind::Flag, name, start..start + 2 + name.len());
            }
        }
        return;
    }
    let target = match first {
        "make" | "just" => words.next(),
        "npm" | "pnpm" | "yarn" => words.next().filter(|(_, word)| *word == "run").and_then(|_| words.next()),
        _ => None,
    };
    let is_plain =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_:".contains(&byte));
    if let Some((start, word)) = target.filter(|(_, word)| word.len() > 1 && !word.starts_with('-') && is_plain(word)) {
        add(Kind::Command, word, start..start + word.len());
    }
}

/// Parts of paths that stand for others.
const STAND_INS: [&str; 12] = ["path", "foo", "bar", "baz", "example", "examples", "your", "my", "some", "name", "xxx", "tmp"];

/// A code span that is a path of a file.
fn path(code: &str, add: &mut Add<'_>) -> bool {
    let bare = code.strip_prefix("./").unwrap_or(code);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@".contains(&byte);
    let (_, last) = bare.rsplit_once('/').unwrap_or(("", bare));
    let Some((stem, ending)) = last.rsplit_once('.') else { return false };
    let is_ending = (1..=5).contains(&ending.len()) && ending.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_number = ending.bytes().all(|byte| byte.is_ascii_digit());
    if !code.bytes().all(is_plain)
        || stem.is_empty()
        || !is_ending
        || is_number
        || bare.starts_with(['/', '@'])
        || code.contains("//")
    {
        return false;
    }
    let stands_in = bare.split(['/', '.', '-', '_']).any(|part| STAND_INS.contains(&part.to_ascii_lowercase().as_str()));
    let has_steps = bare.split('/').any(|part| part.is_empty() || part.chars().all(|char| char == '.'));
    // Without a folder it may be a method as well, or the configuration of whoever reads.
    let is_file = bare.contains('/') || crate::options::is_source(bare) || ending == "sh";
    if is_file && !stands_in && !has_steps {
        let start = code.len() - bare.len();
        add(Kind::Path, bare, start..code.len());
    }
    is_file
}

/// A code span that is a symbol, with the names before it: `a::B::c()`, `b.c()`, `some_name`.
fn symbols(code: &str, add: &mut Add<'_>) {
    let (bare, is_call) = match code.strip_suffix("()") {
        Some(bare) => (bare, true),
        None => (code, false),
    };
    let separator = if bare.contains("::") { "::" } else { "." };
    let parts: Vec<&str> = bare.split(separator).collect();
    if parts.len() > 6 || !parts.iter().all(|part| is_identifier(part)) || separator == "." && parts.len() > 1 && !is_call {
        return;
    }
    let is_qualified = separator == "::" && parts.len() > 1;
    let mut start = 0;
    for (at, part) in parts.iter().enumerate() {
        let is_last = at + 1 == parts.len();
        let is_telling = part.len() >= 5 && (is_distinct(part) || is_last && (is_call || is_qualified));
        if is_telling {
            add(Kind::Symbol, part, start..start + part.len());
        }
        start += part.len() + separator.len();
    }
}

/// Whether a name is one that prose has not: `a_b`, `aB`, `ABc`, `A_B`.
fn is_distinct(name: &str) -> bool {
    let inner = &name[1..];
    let has_upper = inner.bytes().any(|byte| byte.is_ascii_uppercase());
    let has_lower = name.bytes().any(|byte| byte.is_ascii_lowercase());
    name.trim_matches('_').contains('_') || has_upper && has_lower
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<(Kind, String, String)> {
        let text = format!("`{code}`");
        let quotes = [Quote { bytes: 1..text.len() - 1, kind: QuoteKind::Span }];
        let programs = BTreeSet::from(["tool".to_owned()]);
        let named = mentions(&text, &quotes, &programs);
        named.into_iter().map(|one| (one.kind, one.name, text[one.bytes].to_owned())).collect()
    }

    #[track_caller]
    fn check(code: &str, expected: &[(Kind, &str, &str)]) {
        let found = found(code);
        let found: Vec<_> = found.iter().map(|(kind, name, text)| (*kind, name.as_str(), text.as_str())).collect();
        assert_eq!(found, expected, "{code}");
    }

    #[test]
    fn flags() {
        check("--color-mode", &[(Kind::Flag, "color-mode", "--color-mode")]);
        check("--color=WHEN", &[(Kind::Flag, "color", "--color")]);
        check("-c, --color <WHEN>", &[(Kind::Flag, "color", "--color")]);
        check("tool run --fast -- --not-ours", &[(Kind::Flag, "fast", "--fast")]);
        for none in ["--", "--x", "--no-*", "--[no-]color", "git log --oneline", "a--color", "--NAME", "--color_mode"] {
            check(none, &[]);
        }
    }

    #[test]
    fn paths() {
        check("src/a/b.rs", &[(Kind::Path, "src/a/b.rs", "src/a/b.rs")]);
        check("./run-all.sh", &[(Kind::Path, "run-all.sh", "run-all.sh")]);
        for none in [
            "path/to/a.rs",
            "https://a.b/c.rs",
            "src/*.rs",
            "../a.rs",
            "~/a.rs",
            "/etc/a.toml",
            "1.2/3.4",
            "foo/a.rs",
            "a b.rs",
            ".travis.yml",
            "config.toml",
        ] {
            check(none, &[]);
        }
    }

    #[test]
    fn names_of_code() {
        check("read_all()", &[(Kind::Symbol, "read_all", "read_all")]);
        check("Reader::parse()", &[(Kind::Symbol, "parse", "parse")]);
        check("TextReader::read_all", &[(Kind::Symbol, "TextReader", "TextReader"), (Kind::Symbol, "read_all", "read_all")]);
        check("reader.read_all()", &[(Kind::Symbol, "read_all", "read_all")]);
        check("max_bytes", &[(Kind::Symbol, "max_bytes", "max_bytes")]);
        for none in ["read", "true", "README", "a.b", "x = y", "read_all(x)", "os.path", "UTF8", "Vec<T>"] {
            check(none, &[]);
        }
    }

    #[test]
    fn commands_of_runners() {
        check("make docs", &[(Kind::Command, "docs", "docs")]);
        check("npm run build:all", &[(Kind::Command, "build:all", "build:all")]);
        for none in ["make", "make -j4", "make TARGET", "cargo build", "npm install"] {
            check(none, &[]);
        }
    }
}
