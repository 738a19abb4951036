//! Which ReleasePlans release a Snapshot without being asked.

use konflux_api::{
    annotations,
    konflux::{Component, ReleasePlan, Snapshot},
    labels,
};
use kube::ResourceExt;

use super::promotion::newest_build;

/// What happens to a Snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AutoRelease {
    /// It is not released by itself, and nothing is written about it.
    NotApplicable,
    /// No plan releases it, for this reason.
    Nothing(String),
    /// These plans release it.
    By(Vec<String>),
    /// A plan asks for something that is not modelled.
    NotModelled(String),
}

/// Decides by the rules of integration-service. `component` is the one whose build made the Snapshot.
pub(crate) fn decide(
    snapshot: &Snapshot,
    component: Option<&Component>,
    plans: &[ReleasePlan],
) -> AutoRelease {
    let label = |key: &str| snapshot.labels().get(key).map(String::as_str);
    let annotation = |key: &str| snapshot.annotations().get(key).map(String::as_str);
    if label(labels::SNAPSHOT_TYPE) != Some(labels::SNAPSHOT_TYPE_COMPONENT)
        || annotation(annotations::INTEGRATION_WORKFLOW) != Some("push")
        || label(labels::AUTO_RELEASE) == Some("false")
    {
        return AutoRelease::NotApplicable;
    }
    let started: Option<i64> =
        annotation(annotations::PIPELINE_RUN_START_TIME).and_then(|text| text.parse().ok());
    let newest = component.and_then(newest_build);
    if let (Some(started), Some(newest)) = (started, newest)
        && newest > started
    {
        return AutoRelease::Nothing("Released in newer Snapshot".to_owned());
    }
    let should_release = annotation(&format!("{}should-release", annotations::RESULT_PREFIX));
    let mut releasing = Vec::new();
    let mut is_prevented_by_build = false;
    for plan in plans
        .iter()
        .filter(|plan| plan.spec.application.as_ref() == Some(&snapshot.spec.application))
    {
        if plan.annotations().contains_key(annotations::AUTO_RELEASE) {
            return AutoRelease::NotModelled(format!(
                "ReleasePlan {} decides with a CEL expression in the annotation {}, which konflux-local does not evaluate; use the \
                 label of the same name",
                plan.name_any(),
                annotations::AUTO_RELEASE
            ));
        }
        if plan.labels().get(labels::AUTO_RELEASE).map(String::as_str) == Some("false") {
            continue;
        }
        if should_release == Some("false") {
            is_prevented_by_build = true;
            continue;
        }
        releasing.push(plan.name_any());
    }
    if !releasing.is_empty() {
        return AutoRelease::By(releasing);
    }
    AutoRelease::Nothing(if is_prevented_by_build {
        "Skipping auto-release because the build pipeline's SHOULD_RELEASE result is 'false'"
            .to_owned()
    } else {
        "Skipping auto-release of the Snapshot because no ReleasePlans have the 'auto-release' label set to 'true'".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn snapshot(extra_annotation: (&str, &str)) -> Snapshot {
        let mut annotations = json!({
            "test.appstudio.openshift.io/integration-workflow": "push",
            "test.appstudio.openshift.io/pipelinerunstarttime": "1000",
        });
        annotations[extra_annotation.0] = json!(extra_annotation.1);
        serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Snapshot",
            "metadata": {"name": "s", "labels": {"test.appstudio.openshift.io/type": "component"}, "annotations": annotations},
            "spec": {"application": "a"},
        }))
        .unwrap()
    }

    fn plan(name: &str, application: &str, metadata: Value) -> ReleasePlan {
        let mut metadata = metadata;
        metadata["name"] = json!(name);
        serde_json::from_value(json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "ReleasePlan",
            "metadata": metadata, "spec": {"application": application},
        }))
        .unwrap()
    }

    fn labelled(value: &str) -> Value {
        json!({"labels": {"release.appstudio.openshift.io/auto-release": value}})
    }

    #[test]
    fn every_plan_of_the_application_releases_unless_it_says_no() {
        let plans = [
            plan("yes", "a", labelled("true")),
            plan("unlabelled", "a", json!({})),
            plan("no", "a", labelled("false")),
            plan("other", "b", labelled("true")),
        ];
        let expected = AutoRelease::By(vec!["yes".to_owned(), "unlabelled".to_owned()]);
        assert_eq!(decide(&snapshot(("x", "y")), None, &plans), expected);
    }

    #[test]
    fn without_a_plan_the_condition_says_so_in_konfluxs_words() {
        let AutoRelease::Nothing(message) = decide(&snapshot(("x", "y")), None, &[]) else {
            panic!("it releases")
        };
        assert!(
            message.contains("no ReleasePlans have the 'auto-release' label"),
            "{message}"
        );
    }

    #[test]
    fn a_build_can_prevent_its_release() {
        let snapshot = snapshot(("test.appstudio.openshift.io/result-should-release", "false"));
        let AutoRelease::Nothing(message) = decide(&snapshot, None, &[plan("p", "a", json!({}))])
        else {
            panic!("it releases")
        };
        assert!(
            message.contains("SHOULD_RELEASE result is 'false'"),
            "{message}"
        );
    }

    #[test]
    fn pull_requests_are_not_released() {
        let snapshot = snapshot((
            "test.appstudio.openshift.io/integration-workflow",
            "pull-request",
        ));
        assert_eq!(
            decide(&snapshot, None, &[plan("p", "a", json!({}))]),
            AutoRelease::NotApplicable
        );
    }

    #[test]
    fn an_older_build_is_not_released_after_a_newer_one() {
        let component = json!({
            "apiVersion": "appstudio.redhat.com/v1alpha1", "kind": "Component",
            "metadata": {"name": "c", "annotations": {"test.appstudio.openshift.io/lastbuilttime": "1001"}},
            "spec": {"componentName": "c", "application": "a"},
        });
        let component: Component = serde_json::from_value(component).unwrap();
        let decided = decide(
            &snapshot(("x", "y")),
            Some(&component),
            &[plan("p", "a", json!({}))],
        );
        assert_eq!(
            decided,
            AutoRelease::Nothing("Released in newer Snapshot".to_owned())
        );
    }

    #[test]
    fn an_expression_is_refused_by_name() {
        let plan = plan(
            "p",
            "a",
            json!({"annotations": {"release.appstudio.openshift.io/auto-release": "true"}}),
        );
        assert!(matches!(
            decide(&snapshot(("x", "y")), None, &[plan]),
            AutoRelease::NotModelled(_)
        ));
    }
}
