//! Named waits: they watch state, never sleep, and say what was seen when they come to nothing.

mod expired;
mod limits;
mod look;

pub use expired::Expired;
pub use limits::Wait;
pub use look::{conditions, kind_and_name};

use std::fmt::Debug;
use std::pin::pin;
use std::time::Instant;

use futures::{Stream, StreamExt};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::kubernetes_words;
use crate::{Deployment, Failure};

/// What can be waited for: any typed resource.
pub trait Watched:
    Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<K> Watched for K where
    K: Resource<DynamicType = ()>
        + Clone
        + Debug
        + Serialize
        + DeserializeOwned
        + Send
        + Sync
        + 'static
{
}

/// Waits in one namespace of a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Waits<'a> {
    /// Whose objects are watched.
    pub deployment: &'a Deployment,
    /// Where.
    pub namespace: &'a str,
}

/// What has to become true.
pub struct Condition<'a, K> {
    /// The condition as a clause, for the report.
    pub words: &'a str,
    /// Is it true of the object, which is `None` while it does not exist?
    pub holds: &'a (dyn Fn(Option<&K>) -> bool + Sync),
}

impl Waits<'_> {
    /// Waits until a condition holds of the object called `name`, which need not exist yet. Gives the object as it was
    /// then, `None` if it did not exist.
    ///
    /// # Errors
    ///
    /// [`Failure::Expired`] at the limit, [`Failure::Kubernetes`] when the API refuses to show the object.
    pub async fn object<K: Watched>(
        &self,
        wait: Wait,
        api: &Api<K>,
        name: &str,
        condition: Condition<'_, K>,
    ) -> Result<Option<K>, Failure> {
        let namespace = api
            .namespace()
            .map(|namespace| format!("{namespace}/"))
            .unwrap_or_default();
        let described = format!("{} {namespace}{name}", K::kind(&()));
        let stream = watcher::watch_object(api.clone(), name).default_backoff();
        Box::pin(self.first(wait, described, stream, condition)).await
    }

    /// Waits until a condition holds of any object with these labels; none need exist yet.
    ///
    /// # Errors
    ///
    /// As [`Waits::object`].
    pub async fn any<K: Watched>(
        &self,
        wait: Wait,
        api: &Api<K>,
        labels: &str,
        words: &str,
        holds: &(dyn Fn(&K) -> bool + Sync),
    ) -> Result<K, Failure> {
        let with_labels = if labels.is_empty() {
            String::new()
        } else {
            format!(" with {labels}")
        };
        let described = format!("{} in {}{with_labels}", K::kind(&()), self.namespace);
        let stream = watcher(api.clone(), watcher::Config::default().labels(labels))
            .default_backoff()
            .applied_objects()
            .map(|item| item.map(Some));
        let holds = |object: Option<&K>| object.is_some_and(holds);
        let condition = Condition {
            words,
            holds: &holds,
        };
        let found = Box::pin(self.first(wait, described.clone(), stream, condition)).await?;
        found.ok_or_else(|| Failure::Scenario(format!("{described}: found without being there")))
    }

    async fn first<K: Watched>(
        &self,
        wait: Wait,
        object: String,
        stream: impl Stream<Item = watcher::Result<Option<K>>>,
        condition: Condition<'_, K>,
    ) -> Result<Option<K>, Failure> {
        let begun = Instant::now();
        let mut last: Option<K> = None;
        let mut watch_error = None;
        let mut stream = pin!(stream);
        let watching = async {
            loop {
                match stream.next().await {
                    Some(Ok(seen)) if (condition.holds)(seen.as_ref()) => return Ok(seen),
                    Some(Ok(seen)) => (last, watch_error) = (seen, None),
                    Some(Err(error)) if is_final(&error) => return Err(watch_words(&error)),
                    Some(Err(error)) => watch_error = Some(watch_words(&error)),
                    None => return Err("the watch ended".to_owned()),
                }
            }
        };
        let outcome = tokio::time::timeout(wait.limit(self.deployment.cluster()), watching).await;
        match outcome {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(answer)) => Err(Failure::Kubernetes {
                action: format!("watch {object}"),
                answer,
            }),
            Err(_limit) => {
                let elapsed = begun.elapsed();
                let (events, containers) = look::around(self.deployment, self.namespace).await;
                let object = last.as_ref().map_or(object, |last| kind_and_name(last));
                let last_seen = last.as_ref().map(look::status);
                let condition = condition.words.to_owned();
                Err(Expired {
                    wait,
                    object,
                    condition,
                    elapsed,
                    last_seen,
                    watch_error,
                    events,
                    containers,
                }
                .into())
            }
        }
    }
}

/// An answer that another try will not change: wrong request, no permission, no such kind, not implemented.
fn is_final(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status)) => {
            matches!(
                status.code,
                400 | 401 | 403 | 404 | 405 | 406 | 415 | 422 | 501
            )
        }
        watcher::Error::NoResourceVersion => true,
        _ => false,
    }
}

fn watch_words(error: &watcher::Error) -> String {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => kubernetes_words(error),
        other => other.to_string(),
    }
}
