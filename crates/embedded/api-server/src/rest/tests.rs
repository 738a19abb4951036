//! Requests that are cut short at every moment: by a client that goes away, and by the end of the process.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use http::Method;
use serde_json::{Value, json};

use super::call::Call;
use super::test_api::TestApi;
use crate::store::{Key, Range};

const GROUP: &str = "apiextensions.k8s.io";
const NAME: &str = "widgets.example.com";

/// Polls a future as often as it asks for it, at most `polls` times, and drops it, as hyper does when the client has gone. Gives back
/// whether it had come to its end.
async fn ended_within<F: Future>(polls: usize, future: F) -> bool {
    let mut future: Pin<Box<F>> = Box::pin(future);
    let mut polled = 0;
    std::future::poll_fn(|context| {
        polled += 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if polled == polls => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

fn definition(plural: &str) -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.example.com")},
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": plural},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object"}}}],
        },
    })
}

fn apply_definition(test: &TestApi, plural: &str) -> Call {
    let name = format!("{plural}.example.com");
    let place = ("", "customresourcedefinitions", name.as_str());
    test.call(Method::PATCH, GROUP, place, &definition(plural))
}

/// Whether the definition is stored, established, and served, which must be the same.
fn stored_established_served(test: &TestApi, plural: &str) -> [bool; 3] {
    let name = format!("{plural}.example.com");
    let key = Key::new(GROUP, "customresourcedefinitions", "", &name);
    let stored = test.api.store.get(&key).unwrap();
    let object = stored.as_ref().map(|record| record.value().unwrap());
    let conditions = object
        .as_ref()
        .and_then(|object| object["status"]["conditions"].as_array());
    let established = conditions
        .into_iter()
        .flatten()
        .any(|condition| condition["type"] == "Established" && condition["status"] == "True");
    let catalog = test.api.catalog.snapshot();
    let served = catalog.find("example.com", "v1", plural).is_some();
    [stored.is_some(), established, served]
}

#[tokio::test]
async fn a_definition_whose_client_goes_away_is_established_and_served() {
    for polls in 1.. {
        let test = TestApi::new();
        let request = Arc::clone(&test.api).perform(apply_definition(&test, "widgets"));
        let ended = ended_within(polls, request).await;
        test.api.writes.ended().await;
        assert_eq!(
            stored_established_served(&test, "widgets"),
            [true; 3],
            "given up after {polls} polls"
        );
        if ended {
            assert!(polls > 1, "the client never had to wait");
            return;
        }
    }
}

/// Calls `mend` with what every moment leaves at which a process can die while it applies a definition.
async fn at_every_death(mend: impl AsyncFn(&mut TestApi)) {
    let mut halves = 0;
    for polls in 1.. {
        let mut test = TestApi::new();
        let request = Arc::clone(&test.api).verb(apply_definition(&test, "widgets"));
        let ended = ended_within(polls, request).await;
        test.stored().await;
        let [stored, established, _] = stored_established_served(&test, "widgets");
        halves += usize::from(stored && !established);
        mend(&mut test).await;
        assert_eq!(
            stored_established_served(&test, "widgets"),
            [true; 3],
            "died after {polls} polls"
        );
        if ended {
            assert!(halves > 0, "nothing was ever left half done");
            return;
        }
    }
}

#[tokio::test]
async fn applying_a_definition_that_was_cut_short_once_more_completes_it() {
    at_every_death(async |test| {
        test.perform(apply_definition(test, "widgets")).await;
    })
    .await;
}

#[tokio::test]
async fn a_definition_that_was_cut_short_is_completed_when_the_server_starts() {
    at_every_death(async |test| {
        test.restarted();
        test.api.serve_definitions().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn applying_a_complete_definition_once_more_stores_nothing() {
    let test = TestApi::new();
    test.perform(apply_definition(&test, "widgets")).await;
    let revision = test.api.store.window().latest();
    test.perform(apply_definition(&test, "widgets")).await;
    test.api.serve_definitions().await.unwrap();
    assert_eq!(test.api.store.window().latest(), revision);
}

#[tokio::test]
async fn the_definition_that_had_a_name_first_keeps_it_when_the_server_starts() {
    let mut test = TestApi::new();
    test.perform(apply_definition(&test, "widgets")).await;
    // In the order of names it comes first.
    test.perform(apply_definition(&test, "gadgets")).await;
    test.restarted();
    test.api.serve_definitions().await.unwrap();
    assert_eq!(stored_established_served(&test, "widgets"), [true; 3]);
    assert_eq!(
        stored_established_served(&test, "gadgets"),
        [true, false, false]
    );
}

#[tokio::test]
async fn a_definition_whose_names_become_free_is_established_and_served() {
    let test = TestApi::new();
    test.perform(apply_definition(&test, "widgets")).await;
    test.perform(apply_definition(&test, "gadgets")).await;
    let place = ("", "customresourcedefinitions", NAME);
    test.perform(test.call(Method::DELETE, GROUP, place, &Value::Null))
        .await;
    // The collector, which looks at everything once when it begins.
    test.api.shutdown.cancel();
    crate::collector::run(Arc::clone(&test.api)).await;
    assert_eq!(stored_established_served(&test, "widgets"), [false; 3]);
    assert_eq!(stored_established_served(&test, "gadgets"), [true; 3]);
}

#[tokio::test]
async fn a_collection_is_deleted_completely_when_the_client_goes_away() {
    for polls in 1.. {
        let test = TestApi::new();
        let namespace = json!({"metadata": {"name": "a"}});
        test.perform(test.call(Method::POST, "", ("", "namespaces", ""), &namespace))
            .await;
        for name in ["b", "c", "d"] {
            let object = json!({"metadata": {"name": name}});
            test.perform(test.call(Method::POST, "", ("a", "secrets", ""), &object))
                .await;
        }
        let deletion = test.call(Method::DELETE, "", ("a", "secrets", ""), &Value::Null);
        let ended = ended_within(polls, Arc::clone(&test.api).perform(deletion)).await;
        test.api.writes.ended().await;
        let left = test
            .api
            .store
            .list(&Range::namespace("", "secrets", "a"), None, 0)
            .unwrap();
        assert_eq!(left.records.len(), 0, "given up after {polls} polls");
        if ended {
            assert!(polls > 1, "the client never had to wait");
            return;
        }
    }
}
