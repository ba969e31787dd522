//! Paths that no wildcard reaches: what changes what runs, who reviews, or what
//! lifeos itself may do. Only a grant that writes one out reaches it, if any does.

use crate::path::{RepoPath, fold};

/// Whether no wildcard reaches the path: it is changed only where a grant writes it out, if at all.
#[must_use]
pub fn is_protected(path: &RepoPath) -> bool {
    protection(path) != Protection::None
}

/// How far a path is out of reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protection {
    None,
    /// Only a grant that writes out this very path reaches it.
    UnlessNamed,
    /// Nothing reaches it.
    Always,
}

/// Names that change what runs, who reviews, or what lifeos itself may do.
const ALWAYS: &[&str] = &["lifeos.toml", "lifeos.lock", ".gitmodules", ".gitattributes", ".gitconfig"];

/// Manifests, lock files, build and test inputs, instructions for agents.
const UNLESS_NAMED: &[&str] = &[
    ".dockerignore",
    ".editorconfig",
    ".gitignore",
    ".gitlab-ci.yml",
    ".mailmap",
    ".npmrc",
    ".nvmrc",
    ".pre-commit-config.yaml",
    ".pypirc",
    ".rumdl.toml",
    ".travis.yml",
    ".yarnrc.yml",
    "action.yaml",
    "action.yml",
    "agents.md",
    "agents.override.md",
    "azure-pipelines.yml",
    "brewfile",
    "build.gradle",
    "build.gradle.kts",
    "build.rs",
    "bun.lock",
    "cargo.lock",
    "cargo.toml",
    "claude.local.md",
    "claude.md",
    "clippy.toml",
    "cmakelists.txt",
    "codeowners",
    "composer.json",
    "composer.lock",
    "conftest.py",
    "containerfile",
    "copilot-instructions.md",
    "deno.json",
    "deno.lock",
    "dockerfile",
    "gemfile",
    "gemfile.lock",
    "gemini.md",
    "gnumakefile",
    "go.mod",
    "go.sum",
    "jenkinsfile",
    "justfile",
    "makefile",
    "noxfile.py",
    "package-lock.json",
    "package.json",
    "package.swift",
    "pdm.lock",
    "pipfile",
    "pipfile.lock",
    "pnpm-lock.yaml",
    "pom.xml",
    "poetry.lock",
    "procfile",
    "pyproject.toml",
    "pytest.ini",
    "rakefile",
    "requirements.txt",
    "rust-toolchain",
    "rust-toolchain.toml",
    "rustfmt.toml",
    "settings.gradle",
    "settings.gradle.kts",
    "setup.cfg",
    "setup.py",
    "skill.md",
    "tox.ini",
    "uv.lock",
    "vagrantfile",
    "yarn.lock",
];

/// Folders of continuous integration, agents, tests and tools, at any depth.
const FOLDERS: &[&str] = &[
    ".azure-pipelines",
    ".buildkite",
    ".cargo",
    ".ci",
    ".circleci",
    ".claude",
    ".cursor",
    ".devcontainer",
    ".forgejo",
    ".gitea",
    ".github",
    ".gitlab",
    ".husky",
    ".teamcity",
    ".vscode",
    ".woodpecker",
    "__tests__",
    "spec",
    "test",
    "testdata",
    "tests",
];

/// `LIFEOS~1.TOM` is another name of some file on file systems with short names.
fn is_short_name(component: &str) -> bool {
    component.split_once('~').is_some_and(|(_, rest)| rest.starts_with(|char: char| char.is_ascii_digit()))
}

/// How far a path is out of reach.
pub(super) fn protection(path: &RepoPath) -> Protection {
    let name = fold(path.name());
    let components: Vec<String> = path.as_str().split('/').map(fold).collect();
    let folders = &components[..components.len() - 1];
    // `.git-something` belongs to git as much as `.gitmodules` does; `.github` and its like stand below.
    if ALWAYS.contains(&name.as_str()) || components.iter().any(|component| is_short_name(component)) {
        return Protection::Always;
    }
    let listed = UNLESS_NAMED.contains(&name.as_str()) || name.starts_with(".git") || name.starts_with(".env");
    if listed || folders.iter().any(|folder| FOLDERS.contains(&folder.as_str())) {
        return Protection::UnlessNamed;
    }
    Protection::None
}
