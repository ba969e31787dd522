//! Edits a span that no text has.

use hostile_files::{Danger, Document, Report, replacement};

struct WrongSpans;

impl Danger for WrongSpans {
    fn check(_: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.replacements.push(replacement(u32::MAX, u32::MAX, "x"));
        Ok(())
    }
}

hostile_files::danger!(WrongSpans);
