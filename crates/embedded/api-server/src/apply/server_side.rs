//! Applying a configuration (`structured-merge-diff/merge.Updater.Apply`).

use serde_json::{Value, json};

use super::compare::compare;
use super::error::ApplyError;
use super::field_set::FieldSet;
use super::form::check_identities;
use super::last_applied;
use super::managers::{
    Entry, ManagerId, Managers, never_owned, set_managed_fields, without_managed_fields,
};
use super::merge::merge;
use super::owned::{owned, present};
use super::remove::remove;
use super::topology::{Shape, Topology};

/// The manager of what an object had before anybody managed it.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// A configuration and who applies it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Applied<'a> {
    /// The configuration, with `apiVersion` and `kind`, and without what the endpoint does not write: the caller
    /// removes `status` from what is applied to the main resource, and all but `status` and `metadata` from what is
    /// applied to `status`.
    pub(crate) configuration: &'a Value,
    /// The `fieldManager` query parameter.
    pub(crate) manager: &'a str,
    /// The `force` query parameter: take over what others own.
    pub(crate) force: bool,
    /// The subresource that is applied to.
    pub(crate) subresource: Option<&'a str>,
}

/// The object that results from applying a configuration to `live` (`None`: there is no such object yet), with
/// `metadata.managedFields`. An apply that changes nothing returns an object equal to `live`, times included.
///
/// `now` is an RFC 3339 time in whole seconds.
///
/// # Errors
/// [`ApplyError::Conflicts`] when others own what would change and `force` is not set; see there for the rest.
pub(crate) fn apply(
    live: Option<&Value>,
    applied: Applied<'_>,
    topology: &dyn Topology,
    now: &str,
) -> Result<Value, ApplyError> {
    let shape = topology.shape();
    let configuration = applied.configuration;
    if !configuration.is_object() {
        return Err(ApplyError::NotAnObject);
    }
    if configuration
        .pointer("/metadata/managedFields")
        .is_some_and(|fields| !fields.is_null())
    {
        return Err(ApplyError::ManagedFieldsSpecified);
    }
    check_identities(configuration, shape, "")?;
    let stored = Managers::decode(live.and_then(|live| live.pointer("/metadata/managedFields")))
        .map_err(ApplyError::ManagedFieldsMalformed)?;
    let attempt = Attempt {
        live: live.map_or_else(|| json!({}), without_managed_fields),
        managers: managers_before(live, &stored, &applied, shape, now),
        applied,
        shape,
        now,
    };
    let (mut object, managers) = attempt.run()?;
    if applied.manager == last_applied::MANAGER {
        last_applied::refresh(&mut object, configuration);
    }
    let id = ManagerId::apply(applied.manager, applied.subresource);
    // A configuration without fields, such as a Namespace's, makes nobody a manager: there is nothing to write down.
    let owns_nothing = !managers.entries.contains_key(&id) && !stored.entries.contains_key(&id);
    match live {
        Some(live) if object == attempt.live && (owns_nothing || managers == stored) => {
            Ok(live.clone())
        }
        _ => {
            set_managed_fields(&mut object, Some(managers.encode()));
            Ok(object)
        }
    }
}

fn api_version(object: &Value) -> &str {
    object
        .get("apiVersion")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The managers of the live object; if it has none, one that owns all of it.
fn managers_before(
    live: Option<&Value>,
    stored: &Managers,
    applied: &Applied<'_>,
    shape: &Shape,
    now: &str,
) -> Managers {
    let mut managers = stored.clone();
    if let (Some(live), true) = (live, stored.entries.is_empty()) {
        let version = api_version(applied.configuration);
        let comparison = compare(&json!({}), &without_managed_fields(live), shape);
        let id = ManagerId::update(BEFORE_FIRST_APPLY, version, applied.subresource);
        managers.record_update(id, version, &comparison, now);
    }
    managers
}

struct Attempt<'a> {
    live: Value,
    managers: Managers,
    applied: Applied<'a>,
    shape: &'a Shape,
    now: &'a str,
}

impl Attempt<'_> {
    fn run(&self) -> Result<(Value, Managers), ApplyError> {
        let id = ManagerId::apply(self.applied.manager, self.applied.subresource);
        let mut managers = self.managers.clone();
        let last = managers.entries.get(&id).cloned();
        let entry = Entry {
            api_version: api_version(self.applied.configuration).to_owned(),
            time: last.as_ref().and_then(|last| last.time.clone()),
            fields: owned(self.applied.configuration, self.shape),
        };
        managers.entries.insert(id.clone(), entry);
        let merged = merge(&self.live, self.applied.configuration, self.shape);
        let object = match &last {
            Some(last) => prune(merged, &managers, &last.fields, self.shape),
            None => merged,
        };
        let comparison = compare(&self.live, &object, self.shape);
        let conflicts = managers.conflicts(&id, &comparison);
        if !conflicts.is_empty() && !self.applied.force {
            let refused = self.not_taken_over_from_client(&conflicts);
            if !refused.is_empty() {
                return Err(ApplyError::Conflicts(managers.describe(&refused)));
            }
        }
        managers.dispossess(Some(&id), &conflicts, &comparison.removed);
        if let Some(entry) = managers.entries.get_mut(&id) {
            entry.fields = entry.fields.difference(&never_owned());
            if object != self.live || entry.time.is_none() {
                entry.time = Some(self.now.to_owned());
            }
            if entry.fields.is_empty() {
                managers.entries.remove(&id);
            }
        }
        Ok((object, managers))
    }

    /// The conflicts but for those that `kubectl` has with its own former self.
    fn not_taken_over_from_client(
        &self,
        conflicts: &[(ManagerId, FieldSet)],
    ) -> Vec<(ManagerId, FieldSet)> {
        let own = match self.applied.manager {
            last_applied::MANAGER => {
                last_applied::owned_by_client(&self.live, self.shape).unwrap_or_default()
            }
            _ => FieldSet::default(),
        };
        conflicts
            .iter()
            .map(|(id, fields)| (id.clone(), fields.difference(&own)))
            .filter(|(_, fields)| !fields.is_empty())
            .collect()
    }
}

/// Removes what the manager specified last time, and nobody specifies now.
fn prune(merged: Value, managers: &Managers, last: &FieldSet, shape: &Shape) -> Value {
    if last.is_empty() {
        return merged;
    }
    let last = last.with_named_fields(shape);
    let all = |object: &Value| present(object, shape).with_named_fields(shape);
    let without = |set: &FieldSet| remove(&merged, set, shape);
    let merged_fields = all(&merged);
    // Without all that was specified last time …
    let pruned = without(&last);
    // … but with what somebody owns, and what holds it …
    let managed = managers
        .entries
        .values()
        .fold(FieldSet::default(), |all, entry| all.union(&entry.fields));
    let kept = all(&pruned).union(&managed.with_named_fields(shape));
    let pruned = without(&merged_fields.difference(&kept));
    // … and with what was not specified last time.
    without(&merged_fields.difference(&all(&pruned)).intersection(&last))
}
