//! The export of everything there is.

fn flags() {}
