//! Keeping `managedFields` true under creates, updates and patches (`FieldManager.Update` of
//! `k8s.io/apimachinery/pkg/util/managedfields/internal`).

use serde_json::{Value, json};

use super::compare::compare;
use super::managers::{ManagerId, Managers, set_managed_fields, without_managed_fields};
use super::topology::Topology;

/// Sets `metadata.managedFields` of `after`, which a create (`before` is `None`), update or patch is about to store, for
/// the operation `Update` of `manager`. When nothing changed, the entries of `before` stay as they are.
///
/// As in Kubernetes, a writer may edit `managedFields` itself, or clear it with `[]` or `[{}]`, except through a
/// subresource; an object without managers does not get one by an update; and entries that cannot be read are
/// dropped. `now` is an RFC 3339 time in whole seconds.
pub(crate) fn record_update(
    before: Option<&Value>,
    after: &mut Value,
    manager: &str,
    subresource: Option<&str>,
    topology: &dyn Topology,
    now: &str,
) {
    let stored = before.and_then(|before| before.pointer("/metadata/managedFields"));
    let decoded = Managers::decode(stored).unwrap_or_default();
    let mut managers = managers_to_start_from(after, &decoded, subresource);
    if managers.entries.is_empty() && before.is_some() {
        set_managed_fields(after, None);
        return;
    }
    let api_version = after
        .get("apiVersion")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let old = before.map_or_else(|| json!({}), without_managed_fields);
    let comparison = compare(&old, &without_managed_fields(after), topology.shape());
    let id = ManagerId::update(manager, &api_version, subresource);
    managers.record_update(id, &api_version, &comparison, now);
    if managers == decoded {
        set_managed_fields(after, stored.cloned());
    } else {
        set_managed_fields(after, Some(managers.encode()));
    }
}

fn managers_to_start_from(after: &Value, stored: &Managers, subresource: Option<&str>) -> Managers {
    if subresource.is_some() {
        return stored.clone();
    }
    match after
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
    {
        None => stored.clone(),
        Some([]) => Managers::default(),
        Some([entry]) if entry == &json!({}) => Managers::default(),
        Some(entries) => match Managers::decode(Some(&json!(entries))) {
            Ok(managers) if !managers.entries.is_empty() => managers,
            _ => stored.clone(),
        },
    }
}
