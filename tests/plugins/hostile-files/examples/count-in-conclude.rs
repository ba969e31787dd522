//! Counts at the end what it can list.

use hostile_files::{Conclusion, Danger, Document, Finding, Report, Seen, finding, repo};

struct CountInConclude;

impl Danger for CountInConclude {
    fn check(document: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.findings.push(finding("hostile/seen", Some(&document.path)));
        Ok(())
    }

    fn conclude(seen: &Seen<'_>, conclusion: &mut Conclusion) {
        let listed = repo::list_files("**", None).map_or(0, |page| page.entries.len());
        let message = format!("{} documents, {listed} files", seen.summaries.len());
        conclusion.findings.push(Finding { message, ..finding("hostile/count", None) });
    }
}

hostile_files::danger!(CountInConclude);
