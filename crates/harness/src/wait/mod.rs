//! Named waits: they watch state, never sleep, and say what was seen when they come to nothing.

mod expired;
mod limits;
mod look;
mod watch;

pub use expired::Expired;
pub use limits::Wait;
pub use look::{conditions, kind_and_name};

use std::fmt::Debug;
use std::time::Instant;

use futures::{Stream, StreamExt};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

use watch::Watched;

use crate::{Deployment, Failure};

/// What can be waited for: any typed resource.
pub trait Typed:
    Resource<DynamicType = ()> + Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl<K> Typed for K where
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
    pub async fn object<K: Typed>(
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
    pub async fn any<K: Typed>(
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

    async fn first<K: Typed>(
        &self,
        wait: Wait,
        object: String,
        stream: impl Stream<Item = watcher::Result<Option<K>>>,
        condition: Condition<'_, K>,
    ) -> Result<Option<K>, Failure> {
        let begun = Instant::now();
        let limit = wait.limit(self.deployment.cluster());
        match watch::until(stream, condition.holds, limit).await {
            Watched::Reached(seen) => Ok(seen),
            Watched::Refused(answer) => Err(Failure::Kubernetes {
                action: format!("watch {object}"),
                answer,
            }),
            Watched::Limit { last, watch_error } => {
                let elapsed = begun.elapsed();
                let (events, containers) = look::around(self.deployment, self.namespace).await;
                let expired = Expired {
                    wait,
                    object: last.as_ref().map_or(object, |last| kind_and_name(last)),
                    condition: condition.words.to_owned(),
                    elapsed,
                    last_seen: last.as_ref().map(look::status),
                    watch_error,
                    events,
                    containers,
                };
                Err(expired.into())
            }
        }
    }
}
