//! A temporary repository with a fixed author and time, and the program run
//! over it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lifeos::digest::Digest;

use super::components::CACHE;
use super::guard::{self, Snapshot};
use super::{CANARY, LIFEOS, Ran};

/// A repository, a home and a folder outside, all temporary.
pub(crate) struct TestRepo {
    root: tempfile::TempDir,
    /// Whether `git fsck` is to pass after each run.
    pub(crate) sound: bool,
}

impl TestRepo {
    /// A repository with these files in one commit.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let repo = Self::unborn();
        files.iter().for_each(|(path, text)| repo.write(path, text));
        repo.commit("begin");
        repo
    }

    /// A repository without a commit.
    pub(crate) fn unborn() -> Self {
        let repo = Self::nowhere();
        repo.git(&["init", "--quiet", "--initial-branch=main", "."]);
        repo.git(&["config", "user.name", "Owner"]);
        repo.git(&["config", "user.email", "owner@example.org"]);
        repo
    }

    /// A folder that is no repository.
    pub(crate) fn nowhere() -> Self {
        let root = tempfile::tempdir().expect("a temporary folder");
        for folder in ["repo", "home", "outside"] {
            std::fs::create_dir(root.path().join(folder)).expect("a folder");
        }
        std::fs::write(root.path().join("outside/canary.txt"), CANARY).expect("a canary");
        Self { root, sound: true }
    }

    /// The checkout.
    pub(crate) fn path(&self) -> PathBuf {
        self.root.path().join("repo")
    }

    /// A folder that no run may change.
    pub(crate) fn outside(&self) -> PathBuf {
        self.root.path().join("outside")
    }

    /// The home folder that the program is told of.
    pub(crate) fn home(&self) -> PathBuf {
        self.root.path().join("home")
    }

    /// A folder beside the others that nobody watches.
    pub(crate) fn scratch(&self) -> PathBuf {
        let folder = self.root.path().join("scratch");
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    /// Writes a file into the checkout.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    }

    /// Commits everything in the checkout.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all", "--force", "."]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.rev("HEAD")
    }

    /// Runs git and gives what it prints.
    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.git_command().args(arguments).output().expect("git runs");
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {words}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// A git command in the checkout, with a fixed author and time.
    pub(crate) fn git_command(&self) -> Command {
        let mut git = Command::new("git");
        git.current_dir(self.path()).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin");
        git.env("HOME", self.home()).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for side in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{side}_NAME"), "Owner").env(format!("GIT_{side}_EMAIL"), "owner@example.org");
            git.env(format!("GIT_{side}_DATE"), "2026-01-02T03:04:05+00:00");
        }
        git
    }

    /// The id that a revision names; empty when there is none.
    pub(crate) fn rev(&self, revision: &str) -> String {
        let output = self.git_command().args(["rev-parse", "--verify", "--quiet", revision]).output().expect("git runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// A file of a revision.
    pub(crate) fn show(&self, revision: &str, path: &str) -> Vec<u8> {
        let output = self.git_command().args(["show", &format!("{revision}:{path}")]).output().expect("git runs");
        assert!(output.status.success(), "{revision} has no {path}");
        output.stdout
    }

    /// Commits a `lifeos.toml` with one pinned task, `t`.
    pub(crate) fn task(&self, component: &Path, table: &str) {
        self.config(&self.table("t", component, table));
    }

    /// The table of a pinned task.
    pub(crate) fn table(&self, name: &str, component: &Path, table: &str) -> String {
        let digest = Digest::of(&std::fs::read(component).expect("a component"));
        format!("[task.{name}]\nplugin = '{}'\ndigest = '{digest}'\n{table}\n", component.display())
    }

    /// Commits a `lifeos.toml` with these tables.
    pub(crate) fn config(&self, tables: &str) {
        self.write("lifeos.toml", format!("version = 1\n{tables}"));
        self.commit("configure");
    }

    /// Commits a `lifeos.toml` with these tables and a model that is a script of
    /// these rules; a thousand tokens cost a thousandth.
    pub(crate) fn asking(&self, rules: &str, tables: &str) {
        self.write("script.toml", rules);
        let price = "price = {input = 1.0, output = 1.0}";
        self.config(&format!("[model]\nprovider = 'scripted'\nscript = 'script.toml'\nname = 'script'\n{price}\n{tables}"));
    }

    /// Puts a component beside the repository and commits a task `t` for it.
    pub(crate) fn task_of(&self, component: &[u8], table: &str) -> PathBuf {
        let path = self.scratch().join("component.wasm");
        std::fs::write(&path, component).expect("a component");
        self.task(&path, table);
        path
    }

    /// The program with these arguments, in an empty environment but for a
    /// canary, with the cache that all tests share.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare_command(arguments);
        command.arg("--cache-dir").arg(&*CACHE);
        command
    }

    /// As [`Self::command`], without a cache.
    pub(crate) fn bare_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(LIFEOS);
        command.args(arguments).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.home()).env("LIFEOS_TEST_SECRET", CANARY);
        command
    }

    /// Runs the program and asserts every invariant.
    #[track_caller]
    pub(crate) fn lifeos(&self, arguments: &[&str]) -> Ran {
        self.guarded(self.command(arguments))
    }

    /// Runs the program where it is meant to change what the invariants hold
    /// still, or where something else does meanwhile.
    pub(crate) fn unguarded(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("the program starts");
        self.ran(&output)
    }

    /// Commits the index as it is.
    pub(crate) fn commit_index(&self, message: &str) -> String {
        self.git(&["commit", "--quiet", "--message", message]);
        self.rev("HEAD")
    }

    /// Runs a command and asserts every invariant.
    #[track_caller]
    pub(crate) fn guarded(&self, mut command: Command) -> Ran {
        let before = self.watched();
        let output = command.output().expect("the program starts");
        self.assert_unchanged(&before);
        let ran = self.ran(&output);
        let raw = |char: char| char.is_control() && !matches!(char, '\n' | '\t') || lifeos::clean::is_hidden(char);
        for stream in [&ran.stdout, &ran.stderr] {
            assert!(!stream.contains(CANARY), "a secret was printed\n{ran}");
            assert!(!stream.contains(raw), "a control or hidden character was printed raw\n{stream:?}");
        }
        ran
    }

    /// What was printed, with temporary paths replaced.
    pub(crate) fn ran(&self, output: &std::process::Output) -> Ran {
        let root = self.root.path().display().to_string();
        let shown = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes).replace(&format!("{root}/repo"), "$REPO");
            text.replace(&root, "$ROOT")
        };
        Ran { code: output.status.code(), stdout: shown(&output.stdout), stderr: shown(&output.stderr) }
    }

    /// Everything that no run may change.
    pub(crate) fn watched(&self) -> [Snapshot; 3] {
        [self.path(), self.outside(), self.home()].map(|folder| Snapshot::of(&folder))
    }

    /// Asserts I1, I2, I4 and I8.
    #[track_caller]
    pub(crate) fn assert_unchanged(&self, before: &[Snapshot; 3]) {
        let after = self.watched();
        for ((before, after), what) in before.iter().zip(&after).zip(["the repository", "a folder outside", "the home folder"]) {
            before.assert_same(after, what);
        }
        guard::assert_tidy(&self.path());
        if self.sound && self.path().join(".git").exists() {
            guard::assert_sound(&self.path());
        }
    }

    /// The id of the one run that `status` shows.
    #[track_caller]
    pub(crate) fn only_run(&self) -> String {
        let ran = self.lifeos(&["status", "--json"]);
        let runs = ran.json()["runs"].as_array().expect("runs").clone();
        assert_eq!(runs.len(), 1, "{ran}");
        runs[0]["run"].as_str().expect("an id").to_owned()
    }
}
