use std::fs;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::events::{Event, Stamped, StepName};

fn at(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + milliseconds).unwrap()
}

fn event(after: i64, event: Event) -> Stamped {
    Stamped {
        at: at(after),
        event,
    }
}

fn planned(step: &'static str, needs: &[&'static str]) -> Stamped {
    event(
        0,
        Event::Planned {
            step: step.into(),
            title: format!("do {step}").into(),
            needs: needs.iter().map(|needs| (*needs).into()).collect(),
        },
    )
}

fn started(after: i64, step: &'static str) -> Stamped {
    event(after, Event::Started { step: step.into() })
}

fn waiting(after: i64, step: &'static str, on: &str) -> Stamped {
    let (step, on) = (StepName::from(step), on.to_owned());
    event(after, Event::Waiting { step, on })
}

fn done(after: i64, step: &'static str) -> Stamped {
    event(
        after,
        Event::Done {
            step: step.into(),
            changed: Some("it".to_owned()),
            elapsed: 0,
        },
    )
}

fn failed(after: i64, step: &'static str, error: &str) -> Stamped {
    event(
        after,
        Event::Failed {
            step: step.into(),
            error: error.to_owned(),
            evidence: Some("evidence/tenants".into()),
            elapsed: 0,
        },
    )
}

/// A run with everything that can be seen on the page.
fn story() -> Vec<Stamped> {
    vec![
        planned("certificates", &[]),
        planned("cluster", &["certificates"]),
        planned("images", &[]),
        planned("tenants", &["cluster"]),
        planned("pipelines", &["tenants"]),
        started(0, "certificates"),
        started(0, "images"),
        done(120, "certificates"),
        started(121, "cluster"),
        waiting(300, "cluster", "the API server to answer"),
        event(
            1500,
            Event::Retried {
                step: "images".into(),
                because: "quay.io answered 502".to_owned(),
            },
        ),
        waiting(2400, "cluster", "the node to be ready"),
        done(2600, "images"),
        done(4000, "cluster"),
        started(4001, "tenants"),
        failed(4900, "tenants", "cannot create <namespace> & more: refused"),
        event(
            4900,
            Event::Skipped {
                step: "pipelines".into(),
                because: "it needs tenants, which is not done".to_owned(),
            },
        ),
    ]
}

fn lines(events: &[Stamped]) -> String {
    let lines = events
        .iter()
        .map(|event| serde_json::to_string(event).unwrap());
    lines.map(|line| line + "\n").collect()
}

#[test]
fn a_run_is_read_with_its_waits_retries_and_critical_path() {
    let run = Run::of(&story()).unwrap();
    let cluster = &run.steps[1];
    assert_eq!(cluster.took(), Some(Duration::from_millis(3879)));
    assert_eq!(cluster.waits.len(), 2);
    assert_eq!(cluster.waited(), Duration::from_millis(3700));
    assert_eq!(run.steps[2].retries[0].because, "quay.io answered 502");
    assert_eq!(run.steps[4].took(), None);
    assert_eq!(run.critical_path().steps, [0, 1, 3]);
    assert_eq!(run.took(), Duration::from_millis(4900));
}

#[test]
fn only_the_last_run_of_the_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let second = vec![planned("certificates", &[]), started(5, "certificates")];
    fs::write(&path, lines(&story()) + &lines(&second)).unwrap();
    let run = Run::last(&path).unwrap().unwrap();
    assert_eq!(run.steps.len(), 1);
}

#[test]
fn a_run_that_was_killed_right_after_its_plan_is_told_from_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let plan = vec![planned("certificates", &[]), planned("cluster", &[])];
    fs::write(&path, lines(&plan) + &lines(&plan)).unwrap();
    assert_eq!(Run::last(&path).unwrap().unwrap().steps.len(), 2);
}

#[test]
fn a_run_that_was_killed_while_it_wrote_is_shown_as_far_as_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let mut events = story();
    events.truncate(11);
    fs::write(
        &path,
        lines(&events) + "{\"at\":\"2026-11-26T00:00:00Z\",\"eve",
    )
    .unwrap();
    let run = Run::last(&path).unwrap().unwrap();
    assert_eq!(run.steps[1].end, End::Lost);
    assert_eq!(run.steps[1].ended, Some(at(1500)));
    let page = page::render(&run);
    assert!(page.contains("no end was told"));
}

#[test]
fn without_a_run_there_is_no_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    assert_eq!(write(&path).unwrap(), None);
    fs::write(&path, "not JSON\n").unwrap();
    assert_eq!(write(&path).unwrap(), None);
    assert!(!folder.path().join(PAGE).exists());
}

#[test]
fn what_cannot_be_read_or_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = write(folder.path()).unwrap_err();
    assert!(matches!(error, TimingsError::Read { .. }), "{error}");
    let path = folder.path().join("events.jsonl");
    fs::write(&path, lines(&story())).unwrap();
    fs::create_dir(folder.path().join(PAGE)).unwrap();
    let error = write(&path).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot write") && error.to_string().contains(PAGE),
        "{error}"
    );
}

#[test]
fn the_page_says_everything_in_words_and_loads_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    fs::write(&path, lines(&story())).unwrap();
    let page = fs::read_to_string(write(&path).unwrap().unwrap()).unwrap();
    for words in [
        "certificates → cluster → tenants",
        "of 5 steps 1 failed, 1 skipped",
        "waited 2.1 s for the API server to answer",
        "tried again: quay.io answered 502",
        "it needs tenants, which is not done",
        "evidence: evidence/tenants",
        "cannot create &lt;namespace&gt; &amp; more: refused",
    ] {
        assert!(page.contains(words), "{words}");
    }
    for outside in [
        "http://",
        "https://",
        "src=",
        "@import",
        "<script",
        "<link",
        "<namespace>",
    ] {
        assert!(!page.contains(outside), "{outside}");
    }
}
