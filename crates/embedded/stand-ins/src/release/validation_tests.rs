use konflux_api::konflux::{ReleasePlan, ReleasePlanAdmission, ReleaseServiceConfig, Snapshot};
use serde_json::{Value, json};

use super::*;

fn object<K: serde::de::DeserializeOwned>(
    kind: &str,
    metadata: Value,
    spec: Value,
    status: Value,
) -> K {
    serde_json::from_value(json!({
        "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": kind, "metadata": metadata, "spec": spec, "status": status,
    }))
    .unwrap()
}

fn noon() -> Timestamp {
    "2026-01-02T12:00:00Z".parse().unwrap()
}

fn pipeline(resolver: &str) -> Value {
    json!({"pipelineRef": {"resolver": resolver, "params": []}})
}

/// A Release with everything it needs; each test takes something away.
fn scene() -> (Release, Loaded) {
    let release = object(
        "Release",
        json!({
            "name": "r", "namespace": "tenant", "creationTimestamp": "2026-01-02T11:59:00Z",
            "labels": {"release.appstudio.openshift.io/automated": "true"},
        }),
        json!({"snapshot": "s", "releasePlan": "p"}),
        json!({"automated": true}),
    );
    let plan: ReleasePlan = object(
        "ReleasePlan",
        json!({"name": "p", "namespace": "tenant", "labels": {
            "release.appstudio.openshift.io/standing-attribution": "true", "release.appstudio.openshift.io/author": "user1",
        }}),
        json!({"application": "shop", "target": "managed"}),
        Value::Null,
    );
    let admission: ReleasePlanAdmission = object(
        "ReleasePlanAdmission",
        json!({"name": "a", "namespace": "managed"}),
        json!({"applications": ["shop"], "origin": "tenant", "pipeline": pipeline("cluster")}),
        Value::Null,
    );
    let snapshot: Snapshot = object(
        "Snapshot",
        json!({"name": "s"}),
        json!({"application": "shop"}),
        Value::Null,
    );
    let mut config = ReleaseServiceConfig::default();
    config.spec.debug = true;
    let loaded = Loaded {
        plan: Some(plan),
        snapshot: Some(snapshot),
        admission: Ok(admission),
        policy: None,
        config,
        config_reference: "release-service/release-service-config".to_owned(),
    };
    (release, loaded)
}

/// The reason for which the scene is invalid after a change.
fn problem(change: impl FnOnce(&mut Release, &mut Loaded)) -> String {
    let (mut release, mut loaded) = scene();
    change(&mut release, &mut loaded);
    match validate(&release, &loaded, noon()) {
        Verdict::Invalid(problem) => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_automated_release_is_on_behalf_of_the_plans_author() {
    let (release, loaded) = scene();
    let expected = Verdict::Valid {
        author: "user1".to_owned(),
        standing: true,
    };
    assert_eq!(validate(&release, &loaded, noon()), expected);
}

#[test]
fn a_manual_release_is_on_behalf_of_its_own_author() {
    let (mut release, loaded) = scene();
    release.metadata.labels = Some([(labels::AUTHOR.to_owned(), "user2".to_owned())].into());
    let expected = Verdict::Valid {
        author: "user2".to_owned(),
        standing: false,
    };
    assert_eq!(validate(&release, &loaded, noon()), expected);
}

#[test]
fn without_a_label_nobody_answers_for_a_manual_release() {
    for labels in [json!({}), json!({labels::AUTHOR: ""})] {
        let unnamed = |release: &mut Release, _: &mut Loaded| {
            release.metadata.labels = serde_json::from_value(labels).unwrap();
        };
        assert_eq!(problem(unnamed), "no author found for manual release");
    }
}

#[test]
fn a_plans_author_answers_only_where_its_attribution_stands() {
    let plan_labels = |labels: Value| {
        move |_: &mut Release, loaded: &mut Loaded| {
            loaded.plan.as_mut().unwrap().metadata.labels = serde_json::from_value(labels).unwrap();
        }
    };
    assert_eq!(
        problem(plan_labels(json!({labels::AUTHOR: "user1"}))),
        "no author in the ReleasePlan found for automated release"
    );
    let (mut release, mut loaded) = scene();
    plan_labels(json!({labels::STANDING_ATTRIBUTION: "true"}))(&mut release, &mut loaded);
    let expected = Verdict::Valid {
        author: "unknown".to_owned(),
        standing: true,
    };
    assert_eq!(validate(&release, &loaded, noon()), expected);
}

#[test]
fn a_name_that_fits_no_label_is_invalid() {
    assert_eq!(
        problem(|release, _| release.metadata.name = Some("a".repeat(64))),
        "release name must be no more than 63 characters, got 64 characters"
    );
}

#[test]
fn the_messages_are_release_services() {
    assert_eq!(
        problem(|_, loaded| loaded.admission = Err("no ReleasePlanAdmission found in …".to_owned())),
        "no ReleasePlanAdmission found in …"
    );
    assert!(
        problem(|_, loaded| loaded.admission = Err(NO_TARGET.to_owned()))
            .starts_with("releasePlan has no pipeline or target.")
    );
    let without_pipeline = |_: &mut Release, loaded: &mut Loaded| {
        loaded.admission.as_mut().unwrap().spec.pipeline = None;
    };
    assert!(
        problem(without_pipeline)
            .starts_with("releasePlan and releasePlanAdmission both have no pipeline.")
    );
    assert_eq!(
        problem(|_, loaded| loaded.snapshot = None),
        "snapshots.appstudio.redhat.com \"s\" not found"
    );
    let other_application = |_: &mut Release, loaded: &mut Loaded| {
        loaded.snapshot.as_mut().unwrap().spec.application = "bar".to_owned();
    };
    assert_eq!(
        problem(other_application),
        "different Application referenced in ReleasePlan and Snapshot"
    );
    assert_eq!(
        problem(|_, loaded| loaded.plan.as_mut().unwrap().metadata.labels = None),
        "no author in the ReleasePlan found for automated release"
    );
    assert_eq!(
        problem(|_, loaded| loaded.config.spec.debug = false),
        "tried using debug only options while debug mode is disabled in the ReleaseServiceConfig"
    );
}

#[test]
fn a_policy_that_does_not_exist_is_named() {
    let missing_policy = |_: &mut Release, loaded: &mut Loaded| {
        loaded.admission.as_mut().unwrap().spec.policy = Some("strict".to_owned());
    };
    assert_eq!(
        problem(missing_policy),
        "enterprisecontractpolicies.appstudio.redhat.com \"strict\" not found"
    );
}

#[test]
fn collectors_are_refused_by_name() {
    let with_collectors = |_: &mut Release, loaded: &mut Loaded| {
        loaded.plan.as_mut().unwrap().spec.collectors = Some(json!({"items": []}));
    };
    assert!(problem(with_collectors).contains("spec.collectors"));
}

#[test]
fn component_groups_are_refused_by_name() {
    let with_group = |_: &mut Release, loaded: &mut Loaded| {
        let plan = loaded.plan.as_mut().unwrap();
        plan.spec.application = None;
        plan.spec.component_group = Some("group".to_owned());
        loaded.admission = Err("no ReleasePlanAdmission found in …".to_owned());
    };
    assert!(problem(with_group).contains("spec.componentGroup"));
}

#[test]
fn a_plan_without_an_application_does_not_release_any_snapshot() {
    assert_eq!(
        problem(|_, loaded| loaded.plan.as_mut().unwrap().spec.application = None),
        "different Application referenced in ReleasePlan and Snapshot"
    );
}

#[test]
fn overrides_are_refused_where_they_could_match() {
    let override_ = json!({"url": ".*", "revision": ".*", "pathInRepo": "p.yaml"});
    let (release, mut loaded) = scene();
    loaded.config.spec.empty_dir_overrides = vec![override_.clone()];
    assert!(matches!(
        validate(&release, &loaded, noon()),
        Verdict::Valid { .. }
    ));
    let from_git = |_: &mut Release, loaded: &mut Loaded| {
        loaded.config.spec.empty_dir_overrides = vec![override_];
        loaded.admission.as_mut().unwrap().spec.pipeline =
            Some(serde_json::from_value(pipeline("git")).unwrap());
    };
    assert!(problem(from_git).contains("spec.EmptyDirOverrides"));
}

#[test]
fn integration_service_has_five_minutes_to_mark_its_release() {
    let (mut release, loaded) = scene();
    release.status = None;
    let until = "2026-01-02T12:04:00Z".parse().unwrap();
    assert_eq!(validate(&release, &loaded, noon()), Verdict::Wait { until });
    let message = "automated not set in status for automated release".to_owned();
    assert_eq!(
        validate(&release, &loaded, until),
        Verdict::Invalid(message)
    );
}
