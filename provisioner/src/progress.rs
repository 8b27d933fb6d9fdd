//! Progress on standard error: a bar for a person, plain lines for a log.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use provisioner::deploy::{
    apply::{Event, Progress},
    plan::{Pending, Step},
};

use crate::surroundings::Surroundings;

/// Tells of the steps of one run.
pub(crate) struct Reporter<'a> {
    surroundings: &'a Surroundings,
    bar: Option<ProgressBar>,
    pending: Cell<usize>,
    last: RefCell<String>,
}

impl<'a> Reporter<'a> {
    /// A reporter for `steps`.
    pub(crate) fn new(surroundings: &'a Surroundings, steps: &[Step]) -> Self {
        // What is waited for is added when the wait begins, whether the plan had it from the start or not.
        let calls = steps.iter().filter(|step| !matches!(step, Step::Await(_))).count();
        let bar = surroundings.progress_is_seen().then(|| {
            let style = ProgressStyle::with_template("{spinner} [{bar:16}] {pos}/{len} {elapsed}  {wide_msg}");
            let bar = ProgressBar::new(u64::try_from(calls).unwrap_or(u64::MAX));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self { surroundings, bar, pending: Cell::new(0), last: RefCell::new(String::new()) }
    }

    /// A line that stays. The same line is not repeated.
    fn line(&self, line: String) {
        if *self.last.borrow() == line {
            return;
        }
        match &self.bar {
            Some(bar) => bar.println(&line),
            None => self.surroundings.note(&line),
        }
        self.last.replace(line);
    }
}

impl Progress for Reporter<'_> {
    fn tell(&self, event: Event<'_>) {
        match event {
            Event::Begun(step) => {
                if let Some(bar) = &self.bar {
                    bar.set_message(step.to_string());
                }
            }
            Event::Done(step) => {
                self.line(format!("  done: {step}"));
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
            }
            Event::Again(step, reason) => self.line(format!("  will try again to {step}: {reason}")),
            Event::Waiting(steps, waited) => {
                let message = waiting(steps);
                let Some(bar) = &self.bar else {
                    return self.line(format!("  {message}"));
                };
                // What is waited for comes on top of the steps of the plan.
                let (now, before) = (steps.len(), self.pending.replace(steps.len()));
                if now > before {
                    bar.inc_length(u64::try_from(now - before).unwrap_or_default());
                } else {
                    bar.inc(u64::try_from(before - now).unwrap_or_default());
                }
                bar.set_message(format!("{message}, {} s; AWS takes 5 to 15 minutes", waited.as_secs()));
            }
        }
    }
}

impl Drop for Reporter<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn waiting(steps: &[Step]) -> String {
    let subnets = steps.iter().filter(|step| matches!(step, Step::Await(Pending::Association(_)))).count();
    match (subnets, steps.len() - subnets) {
        (0, rules) => format!("waiting for {rules} more"),
        (subnets, 0) => format!("waiting for {subnets} subnet(s)"),
        (subnets, rules) => format!("waiting for {subnets} subnet(s) and {rules} more"),
    }
}
