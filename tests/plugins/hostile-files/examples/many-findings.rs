//! Reports more than anybody would read (case 10).

use hostile_files::{Danger, Document, Report, finding};

struct ManyFindings;

impl Danger for ManyFindings {
    fn check(document: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.findings = vec![finding("hostile/many", Some(&document.path)); 100];
        Ok(())
    }
}

hostile_files::danger!(ManyFindings);
