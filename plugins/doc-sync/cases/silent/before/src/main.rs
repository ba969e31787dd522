//! The tool.

fn args() {
    option("--color", "paint");
}

pub fn load() {}
