//! Flags.

fn name_long(&self) -> &str {
    "paint-mode"
}
