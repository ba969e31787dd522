//! The official plugin `license-header`, from findings to a commit.

use crate::rig::TestRepo;

const TASK: &str = "[task.license]
plugin = 'license-header'
read = ['**']
edit = ['**']
options.header = ['SPDX-License-Identifier: MIT']
";

#[test]
fn headers_are_proposed_and_land_and_nothing_is_left_to_do() {
    let repo = TestRepo::new(&[
        ("src/a.rs", "fn a() {}\n"),
        ("src/b.py", "#!/usr/bin/env python3\r\nprint()\r\n"),
        ("src/gpl.c", "/* SPDX-License-Identifier: GPL-2.0-only */\n"),
        ("tests/t.rs", "fn t() {}\n"),
        ("notes.md", "# Notes\n"),
    ]);
    repo.config(TASK);
    let ran = repo.lifeos(&["run", "license", "--json"]);
    assert_eq!(ran.code, Some(0), "{ran}");
    let run = ran.json()["tasks"][0]["run"].as_str().expect("a run").to_owned();
    assert_eq!(repo.lifeos(&["approve", &run]).code, Some(0));
    assert_eq!(repo.show("lifeos/license", "src/a.rs"), b"// SPDX-License-Identifier: MIT\n\nfn a() {}\n");
    let python = b"#!/usr/bin/env python3\r\n# SPDX-License-Identifier: MIT\r\n\r\nprint()\r\n";
    assert_eq!(repo.show("lifeos/license", "src/b.py"), python);
    for untouched in ["src/gpl.c", "tests/t.rs", "notes.md"] {
        assert_eq!(repo.show("lifeos/license", untouched), repo.show("main", untouched), "{untouched}");
    }
    repo.git(&["merge", "--quiet", "--ff-only", "lifeos/license"]);
    let again = repo.lifeos(&["check", "license", "--json"]);
    let rules: Vec<_> =
        again.json()["findings"].as_array().expect("findings").iter().map(|one| one["rule"].to_string()).collect();
    assert_eq!(rules, ["\"license/other\"", "\"license/missing\""], "{again}");
    assert_eq!(again.json()["edits"].as_array().map(Vec::len), Some(0), "a protected file is reported and not changed");
}

#[test]
fn a_file_over_the_promised_memory_costs_a_finding_though_the_owner_allows_more() {
    let repo = TestRepo::new(&[("a.rs", "fn a() {}\n"), ("big.rs", &"x".repeat(40 << 20))]);
    repo.config(&format!("{TASK}[task.license.limits]\nread_bytes_max = 67108864\nmemory_bytes_max = 1073741824\n"));
    let ran = repo.lifeos(&["check", "license", "--json"]);
    let over = ran.json()["findings"].to_string();
    assert!(over.contains("lifeos/over-limit") && over.contains("memory_bytes_max = 33554432"), "{ran}");
}
