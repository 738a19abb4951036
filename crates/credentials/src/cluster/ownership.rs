//! Who writes the content of a Secret.

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use serde_json::Value;

use super::{DATA_KEY, FIELD_MANAGER};

/// Field managers behind which a person stands, who ran a command once: `kubectl create`, `kubectl edit` and their kin, `oc`, OpenShift's
/// console (a browser's name), and the names that the API server gives to writers that it does not know.
const PEOPLE: [&str; 5] = ["oc", "Mozilla", "k9s", "unknown", "before-first-apply"];

/// The program that keeps writing the docker config of `secret`, described for a person; `None` when people or this program wrote it.
///
/// A controlling owner counts, and so does every other field manager that owns the value: a controller (external-secrets, image-controller's
/// `manager`, Argo CD) would write its own value back, or worse, lose ours without a word.
pub(super) fn writing_program(secret: &Secret) -> Option<String> {
    let owners = secret.metadata.owner_references.iter().flatten();
    if let Some(owner) = owners
        .into_iter()
        .find(|owner| owner.controller == Some(true))
    {
        return Some(format!("the controller of {} `{}`", owner.kind, owner.name));
    }
    secret
        .metadata
        .managed_fields
        .iter()
        .flatten()
        .filter(|entry| owns_docker_config(entry))
        .filter_map(|entry| entry.manager.as_deref())
        .find(|manager| !is_a_person(manager))
        .map(|manager| format!("the field manager `{manager}`"))
}

fn is_a_person(manager: &str) -> bool {
    manager == FIELD_MANAGER || manager.starts_with("kubectl") || PEOPLE.contains(&manager)
}

fn owns_docker_config(entry: &ManagedFieldsEntry) -> bool {
    let Some(fields) = &entry.fields_v1 else {
        return false;
    };
    match fields.0.get("f:data") {
        None => false,
        // `{}`: all of it.
        Some(Value::Object(data)) if data.is_empty() => true,
        Some(data) => data.get(format!("f:{DATA_KEY}")).is_some(),
    }
}
