//! Whom the pipelines of a cluster trust: trust-manager's Bundle.
//!
//! The Bundle is the cluster's, and may have sources that are none of ours and of kinds that our types do not know. So it is read and
//! written untyped, and every write names the version it was made for.

use konflux_api::names;
use konflux_api::trust_manager::Bundle;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions};
use kube::core::ApiResource;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

/// How often a write is tried that somebody else's came before.
const ATTEMPTS: usize = 20;
/// On a Bundle that was made here, and goes with its last source.
const MADE_BY_SUITE: &str = "konflux-local.dev/made-by-conformance";

/// Adds an authority (PEM) to the Bundle, which is made if there is none.
pub(crate) async fn add(client: &Client, authority: &str) -> Result<(), kube::Error> {
    let mut outcome = add_once(client, authority).await;
    for _ in 1..ATTEMPTS {
        if !is_conflict(&outcome) {
            break;
        }
        outcome = add_once(client, authority).await;
    }
    outcome
}

/// Removes an authority that was added.
pub(crate) async fn remove(client: &Client, authority: &str) -> Result<(), kube::Error> {
    let mut outcome = remove_once(client, authority).await;
    for _ in 1..ATTEMPTS {
        if !is_conflict(&outcome) {
            break;
        }
        outcome = remove_once(client, authority).await;
    }
    outcome
}

/// Another run changed the Bundle at the same time: then it is read again.
fn is_conflict(outcome: &Result<(), kube::Error>) -> bool {
    matches!(outcome, Err(kube::Error::Api(status)) if status.code == 409)
}

async fn add_once(client: &Client, authority: &str) -> Result<(), kube::Error> {
    let bundles = bundles(client);
    let Some(bundle) = bundles.get_opt(names::TRUSTED_CA).await? else {
        let bundle = bundle_of(authority);
        let created = bundles.create(&PostParams::default(), &bundle).await;
        return created.map(drop);
    };
    let mut sources = sources(&bundle);
    sources.push(source(authority));
    write(&bundles, &bundle, sources).await
}

async fn remove_once(client: &Client, authority: &str) -> Result<(), kube::Error> {
    let bundles = bundles(client);
    let Some(bundle) = bundles.get_opt(names::TRUSTED_CA).await? else {
        return Ok(());
    };
    let mut sources = sources(&bundle);
    let before = sources.len();
    sources.retain(|existing| *existing != source(authority));
    if sources.len() == before {
        return Ok(());
    }
    if !sources.is_empty() || !bundle.labels().contains_key(MADE_BY_SUITE) {
        return write(&bundles, &bundle, sources).await;
    }
    let parameters = DeleteParams {
        preconditions: Some(Preconditions {
            resource_version: bundle.resource_version(),
            uid: bundle.uid(),
        }),
        ..DeleteParams::default()
    };
    let deleted = bundles.delete(names::TRUSTED_CA, &parameters).await;
    deleted.map(drop)
}

fn bundles(client: &Client) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &resource())
}

fn resource() -> ApiResource {
    ApiResource::erase::<Bundle>(&())
}

fn source(authority: &str) -> Value {
    json!({"inLine": authority})
}

fn sources(bundle: &DynamicObject) -> Vec<Value> {
    let sources = bundle.data["spec"]["sources"].as_array();
    sources.cloned().unwrap_or_default()
}

fn bundle_of(authority: &str) -> DynamicObject {
    let target = json!({"configMap": {"key": names::TRUSTED_CA_KEY}});
    let spec = json!({"spec": {"sources": [source(authority)], "target": target}});
    let mut bundle = DynamicObject::new(names::TRUSTED_CA, &resource()).data(spec);
    let label = (MADE_BY_SUITE.to_owned(), "true".to_owned());
    bundle.labels_mut().extend([label]);
    bundle
}

async fn write(
    bundles: &Api<DynamicObject>,
    bundle: &DynamicObject,
    sources: Vec<Value>,
) -> Result<(), kube::Error> {
    let version = json!({"resourceVersion": bundle.resource_version()});
    let patch = json!({"metadata": version, "spec": {"sources": sources}});
    let (parameters, patch) = (PatchParams::default(), Patch::Merge(patch));
    let written = bundles.patch(names::TRUSTED_CA, &parameters, &patch).await;
    written.map(drop)
}
