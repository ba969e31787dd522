//! How many tests ran, as reports of the JUnit form tell it: files that the
//! commands write into their folder, found by globs. Nothing in them leads out,
//! and what they say is only counted.

use std::io::Read as _;

use cap_std::fs::Dir;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::glob::Globs;

/// Bytes of all reports together; what comes after is not read.
const BYTES_MAX: u64 = 256 << 20;
/// Reports that are read.
const REPORTS_MAX: usize = 10_000;
/// Files and folders that are looked at.
const ENTRIES_MAX: usize = 1_000_000;
/// How deep folders may be nested.
const DEPTH_MAX: usize = 64;

/// Removes reports that came with the tree: they tell of other runs.
pub(super) fn clear(tree: &Dir, globs: &Globs) {
    for (folder, name, _) in found(tree, globs) {
        // What cannot be removed is counted, which cannot make a number smaller than the base's.
        drop(folder.remove_file(name));
    }
}

/// Tests that ran, of all reports together; what is no report counts as none.
pub(super) fn executed(tree: &Dir, globs: &Globs) -> u64 {
    let mut left = BYTES_MAX;
    let mut count = |(folder, name, _): (Dir, String, String)| {
        let mut bytes = Vec::new();
        let file = folder.open(name).ok()?;
        let is_file = file.metadata().is_ok_and(|about| about.is_file());
        is_file.then(|| file.take(left).read_to_end(&mut bytes).ok()).flatten()?;
        left -= bytes.len() as u64;
        Some(executed_in(&bytes))
    };
    found(tree, globs).into_iter().take(REPORTS_MAX).filter_map(&mut count).fold(0, u64::saturating_add)
}

/// Files whose paths match: their folder, their name, and their path.
fn found(tree: &Dir, globs: &Globs) -> Vec<(Dir, String, String)> {
    let (mut reports, mut left) = (Vec::new(), ENTRIES_MAX);
    if let Ok(top) = tree.try_clone() {
        walk(&top, "", 0, globs, &mut left, &mut reports);
    }
    reports
}

fn walk(folder: &Dir, place: &str, depth: usize, globs: &Globs, left: &mut usize, reports: &mut Vec<(Dir, String, String)>) {
    for entry in folder.entries().into_iter().flatten().flatten() {
        if *left == 0 || depth > DEPTH_MAX {
            return;
        }
        *left -= 1;
        let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
        let path = if place.is_empty() { name.clone() } else { format!("{place}/{name}") };
        if kind.is_dir() {
            if let Ok(inner) = entry.open_dir() {
                walk(&inner, &path, depth + 1, globs, left, reports);
            }
        } else if kind.is_file()
            && globs.matches(&path)
            && let Ok(folder) = folder.try_clone()
        {
            reports.push((folder, name, path));
        }
    }
}

/// Test cases of a report that were not skipped.
fn executed_in(bytes: &[u8]) -> u64 {
    let mut reader = Reader::from_reader(bytes);
    let (mut executed, mut is_skipped) = (0_u64, false);
    loop {
        match reader.read_event() {
            Ok(Event::Empty(tag)) if tag.local_name().as_ref() == "testcase" => executed += 1,
            Ok(Event::Start(tag)) if tag.local_name().as_ref() == "testcase" => is_skipped = false,
            Ok(Event::Start(tag) | Event::Empty(tag)) if tag.local_name().as_ref() == "skipped" => is_skipped = true,
            Ok(Event::End(tag)) if tag.local_name().as_ref() == "testcase" => executed += u64::from(!is_skipped),
            Ok(Event::Eof) | Err(_) => return executed,
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_counted_and_skipped_ones_are_not() {
        let report = br#"<?xml version="1.0"?><testsuites tests="99"><testsuite name="a" tests="4">
            <testcase name="one"/><testcase name="two"><failure message="x"/></testcase>
            <testcase name="three"><skipped/></testcase><testcase name="four"><system-out>x</system-out></testcase>
            </testsuite></testsuites>"#;
        assert_eq!(executed_in(report), 3);
        for (text, count) in [("", 0), ("no report", 0), ("<testsuite><testcase", 0), ("<testcase/><testcase/>", 2)] {
            assert_eq!(executed_in(text.as_bytes()), count, "{text}");
        }
        let deep = "<a>".repeat(100_000);
        assert_eq!(executed_in(deep.as_bytes()), 0);
    }
}
