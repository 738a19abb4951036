//! A cancelled run stops soon, cleanly, and says what is left.

use super::*;
use crate::plan::{CutShort, Interruption};

fn patient() -> Conduct {
    Conduct {
        grace: Duration::from_secs(5),
        ..Conduct::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_not_end_within_the_grace_is_cut_short_and_dropped() {
    let steps = vec![
        step("a", &[], Script::CancelAndHang),
        step("b", &["a"], Script::Succeed),
    ];
    let begun = tokio::time::Instant::now();
    let (finished, world) = run_all(steps, patient(), &Events::default()).await;
    assert_eq!(begun.elapsed(), Duration::from_secs(5));
    world.dropped.notified().await;
    assert_eq!(
        finished.interrupted,
        Some(Interruption {
            cut_short: vec![CutShort {
                step: "a",
                seen: "waiting for the door to open".to_owned()
            }],
            not_begun: vec!["b"],
        })
    );
    assert!(finished.failed.is_empty() && !finished.complete());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_ends_within_the_grace_is_done_and_nothing_new_begins() {
    let steps = vec![
        step("a", &[], Script::CancelAndFinish),
        step("b", &["a"], Script::Succeed),
    ];
    let begun = tokio::time::Instant::now();
    let (finished, world) = run_all(steps, patient(), &Events::default()).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(order(world), ["a"]);
    assert_eq!(finished.done, ["a"]);
    assert_eq!(
        finished.interrupted.unwrap().to_string(),
        "interrupted\n  not begun  b"
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_that_stops_when_told_has_not_failed_and_offers_no_evidence() {
    let root = tempfile::tempdir().unwrap();
    let steps = vec![
        offering("a", &[], Script::StopWhenTold, Offer::Lines),
        step("b", &[], Script::CancelAndFinish),
    ];
    let conduct = Conduct {
        evidence: Some(root.path().to_owned()),
        ..patient()
    };
    let (finished, _) = run_all(steps, conduct, &Events::default()).await;
    assert!(finished.failed.is_empty());
    assert_eq!(
        finished.interrupted.unwrap().to_string(),
        "interrupted\n  cut short  a, which saw: cannot go through the door: it was told to stop"
    );
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_run_that_is_cancelled_before_it_begins_runs_nothing() {
    let world = world();
    world.cancellation.cancel();
    let conduct = Conduct {
        cancellation: world.cancellation.clone(),
        ..patient()
    };
    let plan = Plan::new(vec![step("a", &[], Script::Succeed)]).unwrap();
    let finished = run(&plan, &world, &Events::default(), &conduct).await;
    assert!(order(world).is_empty());
    assert_eq!(
        finished.skipped,
        [("a", "the run was interrupted".to_owned())]
    );
    assert_eq!(finished.interrupted.unwrap().not_begun, ["a"]);
}

#[tokio::test]
async fn an_interruption_that_finds_everything_done_changes_nothing() {
    let steps = vec![step("a", &[], Script::CancelAndFinish)];
    let (finished, _) = run_all(steps, patient(), &Events::default()).await;
    assert!(finished.complete());
}

#[tokio::test(start_paused = true)]
async fn a_step_that_failed_before_the_interruption_has_failed_and_its_evidence_is_not_waited_for()
{
    let root = tempfile::tempdir().unwrap();
    let steps = vec![
        offering("a", &[], Script::Fail, Offer::Hang),
        step("b", &[], Script::CancelAndFinish),
        step("c", &["b"], Script::Succeed),
    ];
    let conduct = Conduct {
        evidence: Some(root.path().to_owned()),
        ..patient()
    };
    let begun = tokio::time::Instant::now();
    let (finished, _) = run_all(steps, conduct, &Events::default()).await;
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(
        finished.failed[0].to_string(),
        "step a failed: cannot open the door: it is locked; find the key"
    );
    assert_eq!(finished.interrupted.unwrap().not_begun, ["c"]);
}
