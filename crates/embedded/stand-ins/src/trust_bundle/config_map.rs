//! The ConfigMap `trusted-ca` in every namespace.

use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use konflux_api::{names, trust_manager::Bundle};
use kube::{
    Api, ResourceExt,
    api::ObjectMeta,
    runtime::{
        controller::{Action, Controller},
        reflector::ObjectRef,
        watcher,
    },
};
use serde_json::json;

use super::authorities;
use crate::{api, context::Context, control, error::ReconcileError};

/// Keeps the bundle in every namespace, until shutdown.
pub(crate) async fn run(context: Context) {
    let bundles: Api<ConfigMap> = Api::all(context.client.clone());
    let only_bundles =
        watcher::Config::default().fields(&format!("metadata.name={}", names::TRUSTED_CA));
    let of_every_namespace = Api::<Bundle>::all(context.client.clone());
    let namespace_of = |bundle: ConfigMap| {
        bundle
            .namespace()
            .map(|namespace| ObjectRef::<Namespace>::new(&namespace))
    };
    let controller = Controller::new(
        Api::<Namespace>::all(context.client.clone()),
        watcher::Config::default(),
    );
    let namespaces = controller.store();
    let every_namespace = move |bundle: Bundle| {
        let all = match bundle.name_any() == names::TRUSTED_CA {
            true => namespaces.state(),
            false => Vec::new(),
        };
        all.into_iter()
            .map(|namespace| ObjectRef::from_obj(&*namespace))
    };
    controller
        .watches(
            of_every_namespace,
            watcher::Config::default(),
            every_namespace,
        )
        .watches(bundles, only_bundles, namespace_of)
        .with_config(control::config())
        .graceful_shutdown_on(context.shutdown.clone().cancelled_owned())
        .run(reconcile, control::retry_later, Arc::new(context))
        .for_each(async |result| control::log("Namespace", result))
        .await;
}

async fn reconcile(
    namespace: Arc<Namespace>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let is_ending = namespace.metadata.deletion_timestamp.is_some();
    if is_ending || context.options.trust_bundle_pem.is_empty() {
        return Ok(Action::await_change());
    }
    let of_cluster: Api<Bundle> = Api::all(context.client.clone());
    let bundle = of_cluster.get_opt(names::TRUSTED_CA).await?;
    let own = &context.options.trust_bundle_pem;
    let bundle = match authorities::pem(own, bundle.as_ref()) {
        Ok(together) => together,
        // As trust-manager: what was there stays. The Bundle says what is wrong with it.
        Err(_) => return Ok(Action::await_change()),
    };
    let bundles: Api<ConfigMap> = Api::namespaced(context.client.clone(), &namespace.name_any());
    let data = json!({names::TRUSTED_CA_KEY: bundle});
    let written = match bundles.get_opt(names::TRUSTED_CA).await? {
        Some(existing)
            if existing
                .data
                .as_ref()
                .and_then(|data| data.get(names::TRUSTED_CA_KEY))
                == Some(&bundle) =>
        {
            Ok(())
        }
        Some(_) => api::merge(&bundles, names::TRUSTED_CA, &json!({ "data": data }))
            .await
            .map(drop),
        None => {
            let config_map = ConfigMap {
                metadata: ObjectMeta {
                    name: Some(names::TRUSTED_CA.to_owned()),
                    ..ObjectMeta::default()
                },
                data: Some([(names::TRUSTED_CA_KEY.to_owned(), bundle.clone())].into()),
                ..ConfigMap::default()
            };
            api::create_if_absent(&bundles, &config_map).await.map(drop)
        }
    };
    match written {
        // The namespace is going away, or gone.
        Err(error) if api::is_permanent(&error) || api::is_not_found(&error) => {
            Ok(Action::await_change())
        }
        other => other.map(|()| Action::await_change()).map_err(Into::into),
    }
}
