//! Keeping `managedFields` small (`capManagers` of `k8s.io/apimachinery/pkg/util/managedfields/internal`).

use std::collections::BTreeMap;

use super::managers::{ManagerId, Managers, Operation};

/// Most entries of updaters; the oldest beyond it are thrown together.
const MAXIMUM_UPDATERS: usize = 10;
const BUCKET: &str = "ancient-changes";

/// Merges the oldest updaters of each version into one entry until there are few enough.
pub(super) fn cap_updates(managers: &mut Managers) {
    let mut updaters: Vec<(i64, ManagerId)> = managers
        .entries
        .iter()
        .filter(|(id, _)| matches!(id.operation, Operation::Update { .. }))
        .map(|(id, entry)| (entry.seconds(), id.clone()))
        .collect();
    updaters.sort();
    let mut count = updaters.len();
    let mut first_of_version: BTreeMap<String, ManagerId> = BTreeMap::new();
    for (_, id) in updaters {
        if count <= MAXIMUM_UPDATERS {
            break;
        }
        let Some(version) = managers
            .entries
            .get(&id)
            .map(|entry| entry.api_version.clone())
        else {
            continue;
        };
        let Some(first) = first_of_version.get(&version).cloned() else {
            first_of_version.insert(version, id);
            continue;
        };
        let bucket = ManagerId::update(BUCKET, &version, None);
        if !managers.entries.contains_key(&bucket)
            && let Some(entry) = managers.entries.remove(&first)
        {
            managers.entries.insert(bucket.clone(), entry);
        }
        let Some(merged) = managers.entries.remove(&id) else {
            continue;
        };
        if let Some(entry) = managers.entries.get_mut(&bucket) {
            entry.fields = entry.fields.union(&merged.fields);
            entry.time = merged.time;
            count -= 1;
        } else {
            managers.entries.insert(id, merged);
        }
    }
}
