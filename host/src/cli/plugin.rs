//! `lifeos plugin`: what authors need.

mod build;

use clap::Subcommand;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open};

/// The verbs of authors.
#[derive(Subcommand)]
pub(crate) enum Verb {
    Build(build::Build),
}

pub(crate) fn plugin(verb: &Verb, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    match verb {
        Verb::Build(verb) => build::build(verb, global, term),
    }
}
