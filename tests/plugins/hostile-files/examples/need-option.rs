//! Has an option that no owner can leave out.

use hostile_files::{Document, FileTask, Report, Settings, file_task};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    needed: String,
}

struct NeedOption(String);

impl FileTask for NeedOption {
    type Options = Options;

    fn configure(options: Options, _: &Settings) -> Result<Self, String> {
        Ok(Self(options.needed))
    }

    fn check(&self, _: &Document) -> Result<Report, String> {
        if self.0.is_empty() { Err("nothing is needed".to_owned()) } else { Ok(Report::default()) }
    }
}

file_task!(NeedOption);
