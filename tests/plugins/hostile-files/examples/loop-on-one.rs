//! Takes for ever over one document, and edits the others (case 4).

use hostile_files::{Danger, Document, Report, endless_loop, is_one, sane};

struct LoopOnOne;

impl Danger for LoopOnOne {
    fn check(document: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        if is_one(document) {
            endless_loop();
        }
        report.replacements.push(sane());
        Ok(())
    }
}

hostile_files::danger!(LoopOnOne);
