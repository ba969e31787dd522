//! The form that the host gives to what stands in an entry: a ledger may have come from
//! another clone. Whether an entry is true is not asked here.

use super::{Body, PluginId, Run};
use crate::budget::DAYS_MAX;
use crate::budget::journal::is_id;
use crate::digest::Digest;

/// Bytes of a name, a reason, or a sentence of a record.
const WORDS_MAX: usize = 4096;
/// Digits of the id of a run, and of a git object.
pub(super) const RUN_DIGITS: usize = 12;
const OID_DIGITS: usize = 40;
/// Bytes of an instruction.
const INSTRUCTION_BYTES_MAX: usize = 64 << 10;

impl Body {
    /// Whether what it names is of that form.
    pub(super) fn is_good(&self) -> bool {
        match self {
            Self::Run(run) => run.is_good(),
            Self::Approval { by, .. } => is_short(by),
            Self::Rejection { why, by } | Self::Level { why, by, .. } => is_short(why) && is_short(by),
            Self::Opening { branch, new, pull_request } => {
                is_short(branch) && is_hex(new, OID_DIGITS) && pull_request.iter().all(|pull| is_short(&pull.url))
            }
            Self::Landing { branch, old, new, remote, drops, .. } => {
                let remote = remote.iter().all(|remote| is_short(remote));
                let olds = old.iter().chain(drops).all(|old| is_hex(old, OID_DIGITS));
                is_short(branch) && is_hex(new, OID_DIGITS) && olds && remote
            }
            Self::Spend { spent, why, journal } => spent.len() <= DAYS_MAX && is_short(why) && is_id(journal),
            Self::Alert { month, bound, .. } => month.len() <= 16 && is_short(bound),
            Self::Join { other } => is_hex(other, OID_DIGITS),
        }
    }
}

impl Run {
    fn is_good(&self) -> bool {
        let is_digest = |text: &String| Digest::parse(text).is_some();
        let PluginId { name, version, digest } = &self.plugin;
        let plugin = is_word(name) && is_word(version) && is_digest(digest);
        let candidate = self.candidate.as_ref().is_none_or(|candidate| {
            is_hex(&candidate.tree, OID_DIGITS) && is_hex(&candidate.commit, OID_DIGITS) && is_digest(&candidate.digest)
        });
        let mut others = self.reverts.iter().map(|reverts| &reverts.run).chain(&self.part_of).chain(&self.repairs);
        let reason = self.reason.iter().all(|reason| is_short(reason));
        let told = self.instruction.iter().all(|told| told.len() <= INSTRUCTION_BYTES_MAX);
        let asked = self.model.iter().all(|asked| is_id(&asked.journal) && asked.is_bounded());
        let base = is_hex(&self.base, OID_DIGITS) && is_digest(&self.grant) && self.tape.iter().all(is_digest);
        base && told && plugin && candidate && reason && asked && others.all(|run| is_hex(run, RUN_DIGITS))
    }
}

/// Whether a text is so many hexadecimal digits in lower case.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_word(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+');
    (1..=128).contains(&text.len()) && text.bytes().all(plain)
}

fn is_short(text: &str) -> bool {
    text.len() <= WORDS_MAX
}
