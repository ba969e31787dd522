//! `lifeos explain`: what rules mean, in a sentence that each plugin's manifest has. For
//! the official ones the binary carries pages too. It does not know what any rule does.

use clap::Args;
use lifeos::clean;
use lifeos::config::{Source, Task};
use lifeos::nearest::nearest;
use lifeos::plugin::manifest::Manifest;
use lifeos::plugin::official;

use super::error::CommandError;
use super::exit::Exit;
use super::locked::Locked;
use super::term::Term;
use super::{Global, json, open};

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Explains a rule of the plugins that lifeos carries, or that lifeos.toml names: what it
/// finds, and where there is a page, why, with examples. Without RULE it lists all rules.
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

/// A rule of a plugin.
struct Known {
    plugin: String,
    rule: String,
    /// One line of the plugin's author.
    sentence: String,
    /// Of an official plugin, if there is one.
    page: Option<Page>,
}

pub(crate) fn explain(verb: &Explain, global: &Global, term: &Term) -> Result<Exit, CommandError> {
    let mut known = carried()?;
    known.extend(of_tasks(global, term));
    let Some(rule) = &verb.rule else {
        list(&known, term);
        return Ok(Exit::Done);
    };
    let found: Vec<&Known> = known.iter().filter(|known| known.answers_to(rule)).collect();
    if found.is_empty() {
        return Err(unknown(rule, &known));
    }
    if term.is_json() {
        let rules = found.iter().map(|known| known.line(known.page.as_ref().map(|page| page.text))).collect();
        term.json(&json::Explain { schema: SCHEMA, rules });
    } else {
        found.iter().for_each(|known| term.data(&known.text()));
    }
    Ok(Exit::Done)
}

/// What a rule asks for, in one line, if there is a page on it.
pub(crate) fn title(rule: &str) -> Option<&'static str> {
    let pages = PAGES.iter().map(|(name, text)| page(name, text));
    pages.into_iter().find(|page| page.answers_to(rule)).map(|page| page.title)
}

const SCHEMA: &str = "lifeos/explain@1";
/// Who reports what begins so: the host, whatever plugin runs.
const OWN: &str = "lifeos";

/// The rules of the host and of the official plugins, with their pages.
fn carried() -> Result<Vec<Known>, CommandError> {
    let mut pages: Vec<Page> = PAGES.iter().map(|(name, text)| page(name, text)).collect();
    let mut known = Vec::new();
    for name in official::names() {
        let manifest = official::read(name)?.manifest;
        known.extend(rules(name, &manifest, |rule| Some(pages.swap_remove(pages.iter().position(|page| page.rule == rule)?))));
    }
    let own = pages.into_iter().filter(|page| page.rule.split('/').next() == Some(OWN));
    let of_host =
        |page: Page| Known { plugin: OWN.to_owned(), rule: page.rule.clone(), sentence: page.title.to_owned(), page: Some(page) };
    known.extend(own.map(of_host));
    known.sort_by(|one, other| one.rule.cmp(&other.rule));
    Ok(known)
}

/// The rules of other plugins that the tasks of the commit name, if there is one. A
/// plugin that cannot be read is told of, and the others are asked.
fn of_tasks(global: &Global, term: &Term) -> Vec<Known> {
    let found = || {
        let repo = open::repo(global).ok()?;
        let head = repo.head().ok()?;
        let config = open::config(global, &repo, head).ok()?;
        let locked = Locked::at(&repo, head, global).ok()?;
        let plugin = |task: &Task| (task.name.clone(), as_named(task), locked.plugin(task, &repo));
        Some(config.tasks.values().map(plugin).collect::<Vec<_>>())
    };
    let mut known: Vec<Known> = Vec::new();
    for (task, name, plugin) in found().unwrap_or_default() {
        match plugin {
            Ok(plugin) if official::bytes(&plugin.manifest.name).is_ok_and(|(_, digest)| digest == plugin.digest) => {}
            Ok(plugin) => known.extend(rules(&name, &plugin.manifest, |_| None)),
            Err(error) => term.note(&format!("{task}: {}", clean::line(&error.message))),
        }
    }
    known.sort_by(|one, other| (&one.rule, &one.plugin).cmp(&(&other.rule, &other.plugin)));
    known.dedup_by(|one, other| (&one.rule, &one.plugin, &one.sentence) == (&other.rule, &other.plugin, &other.sentence));
    known
}

/// A plugin as lifeos.toml has it: what it calls itself may be the name of another one.
fn as_named(task: &Task) -> String {
    match &task.plugin {
        Source::Name(name) | Source::File(name) => clean::line(name).into_owned(),
    }
}

fn rules(plugin: &str, manifest: &Manifest, mut page: impl FnMut(&str) -> Option<Page>) -> Vec<Known> {
    let known = |(rule, sentence): (&String, &String)| Known {
        plugin: plugin.to_owned(),
        rule: rule.clone(),
        sentence: clean::line(sentence).into_owned(),
        page: page(rule),
    };
    manifest.rules.iter().map(known).collect()
}

fn list(known: &[Known], term: &Term) {
    if term.is_json() {
        return term.json(&json::Explain { schema: SCHEMA, rules: known.iter().map(|known| known.line(None)).collect() });
    }
    let width = known.iter().map(|known| known.rule.len()).max().unwrap_or_default();
    known.iter().for_each(|known| term.data(&format!("{:<width$}  {}\n", known.rule, known.sentence)));
}

fn unknown(rule: &str, known: &[Known]) -> CommandError {
    let written = plain(rule);
    let names: Vec<(String, &Known)> =
        known.iter().flat_map(|known| known.names().map(move |name| (plain(name), known))).collect();
    let near = nearest(&written, names.iter().map(|(name, _)| name.as_str()));
    // An id with a group is like no other kind of id, however alike the letters are.
    let near =
        near.and_then(|near| names.iter().find(|(name, known)| name == near && known.rule.contains('/') == rule.contains('/')));
    let error = CommandError::usage(format!("there is no rule `{rule}`"));
    match near {
        Some((_, known)) => error.hint(format!("did you mean `{}`, {}?", known.rule, known.sentence)),
        None => error.hint("`lifeos explain` lists the rules that the plugins have a sentence for; their own docs may tell more"),
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

impl Known {
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.rule.as_str()).chain(self.page.iter().flat_map(|page| page.also.iter().copied()))
    }

    fn answers_to(&self, name: &str) -> bool {
        let written = plain(name);
        self.names().any(|name| plain(name) == written)
    }

    /// The page; without one the sentence, and whose it is.
    fn text(&self) -> String {
        let sentence = || format!("{}: {}\nSo says the author of plugin {}.\n", self.rule, self.sentence, self.plugin);
        self.page.as_ref().map_or_else(sentence, |page| clean::block(page.text).into_owned())
    }

    fn line(&self, text: Option<&'static str>) -> json::Rule {
        let also = self.page.iter().flat_map(|page| &page.also).map(|name| (*name).to_owned()).collect();
        let (rule, plugin, title) = (self.rule.clone(), self.plugin.clone(), self.sentence.clone());
        json::Rule { rule, plugin, also, title, text }
    }
}

/// A name in the one spelling that names are compared in.
fn plain(name: &str) -> String {
    name.to_lowercase().replace(['_', '/'], "-")
}
