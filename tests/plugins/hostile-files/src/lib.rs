//! What a task over documents can try. Each danger is a component of its own,
//! made of a file in `examples/`; what several of them need is here.

use std::hint::black_box;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering};

pub use lifeos_sdk::{
    Change, Conclusion, Document, Edit, FileTask, Finding, Replacement, Report, Settings, Severity, Span, Summary, file_task,
    repo,
};

/// Where a danger comes in. What it leaves out is harmless.
pub trait Danger: Sized + Send + Sync + 'static {
    /// Comes in before the first document.
    fn configure() {}

    /// Comes in at each document, after so many others of this instance.
    ///
    /// # Errors
    /// One sentence; the run ends.
    fn check(document: &Document, report: &mut Report, before: u64) -> Result<(), String> {
        let _ = (document, report, before);
        Ok(())
    }

    /// Comes in at the end.
    fn conclude(seen: &Seen<'_>, conclusion: &mut Conclusion) {
        let _ = (seen, conclusion);
    }
}

/// What there is at the end.
pub struct Seen<'a> {
    /// One for each document.
    pub summaries: &'a [Summary],
    /// The configuration that was handed over.
    pub config: &'a [String],
    /// How many documents this instance was given.
    pub calls: u64,
}

/// Makes a component of a danger.
#[macro_export]
macro_rules! danger {
    ($danger:ty) => {
        $crate::file_task!($crate::Hostile<$danger>);
    };
}

/// The owner's options: none, since a danger is a component of its own.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {}

/// A task of a danger.
pub struct Hostile<D> {
    config: Vec<String>,
    danger: PhantomData<D>,
}

/// Survives a call, but must not survive an instance.
static CALLS: AtomicU64 = AtomicU64::new(0);

impl<D: Danger> FileTask for Hostile<D> {
    type Options = Options;

    fn configure(_: Options, settings: &Settings) -> Result<Self, String> {
        D::configure();
        let config = settings.config.iter().map(|document| format!("{}={}", document.path, document.text.trim())).collect();
        Ok(Self { config, danger: PhantomData })
    }

    fn check(&self, document: &Document) -> Result<Report, String> {
        let before = CALLS.fetch_add(1, Ordering::Relaxed);
        let mut report = Report { summary: before.to_le_bytes().to_vec(), ..Report::default() };
        D::check(document, &mut report, before)?;
        Ok(report)
    }

    fn conclude(&self, summaries: &[Summary]) -> Result<Conclusion, String> {
        let mut conclusion = Conclusion::default();
        D::conclude(&Seen { summaries, config: &self.config, calls: CALLS.load(Ordering::Relaxed) }, &mut conclusion);
        Ok(conclusion)
    }
}

/// Never ends.
pub fn endless_loop() {
    let mut count = 0_u64;
    loop {
        count = black_box(count.wrapping_add(1));
    }
}

/// Whether it is the document that some dangers are about.
#[must_use]
pub fn is_one(document: &Document) -> bool {
    document.path.ends_with("one.md")
}

/// An edit that nobody minds.
#[must_use]
pub fn sane() -> Replacement {
    replacement(0, 0, "sane: ")
}

/// A finding at the beginning of a document, or of none.
#[must_use]
pub fn finding(rule: &str, path: Option<&str>) -> Finding {
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

/// One text in place of another.
#[must_use]
pub fn replacement(start: u32, end: u32, text: &str) -> Replacement {
    Replacement { span: Span { start, end }, text: text.to_owned() }
}
