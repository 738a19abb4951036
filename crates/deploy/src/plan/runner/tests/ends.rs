//! In which order steps run, and how they end.

use super::*;
use crate::plan::PlanError;

fn keep_going() -> Conduct {
    Conduct {
        keep_going: true,
        ..Conduct::default()
    }
}

#[tokio::test(start_paused = true)]
async fn independent_steps_run_at_the_same_time() {
    let steps = vec![step("a", &[], Script::Meet), step("b", &[], Script::Meet)];
    let (finished, _) = run_all(steps, Conduct::default(), &Events::default()).await;
    assert!(finished.complete());
}

#[tokio::test]
async fn a_step_begins_after_everything_it_needs() {
    let steps = vec![
        step("a", &[], Script::Succeed),
        step("b", &["a"], Script::Succeed),
        step("c", &["a", "b"], Script::Succeed),
    ];
    let (finished, world) = run_all(steps, Conduct::default(), &Events::default()).await;
    assert_eq!(order(world), ["a", "b", "c"]);
    assert_eq!(finished.changed, ["a", "b", "c"]);
}

#[tokio::test]
async fn after_a_failure_nothing_new_begins_and_the_rest_is_named() {
    let steps = vec![
        step("a", &[], Script::Fail),
        step("b", &["a"], Script::Succeed),
    ];
    let (finished, world) = run_all(steps, Conduct::default(), &Events::default()).await;
    assert_eq!(order(world), ["a"]);
    assert_eq!(
        finished.failed[0].to_string(),
        "step a failed: cannot open the door: it is locked; find the key"
    );
    assert_eq!(
        finished.skipped,
        [("b", "it needs a, which is not done".to_owned())]
    );
    assert_eq!(finished.interrupted, None);
}

#[tokio::test]
async fn keep_going_runs_what_does_not_need_the_failed_step() {
    let steps = vec![
        step("a", &[], Script::Fail),
        step("b", &[], Script::Succeed),
        step("c", &["b"], Script::Succeed),
        step("d", &["a"], Script::Succeed),
    ];
    let (finished, _) = run_all(steps, keep_going(), &Events::default()).await;
    assert_eq!(finished.done, ["b", "c"]);
    assert_eq!(finished.skipped.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_expired_limit_reports_what_was_last_seen() {
    let steps = vec![step("a", &[], Script::Hang)];
    let (finished, _) = run_all(steps, Conduct::default(), &Events::default()).await;
    assert_eq!(
        finished.failed[0].error.to_string(),
        "cannot finish step a within 60 s: last seen: waiting for the door to open"
    );
}

#[tokio::test]
async fn a_panicking_step_fails_the_plan_with_a_sentence() {
    let steps = vec![step("a", &[], Script::Panic)];
    let (finished, _) = run_all(steps, Conduct::default(), &Events::default()).await;
    let error = finished.failed[0].error.to_string();
    assert!(error.contains("a defect of this program"), "{error}");
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

#[test]
fn a_step_without_a_rule_is_refused() {
    struct Unruly;
    #[async_trait]
    impl Step<World> for Unruly {
        fn name(&self) -> &'static str {
            "unruly"
        }
        fn title(&self) -> &'static str {
            "a step that stands in no table"
        }
        async fn run(&self, _: &World, _: &Progress) -> Result<Outcome, StepError> {
            Ok(Outcome::Unchanged)
        }
    }
    let plan: Result<Plan<World>, _> = Plan::new(vec![Box::new(Unruly)]);
    assert_eq!(plan.err(), Some(PlanError::NoRule("unruly")));
}
