//! A page as text for a terminal or a pipe: every text inert.

use std::fmt::Write as _;

use lifeos::clean;
use lifeos::diff::Sign;

use super::super::text;
use super::page::{Authority, FilePart, Gate, Page, Rule};

/// Findings of one rule that are shown.
const EXAMPLES_SHOWN: usize = 3;

/// A part of a page; `term` knows how each one looks.
pub(super) enum Block {
    Heading(String),
    Text(String),
    Diff(String),
}

/// The page from top to bottom.
pub(super) fn blocks(page: &Page) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(page.headline.clone()), Block::Text(head(page))];
    let mut section = |title: &str, text: String| blocks.extend([Block::Heading(title.to_owned()), Block::Text(text)]);
    if !page.warnings.is_empty() {
        section("LOOK AT", page.warnings.iter().map(|warning| format!("  warning: {}\n", clean::line(warning))).collect());
    }
    section("WHAT IT FIXES", findings(page));
    section("WHAT IT COULD AND DID DO", authority(page));
    section("GATE", page.gate.as_ref().map_or_else(|| "  no gate: no command has judged this candidate\n".to_owned(), gate));
    let spend = [&page.spend].into_iter().chain(&page.taken_out);
    section("SPEND", spend.map(|line| format!("  {}\n", clean::line(line))).collect());
    section("HIDDEN CHARACTERS", hidden(page));
    if !page.refused.is_empty() {
        section("REFUSED EDITS", refused(page));
    }
    section("CHANGES", table(page));
    blocks.extend(page.files.iter().flat_map(file));
    if !page.steps.is_empty() {
        let step = |(what, command): &(&str, String)| format!("  {what}:\n    {}\n", clean::line(command));
        blocks.extend([Block::Heading("WHAT TO TYPE".to_owned()), Block::Text(page.steps.iter().map(step).collect())]);
    }
    blocks
}

fn head(page: &Page) -> String {
    let mut text = format!("run {}, {}, {}\n{}\n", clean::line(&page.run), page.state, page.at, page.summary);
    page.facts.iter().for_each(|(name, fact)| line(&mut text, &format!("  {name:<10} {}", clean::line(fact))));
    text
}

fn findings(page: &Page) -> String {
    let mut text = String::new();
    for (title, rules) in [("repaired by these edits", &page.repaired), ("left as they are", &page.remaining)] {
        let count = rules.iter().map(|rule| rule.count).sum();
        line(&mut text, &format!("  {title}: {}", text::count(count, "finding")));
        rules.iter().for_each(|of| rule(&mut text, of));
    }
    if page.rules_besides > 0 {
        line(&mut text, &format!("  not shown: {} more", text::count(page.rules_besides as u64, "rule")));
    }
    text
}

fn rule(text: &mut String, rule: &Rule) {
    let title = if rule.title.is_empty() { String::new() } else { format!("  {}", rule.title) };
    line(text, &format!("    {:>5}  {}  {}{title}", rule.count, rule.severity, clean::line(&rule.rule)));
    for finding in rule.examples.iter().take(EXAMPLES_SHOWN) {
        let path = finding.path.as_ref().map_or("(repository)".into(), |path| clean::line(path.as_str()));
        let place = finding.position.map_or(String::new(), |at| format!(":{}:{}", at.line, at.column));
        line(text, &format!("           {path}{place}: {}", clean::line(&finding.message)));
    }
    let besides = rule.count - rule.examples.len().min(EXAMPLES_SHOWN) as u64;
    if besides > 0 {
        line(text, &format!("           and {besides} more"));
    }
}

fn authority(page: &Page) -> String {
    let mut text = String::new();
    for Authority { name, imported, declared, granted, used } in &page.authority {
        let list = |globs: &[String]| {
            if globs.is_empty() { "nothing".into() } else { clean::line(&text::shortened(globs)).into_owned() }
        };
        line(&mut text, &format!("  {name}: {used}"));
        line(&mut text, &format!("    can call  {imported}"));
        line(&mut text, &format!("    declared  {}", list(declared)));
        line(&mut text, &format!("    granted   {}", list(granted)));
    }
    if !page.imports.is_empty() {
        line(&mut text, &format!("  {}", clean::line(&page.imports)));
    }
    text
}

fn gate(gate: &Gate) -> String {
    let mut text = String::new();
    line(&mut text, &format!("  {}", clean::line(&gate.verdict)));
    gate.commands.iter().for_each(|ran| line(&mut text, &format!("  {}", clean::line(&text::command(ran)))));
    line(&mut text, &format!("  tests: {}", clean::line(&gate.tests)));
    line(&mut text, &format!("  {}", gate.isolation));
    text
}

fn hidden(page: &Page) -> String {
    if page.hidden.is_empty() && page.hidden_besides == 0 {
        return "  none in the changed files\n".to_owned();
    }
    let mut text = String::new();
    for at in &page.hidden {
        line(&mut text, &format!("  warning: {}:{}: {} ({}), {}", clean::line(&at.path), at.line, at.code, at.name, at.origin));
    }
    if page.hidden_besides > 0 {
        line(&mut text, &format!("  not shown: {} more", page.hidden_besides));
    }
    text
}

fn refused(page: &Page) -> String {
    let mut text = String::new();
    for (path, why) in &page.refused {
        let path = if path.is_empty() { "(the whole proposal)" } else { path };
        line(&mut text, &format!("  refused: {}: {}", clean::line(path), clean::line(why)));
    }
    if page.refused_besides > 0 {
        line(&mut text, &format!("  not shown: {} more", page.refused_besides));
    }
    text
}

fn table(page: &Page) -> String {
    let mut text = String::new();
    for file in &page.files {
        line(
            &mut text,
            &format!(
                "  {:>6} {:>6}  {:<8} {}",
                format!("+{}", file.added),
                format!("-{}", file.removed),
                file.action,
                clean::line(&file.path)
            ),
        );
    }
    match (page.files.is_empty(), page.files_besides) {
        (true, 0) => line(&mut text, "  no file"),
        (_, 0) => {}
        (_, besides) => line(&mut text, &format!("  not shown: {} more", text::count(besides as u64, "file"))),
    }
    text
}

fn file(file: &FilePart) -> Vec<Block> {
    let path = clean::line(&file.path);
    let side =
        |letter: char, missing: &str| if file.action == missing { "/dev/null".to_owned() } else { format!("{letter}/{path}") };
    let mut diff = format!("--- {}\n+++ {}\n", side('a', "created"), side('b', "deleted"));
    for shown in &file.lines {
        let sign = match shown.sign {
            Sign::Hunk => "",
            Sign::Same => " ",
            Sign::Added => "+",
            Sign::Removed => "-",
        };
        diff.push_str(sign);
        diff.push_str(&shown.text);
        match (shown.sign, shown.text.ends_with('\n'), shown.cut) {
            (_, true, _) => {}
            (Sign::Hunk, ..) => diff.push('\n'),
            (_, false, 0) => diff.push_str("\n\\ No newline at end of file\n"),
            (_, false, cut) => line(&mut diff, &format!(" ({} more of this line)", text::count(cut as u64, "byte"))),
        }
    }
    let mut note = String::new();
    if !file.is_text {
        line(&mut note, "(not text: changed, and not shown)");
    }
    if file.besides > 0 {
        line(
            &mut note,
            &format!("not shown: {} more of this diff; {}", text::count(file.besides as u64, "line"), clean::line(&file.command)),
        );
    }
    vec![Block::Text("\n".to_owned()), Block::Diff(diff), Block::Text(note)]
}

fn line(text: &mut String, line: &str) {
    let _infallible = writeln!(text, "{line}");
}
