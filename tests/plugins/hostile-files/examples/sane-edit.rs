//! Edits each document in a way that nobody minds: a good citizen (cases 45, 46).

use hostile_files::{Danger, Document, Report, sane};

struct SaneEdit;

impl Danger for SaneEdit {
    fn check(_: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.replacements.push(sane());
        Ok(())
    }
}

hostile_files::danger!(SaneEdit);
