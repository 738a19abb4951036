use std::sync::Mutex;

use async_trait::async_trait;
use tokio::sync::Barrier;

use super::*;
use crate::plan::PlanError;

/// What a scripted step does.
enum Script {
    Succeed,
    Fail,
    Panic,
    Hang,
    /// Ends only when two steps are here at the same time.
    Meet,
}

struct Scripted {
    name: &'static str,
    needs: &'static [&'static str],
    script: Script,
}

struct World {
    meeting: Barrier,
    order: Mutex<Vec<&'static str>>,
}

#[async_trait]
impl Step<World> for Scripted {
    fn name(&self) -> &'static str {
        self.name
    }
    fn title(&self) -> &'static str {
        "a scripted step"
    }
    fn needs(&self) -> &'static [&'static str] {
        self.needs
    }
    fn limit(&self) -> Duration {
        Duration::from_secs(5)
    }
    async fn run(&self, world: &World, progress: &Progress) -> Result<Outcome, StepError> {
        world.order.lock().unwrap().push(self.name);
        match self.script {
            Script::Succeed => Ok(Outcome::Changed("it".to_owned())),
            Script::Fail => {
                Err(StepError::new("open the door", "it is locked").mended_by("find the key"))
            }
            Script::Panic => panic!("scripted"),
            Script::Hang => {
                progress.waiting("the door to open");
                std::future::pending().await
            }
            Script::Meet => {
                world.meeting.wait().await;
                Ok(Outcome::Unchanged)
            }
        }
    }
}

fn step(
    name: &'static str,
    needs: &'static [&'static str],
    script: Script,
) -> Box<dyn Step<World>> {
    Box::new(Scripted {
        name,
        needs,
        script,
    })
}

async fn run_all(
    steps: Vec<Box<dyn Step<World>>>,
    keep_going: bool,
) -> (Finished, Vec<&'static str>) {
    let world = World {
        meeting: Barrier::new(2),
        order: Mutex::default(),
    };
    let plan = Plan::new(steps).unwrap();
    let finished = run(&plan, &world, &Events::default(), keep_going).await;
    (finished, world.order.into_inner().unwrap())
}

#[tokio::test(start_paused = true)]
async fn independent_steps_run_at_the_same_time() {
    let (finished, _) = run_all(
        vec![step("a", &[], Script::Meet), step("b", &[], Script::Meet)],
        false,
    )
    .await;
    assert!(finished.complete());
}

#[tokio::test]
async fn a_step_begins_after_everything_it_needs() {
    let steps = vec![
        step("a", &[], Script::Succeed),
        step("b", &["a"], Script::Succeed),
        step("c", &["a", "b"], Script::Succeed),
    ];
    let (finished, order) = run_all(steps, false).await;
    assert_eq!(order, ["a", "b", "c"]);
    assert_eq!(finished.changed, ["a", "b", "c"]);
}

#[tokio::test]
async fn after_a_failure_nothing_new_begins_and_the_rest_is_named() {
    let steps = vec![
        step("a", &[], Script::Fail),
        step("b", &["a"], Script::Succeed),
    ];
    let (finished, order) = run_all(steps, false).await;
    assert_eq!(order, ["a"]);
    assert_eq!(
        finished.failed[0].1.to_string(),
        "cannot open the door: it is locked; find the key"
    );
    assert_eq!(
        finished.skipped,
        [("b", "it needs a, which is not done".to_owned())]
    );
}

#[tokio::test]
async fn keep_going_runs_what_does_not_need_the_failed_step() {
    let steps = vec![
        step("a", &[], Script::Fail),
        step("b", &[], Script::Succeed),
        step("c", &["b"], Script::Succeed),
        step("d", &["a"], Script::Succeed),
    ];
    let (finished, _) = run_all(steps, true).await;
    assert_eq!(finished.done, ["b", "c"]);
    assert_eq!(finished.skipped.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_expired_limit_reports_what_was_last_seen() {
    let (finished, _) = run_all(vec![step("a", &[], Script::Hang)], false).await;
    let error = finished.failed[0].1.to_string();
    assert_eq!(
        error,
        "cannot finish step a within 5 s: last seen: waiting for the door to open"
    );
}

#[tokio::test]
async fn a_panicking_step_fails_the_plan_with_a_sentence() {
    let (finished, _) = run_all(vec![step("a", &[], Script::Panic)], false).await;
    assert!(
        finished.failed[0]
            .1
            .to_string()
            .contains("a defect of this program")
    );
}

#[test]
fn a_plan_whose_order_cannot_work_is_refused() {
    let unordered = Plan::new(vec![
        step("a", &["b"], Script::Succeed),
        step("b", &[], Script::Succeed),
    ]);
    assert_eq!(
        unordered.err(),
        Some(PlanError::NotBefore {
            step: "a",
            needs: "b"
        })
    );
    let twice = Plan::new(vec![
        step("a", &[], Script::Succeed),
        step("a", &[], Script::Succeed),
    ]);
    assert_eq!(twice.err(), Some(PlanError::Twice("a")));
}
