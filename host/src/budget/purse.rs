//! What one run may spend. Every attempt takes what it may cost at most before it
//! is sent; threads take one after the other, so no two take the last of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::caps::{Caps, keys};
use super::day::Day;
use super::price::{Price, money};
use super::{BudgetError, Over, Span, Sum, Tokens};

/// What was spent before, by day.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// By the task of the run.
    pub task: BTreeMap<Day, Sum>,
    /// By all tasks, this one among them.
    pub all: BTreeMap<Day, Sum>,
    /// In earlier rounds of the same run.
    pub run: Sum,
    /// Calls of the plugin in those.
    pub asked: u64,
}

/// Where reservations are written down before anything is sent.
pub trait Journal: Send {
    /// Writes a reservation down, through to the disk.
    ///
    /// # Errors
    /// What the system said; nothing is sent then.
    fn reserved(&mut self, number: u64, day: Day, worst: Sum) -> std::io::Result<()>;

    /// Writes down what a reservation came to.
    ///
    /// # Errors
    /// What the system said; the reservation counts as spent then.
    fn settled(&mut self, number: u64, real: Sum) -> std::io::Result<()>;
}

/// One run's right to spend.
pub struct Purse {
    price: Price,
    caps: Caps,
    task: String,
    past: Past,
    state: Mutex<State>,
}

struct State {
    journal: Box<dyn Journal>,
    next: u64,
    /// Reserved or spent in this run, by day.
    taken: BTreeMap<Day, Sum>,
    /// Calls of the plugin, whatever they took.
    asked: u64,
    /// Spent more than was reserved: nothing is sent any more.
    is_over: bool,
    /// The day never goes back.
    today: Day,
}

/// What an attempt has taken. One that is never settled counts as spent.
#[derive(Debug)]
#[must_use]
pub struct Reserved {
    number: u64,
    day: Day,
    worst: Sum,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    /// Nothing was spent, which is known.
    Free,
    /// As much as was reserved: nobody knows better.
    Worst,
    /// What the provider says.
    Real(Tokens),
}

/// Why an attempt takes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreserved {
    /// A bound.
    #[error(transparent)]
    Over(#[from] Over),
    /// The journal.
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

impl Purse {
    /// The right of a run of `task` to spend within `caps` on top of `past`.
    #[must_use]
    pub fn new(task: &str, price: Price, caps: Caps, past: Past, journal: Box<dyn Journal>) -> Self {
        let latest = past.all.keys().next_back().copied().unwrap_or(Day::of(0));
        let state = State { journal, next: 0, taken: BTreeMap::new(), asked: past.asked, is_over: false, today: latest };
        Self { price, caps, task: task.to_owned(), past, state: Mutex::new(state) }
    }

    /// Counts a call of the plugin.
    ///
    /// # Errors
    /// [`Over`] `calls_max`.
    pub fn ask(&self) -> Result<(), Over> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.asked >= self.caps.calls_max {
            let needed = "1 call".to_owned();
            let (key, value) = (self.key("calls_max"), self.caps.calls_max.to_string());
            return Err(Over { span: Span::Run, bound: "calls_max", key, value, left: 0, needed });
        }
        state.asked += 1;
        Ok(())
    }

    /// Takes what an attempt may cost at most; `call` is what its call has taken
    /// already, and `now` seconds since 1970-01-01T00:00Z.
    ///
    /// # Errors
    /// [`Unreserved`]; nothing may be sent then.
    pub fn reserve(&self, worst: Tokens, call: Sum, now: i64) -> Result<Reserved, Unreserved> {
        let worst = Sum { calls: 1, tokens: worst, cost: self.price.cost(worst) };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let day = state.today.max(Day::of(now));
        for span in [Span::Call, Span::Run, Span::TaskDay, Span::TaskMonth, Span::Day, Span::Month] {
            let taken = if span == Span::Call { call } else { self.taken(&state, span, day) };
            self.within(span, taken, worst, state.is_over)?;
        }
        let number = state.next;
        let journal = |error: std::io::Error| BudgetError::Journal(error.to_string());
        state.journal.reserved(number, day, worst).map_err(journal)?;
        (state.next, state.today) = (number + 1, day);
        let taken = state.taken.entry(day).or_default();
        *taken = taken.plus(worst);
        Ok(Reserved { number, day, worst })
    }

    /// Gives back what an attempt did not take, and tells what it took. One that
    /// took more than was reserved ends the spending of the run.
    pub fn settle(&self, reserved: Reserved, settled: Settled) -> Sum {
        let Reserved { number, day, worst } = reserved;
        let real = match settled {
            Settled::Free => Sum::default(),
            Settled::Worst => worst,
            Settled::Real(tokens) => Sum { calls: 1, tokens, cost: self.price.cost(tokens) },
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = state.journal.settled(number, real) {
            tracing::warn!(%error, "an attempt counts as if it had cost the most");
            return worst;
        }
        if let Some(taken) = state.taken.get_mut(&day) {
            *taken = minus(*taken, worst).plus(real);
        }
        state.is_over |= real.cost > worst.cost || real.tokens.all() > worst.tokens.all();
        real
    }

    /// What the run has taken, by day.
    #[must_use]
    pub fn spent(&self) -> BTreeMap<Day, Sum> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken.iter().filter(|(_, sum)| **sum != Sum::default()).map(|(day, sum)| (*day, *sum)).collect()
    }

    /// What was taken within a span up to now.
    fn taken(&self, state: &State, span: Span, today: Day) -> Sum {
        let sum = |days: &BTreeMap<Day, Sum>, is_in: &dyn Fn(Day) -> bool| {
            days.iter().filter(|(day, _)| is_in(**day)).fold(Sum::default(), |sum, (_, day)| sum.plus(*day))
        };
        let (in_day, in_month) = (|day: Day| day == today, |day: Day| day.is_of_month(today));
        let both = |past: &BTreeMap<Day, Sum>, is_in: &dyn Fn(Day) -> bool| sum(past, is_in).plus(sum(&state.taken, is_in));
        match span {
            Span::Call => Sum::default(),
            Span::Run => self.past.run.plus(sum(&state.taken, &|_| true)),
            Span::TaskDay => both(&self.past.task, &in_day),
            Span::TaskMonth => both(&self.past.task, &in_month),
            Span::Day => both(&self.past.all, &in_day),
            Span::Month => both(&self.past.all, &in_month),
        }
    }

    fn within(&self, span: Span, taken: Sum, worst: Sum, is_over: bool) -> Result<(), Over> {
        let cap = self.caps.of(span);
        let [tokens_key, cost_key] = keys(span);
        if let Some(most) = cap.tokens {
            let left = most.saturating_sub(taken.tokens.all());
            if worst.tokens.all() > left || is_over {
                let (key, value, needed) = (self.key(tokens_key), most.to_string(), format!("{} tokens", worst.tokens.all()));
                return Err(Over { span, bound: "tokens_max", key, value, left, needed });
            }
        }
        if let Some(most) = cap.cost {
            let left = most.saturating_sub(taken.cost);
            if worst.cost > left || is_over {
                let (key, value, needed) = (self.key(cost_key), money(most), money(worst.cost));
                return Err(Over { span, bound: "cost_max", key, value, left, needed });
            }
        }
        Ok(())
    }

    /// A key with the table that it stands in.
    fn key(&self, key: &str) -> String {
        if key.starts_with('[') { key.to_owned() } else { format!("[task.{}.model] {key}", self.task) }
    }
}

fn minus(one: Sum, other: Sum) -> Sum {
    Sum {
        calls: one.calls.saturating_sub(other.calls),
        tokens: Tokens {
            input: one.tokens.input.saturating_sub(other.tokens.input),
            output: one.tokens.output.saturating_sub(other.tokens.output),
        },
        cost: one.cost.saturating_sub(other.cost),
    }
}
