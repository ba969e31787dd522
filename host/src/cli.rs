//! The face: one file for each verb. It decides nothing that the library
//! decides, and only `term` prints.

mod approve;

mod budget;
mod case;
mod check;
mod doctor;
mod error;
mod exit;
mod explain;
mod file;
mod init;
mod json;
mod keys;
mod land;
mod level;
mod locked;
mod log;
mod open;
mod outside;
mod plugin;
mod progress;
mod reject;
mod review;
mod rollback;
mod run;
mod show;
mod status;
mod supply;
mod sync;
mod tape;
mod term;
mod text;
mod verify;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use error::CommandError;
use exit::Exit;
use term::Term;

/// Runs repository chores as sandboxed plugins: a plugin proposes, the host
/// checks, and only what is approved is committed.
#[derive(Parser)]
#[command(name = "lifeos", version, max_term_width = 100, arg_required_else_help = true)]
struct Arguments {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    verb: Verb,
}

/// What every verb understands.
#[derive(Args)]
struct Global {
    /// Work in DIR, as git does: every other path of the command line is taken from there.
    #[arg(short = 'C', value_name = "DIR", global = true, default_value = ".", hide_default_value = true)]
    directory: PathBuf,
    /// Take the tasks from FILE instead of lifeos.toml in the base commit.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Print JSON with a schema version instead of text.
    #[arg(long, global = true)]
    json: bool,
    /// Keep compiled code and remembered answers in DIR instead of the user's cache folder.
    #[arg(long, value_name = "DIR", global = true)]
    cache_dir: Option<PathBuf>,
    /// Use the token in SOURCE for HOST, a forge, a git server or a model: a file, env:NAME, or
    /// 'command:WORDS', whose output it is; may be repeated.
    #[arg(long, value_name = "HOST=SOURCE", global = true)]
    token: Vec<String>,
    #[arg(skip)]
    wanted: keys::Wanted,
}

impl Global {
    /// Where a path of the command line is: below DIR.
    fn path(&self, path: &Path) -> PathBuf {
        if self.directory == Path::new(".") { path.to_owned() } else { self.directory.join(path) }
    }
}

#[derive(Subcommand)]
enum Verb {
    Init(init::Init),
    Check(check::Check),
    Run(run::Run),
    Status(status::Status),
    Review(review::Review),
    Show(show::Show),
    Approve(approve::Approve),
    Reject(reject::Reject),
    Land(land::Land),
    Rollback(rollback::Rollback),
    Promote(level::Promote),
    Demote(level::Demote),
    Sync(sync::Sync),
    Log(log::Log),
    Budget(budget::Budget),
    Verify(verify::Verify),
    Explain(explain::Explain),
    Doctor(doctor::Doctor),
    /// Makes, tests, audits, compares and adds plugins.
    #[command(subcommand)]
    Plugin(plugin::Verb),
    /// Compiles a component in a child process; not for people.
    #[command(name = open::COMPILE_VERB, hide = true)]
    Compile,
    /// Runs a command of the gate and kills what it leaves; not for people.
    #[command(name = "__gate", hide = true)]
    Gate {
        order: String,
    },
    /// Is the first process of a gate's command; not for people.
    #[command(name = "__first", hide = true)]
    First {
        order: String,
    },
    /// Becomes a command of the gate; not for people.
    #[command(name = "__cell", hide = true)]
    Cell {
        order: String,
    },
    /// Answers git's question for a password; not for people.
    #[command(name = lifeos::remote::ASKPASS_VERB, hide = true)]
    Askpass {
        file: PathBuf,
        question: String,
    },
    /// Runs git and ends with whoever wants it; not for people.
    #[command(name = lifeos::remote::GIT_VERB, hide = true)]
    Git {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<std::ffi::OsString>,
    },
    /// Prints the JSON schema of a verb's --json.
    #[command(name = "__schema", hide = true)]
    Schema {
        verb: String,
    },
}

/// Parses, carries out, and turns the end into an exit code.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(term::usage(&error)),
    };
    match &arguments.verb {
        Verb::Compile => return ExitCode::from(lifeos::wasm::compile_child()),
        Verb::Gate { order } => return ExitCode::from(lifeos::gate::supervisor::supervise_child(order)),
        Verb::First { order } => return ExitCode::from(lifeos::gate::supervisor::first_child(order)),
        Verb::Git { words } => return ExitCode::from(lifeos::remote::child::supervise_git(words)),
        Verb::Cell { order } => return ExitCode::from(lifeos::gate::cell::cell_child(order)),
        _ => {}
    }
    term::log_to_stderr();
    let term = Term::new(arguments.global.json);
    let end = carry_out(&arguments, &term);
    let is_done = end.is_ok();
    let end = end.unwrap_or_else(|error| term.error(&error));
    keys::tell_of_unused(&arguments.global, is_done, &term);
    ExitCode::from(term.finish(end).code())
}

fn carry_out(arguments: &Arguments, term: &Term) -> Result<Exit, CommandError> {
    let Arguments { global, verb } = arguments;
    match verb {
        Verb::Init(verb) => init::init(verb, global, term),
        Verb::Check(verb) => check::check(verb, global, term),
        Verb::Run(verb) => run::run(verb, global, term),
        Verb::Status(verb) => status::status(verb, global, term),
        Verb::Review(verb) => review::review(verb, global, term),
        Verb::Show(verb) => show::show(verb, global, term),
        Verb::Approve(verb) => approve::approve(verb, global, term),
        Verb::Reject(verb) => reject::reject(verb, global, term),
        Verb::Land(verb) => land::land(verb, global, term),
        Verb::Rollback(verb) => rollback::rollback(verb, global, term),
        Verb::Promote(verb) => level::promote(verb, global, term),
        Verb::Demote(verb) => level::demote(verb, global, term),
        Verb::Sync(verb) => sync::sync(verb, global, term),
        Verb::Askpass { file, question } => outside::askpass(file, question, term),
        Verb::Log(verb) => log::log(verb, global, term),
        Verb::Budget(verb) => budget::budget(verb, global, term),
        Verb::Verify(verb) => verify::verify(verb, global, term),
        Verb::Explain(verb) => explain::explain(verb, global, term),
        Verb::Doctor(verb) => doctor::doctor(verb, global, term),
        Verb::Plugin(verb) => plugin::plugin(verb, global, term),
        Verb::Schema { verb } => json::schema(verb, term),
        Verb::Compile | Verb::Gate { .. } | Verb::First { .. } | Verb::Cell { .. } | Verb::Git { .. } => Ok(Exit::Done),
    }
}
