//! The owner's options: names, defaults, nothing else.

use serde::Deserialize;

use crate::site::Choice;

/// The table `[task.NAME.options]`.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Options {
    /// Whether to report what the lint rules see.
    pub(crate) lint: bool,
    /// Whether to propose the fixes that keep the meaning.
    pub(crate) format: bool,
    /// Whether to look at "last updated" dates.
    pub(crate) stamps: bool,
    /// The front matter keys that hold such a date.
    pub(crate) stamp_keys: Vec<String>,
    /// By how many days a date may be off.
    pub(crate) stamp_tolerance_days: u32,
    /// Commits that change more files than this are no update of any of them.
    pub(crate) mass_commit_files: u32,
    /// Rules to leave out, besides what the repository's configuration says.
    pub(crate) lint_disable: Vec<String>,
    /// Opt-in rules to add, besides what the repository's configuration says.
    pub(crate) lint_enable: Vec<String>,
    /// Which generator reads the documents.
    pub(crate) site: Choice,
    /// Whether to follow links.
    pub(crate) links: bool,
    /// Whether to report links whose form is not judged.
    pub(crate) report_unresolved: bool,
    /// Where to look for documents that nothing links to.
    pub(crate) orphans: Orphans,
    /// Documents that need no link.
    pub(crate) orphans_allowed: Vec<String>,
    /// Whether to look for documents that the navigation leaves out.
    pub(crate) indexes: bool,
    /// Whether to compare marked tables of contents with the headings.
    pub(crate) tocs: bool,
    /// Where titles must differ.
    pub(crate) duplicate_titles: Titles,
    /// Whether to compare the versions a document gives itself.
    pub(crate) versions: bool,
    /// The front matter keys that hold a version.
    pub(crate) version_keys: Vec<String>,
    /// Whether to look for paths in code spans that do not exist.
    pub(crate) paths: bool,
    /// Terms, spelled as they should be.
    pub(crate) terms: Vec<String>,
}

/// The option `orphans`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Orphans {
    #[default]
    Auto,
    Always,
    Never,
}

/// The option `duplicate_titles`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Titles {
    #[default]
    Folder,
    Site,
    Off,
}

/// Documents that readers find without a link.
const FOUND_ANYWAY: [&str; 10] = [
    "404*",
    "README*",
    "index*",
    "_index*",
    "CHANGELOG*",
    "CONTRIBUTING*",
    "LICENSE*",
    "CODE_OF_CONDUCT*",
    "SECURITY*",
    "SUMMARY*",
];

impl Default for Options {
    fn default() -> Self {
        let keys = ["last_updated", "lastmod", "updated", "date_modified", "ms.date"];
        Self {
            lint: true,
            format: true,
            stamps: true,
            stamp_keys: keys.map(str::to_owned).to_vec(),
            stamp_tolerance_days: 0,
            mass_commit_files: 50,
            lint_disable: Vec::new(),
            lint_enable: Vec::new(),
            site: Choice::Auto,
            links: true,
            report_unresolved: false,
            orphans: Orphans::Auto,
            orphans_allowed: FOUND_ANYWAY.map(str::to_owned).to_vec(),
            indexes: true,
            tocs: true,
            duplicate_titles: Titles::Folder,
            versions: true,
            version_keys: vec!["version".to_owned()],
            paths: true,
            terms: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn every_option_has_a_default_and_none_is_unknown() {
        let read = |text: &str| serde_json::from_str::<Options>(text);
        assert_eq!(read("{}").ok(), Some(Options::default()));
        let set = read(r#"{"lint": false, "stamp_keys": ["date"], "mass_commit_files": 5}"#);
        assert!(set.is_ok_and(|options| !options.lint && options.stamp_keys == ["date"]));
        for wrong in [r#"{"lints": true}"#, r#"{"lint": "yes"}"#, r#"{"stamp_tolerance_days": -1}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
