use serde_json::{Value, json};

use super::{StrategicMergeError, merge};
use crate::apply::{Merge, Others, Shape};

/// `secrets` merges by `name`, `finalizers` is a set, everything else has no strategy.
fn shape() -> Shape {
    let by_name = Merge::Map(vec![("name".to_owned(), None)]);
    let mut shape = Shape::of(Merge::Granular, Others::Fields);
    shape
        .fields
        .insert("secrets".to_owned(), Shape::of(by_name, Others::Fields));
    shape.fields.insert(
        "finalizers".to_owned(),
        Shape::of(Merge::Set, Others::Fields),
    );
    shape
}

fn merged(original: Value, patch: Value) -> Value {
    merge(&original, &patch, &shape()).unwrap()
}

#[test]
fn a_list_with_a_merge_key_gets_items_added_in_front_and_changed() {
    let original = json!({"secrets": [{"name": "a", "x": 1}, {"name": "b"}]});
    let patch = json!({"secrets": [{"name": "c"}, {"name": "a", "y": 2}]});
    assert_eq!(
        merged(original, patch),
        json!({"secrets": [{"name": "c"}, {"name": "a", "x": 1, "y": 2}, {"name": "b"}]})
    );
}

#[test]
fn a_list_without_a_merge_key_is_replaced() {
    assert_eq!(
        merged(json!({"rules": [1, 2]}), json!({"rules": [3]})),
        json!({"rules": [3]})
    );
}

#[test]
fn an_item_is_deleted_by_its_merge_key() {
    let original = json!({"secrets": [{"name": "a"}, {"name": "b"}]});
    let patch = json!({"secrets": [{"$patch": "delete", "name": "a"}]});
    assert_eq!(merged(original, patch), json!({"secrets": [{"name": "b"}]}));
}

#[test]
fn a_list_is_replaced_when_the_patch_says_so() {
    let original = json!({"secrets": [{"name": "a"}]});
    let patch = json!({"secrets": [{"$patch": "replace"}, {"name": "b"}]});
    assert_eq!(merged(original, patch), json!({"secrets": [{"name": "b"}]}));
}

#[test]
fn an_object_is_replaced_or_emptied_when_the_patch_says_so() {
    let original = json!({"data": {"a": "1"}, "other": {"b": "2"}});
    let patch = json!({"data": {"$patch": "replace", "c": "3"}, "other": {"$patch": "delete"}});
    assert_eq!(
        merged(original, patch),
        json!({"data": {"c": "3"}, "other": {}})
    );
}

#[test]
fn null_removes_a_field_and_is_never_stored() {
    let patch = json!({"a": null, "new": {"b": null, "c": 1}});
    assert_eq!(merged(json!({"a": 1}), patch), json!({"new": {"c": 1}}));
}

#[test]
fn values_are_added_to_and_removed_from_a_set() {
    let patch = json!({"finalizers": ["c"], "$deleteFromPrimitiveList/finalizers": ["a"]});
    assert_eq!(
        merged(json!({"finalizers": ["a", "b"]}), patch),
        json!({"finalizers": ["c", "b"]})
    );
}

#[test]
fn the_order_of_a_list_follows_the_patch() {
    let original = json!({"secrets": [{"name": "a"}, {"name": "b"}, {"name": "c"}]});
    let patch = json!({"$setElementOrder/secrets": [{"name": "c"}, {"name": "a"}], "secrets": [{"name": "c", "x": 1}]});
    assert_eq!(
        merged(original, patch),
        json!({"secrets": [{"name": "b"}, {"name": "c", "x": 1}, {"name": "a"}]})
    );
}

#[test]
fn only_retained_keys_stay() {
    let patch = json!({"strategy": {"$retainKeys": ["type"], "type": "Recreate"}});
    let original = json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {}}});
    assert_eq!(
        merged(original, patch),
        json!({"strategy": {"type": "Recreate"}})
    );
}

#[test]
fn an_item_without_its_merge_key_is_refused() {
    let outcome = merge(&json!({}), &json!({"secrets": [{"x": 1}]}), &shape());
    let expected = StrategicMergeError::MissingMergeKey {
        item: "{\"x\":1}".to_owned(),
        key: "name".to_owned(),
    };
    assert_eq!(outcome, Err(expected));
}

#[test]
fn an_unknown_directive_is_refused() {
    let outcome = merge(
        &json!({"a": {}}),
        &json!({"a": {"$patch": "explode"}}),
        &shape(),
    );
    assert_eq!(
        outcome,
        Err(StrategicMergeError::Directive("\"explode\"".to_owned()))
    );
}
