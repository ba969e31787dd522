//! The trait behind the world `file-task`.

use crate::Document;

/// The raw bindings of the world.
#[doc(hidden)]
pub mod world {
    wit_bindgen::generate!({
        world: "file-task",
        path: "../../wit",
        pub_export_macro: true,
        default_bindings_module: "lifeos_sdk::file_task_world",
        additional_derives: [Default, PartialEq, Eq],
        additional_derives_ignore: ["settings", "summary"],
        with: {
            "lifeos:task/types@0.1.0": crate::bindings::lifeos::task::types,
            "lifeos:task/repo@0.1.0": crate::bindings::lifeos::task::repo,
            "lifeos:task/history@0.1.0": crate::bindings::lifeos::task::history,
            "lifeos:task/log@0.1.0": crate::bindings::lifeos::task::log,
        },
    });
}

pub use world::{Conclusion, Report, Settings, Summary};

/// A task over documents, one at a time. It is made once for each instance and
/// shared by all that follows, so it may keep nothing that threads cannot share.
pub trait FileTask: Sized + Send + Sync + 'static {
    /// The owner's `options` table.
    type Options: serde::de::DeserializeOwned;

    /// Called first, once for each instance.
    ///
    /// # Errors
    /// One sentence for the owner; the run ends.
    fn configure(options: Self::Options, settings: &Settings) -> Result<Self, String>;

    /// Checks one document. The answer depends on the document, the settings
    /// and, where granted, the history, and on nothing else.
    ///
    /// # Errors
    /// One sentence for the owner; the run ends.
    fn check(&self, document: &Document) -> Result<Report, String>;

    /// Called once, with all summaries sorted by path.
    ///
    /// # Errors
    /// One sentence for the owner; the run ends.
    fn conclude(&self, summaries: &[Summary]) -> Result<Conclusion, String> {
        let _ = summaries;
        Ok(Conclusion::default())
    }
}

/// Exports a [`FileTask`] as the component's world.
#[macro_export]
macro_rules! file_task {
    ($task:ty) => {
        const _: () = {
            static TASK: ::std::sync::OnceLock<$task> = ::std::sync::OnceLock::new();

            fn task() -> Result<&'static $task, String> {
                TASK.get().ok_or_else(|| "configure was not called".to_owned())
            }

            struct Guest;

            impl $crate::file_task_world::Guest for Guest {
                fn configure(settings: $crate::Settings) -> Result<(), String> {
                    $crate::tell_of_panics();
                    let options = $crate::parse_options(&settings.options)?;
                    let task = <$task as $crate::FileTask>::configure(options, &settings)?;
                    TASK.set(task).map_err(|_| "configure was called twice".to_owned())
                }

                fn check(document: $crate::Document) -> Result<$crate::Report, String> {
                    $crate::FileTask::check(task()?, &document)
                }

                fn conclude(summaries: Vec<$crate::Summary>) -> Result<$crate::Conclusion, String> {
                    $crate::FileTask::conclude(task()?, &summaries)
                }
            }

    $crate::file_task_world::export!(Guest with_types_in $crate::file_task_world);
        };
    };
}
