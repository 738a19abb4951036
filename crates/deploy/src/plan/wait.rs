//! Waits of steps: they watch an object and say all the time what they see, so that a step whose limit expires reports the object, what was
//! waited for, and its last observed status. The limit is the step's own.

use std::fmt::Debug;
use std::pin::pin;

use futures::{Stream, StreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::Api;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Progress, StepError, chain};

/// Waits until a condition holds of the object called `name`, which need not exist yet. `words` is the condition as a
/// fragment: "to be available". Gives the object as it was then, `None` if it did not exist.
///
/// # Errors
///
/// The API server refuses to show the object, or the run was interrupted.
pub async fn for_object<K>(
    api: Api<K>,
    name: &str,
    words: &str,
    holds: impl Fn(Option<&K>) -> bool,
    progress: &Progress,
) -> Result<Option<K>, StepError>
where
    K: Resource + Clone + Debug + DeserializeOwned + Serialize + Send + 'static,
{
    let kind = std::any::type_name::<K>().rsplit("::").next();
    let namespace = api
        .namespace()
        .map(|namespace| format!("{namespace}/"))
        .unwrap_or_default();
    let object = format!("{} {namespace}{name}", kind.unwrap_or("object"));
    let states = watcher::watch_object(api, name).default_backoff();
    // A watch with its backoff is large.
    Box::pin(first(states, &format!("{object} {words}"), holds, progress)).await
}

/// Waits until a Deployment says that it is available.
///
/// # Errors
///
/// As [`for_object`].
pub async fn for_deployment(
    api: Api<Deployment>,
    name: &str,
    progress: &Progress,
) -> Result<(), StepError> {
    let available =
        |found: Option<&Deployment>| found.is_some_and(|found| is_true(found, "Available"));
    for_object(api, name, "to be available", available, progress).await?;
    Ok(())
}

/// Takes the first state of which the condition holds, and tells every other one.
async fn first<K: Serialize>(
    states: impl Stream<Item = watcher::Result<Option<K>>>,
    what: &str,
    holds: impl Fn(Option<&K>) -> bool,
    progress: &Progress,
) -> Result<Option<K>, StepError> {
    let attempted = || format!("wait for {what}");
    let mut states = pin!(states);
    let mut told = String::new();
    progress.waiting(what);
    loop {
        let state = tokio::select! {
            state = states.next() => state,
            () = progress.cancellation().cancelled() => {
                return Err(StepError::new(attempted(), format!("interrupted; {told}")));
            }
        };
        let seen = match state {
            Some(Ok(object)) if holds(object.as_ref()) => return Ok(object),
            Some(Ok(object)) => object.as_ref().map_or_else(
                || "it does not exist yet".to_owned(),
                |object| status(object).join("; "),
            ),
            Some(Err(error)) if is_final(&error) => {
                return Err(StepError::new(attempted(), chain(&error)));
            }
            Some(Err(error)) => format!("watching fails: {}", chain(&error)),
            None => return Err(StepError::new(attempted(), "the watch ended")),
        };
        // A watch repeats itself; a person and events.jsonl need each state once.
        if seen != told {
            progress.waiting(format!("{what}, and saw: {seen}"));
            told = seen;
        }
    }
}

/// An answer that another try will not change: wrong request, no permission, no such kind, not implemented.
fn is_final(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            matches!(status.code, 400 | 401 | 403 | 405 | 406 | 415 | 422 | 501)
        }
        watcher::Error::NoResourceVersion => true,
        _ => false,
    }
}

/// Is a condition of the object's status true, and said of the object as it is now? A status that names an older generation
/// (`observedGeneration`) says nothing about the newest change.
#[must_use]
pub fn is_true<K: ResourceExt + Serialize>(object: &K, condition: &str) -> bool {
    let Ok(json) = serde_json::to_value(object) else {
        return false;
    };
    let generation = object.meta().generation;
    let is_current = |observed: &Value| {
        observed
            .as_i64()
            .is_none_or(|observed| generation.is_none_or(|generation| observed >= generation))
    };
    is_current(&json["status"]["observedGeneration"])
        && conditions(&json).any(|found| {
            found["type"] == condition
                && found["status"] == "True"
                && is_current(&found["observedGeneration"])
        })
}

/// What the object says of itself: its conditions, else its phase, else that it exists.
fn status(object: &impl Serialize) -> Vec<String> {
    let json = serde_json::to_value(object).unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut lines: Vec<String> = conditions(&json)
        .map(|condition| {
            let mut line = format!(
                "{} is {}",
                word(&condition["type"]),
                word(&condition["status"])
            );
            if condition["reason"].is_string() {
                line = format!("{line} ({})", word(&condition["reason"]));
            }
            if condition["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
            {
                line = format!("{line}: {}", word(&condition["message"]));
            }
            line
        })
        .collect();
    if lines.is_empty() {
        let phase = json["status"]["phase"].as_str();
        lines.push(phase.map_or_else(
            || "it exists and has no status".to_owned(),
            |phase| format!("its phase is {phase}"),
        ));
    }
    lines
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    object["status"]["conditions"]
        .as_array()
        .into_iter()
        .flatten()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use futures::stream;
    use kube::core::Status;
    use serde_json::json;

    use super::*;
    use crate::events::{Event, EventSink, Events, Stamped};

    #[derive(Default)]
    struct Told(Mutex<Vec<String>>);

    impl EventSink for Told {
        fn take(&self, event: &Stamped) {
            if let Event::Waiting { on, .. } = &event.event {
                self.0.lock().unwrap().push(on.clone());
            }
        }
    }

    fn deployment(available: &str, generation: i64, observed: i64) -> Deployment {
        serde_json::from_value(json!({
            "metadata": {"name": "web", "generation": generation},
            "status": {"observedGeneration": observed, "conditions": [
                {"type": "Available", "status": available, "reason": "Because", "message": "1 of 2"},
            ]},
        }))
        .unwrap()
    }

    fn failure(code: u16) -> watcher::Error {
        let status = Status::failure("no", "Reason").with_code(code).boxed();
        watcher::Error::InitialListFailed(kube::Error::Api(status))
    }

    async fn available(
        states: Vec<watcher::Result<Option<Deployment>>>,
    ) -> (Result<Option<Deployment>, StepError>, Vec<String>) {
        let told = Arc::new(Told::default());
        let progress = Progress::new("a", Events::new(vec![told.clone()]));
        let states = stream::iter(states).chain(stream::pending());
        let holds =
            |object: Option<&Deployment>| object.is_some_and(|object| is_true(object, "Available"));
        let ended = tokio::time::timeout(
            Duration::from_secs(1),
            first(states, "Deployment web to be available", holds, &progress),
        );
        let ended = ended
            .await
            .unwrap_or_else(|_| Err(StepError::new("wait", progress.last_seen())));
        let told = told.0.lock().unwrap().clone();
        (ended, told)
    }

    #[tokio::test]
    async fn the_first_state_that_holds_ends_the_wait_and_every_other_is_told_once() {
        let (ended, told) = available(vec![
            Ok(None),
            Ok(Some(deployment("False", 1, 1))),
            Ok(Some(deployment("False", 1, 1))),
            Ok(Some(deployment("True", 1, 1))),
        ])
        .await;
        assert!(ended.unwrap().is_some());
        assert_eq!(
            told,
            [
                "Deployment web to be available",
                "Deployment web to be available, and saw: it does not exist yet",
                "Deployment web to be available, and saw: Available is False (Because): 1 of 2",
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_condition_that_was_said_of_an_older_generation_does_not_count() {
        let (ended, _) = available(vec![Ok(Some(deployment("True", 2, 1)))]).await;
        let error = ended.unwrap_err().to_string();
        assert!(error.contains("Available is True"), "{error}");
    }

    #[tokio::test]
    async fn a_refusal_ends_the_wait_with_what_the_api_server_said() {
        let (ended, _) = available(vec![Err(failure(500)), Err(failure(403))]).await;
        let error = ended.unwrap_err().to_string();
        assert!(
            error.starts_with("cannot wait for Deployment web to be available:")
                && error.contains("no"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn an_interruption_ends_the_wait_at_once() {
        let cancellation = tokio_util::sync::CancellationToken::new();
        cancellation.cancel();
        let progress = Progress::cancellable("a", Events::default(), cancellation);
        let states = stream::pending::<watcher::Result<Option<Deployment>>>();
        let ended = first(
            states,
            "Deployment web to be gone",
            |found| found.is_none(),
            &progress,
        );
        assert!(ended.await.unwrap_err().to_string().contains("interrupted"));
    }
}
