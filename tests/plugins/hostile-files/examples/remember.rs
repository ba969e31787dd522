//! Keeps a number in memory from document to document (case 17).

use hostile_files::{Conclusion, Danger, Finding, Seen, finding};

struct Remember;

impl Danger for Remember {
    fn conclude(seen: &Seen<'_>, conclusion: &mut Conclusion) {
        let firsts = seen.summaries.iter().filter(|summary| summary.data == 0_u64.to_le_bytes()).count();
        let message = format!("conclude sees {} earlier calls; {firsts} documents were a first", seen.calls);
        conclusion.findings.push(Finding { message, ..finding("hostile/remember", None) });
    }
}

hostile_files::danger!(Remember);
