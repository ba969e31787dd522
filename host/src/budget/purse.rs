//! What one run may spend. Every attempt takes what it may cost at most before it
//! is sent; threads take one after the other, so no two take the last of it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::caps::{Caps, keys};
use super::day::Day;
use super::price::{Price, money};
use super::spent::{Days, since};
use super::{Bound, BudgetError, Over, Sum, Tokens, Window};

/// What was spent before, by day.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// By the task of the run.
    pub task: BTreeMap<Day, Sum>,
    /// By all tasks, this one among them.
    pub all: BTreeMap<Day, Sum>,
    /// In earlier rounds of the same run.
    pub run: Sum,
    /// Calls in those that count towards the bound.
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
    /// An attempt took more than it can have cost, so nothing more is sent.
    #[error("an answer took more than its request can cost, so nothing more is asked in this run")]
    Overrun,
    /// The journal.
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

impl Purse {
    /// The right of a run of `task` to spend within `caps` on top of `past`.
    #[must_use]
    pub fn new(task: &str, price: Price, caps: Caps, past: Past, journal: Box<dyn Journal>) -> Self {
        let (taken, asked) = (BTreeMap::new(), past.asked);
        let state = State { journal, next: 0, taken, asked, is_over: false, today: Day::of(0) };
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
            return Err(Over { window: Window::Run, bound: Bound::Calls, key, value, left: 0, needed });
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
        let worst = Sum { attempts: 1, tokens: worst, cost: self.price.cost(worst) };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_over {
            return Err(Unreserved::Overrun);
        }
        let day = state.today.max(Day::of(now));
        for window in [Window::Call, Window::Run, Window::TaskDay, Window::TaskMonth, Window::Day, Window::Month] {
            let taken = if window == Window::Call { call } else { self.taken(&state, window, day) };
            self.within(window, taken, worst)?;
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
            Settled::Real(tokens) => Sum { attempts: 1, tokens, cost: self.price.cost(tokens) },
        };
        let is_more = real.cost > worst.cost || real.tokens.all() > worst.tokens.all();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_over |= is_more;
        let booked = match state.journal.settled(number, real) {
            Ok(()) => real,
            Err(error) => {
                tracing::warn!(%error, "an attempt counts as if it had cost the most");
                if is_more { real } else { worst }
            }
        };
        if let Some(taken) = state.taken.get_mut(&day) {
            *taken = taken.beyond(worst).plus(booked);
        }
        booked
    }

    /// Calls that count towards the bound, with those of earlier rounds.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).asked
    }

    /// Whether more was spent than was reserved.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_over
    }

    /// What the run has taken, by day.
    #[must_use]
    pub fn spent(&self) -> BTreeMap<Day, Sum> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken.iter().filter(|(_, sum)| **sum != Sum::default()).map(|(day, sum)| (*day, *sum)).collect()
    }

    /// What was taken within a window up to now.
    fn taken(&self, state: &State, window: Window, today: Day) -> Sum {
        let month = today.first_of_month();
        let both = |past: &Days, from: Day| since(past, from).plus(since(&state.taken, from));
        match window {
            Window::Call => Sum::default(),
            Window::Run => state.taken.values().fold(self.past.run, |sum, day| sum.plus(*day)),
            Window::TaskDay => both(&self.past.task, today),
            Window::TaskMonth => both(&self.past.task, month),
            Window::Day => both(&self.past.all, today),
            Window::Month => both(&self.past.all, month),
        }
    }

    fn within(&self, window: Window, taken: Sum, worst: Sum) -> Result<(), Over> {
        let cap = self.caps.of(window);
        let [tokens_key, cost_key] = keys(window);
        if let Some(most) = cap.tokens {
            let left = most.saturating_sub(taken.tokens.all());
            if worst.tokens.all() > left {
                let (key, value, needed) = (self.key(tokens_key), most.to_string(), format!("{} tokens", worst.tokens.all()));
                return Err(Over { window, bound: Bound::Tokens, key, value, left, needed });
            }
        }
        if let Some(most) = cap.cost {
            let left = most.saturating_sub(taken.cost);
            if worst.cost > left {
                let (key, value, needed) = (self.key(cost_key), money(most), money(worst.cost));
                return Err(Over { window, bound: Bound::Cost, key, value, left, needed });
            }
        }
        Ok(())
    }

    /// A key with the table that it stands in.
    fn key(&self, key: &str) -> String {
        if key.starts_with('[') { key.to_owned() } else { format!("[task.{}.model] {key}", self.task) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use proptest::prelude::*;

    use super::super::caps::Cap;
    use super::super::price::PerMillion;
    use super::*;

    const DAY: i64 = 86_400;

    /// A journal that holds what it is told, and fails when it should.
    #[derive(Default, Clone)]
    struct FakeJournal {
        lines: Arc<Mutex<Vec<(u64, Sum)>>>,
        fails: Arc<AtomicBool>,
    }

    impl FakeJournal {
        fn take(&self, number: u64, sum: Sum) -> std::io::Result<()> {
            if self.fails.load(Ordering::Relaxed) {
                return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
            }
            self.lines.lock().expect("lines").push((number, sum));
            Ok(())
        }
    }

    impl Journal for FakeJournal {
        fn reserved(&mut self, number: u64, _: Day, worst: Sum) -> std::io::Result<()> {
            self.take(number, worst)
        }

        fn settled(&mut self, number: u64, real: Sum) -> std::io::Result<()> {
            self.take(number, real)
        }
    }

    /// One token costs a millionth.
    fn purse(caps: Caps, past: Past, journal: FakeJournal) -> Purse {
        let price = Price::of(PerMillion { input: 1.0, output: 1.0 }).expect("a price");
        Purse::new("docs", price, caps, past, Box::new(journal))
    }

    fn tokens(input: u64) -> Tokens {
        Tokens { input, output: 0 }
    }

    fn sum(tokens: u64) -> Sum {
        Sum { attempts: 1, tokens: self::tokens(tokens), cost: tokens }
    }

    fn cost(most: u64) -> Cap {
        Cap { tokens: None, cost: Some(most) }
    }

    fn of(purse: &Purse) -> u64 {
        purse.spent().values().map(|sum| sum.cost).sum()
    }

    fn over(reserved: Result<Reserved, Unreserved>) -> Over {
        match reserved {
            Err(Unreserved::Over(over)) => over,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn case_141_fifty_threads_race_for_the_last_unit() {
        for cap in [Cap { tokens: Some(1_000), cost: None }, cost(1_000)] {
            let purse = purse(Caps { run: cap, ..Caps::default() }, Past::default(), FakeJournal::default());
            let sent: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..50)
                    .map(|_| scope.spawn(|| (0..40).filter(|_| purse.reserve(tokens(7), Sum::default(), 0).is_ok()).count()))
                    .collect();
                threads.into_iter().map(|thread| thread.join().expect("a thread")).sum()
            });
            assert_eq!((sent, of(&purse)), (142, 994), "{cap:?}");
        }
    }

    #[test]
    fn case_139_what_is_left_is_for_others() {
        let past = Past {
            task: BTreeMap::from([(Day::of(0), sum(95))]),
            all: BTreeMap::from([(Day::of(0), sum(95))]),
            ..Past::default()
        };
        let caps = Caps { task_day: cost(100), day: cost(200), ..Caps::default() };
        let over = over(purse(caps, past.clone(), FakeJournal::default()).reserve(tokens(6), Sum::default(), 1));
        assert_eq!((over.window, over.left, over.key.as_str()), (Window::TaskDay, 5, "[task.docs.model] day_cost_max"));
        let other = purse(caps, Past { task: BTreeMap::new(), ..past }, FakeJournal::default());
        assert!(other.reserve(tokens(100), Sum::default(), 1).is_ok());
        assert_eq!(self::over(other.reserve(tokens(6), Sum::default(), 1)).window, Window::TaskDay);
        assert!(other.reserve(tokens(0), Sum::default(), 1).is_ok(), "what costs nothing may be asked");
    }

    #[test]
    fn case_138_more_than_was_reserved_is_booked_and_ends_it() {
        // Also where no bound is near, or there is none.
        for caps in [Caps::default(), Caps { run: cost(1_000_000), ..Caps::default() }] {
            let purse = purse(caps, Past::default(), FakeJournal::default());
            let reserved = purse.reserve(tokens(10), Sum::default(), 0).expect("reserved");
            let at_once = purse.reserve(tokens(10), Sum::default(), 0).expect("reserved");
            assert_eq!(purse.settle(reserved, Settled::Real(tokens(25))), sum(25));
            assert!(matches!(purse.reserve(tokens(1), Sum::default(), 0), Err(Unreserved::Overrun)));
            assert_eq!((purse.settle(at_once, Settled::Free), of(&purse)), (Sum::default(), 25));
            assert!(purse.is_over());
        }
    }

    #[test]
    fn case_137_140_what_is_not_known_counts_as_the_most() {
        let purse = purse(Caps { run: cost(30), ..Caps::default() }, Past::default(), FakeJournal::default());
        let reserved = purse.reserve(tokens(10), Sum::default(), 0).expect("reserved");
        assert_eq!(purse.settle(reserved, Settled::Worst), sum(10));
        drop(purse.reserve(tokens(10), Sum::default(), 0).expect("reserved"));
        assert_eq!(of(&purse), 20, "one that is never settled");
        assert!(purse.reserve(tokens(11), Sum::default(), 0).is_err());
    }

    #[test]
    fn case_114_nothing_is_reserved_that_is_not_written() {
        let journal = FakeJournal::default();
        let purse = purse(Caps { run: cost(100), ..Caps::default() }, Past::default(), journal.clone());
        let [one, two] = [10, 10].map(|worst| purse.reserve(tokens(worst), Sum::default(), 0).expect("reserved"));
        journal.fails.store(true, Ordering::Relaxed);
        let refused = purse.reserve(tokens(10), Sum::default(), 0);
        assert!(matches!(refused, Err(Unreserved::Budget(BudgetError::Journal(_)))));
        assert_eq!(of(&purse), 20);
        assert_eq!(purse.settle(one, Settled::Real(tokens(4))), sum(10), "it cannot be written that it was less");
        assert_eq!(purse.settle(two, Settled::Real(tokens(40))), sum(40), "it was more");
        assert_eq!((of(&purse), purse.is_over()), (50, true));
    }

    #[test]
    fn case_143_a_window_opens_once() {
        // 2026-10-25T00:59:59Z, a second before clocks of Europe go back.
        let before = 1_792_889_999;
        let days = BTreeMap::from([(Day::of(before), sum(90))]);
        let past = Past { task: days.clone(), all: days, ..Past::default() };
        let caps = Caps { day: cost(100), month: cost(150), ..Caps::default() };
        let purse = purse(caps, past, FakeJournal::default());
        for now in [before, before + 2, before + 3_600, before - DAY, before - 365 * DAY] {
            assert_eq!(over(purse.reserve(tokens(11), Sum::default(), now)).window, Window::Day, "{now}");
        }
        // Midnight of UTC: a new day, and the same month.
        let midnight = (before / DAY + 1) * DAY;
        assert_eq!(over(purse.reserve(tokens(11), Sum::default(), midnight - 1)).window, Window::Day);
        drop(purse.reserve(tokens(11), Sum::default(), midnight).expect("a new day"));
        assert_eq!(over(purse.reserve(tokens(50), Sum::default(), midnight)).window, Window::Month);
        // Back again: the day that began goes on.
        assert_eq!(over(purse.reserve(tokens(90), Sum::default(), before)).window, Window::Day);
        drop(purse.reserve(tokens(100), Sum::default(), midnight + 7 * DAY).expect("a new month"));
        assert_eq!(over(purse.reserve(tokens(1), Sum::default(), before)).window, Window::Day);
    }

    #[test]
    fn every_window_has_its_bound() {
        let days = |cost| BTreeMap::from([(Day::of(0), sum(cost)), (Day::of(DAY), sum(cost))]);
        let past = Past { task: days(10), all: days(20), run: sum(5), ..Past::default() };
        let now = DAY;
        let rows = [
            (Window::Call, 7),
            (Window::Run, 5),
            (Window::TaskDay, 10),
            (Window::TaskMonth, 20),
            (Window::Day, 20),
            (Window::Month, 40),
        ];
        for (window, taken) in rows {
            for cap in [Cap { tokens: Some(taken + 9), cost: None }, cost(taken + 9)] {
                let mut caps = Caps::default();
                *match window {
                    Window::Call => &mut caps.call,
                    Window::Run => &mut caps.run,
                    Window::TaskDay => &mut caps.task_day,
                    Window::TaskMonth => &mut caps.task_month,
                    Window::Day => &mut caps.day,
                    Window::Month => &mut caps.month,
                } = cap;
                let purse = purse(caps, past.clone(), FakeJournal::default());
                let over = over(purse.reserve(tokens(10), sum(7), now));
                assert_eq!((over.window, over.left), (window, 9));
                assert!(purse.reserve(tokens(9), sum(7), now).is_ok(), "{window:?}");
            }
        }
        assert_eq!(purse(Caps::default(), past, FakeJournal::default()).ask().map_err(|over| over.bound), Err(Bound::Calls));
    }

    proptest! {
        #[test]
        fn the_sum_never_exceeds_the_bounds(
            steps in proptest::collection::vec((0_u8..4, 0_u64..60, 0_i64..4, any::<prop::sample::Index>()), 1..120),
            most in proptest::array::uniform4(20_u64..200),
        ) {
            let [run, day, month, task] = most.map(cost);
            let journal = FakeJournal::default();
            let purse = purse(Caps { run, day, month, task_day: task, ..Caps::default() }, Past::default(), journal.clone());
            let mut open: Vec<(Reserved, u64)> = Vec::new();
            for (what, worst, days, which) in steps {
                if what == 0 || open.is_empty() {
                    open.extend(purse.reserve(tokens(worst), Sum::default(), days * DAY * 11).ok().map(|reserved| (reserved, worst)));
                } else {
                    let (reserved, worst) = open.swap_remove(which.index(open.len()));
                    let settled = match what {
                        1 => Settled::Free,
                        2 => Settled::Worst,
                        _ => Settled::Real(tokens(worst / 2)),
                    };
                    let _ = purse.settle(reserved, settled);
                }
                let spent = purse.spent();
                prop_assert!(of(&purse) <= most[0]);
                for (day, sum) in &spent {
                    prop_assert!(sum.cost <= most[1].min(most[3]));
                    let month: u64 = spent.iter().filter(|(other, _)| other.is_of_month(*day)).map(|(_, sum)| sum.cost).sum();
                    prop_assert!(month <= most[2]);
                }
                // What the journal tells is what the purse holds.
                let told: BTreeMap<u64, u64> = journal.lines.lock().expect("lines").iter().map(|(number, sum)| (*number, sum.cost)).collect();
                prop_assert_eq!(told.values().sum::<u64>(), of(&purse));
            }
        }
    }
}
