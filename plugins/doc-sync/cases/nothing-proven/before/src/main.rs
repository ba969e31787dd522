//! The program.

fn main() {
    parser().option("--fast", "Skip what was seen.");
}
