//! Has an option that no owner can leave out.

use hostile::{Input, Task, task};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    needed: String,
}

struct Danger;

impl Task for Danger {
    type Options = Options;

    fn run(options: Options, _: &Input) -> Result<(), String> {
        hostile::content::tell(&options.needed)
    }
}

task!(Danger);
