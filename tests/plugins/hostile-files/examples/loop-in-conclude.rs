//! Does not come to an end after the last document (case 4).

use hostile_files::{Conclusion, Danger, Seen, endless_loop};

struct LoopInConclude;

impl Danger for LoopInConclude {
    fn conclude(_: &Seen<'_>, _: &mut Conclusion) {
        endless_loop();
    }
}

hostile_files::danger!(LoopInConclude);
