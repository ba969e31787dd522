//! The trait behind the world `task`.

/// The raw bindings of the world.
#[doc(hidden)]
pub mod world {
    wit_bindgen::generate!({
        world: "task",
        path: "../../wit",
        pub_export_macro: true,
        default_bindings_module: "lifeos_sdk::task_world",
        with: {
            "lifeos:task/types@0.1.0": crate::bindings::lifeos::task::types,
            "lifeos:task/repo@0.1.0": crate::bindings::lifeos::task::repo,
            "lifeos:task/history@0.1.0": crate::bindings::lifeos::task::history,
            "lifeos:task/edits@0.1.0": crate::bindings::lifeos::task::edits,
            "lifeos:task/model@0.1.0": crate::bindings::lifeos::task::model,
            "lifeos:task/rounds@0.1.0": crate::bindings::lifeos::task::rounds,
            "lifeos:task/findings@0.1.0": crate::bindings::lifeos::task::findings,
            "lifeos:task/log@0.1.0": crate::bindings::lifeos::task::log,
        },
    });
}

pub use world::Input;

/// A task in free form.
pub trait Task {
    /// The owner's `options` table.
    type Options: serde::de::DeserializeOwned;

    /// Runs once.
    ///
    /// # Errors
    /// One sentence for the owner; the run ends.
    fn run(options: Self::Options, input: &Input) -> Result<(), String>;
}

/// Exports a [`Task`] as the component's world.
#[macro_export]
macro_rules! task {
    ($task:ty) => {
        const _: () = {
            struct Guest;

            impl $crate::task_world::Guest for Guest {
                fn run(input: $crate::Input) -> Result<(), String> {
                    $crate::tell_of_panics();
                    let options = $crate::parse_options(&input.options)?;
                    <$task as $crate::Task>::run(options, &input)
                }
            }

    $crate::task_world::export!(Guest with_types_in $crate::task_world);
        };
    };
}
