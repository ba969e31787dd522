//! From the configuration and what the operator has: the remote repository and the
//! forge. The tokens for both come from `keys`.

use std::path::Path;

use lifeos::config;
use lifeos::forge::Forge;
use lifeos::forge::address::Address;
use lifeos::land::outside::Outside;
use lifeos::remote::Remote;
use lifeos::repo::Repo;
use lifeos::token::Token;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, keys, open};

/// Everything outside of this clone that a task may go to.
pub(crate) fn outside<'r>(repo: &'r Repo, settings: &config::Remote, global: &Global) -> Result<Outside<'r>, CommandError> {
    let remote = remote(repo, &settings.name, global)?;
    let forge = settings.forge.as_ref().map(|settings| forge(settings, global)).transpose()?;
    Ok(Outside { remote, forge, settings: settings.clone() })
}

/// A remote of this clone.
pub(crate) fn remote<'r>(repo: &'r Repo, name: &str, global: &Global) -> Result<Remote<'r>, CommandError> {
    let remote = Remote::find(repo, name, open::git(keys::files(global)?)?)?;
    match remote.host() {
        // Git asks a program of one line, which has nothing but a file.
        Some(host) => keys::of_file(host, global).map(|()| remote),
        None => Ok(remote),
    }
}

fn forge(settings: &config::Forge, global: &Global) -> Result<Forge, CommandError> {
    let address = Address::parse(&settings.api, &settings.repository)
        .map_err(|error| CommandError::usage(error).hint("see [remote.forge] in lifeos.toml"))?;
    let host = address.host().to_owned();
    let Some((token, _)) = keys::key(&host, global)? else {
        let error = CommandError::usage(format!("there is no token for {}", lifeos::clean::line(&host)));
        let place =
            open::tokens_folder().map_or_else(String::new, |folder| format!("put it into {}, or ", folder.join(&host).display()));
        return Err(error.hint(format!("{place}say where it is: --token {host}=FILE, or =env:NAME, or ='command:WORDS'")));
    };
    Ok(Forge::new(address, token)?)
}

/// Answers git: a name for whoever asks for one, the token for a password.
pub(crate) fn askpass(file: &Path, question: &str, term: &Term) -> Result<Exit, CommandError> {
    if question.starts_with("Username") {
        term.data("x-access-token\n");
    } else {
        let bytes = keys::bytes(file)?;
        // What it takes as a token is one line without anything odd.
        Token::from_bytes(&bytes).map_err(|error| CommandError::usage(error).at(&file.display().to_string()))?;
        term.data(&format!("{}\n", String::from_utf8_lossy(&bytes).trim_end()));
    }
    Ok(Exit::Done)
}
