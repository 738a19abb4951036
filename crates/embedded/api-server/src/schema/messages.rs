//! From the errors of the `jsonschema` crate to the causes of the real API server, whose words come from
//! `k8s.io/kube-openapi/pkg/validation/errors` and `k8s.io/apiextensions-apiserver/pkg/apiserver/validation`.

use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind};
use jsonschema::{JsonType, Validator};
use serde_json::{Value, json};

use super::cause::{Cause, CauseReason, child};

/// Every violation of the value validations in `object`.
pub(super) fn causes(validator: &Validator, object: &Value) -> Vec<Cause> {
    if validator.is_valid(object) {
        return Vec::new();
    }
    let mut causes = Vec::new();
    for error in validator.iter_errors(object) {
        collect(&error, object, &mut causes);
    }
    causes
}

fn collect(error: &ValidationError<'_>, object: &Value, causes: &mut Vec<Cause>) {
    let value = error.instance().as_ref();
    let path = field_path(error.instance_path().as_str(), object);
    let invalid = |detail: &str| {
        Cause::with_value(
            CauseReason::Invalid,
            &path,
            value,
            &format!("{path} in body {detail}"),
        )
    };
    // Kubernetes applies nothing but `type` and `enum` to a null.
    let judges_null = matches!(
        error.kind(),
        ValidationErrorKind::Type { .. } | ValidationErrorKind::Enum { .. }
    );
    if value.is_null() && !judges_null {
        return;
    }
    causes.push(match error.kind() {
        ValidationErrorKind::Type { kind } => wrong_type(&path, value, kind),
        ValidationErrorKind::Required { property } => {
            Cause::without_value(CauseReason::Required, child(&path, property.as_str().unwrap_or_default()), "")
        }
        ValidationErrorKind::Enum { options } => unsupported(&path, value, options),
        ValidationErrorKind::MaxLength { limit } => Cause::without_value(
            CauseReason::TooLong,
            &path,
            &format!("may not be more than {limit} {}", if *limit == 1 { "byte" } else { "bytes" }),
        ),
        ValidationErrorKind::MaxItems { limit } => too_many(&path, value, *limit),
        ValidationErrorKind::MaxProperties { limit } => too_many(&path, value, *limit),
        ValidationErrorKind::MinLength { limit } => invalid(&format!("should be at least {limit} chars long")),
        ValidationErrorKind::MinItems { limit } => {
            let detail = format!("{path} in body should have at least {limit} items");
            Cause::with_value(CauseReason::Invalid, &path, &json!(size(value)), &detail)
        }
        ValidationErrorKind::MinProperties { limit } => {
            let detail = format!("{path} in body should have at least {limit} properties");
            Cause::with_value(CauseReason::Invalid, &path, &json!(size(value)), &detail)
        }
        ValidationErrorKind::Minimum { limit } => invalid(&format!("should be greater than or equal to {limit}")),
        ValidationErrorKind::Maximum { limit } => invalid(&format!("should be less than or equal to {limit}")),
        ValidationErrorKind::ExclusiveMinimum { limit } => invalid(&format!("should be greater than {limit}")),
        ValidationErrorKind::ExclusiveMaximum { limit } => invalid(&format!("should be less than {limit}")),
        ValidationErrorKind::MultipleOf { multiple_of } => invalid(&format!("should be a multiple of {multiple_of}")),
        ValidationErrorKind::Pattern { pattern } => invalid(&format!("should match '{pattern}'")),
        ValidationErrorKind::Format { format } => {
            let detail = format!("{path} in body must be of type {format}: {value}");
            Cause::with_value(CauseReason::TypeInvalid, &path, value, &detail)
        }
        ValidationErrorKind::AnyOf { context } => {
            causes.push(junctor(format!("{path:?} must validate at least one schema (anyOf)")));
            return collect_best(context, object, causes);
        }
        ValidationErrorKind::OneOfNotValid { context } => {
            causes.push(junctor(format!("{path:?} must validate one and only one schema (oneOf). Found none valid")));
            return collect_best(context, object, causes);
        }
        ValidationErrorKind::OneOfMultipleValid { context } => {
            let valid = context.iter().filter(|errors| errors.is_empty()).count();
            junctor(format!("{path:?} must validate one and only one schema (oneOf). Found {valid} valid alternatives"))
        }
        ValidationErrorKind::Not { .. } => junctor(format!("{path:?} must not validate the schema (not)")),
        other => invalid(&format!("does not satisfy {}: {error}", other.keyword())),
    });
}

/// Kubernetes names no field for these.
fn junctor(detail: String) -> Cause {
    Cause::with_value(CauseReason::Invalid, "", &json!(""), &detail)
}

/// The errors of the branch that came closest.
fn collect_best(
    branches: &[Vec<ValidationError<'static>>],
    object: &Value,
    causes: &mut Vec<Cause>,
) {
    let best = branches
        .iter()
        .filter(|errors| !errors.is_empty())
        .min_by_key(|errors| errors.len());
    for error in best.into_iter().flatten() {
        collect(error, object, causes);
    }
}

fn wrong_type(path: &str, value: &Value, expected: &TypeKind) -> Cause {
    let expected = match expected {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            let names = kinds
                .iter()
                .filter(|kind| *kind != JsonType::Null)
                .map(|kind| kind.to_string());
            names.collect::<Vec<_>>().join(",")
        }
    };
    let seen = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let detail = format!("{path} in body must be of type {expected}: {seen:?}");
    Cause::with_value(CauseReason::TypeInvalid, path, &json!(seen), &detail)
}

fn unsupported(path: &str, value: &Value, options: &Value) -> Cause {
    let quoted = |option: &Value| match option {
        Value::String(_) => option.to_string(),
        other => format!("{:?}", other.to_string()),
    };
    let options: Vec<String> = options
        .as_array()
        .into_iter()
        .flatten()
        .map(quoted)
        .collect();
    let detail = format!("supported values: {}", options.join(", "));
    Cause::with_value(CauseReason::NotSupported, path, value, &detail)
}

fn too_many(path: &str, value: &Value, limit: u64) -> Cause {
    let detail = format!(
        "must have at most {limit} {}",
        if limit == 1 { "item" } else { "items" }
    );
    Cause::with_value(CauseReason::TooMany, path, &json!(size(value)), &detail)
}

fn size(value: &Value) -> usize {
    value
        .as_array()
        .map(Vec::len)
        .or_else(|| value.as_object().map(serde_json::Map::len))
        .unwrap_or_default()
}

/// A JSON pointer into `object` as Kubernetes writes paths: `/spec/list/0` is `spec.list[0]`.
fn field_path(pointer: &str, object: &Value) -> String {
    let mut path = String::new();
    let mut place = Some(object);
    for token in pointer.split('/').skip(1) {
        let name = token.replace("~1", "/").replace("~0", "~");
        match place {
            Some(Value::Array(items)) => {
                path.push_str(&format!("[{name}]"));
                place = name
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index));
            }
            _ => {
                path = child(&path, &name);
                place = place.and_then(|value| value.get(&name));
            }
        }
    }
    path
}
