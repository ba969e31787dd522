//! Flags.

fn name_long(&self) -> &str {
    "color-mode"
}
