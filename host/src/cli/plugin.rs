//! `lifeos plugin`: what authors need, and what owners ask before they trust one.

mod audit;
mod build;
mod diff;
mod new;
mod test;
mod what;

use clap::Subcommand;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, json, open};

/// The verbs about plugins.
#[derive(Subcommand)]
pub(crate) enum Verb {
    New(new::New),
    Build(build::Build),
    Test(test::Test),
    Audit(audit::Audit),
    Diff(diff::Diff),
}

pub(crate) fn plugin(verb: &Verb, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    match verb {
        Verb::New(verb) => new::new(verb, global, term),
        Verb::Build(verb) => build::build(verb, global, term),
        Verb::Test(verb) => test::test(verb, global, term),
        Verb::Audit(verb) => audit::audit(verb, global, term),
        Verb::Diff(verb) => diff::diff(verb, global, term),
    }
}
