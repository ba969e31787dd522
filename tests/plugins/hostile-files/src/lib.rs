//! Everything a task over documents can try. A danger without a case fails the
//! tests.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use lifeos_sdk::{
    Change, Conclusion, Document, Edit, FileTask, Finding, Replacement, Report, Settings, Severity, Span, Summary, file_task,
    repo,
};
use serde::Deserialize;

/// What to try.
#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Danger {
    SaneEdit,
    WrongSpans,
    EditThoughNotEditable,
    HugeSummary,
    PanicOnOne,
    GiveUpOnOne,
    LoopInConfigure,
    LoopInCheck,
    LoopInConclude,
    LoopOnOne,
    HoardOnOne,
    QuoteOther,
    CountInConclude,
    Remember,
    ForeignFinding,
    BadRule,
    EditInConcludeToo,
    TellConfig,
    ManyFindings,
    TellOrder,
}

/// The owner's options.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    danger: Danger,
}

struct HostileFiles {
    danger: Danger,
    config: Vec<String>,
}

/// Survives a call, but must not survive an instance.
static CALLS: AtomicU64 = AtomicU64::new(0);

impl FileTask for HostileFiles {
    type Options = Options;

    fn configure(options: Options, settings: &Settings) -> Result<Self, String> {
        if options.danger == Danger::LoopInConfigure {
            endless_loop();
        }
        let config = settings.config.iter().map(|document| format!("{}={}", document.path, document.text.trim())).collect();
        Ok(Self { danger: options.danger, config })
    }

    fn check(&self, document: &Document) -> Result<Report, String> {
        let is_one = document.path.ends_with("one.md");
        let before = CALLS.load(Ordering::Relaxed);
        let mut report = Report { summary: CALLS.fetch_add(1, Ordering::Relaxed).to_le_bytes().to_vec(), ..Report::default() };
        match self.danger {
            Danger::LoopOnOne if is_one => endless_loop(),
            Danger::HoardOnOne if is_one => drop(black_box(vec![1_u8; 100 << 20])),
            Danger::SaneEdit | Danger::EditInConcludeToo | Danger::LoopOnOne | Danger::HoardOnOne => {
                report.replacements.push(replacement(0, 0, "sane: "))
            }
            Danger::WrongSpans => report.replacements.push(replacement(u32::MAX, u32::MAX, "x")),
            Danger::EditThoughNotEditable if !document.editable => report.replacements.push(replacement(0, 0, "x")),
            Danger::HugeSummary => report.summary = vec![0; (4 << 20) + 1],
            Danger::PanicOnOne if is_one => panic!("on purpose"),
            Danger::GiveUpOnOne if is_one => return Err("this one is too hard".to_owned()),
            Danger::LoopInCheck => endless_loop(),
            Danger::ForeignFinding => report.findings.push(finding("hostile/foreign", Some("secret/hidden.md"))),
            Danger::QuoteOther if is_one => {
                let text = repo::read_file("two.md").map(|document| document.text).unwrap_or_default();
                report.findings.push(Finding { message: text, ..finding("hostile/quote", Some(&document.path)) });
            }
            Danger::CountInConclude => report.findings.push(finding("hostile/seen", Some(&document.path))),
            Danger::TellOrder => {
                let message = format!("after {before} others");
                report.findings.push(Finding { message, ..finding("hostile/order", Some(&document.path)) });
            }
            Danger::BadRule => report.findings.push(finding("bad rule!", None)),
            Danger::ManyFindings => report.findings = vec![finding("hostile/many", Some(&document.path)); 100],
            _ => {}
        }
        Ok(report)
    }

    fn conclude(&self, summaries: &[Summary]) -> Result<Conclusion, String> {
        let mut conclusion = Conclusion::default();
        match self.danger {
            Danger::LoopInConclude => endless_loop(),
            Danger::EditInConcludeToo => conclusion.edits = summaries.iter().map(|summary| second_edit(&summary.path)).collect(),
            Danger::Remember => {
                let told = finding("hostile/remember", None);
                let calls = CALLS.load(Ordering::Relaxed);
                let counts = summaries.iter().filter(|summary| summary.data == 0_u64.to_le_bytes()).count();
                let message = format!("conclude sees {calls} earlier calls; {counts} documents were a first");
                conclusion.findings.push(Finding { message, ..told });
            }
            Danger::CountInConclude => {
                let told = finding("hostile/count", None);
                let listed = repo::list_files("**", None).map_or(0, |page| page.entries.len());
                let message = format!("{} documents, {listed} files", summaries.len());
                conclusion.findings.push(Finding { message, ..told });
            }
            Danger::TellConfig => {
                let told = finding("hostile/config", None);
                conclusion.findings.push(Finding { message: self.config.join(" "), ..told });
            }
            _ => {}
        }
        Ok(conclusion)
    }
}

fn endless_loop() {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

fn second_edit(path: &str) -> Edit {
    let replacements = vec![replacement(0, 0, "again: ")];
    // The blob of the text `a\n`, which is what the case's documents hold.
    let id = "78981922613b2afb6025042ff6bd878ac1994e85".to_owned();
    Edit::Change(Change { path: path.to_owned(), id, replacements })
}

fn finding(rule: &str, path: Option<&str>) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity: Severity::Note,
        path: path.map(str::to_owned),
        span: path.map(|_| Span { start: 0, end: 1 }),
        message: "seen".to_owned(),
        help: None,
        repaired: false,
    }
}

fn replacement(start: u32, end: u32, text: &str) -> Replacement {
    Replacement { span: Span { start, end }, text: text.to_owned() }
}

file_task!(HostileFiles);
