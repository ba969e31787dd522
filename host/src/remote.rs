//! The remote repository, spoken to by git itself in a git folder of its own: of
//! the user's clone only the address is read, and no hook, alias or setting.
//! What is pushed, and whether it may be, is decided in `land` and `sync`.

pub mod child;

use std::ffi::OsString;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use git2::Oid;

use crate::clean;
use crate::lock;
use crate::repo::Repo;
use child::Ended;

/// What runs git, as the operator has it.
#[derive(Debug, Clone)]
pub struct Git {
    /// The program, by its whole path.
    pub program: PathBuf,
    /// This very program: it runs git, and answers git's question for a password.
    pub itself: PathBuf,
    /// The environment of git: nothing else of the operator's reaches it.
    pub environment: Vec<(&'static str, OsString)>,
    /// Files with tokens, by host.
    pub tokens: Vec<(String, PathBuf)>,
}

/// The hidden verb under which this program runs git and watches over it.
pub const GIT_VERB: &str = "__git";
/// The hidden verb that answers git's question for a name or a password.
pub const ASKPASS_VERB: &str = "__askpass";
/// The git folder inside of a folder of its own.
const GIT: &str = "git";
/// What git is told, whatever it would read elsewhere.
const SETTINGS: [&str; 8] = [
    "core.hooksPath=/dev/null",
    "credential.helper=",
    "protocol.allow=never",
    "http.followRedirects=false",
    "transfer.fsckObjects=true",
    "gc.auto=0",
    "maintenance.auto=false",
    "push.recurseSubmodules=no",
];
/// Commits that the other side is told of.
const TIPS_MAX: usize = 64;
/// Lines of the other side's that are told.
const LINES_MAX: usize = 6;
/// Bytes of each of them.
const LINE_BYTES_MAX: usize = 300;
/// Refs that are asked for at one time.
const ASKED_AT_ONCE: usize = 200;

/// The other repository.
pub struct Remote<'r> {
    repo: &'r Repo,
    git: Git,
    name: String,
    address: Address,
}

/// Where it is, of a form that runs no command.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Address {
    text: String,
    protocol: &'static str,
    host: Option<String>,
}

/// A ref that is to move there.
pub struct Push {
    /// Its full name.
    pub name: String,
    /// Where it must be; none: it must not exist.
    pub old: Option<Oid>,
    /// Where it goes.
    pub new: Oid,
}

/// Why the remote repository cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The clone does not know it.
    #[error("this clone has no remote `{name}`")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// An address that git could take for a command, or that is not encrypted.
    #[error("the address of remote `{name}` is not of a form that lifeos pushes to")]
    Address {
        /// Its name.
        name: String,
    },
    /// Git could not be started.
    #[error("git could not be run: {source}")]
    Program {
        /// What the system said.
        source: std::io::Error,
    },
    /// It did not come to an end.
    #[error("remote `{name}`: git {verb} took too long and was ended; what it asked for may have been done")]
    TimedOut {
        /// Its name.
        name: String,
        /// What was asked of git.
        verb: &'static str,
    },
    /// Git ended with a failure.
    #[error("remote `{name}`: git {verb} failed: {message}")]
    Failed {
        /// Its name.
        name: String,
        /// What was asked of git.
        verb: &'static str,
        /// The last line it said, cleaned.
        message: String,
        /// The first lines that the other side said, cleaned.
        said: Vec<String>,
    },
    /// The other side did not take a ref.
    #[error("remote `{name}` did not take {branch}: {reason}")]
    Rejected {
        /// Its name.
        name: String,
        /// The ref.
        branch: String,
        /// What git says of it, cleaned.
        reason: String,
        /// The first lines that the other side said, cleaned.
        said: Vec<String>,
    },
}

impl<'r> Remote<'r> {
    /// The remote of a clone, by its name.
    ///
    /// # Errors
    /// [`RemoteError::Unknown`], [`RemoteError::Address`].
    pub fn find(repo: &'r Repo, name: &str, git: Git) -> Result<Self, RemoteError> {
        let unknown = || RemoteError::Unknown { name: name.to_owned() };
        let found = repo.git().find_remote(name).map_err(|_| unknown())?;
        let push = found.pushurl().ok().flatten().filter(|url| !url.is_empty()).map(str::to_owned);
        let text = push.or_else(|| found.url().ok().map(str::to_owned)).ok_or_else(unknown)?;
        let address = Address::parse(&text).ok_or_else(|| RemoteError::Address { name: name.to_owned() })?;
        Ok(Self { repo, git, name: name.to_owned(), address })
    }

    /// Its name in this clone.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The host that it is on, which a token is for; none if it is a folder.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.address.host.as_deref()
    }

    /// Where a ref is there.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn read(&self, name: &str) -> Result<Option<Oid>, RemoteError> {
        let said = self.run("ls-remote", &["ls-remote", "--refs", "--", &self.address.text, name], false)?;
        Ok(refs_of(&said).into_iter().find(|(found, _)| found == name).map(|(_, id)| id))
    }

    /// All refs there whose names begin so.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn list(&self, prefix: &str) -> Result<Vec<(String, Oid)>, RemoteError> {
        let said = self.run("ls-remote", &["ls-remote", "--refs", "--", &self.address.text, &format!("{prefix}*")], false)?;
        Ok(refs_of(&said).into_iter().filter(|(name, _)| name.starts_with(prefix)).collect())
    }

    /// Moves refs there, each only from where it is expected to be, all or none.
    ///
    /// # Errors
    /// [`RemoteError::Rejected`] names the first that was not taken.
    pub fn push(&self, pushes: &[Push]) -> Result<(), RemoteError> {
        let mut arguments = vec!["push".to_owned(), "--porcelain".to_owned(), "--no-verify".to_owned()];
        if pushes.len() > 1 {
            arguments.push("--atomic".to_owned());
        }
        for Push { name, old, .. } in pushes {
            let old = old.map(|old| old.to_string()).unwrap_or_default();
            arguments.push(format!("--force-with-lease={name}:{old}"));
        }
        arguments.extend(["--".to_owned(), self.address.text.clone()]);
        arguments.extend(pushes.iter().map(|push| format!("{}:{}", push.new, push.name)));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.run("push", &arguments, true).map(drop)
    }

    /// Brings the objects of refs there into this clone; no ref moves here.
    ///
    /// # Errors
    /// [`RemoteError`].
    pub fn fetch(&self, names: &[String]) -> Result<(), RemoteError> {
        let tips = self.tips();
        for names in names.chunks(ASKED_AT_ONCE) {
            let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
            arguments.extend(tips.iter().map(String::as_str));
            arguments.extend(["--", &self.address.text]);
            arguments.extend(names.iter().map(String::as_str));
            self.run("fetch", &arguments, false)?;
        }
        Ok(())
    }

    /// What this clone has, so that it is not sent again.
    fn tips(&self) -> Vec<String> {
        let git = self.repo.git();
        let globs = [format!("refs/remotes/{}/*", self.name), "refs/heads/*".to_owned(), "refs/lifeos/ledger".to_owned()];
        let found = globs.iter().filter_map(|glob| git.references_glob(glob).ok()).flat_map(|found| found.flatten());
        let mut tips: Vec<String> = found.filter_map(|found| Some(found.peel_to_commit().ok()?.id().to_string())).collect();
        tips.sort_unstable();
        tips.dedup();
        tips.into_iter().take(TIPS_MAX).map(|tip| format!("--negotiation-tip={tip}")).collect()
    }

    fn run(&self, verb: &'static str, arguments: &[&str], is_push: bool) -> Result<String, RemoteError> {
        let program = |source| RemoteError::Program { source };
        let folder = self.folder().map_err(program)?;
        let command = self.command(arguments, folder.path()).map_err(program)?;
        let Ended { success, stdout, stderr } = child::run(command).map_err(|source| match source.kind() {
            std::io::ErrorKind::TimedOut => RemoteError::TimedOut { name: self.name.clone(), verb },
            _ => program(source),
        })?;
        if success {
            return Ok(stdout);
        }
        let (name, said) = (self.name.clone(), words_of_the_other_side(&stderr));
        if let Some((branch, reason)) = rejection(&stdout).filter(|_| is_push) {
            return Err(RemoteError::Rejected { name, branch, reason, said });
        }
        let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
        let fatal = stderr.lines().find(|line| line.starts_with("fatal: ")).map(|line| &line[7..]);
        let last = fatal.or_else(|| lines.next_back()).unwrap_or("it said nothing");
        Err(RemoteError::Failed { name, verb, message: clean::line(clean::cut(last, 500)).into_owned(), said })
    }

    /// A git folder of its own, which only this user can enter. It lies where the
    /// next run takes away what a killed one left.
    fn folder(&self) -> std::io::Result<tempfile::TempDir> {
        let making = self.repo.common_dir().join(lock::MAKING_PLACE);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&making)?;
        let folder = tempfile::Builder::new().prefix("git-").tempdir_in(&making)?;
        let mut options = git2::RepositoryInitOptions::new();
        options.bare(true).external_template(false).mkdir(true);
        git2::Repository::init_opts(folder.path().join(GIT), &options)
            .map_err(|error| std::io::Error::other(error.message().to_owned()))?;
        // Where history is cut off is part of what a clone has.
        match std::fs::copy(self.repo.common_dir().join("shallow"), folder.path().join(GIT).join("shallow")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(folder),
        }
    }

    fn command(&self, arguments: &[&str], folder: &Path) -> std::io::Result<Command> {
        let git = &self.git;
        let mut command = child::command(&git.program, &git.itself);
        command.env_clear().envs(git.environment.iter().map(|(name, value)| (name, value)));
        if self.address.protocol != "ssh" {
            // Nothing of the user's home is for other hosts, such as a `.netrc`.
            command.env("HOME", folder);
        }
        command.env("GIT_DIR", folder.join(GIT)).env("GIT_OBJECT_DIRECTORY", self.repo.common_dir().join("objects"));
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_TERMINAL_PROMPT", "0");
        command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes").env("GIT_ASKPASS", "/bin/false").env("LC_ALL", "C");
        if let Some((_, token)) = git.tokens.iter().find(|(host, _)| Some(host) == self.address.host.as_ref()) {
            let helper = folder.join("askpass");
            child::write_helper(&helper, &git.itself, token)?;
            command.env("GIT_ASKPASS", &helper);
        }
        for setting in SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("protocol.{}.allow=always", self.address.protocol)]);
        command.args(arguments).current_dir(folder);
        Ok(command)
    }
}

/// `ls-remote`: an id, a tab, a name.
fn refs_of(said: &str) -> Vec<(String, Oid)> {
    let parts = said.lines().filter_map(|line| line.split_once('\t'));
    parts.filter_map(|(id, name)| Some((name.to_owned(), Oid::from_str(id).ok()?))).collect()
}

/// `push --porcelain`: a line with `!` for a ref that was not taken.
fn rejection(said: &str) -> Option<(String, String)> {
    let mut parts = said.lines().find_map(|line| line.strip_prefix("!\t"))?.split('\t');
    let name = parts.next()?.rsplit(':').next()?;
    let clean = |text: &str| clean::line(clean::cut(text, 500)).into_owned();
    Some((clean(name), clean(parts.next().unwrap_or_default())))
}

/// What the other side says, as git passes it on: `remote: ` before lines of a hook or a
/// server, and why a pack was not taken. Each is told once, and no line that is empty.
fn words_of_the_other_side(stderr: &str) -> Vec<String> {
    let mut said = Vec::new();
    for line in stderr.lines() {
        let words = line
            .strip_prefix("remote: ")
            .or_else(|| Some(line.strip_prefix("error: ")?).filter(|why| why.starts_with("remote ")));
        let words = clean::line(clean::cut(words.unwrap_or_default().trim(), LINE_BYTES_MAX)).into_owned();
        if !words.is_empty() && !said.contains(&words) && said.len() < LINES_MAX {
            said.push(words);
        }
    }
    said
}

impl Address {
    /// Encrypted or local, and nothing that git would take for an option or a
    /// command.
    fn parse(text: &str) -> Option<Self> {
        let odd = |char: char| char.is_control() || char == '\\' || clean::is_hidden(char);
        // `NAME::rest` has git start a program.
        let plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-' | '.');
        let is_helper = text.split_once("::").is_some_and(|(name, _)| name.chars().all(plain));
        if text.is_empty() || text.starts_with('-') || text.contains(odd) || is_helper {
            return None;
        }
        let address =
            |protocol, host: Option<&str>| Some(Self { text: text.to_owned(), protocol, host: host.map(str::to_owned) });
        if text.starts_with('/') {
            return address("file", None);
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            // user@host:path, as ssh has it.
            let (host, path) = text.split_once(':')?;
            let host = host.rsplit('@').next()?;
            let plain = !host.is_empty() && !host.starts_with('-') && !host.contains('/') && !path.starts_with('-');
            return address("ssh", None).filter(|_| plain);
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let host = authority.rsplit('@').next()?.to_lowercase();
        if host.starts_with('-') {
            return None;
        }
        match scheme {
            "file" => address("file", None),
            // A password in an address would be in git's arguments, for all to see.
            _ if authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':')) => None,
            _ if host.is_empty() => None,
            "ssh" => address("ssh", None),
            "https" => Some(Self::over_http("https", rest, host)),
            "http" if is_loopback(&host) => Some(Self::over_http("http", rest, host)),
            _ => None,
        }
    }

    /// Without the user, which may be a token.
    fn over_http(protocol: &'static str, rest: &str, host: String) -> Self {
        let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
        Self { text: format!("{protocol}://{host}{path}"), protocol, host: Some(host) }
    }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())).map_or(host, |it| it.0);
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_91_107_only_addresses_that_run_nothing_are_pushed_to() {
        let good = [
            ("/srv/x.git", "file", None),
            ("file:///srv/x.git", "file", None),
            ("https://github.com/a/b.git", "https", Some("github.com")),
            ("https://me@GitHub.com:8443/a/b", "https", Some("github.com:8443")),
            ("git@github.com:a/b.git", "ssh", None),
            ("ssh://git@github.com/a/b.git", "ssh", None),
            ("http://127.0.0.1:80/a", "http", Some("127.0.0.1:80")),
            ("http://[::1]:80/a", "http", Some("[::1]:80")),
        ];
        for (text, protocol, host) in good {
            let address = Address::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((address.protocol, address.host.as_deref()), (protocol, host), "{text}");
            assert!(protocol == "ssh" || !address.text.contains('@'), "{text}");
        }
        let bad = [
            "",
            "ext::sh -c touch% x",
            "--upload-pack=touch x",
            "ssh://-oProxyCommand=touch/x",
            "-oProxyCommand=x:y",
            "git@-oProxyCommand=x:y",
            "http://example.org/a",
            "git://example.org/a",
            "https://me:secret@example.org/a",
            "relative/path",
            "https:///a",
            "https://a\n.org/",
        ];
        for text in bad {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_was_not_taken_is_read_from_git_s_own_words() {
        let said = "To /x\n!\tabc:refs/heads/main\t[remote rejected] (pre-receive hook declined)\nDone\n";
        let found = Some(("refs/heads/main".to_owned(), "[remote rejected] (pre-receive hook declined)".to_owned()));
        assert_eq!(rejection(said), found);
        assert_eq!(rejection("To /x\n=\ta:b\t[up to date]\n"), None);
        let stderr = "remote: no such thing        \nremote: \nremote: \u{1b}[31mred\nremote: no such thing\n\
                      error: remote unpack failed: unable to create temporary object directory\nerror: failed to push some refs to '/x'\n";
        let said = words_of_the_other_side(stderr);
        assert_eq!(said.len(), 3, "{said:?}");
        assert_eq!(
            (&*said[0], &*said[2]),
            ("no such thing", "remote unpack failed: unable to create temporary object directory")
        );
        assert!(said[1].ends_with("red") && !said[1].contains('\u{1b}'), "{said:?}");
        let many: String = (0..100).map(|line| format!("remote: {line}{}\n", "x".repeat(1_000))).collect();
        let said = words_of_the_other_side(&many);
        assert!(said.len() == LINES_MAX && said.iter().all(|line| line.len() <= LINE_BYTES_MAX), "{said:?}");
    }
}
