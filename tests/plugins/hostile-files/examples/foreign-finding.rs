//! Finds something in a document that it was not given (case 63).

use hostile_files::{Danger, Document, Report, finding};

struct ForeignFinding;

impl Danger for ForeignFinding {
    fn check(_: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.findings.push(finding("hostile/foreign", Some("secret/hidden.md")));
        Ok(())
    }
}

hostile_files::danger!(ForeignFinding);
