//! Snapshots: their tests, of which there are none, and their automatic releases.

use std::{collections::BTreeMap, sync::Arc};

use futures::StreamExt;
use konflux_api::{
    konflux::{Component, Release, ReleasePlan, ReleaseSpec, Snapshot},
    labels,
};
use kube::{
    Api, ResourceExt,
    api::{ListParams, ObjectMeta},
    runtime::{
        controller::{Action, Controller},
        events::EventType,
        watcher,
    },
};
use serde_json::json;

use super::auto_release::{AutoRelease, decide};
use crate::{api, context::Context, control, error::ReconcileError};

/// Watches the Snapshots of all namespaces, until shutdown.
pub(crate) async fn run(context: Context) {
    Controller::new(
        Api::<Snapshot>::all(context.client.clone()),
        watcher::Config::default(),
    )
    .with_config(control::config())
    .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
    .run(reconcile, control::retry_later, Arc::new(context))
    .for_each(async |result| control::log("Snapshot", result))
    .await;
}

async fn reconcile(
    observed: Arc<Snapshot>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let namespace = observed
        .namespace()
        .ok_or(ReconcileError::Incomplete("namespace"))?;
    let snapshots: Api<Snapshot> = Api::namespaced(context.client.clone(), &namespace);
    let Some(snapshot) = snapshots.get_opt(&observed.name_any()).await? else {
        return Ok(Action::await_change());
    };
    let mut conditions = snapshot.status.clone().unwrap_or_default().conditions;
    let is_finished = api::condition(&conditions, "AppStudioIntegrationStatus").is_some();
    let is_decided = api::condition(&conditions, "AutoReleased").is_some();
    if snapshot.metadata.deletion_timestamp.is_some() || (is_finished && is_decided) {
        return Ok(Action::await_change());
    }
    let now = api::now();
    let before = conditions.clone();
    if !is_finished {
        let message = "No required IntegrationTestScenarios found, skipped testing";
        api::set_condition(
            &mut conditions,
            "AppStudioTestSucceeded",
            "True",
            "Passed",
            message,
            &now,
        );
        api::set_condition(
            &mut conditions,
            "AppStudioIntegrationStatus",
            "True",
            "Finished",
            message,
            &now,
        );
    }
    match decision(&context, &snapshot, &namespace).await? {
        AutoRelease::NotApplicable => {}
        AutoRelease::Nothing(message) => {
            api::set_condition(
                &mut conditions,
                "AutoReleased",
                "True",
                "AutoReleased",
                &message,
                &now,
            );
        }
        AutoRelease::NotModelled(message) => {
            context
                .record(
                    &snapshot,
                    EventType::Warning,
                    "NotModelled",
                    message.clone(),
                )
                .await;
            api::set_condition(
                &mut conditions,
                "AutoReleased",
                "False",
                "NotModelled",
                &message,
                &now,
            );
        }
        AutoRelease::By(plans) => {
            for plan in plans {
                release(&context, &snapshot, &namespace, &plan).await?;
            }
            let message = "The Snapshot was auto-released";
            api::set_condition(
                &mut conditions,
                "AutoReleased",
                "True",
                "AutoReleased",
                message,
                &now,
            );
        }
    }
    if conditions != before {
        match api::merge_status(
            &snapshots,
            &snapshot.name_any(),
            json!({ "conditions": conditions }),
        )
        .await
        {
            Err(error) if !api::is_not_found(&error) => return Err(error.into()),
            _ => {}
        }
    }
    Ok(Action::await_change())
}

async fn decision(
    context: &Context,
    snapshot: &Snapshot,
    namespace: &str,
) -> Result<AutoRelease, ReconcileError> {
    let plans: Api<ReleasePlan> = Api::namespaced(context.client.clone(), namespace);
    let mut plans = plans.list(&ListParams::default()).await?.items;
    plans.retain(|plan| plan.metadata.deletion_timestamp.is_none());
    let components: Api<Component> = Api::namespaced(context.client.clone(), namespace);
    let component = match snapshot.labels().get(labels::COMPONENT) {
        Some(name) => components.get_opt(name).await?,
        None => None,
    };
    Ok(decide(snapshot, component.as_ref(), &plans))
}

/// Makes the Release of a Snapshot by a plan, or completes the one that an earlier reconciliation made.
async fn release(
    context: &Context,
    snapshot: &Snapshot,
    namespace: &str,
    plan: &str,
) -> Result<(), ReconcileError> {
    let releases: Api<Release> = Api::namespaced(context.client.clone(), namespace);
    let automated = ListParams::default().labels(&format!("{}=true", labels::AUTOMATED));
    let existing = releases
        .list(&automated)
        .await?
        .items
        .into_iter()
        .find(|release| {
            release.spec.snapshot == snapshot.name_any() && release.spec.release_plan == plan
        });
    let release = match existing {
        Some(release) => release,
        None => {
            let release = new_release(snapshot, namespace, plan);
            let created = api::create_if_absent(&releases, &release).await?;
            let Some(created) = created else {
                return Err(ReconcileError::NameTaken);
            };
            let note = format!(
                "created the Release {} by the ReleasePlan {plan}",
                created.name_any()
            );
            context
                .record(snapshot, EventType::Normal, "ReleaseCreated", note)
                .await;
            created
        }
    };
    if release.status.as_ref().and_then(|status| status.automated) != Some(true) {
        api::merge_status(&releases, &release.name_any(), json!({"automated": true})).await?;
    }
    Ok(())
}

fn new_release(snapshot: &Snapshot, namespace: &str, plan: &str) -> Release {
    let sha = snapshot
        .labels()
        .get(&format!("{}sha", labels::PIPELINES_AS_CODE_TEST_PREFIX));
    let sha = sha
        .map(|sha| format!("-{}", sha.chars().take(7).collect::<String>()))
        .unwrap_or_default();
    Release {
        metadata: ObjectMeta {
            generate_name: Some(format!("{}{sha}-", snapshot.name_any())),
            namespace: Some(namespace.to_owned()),
            labels: Some(BTreeMap::from([(
                labels::AUTOMATED.to_owned(),
                "true".to_owned(),
            )])),
            ..ObjectMeta::default()
        },
        spec: ReleaseSpec {
            snapshot: snapshot.name_any(),
            release_plan: plan.to_owned(),
            ..ReleaseSpec::default()
        },
        status: None,
    }
}
