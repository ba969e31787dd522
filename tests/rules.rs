//! The pages on rules in `docs/rules`: their examples held against the plugin,
//! their names against the rules it knows, and the index against the pages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::rig::components::{task_wat, wat_with};
use crate::rig::{TestRepo, workspace};

/// Pages without an example, and why.
const NOT_SHOWN: &[(&str, &str)] = &[
    ("MD047", "a block of code always ends with a line feed"),
    ("MD051", "never reported: link/anchor takes its place"),
    ("MD057", "never reported: link/broken takes its place"),
    ("MD074", "never reported: it looks at files by itself"),
    ("MD094", "never reported: a file that is not UTF-8 is not handed over"),
    ("lifeos/over-limit", "an example is longer than a page"),
    ("lint/too-deep", "an example is longer than a page"),
    ("stamp/history-missing", "about a clone, not about a document"),
];

/// Rules that need more than one document; the plugin's own tests show them.
const OF_SETS: &[&str] = &["index/", "link/", "orphan/", "path/", "term/", "title/", "toc/", "version/"];

/// A page, with the claims of its row in the index.
struct Page {
    rule: String,
    text: String,
    title: String,
    fixed: String,
    reported: String,
}

impl Page {
    fn file(&self) -> String {
        format!("{}.md", self.rule.replace('/', "-"))
    }

    /// The first block of code under a heading.
    fn block(&self, heading: &str) -> Option<String> {
        let (_, section) = self.text.split_once(&format!("\n## {heading}\n"))?;
        let opening = section.lines().find(|line| line.starts_with("```"))?;
        let fence = opening.trim_end_matches(|char: char| char != '`');
        let (_, block) = section.split_once(&format!("{opening}\n"))?;
        Some(block.split_once(&format!("\n{fence}\n"))?.0.to_owned() + "\n")
    }

    fn also(&self) -> Vec<&str> {
        let line = self.text.lines().find_map(|line| line.strip_prefix("Also called "));
        line.map_or(Vec::new(), |names| names.split('`').skip(1).step_by(2).collect())
    }

    fn is_shown(&self) -> bool {
        !NOT_SHOWN.iter().any(|(rule, _)| *rule == self.rule) && !OF_SETS.iter().any(|group| self.rule.starts_with(group))
    }
}

/// The pages in the order of the index.
fn pages() -> Vec<Page> {
    let folder = workspace().join("docs/rules");
    let index = std::fs::read_to_string(folder.join("README.md")).expect("the index");
    let page = |row: &str| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (rule, file) = cells[1].trim_matches(['[', ')']).split_once("](").expect("a link");
        let text = std::fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let [title, fixed, reported] = [cells[2], cells[3], cells[4]].map(str::to_owned);
        let page = Page { rule: rule.to_owned(), text, title, fixed, reported };
        assert_eq!(page.file(), file, "the row of {rule}");
        page
    };
    index.lines().filter(|line| line.starts_with("| [")).map(page).collect()
}

/// What the plugin reports on the examples of some pages: by path, and whether it is repaired.
fn findings(pages: &[&Page], config: Option<&str>, options: &str) -> BTreeMap<(String, String), bool> {
    let repo = TestRepo::unborn();
    for page in pages {
        repo.write(&format!("bad/{}", page.file()), page.block("Bad").expect("a bad example"));
        repo.write(&format!("good/{}", page.file()), page.block("Good").expect("a good example"));
    }
    if let Some(config) = config {
        repo.write(".rumdl.toml", config);
    }
    repo.commit("begin");
    // All examples are in one commit, which is no mass edit here.
    let grant = "read = ['**', '.rumdl.toml']\nedit = ['**']\nhistory = true\noptions.mass_commit_files = 1000";
    repo.config(&format!("[task.t]\nplugin = 'doc-hygiene'\n{grant}\n{options}"));
    let ran = repo.lifeos(&["check", "t", "--json"]);
    let json = ran.json();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let mut seen = BTreeMap::new();
    for finding in json["findings"].as_array().unwrap_or_else(|| panic!("{ran}")) {
        let repaired = finding["repaired"] == true;
        *seen.entry((text(finding, "path"), text(finding, "rule"))).or_insert(repaired) |= repaired;
    }
    seen
}

/// Those of the pages whose example, bad or good, their own rule reports on.
fn seen<'a>(pages: &[&'a Page], example: &str, found: &BTreeMap<(String, String), bool>) -> BTreeSet<&'a str> {
    let at = |page: &Page| (format!("{example}/{}", page.file()), page.rule.clone());
    pages.iter().filter(|page| found.contains_key(&at(page))).map(|page| page.rule.as_str()).collect()
}

fn rules<'a>(pages: &[&'a Page], which: impl Fn(&Page) -> bool) -> BTreeSet<&'a str> {
    pages.iter().filter(|page| which(page)).map(|page| page.rule.as_str()).collect()
}

fn check(pages: &[&Page], config: Option<&str>) {
    let none = BTreeSet::new();
    let found = findings(pages, config, "options.lint_enable = ['ALL']");
    assert_eq!(seen(pages, "bad", &found), rules(pages, |_| true), "reported on the bad examples");
    assert_eq!(seen(pages, "good", &found), none, "reported on the good examples");
    for page in pages {
        let repaired = found[&(format!("bad/{}", page.file()), page.rule.clone())];
        assert_eq!(page.fixed, if repaired { "yes" } else { "no" }, "{}: fixed", page.rule);
    }
    let found = findings(pages, config, "");
    assert_eq!(seen(pages, "bad", &found), rules(pages, |page| page.reported != "opt-in"), "reported without being asked");
}

#[test]
fn every_example_is_what_it_says() {
    let pages = pages();
    let shown: Vec<&Page> = pages.iter().filter(|page| page.is_shown()).collect();
    let (set, plain): (Vec<&Page>, Vec<&Page>) = shown.iter().partition(|page| page.block("Configuration").is_some());
    check(&plain, None);
    for page in &set {
        check(&[page], page.block("Configuration").as_deref());
    }
    let found = findings(&set, None, "options.lint_enable = ['ALL']");
    assert_eq!(seen(&set, "bad", &found), BTreeSet::new(), "reported without configuration");
    let claims = rules(&set, |page| page.reported == "always");
    assert_eq!(claims, BTreeSet::new(), "always reported, and needs configuration");
}

#[test]
fn what_is_not_shown_has_no_example() {
    for page in pages().iter().filter(|page| NOT_SHOWN.iter().any(|(rule, _)| *rule == page.rule)) {
        assert_eq!(page.block("Bad"), None, "{} has an example that nothing holds", page.rule);
    }
}

#[test]
fn other_names_are_names_of_the_rule() {
    let pages = pages();
    let linter: Vec<&Page> = pages.iter().filter(|page| page.rule.starts_with("MD")).collect();
    let shown: Vec<&Page> =
        linter.iter().copied().filter(|page| page.is_shown() && page.block("Configuration").is_none()).collect();
    for at in 0..3 {
        let name = |page: &&&Page| page.also().get(at).or(page.also().last()).map(|name| (*name).to_owned());
        let names: Vec<String> = linter.iter().filter_map(|page| name(&page)).collect();
        let found = findings(&shown, None, &format!("options.lint_enable = ['ALL']\noptions.lint_disable = {names:?}"));
        assert_eq!(seen(&shown, "bad", &found), BTreeSet::new(), "reported in spite of {names:?}");
    }
}

/// The linter itself tells the rules it knows: it reports comments that silence none of their findings.
#[test]
fn every_rule_of_the_linter_has_a_page() {
    // The comment must not silence the rule that tells, and exceeds the line length itself.
    let apart = ["MD087", "MD013"];
    let names = (0..200).map(|number| format!("MD{number:03}")).filter(|name| !apart.contains(&name.as_str()));
    let names: Vec<String> = names.collect();
    let repo = TestRepo::new(&[("a.md", &format!("# Title\n\nText. <!-- rumdl-disable-line {} -->\n", names.join(" ")))]);
    repo.config("[task.t]\nplugin = 'doc-hygiene'\nread = ['**']\nedit = ['**']\noptions.lint_enable = ['ALL']\n");
    let json = repo.lifeos(&["check", "t", "--json"]).exits(1).json();
    let messages = json["findings"].as_array().expect("findings").iter().filter_map(|finding| finding["message"].as_str());
    let told = messages.collect::<String>();
    let mut known: BTreeSet<&str> = names.iter().map(String::as_str).filter(|name| told.contains(name)).collect();
    known.extend(apart);
    // These two are switched off, since others take their place.
    known.extend(["MD051", "MD057"]);
    let pages = pages();
    assert_eq!(rules(&pages.iter().collect::<Vec<_>>(), |page| page.rule.starts_with("MD")), known);
}

#[test]
fn the_index_has_every_page() {
    let pages = pages();
    let folder = std::fs::read_dir(workspace().join("docs/rules")).expect("the folder");
    let mut files: BTreeSet<String> =
        folder.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    assert!(files.remove("README.md"));
    assert_eq!(pages.iter().map(Page::file).collect::<BTreeSet<_>>(), files);
    for page in &pages {
        assert_eq!(page.text.lines().next(), Some(format!("# {}: {}", page.rule, page.title).as_str()));
        assert!(["always", "opt-in", "when configured", "never"].contains(&page.reported.as_str()), "{}", page.rule);
    }
}

#[test]
fn explain_prints_the_pages() {
    let repo = TestRepo::nowhere();
    let list = repo.lifeos(&["explain"]);
    for page in &pages() {
        list.exits(0).says(&format!("{} ", page.rule)).says(&page.title);
        let name = page.also().last().map_or(page.rule.clone(), |name| (*name).to_owned());
        let shown = repo.lifeos(&["explain", &name, "--json"]).exits(0).json();
        assert_eq!(shown["rules"][0]["rule"], page.rule, "{name}");
        assert_eq!(shown["rules"][0]["text"], page.text, "{name}");
    }
    for (name, says) in
        [("md022", "# MD022: "), ("Blanks_Around_Headings", "# MD022: "), ("stamp-outdated", "# stamp/outdated: ")]
    {
        repo.lifeos(&["explain", name]).exits(0).says(says);
    }
    repo.lifeos(&["explain", "blank-around-heading"]).exits(2).says("did you mean `MD022`");
    repo.lifeos(&["explain", "stamp/outdatd"]).exits(2).says("did you mean `stamp/outdated`");
    repo.lifeos(&["explain", "!"]).exits(2).says("`lifeos explain` lists the rules");
    // A page and the sentence of its manifest say one thing.
    let all = repo.lifeos(&["explain", "--json"]).json();
    let sentence = |rule: &str| all["rules"].as_array()?.iter().find(|known| known["rule"] == rule)?["title"].as_str();
    for page in &pages() {
        assert_eq!(sentence(&page.rule), Some(page.title.as_str()), "{}", page.rule);
    }
}

#[test]
fn explain_answers_for_every_plugin_that_is_named() {
    let repo = TestRepo::new(&[("a.md", "a\n")]);
    for (rule, plugin) in
        [("doc-sync/gone-flag", "doc-sync"), ("implement/refused", "implement"), ("license/other", "license-header")]
    {
        repo.lifeos(&["explain", rule])
            .exits(0)
            .says(&format!("{rule}: "))
            .says(&format!("So says the author of plugin {plugin}"));
    }
    repo.lifeos(&["explain", "mine/first"]).exits(2).says("there is no rule `mine/first`");
    // Of another plugin, which may not speak for an official one.
    let rules = json!({"mine/first": "it is not the first", "MD022": "nothing to see"});
    let manifest = json!({"name": "doc-hygiene", "version": "1", "description": "", "rules": rules});
    repo.task_of(&wat_with(&task_wat("", "", "", ""), &manifest.to_string()), "");
    repo.lifeos(&["explain"]).exits(0).says("mine/first").says("it is not the first").says("doc-sync/gone-flag");
    let shown = repo.lifeos(&["explain", "mine/first", "--json"]).exits(0).json();
    let rule = &shown["rules"][0];
    assert_eq!((&rule["title"], &rule["text"]), (&json!("it is not the first"), &Value::Null));
    let path = rule["plugin"].as_str().expect("a plugin").to_owned();
    assert!(path.ends_with(".wasm"), "it is called what lifeos.toml calls it: {path}");
    let shown = repo.lifeos(&["explain", "MD022", "--json"]).exits(0).json();
    let plugins: Vec<_> = shown["rules"].as_array().expect("rules").iter().map(|rule| rule["plugin"].as_str()).collect();
    assert_eq!(plugins, [Some("doc-hygiene"), Some(path.as_str())]);
    repo.lifeos(&["explain", "MD022"])
        .says("# MD022: ")
        .says(&format!("MD022: nothing to see\nSo says the author of plugin {path}."));
}
