//! Findings by rule: those that are repaired apart from those that are not.

use std::collections::BTreeMap;

use crate::edit::{Finding, Severity};

/// Findings of a rule that are kept as examples.
const EXAMPLES_MAX: usize = 100;

/// Findings of one rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its id.
    pub rule: String,
    /// The gravest of them.
    pub severity: Severity,
    /// How many there are.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<Finding>,
}

/// Repaired findings by rule, and the others, the most frequent rule first.
pub(super) fn by_rule(findings: impl Iterator<Item = Finding>) -> (Vec<Rule>, Vec<Rule>) {
    let (mut repaired, mut remaining) = (BTreeMap::new(), BTreeMap::new());
    for finding in findings {
        add(if finding.repaired { &mut repaired } else { &mut remaining }, finding);
    }
    let sorted = |rules: BTreeMap<String, Rule>| {
        let mut rules: Vec<Rule> = rules.into_values().collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
        rules
    };
    (sorted(repaired), sorted(remaining))
}

fn add(rules: &mut BTreeMap<String, Rule>, finding: Finding) {
    let (severity, rule) = (finding.severity, finding.rule.clone());
    let rule = rules.entry(rule).or_insert_with_key(|rule| Rule { rule: rule.clone(), severity, count: 0, examples: Vec::new() });
    rule.count += 1;
    // An error comes before a warning in the order of severities.
    rule.severity = rule.severity.min(severity);
    if rule.examples.len() < EXAMPLES_MAX {
        rule.examples.push(finding);
    }
}
