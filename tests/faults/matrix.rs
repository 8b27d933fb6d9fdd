//! Runs every point of a scenario, and writes down what became of them.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::Result;
use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use tests::proxy::Point;

use crate::{
    baseline::Baseline,
    faults::{self, FAULTS, Fault},
    kills::{self, MOMENTS},
    scenarios::Scenario,
};

/// What passed and failed, point by point.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
}

/// What is known of a point that converged.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Converged {
    /// The call of this point did not come this time: how often is looked while something is waited for depends on time.
    pub(crate) never_came: bool,
    /// It took another run.
    pub(crate) took_another_run: bool,
    /// Calls beyond those of the undisturbed run.
    pub(crate) more_calls: usize,
}

/// Runs both matrices of a scenario.
///
/// # Errors
/// The undisturbed run does not work.
pub(crate) async fn run(scenario: &Scenario, tally: &mut Tally) -> Result<()> {
    let begin = Instant::now();
    let baseline = &Baseline::of(scenario).await?;
    let points = &baseline.points;
    println!(
        "\n{}: {} calls in {:.1} s when nothing happens",
        scenario.name,
        points.len(),
        baseline.took.as_secs_f64()
    );
    let (mut working, mut waiting): (Vec<Job<'_>>, Vec<Job<'_>>) = Default::default();
    for (point, number) in points.iter().zip(0..) {
        for moment in MOMENTS {
            let job = kills::run(baseline, point, moment, Duration::from_millis(number % 10));
            working.push((kills::words(moment), point, job.boxed()));
        }
        for fault in FAULTS {
            let jobs = if fault.only_waits() { &mut waiting } else { &mut working };
            jobs.push((fault.words, point, faults::run(baseline, point, fault).boxed()));
        }
    }
    let (mut done, waited) = futures::join!(all(working, AT_ONCE), all(waiting, AT_ONCE_WAITING));
    done.extend(waited);
    for words in MOMENTS.map(kills::words).into_iter().chain(FAULTS.map(|fault| fault.words)) {
        tally.row(words, done.extract_if(.., |(row, ..)| *row == words).map(|(_, point, result)| (point, result)));
    }
    println!("  {:.0} s", begin.elapsed().as_secs_f64());
    Ok(())
}

/// Which row, which point, and how it is tried.
type Job<'a> = (&'static str, &'a Point, BoxFuture<'a, Result<Converged>>);
type Tried<'a> = (&'static str, &'a Point, Result<Converged>);

async fn all(jobs: Vec<Job<'_>>, at_once: usize) -> Vec<Tried<'_>> {
    let in_time = jobs.into_iter().map(async |(row, point, job)| {
        let result = tokio::time::timeout(LONGEST, job).await;
        let result = result.unwrap_or_else(|_| Err(anyhow::anyhow!("not done after {} s", LONGEST.as_secs())));
        (row, point, result)
    });
    stream::iter(in_time).buffer_unordered(at_once).collect().await
}

impl Tally {
    /// A row of a matrix.
    fn row<'a>(&mut self, what: &str, points: impl Iterator<Item = (&'a Point, Result<Converged>)>) {
        let (mut converged, mut never_came, mut another, mut more) = (0, 0, 0, 0);
        let mut failures = Vec::new();
        for (point, result) in points {
            match result {
                Ok(point) if point.never_came => never_came += 1,
                Ok(point) => {
                    converged += 1;
                    another += u32::from(point.took_another_run);
                    more = more.max(point.more_calls);
                }
                Err(error) => failures.push(format!("  FAILED {what}, {point}: {error:#}")),
            }
        }
        let mut notes = String::new();
        let mut note = |count: u64, text: &str| {
            if count > 0 {
                notes += &format!(", {count} {text}");
            }
        };
        note(never_came, "more did not come this time");
        note(another.into(), "took another run");
        note(more as u64, "calls more at most");
        let tried = failures.len() + converged as usize;
        println!("  {what:38} {tried:3} tried, {converged:3} converged{notes}");
        failures.iter().for_each(|failure| println!("{failure}"));
        self.passed += converged;
        self.failed += u32::try_from(failures.len()).unwrap_or(u32::MAX);
    }

    /// A row that is a single test.
    pub(crate) fn one<T: fmt::Display>(&mut self, what: &str, result: Result<T>) {
        match result {
            Ok(found) => {
                println!("\n{what}: {found}");
                self.passed += 1;
            }
            Err(error) => {
                println!("\nFAILED {what}: {error:#}");
                self.failed += 1;
            }
        }
    }
}

impl Fault {
    /// Points of this kind cost time, and hardly anything else.
    fn only_waits(&self) -> bool {
        matches!(self.act, tests::proxy::Act::Late(_))
    }
}

/// Runs at the same time. A run mostly waits: for rules to become active, and between two tries.
const AT_ONCE: usize = 12;
/// These do nothing but wait ten seconds.
const AT_ONCE_WAITING: usize = 40;
/// A run that takes longer does not end.
const LONGEST: Duration = Duration::from_secs(150);
