//! The schemas of what `--json` prints, by verb. The files in `docs/schema/` are
//! made with it, by a hidden verb.

use schemars::JsonSchema;

use super::{
    Built, Check, Doctor, Explain, Failed, Init, Level, NewPlugin, Ran, Runs, Show, Sync, Verdict, Verify, audit, budget, plugin,
    review, tape, tested,
};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::term::Term;

/// The hidden verb that prints a schema.
pub(crate) fn schema(verb: &str, term: &Term) -> Result<Exit, CommandError> {
    let schema = match verb {
        "error" => schema_of::<Failed>(),
        "init" => schema_of::<Init>(),
        "check" => schema_of::<Check>(),
        "run" => schema_of::<Ran>(),
        "status" | "log" => schema_of::<Runs>(),
        "verify" => schema_of::<Verify>(),
        "budget" => schema_of::<budget::Budget>(),
        "show" => schema_of::<Show>(),
        "review" => schema_of::<review::Reviewed>(),
        "approve" | "reject" | "land" | "rollback" => schema_of::<Verdict>(),
        "promote" | "demote" => schema_of::<Level>(),
        "sync" => schema_of::<Sync>(),
        "explain" => schema_of::<Explain>(),
        "doctor" => schema_of::<Doctor>(),
        "plugin-new" => schema_of::<NewPlugin>(),
        "plugin-add" => schema_of::<plugin::Added>(),
        "plugin-list" => schema_of::<plugin::List>(),
        "plugin-fetch" => schema_of::<plugin::FetchedAll>(),
        "plugin-remove" => schema_of::<plugin::Removed>(),
        "plugin-build" => schema_of::<Built>(),
        "plugin-test" => schema_of::<tested::Tested>(),
        "plugin-audit" => schema_of::<audit::Audited>(),
        "plugin-diff" => schema_of::<audit::Compared>(),
        "replay" => schema_of::<tape::Replayed>(),
        "plugin-diff-commits" => schema_of::<audit::ComparedCommits>(),
        "plugin-diff-replay" => schema_of::<tape::Compared>(),
        "plugin-suggest" => schema_of::<tape::Suggested>(),
        _ => return Err(CommandError::usage(format!("no schema for `{verb}`"))),
    };
    term.json(&schema);
    Ok(Exit::Done)
}

/// The schema of what is written, which says more than that of what could be read.
fn schema_of<T: JsonSchema>() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
