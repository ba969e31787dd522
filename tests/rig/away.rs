//! A repository with another one as its remote, on a forge.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::forge::Forge;
use super::{Ran, TestRepo, hostile};

/// A clone, a bare repository that it pushes to, and a forge that has it.
pub(crate) struct Away {
    pub(crate) repo: TestRepo,
    pub(crate) forge: Forge,
    bare: PathBuf,
}

impl Away {
    /// With a task of this autonomy; `table` is more of the task, `remote` more
    /// of the forge.
    pub(crate) fn new(autonomy: &str, table: &str, remote: &str) -> Self {
        let repo = TestRepo::new(&[("a.md", "a\n"), ("b.md", "b\n")]);
        let bare = repo.scratch().join("there.git");
        let text = bare.display().to_string();
        repo.git(&["init", "--quiet", "--bare", "--initial-branch=main", &text]);
        repo.git(&["remote", "add", "origin", &text]);
        let forge = Forge::start(&bare);
        let token = repo.scratch().join("token");
        std::fs::write(&token, format!("{}\n", forge.token())).expect("a token");
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        let away = Self { repo, forge, bare };
        away.configure(autonomy, table, remote);
        away
    }

    /// Commits another configuration and pushes it.
    pub(crate) fn configure(&self, autonomy: &str, table: &str, remote: &str) {
        let Self { repo, forge, .. } = self;
        let (api, name) = (forge.api(), forge.repository());
        let options = "options = {paths = ['a.md'], find = 'a', text = 'b'}";
        let merge = if autonomy == "merge" { "merge_into = 'main'\n" } else { "" };
        let table = format!("read = ['**']\nedit = ['**/*.md']\nautonomy = '{autonomy}'\n{merge}{table}\n{options}");
        let forge = if remote == "no forge" {
            String::new()
        } else {
            format!("[remote.forge]\nkind = 'github'\napi = '{api}'\nrepository = '{name}'\n{remote}\n")
        };
        repo.config(&format!("[remote]\nbranch = 'main'\n{forge}{}", repo.table("t", &hostile("sane-edit"), &table)));
        self.push();
    }

    /// Brings the branch there to where the clone is.
    pub(crate) fn push(&self) {
        self.repo.git(&["push", "--quiet", "--force", &self.bare.display().to_string(), "HEAD:refs/heads/main"]);
    }

    /// The program, with the token of the forge.
    #[track_caller]
    pub(crate) fn lifeos(&self, arguments: &[&str]) -> Ran {
        let token = format!("{}={}", self.forge.host(), self.repo.scratch().join("token").display());
        let mut command = self.repo.command(arguments);
        command.args(["--token", &token]).env("PATH", "/usr/local/bin:/usr/bin:/bin");
        let ran = self.repo.guarded(command);
        assert!(!format!("{ran}").contains(self.forge.token()), "the token was printed\n{ran}");
        ran
    }

    /// Git in the bare repository.
    #[track_caller]
    pub(crate) fn there(&self, arguments: &[&str]) -> String {
        let bare = self.bare.display().to_string();
        self.repo.git(&[&["--git-dir", &bare], arguments].concat())
    }

    /// Where a ref is there; empty when it is not.
    pub(crate) fn rev(&self, name: &str) -> String {
        self.there(&["for-each-ref", "--format=%(objectname)", name])
    }

    /// A hook of the bare repository.
    pub(crate) fn hook(&self, name: &str, script: &str) {
        let path = self.bare.join("hooks").join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a hook");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("its mode");
    }

    /// The candidate of the newest run.
    #[track_caller]
    pub(crate) fn candidate(&self, run: &str) -> String {
        self.repo.rev(&format!("refs/lifeos/runs/{run}"))
    }
}
