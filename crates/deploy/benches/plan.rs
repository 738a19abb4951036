//! What the runner of plans costs beside its steps: `cargo bench --package deploy --bench plan --profile dev`.
//!
//! A scripted cluster of 200 steps that take as long as a script says. Two figures: how much longer the run takes than its critical path,
//! and how much longer the same steps take one after another. Nothing here is a test: a slow machine fails no build.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use deploy::events::Events;
use deploy::plan::{
    Again, Conduct, Outcome, Plan, PlanError, Progress, Rule, Step, StepError, run,
};
use deploy::timings::{Task, critical_path};

const STEPS: usize = 200;
const RUNS: usize = 9;
/// Steps of a script take this long at least, and up to three times as long.
const SHORTEST: Duration = Duration::from_millis(20);

/// How long each step really took: a timer is never exact, and its error is not the runner's.
struct Cluster {
    took: Mutex<Vec<Duration>>,
}

struct Scripted {
    place: usize,
    name: &'static str,
    needs: &'static [&'static str],
    takes: Duration,
}

#[async_trait]
impl Step<Cluster> for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        "a scripted step"
    }
    fn needs(&self) -> &'static [&'static str] {
        self.needs
    }
    fn rule(&self) -> Option<Rule> {
        Some(Rule::new(Duration::from_secs(60), Again::Looks))
    }
    async fn run(&self, cluster: &Cluster, progress: &Progress) -> Result<Outcome, StepError> {
        let begun = Instant::now();
        progress.waiting("the script");
        tokio::time::sleep(self.takes).await;
        let mut took = cluster.took.lock().unwrap_or_else(PoisonError::into_inner);
        took[self.place] = begun.elapsed();
        Ok(Outcome::Unchanged)
    }
}

/// A script, the same each time: layers of 20 steps, each of which needs two or three of the layer before.
fn script() -> (Vec<Scripted>, Vec<Vec<usize>>) {
    let names: Vec<&'static str> = (0..STEPS)
        .map(|place| -> &'static str { format!("step-{place}").leak() })
        .collect();
    let mut needs = Vec::with_capacity(STEPS);
    let mut steps = Vec::with_capacity(STEPS);
    for place in 0..STEPS {
        let needed: Vec<usize> = match place / 20 {
            0 => Vec::new(),
            layer => (0..2 + place % 2)
                .map(|nth| (layer - 1) * 20 + (place * 7 + nth * 11) % 20)
                .collect(),
        };
        let named: Vec<&'static str> = needed.iter().map(|place| names[*place]).collect();
        steps.push(Scripted {
            place,
            name: names[place],
            needs: named.leak(),
            takes: SHORTEST + SHORTEST * u32::try_from(place * 13 % 41).unwrap_or(0) / 20,
        });
        needs.push(needed);
    }
    (steps, needs)
}

struct Figures {
    wall: Duration,
    critical: Duration,
    one_after_another: Duration,
}

#[tokio::main]
async fn main() -> Result<(), PlanError> {
    let mut figures = Vec::new();
    for _ in 0..RUNS {
        figures.push(measure().await?);
    }
    figures.sort_by(|one, other| overhead(one).total_cmp(&overhead(other)));
    let (median, worst) = (&figures[RUNS / 2], &figures[RUNS - 1]);
    println!("{:<52} {:>12} {:>8}", "figure", "measured", "bar");
    println!(
        "{:<52} {:>12} {:>8}",
        format!("{STEPS} steps, wall time"),
        milliseconds(median.wall),
        ""
    );
    println!(
        "{:<52} {:>12} {:>8}",
        "critical path, as its steps measured themselves",
        milliseconds(median.critical),
        ""
    );
    println!(
        "{:<52} {:>12} {:>8}",
        format!("overhead over the critical path, median of {RUNS}"),
        format!("{:.2} %", overhead(median)),
        "< 5 %"
    );
    println!(
        "{:<52} {:>12} {:>8}",
        "overhead over the critical path, worst run",
        format!("{:.2} %", overhead(worst)),
        ""
    );
    println!(
        "{:<52} {:>12} {:>8}",
        "the same steps one after another, times as long",
        format!(
            "{:.1}",
            median.one_after_another.as_secs_f64() / median.wall.as_secs_f64()
        ),
        ""
    );
    Ok(())
}

/// Runs the script as a plan, and then its steps one after another.
async fn measure() -> Result<Figures, PlanError> {
    let cluster = Cluster {
        took: Mutex::new(vec![Duration::ZERO; STEPS]),
    };
    let (steps, needs) = script();
    let boxed = steps
        .into_iter()
        .map(|step| -> Box<dyn Step<Cluster>> { Box::new(step) })
        .collect();
    let plan = Plan::new(boxed)?;
    let begun = Instant::now();
    let finished = run(&plan, &cluster, &Events::default(), &Conduct::default()).await;
    let wall = begun.elapsed();
    assert!(finished.complete(), "a scripted step cannot fail");
    let took = cluster
        .took
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let tasks: Vec<Task> = took
        .into_iter()
        .zip(needs)
        .map(|(took, needs)| Task { took, needs })
        .collect();
    let (steps, _) = script();
    let begun = Instant::now();
    for step in &steps {
        let progress = Progress::new(step.name, Events::default());
        let outcome = step.run(&cluster, &progress).await;
        assert!(outcome.is_ok(), "a scripted step cannot fail");
    }
    Ok(Figures {
        wall,
        critical: critical_path(&tasks).length,
        one_after_another: begun.elapsed(),
    })
}

/// Percent.
fn overhead(figures: &Figures) -> f64 {
    (figures.wall.as_secs_f64() / figures.critical.as_secs_f64() - 1.0) * 100.0
}

fn milliseconds(duration: Duration) -> String {
    format!("{:.0} ms", duration.as_secs_f64() * 1000.0)
}
