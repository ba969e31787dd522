//! The tool.

fn args() {
    option("--colour", "paint");
}

pub fn read_all() {}
