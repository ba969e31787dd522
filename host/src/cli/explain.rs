//! `lifeos explain`: the pages on rules that the binary carries. It knows
//! pages by their names and does not know what any rule does.

use clap::Args;
use lifeos::clean;
use lifeos::nearest::nearest;

use super::error::CommandError;
use super::exit::Exit;
use super::json;
use super::term::Term;

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Explains a rule: what it finds and why, a bad and a good example, and what
/// becomes of it. Without RULE it lists all rules.
#[derive(Args)]
pub(crate) struct Explain {
    /// A rule's id or another name of it, as in a finding: MD022, stamp/outdated.
    rule: Option<String>,
}

/// A page and what its file name and first lines say.
struct Page {
    rule: String,
    also: Vec<&'static str>,
    title: &'static str,
    text: &'static str,
}

pub(crate) fn explain(verb: &Explain, term: &Term) -> Result<Exit, CommandError> {
    let pages: Vec<Page> = PAGES.iter().map(|(name, text)| page(name, text)).collect();
    let Some(rule) = &verb.rule else {
        list(&pages, term);
        return Ok(Exit::Done);
    };
    let Some(page) = pages.iter().find(|page| page.answers_to(rule)) else {
        return Err(unknown(rule, &pages));
    };
    if term.is_json() {
        term.json(&json::Explain { schema: SCHEMA, rules: vec![line(page, Some(page.text))] });
    } else {
        term.data(&clean::block(page.text));
    }
    Ok(Exit::Done)
}

/// What a rule asks for, in one line, if there is a page on it.
pub(crate) fn title(rule: &str) -> Option<&'static str> {
    let pages = PAGES.iter().map(|(name, text)| page(name, text));
    pages.into_iter().find(|page| page.answers_to(rule)).map(|page| page.title)
}

const SCHEMA: &str = "lifeos/explain@1";

fn list(pages: &[Page], term: &Term) {
    if term.is_json() {
        return term.json(&json::Explain { schema: SCHEMA, rules: pages.iter().map(|page| line(page, None)).collect() });
    }
    let width = pages.iter().map(|page| page.rule.len()).max().unwrap_or_default();
    pages.iter().for_each(|page| term.data(&format!("{:<width$}  {}\n", page.rule, page.title)));
}

fn line(page: &Page, text: Option<&'static str>) -> json::Rule {
    let also = page.also.iter().map(|name| (*name).to_owned()).collect();
    json::Rule { rule: page.rule.clone(), also, title: page.title.to_owned(), text }
}

fn unknown(rule: &str, pages: &[Page]) -> CommandError {
    let written = plain(rule);
    let names: Vec<(String, &Page)> = pages.iter().flat_map(|page| page.names().map(move |name| (plain(name), page))).collect();
    let near = nearest(&written, names.iter().map(|(name, _)| name.as_str()));
    // An id with a group is like no other kind of id, however alike the letters are.
    let near =
        near.and_then(|near| names.iter().find(|(name, page)| name == near && page.rule.contains('/') == rule.contains('/')));
    let error = CommandError::usage(format!("there is no rule `{rule}`"));
    match near {
        Some((_, page)) => error.hint(format!("did you mean `{}`, {}?", page.rule, page.title)),
        None => error.hint("`lifeos explain` lists the rules of doc-hygiene; other plugins tell of theirs in their own docs"),
    }
}

/// A page from its file name without ending, where `-` stands for the `/` of an id, and its text.
fn page(name: &str, text: &'static str) -> Page {
    let rule = if name.starts_with("MD") { name.to_owned() } else { name.replacen('-', "/", 1) };
    let title = text.lines().next().unwrap_or_default();
    let title = title.split_once(": ").map_or(title, |(_, title)| title);
    let also = text.lines().find_map(|line| line.strip_prefix("Also called "));
    let also = also.map_or(Vec::new(), |names| names.split('`').skip(1).step_by(2).collect());
    Page { rule, also, title, text }
}

impl Page {
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.rule.as_str()).chain(self.also.iter().copied())
    }

    fn answers_to(&self, name: &str) -> bool {
        let written = plain(name);
        self.names().any(|name| plain(name) == written)
    }
}

/// A name in the one spelling that names are compared in.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '/'], "-")
}
