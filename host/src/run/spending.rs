//! Spending that no run tells of itself: what one that was stopped left in its
//! journal, and that much of a month's bound is spent.

use super::error::RunError;
use super::way::Way;
use crate::budget::alert::{self, Alert};
use crate::budget::day::Day;
use crate::budget::journal;
use crate::config::Budget;
use crate::event::{Event, Events};
use crate::ledger::book::Book;
use crate::ledger::record::Body;
use crate::ledger::{LedgerError, Pen};

/// Why there is spending without a run: it was stopped.
pub const STOPPED: &str = "stopped";

/// Writes down what a run that was stopped left, and gives whether there was any. A
/// journal that cannot be read stays: nothing is sent while it is there.
pub(super) fn fold_left(book: &Book, pen: &Pen<'_>) -> Result<bool, RunError> {
    let left = match journal::left(pen.lock) {
        Ok(Some(left)) => left,
        Ok(None) => return Ok(false),
        Err(error) => {
            tracing::warn!(%error, "what a run that was stopped spent is not on record");
            return Ok(false);
        }
    };
    let is_new = !left.spent.is_empty() && !book.spent().has(&left.id);
    if is_new {
        let body = Body::Spend { spent: left.spent, why: STOPPED.to_owned(), journal: left.id };
        pen.write("", &left.task, body, &[])?;
    }
    journal::clear(pen.lock)?;
    Ok(is_new)
}

/// Says once that much of the month's bound is spent. That it cannot be written down
/// ends nothing: it is said again then.
pub(super) fn tell(way: &Way<'_>, budget: &Budget, events: &Events<'_>) {
    let told = due(way, budget).and_then(|due| {
        let Some(Alert { month, percent, spent_percent, spent, key, value }) = due else { return Ok(()) };
        let body = Body::Alert { month: month.clone(), percent, bound: key.to_owned() };
        events.emit(&Event::Alert { month, percent: spent_percent, spent, key, value });
        way.append("", body, &[])
    });
    if let Err(error) = told {
        tracing::warn!(%error, "how much of the month's bound is spent is not on record");
    }
}

fn due(way: &Way<'_>, budget: &Budget) -> Result<Option<Alert>, LedgerError> {
    let book = way.ledger.book()?;
    let today = Day::of(way.place.now);
    Ok(alert::due(book.spent(), today, budget.month(), budget.alert_percent))
}
