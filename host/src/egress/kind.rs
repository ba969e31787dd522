//! What a file is to its readers, by its name, and which lines of code they see as a
//! document: the documentation that it carries.

/// Ends of the names of code, in lower case: nobody but its own language reads it, so all
/// else is a document.
const CODE: &[&str] = &[
    "rs", "py", "pyi", "pyx", "go", "js", "mjs", "cjs", "ts", "mts", "cts", "jsx", "tsx", "c", "h", "cc", "cpp", "cxx", "hh",
    "hpp", "hxx", "inc", "m", "mm", "java", "kt", "kts", "scala", "sc", "groovy", "gradle", "clj", "cljs", "cs", "fs", "fsx",
    "vb", "swift", "rb", "rake", "gemspec", "pl", "pm", "php", "lua", "r", "jl", "ex", "exs", "erl", "hrl", "hs", "ml", "mli",
    "elm", "nim", "zig", "d", "dart", "sh", "bash", "zsh", "fish", "ps1", "psm1", "bat", "cmd", "awk", "sed", "sql", "asm", "s",
    "f90", "pas", "proto", "thrift", "graphql", "wit", "wat", "wast", "tf", "hcl", "nix", "bzl", "cmake", "mk", "vim", "el",
    "lisp", "scm", "rkt", "tcl", "sol", "cu", "glsl", "wgsl", "v", "sv", "vhd", "lock", "patch", "diff", "snap",
];
/// Names of code without an ending, in lower case.
const CODE_NAMES: &[&str] = &[
    "makefile",
    "gnumakefile",
    "dockerfile",
    "containerfile",
    "jenkinsfile",
    "vagrantfile",
    "rakefile",
    "gemfile",
    "justfile",
    "procfile",
    "brewfile",
    "podfile",
    "fastfile",
    "configure",
    "build",
    "workspace",
    "cmakelists.txt",
    "go.mod",
    "go.sum",
    ".gitignore",
    ".gitattributes",
    ".gitmodules",
    ".dockerignore",
    ".editorconfig",
    ".npmignore",
    ".bashrc",
    ".profile",
];
/// Ends of the names of documents in which a name between single braces is just that.
const PLAIN: &[&str] = &[
    "md",
    "mkd",
    "mkdn",
    "mkdown",
    "mdwn",
    "mdown",
    "mdtext",
    "mdtxt",
    "markdown",
    "livemd",
    "ronn",
    "qmd",
    "rmd",
    "rst",
    "rest",
    "org",
    "wiki",
    "mediawiki",
    "textile",
    "creole",
    "pod",
    "rdoc",
    "txt",
    "html",
    "htm",
    "xhtml",
    "xht",
    "svg",
    "css",
    "scss",
    "sass",
    "less",
    "xml",
    "tex",
    "mdc",
];
/// Ends of the names of data: others make documents of what it says.
const DATA: &[&str] = &["json", "jsonc", "json5", "yml", "yaml", "toml", "ini", "cfg", "conf", "properties", "csv", "tsv"];
/// Ends of the names of documents whose every `{name}` is filled in.
const ASCIIDOC: &[&str] = &["adoc", "asciidoc", "asc", "ad"];

/// What a file is to its readers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Only what looks like documentation of it is looked at.
    Code,
    /// A notebook: JSON whose lists of strings are one text.
    Notebook,
    /// A document.
    Plain,
    /// Values that others put into documents; nothing shows what is an image of it.
    Data,
    /// A document in which `{name}` may be filled in, for all that is known.
    Filled,
    /// A document in which `{name}` is filled in.
    Asciidoc,
}

impl Kind {
    /// The kind of a file, by its path.
    pub(super) fn of(path: &str) -> Self {
        let path = path.to_ascii_lowercase();
        let name = path.rsplit('/').next().unwrap_or_default();
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        match end {
            _ if CODE_NAMES.contains(&name) => Self::Code,
            "ipynb" => Self::Notebook,
            // A dot alone makes no ending.
            end if !stem.is_empty() && CODE.contains(&end) => Self::Code,
            end if DATA.contains(&end) => Self::Data,
            end if ASCIIDOC.contains(&end) => Self::Asciidoc,
            end if end.is_empty() || PLAIN.contains(&end) => Self::Plain,
            _ => Self::Filled,
        }
    }
}

/// Elements that bring something in, or lead on by themselves.
const ELEMENTS: &[&str] = &[
    "img", "image", "script", "iframe", "frame", "video", "audio", "source", "track", "object", "embed", "link", "use", "input",
    "meta", "base", "form", "portal", "feimage",
];
/// Attributes with addresses.
pub(super) const ATTRIBUTES: &[&str] = &[
    "src",
    "srcset",
    "href",
    "data",
    "poster",
    "background",
    "action",
    "formaction",
    "ping",
    "icon",
    "manifest",
    "url",
    "to",
    "from",
    "values",
    "style",
    "srcdoc",
    "codebase",
];
/// Other words of lines that show something.
const WORDS: &[&str] =
    &["image::", "figure::", "raw::", "video::", "include::", "iframe::", ":url:", "{image}", "{figure}", "@import"];
/// Lines that a tag may go on for.
const TAG_LINES_MAX: usize = 16;

/// The lines of code that have the form of what a document shows, with what they go on in.
pub(super) fn shown(text: &str) -> String {
    let has_references = text.lines().any(|line| images(line).any(|at| line[at..].contains("][") || !line[at..].contains("](")));
    let mut kept = String::new();
    let mut left = 0;
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let tag = tag(&lower);
        let is_one = tag.is_some()
            || images(line).next().is_some()
            || WORDS.iter().any(|word| lower.contains(word))
            || has_references && lower.contains("]:");
        if is_one || left > 0 {
            kept.push_str(line);
        }
        left = match tag {
            Some(begin) if !lower[begin..].contains('>') => TAG_LINES_MAX,
            _ if is_one => left.max(1),
            _ if lower.contains('>') => 0,
            _ => left.saturating_sub(1),
        };
    }
    kept
}

/// Where images of Markdown begin in a line; `vec![` is none.
fn images(line: &str) -> impl Iterator<Item = usize> {
    let is_apart = |at: &usize| !line[..*at].ends_with(|char: char| char.is_alphanumeric() || char == '_');
    line.match_indices("![").map(|(at, _)| at).filter(is_apart)
}

/// Where a tag begins, in a line in lower case, that loads something or has an attribute for it.
fn tag(line: &str) -> Option<usize> {
    let name = |at: &usize| {
        let rest = &line[at + 1..];
        let name = &rest[..rest.find(|char: char| !char.is_ascii_alphanumeric() && char != '-').unwrap_or(rest.len())];
        // `Vec<Image>` is none.
        let goes_on = rest[name.len()..].chars().next().is_none_or(|char| char.is_whitespace() || char == '/');
        Some(name).filter(|name| goes_on && !name.is_empty())
    };
    let mut tags = line.match_indices('<').filter_map(|(at, _)| Some((at, name(&at)?)));
    let (first, word) = tags.next()?;
    let is_set = |(at, word): (usize, &str)| {
        let is_apart = !line[first..first + at].ends_with(|char: char| char.is_ascii_alphanumeric());
        is_apart && line[first + at + word.len()..].trim_start().starts_with('=')
    };
    let is_one = ELEMENTS.contains(&word)
        || ATTRIBUTES.iter().any(|word| line[first..].match_indices(word).any(is_set))
        || tags.any(|(_, word)| ELEMENTS.contains(&word));
    is_one.then_some(first)
}
