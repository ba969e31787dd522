//! A model for a case: rules beside its files, in the form of `model/scripted`. It
//! costs nothing and asks nobody, and what it "spends" is written down nowhere.

use std::io;
use std::sync::Arc;

use crate::budget::Sum;
use crate::budget::day::Day;
use crate::budget::price::{PerMillion, Price};
use crate::budget::purse::{Journal, Past, Purse};
use crate::config::{Budget, ModelGrant};
use crate::model::door::{Clock, Door, PATIENCE, Terms};
use crate::model::scripted::Scripted;
use crate::redact::Redactor;

/// A journal of what costs nothing.
struct Nowhere;

impl Journal for Nowhere {
    fn reserved(&mut self, _: u64, _: Day, _: Sum) -> io::Result<()> {
        Ok(())
    }

    fn settled(&mut self, _: u64, _: Sum) -> io::Result<()> {
        Ok(())
    }
}

/// A new door to a script, as wide as an owner's grant is who says nothing more; none
/// if money cannot be counted, which it can.
pub(super) fn door(script: &Arc<Scripted>) -> Option<Arc<Door>> {
    let price = Price::of(PerMillion { input: 0.0, output: 0.0 })?;
    let grant = ModelGrant::default();
    let purse = Purse::new("trial", price, grant.caps(&Budget::default()), Past::default(), Box::new(Nowhere));
    let terms = Terms { output_tokens_max: u32::MAX, pins_model: false, patience: PATIENCE };
    Some(Arc::new(Door::new(Arc::clone(script) as _, purse, Redactor::new(Vec::new()), terms, Clock::new(0))))
}
