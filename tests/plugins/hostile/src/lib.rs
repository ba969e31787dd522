//! What a task in free form can try. Each danger is a component of its own,
//! made of a file in `examples/`; what several of them need is here.

pub mod asking;
pub mod content;
pub mod paths;
pub mod resources;

pub use lifeos_sdk::{Input, Task, task};

/// The owner's options, the same for every danger.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Paths to try it on.
    #[serde(default)]
    pub paths: Vec<String>,
    /// What to look for, in an edit.
    #[serde(default)]
    pub find: String,
    /// What to put in its place.
    #[serde(default)]
    pub text: String,
    /// How often.
    #[serde(default)]
    pub count: u64,
}

/// Makes a component of what is to be done once.
#[macro_export]
macro_rules! danger {
    ($run:expr) => {
        struct Danger;

        impl $crate::Task for Danger {
            type Options = $crate::Options;

            fn run(options: $crate::Options, input: &$crate::Input) -> Result<(), String> {
                let run: fn(&$crate::Options, &$crate::Input) -> Result<(), String> = $run;
                run(&options, input)
            }
        }

        $crate::task!(Danger);
    };
}
