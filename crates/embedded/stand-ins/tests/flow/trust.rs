//! Whom pipelines trust, and where registries answer.

use k8s_openapi::api::core::v1::ConfigMap;
use konflux_api::{PROBE_IMAGE, names, tekton::TaskRun, trust_manager::Bundle};
use kube::{Api, api::PostParams};
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::{
    scene::{Scene, is_done, verdict},
    trial,
};

const TENANT: &str = "user-ns1";
const FURTHER: &str = "-----BEGIN CERTIFICATE-----\nfurther\n-----END CERTIFICATE-----";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial(
            "a_bundle_adds_authorities_to_the_config_map_of_every_namespace",
            bundle,
        ),
        trial("a_bundle_that_is_not_modelled_is_refused", other_bundles),
        trial(
            "a_namespace_says_where_registries_answer_and_cannot_move_the_deployments_own",
            endpoints,
        ),
    ]
}

fn bundle_of(source: Value) -> Value {
    json!({
        "apiVersion": "trust.cert-manager.io/v1alpha1", "kind": "Bundle", "metadata": {"name": names::TRUSTED_CA},
        "spec": {"sources": [source], "target": {"configMap": {"key": names::TRUSTED_CA_KEY}}},
    })
}

fn trusts(config_map: &ConfigMap, certificate: &str) -> bool {
    let data = config_map.data.as_ref();
    data.is_some_and(|data| data[names::TRUSTED_CA_KEY].contains(certificate))
}

async fn bundle() {
    let scene = Scene::start().await;
    let own = scene.options_pem();
    scene.apply(bundle_of(json!({"inLine": FURTHER}))).await;
    for namespace in [TENANT, "managed-ns1"] {
        let both = |found: &ConfigMap| trusts(found, FURTHER) && trusts(found, &own);
        scene.until(namespace, names::TRUSTED_CA, both).await;
    }
    scene
        .apply(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}}))
        .await;
    let further = |found: &ConfigMap| trusts(found, FURTHER);
    scene.until("later", names::TRUSTED_CA, further).await;
    let bundles: Api<Bundle> = Api::all(scene.client.clone());
    bundles
        .delete(names::TRUSTED_CA, &Default::default())
        .await
        .unwrap();
    let no_longer = |found: &ConfigMap| !trusts(found, FURTHER) && trusts(found, &own);
    scene.until(TENANT, names::TRUSTED_CA, no_longer).await;
}

async fn other_bundles() {
    let scene = Scene::start().await;
    let bundles: Api<Bundle> = Api::all(scene.client.clone());
    let resource = kube::core::ApiResource::erase::<Bundle>(&());
    let any: Api<kube::api::DynamicObject> = Api::all_with(scene.client.clone(), &resource);
    for source in [
        json!({"useDefaultCAs": true}),
        json!({"inLine": FURTHER, "useDefaultCAs": true}),
        json!({"secret": {"name": "ca", "key": "ca.crt"}}),
    ] {
        let object = serde_json::from_value(bundle_of(source.clone())).unwrap();
        let refused = any.create(&PostParams::default(), &object).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("spec.sources[0]"), "{source}: {refused}");
    }
    assert!(bundles.get_opt(names::TRUSTED_CA).await.unwrap().is_none());
}

async fn endpoints() {
    let scene = Scene::start_with_shell().await;
    let has_ended = |run: &TaskRun| {
        let status = run.status.as_ref();
        status.is_some_and(|status| is_done(&status.conditions))
    };
    for (name, endpoints, expected) in [
        ("beside", "peer.example=localhost:1", ("Succeeded", "")),
        (
            "moved",
            &format!("{}=localhost:1", konflux_api::INTERNAL_REGISTRY_HOST),
            ("TaskRunValidationFailed", "has two endpoints"),
        ),
    ] {
        scene
            .apply(json!({
                "apiVersion": "v1", "kind": "ConfigMap", "data": {names::REGISTRY_ENDPOINTS_KEY: endpoints},
                "metadata": {"name": names::REGISTRY_ENDPOINTS, "namespace": TENANT},
            }))
            .await;
        let script = "case $KONFLUX_LOCAL_REGISTRY_ENDPOINTS in *peer.example=localhost:1*svc*) ;; *) exit 1;; esac";
        let step = json!({"name": "step", "image": PROBE_IMAGE, "args": [script]});
        let run = json!({
            "apiVersion": "tekton.dev/v1", "kind": "TaskRun", "metadata": {"name": name},
            "spec": {"taskSpec": {"steps": [step]}},
        });
        scene.create::<TaskRun>(TENANT, run).await;
        let ended = scene.until(TENANT, name, has_ended).await;
        let (reason, message) = verdict(&ended.status.unwrap().conditions);
        assert_eq!(reason, expected.0, "{message}");
        assert!(message.contains(expected.1), "{message}");
    }
}
