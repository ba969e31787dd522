//! A tape: every call of one run, in a file of JSON lines. It holds digests and
//! no content, since the repository can give the answers again. Its form is in
//! `docs/tape.md`; what is compared at a replay is in `tape/held`.

pub mod held;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::ledger::record::PluginId;
use crate::plugin::World;
use crate::round::Round;
use crate::trace::Call;

/// The form of the file.
pub const SCHEMA: &str = "lifeos/tape@1";
/// Bytes of a whole tape.
pub const TAPE_BYTES_MAX: usize = 256 << 20;
/// Bytes of its first line; an instruction is the most of it.
const HEADER_BYTES_MAX: usize = 1 << 20;
/// Where the seal begins: it is over every byte before this.
const SEAL: &str = ",\"seal\":\"";

/// What a tape was recorded of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`SCHEMA`].
    pub schema: String,
    /// The task.
    pub task: String,
    /// What the component exports.
    pub world: World,
    /// The component.
    pub plugin: PluginId,
    /// Digest of the task's table in the configuration.
    pub grant: Digest,
    /// The commit it stood on.
    pub base: String,
    /// The tree of that commit.
    pub base_tree: String,
    /// What was to be done, if the task takes an instruction.
    pub instruction: Option<String>,
    /// What became of the round before, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<Round>,
    /// The lifeos that recorded it.
    pub lifeos: String,
}

/// What the run came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct End {
    /// How many calls there are.
    pub calls: u64,
    /// The candidate's tree, if there is a candidate.
    pub tree: Option<String>,
    /// What the candidate changes.
    pub edits: Vec<EditOn>,
    /// Digest of the findings.
    pub findings: Digest,
}

/// An edit of the candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EditOn {
    /// The file.
    pub path: String,
    /// `changed`, `created` or `deleted`.
    pub action: String,
    /// Digest of its new bytes; none if it is gone.
    pub new: Option<Digest>,
}

/// A tape, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tape {
    /// What it was recorded of.
    pub header: Header,
    /// The calls, in order.
    pub calls: Vec<Call>,
    /// What the run came to.
    pub end: End,
    /// Digest over everything before it.
    pub seal: Digest,
}

/// A call as it is written.
#[derive(Serialize)]
struct Entry<'c> {
    #[serde(flatten)]
    call: &'c Call,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'c str>,
}

/// A call as it is read.
#[derive(Deserialize)]
struct Read {
    #[serde(flatten)]
    call: Call,
    #[serde(default)]
    held: Option<Box<str>>,
}

/// Why a file is not a tape to be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TapeError {
    /// Not a tape, or none of this lifeos.
    #[error("this is not a tape that this lifeos reads: {reason}")]
    Unreadable {
        /// What is wrong with it.
        reason: String,
    },
    /// Something in it was changed, dropped, added or moved.
    #[error("the tape was tampered with: {reason}")]
    Tampered {
        /// What is wrong with it.
        reason: String,
    },
    /// Its end is missing.
    #[error("the tape is truncated: its last line is not an end")]
    Truncated,
    /// It was recorded of something else.
    #[error("the tape is of another {what}: {recorded}, and here is {found}")]
    Other {
        /// `component`, `grant`, `base` or `task`.
        what: &'static str,
        /// What it was recorded of.
        recorded: String,
        /// What there is here.
        found: String,
    },
    /// There is more of it than fits a tape.
    #[error("the calls of the run are more than a tape holds ({TAPE_BYTES_MAX} bytes)")]
    TooLarge,
}

impl TapeError {
    /// The stable word for it.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "tape-unreadable",
            Self::Tampered { .. } => "tape-tampered",
            Self::Truncated => "tape-truncated",
            Self::Other { .. } => "tape-other",
            Self::TooLarge => "tape-too-large",
        }
    }
}

impl Tape {
    /// A tape of a run. Calls lose their durations, so that the same run gives
    /// the same tape.
    ///
    /// # Errors
    /// [`TapeError::TooLarge`].
    pub fn new(header: Header, calls: &[Call], end: End) -> Result<(Self, Vec<u8>), TapeError> {
        let mut calls = calls.to_vec();
        calls.iter_mut().for_each(|call| call.micros = 0);
        let mut tape = Self { header, calls, end, seal: Digest::of(&[]) };
        let bytes = tape.sealed();
        if bytes.len() > TAPE_BYTES_MAX { Err(TapeError::TooLarge) } else { Ok((tape, bytes)) }
    }

    /// Writes the lines and seals them.
    fn sealed(&mut self) -> Vec<u8> {
        let mut text = line(&self.header);
        self.calls.iter().for_each(|call| text.push_str(&line(&Entry { call, held: call.held.as_deref() })));
        let end = line(&self.end);
        text.push_str(end.trim_end().trim_end_matches('}'));
        self.seal = Digest::of(text.as_bytes());
        text.push_str(&format!("{SEAL}{}\"}}\n", self.seal));
        text.into_bytes()
    }

    /// Reads a tape.
    ///
    /// # Errors
    /// [`TapeError`], the first that is found.
    pub fn read(bytes: &[u8]) -> Result<Self, TapeError> {
        let unreadable = |reason: &str| TapeError::Unreadable { reason: reason.to_owned() };
        if bytes.len() > TAPE_BYTES_MAX {
            return Err(unreadable("it is too large"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable("it is not text"))?;
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let header = header(first)?;
        let body = rest.strip_suffix('\n').ok_or(TapeError::Truncated)?;
        let (lines, last) = body.rsplit_once('\n').unwrap_or(("", body));
        let (end, seal) = last.rsplit_once(SEAL).ok_or(TapeError::Truncated)?;
        let seal = seal.strip_suffix("\"}").and_then(Digest::parse).ok_or_else(|| tampered("its seal is not one"))?;
        let sealed = text.len() - (last.len() - end.len()) - 1;
        if Digest::of(&bytes[..sealed]) != seal {
            return Err(tampered("the seal is over other lines"));
        }
        let end: End = serde_json::from_str(&format!("{end}}}")).map_err(|_| tampered("its end is not one"))?;
        let calls = lines.lines().zip(0_u64..).map(|(line, at)| call(line, at)).collect::<Result<Vec<_>, _>>()?;
        if calls.len() as u64 != end.calls {
            return Err(tampered(&format!("it ends after {} calls and has {}", end.calls, calls.len())));
        }
        Ok(Self { header, calls, end, seal })
    }
}

fn tampered(reason: &str) -> TapeError {
    TapeError::Tampered { reason: reason.to_owned() }
}

fn line(value: &impl Serialize) -> String {
    // Only maps with keys that are no text could fail.
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

fn header(line: &str) -> Result<Header, TapeError> {
    let unreadable = |reason: String| TapeError::Unreadable { reason };
    // As a value a line takes sixteen times its length, and nothing has been judged yet.
    if line.len() > HEADER_BYTES_MAX {
        return Err(unreadable(format!("its first line has more than {HEADER_BYTES_MAX} bytes")));
    }
    let value: serde_json::Value = serde_json::from_str(line).map_err(|_| unreadable("its first line is not JSON".to_owned()))?;
    match value["schema"].as_str() {
        Some(SCHEMA) => serde_json::from_value(value).map_err(|_| tampered("its header is not one")),
        Some(schema) if schema.starts_with("lifeos/tape@") => {
            Err(unreadable(format!("its form is {}", crate::clean::line(crate::clean::cut(schema, 40)))))
        }
        _ => Err(unreadable("its first line is not the header of a tape".to_owned())),
    }
}

fn call(line: &str, at: u64) -> Result<Call, TapeError> {
    let Read { call, held } = serde_json::from_str(line).map_err(|_| tampered(&format!("call {at} is not one")))?;
    let call = Call { held, ..call };
    if call.sequence == at { Ok(call) } else { Err(tampered(&format!("call {at} calls itself {}", call.sequence))) }
}

/// Whether a file begins as tapes do.
#[must_use]
pub fn is_tape(bytes: &[u8]) -> bool {
    bytes.starts_with(format!("{{\"schema\":\"{}", SCHEMA.trim_end_matches('1')).as_bytes())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::trace::{Outcome, Short, Word};

    pub(crate) fn asked(sequence: u64, subject: &str, answer: &str) -> Call {
        Call {
            sequence,
            document: 0,
            capability: Word::new("read"),
            function: Word::new("read-file"),
            subject: subject.to_owned(),
            argument: Short::of_parts([subject.as_bytes()]),
            bytes_in: subject.len() as u64,
            bytes_out: 1,
            outcome: Outcome::Allowed,
            reason: None,
            answer: Short::of_parts([answer.as_bytes()]),
            micros: 7,
            held: None,
            sent: None,
        }
    }

    fn tape(subjects: &[&str]) -> (Tape, Vec<u8>) {
        let header = Header {
            schema: SCHEMA.to_owned(),
            task: "t".to_owned(),
            world: World::Task,
            plugin: PluginId { name: "p".to_owned(), version: "1".to_owned(), digest: "sha256:0".to_owned() },
            grant: Digest::of(b"grant"),
            base: "b".to_owned(),
            base_tree: "c".to_owned(),
            instruction: None,
            round: None,
            lifeos: "0".to_owned(),
        };
        let calls: Vec<Call> = subjects.iter().zip(0..).map(|(subject, at)| asked(at, subject, "x")).collect();
        let end = End { calls: calls.len() as u64, tree: None, edits: Vec::new(), findings: Digest::of(b"") };
        Tape::new(header, &calls, end).expect("a tape")
    }

    #[test]
    fn a_tape_reads_as_it_was_written() {
        for subjects in [&[][..], &["a"], &["a", ",\"seal\":\"", "b"]] {
            let (tape, bytes) = tape(subjects);
            assert_eq!(Tape::read(&bytes), Ok(tape));
            assert!(is_tape(&bytes));
        }
        assert!(!is_tape(b"{}"));
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_seen() {
        let (_, bytes) = tape(&["a", "b"]);
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Tape::read(&changed).is_err(), "byte {at}");
            assert!(Tape::read(&bytes[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn reasons_tell_what_is_wrong() {
        let (_, bytes) = tape(&["a", "b", "c"]);
        let text = String::from_utf8(bytes).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        let reason = |lines: &[&str]| Tape::read((lines.join("\n") + "\n").as_bytes()).map_err(|error| error.reason());
        assert_eq!(reason(&[lines[0], lines[2], lines[1], lines[3], lines[4]]), Err("tape-tampered"));
        assert_eq!(reason(&[lines[0], lines[1], lines[2], lines[4]]), Err("tape-tampered"));
        assert_eq!(reason(&lines[..4]), Err("tape-truncated"));
        assert_eq!(reason(&lines[..1]), Err("tape-truncated"));
        assert_eq!(reason(&lines[1..]), Err("tape-unreadable"));
        let newer = lines[0].replace("tape@1", "tape@2");
        assert_eq!(reason(&[&newer, lines[4]]), Err("tape-unreadable"));
        assert_eq!(Tape::read(b"").map_err(|error| error.reason()), Err("tape-unreadable"));
    }
}
