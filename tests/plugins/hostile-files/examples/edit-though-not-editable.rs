//! Edits what it was told not to edit.

use hostile_files::{Danger, Document, Report, replacement};

struct EditThoughNotEditable;

impl Danger for EditThoughNotEditable {
    fn check(document: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        if !document.editable {
            report.replacements.push(replacement(0, 0, "x"));
        }
        Ok(())
    }
}

hostile_files::danger!(EditThoughNotEditable);
