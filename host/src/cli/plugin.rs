//! `lifeos plugin`: what authors need, what owners ask before they trust a
//! plugin, and how one is let in.

mod add;
mod audit;
mod bring;
mod build;
mod checkout;
mod commits;
mod diff;
mod fetch;
mod list;
mod new;
mod remove;
mod replayed;
mod suggest;
mod summary;
mod test;
mod what;

use clap::Subcommand;

use super::error::CommandError;
use super::exit::Exit;
use super::term::Term;
use super::{Global, file, json, open};

/// The verbs about plugins.
#[derive(Subcommand)]
pub(crate) enum Verb {
    New(new::New),
    Build(build::Build),
    Test(test::Test),
    Audit(audit::Audit),
    Diff(diff::Diff),
    Suggest(suggest::Suggest),
    Add(add::Add),
    List(list::List),
    Fetch(fetch::Fetch),
    Remove(remove::Remove),
}

pub(crate) fn plugin(verb: &Verb, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    match verb {
        Verb::New(verb) => new::new(verb, global, term),
        Verb::Build(verb) => build::build(verb, global, term),
        Verb::Test(verb) => test::test(verb, global, term),
        Verb::Audit(verb) => audit::audit(verb, global, term),
        Verb::Diff(verb) => diff::diff(verb, global, term),
        Verb::Suggest(verb) => suggest::suggest(verb, global, term),
        Verb::Add(verb) => add::add(verb, global, term),
        Verb::List(verb) => list::list(verb, global, term),
        Verb::Fetch(verb) => fetch::fetch(verb, global, term),
        Verb::Remove(verb) => remove::remove(verb, global, term),
    }
}
