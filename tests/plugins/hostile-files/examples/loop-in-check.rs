//! Does not come to the end of a document (case 4).

use hostile_files::{Danger, Document, Report, endless_loop};

struct LoopInCheck;

impl Danger for LoopInCheck {
    fn check(_: &Document, _: &mut Report, _: u64) -> Result<(), String> {
        endless_loop();
        Ok(())
    }
}

hostile_files::danger!(LoopInCheck);
