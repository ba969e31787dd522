//! Progress on long work, on standard error: a bar on a terminal, a line where
//! there is none, nothing for what is quick.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lifeos::event::{Event, Events, Judged};

use super::term::{self, Term};

/// Nothing is drawn before so long.
const PATIENCE: Duration = Duration::from_millis(250);

/// Shows how far work is that tells of its events, until it ends.
pub(crate) fn during<T>(term: &Term, work: impl FnOnce(&Events<'_>) -> T) -> T {
    let progress = Progress::new(term);
    let reader = |event: &Event| progress.show(event, term);
    let done = work(&Events::to(&reader));
    progress.show(&Event::Finished, term);
    done
}

/// A reader of events that shows how far a run is.
struct Progress {
    bar: Mutex<Option<ProgressBar>>,
    started: Instant,
    draws: bool,
    /// The round of repair that goes on; 0 before the first.
    round: AtomicU32,
}

impl Progress {
    fn new(term: &Term) -> Self {
        Self { bar: Mutex::new(None), started: Instant::now(), draws: term::draws() && !term.is_json(), round: AtomicU32::new(0) }
    }

    /// Takes an event.
    fn show(&self, event: &Event, term: &Term) {
        if !self.draws {
            return self.tell(event, term);
        }
        let Ok(mut bar) = self.bar.lock() else { return };
        match event {
            Event::Compiling { plugin, bytes } => {
                let words = format!("compiling {plugin} ({:.1} MB), once", *bytes as f64 / 1e6);
                *bar = Some(spinner(words));
            }
            Event::Checking { documents } => *bar = Some(counter(*documents)),
            Event::Checked => {
                if let Some(bar) = bar.as_ref() {
                    bar.inc(1);
                    if self.started.elapsed() > PATIENCE && bar.is_hidden() {
                        bar.set_draw_target(ProgressDrawTarget::stderr());
                    }
                }
            }
            Event::Concluding => set(&mut bar, "looking at the whole set"),
            Event::Gate { command, over } => *bar = Some(spinner(self.gate(command, *over))),
            Event::Repairing { round, most } => {
                self.round.store(*round, Ordering::Relaxed);
                *bar = Some(spinner(repairing(*round, *most)));
            }
            Event::Trying { case } if self.started.elapsed() > PATIENCE => {
                set(&mut bar, "");
                *bar = Some(spinner(format!("trying {case}")));
            }
            Event::Trying { .. } => {}
            Event::Alert { .. } => {
                set(&mut bar, "");
                self.tell(event, term);
            }
            Event::Building { files } => set(&mut bar, &format!("building a candidate of {files} files")),
            Event::Compiled { .. } | Event::Finished => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }

    /// Which command runs, and over what.
    fn gate(&self, command: &str, over: Judged) -> String {
        let over = match (over, self.round.load(Ordering::Relaxed)) {
            (Judged::Base, _) => "gate on the base".to_owned(),
            (Judged::BaseByGoal, _) => "goal on the base, which has to fail it".to_owned(),
            (Judged::Candidate, 0) => "gate on the candidate".to_owned(),
            (Judged::Candidate, round) => format!("gate on the candidate of repair round {round}"),
        };
        format!("{over}: {}", lifeos::clean::line(command))
    }

    /// Without a terminal only what takes seconds is worth a line.
    fn tell(&self, event: &Event, term: &Term) {
        match event {
            Event::Compiling { plugin, bytes } => {
                term.note(&format!("compiling {plugin} ({:.1} MB); this happens once for each version", *bytes as f64 / 1e6));
            }
            Event::Gate { command, over } => term.note(&self.gate(command, *over)),
            Event::Repairing { round, most } => {
                self.round.store(*round, Ordering::Relaxed);
                term.note(&repairing(*round, *most));
            }
            Event::Compiled { took } => term.note(&format!("compiled in {:.1} s", took.as_secs_f64())),
            Event::Alert { month, percent, spent, key, value } => {
                let how = format!("{percent} % of {key} = {value} of {month} is spent ({spent})");
                term.note(&format!("{how}; `lifeos budget` tells by what"));
            }
            _ => {}
        }
    }
}

fn repairing(round: u32, most: u32) -> String {
    format!("repair round {round} of {most}: the gate spoke against the candidate, and the plugin proposes again")
}

fn spinner(words: String) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(words);
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn counter(documents: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("checking {wide_bar} {pos}/{len} documents");
    let bar = ProgressBar::with_draw_target(Some(documents), ProgressDrawTarget::hidden());
    if let Ok(style) = style { bar.with_style(style) } else { bar }
}

fn set(bar: &mut Option<ProgressBar>, words: &str) {
    if let Some(bar) = bar.take() {
        bar.finish_and_clear();
    }
    let next = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
    *bar = Some(next.with_message(words.to_owned()));
}
