//! What a run gives for the parameters that a pipeline or task declares.

use std::collections::BTreeMap;

use konflux_api::tekton::{Param, ParamSpec, ParamType, ParamValue};

use super::Failure;

/// The values of all parameters: given ones, then defaults. Given parameters that nobody declares are kept, because
/// tasks in place may refer to them.
pub(crate) fn resolve(
    declared: &[ParamSpec],
    given: &[Param],
    owner: &str,
) -> Result<BTreeMap<String, ParamValue>, Failure> {
    let mut values: BTreeMap<String, ParamValue> = given
        .iter()
        .map(|param| (param.name.clone(), param.value.clone()))
        .collect();
    let mut missing = Vec::new();
    for spec in declared {
        let value = match (values.remove(&spec.name), &spec.default) {
            (Some(ParamValue::Object(given)), Some(ParamValue::Object(default))) => {
                let mut entries = default.clone();
                entries.extend(given);
                ParamValue::Object(entries)
            }
            (Some(given), _) => given,
            (None, Some(default)) => default.clone(),
            (None, None) => {
                missing.push(spec.name.as_str());
                continue;
            }
        };
        check_type(spec, &value, owner)?;
        values.insert(spec.name.clone(), value);
    }
    if missing.is_empty() {
        return Ok(values);
    }
    Err(Failure::new(
        "ParameterMissing",
        format!(
            "{owner} declares parameters that have neither a value nor a default: {}",
            missing.join(", ")
        ),
    ))
}

fn check_type(spec: &ParamSpec, value: &ParamValue, owner: &str) -> Result<(), Failure> {
    let (declared, given) = (spec.effective_type(), value.value_type());
    if declared != given {
        let message = format!(
            "parameter {} of {owner} is of type {declared}, its value is of type {given}",
            spec.name
        );
        return Err(Failure::new("ParameterTypeMismatch", message));
    }
    let (ParamType::Object, ParamValue::Object(entries), Some(properties)) =
        (declared, value, &spec.properties)
    else {
        return Ok(());
    };
    let keys = properties
        .as_object()
        .into_iter()
        .flat_map(serde_json::Map::keys);
    let absent: Vec<&str> = keys
        .filter(|key| !entries.contains_key(*key))
        .map(String::as_str)
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        "ParameterMissing",
        format!(
            "parameter {} of {owner} lacks the keys {}",
            spec.name,
            absent.join(", ")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn resolve_json(
        declared: serde_json::Value,
        given: serde_json::Value,
    ) -> Result<BTreeMap<String, ParamValue>, Failure> {
        let declared: Vec<ParamSpec> = serde_json::from_value(declared).unwrap();
        let given: Vec<Param> = serde_json::from_value(given).unwrap();
        resolve(&declared, &given, "pipeline build")
    }

    #[test]
    fn a_given_value_wins_over_the_default() {
        let values = resolve_json(
            json!([{"name": "a", "default": "1"}, {"name": "b", "default": "2"}]),
            json!([{"name": "b", "value": "3"}]),
        );
        assert_eq!(
            values.unwrap(),
            BTreeMap::from([("a".to_owned(), "1".into()), ("b".to_owned(), "3".into())])
        );
    }

    #[test]
    fn a_parameter_without_a_value_is_named() {
        let failure = resolve_json(json!([{"name": "a"}, {"name": "b"}]), json!([])).unwrap_err();
        assert_eq!(failure.reason, "ParameterMissing");
        assert!(failure.message.ends_with("a, b"), "{}", failure.message);
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let failure = resolve_json(
            json!([{"name": "a", "type": "array"}]),
            json!([{"name": "a", "value": "x"}]),
        )
        .unwrap_err();
        assert_eq!(failure.reason, "ParameterTypeMismatch");
    }

    #[test]
    fn an_object_takes_missing_keys_from_its_default_and_must_then_have_all() {
        let declared =
            json!([{"name": "o", "properties": {"x": {}, "y": {}}, "default": {"x": "1"}}]);
        let values = resolve_json(
            declared.clone(),
            json!([{"name": "o", "value": {"y": "2"}}]),
        )
        .unwrap();
        let ParamValue::Object(entries) = &values["o"] else {
            panic!("not an object")
        };
        assert_eq!(entries["x"], "1");
        assert_eq!(
            resolve_json(declared, json!([])).unwrap_err().reason,
            "ParameterMissing"
        );
    }
}
