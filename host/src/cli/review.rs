//! `lifeos review`.

mod html;
mod page;
mod terminal;

use std::path::PathBuf;

use clap::Args;
use lifeos::ledger::Ledger;
use lifeos::ledger::record::State;
use lifeos::ledger::story::Story;
use lifeos::review::hidden::{Hidden, code_point};
use lifeos::review::{self, File, Rule};

use super::error::CommandError;
use super::exit::Exit;
use super::json::RunLine;
use super::json::review::{ChangedFile, Facts, HiddenAt, Reviewed, RuleCount};
use super::term::Term;
use super::{Global, file, open, text};
use page::{Page, Standing};
use terminal::Block;

/// Shows a candidate as a page to judge it by: what it fixes, what the plugin
/// could and did do, what the gate said, and what it changes.
#[derive(Args)]
pub(crate) struct Review {
    /// The run, or the beginning of its id; without it the one candidate that waits.
    run: Option<String>,
    /// Write the page as one HTML file that loads nothing; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn review(verb: &Review, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let to_stdout = verb.html.as_ref().is_some_and(|file| file.as_os_str() == "-");
    if to_stdout && term.is_json() {
        return Err(CommandError::usage("--html - and --json both want standard output").hint("name a file: --html FILE"));
    }
    let repo = open::repo(global)?;
    let (memory, head) = (open::memory(global), repo.head()?.to_string());
    let ledger = Ledger::of(&repo, memory.as_ref());
    let book = ledger.book()?;
    let stands_on = |story: &Story| story.base == head;
    let waits = |story: &&Story| story.state == State::Waiting && stands_on(story);
    let waiting: Vec<Story> = book.newest_first().into_iter().filter(waits).cloned().collect();
    let lines: Vec<RunLine> = waiting.iter().map(RunLine::new).collect();
    let story = match (&verb.run, waiting.len()) {
        (Some(run), _) => Some(open::story(&book, run)?),
        (None, 1) => waiting.into_iter().next(),
        (None, 2..) if verb.html.is_some() => {
            let error =
                CommandError::usage(format!("{} wait, and a page is about one", text::count(lines.len() as u64, "candidate")));
            return Err(lines.iter().fold(error, |error, line| error.hint(format!("lifeos review {} --html FILE", line.run))));
        }
        (None, _) => None,
    };
    let Some(story) = story else { return Ok(list(lines, verb.html.is_some(), term)) };
    let nothing =
        || CommandError::usage(format!("run {} has no result on record", story.run)).hint("`lifeos log` lists the runs");
    let (id, run) = ledger.run_of(&story)?.ok_or_else(nothing)?;
    let review = review::Review::of(&repo, &ledger, &book, &story, id, run)?;
    let (line, current) = (RunLine::new(&story), stands_on(&story));
    if term.is_json() {
        let facts = facts(&review, RunLine::new(&story), current);
        term.json(&Reviewed { schema: SCHEMA, waiting: lines, review: Some(facts) });
    }
    let page = || Page::new(review, line, &Standing { current, config: global.config.as_deref() });
    match &verb.html {
        Some(_) if to_stdout => term.data(&html::render(&page())?),
        Some(file) => {
            let file = global.path(file);
            file::page(&file, html::MARKER, "lifeos review", &html::render(&page())?)?;
            term.note(&format!("wrote {}", file.display()));
        }
        None if term.is_json() => {}
        None => terminal::blocks(&page()).iter().for_each(|block| match block {
            Block::Heading(title) => term.heading(title),
            Block::Text(text) => term.data(text),
            Block::Diff(diff) => term.diff(diff),
        }),
    }
    Ok(Exit::Done)
}

const SCHEMA: &str = "lifeos/review@1";

/// What waits, if it is not exactly one candidate.
fn list(waiting: Vec<RunLine>, wants_page: bool, term: &Term) -> Exit {
    if term.is_json() {
        term.json(&Reviewed { schema: SCHEMA, waiting, review: None });
        return Exit::Done;
    }
    waiting.iter().for_each(|line| term.data(&text::run_line(line)));
    match waiting.len() as u64 {
        0 if wants_page => term.note("nothing waits for a verdict, so no page was written"),
        0 => term.note("nothing waits for a verdict; `lifeos log` lists the runs, `lifeos review RUN` shows one"),
        count => term.note(&format!("waiting for a verdict: {}; `lifeos review RUN` shows one", text::count(count, "candidate"))),
    }
    Exit::Done
}

fn facts(review: &review::Review, line: RunLine, current: bool) -> Facts {
    let counts = |rules: &[Rule]| {
        let count = |rule: &Rule| RuleCount { rule: rule.rule.clone(), severity: rule.severity, count: rule.count };
        rules.iter().map(count).collect()
    };
    Facts {
        line,
        current,
        record: review.run.clone(),
        repaired: counts(&review.repaired),
        remaining: counts(&review.remaining),
        unused: review.unused.clone(),
        protected: review.named.clone(),
        changes: review.files.iter().map(changed).collect(),
    }
}

fn changed(file: &File) -> ChangedFile {
    let at = |Hidden { line, column, char, added }: &Hidden| HiddenAt {
        line: *line,
        column: *column,
        code: code_point(*char),
        added: *added,
    };
    ChangedFile {
        path: file.path.clone(),
        action: file.action,
        text: file.is_text,
        added: file.added,
        removed: file.removed,
        protected: file.is_protected,
        hidden_added: file.hidden.added,
        hidden_before: file.hidden.before,
        hidden: file.hidden.places.iter().map(at).collect(),
    }
}
