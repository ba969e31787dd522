//! The owner's options, and what they come to.

use serde::Deserialize;

/// The `options` table of the task.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Options {
    /// Globs of the documents.
    pub(crate) documents: Vec<String>,
    /// Globs of documents that are left alone, besides those that tell of the past.
    pub(crate) skip: Vec<String>,
    /// Globs of the code.
    pub(crate) code: Vec<String>,
    /// Whether a path with one certain new place is repaired without asking anybody.
    pub(crate) repair_paths: bool,
    /// Documents of a run that a model is asked about, if one is granted.
    pub(crate) asks: usize,
}

impl Default for Options {
    fn default() -> Self {
        let globs = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        Self {
            documents: globs(&["**/*.md", "**/*.markdown"]),
            skip: Vec::new(),
            code: globs(&["**", ".*/**", "**/.*"]),
            repair_paths: true,
            asks: 10,
        }
    }
}

/// Parts of names of documents and folders that tell of the past: what they name may be gone.
const TELLS_OF_THE_PAST: [&str; 25] = [
    "deprecated",
    "changelog",
    "changes",
    "history",
    "news",
    "release",
    "upgrad",
    "migrat",
    "adr",
    "adrs",
    "decisions",
    "blog",
    "posts",
    "_posts",
    "rfc",
    "rfcs",
    "sips",
    "peps",
    "keps",
    "designs",
    "proposals",
    "archive",
    "postmortem",
    "roadmap",
    "todo",
];

/// Parts of paths of what is not this project's own, or no code that documents tell of.
const ASIDE: [&str; 16] = [
    "test",
    "tests",
    "testdata",
    "__tests__",
    "spec",
    "fixtures",
    "fixture",
    "examples",
    "example",
    "benches",
    "vendor",
    "vendored",
    "third_party",
    "node_modules",
    "dist",
    "corpus",
];

/// Endings of files in which names are made.
const SOURCE: [&str; 34] = [
    "rs", "py", "js", "mjs", "cjs", "ts", "tsx", "jsx", "go", "c", "h", "cc", "cpp", "hpp", "java", "kt", "scala", "swift", "rb",
    "php", "pl", "pm", "cs", "zig", "lua", "hs", "ml", "ex", "exs", "dart", "jl", "nim", "d", "wit",
];

/// Whether a document tells of the past by its name or its folder's.
pub(crate) fn tells_of_the_past(path: &str) -> bool {
    path.split('/').any(|part| {
        let lower = part.to_ascii_lowercase();
        let stem = lower.split('.').next().unwrap_or(&lower);
        let begins = |word: &&str| word.len() > 5 && stem.starts_with(*word);
        stem.ends_with("deprecated") || TELLS_OF_THE_PAST.iter().any(|word| stem == *word || begins(word))
    })
}

/// Whether a file makes names that documents tell of.
pub(crate) fn is_source(path: &str) -> bool {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_aside = folder.split('/').any(|part| ASIDE.contains(&part));
    let lower = name.to_ascii_lowercase();
    let (stem, ending) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    let is_test = stem == "tests"
        || stem.starts_with("test_")
        || stem.ends_with("_test")
        || stem.ends_with(".test")
        || stem.ends_with(".spec");
    !is_aside && !is_test && SOURCE.contains(&ending)
}

/// Whether a file is prose in another form than the documents are: what it names may be gone as well.
pub(crate) fn is_prose(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let is_page = |ending: &str| ending.len() == 1 && ending.bytes().all(|byte| byte.is_ascii_digit());
    match name.rsplit_once('.') {
        Some(("cmakelists" | "meson_options", "txt")) => false,
        Some((stem, "txt")) => !stem.contains("requirements"),
        Some((_, ending)) => matches!(ending, "rst" | "adoc" | "asciidoc" | "po") || is_page(ending),
        None => false,
    }
}

/// Whether a file says which commands `make`, `just` or `npm run` know.
pub(crate) fn is_runner(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    matches!(name.as_str(), "makefile" | "gnumakefile" | "justfile" | ".justfile" | "package.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_of_the_past_is_known_by_its_name() {
        for path in [
            "CHANGELOG.md",
            "docs/adr/001.md",
            "HISTORY.md",
            "docs/release-notes/1.md",
            "docs/upgrading.md",
            "use/ignore-deprecated.md",
        ] {
            assert!(tells_of_the_past(path), "{path}");
        }
        for path in ["README.md", "docs/guide.md", "docs/newsletter.md", "docs/historic.md", "docs/adrenaline.md"] {
            assert!(!tells_of_the_past(path), "{path}");
        }
    }

    #[test]
    fn prose_in_other_forms_is_no_code() {
        for path in ["docs/a.rst", "CHANGES.txt", "man/tool.1", "doc/a.adoc"] {
            assert!(is_prose(path), "{path}");
        }
        for path in ["CMakeLists.txt", "requirements-dev.txt", "src/a.rs", "a.json", "Makefile", "tool.1.in"] {
            assert!(!is_prose(path), "{path}");
        }
    }

    #[test]
    fn sources_make_names() {
        for path in ["src/a.rs", "cmd/x/main.go", "lib/contest.py"] {
            assert!(is_source(path), "{path}");
        }
        for path in ["tests/a.rs", "a_test.go", "x.test.ts", "a.yml", "run.sh", "vendor/a.c", "a.md"] {
            assert!(!is_source(path), "{path}");
        }
    }
}
