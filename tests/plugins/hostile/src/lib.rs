//! Everything a task in free form can try. Each danger is one function and has
//! at least one case; a danger without a case fails the tests.

mod content;
mod paths;
mod resources;

use lifeos_sdk::{Input, Task, task};
use serde::Deserialize;

/// What to try.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum Danger {
    Nothing,
    SaneEdit,
    Create,
    EndlessLoop,
    HoardMemory,
    Recurse,
    Panic,
    GiveUp,
    HugeString,
    MillionCalls,
    ManyEmptyStrings,
    Probe,
    List,
    Stat,
    StaleEdit,
    WrongSpans,
    OverlappingSpans,
    SameFileTwice,
    DeleteAll,
    EmptyAll,
    ManyFiles,
    ManyFindings,
    HiddenCharacters,
    ControlSequences,
    Remember,
    BadRule,
    Clock,
    Slow,
    TellInstruction,
    NeedFile,
    TrustRead,
    TrustPropose,
}

/// The owner's options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    danger: Danger,
    /// Paths to try it on.
    #[serde(default)]
    paths: Vec<String>,
    /// What to look for, in an edit.
    #[serde(default)]
    find: String,
    /// What to put in its place.
    #[serde(default)]
    text: String,
    /// How often.
    #[serde(default)]
    count: u64,
}

struct Hostile;

impl Task for Hostile {
    type Options = Options;

    fn run(options: Options, input: &Input) -> Result<(), String> {
        match options.danger {
            Danger::Nothing => Ok(()),
            Danger::SaneEdit => content::replace(&options.paths, &options.find, &options.text),
            Danger::Create => content::create(&options.paths, &options.text),
            Danger::EndlessLoop => resources::endless_loop(),
            Danger::HoardMemory => resources::hoard_memory(),
            Danger::Recurse => resources::recurse(),
            Danger::Panic => panic!("on purpose"),
            Danger::GiveUp => Err(format!("giving up\u{1b}[31m: {}", options.text)),
            Danger::HugeString => resources::huge_string(),
            Danger::MillionCalls => resources::million_calls(),
            Danger::ManyEmptyStrings => resources::many_empty_strings(),
            Danger::Probe => paths::probe(&options.paths),
            Danger::List => paths::list(&options.paths),
            Danger::Stat => paths::stat(&options.paths),
            Danger::StaleEdit => content::stale(&options.paths),
            Danger::WrongSpans => content::wrong_spans(&options.paths),
            Danger::OverlappingSpans => content::overlapping_spans(&options.paths),
            Danger::SameFileTwice => content::twice(&options.paths),
            Danger::DeleteAll => content::delete_all(),
            Danger::EmptyAll => content::empty_all(),
            Danger::ManyFiles => content::many_files(options.count),
            Danger::ManyFindings => content::many_findings(options.count),
            Danger::HiddenCharacters => content::hidden_characters(&options.paths),
            Danger::ControlSequences => content::control_sequences(&options.paths),
            Danger::Remember => resources::remember(),
            Danger::BadRule => content::bad_rule(&options.text),
            Danger::Clock => resources::clock(input.now),
            Danger::Slow => resources::slow(options.count, &options.paths),
            Danger::TellInstruction => content::tell(&format!("instruction: {:?}", input.instruction)),
            Danger::NeedFile => content::need_file(),
            Danger::TrustRead => content::trust_read(&options.paths),
            Danger::TrustPropose => content::trust_propose(&options.paths),
        }
    }
}

task!(Hostile);
