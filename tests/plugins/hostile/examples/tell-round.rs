//! Tells what it learns of the round before (case 89).

use lifeos_sdk::{log, rounds};

hostile::danger!(|_, _| {
    let said = rounds::previous().map_or_else(|| "none".to_owned(), |round| format!("{} {}", round.number, round.fault));
    log::write(log::Level::Info, &format!("round: {said}"));
    Ok(())
});
