//! A failing step is asked for evidence, and nothing about that hides the failure.

use super::*;

fn collecting(folder: &Path) -> Conduct {
    Conduct {
        evidence: Some(folder.to_owned()),
        ..Conduct::default()
    }
}

async fn fail_offering(offer: Offer) -> (Finished, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let steps = vec![offering("a", &[], Script::Fail, offer)];
    let (finished, _) = run_all(steps, collecting(folder.path()), &Events::default()).await;
    assert_eq!(
        finished.failed[0].error.to_string(),
        "cannot open the door: it is locked; find the key"
    );
    (finished, folder)
}

#[tokio::test]
async fn the_failure_shows_the_three_most_telling_lines_and_where_the_rest_is() {
    let (finished, root) = fail_offering(Offer::Lines).await;
    let failure = &finished.failed[0];
    let folder = failure.evidence.as_ref().unwrap().folder();
    assert!(folder.starts_with(root.path()));
    assert!(folder.join("failure.txt").exists());
    assert_eq!(
        failure.to_string(),
        format!(
            "step a failed: cannot open the door: it is locked; find the key\n  | first\n  | second\n  | third\n  evidence: {}",
            folder.display()
        )
    );
}

#[tokio::test]
async fn a_step_that_offers_no_evidence_fails_with_its_sentence_alone() {
    let (finished, _root) = fail_offering(Offer::Nothing).await;
    assert!(finished.failed[0].evidence.is_none());
}

#[tokio::test]
async fn a_failure_that_explains_itself_is_not_investigated() {
    let root = tempfile::tempdir().unwrap();
    let steps = vec![offering("a", &[], Script::Refuse, Offer::Lines)];
    let (finished, _) = run_all(steps, collecting(root.path()), &Events::default()).await;
    assert_eq!(
        finished.failed[0].to_string(),
        "step a failed: cannot open the door: it is another door"
    );
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn evidence_that_cannot_be_collected_is_said_beside_the_failure() {
    for (offer, said) in [
        (Offer::Error, "cannot read the log: it is gone"),
        (Offer::Panic, "collecting panicked"),
        (Offer::Hang, "collecting was not finished within 60 s"),
    ] {
        let (finished, _root) = fail_offering(offer).await;
        let text = finished.failed[0].to_string();
        assert!(
            text.contains("the evidence is incomplete") && text.contains(said),
            "{text}"
        );
    }
}

#[tokio::test]
async fn without_a_folder_nothing_is_collected() {
    let steps = vec![offering("a", &[], Script::Fail, Offer::Panic)];
    let (finished, _) = run_all(steps, Conduct::default(), &Events::default()).await;
    assert!(finished.failed[0].evidence.is_none());
}

#[tokio::test]
async fn the_evidence_is_there_before_the_run_ends_and_the_event_names_its_folder() {
    let root = tempfile::tempdir().unwrap();
    let lines = root.path().join("events.jsonl");
    let events = Events::new(vec![std::sync::Arc::new(
        crate::events::JsonLines::open(&lines).unwrap(),
    )]);
    let steps = vec![offering("a", &[], Script::Fail, Offer::Lines)];
    let (finished, _) = run_all(steps, collecting(root.path()), &events).await;
    let text = std::fs::read_to_string(&lines).unwrap();
    let failed: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    let folder = finished.failed[0].evidence.as_ref().unwrap().folder();
    assert_eq!(failed["event"], "failed");
    assert_eq!(failed["evidence"], folder.to_str().unwrap());
}
