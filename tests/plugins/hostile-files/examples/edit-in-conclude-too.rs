//! Edits each document twice: on its own, and at the end.

use hostile_files::{Change, Conclusion, Danger, Document, Edit, Report, Seen, replacement, sane};

struct EditInConcludeToo;

impl Danger for EditInConcludeToo {
    fn check(_: &Document, report: &mut Report, _: u64) -> Result<(), String> {
        report.replacements.push(sane());
        Ok(())
    }

    fn conclude(seen: &Seen<'_>, conclusion: &mut Conclusion) {
        conclusion.edits = seen.summaries.iter().map(|summary| again(&summary.path)).collect();
    }
}

fn again(path: &str) -> Edit {
    // The blob of the text `a\n`, which is what the case's documents hold.
    let id = "78981922613b2afb6025042ff6bd878ac1994e85".to_owned();
    Edit::Change(Change { path: path.to_owned(), id, replacements: vec![replacement(0, 0, "again: ")] })
}

hostile_files::danger!(EditInConcludeToo);
