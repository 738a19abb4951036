//! The few ways in which the stand-ins write to a Kubernetes API.
//!
//! Objects are created whole and changed with merge patches that name only what the writer owns, so that fields the typed
//! structs do not know survive.

use std::fmt::Debug;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use konflux_api::FIELD_MANAGER;
use kube::{
    Api, Resource,
    api::{Patch, PatchParams, PostParams},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Creates an object; `None` when one of that name exists already.
pub(crate) async fn create_if_absent<K>(api: &Api<K>, object: &K) -> Result<Option<K>, kube::Error>
where
    K: Resource + Clone + DeserializeOwned + Serialize + Debug,
{
    let parameters = PostParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PostParams::default()
    };
    match api.create(&parameters, object).await {
        Ok(created) => Ok(Some(created)),
        Err(kube::Error::Api(status)) if status.is_already_exists() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Changes the named fields of an object.
pub(crate) async fn merge<K>(api: &Api<K>, name: &str, patch: &Value) -> Result<K, kube::Error>
where
    K: Clone + DeserializeOwned + Debug,
{
    api.patch(name, &parameters(), &Patch::Merge(patch)).await
}

/// Changes the named fields of an object's status; `patch` is the content of `status`.
pub(crate) async fn merge_status<K>(
    api: &Api<K>,
    name: &str,
    patch: Value,
) -> Result<K, kube::Error>
where
    K: Clone + DeserializeOwned + Debug,
{
    api.patch_status(
        name,
        &parameters(),
        &Patch::Merge(&serde_json::json!({ "status": patch })),
    )
    .await
}

fn parameters() -> PatchParams {
    PatchParams {
        field_manager: Some(FIELD_MANAGER.to_owned()),
        ..PatchParams::default()
    }
}

/// Whether the API server said that there is no such object.
pub(crate) fn is_not_found(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_not_found())
}

/// Whether the API server will refuse the same request again (it is malformed, invalid or forbidden).
pub(crate) fn is_permanent(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 400 | 401 | 403 | 405 | 413 | 422))
}

/// The present moment, as objects carry it.
pub(crate) fn now() -> Time {
    Time(Timestamp::now())
}

/// Puts a condition into a list; its transition time changes only with its status.
pub(crate) fn set_condition(
    conditions: &mut Vec<Condition>,
    type_: &str,
    status: &str,
    reason: &str,
    message: &str,
    now: &Time,
) {
    let condition = Condition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: message.to_owned(),
        last_transition_time: now.clone(),
        observed_generation: None,
    };
    match conditions
        .iter_mut()
        .find(|existing| existing.type_ == type_)
    {
        Some(existing) => {
            let since = if existing.status == status {
                existing.last_transition_time.clone()
            } else {
                now.clone()
            };
            *existing = Condition {
                last_transition_time: since,
                ..condition
            };
        }
        None => conditions.push(condition),
    }
}

/// The condition of a type, when the list has it.
pub(crate) fn condition<'a>(conditions: &'a [Condition], type_: &str) -> Option<&'a Condition> {
    conditions.iter().find(|condition| condition.type_ == type_)
}
