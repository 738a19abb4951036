use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::apply::{fields_v1, owned};
use crate::schema::tests::any_json;

/// Configurations that cannot be refused: no lists that merge by key.
fn any_configuration() -> impl Strategy<Value = Value> {
    any_json().prop_map(|spec| json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "k"}, "spec": {"free": spec}}))
}

proptest! {
    #[test]
    fn applying_twice_is_applying_once(first in any_configuration(), second in any_configuration()) {
        let topology = BuiltIn::of("", "Pod");
        let live = applied(&topology, None, first, "alice");
        let once = try_apply(&topology, Some(&live), &second, "bob", true).unwrap();
        let twice = try_apply(&topology, Some(&once), &second, "bob", true).unwrap();
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn a_manager_that_stands_alone_gets_exactly_what_it_applies(first in any_configuration(), second in any_configuration()) {
        let topology = BuiltIn::of("", "Pod");
        let live = applied(&topology, None, first, "alice");
        let mut after = applied(&topology, Some(&live), second.clone(), "alice");
        after["metadata"].as_object_mut().unwrap().remove("managedFields");
        prop_assert_eq!(leaves(&after), leaves(&second));
    }

    #[test]
    fn stored_sets_read_back_as_they_were(before in any_json(), after in any_json()) {
        let shape = BuiltIn::of("", "Pod");
        let set = owned::owned(&json!({"spec": before, "status": after}), shape.shape());
        prop_assert_eq!(fields_v1::decode(&fields_v1::encode(&set)), Ok(set));
    }

    #[test]
    fn nothing_panics(before in any_json(), after in any_json(), managed in any_json()) {
        for topology in [BuiltIn::of("", "Pod"), BuiltIn::of("", "Other")] {
            let live = json!({"metadata": {"managedFields": managed}, "spec": before});
            let _ = try_apply(&topology, Some(&live), &json!({"spec": after}), "alice", true);
            let _ = try_apply(&topology, Some(&before), &after, "alice", true);
            let mut updated = after.clone();
            record_update(Some(&before), &mut updated, "alice", None, &topology, NOW);
            record_update(None, &mut updated, "alice", None, &topology, NOW);
        }
    }
}

/// What an object says, apart from objects that became empty and nulls.
fn leaves(value: &Value) -> Vec<(String, Value)> {
    fn collect(value: &Value, path: &str, leaves: &mut Vec<(String, Value)>) {
        match value {
            Value::Object(members) => {
                members
                    .iter()
                    .for_each(|(name, member)| collect(member, &format!("{path}.{name}"), leaves));
            }
            Value::Null => {}
            other => leaves.push((path.to_owned(), other.clone())),
        }
    }
    let mut found = Vec::new();
    collect(value, "", &mut found);
    found
}
