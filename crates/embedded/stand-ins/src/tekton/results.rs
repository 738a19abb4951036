//! What steps report, and how much of it a termination message can hold.

use konflux_api::tekton::{ParamType, ParamValue, TaskResult, TaskRunResult};
use serde_json::{Value, json};

use super::Failure;

/// The size of a termination message, in bytes, that all results of a pod share.
pub(crate) const TERMINATION_MESSAGE_LIMIT: usize = 4096;

/// Reads one result file's content as the declared type.
pub(crate) fn parse(declared: &TaskResult, content: String) -> Result<TaskRunResult, Failure> {
    let declared_type = declared.r#type.unwrap_or_default();
    let value = match declared_type {
        ParamType::String => ParamValue::String(content),
        ParamType::Array | ParamType::Object => serde_json::from_str::<Value>(&content)
            .map_or(ParamValue::String(content), ParamValue::from),
    };
    if value.value_type() != declared_type {
        let message = format!(
            "Provided results don't match declared results; may be invalid JSON or missing result declaration: \
             \"{}\": task result is expected to be \"{declared_type}\" type but was initialized to a different type \"{}\"",
            declared.name,
            value.value_type(),
        );
        return Err(Failure::new("TaskRunValidationFailed", message));
    }
    Ok(TaskRunResult {
        name: declared.name.clone(),
        r#type: Some(declared_type),
        value,
    })
}

/// Refuses results that do not fit into one termination message, together with the entry in which Tekton keeps the
/// start time.
pub(crate) fn check_size(contents: &[(String, String)]) -> Result<(), Failure> {
    let mut entries: Vec<Value> = contents
        .iter()
        .map(|(name, content)| json!({"key": name, "value": content, "type": 1}))
        .collect();
    entries.push(json!({"key": "StartedAt", "value": "2006-01-02T15:04:05.000Z", "type": 3}));
    let size = Value::Array(entries).to_string().len();
    if size <= TERMINATION_MESSAGE_LIMIT {
        return Ok(());
    }
    Err(Failure::new(
        "TaskRunResultLargerThanAllowedLimit",
        format!(
            "the results take {size} bytes of a termination message, which holds {TERMINATION_MESSAGE_LIMIT}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(result_type: ParamType) -> TaskResult {
        TaskResult {
            name: "r".to_owned(),
            r#type: Some(result_type),
            ..TaskResult::default()
        }
    }

    #[test]
    fn a_result_is_read_as_its_declared_type() {
        let text = parse(&declared(ParamType::String), "[\"a\"]\n".to_owned()).unwrap();
        assert_eq!(text.value, "[\"a\"]\n".into());
        let list = parse(&declared(ParamType::Array), "[\"a\"]".to_owned()).unwrap();
        assert_eq!(list.value, ParamValue::Array(vec!["a".to_owned()]));
        let failure = parse(&declared(ParamType::Object), "not json".to_owned()).unwrap_err();
        assert_eq!(failure.reason, "TaskRunValidationFailed");
    }

    #[test]
    fn results_share_one_termination_message() {
        let result = |length: usize| ("r".to_owned(), "x".repeat(length));
        assert!(check_size(&[result(3900)]).is_ok());
        assert_eq!(
            check_size(&[result(2000), result(2050)])
                .unwrap_err()
                .reason,
            "TaskRunResultLargerThanAllowedLimit"
        );
    }
}
