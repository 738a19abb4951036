//! What the collector completes when it begins: whatever a process that died has left half done.

use http::Method;
use serde_json::{Value, json};

use super::*;
use crate::rest::test_api::TestApi;

/// Lets the collector look at everything once, as at the start of the server.
async fn begin(test: &TestApi) {
    test.api.shutdown.cancel();
    run(Arc::clone(&test.api)).await;
}

async fn create(test: &TestApi, namespace: &str, plural: &str, metadata: Value) -> Value {
    let object = json!({"metadata": metadata});
    let place = (namespace, plural, "");
    test.perform(test.call(Method::POST, "", place, &object))
        .await;
    let name = metadata["name"].as_str().unwrap();
    let key = Key::new("", plural, namespace, name);
    test.api.store.get(&key).unwrap().unwrap().value().unwrap()
}

async fn delete(test: &TestApi, place: (&str, &str, &str)) {
    test.perform(test.call(Method::DELETE, "", place, &Value::Null))
        .await;
}

fn exists(test: &TestApi, (namespace, plural, name): (&str, &str, &str)) -> bool {
    let key = Key::new("", plural, namespace, name);
    test.api.store.get(&key).unwrap().is_some()
}

#[tokio::test]
async fn what_every_namespace_holds_is_made_again_after_a_death_between_its_deletion_and_that() {
    let test = TestApi::new();
    create(&test, "", "namespaces", json!({"name": "a"})).await;
    let initial = [
        ("a", "serviceaccounts", "default"),
        ("a", "configmaps", "kube-root-ca.crt"),
    ];
    for place in initial {
        delete(&test, place).await;
        assert!(!exists(&test, place));
    }
    begin(&test).await;
    for place in initial {
        assert!(exists(&test, place), "{place:?}");
    }
}

#[tokio::test]
async fn a_namespace_that_was_being_deleted_at_a_death_is_emptied_and_goes() {
    let test = TestApi::new();
    create(&test, "", "namespaces", json!({"name": "a"})).await;
    create(&test, "a", "secrets", json!({"name": "b"})).await;
    delete(&test, ("", "namespaces", "a")).await;
    begin(&test).await;
    assert!(!exists(&test, ("a", "secrets", "b")));
    assert!(!exists(&test, ("", "namespaces", "a")));
}

#[tokio::test]
async fn the_dependents_of_an_owner_that_had_gone_before_a_death_go() {
    let test = TestApi::new();
    create(&test, "", "namespaces", json!({"name": "a"})).await;
    let owner = create(&test, "a", "secrets", json!({"name": "owner"})).await;
    let reference = json!([{"apiVersion": "v1", "kind": "Secret", "name": "owner", "uid": owner["metadata"]["uid"]}]);
    let dependent = json!({"name": "dependent", "ownerReferences": reference});
    create(&test, "a", "secrets", dependent).await;
    delete(&test, ("a", "secrets", "owner")).await;
    assert!(exists(&test, ("a", "secrets", "dependent")));
    begin(&test).await;
    assert!(!exists(&test, ("a", "secrets", "dependent")));
}
