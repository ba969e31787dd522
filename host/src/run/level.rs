//! How far a task goes by itself, moved by its owner on evidence. What the
//! configuration allows is the upper bound, always.

use super::error::RunError;
use super::place::Place;
use super::way::Way;
use crate::autonomy::Autonomy;
use crate::config::Task;
use crate::ledger::record::Body;

/// Runs that must have been accepted in a row before a task is promoted.
pub const ACCEPTED_MIN: u64 = 3;

/// Moves a task one level up, to at most what the configuration allows.
///
/// # Errors
/// [`RunError::TooFew`] without evidence, unless the owner says `why` it is
/// promoted all the same; [`RunError::NoLevel`] when there is no level above.
pub fn promote(place: &Place<'_>, task: &Task, why: Option<&str>, person: &str) -> Result<(Autonomy, u64), RunError> {
    let way = Way::begin(place, task)?;
    let (level, accepted) = (way.autonomy(), way.book.accepted_in_a_row(&task.name));
    if level >= task.autonomy {
        let bound = format!("which is what {} allows", crate::config::FILE);
        return Err(RunError::NoLevel { task: task.name.clone(), level: level.word(), bound });
    }
    if why.is_none() && accepted < ACCEPTED_MIN {
        return Err(RunError::TooFew { task: task.name.clone(), accepted, needed: ACCEPTED_MIN });
    }
    let why = why.map_or_else(|| format!("{accepted} runs were accepted in a row"), str::to_owned);
    let autonomy = level.higher();
    way.append("", Body::Level { autonomy, why, by: person.to_owned() }, &[])?;
    Ok((autonomy, accepted))
}

/// Moves a task one level down.
///
/// # Errors
/// [`RunError::NoLevel`] when it is at the lowest.
pub fn demote(place: &Place<'_>, task: &Task, why: &str, person: &str) -> Result<Autonomy, RunError> {
    let way = Way::begin(place, task)?;
    let level = way.autonomy();
    if level == Autonomy::Propose {
        let bound = "the lowest".to_owned();
        return Err(RunError::NoLevel { task: task.name.clone(), level: level.word(), bound });
    }
    let autonomy = level.lower();
    way.append("", Body::Level { autonomy, why: why.to_owned(), by: person.to_owned() }, &[])?;
    Ok(autonomy)
}
