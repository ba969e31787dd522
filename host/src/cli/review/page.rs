//! A review in words, bounded: what the terminal and the HTML file both show.
//! Texts of plugins and files are as they were; each reader makes them inert.

use std::path::Path;

use lifeos::budget::price::money;
use lifeos::clean;
use lifeos::diff::Line;
use lifeos::edit::Finding;
use lifeos::ledger::record::{AllRounds, CommandText, ReachText, Run, State};
use lifeos::plugin::imports::{self, Lends};
use lifeos::policy::Capability;
use lifeos::review::hidden::{code_point, name};
use lifeos::review::{self, File, Review};

use super::super::json::RunLine;
use super::super::{explain, text};

/// Bytes of a page. Lists and diffs end where it is full, and say so.
pub(super) const PAGE_BYTES_MAX: usize = 5_000_000;
/// Bytes of it that stand around lists and diffs.
const FRAME_BYTES: usize = 200_000;
/// Bytes of an instruction that are shown.
const TOLD_BYTES_MAX: usize = 500;
/// Bytes of markup around one line, and for one character that is shown as an escape.
const LINE_MARKUP_BYTES: usize = 130;
const ESCAPE_BYTES: usize = 80;

/// Where a run stands, and how the command that shows it was called.
pub(super) struct Standing<'c> {
    /// Whether its base is the commit of HEAD.
    pub(super) current: bool,
    /// The operator's own configuration.
    pub(super) config: Option<&'c Path>,
}

/// Everything that a reviewer is shown.
pub(super) struct Page {
    pub(super) run: String,
    pub(super) state: &'static str,
    pub(super) at: String,
    pub(super) headline: String,
    pub(super) summary: String,
    pub(super) warnings: Vec<String>,
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) repaired: Vec<Rule>,
    pub(super) remaining: Vec<Rule>,
    pub(super) rules_besides: usize,
    pub(super) authority: Vec<Authority>,
    pub(super) imports: String,
    pub(super) gate: Option<Gate>,
    pub(super) spend: String,
    /// What was taken out of what a model was asked, if there was anything.
    pub(super) taken_out: Option<String>,
    pub(super) hidden: Vec<HiddenAt>,
    pub(super) hidden_besides: u64,
    pub(super) refused: Vec<(String, String)>,
    pub(super) refused_besides: usize,
    pub(super) files: Vec<FilePart>,
    pub(super) files_besides: usize,
    pub(super) steps: Vec<(&'static str, String)>,
}

/// Findings of one rule.
pub(super) struct Rule {
    pub(super) rule: String,
    pub(super) title: &'static str,
    pub(super) severity: &'static str,
    pub(super) count: u64,
    pub(super) examples: Vec<Finding>,
    pub(super) besides: u64,
}

/// One capability in the four sets.
pub(super) struct Authority {
    pub(super) name: &'static str,
    pub(super) imported: &'static str,
    pub(super) declared: Vec<String>,
    pub(super) granted: Vec<String>,
    pub(super) used: String,
}

/// What the gate said.
pub(super) struct Gate {
    pub(super) verdict: String,
    pub(super) tests: String,
    pub(super) isolation: &'static str,
    pub(super) commands: Vec<CommandText>,
    pub(super) output: String,
}

/// A hidden character of a file.
pub(super) struct HiddenAt {
    pub(super) path: String,
    pub(super) line: usize,
    pub(super) code: String,
    pub(super) name: &'static str,
    pub(super) origin: &'static str,
}

/// A file of the candidate with as much of its diff as there is room for.
pub(super) struct FilePart {
    pub(super) path: String,
    pub(super) action: &'static str,
    pub(super) added: u64,
    pub(super) removed: u64,
    pub(super) is_text: bool,
    pub(super) lines: Vec<Line>,
    pub(super) besides: usize,
    /// Shows what is left out.
    pub(super) command: String,
}

/// Bytes that are left of a page.
struct Room(usize);

impl Room {
    /// Takes as many items as there is room for, and counts the others.
    fn take<T>(&mut self, items: impl IntoIterator<Item = T>, size: impl Fn(&T) -> usize) -> (Vec<T>, usize) {
        let mut items = items.into_iter();
        let mut taken = Vec::new();
        while let Some(item) = items.next() {
            let Some(left) = self.0.checked_sub(size(&item)) else { return (taken, 1 + items.count()) };
            self.0 = left;
            taken.push(item);
        }
        (taken, 0)
    }
}

/// Bytes that a text takes in the page, about.
fn size(text: &str) -> usize {
    let one = |char: char| match char {
        '<' | '>' | '&' | '"' | '\'' => 5,
        '\t' => 1,
        char if char.is_control() || clean::is_hidden(char) => ESCAPE_BYTES,
        char => char.len_utf8(),
    };
    LINE_MARKUP_BYTES + text.chars().map(one).sum::<usize>()
}

impl Page {
    pub(super) fn new(review: Review, line: RunLine, standing: &Standing<'_>) -> Self {
        let mut room = Room(PAGE_BYTES_MAX - FRAME_BYTES);
        let run = &review.run;
        let asked = AllRounds::of(review.before.iter().rev().chain([run]).filter_map(|run| run.model.as_ref()));
        let refused = run.refused.iter().map(|refused| (refused.path.clone(), refused.problems.join("; ")));
        let (refused, refused_besides) = room.take(refused, |(path, why)| size(path) + size(why));
        let (hidden, hidden_besides) = hidden(&review.files, &mut room);
        let (repaired, repaired_besides) = rules(&review.repaired, &mut room);
        let (remaining, remaining_besides) = rules(&review.remaining, &mut room);
        let page = Self {
            at: jiff::Timestamp::from_second(line.at).map_or_else(|_| line.at.to_string(), |at| at.to_string()),
            state: line.state.word(),
            headline: headline(&review, &line, standing),
            summary: summary(&review),
            warnings: warnings(&review, &line, standing),
            facts: facts(&review, &line),
            authority: authority(run),
            imports: other_imports(run),
            gate: gate(&review),
            spend: spend(asked.as_ref()),
            taken_out: asked.as_ref().and_then(AllRounds::taken_out),
            steps: steps(run, &line, standing),
            run: line.run,
            files: Vec::new(),
            files_besides: 0,
            rules_besides: repaired_besides + remaining_besides,
            repaired,
            remaining,
            hidden,
            hidden_besides,
            refused,
            refused_besides,
        };
        let (files, files_besides) = room.take(review.files, |file| 4 * size(&file.path));
        let (base, commit) = (review.run.base, review.run.candidate.map_or(String::new(), |candidate| candidate.commit));
        let files = files.into_iter().map(|file| part(file, &base, &commit, &mut room)).collect();
        Self { files, files_besides, ..page }
    }
}

fn headline(review: &Review, line: &RunLine, standing: &Standing<'_>) -> String {
    let files = review.files.len() as u64;
    let verb = if matches!(line.state, State::Landed | State::RolledBack) { "changed" } else { "to change" };
    let what =
        if review.run.candidate.is_some() { format!("{} {verb}", text::count(files, "file")) } else { "no candidate".into() };
    let state = match line.state {
        State::Waiting if standing.current => "waiting for your verdict",
        State::Waiting => "on a commit that is not HEAD",
        state => state.word(),
    };
    format!("{}: {what}, {state}", line.task)
}

fn summary(review: &Review) -> String {
    let ((added, removed), (findings, repaired)) = (review.counts(), review.findings());
    let files = text::count(review.files.len() as u64, "file");
    let lines = format!("{files}: {} added, {removed} removed", text::count(added, "line"));
    let left = findings - repaired;
    format!("{lines}. {}: {repaired} repaired, {left} left.", text::count(findings, "finding"))
}

/// What a reviewer should not overlook.
fn warnings(review: &Review, line: &RunLine, standing: &Standing<'_>) -> Vec<String> {
    let (run, mut warnings) = (&review.run, Vec::new());
    if line.state == State::Waiting && !standing.current {
        warnings.push("HEAD is another commit now, so this candidate cannot be approved; run the task again".to_owned());
    }
    let hidden = |count: &dyn Fn(&File) -> u64| review.files.iter().map(count).sum::<u64>();
    let (added, before) = (hidden(&|file| file.hidden.added), hidden(&|file| file.hidden.before));
    if added > 0 {
        warnings.push(format!("the candidate adds {}", text::count(added, "hidden character")));
    }
    if before > 0 {
        warnings.push(format!("{} in changed files, there before", text::count(before, "hidden character")));
    }
    if !run.refused.is_empty() {
        warnings.push(format!("{} refused", text::count(run.refused.len() as u64, "edit")));
    }
    for path in &review.named {
        let changed = if review.files.iter().any(|file| file.path == *path) { "changed here" } else { "not changed here" };
        warnings.push(format!("{path} is protected, and the grant names it: {changed}"));
    }
    let strange = |file: &&File| file.is_protected && !review.named.contains(&file.path);
    warnings.extend(review.files.iter().filter(strange).map(|file| format!("{} is protected, and changed here", file.path)));
    warnings.extend(
        review.files.iter().filter(|file| !file.is_text).map(|file| format!("{} is not text, so it is not shown", file.path)),
    );
    if let Some(trouble) = run.model.as_ref().and_then(|asked| asked.trouble.as_ref()) {
        warnings.push(format!("this may be half of the work: {trouble}"));
    }
    // That nobody granted a model which the plugin can do without is what the owner wanted.
    let is_told = |capability: &str| capability != "model" || run.granted.model;
    for (capability, used) in run.used.iter().filter(|(capability, used)| used.denied > 0 && is_told(capability)) {
        warnings.push(format!("{} to {capability} refused", text::count(used.denied, "call")));
    }
    if let Some(idle) = &review.idle {
        warnings.push(text::unused(idle));
    }
    if run.gate.as_ref().is_some_and(|gate| !gate.isolated) {
        warnings.push("the commands of the gate were not isolated".to_owned());
    }
    warnings
}

fn facts(review: &Review, line: &RunLine) -> Vec<(&'static str, String)> {
    let (run, plugin) = (&review.run, &review.run.plugin);
    let mut facts = vec![("base", run.base.clone())];
    if let Some(candidate) = &run.candidate {
        facts.extend([("candidate", candidate.commit.clone()), ("digest", candidate.digest.clone())]);
    }
    facts.push(("plugin", format!("{} {} {}", plugin.name, plugin.version, plugin.digest)));
    facts.extend(run.reverts.iter().map(|reverts| ("takes back", format!("run {}", reverts.run))));
    facts.extend(run.instruction.iter().map(|told| ("told", shortened(told))));
    for run in &review.before {
        let fault = run.gate.as_ref().and_then(|gate| gate.fault.as_deref()).unwrap_or("nothing was proposed");
        facts.push(("repairs", format!("a round that did not pass the gate: {fault}")));
    }
    facts.extend(run.part_of.iter().map(|run| ("part of", format!("run {run}"))));
    facts.extend(line.pull_request.iter().map(|pull| ("open at", pull.url.clone())));
    facts.extend(line.by.iter().map(|by| ("verdict", format!("{} by {by}", line.state.word()))));
    facts.extend(line.why.iter().map(|why| ("reason", why.clone())));
    facts
}

/// An instruction in one line.
fn shortened(told: &str) -> String {
    let line = told.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" / ");
    let short = clean::cut(&line, TOLD_BYTES_MAX);
    if short.len() < line.len() { format!("{short}...") } else { line }
}

fn rules(rules: &[review::Rule], room: &mut Room) -> (Vec<Rule>, usize) {
    let (rules, besides) = room.take(rules, |rule| 2 * size(&rule.rule));
    let part = |rule: &review::Rule| {
        let place = |finding: &Finding| finding.path.as_ref().map_or(0, |path| path.as_str().len());
        let help = |finding: &Finding| finding.help.as_ref().map_or(0, |help| size(help));
        let (examples, _) = room.take(rule.examples.clone(), |finding| size(&finding.message) + place(finding) + help(finding));
        let besides = rule.count - examples.len() as u64;
        let title = explain::title(&rule.rule).unwrap_or_default();
        Rule { rule: rule.rule.clone(), title, severity: rule.severity.word(), count: rule.count, examples, besides }
    };
    (rules.into_iter().map(part).collect(), besides)
}

/// The four sets, a row for each capability.
fn authority(run: &Run) -> Vec<Authority> {
    let can = |lends| if review::can_call(run, lends) { "yes" } else { "no" };
    // A task over documents is handed what it reads and gives its edits back.
    let handed = |other: &'static str, by: &'static str| if run.documents > 0 { by } else { other };
    let side = |reach: &ReachText, capability| match capability {
        Capability::History if reach.history => vec!["of files it may read".to_owned()],
        Capability::Model if reach.model => vec!["within its budget".to_owned()],
        Capability::Rounds if reach.rounds => vec!["within its rounds".to_owned()],
        _ => reach.patterns(capability).to_vec(),
    };
    let row = |capability| {
        let (name, imported) = match capability {
            Capability::List => ("see names of files", can(Lends::Read)),
            Capability::Read => ("read files", handed(can(Lends::Read), "no need: handed to it")),
            Capability::Edit => ("propose edits", handed(can(Lends::Edit), "given back with its answers")),
            Capability::History => ("read history", can(Lends::History)),
            Capability::Model => ("ask a model", can(Lends::Model)),
            Capability::Rounds => ("learn why tests failed", can(Lends::Rounds)),
        };
        let [declared, granted] = [&run.declared, &run.granted].map(|reach| side(reach, capability));
        Authority { name, imported, declared, granted, used: used(run, capability) }
    };
    Capability::ALL.map(row).into()
}

fn used(run: &Run, capability: Capability) -> String {
    let mut words = Vec::new();
    if capability == Capability::Read && run.documents > 0 {
        words.push(text::count(run.documents, "document"));
    }
    if let Some(used) = run.used.get(capability.word()) {
        let all = used.allowed.saturating_add(used.denied).saturating_add(used.errors);
        words.push(if capability == Capability::Edit { text::count(all, "edit") } else { text::count(all, "call") });
        words.extend((used.denied > 0).then(|| format!("{} refused", used.denied)));
        words.extend((used.errors > 0).then(|| format!("{} not possible", used.errors)));
    }
    if words.is_empty() { "not used".to_owned() } else { words.join(", ") }
}

/// Imports that no grant is needed for.
fn other_imports(run: &Run) -> String {
    let harmless = |import: &&String| imports::lends(import).is_ok_and(|found| matches!(found, Lends::Always | Lends::Inert));
    let names: Vec<&str> = run.imported.iter().filter(harmless).map(String::as_str).collect();
    if names.is_empty() { String::new() } else { format!("Imported besides, and in need of no grant: {}.", names.join(", ")) }
}

fn gate(review: &Review) -> Option<Gate> {
    let gate = review.run.gate.as_ref()?;
    let isolation = match (gate.isolated, gate.namespaces) {
        (true, true) => "isolated, in namespaces of their own",
        (true, false) => "isolated, without namespaces",
        (false, _) => "NOT isolated: the commands had all rights of the user",
    };
    let number = |tests: Option<u64>| tests.map_or_else(|| "not told".to_owned(), |tests| tests.to_string());
    let mut tests = match (gate.tests_before, gate.tests) {
        (None, None) => "the commands tell no number of tests".to_owned(),
        (before, after) => format!("{} before, {} after", number(before), number(after)),
    };
    if let Some(unmet) = &gate.goal_before {
        tests.push_str(&format!("; on the base the goal is not met: {unmet}"));
    }
    let verdict = gate.fault.as_ref().map_or_else(|| "passed".to_owned(), |fault| format!("red: {fault}"));
    Some(Gate { verdict, tests, isolation, commands: gate.commands.clone(), output: review.output.clone() })
}

/// What all rounds of it asked and spent.
fn spend(asked: Option<&AllRounds>) -> String {
    let Some(asked) = asked else { return "no model calls".to_owned() };
    let sum = asked.spent;
    let calls = text::count(asked.calls, "model call");
    format!("{calls} of {}, {}, {}", asked.model, text::count(sum.tokens.all(), "token"), money(sum.cost))
}

fn hidden(files: &[File], room: &mut Room) -> (Vec<HiddenAt>, u64) {
    let all: u64 = files.iter().map(|file| file.hidden.added + file.hidden.before).sum();
    let mut places: Vec<_> = files.iter().flat_map(|file| file.hidden.places.iter().map(move |at| (file, at))).collect();
    places.sort_by_key(|(_, at)| !at.added);
    let (places, _) = room.take(places, |(file, _)| 2 * size(&file.path));
    let besides = all - places.len() as u64;
    let part = |(file, at): (&File, &review::hidden::Hidden)| {
        let origin = if at.added { "added by the candidate" } else { "there before" };
        HiddenAt { path: file.path.clone(), line: at.line, code: code_point(at.char), name: name(at.char), origin }
    };
    (places.into_iter().map(part).collect(), besides)
}

fn part(file: File, base: &str, commit: &str, room: &mut Room) -> FilePart {
    let (lines, besides) = room.take(file.lines, |line| size(&line.text));
    let command = format!("git diff {base} {commit} -- {}", shell_words::quote(&file.path));
    let File { path, action, added, removed, is_text, lines_besides, .. } = file;
    FilePart { path, action, added, removed, is_text, lines, besides: besides + lines_besides, command }
}

/// What to type next.
fn steps(run: &Run, line: &RunLine, standing: &Standing<'_>) -> Vec<(&'static str, String)> {
    let config =
        standing.config.map_or(String::new(), |file| format!(" --config {}", shell_words::quote(&file.to_string_lossy())));
    let Some(candidate) = &run.candidate else { return Vec::new() };
    match line.state {
        State::Waiting if standing.current => vec![
            ("approve this very candidate", format!("lifeos approve {} --digest {}{config}", line.run, candidate.digest)),
            ("approve some files only", format!("lifeos approve {} --file PATH{config}", line.run)),
            ("reject it", format!("lifeos reject {} --why TEXT", line.run)),
        ],
        State::Waiting | State::Red => {
            let told = if run.instruction.is_some() { " --instruction TEXT" } else { "" };
            vec![("run the task again", format!("lifeos run {}{told}{config}", line.task))]
        }
        State::Approved => vec![("take it over", format!("git merge --ff-only {}", candidate.commit))],
        State::Open | State::Superseded => vec![("go on with it", format!("lifeos land {}{config}", line.run))],
        State::Landed => vec![
            ("take it over", format!("git merge --ff-only {}", candidate.commit)),
            ("take it back", format!("lifeos rollback {}{config}", line.run)),
        ],
        State::Rejected | State::RolledBack | State::Nothing | State::Failed => Vec::new(),
    }
}
