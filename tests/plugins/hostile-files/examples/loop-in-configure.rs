//! Does not come to the first document (case 4).

use hostile_files::{Danger, endless_loop};

struct LoopInConfigure;

impl Danger for LoopInConfigure {
    fn configure() {
        endless_loop();
    }
}

hostile_files::danger!(LoopInConfigure);
