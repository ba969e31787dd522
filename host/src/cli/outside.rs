//! From the configuration and what the operator has: the remote repository, the
//! forge, and the tokens for both. A token is bound to a host by the operator,
//! never by a file of the repository.

use std::path::{Path, PathBuf};

use lifeos::config;
use lifeos::forge::Forge;
use lifeos::forge::address::Address;
use lifeos::forge::token::Token;
use lifeos::land::outside::Outside;
use lifeos::remote::Remote;
use lifeos::repo::Repo;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, file, open};

/// Bytes of a token's file.
const TOKEN_BYTES_MAX: u64 = 4096;

/// Everything outside of this clone that a task may go to.
pub(crate) fn outside<'r>(repo: &'r Repo, settings: &config::Remote, global: &Global) -> Result<Outside<'r>, CommandError> {
    let remote = remote(repo, &settings.name, global)?;
    let forge = settings.forge.as_ref().map(|settings| forge(settings, global)).transpose()?;
    Ok(Outside { remote, forge, settings: settings.clone() })
}

/// A remote of this clone.
pub(crate) fn remote<'r>(repo: &'r Repo, name: &str, global: &Global) -> Result<Remote<'r>, CommandError> {
    Ok(Remote::find(repo, name, open::git(tokens(global)?)?)?)
}

fn forge(settings: &config::Forge, global: &Global) -> Result<Forge, CommandError> {
    let address = Address::parse(&settings.api, &settings.repository)
        .map_err(|error| CommandError::usage(error).hint("see [remote.forge] in lifeos.toml"))?;
    let host = address.host().to_owned();
    let Some((_, file)) = tokens(global)?.into_iter().find(|(known, _)| *known == host) else {
        let error = CommandError::usage(format!("there is no token for {}", lifeos::clean::line(&host)));
        let place =
            open::tokens_folder().map_or_else(String::new, |folder| format!("put it into {}, or ", folder.join(&host).display()));
        return Err(error.hint(format!("{place}name its file with --token {host}=FILE; nobody else may read that file")));
    };
    Ok(Forge::new(address, read(&file)?)?)
}

/// The token for a host, if there is one; or what is wrong with its file.
pub(crate) fn token(host: &str, global: &Global) -> Result<Option<Token>, String> {
    let file = tokens(global).map(|tokens| tokens.into_iter().find(|(known, _)| known == host));
    let token = file.and_then(|file| file.map(|(_, file)| read(&file)).transpose());
    token.map_err(|error| error.message)
}

/// Files with tokens, by host: those that were named, then those in the user's
/// configuration folder.
fn tokens(global: &Global) -> Result<Vec<(String, PathBuf)>, CommandError> {
    let mut tokens = Vec::new();
    for binding in &global.token {
        let wrong = || CommandError::usage("--token takes HOST=FILE");
        let (host, file) =
            binding.split_once('=').filter(|(host, file)| !host.is_empty() && !file.is_empty()).ok_or_else(wrong)?;
        let file = global.path(Path::new(file));
        tokens.push((host.to_lowercase(), file.canonicalize().map_err(|source| CommandError::io(&file, &source))?));
    }
    if let Some(folder) = open::tokens_folder() {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        tokens.extend(entries.filter_map(|entry| Some((entry.file_name().to_str()?.to_lowercase(), entry.path()))));
    }
    Ok(tokens)
}

/// A token from its file.
fn read(file: &Path) -> Result<Token, CommandError> {
    Token::from_bytes(&bytes(file)?).map_err(|error| CommandError::usage(error).at(&file.display().to_string()))
}

/// The bytes of a token's file, which is one that only the user can read.
fn bytes(path: &Path) -> Result<Vec<u8>, CommandError> {
    use std::os::unix::fs::MetadataExt as _;
    let io = |source| CommandError::io(path, &source);
    let about = std::fs::metadata(path).map_err(io)?;
    let place = path.display();
    if !about.is_file() {
        return Err(CommandError::usage(format!("{place} is no file")));
    }
    if about.mode() & 0o077 != 0 {
        let error = CommandError::new(Exit::Denied, format!("{place} can be read by others, so its token is none"));
        return Err(error.hint(format!("chmod 600 {place}, and make a new token if others use this machine")));
    }
    file::read(path, TOKEN_BYTES_MAX).map_err(io)
}

/// Answers git: a name for whoever asks for one, the token for a password.
pub(crate) fn askpass(file: &Path, question: &str, term: &Term) -> Result<Exit, CommandError> {
    if question.starts_with("Username") {
        term.data("x-access-token\n");
    } else {
        let bytes = bytes(file)?;
        // What it takes as a token is one line without anything odd.
        Token::from_bytes(&bytes).map_err(|error| CommandError::usage(error).at(&file.display().to_string()))?;
        term.data(&format!("{}\n", String::from_utf8_lossy(&bytes).trim_end()));
    }
    Ok(Exit::Done)
}
