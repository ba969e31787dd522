//! Gives up at one document (case 7).

use hostile_files::{Danger, Document, Report, is_one};

struct GiveUpOnOne;

impl Danger for GiveUpOnOne {
    fn check(document: &Document, _: &mut Report, _: u64) -> Result<(), String> {
        if is_one(document) {
            return Err("this one is too hard".to_owned());
        }
        Ok(())
    }
}

hostile_files::danger!(GiveUpOnOne);
