//! Marked tables of contents: regions between comments that a tool once
//! filled. It compares them with the headings and changes nothing.

use std::collections::HashSet;
use std::ops::Range;

use crate::facts::Facts;
use crate::facts::gather::{Gathered, Heading};
use crate::slug;
use crate::source::Source;

/// How many headings a message names.
const NAMED_MAX: usize = 3;

/// A region that differs from the headings.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Drift {
    /// In the plain text.
    pub(crate) place: Range<usize>,
    pub(crate) message: String,
}

/// What a comment means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Start,
    Stop,
}

/// Finds the regions that miss headings or list some that are gone.
pub(crate) fn drift(source: &Source<'_>, gathered: &Gathered) -> Vec<Drift> {
    let regions = regions(source.plain(), &gathered.marks);
    regions.into_iter().filter_map(|region| compared(source, gathered, region)).collect()
}

fn regions(text: &str, blocks: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open = None;
    for block in blocks {
        match (mark(&text[block.clone()]), open) {
            (Some(Mark::Start), _) => open = Some(block.start),
            (Some(Mark::Stop), Some(start)) => {
                found.push(start..block.end);
                open = None;
            }
            _ => {}
        }
    }
    found
}

fn mark(comment: &str) -> Option<Mark> {
    let inner = comment.trim_start_matches("<!--").split("-->").next()?.trim().to_ascii_lowercase();
    match inner.as_str() {
        "toc" => Some(Mark::Start),
        "tocstop" | "/toc" | "toc stop" | "end toc" => Some(Mark::Stop),
        _ if inner.starts_with("start doctoc") => Some(Mark::Start),
        _ if inner.starts_with("end doctoc") => Some(Mark::Stop),
        _ => None,
    }
}

fn compared(source: &Source<'_>, gathered: &Gathered, region: Range<usize>) -> Option<Drift> {
    let listed = listed(source, &gathered.facts, &region);
    let outside: Vec<&Heading> = gathered.headings.iter().filter(|heading| !region.contains(&heading.at)).collect();
    let levels: Vec<usize> =
        outside.iter().filter(|heading| listed.contains(&heading.slug)).map(|heading| heading.level).collect();
    let (first, last) = (*levels.iter().min()?, *levels.iter().max()?);
    // Who lists mostly other things does not mean these headings.
    if levels.len() * 2 < listed.len() {
        return None;
    }
    let is_due = |heading: &&&Heading| heading.at > region.end && (first..=last).contains(&heading.level);
    let missing: Vec<&str> = outside
        .iter()
        .filter(is_due)
        .filter(|heading| !listed.contains(&heading.slug))
        .map(|heading| heading.text.trim())
        .collect();
    let slugs: HashSet<&str> =
        gathered.facts.slugs.iter().chain(&gathered.facts.ids).map(|word| gathered.facts.text(*word)).collect();
    let mut gone: Vec<&str> = listed.iter().map(String::as_str).filter(|slug| !slugs.contains(slug)).collect();
    gone.sort_unstable();
    if gathered.facts.open {
        gone.clear();
    }
    let message = match (missing.is_empty(), gone.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("the table of contents misses {}", named(&missing, "")),
        (true, false) => format!("the table of contents lists {}, which is gone", named(&gone, "#")),
        (false, false) => format!("the table of contents misses {} and lists {}", named(&missing, ""), named(&gone, "#")),
    };
    Some(Drift { place: region, message })
}

/// The ids that links of the region lead to.
fn listed(source: &Source<'_>, facts: &Facts<'_>, region: &Range<usize>) -> HashSet<String> {
    let (start, end) = (source.original(region.start), source.original(region.end));
    let within = facts.links.iter().filter(|link| (start..end).contains(&(link.place.start as usize)));
    let targets = within.map(|link| facts.text(facts.targets[link.target as usize]));
    targets.filter_map(|target| target.strip_prefix('#')).map(|fragment| slug::key(&crate::target::decoded(fragment))).collect()
}

fn named(headings: &[&str], sign: &str) -> String {
    let names: Vec<String> = headings.iter().take(NAMED_MAX).map(|name| format!("`{sign}{name}`")).collect();
    let rest = headings.len().saturating_sub(NAMED_MAX);
    if rest == 0 { names.join(", ") } else { format!("{} and {rest} more", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::drift;
    use crate::facts::gather::tests::gathered;
    use crate::source::Source;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = drift(&Source::new(text), &gathered(text)).into_iter().map(|drift| drift.message).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn a_table_of_contents_is_compared() {
        let toc = |entries: &str| format!("# T\n\n<!-- toc -->\n\n{entries}\n\n<!-- tocstop -->\n\n## A\n\n### C\n\n## B b\n");
        check(&toc("- [A](#a)\n- [B b](#b-b)"), &[]);
        check(&toc("- [A](#a)\n  - [C](#c)\n- [B b](#b-b)"), &[]);
        check(&toc("- [A](#a)"), &["the table of contents misses `B b`"]);
        check(&toc("- [A](#a)\n- [B b](#b-b)\n- [D](#d)"), &["the table of contents lists `#d`, which is gone"]);
        check(&toc("- [A](#a)\n- [D](#d)"), &["the table of contents misses `B b` and lists `#d`"]);
        check(&toc("nothing yet"), &[]);
        check(&toc("- [A](a.md)"), &[]);
    }

    #[test]
    fn marks_of_doctoc_and_crlf() {
        let text =
            "<!-- START doctoc generated -->\r\n- [A](#a)\r\n\r\n<!-- END doctoc generated -->\r\n\r\n## A\r\n\r\n## B\r\n";
        check(text, &["the table of contents misses `B`"]);
        check("```\n<!-- toc -->\n- [A](#x)\n<!-- tocstop -->\n```\n\n## A\n", &[]);
    }
}
