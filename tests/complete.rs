//! Tests of the tests: every file its header and its bounds, every case that is
//! not here its reason. `pack` looks after the hostile components.

use std::path::PathBuf;

use crate::rig::workspace;

/// Numbers that no case has.
pub(crate) const GAPS: [u32; 25] =
    [9, 11, 15, 19, 21, 23, 33, 34, 40, 42, 44, 51, 56, 58, 68, 71, 73, 76, 81, 82, 88, 99, 108, 117, 131];

pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let folder = workspace().join("tests");
    let folders = [folder.clone(), folder.join("rig"), folder.join("rig/forge")];
    let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).expect("a folder").flatten());
    let files = files.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.map(|path| (path.clone(), std::fs::read_to_string(path).expect("a source"))).collect()
}

#[test]
fn every_module_has_a_header_and_is_short() {
    for (path, source) in sources() {
        assert!(source.starts_with("//! "), "{} has no header", path.display());
        assert!(source.lines().count() <= 300, "{} has {} lines", path.display(), source.lines().count());
    }
}

#[test]
fn every_case_number_is_here_or_has_a_reason() {
    // A case that is about one file has its test at the foot of that file.
    let mut words: String = sources().into_iter().map(|(_, source)| source).collect();
    words.extend(crate::tidy::sources("host/src").into_iter().map(|(_, source)| source));
    let elsewhere = std::fs::read_to_string(workspace().join("tests/cases_not_here.md")).expect("cases_not_here.md");
    words.push_str(&elsewhere);
    for number in (1..=146).filter(|number| !GAPS.contains(number)) {
        let named = words
            .lines()
            .filter(|line| line.contains("fn case_"))
            .any(|line| line.split('_').skip(1).map_while(|word| word.parse::<u32>().ok()).any(|found| found == number));
        assert!(named || words.contains(&format!("| {number} |")), "case {number} has neither a test nor a reason");
    }
}
