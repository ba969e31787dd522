//! The export of everything there is.

fn flags() {
    option("--without-hashes", "how");
    option("--old-style", "how");
}
