//! Remembers more of a document than it may (case 8).

use hostile_files::{Danger, Document, Report};

struct HugeSummary;

impl Danger for HugeSummary {
    fn check(_: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.summary = vec![0; (4 << 20) + 1];
        Ok(())
    }
}

hostile_files::danger!(HugeSummary);
