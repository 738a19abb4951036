//! What became of a Bundle.

use std::sync::Arc;

use futures::StreamExt;
use konflux_api::{names, trust_manager::Bundle};
use kube::{
    Api, ResourceExt,
    runtime::{
        controller::{Action, Controller},
        watcher,
    },
};
use serde_json::json;

use super::authorities;
use crate::{api, context::Context, control, error::ReconcileError};

const SYNCED: &str = "Synced";

/// Says on every Bundle whether it is carried out, until shutdown.
pub(crate) async fn run(context: Context) {
    Controller::new(
        Api::<Bundle>::all(context.client.clone()),
        watcher::Config::default(),
    )
    .with_config(control::config())
    .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
    .run(reconcile, control::retry_later, Arc::new(context))
    .for_each(async |result| control::log("Bundle", result))
    .await;
}

async fn reconcile(bundle: Arc<Bundle>, context: Arc<Context>) -> Result<Action, ReconcileError> {
    let (status, reason, message) = verdict(&bundle, &context.options.trust_bundle_pem);
    let mut conditions = bundle.status.clone().unwrap_or_default().conditions;
    let before = conditions.clone();
    api::set_condition(
        &mut conditions,
        SYNCED,
        status,
        reason,
        &message,
        &api::now(),
    );
    if conditions != before {
        let bundles: Api<Bundle> = Api::all(context.client.clone());
        let written = json!({ "conditions": conditions });
        api::merge_status(&bundles, &bundle.name_any(), written).await?;
    }
    Ok(Action::await_change())
}

/// Status, reason and message of the condition.
fn verdict(bundle: &Bundle, own: &str) -> (&'static str, &'static str, String) {
    if bundle.name_any() != names::TRUSTED_CA {
        let message = format!(
            "konflux-local's model of trust-manager knows the Bundle {} alone",
            names::TRUSTED_CA
        );
        return ("False", "NotModelled", message);
    }
    match authorities::pem(own, Some(bundle)) {
        Ok(_) => (
            "True",
            "Synced",
            "the bundle goes into the ConfigMap of every namespace".to_owned(),
        ),
        Err(problem) => ("False", "SourceNotUsable", problem),
    }
}

#[cfg(test)]
mod tests {
    use konflux_api::trust_manager::{BundleSource, BundleSpec};

    use super::*;

    #[test]
    fn a_bundle_that_is_not_carried_out_says_so() {
        let bundle = |name: &str, in_line: &str| {
            let in_line = Some(in_line.to_owned());
            let spec = BundleSpec {
                sources: vec![BundleSource { in_line }],
                ..BundleSpec::default()
            };
            let bundle = Bundle::new(name, spec);
            let (status, reason, _) = verdict(&bundle, "own");
            (status, reason)
        };
        let pem = "-----BEGIN CERTIFICATE-----";
        assert_eq!(bundle("trusted-ca", pem), ("True", "Synced"));
        assert_eq!(bundle("trusted-ca", "x"), ("False", "SourceNotUsable"));
        assert_eq!(bundle("other", pem), ("False", "NotModelled"));
    }
}
