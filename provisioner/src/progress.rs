//! Progress on standard error: for a person a line per step that moves, for a log a line per step that stays.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use provisioner::deploy::{
    apply::{Event, Progress},
    plan::Step,
};

use crate::surroundings::Surroundings;

/// Tells of the steps of one run.
pub(crate) struct Reporter<'a> {
    surroundings: &'a Surroundings,
    /// Absent where nobody watches.
    screen: Option<MultiProgress>,
    under_way: RefCell<BTreeMap<Step, UnderWay>>,
}

/// A step that has begun.
struct UnderWay {
    since: Instant,
    told: Instant,
    line: Option<ProgressBar>,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(surroundings: &'a Surroundings) -> Self {
        let screen = surroundings.progress_is_seen().then(MultiProgress::new);
        Self { surroundings, screen, under_way: RefCell::default() }
    }

    fn begin(&self, step: &Step) {
        let line = self.screen.as_ref().map(|screen| {
            let style = ProgressStyle::with_template("  {spinner} {elapsed:>4}{prefix}  {wide_msg}");
            let line = screen.add(ProgressBar::new_spinner());
            line.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            // The message is cut off where the terminal is narrow; the times are not.
            line.set_prefix(usual(step).map(|time| format!(" of {time}")).unwrap_or_default());
            line.set_message(step.to_string());
            line.enable_steady_tick(TICK);
            line
        });
        let now = self.surroundings.instant();
        if line.is_none() && matches!(step, Step::Await(_)) {
            self.line(&format!("  {}", said(step)));
        }
        self.under_way.borrow_mut().insert(step.clone(), UnderWay { since: now, told: now, line });
    }

    fn end(&self, step: &Step) {
        let Some(UnderWay { since, line, .. }) = self.under_way.borrow_mut().remove(step) else {
            return;
        };
        if let (Some(line), Some(screen)) = (line, &self.screen) {
            line.finish_and_clear();
            screen.remove(&line);
        }
        let took = self.surroundings.instant().duration_since(since);
        let took = elapsed(took);
        match step.pending() {
            Some(pending) => self.line(&format!("  done: {pending}{took}")),
            None => self.line(&format!("  done: {step}{took}")),
        }
    }

    fn waiting(&self, steps: &[Step]) {
        for step in steps {
            if !self.under_way.borrow().contains_key(step) {
                self.begin(step);
            }
        }
        self.remind();
    }

    /// In a log, a sign of life now and then.
    fn remind(&self) {
        if self.screen.is_some() {
            return;
        }
        let now = self.surroundings.instant();
        for (step, under_way) in self.under_way.borrow_mut().iter_mut() {
            if now.duration_since(under_way.told) >= REMINDER {
                under_way.told = now;
                let waited = elapsed(now.duration_since(under_way.since));
                self.surroundings.note(&format!("  still: {}{waited}", said(step)));
            }
        }
    }

    /// A line that stays.
    fn line(&self, line: &str) {
        match &self.screen {
            // A terminal that is gone takes nothing away from the run.
            Some(screen) => drop(screen.println(line)),
            None => self.surroundings.note(line),
        }
    }
}

impl Progress for Reporter<'_> {
    fn tell(&self, event: Event<'_>) {
        match event {
            Event::Begun(step) => self.begin(step),
            Event::Done(step) => self.end(step),
            Event::Again(step, reason) => self.line(&format!("  will try again to {step}: {reason}")),
            Event::Waiting(steps) => self.waiting(steps),
        }
    }
}

/// Counts many small things of one kind: a bar for a person, nothing for a log.
pub(crate) struct Counter(Option<ProgressBar>);

impl Counter {
    pub(crate) fn new(surroundings: &Surroundings, total: usize, what: &'static str) -> Self {
        let is_seen = surroundings.progress_is_seen() && total > 1;
        Self(is_seen.then(|| {
            let style = ProgressStyle::with_template("  {wide_bar} {pos}/{len} {msg}, {eta} left");
            let bar = ProgressBar::new(u64::try_from(total).unwrap_or(u64::MAX)).with_message(what);
            bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }))
    }

    pub(crate) fn advance(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Reporter<'_> {
    fn drop(&mut self) {
        if let Some(screen) = &self.screen {
            drop(screen.clear());
        }
    }
}

/// A step, and how long AWS usually takes for it.
fn said(step: &Step) -> String {
    match usual(step) {
        None => step.to_string(),
        Some(time) => format!("{step}, usually {time}"),
    }
}

fn usual(step: &Step) -> Option<String> {
    step.usual_time().map(|(from, to)| format!("{} to {} minutes", from.as_secs() / 60, to.as_secs() / 60))
}

/// A time as people say it; nothing for a moment.
fn elapsed(time: Duration) -> String {
    match time.as_secs() {
        0 => String::new(),
        seconds @ 1..60 => format!(" ({seconds} s)"),
        seconds => format!(" ({} min {} s)", seconds / 60, seconds % 60),
    }
}

const TICK: Duration = Duration::from_millis(120);
const REMINDER: Duration = Duration::from_secs(60);
