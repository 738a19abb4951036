//! What every reconciliation needs.

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{
    Client, Resource,
    runtime::events::{Event, EventType, Recorder, Reporter},
};
use tokio_util::sync::CancellationToken;

use crate::options::Options;

/// The client, the settings, and the way to record events.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) client: Client,
    pub(crate) options: Options,
    pub(crate) shutdown: CancellationToken,
    recorder: Recorder,
}

impl Context {
    pub(crate) fn new(client: Client, options: Options, shutdown: CancellationToken) -> Self {
        let reporter = Reporter {
            controller: "konflux-local.dev/stand-ins".to_owned(),
            instance: None,
        };
        let recorder = Recorder::new(client.clone(), reporter);
        Self {
            client,
            options,
            shutdown,
            recorder,
        }
    }

    /// Records an event about an object. A failure is logged only: events inform, nothing depends on them.
    pub(crate) async fn record<K>(&self, about: &K, type_: EventType, reason: &str, note: String)
    where
        K: Resource<DynamicType = ()>,
    {
        let reference: ObjectReference = about.object_ref(&());
        let action = "Reconciling".to_owned();
        let event = Event {
            type_,
            reason: reason.to_owned(),
            note: Some(note),
            action,
            secondary: None,
        };
        if let Err(error) = self.recorder.publish(&event, &reference).await {
            tracing::warn!(%error, reason, "cannot record an event");
        }
    }
}
