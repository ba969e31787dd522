//! `lifeos plugin`: what authors need.

mod build;
mod new;
mod test;

use clap::Subcommand;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open};

/// The verbs of authors.
#[derive(Subcommand)]
pub(crate) enum Verb {
    New(new::New),
    Build(build::Build),
    Test(test::Test),
}

pub(crate) fn plugin(verb: &Verb, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    match verb {
        Verb::New(verb) => new::new(verb, global, term),
        Verb::Build(verb) => build::build(verb, global, term),
        Verb::Test(verb) => test::test(verb, global, term),
    }
}
