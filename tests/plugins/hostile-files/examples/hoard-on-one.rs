//! Takes memory over one document, and edits all (case 5).

use std::hint::black_box;

use hostile_files::{Danger, Document, Report, is_one, sane};

struct HoardOnOne;

impl Danger for HoardOnOne {
    fn check(document: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        if is_one(document) {
            drop(black_box(vec![1_u8; 100 << 20]));
        }
        report.replacements.push(sane());
        Ok(())
    }
}

hostile_files::danger!(HoardOnOne);
