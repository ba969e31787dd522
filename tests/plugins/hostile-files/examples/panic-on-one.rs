//! Panics at one document (case 7).

use hostile_files::{Danger, Document, Report, is_one};

struct PanicOnOne;

impl Danger for PanicOnOne {
    fn check(document: &Document, _: &mut Report, _: u64) -> Result<(), String> {
        assert!(!is_one(document), "on purpose");
        Ok(())
    }
}

hostile_files::danger!(PanicOnOne);
