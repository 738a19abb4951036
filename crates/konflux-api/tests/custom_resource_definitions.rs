//! The typed structs and the CRDs of `fixtures/crds` describe the same objects.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes only the test functions themselves for tests, not what they call"
)]

mod support;

use konflux_api::{konflux, tekton, trust_manager};
use kube::Resource;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use support::{CustomResourceDefinition, definitions};

/// Fails unless the CRD of `K` accepts `object` and declares its every field, and `K` keeps every field.
fn assert_same_shape<K>(object: Value)
where
    K: Resource<DynamicType = ()> + Serialize + DeserializeOwned,
{
    let definition = CustomResourceDefinition::of(&K::kind(&()));
    assert_eq!(
        definition.group(),
        K::group(&()),
        "group of {}",
        K::kind(&())
    );
    assert_eq!(
        definition.version(),
        K::version(&()),
        "version of {}",
        K::kind(&())
    );
    assert_eq!(
        definition.plural(),
        K::plural(&()),
        "plural of {}",
        K::kind(&())
    );
    assert_eq!(definition.problems(&object), Vec::<String>::new());
    assert_eq!(definition.undeclared_fields(&object), Vec::<String>::new());
    let typed: K = serde_json::from_value(object.clone()).unwrap();
    let mut written = serde_json::to_value(&typed).unwrap();
    // An object made by hand has no creation time, and the struct writes none.
    written["metadata"] = object["metadata"].clone();
    assert_eq!(written, object);
}

fn object(api_version: &str, kind: &str, spec: Value, status: Value) -> Value {
    json!({
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": "example", "namespace": "user-ns1"}, "spec": spec, "status": status,
    })
}

fn konflux_object(kind: &str, spec: Value, status: Value) -> Value {
    object("appstudio.redhat.com/v1alpha1", kind, spec, status)
}

fn condition() -> Value {
    json!({"type": "T", "status": "True", "reason": "R", "message": "m", "lastTransitionTime": "2026-01-02T03:04:05Z"})
}

#[test]
fn every_definition_belongs_to_a_typed_resource() {
    let known = [
        "Application",
        "Bundle",
        "Component",
        "EnterpriseContractPolicy",
        "Pipeline",
        "PipelineRun",
        "Release",
        "ReleasePlan",
        "ReleasePlanAdmission",
        "ReleaseServiceConfig",
        "Snapshot",
        "Task",
        "TaskRun",
    ];
    let mut kinds: Vec<String> = definitions()
        .iter()
        .map(CustomResourceDefinition::kind)
        .collect();
    kinds.sort();
    assert_eq!(kinds, known);
}

#[test]
fn an_application_and_a_component_keep_every_field() {
    assert_same_shape::<konflux::Application>(konflux_object(
        "Application",
        json!({"displayName": "Shop", "description": "sells"}),
        json!({"conditions": [condition()]}),
    ));
    assert_same_shape::<konflux::Component>(konflux_object(
        "Component",
        json!({
            "componentName": "c", "application": "a", "containerImage": "r.example/a/c", "secret": "git",
            "build-nudges-ref": ["other"],
            "source": {"git": {"url": "u", "revision": "main", "context": "./", "dockerfileUrl": "Dockerfile"}},
        }),
        json!({"conditions": [condition()], "containerImage": "i", "lastPromotedImage": "p", "lastBuiltCommit": "0"}),
    ));
}

#[test]
fn a_bundle_keeps_every_field_and_other_sources_and_targets_are_refused() {
    let bundle = |source: Value, target: Value| {
        object(
            "trust.cert-manager.io/v1alpha1",
            "Bundle",
            json!({"sources": [source], "target": target}),
            json!({"conditions": [condition()]}),
        )
    };
    let (in_line, target) = (
        json!({"inLine": "pem"}),
        json!({"configMap": {"key": "ca-bundle.crt"}}),
    );
    assert_same_shape::<trust_manager::Bundle>(bundle(in_line.clone(), target.clone()));
    let definition = CustomResourceDefinition::of("Bundle");
    for (source, target) in [
        (json!({"useDefaultCAs": true}), target.clone()),
        (
            json!({"inLine": "pem", "useDefaultCAs": true}),
            target.clone(),
        ),
        (
            json!({"configMap": {"name": "ca", "key": "ca.crt"}}),
            target,
        ),
        (in_line.clone(), json!({"secret": {"key": "ca-bundle.crt"}})),
        (in_line.clone(), json!({"configMap": {"key": "other.crt"}})),
        (
            in_line,
            json!({"configMap": {"key": "ca-bundle.crt"}, "namespaceSelector": {"matchLabels": {"a": "b"}}}),
        ),
    ] {
        let refused = bundle(source, target);
        assert!(!definition.problems(&refused).is_empty(), "{refused}");
    }
}

#[test]
fn a_snapshot_and_a_release_keep_every_field() {
    assert_same_shape::<konflux::Snapshot>(konflux_object(
        "Snapshot",
        json!({
            "application": "a", "displayName": "d", "displayDescription": "dd",
            "components": [{"name": "c", "version": "1", "containerImage": "r/c@sha256:00", "source": {"git": {"url": "u"}}}],
        }),
        json!({"conditions": [condition()]}),
    ));
    let bindings = json!({"tenantRoleBinding": "t/a", "managedRoleBinding": "m/a", "secretRoleBinding": "m/b"});
    let (began, ended) = ("2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z");
    let information = json!({"pipelineRun": "m/p", "roleBindings": bindings, "startTime": began, "completionTime": ended});
    let mut attempt = information.clone();
    attempt["status"] = json!("Failed");
    attempt["failureReason"] = json!("Error");
    attempt["lastTask"] = json!("push");
    assert_same_shape::<konflux::Release>(konflux_object(
        "Release",
        json!({"snapshot": "s", "releasePlan": "p", "data": {"any": [1]}, "gracePeriodDays": 7}),
        json!({
            "conditions": [condition()], "artifacts": {"images": [{"shasum": "sha256:00"}]},
            "attribution": {"author": "user1", "standingAuthorization": true}, "automated": true, "target": "m",
            "startTime": began, "completionTime": ended, "expirationTime": ended,
            "validation": {"failedPostValidation": true, "time": began}, "managedPipelineAttempts": [attempt],
            "tenantProcessing": information, "finalProcessing": information,
        }),
    ));
}

#[test]
fn plans_admissions_and_their_settings_keep_every_field() {
    let pipeline = json!({
        "pipelineRef": {
            "resolver": "cluster", "params": [{"name": "kind", "value": "pipeline"}], "ociStorage": "r/ta",
            "useEmptyDir": true,
        },
        "serviceAccountName": "release-pipeline", "timeouts": {"pipeline": "1h", "tasks": "30m", "finally": "30m"},
        "params": [{"name": "a", "value": "b"}], "taskRunSpecs": [{"pipelineTaskName": "t"}], "maxRetries": 1,
    });
    assert_same_shape::<konflux::ReleasePlan>(konflux_object(
        "ReleasePlan",
        json!({
            "application": "a", "componentGroup": "g", "target": "m", "data": {"x": 1}, "collectors": {"y": 2},
            "tenantPipeline": pipeline, "finalPipeline": pipeline, "releaseGracePeriodDays": 3,
        }),
        json!({"conditions": [condition()], "releasePlanAdmission": {"name": "r", "active": true}}),
    ));
    assert_same_shape::<konflux::ReleasePlanAdmission>(konflux_object(
        "ReleasePlanAdmission",
        json!({
            "applications": ["a"], "componentGroups": ["g"], "origin": "t", "environment": "e", "policy": "p",
            "data": {"mapping": {}}, "collectors": {"y": 2}, "pipeline": pipeline,
        }),
        json!({
            "conditions": [condition()], "releasePlans": [{"name": "t/r", "active": true}],
            "retryInfo": {"enabled": true, "maxRetries": 2},
        }),
    ));
    let mut settings = konflux_object(
        "ReleaseServiceConfig",
        json!({
            "debug": true, "defaultTimeouts": {"pipeline": "2h"}, "retryablePipelines": [{"url": "u"}],
            "EmptyDirOverrides": [{"url": "u", "revision": "r", "pathInRepo": "p"}],
        }),
        Value::Null,
    );
    settings.as_object_mut().unwrap().remove("status");
    assert_same_shape::<konflux::ReleaseServiceConfig>(settings);
}

/// A task that uses every field of the typed struct, and one that only real Tekton has.
fn task() -> Value {
    json!({
        "displayName": "d", "description": "dd",
        "params": [{"name": "p", "type": "object", "description": "d", "default": {"k": "v"}, "properties": {"k": {}}}],
        "workspaces": [{"name": "w", "description": "d", "mountPath": "/m", "readOnly": true, "optional": true}],
        "results": [{"name": "r", "type": "array", "description": "d", "properties": {}}],
        "stepTemplate": {
            "image": "i", "command": ["c"], "args": ["a"], "env": [{"name": "N", "value": "v"}], "workingDir": "/",
            "volumeMounts": [{"name": "v", "mountPath": "/v"}], "securityContext": {},
        },
        "steps": [{
            "name": "s", "image": "i", "command": ["c"], "args": ["a"], "script": "x", "workingDir": "/",
            "env": [{"name": "N", "value": "v"}], "volumeMounts": [{"name": "v", "mountPath": "/v"}],
            "timeout": "1m", "onError": "continue", "computeResources": {"limits": {"cpu": "1"}},
        }],
        "volumes": [{"name": "v", "configMap": {"name": "c", "optional": true}}],
        "sidecars": [{"name": "side"}],
    })
}

fn pipeline() -> Value {
    let mut embedded = task();
    embedded["metadata"] = json!({"labels": {"l": "1"}, "annotations": {"a": "2"}});
    let tasks = json!([{
        "name": "t", "displayName": "d", "description": "dd", "taskSpec": embedded, "params": [{"name": "p", "value": ["a"]}],
        "taskRef": {"name": "n", "kind": "Task", "apiVersion": "tekton.dev/v1", "resolver": "cluster", "params": [{"name": "p", "value": "a"}]},
        "workspaces": [{"name": "w", "workspace": "x", "subPath": "s"}], "runAfter": ["u"],
        "when": [{"input": "a", "operator": "in", "values": ["a"]}], "retries": 2, "timeout": "1m", "matrix": {},
    }]);
    json!({
        "displayName": "d", "description": "dd", "params": [{"name": "p"}], "tasks": tasks, "finally": tasks,
        "workspaces": [{"name": "w", "description": "d", "optional": true}],
        "results": [{"name": "r", "type": "string", "description": "d", "value": "$(tasks.t.results.r)"}],
    })
}

fn workspaces() -> Value {
    json!([
        {"name": "a", "subPath": "s", "emptyDir": {}},
        {"name": "b", "persistentVolumeClaim": {"claimName": "c"}},
        {"name": "d", "configMap": {"name": "c", "items": [{"key": "k", "path": "p"}]}},
        {"name": "e", "secret": {"secretName": "s"}},
        {"name": "f", "projected": {"sources": []}},
    ])
}

fn run_condition() -> Value {
    json!({
        "type": "Succeeded", "status": "False", "severity": "x", "reason": "Failed", "message": "m",
        "lastTransitionTime": "2026-01-02T03:04:05Z",
    })
}

fn without_status(kind: &str, spec: Value) -> Value {
    let mut object = object("tekton.dev/v1", kind, spec, Value::Null);
    object.as_object_mut().unwrap().remove("status");
    object
}

#[test]
fn tasks_and_pipelines_keep_every_field_even_unmodelled_ones() {
    assert_same_shape::<tekton::Task>(without_status("Task", task()));
    assert_same_shape::<tekton::Pipeline>(without_status("Pipeline", pipeline()));
}

#[test]
fn a_pipeline_run_keeps_every_field_even_unmodelled_ones() {
    let time = "2026-01-02T03:04:05Z";
    let when = json!([{"input": "a", "operator": "in", "values": ["a"]}]);
    assert_same_shape::<tekton::PipelineRun>(object(
        "tekton.dev/v1",
        "PipelineRun",
        json!({
            "pipelineRef": {"name": "p"}, "pipelineSpec": pipeline(), "params": [{"name": "p", "value": {"k": "v"}}],
            "workspaces": workspaces(), "taskRunTemplate": {"serviceAccountName": "s", "podTemplate": {}},
            "taskRunSpecs": [{"pipelineTaskName": "t", "serviceAccountName": "s", "computeResources": {}}],
            "timeouts": {"pipeline": "1h", "tasks": "1h", "finally": "1h"}, "status": "Cancelled", "managedBy": "x",
        }),
        json!({
            "conditions": [run_condition()], "startTime": time, "completionTime": time, "finallyStartTime": time,
            "results": [{"name": "r", "value": "v"}], "pipelineSpec": pipeline(), "observedGeneration": 1,
            "childReferences": [{
                "apiVersion": "tekton.dev/v1", "kind": "TaskRun", "name": "n", "displayName": "d",
                "pipelineTaskName": "t", "whenExpressions": when,
            }],
            "skippedTasks": [{"name": "t", "reason": "None", "whenExpressions": when}],
        }),
    ));
}

#[test]
fn a_task_run_keeps_every_field_even_unmodelled_ones() {
    let time = "2026-01-02T03:04:05Z";
    assert_same_shape::<tekton::TaskRun>(object(
        "tekton.dev/v1",
        "TaskRun",
        json!({
            "taskRef": {"name": "t"}, "taskSpec": task(), "params": [{"name": "p", "value": "v"}], "timeout": "1m",
            "workspaces": workspaces(), "serviceAccountName": "s", "retries": 1, "status": "TaskRunCancelled",
            "statusMessage": "m", "podTemplate": {},
        }),
        json!({
            "conditions": [run_condition()], "podName": "p", "startTime": time, "completionTime": time,
            "steps": [{
                "name": "s", "container": "step-s", "imageID": "i", "terminationReason": "Error",
                "waiting": {"reason": "r", "message": "m"}, "running": {"startedAt": time},
                "terminated": {"exitCode": 1, "reason": "Error", "message": "m", "startedAt": time, "finishedAt": time},
            }],
            "results": [{"name": "r", "type": "string", "value": "v"}], "taskSpec": task(), "observedGeneration": 1,
            "retriesStatus": [{"podName": "earlier"}],
        }),
    ));
}

#[test]
fn a_policy_keeps_every_field() {
    let mut policy = konflux_object(
        "EnterpriseContractPolicy",
        json!({
            "name": "n", "description": "d", "publicKey": "k8s://ns/key", "sources": [{"policy": ["p"]}],
            "configuration": {"exclude": ["cve"]}, "rekorUrl": "u", "identity": {"issuer": "i"},
        }),
        Value::Null,
    );
    policy.as_object_mut().unwrap().remove("status");
    assert_same_shape::<konflux::EnterpriseContractPolicy>(policy);
}
