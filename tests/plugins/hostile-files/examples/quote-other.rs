//! Tells of one document what another says.

use hostile_files::{Danger, Document, Finding, Report, finding, is_one, repo};

struct QuoteOther;

impl Danger for QuoteOther {
    fn check(document: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        if is_one(document) {
            let message = repo::read_file("two.md").map(|document| document.text).unwrap_or_default();
            report.findings.push(Finding { message, ..finding("hostile/quote", Some(&document.path)) });
        }
        Ok(())
    }
}

hostile_files::danger!(QuoteOther);
