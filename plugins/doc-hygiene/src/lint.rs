//! The one door to the rumdl library: its rules behind [`Rules`], and the
//! repository's configuration in its terms. No type of that library is seen
//! outside this file.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use rumdl_lib::config::global_keys::apply_global_key;
use rumdl_lib::config::registry::{default_registry, is_valid_rule_name};
use rumdl_lib::config::{
    Config, ConfigSource, MarkdownFlavor, SourcedConfig, SourcedRuleConfig, SourcedValue, is_global_value_key, normalize_key,
};
use rumdl_lib::discovery::ExcludeMatchers;
use rumdl_lib::document_run::DocumentRun;
use rumdl_lib::embedded_lint::should_lint_embedded_markdown;
use rumdl_lib::markdownlint_config::MarkdownlintConfig;
use rumdl_lib::rule::{LintResult, LintWarning, Rule, Severity};
use rumdl_lib::rules::{all_rules, filter_rules};
use toml::{Table, Value};

use crate::burden;
use crate::config::Found;
use crate::format::{Fixed, Look, Rules, Seen, Weight, is_fixed};

/// Link rules look at other files, which a linter of one text cannot.
const LINK_RULES: [&str; 2] = ["MD051", "MD057"];

/// The library fixes in rounds until nothing changes, this often at most.
const ITERATIONS_MAX: usize = 100;

/// Whether there is such a lint rule, by its id or another name of it.
pub(crate) fn is_rule(name: &str) -> bool {
    is_valid_rule_name(name)
}

/// The library's rules with one configuration.
pub(crate) struct Linter {
    config: Config,
    rules: Vec<Box<dyn Rule>>,
    excluded: ExcludeMatchers,
    included: ExcludeMatchers,
}

impl Linter {
    /// Rules as the repository configures them, then as the owner does.
    pub(crate) fn new(found: Found, disable: &[String], enable: &[String]) -> Self {
        let mut config = match found {
            Found::Nothing => Config::default(),
            Found::Own(tables) => from_own(tables),
            Found::Markdownlint(rules, ignores) => from_markdownlint(rules, ignores),
        };
        config.global.extend_disable.extend_from_slice(disable);
        config.global.extend_enable.extend_from_slice(enable);
        config.canonicalize_rule_lists();
        let mut rules = filter_rules(&all_rules(&config), &config.global);
        rules.retain(|rule| !LINK_RULES.contains(&rule.name()));
        let unfixed = rules.iter().map(|rule| rule.name()).filter(|name| !is_fixed(name));
        config.global.unfixable.extend(unfixed.map(str::to_owned));
        let excluded = ExcludeMatchers::new(&config.global.exclude);
        let included = ExcludeMatchers::new(&config.global.include);
        Self { config, rules, excluded, included }
    }

    fn covers(&self, path: &str) -> bool {
        !self.excluded.is_match(path) && (self.included.is_empty() || self.included.is_match(path))
    }

    fn run<'a>(&'a self, path: &'a str, text: &'a str, rules: &'a [Box<dyn Rule>]) -> DocumentRun<'a> {
        DocumentRun::new(text, rules, &self.config).config_path(Some(Path::new(path)))
    }

    /// A run of all rules; what a file ignores it leaves out itself, by the path.
    fn run_all<'a>(&'a self, path: &'a str, text: &'a str) -> DocumentRun<'a> {
        let run = self.run(path, text, &self.rules);
        let embedded = should_lint_embedded_markdown(&self.config.code_block_tools);
        if embedded { run.embedded_markdown(&self.rules) } else { run }
    }

    /// What is seen without a look at the text's content, if that is all.
    fn passed_over(&self, path: &str, text: &str) -> Option<Vec<Seen>> {
        if !self.covers(path) {
            return Some(Vec::new());
        }
        burden::is_too_deep(text).then(|| vec![too_deep()])
    }
}

impl Rules for Linter {
    fn check(&self, path: &str, text: &str) -> Vec<Seen> {
        let seen = || all_seen(self.run_all(path, text).analyze_raw().0);
        self.passed_over(path, text).unwrap_or_else(seen)
    }

    fn check_and_fix(&self, path: &str, text: &str) -> Look {
        if let Some(seen) = self.passed_over(path, text) {
            return Look { seen, fixed: None };
        }
        if burden::has_too_many_open_links(text) {
            return Look { seen: self.check(path, text), fixed: None };
        }
        let result = self.run_all(path, text).analyze_and_fix(ITERATIONS_MAX);
        let fixed = result.fixes.and_then(Result::ok).filter(|(_, how)| how.converged);
        let left = result.remaining_warnings.map(all_seen);
        Look { seen: all_seen(result.warnings), fixed: fixed.map(|(text, _)| Fixed { text, left }) }
    }

    fn fix(&self, path: &str, text: &str, names: &BTreeSet<String>) -> Option<String> {
        if burden::has_too_many_open_links(text) {
            return None;
        }
        let rules: Vec<_> = self.rules.iter().filter(|rule| names.contains(rule.name())).cloned().collect();
        // The same text as `fix` gives, for far fewer looks at it.
        self.run(path, text, &rules).fix_for_formatter(ITERATIONS_MAX).ok().map(|(fixed, _)| fixed)
    }
}

fn too_deep() -> Seen {
    Seen {
        rule: "lint/too-deep".to_owned(),
        weight: Weight::Note,
        message: "not linted and not formatted: lists are nested too deep".to_owned(),
        start: (1, 1),
        end: (1, 1),
        fixable: false,
    }
}

fn all_seen(warnings: LintResult) -> Vec<Seen> {
    warnings.unwrap_or_default().into_iter().map(seen).collect()
}

fn seen(warning: LintWarning) -> Seen {
    Seen {
        weight: match warning.severity {
            Severity::Error => Weight::Error,
            Severity::Warning => Weight::Warning,
            Severity::Info => Weight::Note,
        },
        fixable: warning.fix.is_some(),
        rule: warning.rule_name.unwrap_or_else(|| "rumdl".to_owned()),
        message: warning.message,
        start: (warning.line, warning.column),
        end: (warning.end_line, warning.end_column),
    }
}

fn from_own(tables: Vec<Table>) -> Config {
    let mut sourced = SourcedConfig::default();
    for table in &tables {
        let base_enable = sourced.global.extend_enable.value.clone();
        let base_disable = sourced.global.extend_disable.value.clone();
        globals(table, &mut sourced);
        if let Some(Value::Table(inner)) = table.get("global") {
            globals(inner, &mut sourced);
        }
        // These two add up over the files of a chain; all others replace.
        prepend(base_enable, &mut sourced.global.extend_enable.value);
        prepend(base_disable, &mut sourced.global.extend_disable.value);
        per_file(table, &mut sourced);
        rule_tables(table, &mut sourced);
        if let Some(Value::Table(inner)) = table.get("rules") {
            rule_tables(inner, &mut sourced);
        }
    }
    finished(sourced)
}

fn prepend(mut base: Vec<String>, list: &mut Vec<String>) {
    base.retain(|name| !list.contains(name));
    list.splice(0..0, base);
}

fn globals(table: &Table, sourced: &mut SourcedConfig) {
    for (key, value) in table {
        let key = normalize_key(key);
        if is_global_value_key(&key) {
            // A value of the wrong type is passed over, as the library does.
            let _ = apply_global_key(&mut sourced.global, &key, value, ConfigSource::ProjectConfig, None, default_registry());
        }
    }
}

fn per_file(table: &Table, sourced: &mut SourcedConfig) {
    let entry = |name: &str| {
        let written = table.iter().find(|(key, _)| normalize_key(key) == name);
        written.and_then(|(_, value)| value.as_table())
    };
    if let Some(ignores) = entry("per-file-ignores") {
        let ignores: BTreeMap<String, Vec<String>> =
            ignores.iter().filter_map(|(pattern, rules)| Some((pattern.clone(), rule_names(rules.as_array()?)))).collect();
        sourced.per_file_ignores = own_value(ignores);
    }
    if let Some(flavors) = entry("per-file-flavor") {
        let flavors = flavors.iter().filter_map(|(pattern, flavor)| {
            let flavor: MarkdownFlavor = flavor.as_str()?.parse().ok()?;
            Some((pattern.clone(), flavor))
        });
        sourced.per_file_flavor = own_value(flavors.collect());
    }
    if let Some(tools) = entry("code-block-tools")
        && let Ok(tools) = Value::Table(tools.clone()).try_into()
    {
        sourced.code_block_tools = own_value(tools);
    }
}

fn rule_names(list: &[Value]) -> Vec<String> {
    let names = list.iter().filter_map(Value::as_str);
    names.map(|name| default_registry().resolve_rule_name(name).unwrap_or_else(|| normalize_key(name))).collect()
}

fn rule_tables(table: &Table, sourced: &mut SourcedConfig) {
    for (key, value) in table {
        let (Some(name), Some(options)) = (default_registry().resolve_rule_name(key), value.as_table()) else {
            continue;
        };
        let rule: &mut SourcedRuleConfig = sourced.rules.entry(name).or_default();
        for (key, value) in options {
            let key = normalize_key(key);
            if key == "severity" {
                rule.severity = value.clone().try_into().ok().map(own_value).or(rule.severity.take());
            } else {
                rule.values.insert(key, own_value(value.clone()));
            }
        }
    }
}

fn own_value<T: Clone>(value: T) -> SourcedValue<T> {
    SourcedValue::new(value, ConfigSource::ProjectConfig)
}

fn from_markdownlint(rules: serde_yaml::Mapping, ignores: Vec<String>) -> Config {
    let mut named: HashMap<String, serde_yaml::Value> = HashMap::new();
    let mut spelling: HashMap<String, String> = HashMap::new();
    for (key, value) in rules {
        let Some(key) = key.as_str() else { continue };
        // Of two spellings of one rule the later one counts.
        let rule = default_registry().resolve_rule_name(key).unwrap_or_else(|| key.to_owned());
        if let Some(earlier) = spelling.insert(rule, key.to_owned()) {
            named.remove(&earlier);
        }
        named.insert(key.to_owned(), value);
    }
    let fragment = MarkdownlintConfig(named).map_to_sourced_rumdl_config_fragment(None);
    let mut sourced = SourcedConfig::default();
    sourced.global = fragment.global;
    sourced.rules = fragment.rules;
    sourced.global.exclude = own_value(ignores);
    finished(sourced)
}

/// The final form; a rule both enabled and disabled is enabled.
fn finished(mut sourced: SourcedConfig) -> Config {
    let enabled = sourced.global.enable.value.clone();
    sourced.global.disable.value.retain(|rule| !enabled.contains(rule));
    sourced.into_validated_unchecked().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use lifeos_sdk::Document;

    use super::Linter;
    use crate::config;
    use crate::format::Rules as _;

    fn linter(path: &str, text: &str) -> Linter {
        let file = Document { path: path.to_owned(), id: String::new(), text: text.to_owned(), editable: false };
        let found = config::find(&[file]).expect("readable configuration");
        Linter::new(found, &["MD047".to_owned()], &[])
    }

    fn check(config: (&str, &str), document: (&str, &str), expected: &[&str]) {
        let seen = linter(config.0, config.1).check(document.0, document.1);
        let seen: Vec<String> = seen.iter().map(|seen| format!("{}:{}", seen.rule, seen.start.0)).collect();
        assert_eq!(seen, expected, "{config:?}");
    }

    const LONG: &str = "# A\n\nThis line is longer than forty characters, but it ends.\n";

    #[test]
    fn the_own_configuration_counts() {
        check(("none", ""), ("a.md", LONG), &[]);
        check((".rumdl.toml", "line-length = 40\n"), ("a.md", LONG), &["MD013:3"]);
        check((".rumdl.toml", "[global]\nline_length = 40\n"), ("a.md", LONG), &["MD013:3"]);
        check((".rumdl.toml", "[MD013]\nline-length = 40\n"), ("a.md", LONG), &["MD013:3"]);
        check((".rumdl.toml", "[rules.line-length]\nline_length = 40\n"), ("a.md", LONG), &["MD013:3"]);
        check((".rumdl.toml", "line-length = 40\ndisable = [\"MD013\"]\n"), ("a.md", LONG), &[]);
        check((".rumdl.toml", "line-length = 40\nexclude = [\"docs\"]\n"), ("docs/a.md", LONG), &[]);
        check((".rumdl.toml", "line-length = 40\ninclude = [\"docs\"]\n"), ("a.md", LONG), &[]);
        let ignores = "line-length = 40\n[per-file-ignores]\n\"x/*.md\" = [\"line-length\"]\n";
        check((".rumdl.toml", ignores), ("x/a.md", LONG), &[]);
        check((".rumdl.toml", ignores), ("a.md", LONG), &["MD013:3"]);
    }

    #[test]
    fn the_markdownlint_configuration_counts() {
        check((".markdownlint.json", "{\"MD013\": {\"line_length\": 40}}"), ("a.md", LONG), &["MD013:3"]);
        check((".markdownlint.yaml", "line-length: 40\n"), ("a.md", LONG), &["MD013:3"]);
        check((".markdownlint.yaml", "default: false\n"), ("a.md", "#A\n"), &[]);
        check((".markdownlint.yaml", "default: false\nMD018: true\n"), ("a.md", "#A\n"), &["MD018:1"]);
    }

    #[test]
    fn link_rules_stay_off() {
        check((".rumdl.toml", "enable = [\"ALL\"]\ndisable=[\"MD076\"]\n"), ("a.md", "# A\n\n[a](#b) [c](d.md)\n"), &[]);
    }

    #[test]
    fn absurd_nesting_is_not_linted() {
        let absurd = format!("{}x\n", "- ".repeat(10_000));
        check(("none", ""), ("a.md", &absurd), &["lint/too-deep:1"]);
        let deep = (0..30).map(|at| format!("{}- x\n", "  ".repeat(at))).collect::<String>();
        check(("none", ""), ("a.md", &format!("# A\n\n{deep}")), &[]);
    }

    #[test]
    fn fixes_only_the_named_rules() {
        let names = BTreeSet::from(["MD009".to_owned()]);
        let fixed = linter("none", "").fix("a.md", "# A\ntext \n", &names);
        assert_eq!(fixed.as_deref(), Some("# A\ntext\n"));
    }
}
