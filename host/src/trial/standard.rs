//! The standard cases: what holds for every plugin, asked with files made from its
//! manifest's globs and with the author's cases. What those come to is not known
//! here; good order is all that is asked.

mod inputs;
mod same;

use super::TrialError;
use super::case::{Case, Given};
use super::files::{File, Files};
use super::outcome::Runner;
use super::verdict::{Mismatch, Verdict};
use crate::check::problem::{Problem, Refused};
use crate::glob::Globs;
use crate::plugin::manifest::ManifestError;
use crate::policy::{Limits, Reach};
use inputs::Inputs;

/// Asks a plugin.
pub(super) type Ask = fn(&Standard<'_>) -> Result<Verdict, TrialError>;

/// The standard cases by name, in the order in which they are tried.
pub(super) const STANDARD: &[(&str, Ask)] = &[
    ("empty-repository", |standard| standard.empty_repository()),
    ("not-utf8", |standard| standard.not_utf8()),
    ("huge-file", |standard| standard.huge_file()),
    ("denied-read", |standard| standard.denied_read()),
    ("denied-edit", |standard| standard.denied_edit()),
    ("order-and-threads", |standard| standard.order_and_threads()),
    ("second-run", |standard| standard.second_run()),
    ("limits", |standard| standard.limits()),
    ("repeat", |standard| standard.repeat()),
];

/// The names of the standard cases.
pub fn names() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|(name, _)| *name)
}

/// A pattern that covers nothing of any case.
const NOTHING: &str = "lifeos-grants-nothing-here/**";
/// Why a case about paths cannot be asked.
const NO_PATH: &str = "no path in reach can be made from the manifest's globs, and no case has one";

/// What the standard cases are asked with.
pub(super) struct Standard<'s> {
    runner: &'s Runner<'s>,
    inputs: Inputs,
    /// Why the plugin cannot be asked at all: its own words.
    refusal: Option<String>,
}

/// A limit made small.
type Smaller = fn(Limits) -> Limits;

/// One limit after the other is made so small that plugins meet it.
const SMALL: &[(&str, Smaller)] = &[
    ("1,000 fuel", |limits| Limits { fuel_max: 1_000, document_fuel_max: 1_000, ..limits }),
    ("100,000 fuel", |limits| Limits { fuel_max: 100_000, document_fuel_max: 100_000, ..limits }),
    ("no call", |limits| Limits { calls_max: 0, ..limits }),
    ("no edit", |limits| Limits { edit_files_max: 0, ..limits }),
    ("no byte to write", |limits| Limits { edit_bytes_max: 0, ..limits }),
    ("files of at most one byte", |limits| Limits { read_bytes_max: 1, ..limits }),
    ("one finding", |limits| Limits { findings_max: 1, ..limits }),
    ("64 KiB of memory", |limits| Limits { memory_bytes_max: 64 << 10, ..limits }),
    ("4 MiB of memory", |limits| Limits { memory_bytes_max: 4 << 20, ..limits }),
];

impl<'s> Standard<'s> {
    /// Makes the inputs.
    pub(super) fn new(runner: &'s Runner<'s>, cases: &[Case]) -> Result<Self, TrialError> {
        let inputs = Inputs::new(runner.plugin, cases)?;
        let refusal = refusal(runner, &inputs)?;
        Ok(Self { runner, inputs, refusal })
    }

    /// Asks one of them, if the plugin can be asked.
    pub(super) fn ask(&self, ask: Ask) -> Result<Verdict, TrialError> {
        match &self.refusal {
            Some(words) => Ok(Verdict::Skipped(words.clone())),
            None => ask(self),
        }
    }

    fn empty_repository(&self) -> Result<Verdict, TrialError> {
        self.orderly([("an empty repository".to_owned(), Files::new(), self.inputs.given.clone())])
    }

    /// Bytes in reach that are no text, or not the text that one has in mind.
    fn not_utf8(&self) -> Result<Verdict, TrialError> {
        let Inputs { paths, config, text, given, .. } = &self.inputs;
        if paths.is_empty() {
            return Ok(Verdict::Skipped(NO_PATH.to_owned()));
        }
        let variants: [(&str, Vec<u8>); 6] = [
            ("bytes that are not UTF-8", vec![0xff, 0xfe, b'a', 0x80, b'\n']),
            ("a NUL", b"a\0b\n".to_vec()),
            ("a byte order mark and no more", "\u{feff}".into()),
            ("CRLF line ends", text.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()),
            ("no newline at the end", text.trim_end().into()),
            ("nothing", Vec::new()),
        ];
        let of = |bytes: &[u8]| self.inputs.each(paths, bytes);
        let documents = variants.iter().map(|(what, bytes)| (format!("files of {what}"), of(bytes), given.clone()));
        let configured = variants.iter().filter(|_| !config.is_empty()).map(|(what, bytes)| {
            let mut files = of(text.as_bytes());
            files.extend(self.inputs.each(config, bytes));
            (format!("configuration files of {what}"), files, given.clone())
        });
        self.orderly(documents.chain(configured))
    }

    /// A file that is larger than what is handed over, beside others.
    fn huge_file(&self) -> Result<Verdict, TrialError> {
        let Inputs { paths, text, given, .. } = &self.inputs;
        let Some(first) = paths.first() else { return Ok(Verdict::Skipped(NO_PATH.to_owned())) };
        let limit = given.limits.read_bytes_max as usize;
        let line = if text.is_empty() { "line\n" } else { text };
        let huge = line.repeat(limit / line.len() + 1);
        let mut files = self.inputs.each(paths, text.as_bytes());
        files.insert(first.to_string(), File::plain(huge));
        self.orderly([(format!("a file of more than {limit} bytes"), files, given.clone())])
    }

    /// Everything is asked for in vain.
    fn denied_read(&self) -> Result<Verdict, TrialError> {
        let capabilities = &self.runner.plugin.manifest.capabilities;
        if capabilities.read.is_none() && capabilities.list.is_none() {
            return Ok(Verdict::Skipped("it declares neither `read` nor `list`".to_owned()));
        }
        let nothing = nothing()?;
        let denied = |given: &Given| {
            let granted = Reach { list: nothing.clone(), read: nothing.clone(), edit: nothing.clone(), ..given.granted.clone() };
            Given { granted, ..given.clone() }
        };
        self.orderly(self.inputs.few().map(|base| (base.name.clone(), base.files.clone(), denied(&base.given))))
    }

    /// Everything may be read and nothing edited: a plugin knows that of every
    /// document, and of a new file when it asks.
    fn denied_edit(&self) -> Result<Verdict, TrialError> {
        if self.runner.plugin.manifest.capabilities.edit.is_none() {
            return Ok(Verdict::Skipped("it declares no `edit`".to_owned()));
        }
        let nothing = nothing()?;
        let mut mismatches = Vec::new();
        for base in self.inputs.few() {
            let granted = Reach { edit: nothing.clone(), ..base.given.granted.clone() };
            let outcome = self.runner.run(
                self.runner.ground.commit(&base.files, base.given.past.as_deref())?,
                &Given { granted, ..base.given.clone() },
            )?;
            let is_new = |refused: &Refused| !base.files.contains_key(&refused.path) && refused.problems == [Problem::NotGranted];
            mismatches.extend(outcome.disorder_but(is_new).map(|words| on(&base.name, &words)));
        }
        Ok(Verdict::of(mismatches))
    }

    /// Over a limit, a run ends with that limit.
    fn limits(&self) -> Result<Verdict, TrialError> {
        let Some(base) = self.inputs.few().next() else { return Ok(Verdict::Skipped(NO_PATH.to_owned())) };
        self.orderly(SMALL.iter().map(|(what, smaller)| {
            let given = Given { limits: smaller(base.given.limits), ..base.given.clone() };
            (format!("{} with {what}", base.name), base.files.clone(), given)
        }))
    }

    /// Runs over each and asks for good order.
    fn orderly(&self, rows: impl IntoIterator<Item = (String, Files, Given)>) -> Result<Verdict, TrialError> {
        let (mut mismatches, mut asked) = (Vec::new(), false);
        for (name, files, given) in rows {
            let outcome = self.runner.run(self.runner.ground.commit(&files, None)?, &given)?;
            mismatches.extend(outcome.disorder().map(|words| on(&name, &words)));
            asked = true;
        }
        Ok(if asked { Verdict::of(mismatches) } else { Verdict::Skipped(NO_PATH.to_owned()) })
    }
}

/// The sentence with which the plugin refuses to start, whatever it is given: most
/// often it cannot do without options. Else every case would pass by that sentence.
fn refusal(runner: &Runner<'_>, inputs: &Inputs) -> Result<Option<String>, TrialError> {
    let files = inputs.each(&inputs.paths, inputs.text.as_bytes());
    let mut sentences = Vec::new();
    for files in [Files::new(), files] {
        let outcome = runner.run(runner.ground.commit(&files, None)?, &inputs.given)?;
        sentences.push(outcome.sentence().map(str::to_owned));
    }
    let is_same = sentences[0] == sentences[1];
    let words = sentences.pop().flatten().filter(|_| is_same);
    Ok(words.map(|words| format!("{words}; it was given the options {} of the first case that has some", inputs.given.options)))
}

fn on(name: &str, words: &str) -> Mismatch {
    Mismatch::new(format!("on {name}: {words}"))
}

fn nothing() -> Result<Globs, TrialError> {
    Ok(Globs::new(&[NOTHING]).map_err(ManifestError::from)?)
}
