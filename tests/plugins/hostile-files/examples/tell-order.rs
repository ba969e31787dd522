//! Answers by how many documents came before.

use hostile_files::{Danger, Document, Finding, Report, finding};

struct TellOrder;

impl Danger for TellOrder {
    fn check(document: &Document, report: &mut Report, before: u64) -> Result<(), String> {
        let message = format!("after {before} others");
        report.findings.push(Finding { message, ..finding("hostile/order", Some(&document.path)) });
        Ok(())
    }
}

hostile_files::danger!(TellOrder);
