//! Reports a finding whose rule is no name.

use hostile_files::{Danger, Document, Report, finding};

struct BadRule;

impl Danger for BadRule {
    fn check(_: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.findings.push(finding("bad rule!", None));
        Ok(())
    }
}

hostile_files::danger!(BadRule);
