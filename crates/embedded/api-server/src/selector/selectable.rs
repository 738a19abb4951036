//! The fields that each kind can be selected by.

use std::borrow::Cow;

use serde_json::Value;

use super::SelectorError;

/// The fields that objects of one kind can be selected by.
///
/// Source: the `AddFieldLabelConversionFunc` registrations of `k8s.io/kubernetes/pkg/apis/core/v1/conversion.go` and
/// `…/events/v1/conversion.go` for built-in kinds, `crConverter.ConvertFieldLabel` of
/// `k8s.io/apiextensions-apiserver` for custom ones.
#[derive(Debug, Clone)]
pub(crate) struct SelectableFields {
    fields: Vec<Field>,
    /// Whether the kind declares its fields: decides the wording for any other field, as in Kubernetes.
    declared: bool,
}

#[derive(Debug, Clone)]
struct Field {
    label: Cow<'static, str>,
    /// Member names from the object's root to the field; the first of the paths that exists counts.
    paths: Vec<Vec<Cow<'static, str>>>,
}

impl SelectableFields {
    /// Those of a kind compiled into Kubernetes; `group` is empty for the core group.
    pub(crate) fn built_in(group: &str, kind: &str) -> Self {
        let extra: Option<&[&'static str]> = match (group, kind) {
            ("", "Pod") => Some(&[
                "spec.nodeName",
                "spec.restartPolicy",
                "spec.schedulerName",
                "spec.serviceAccountName",
                "status.phase",
                "status.podIP",
                "status.nominatedNodeName",
            ]),
            ("", "Namespace") => Some(&["status.phase"]),
            ("", "Secret") => Some(&["type"]),
            ("", "Service") => Some(&["spec.clusterIP", "spec.type"]),
            ("", "Node") => Some(&["spec.unschedulable"]),
            ("", "Event") => Some(&[
                "involvedObject.kind",
                "involvedObject.namespace",
                "involvedObject.name",
                "involvedObject.uid",
                "involvedObject.apiVersion",
                "involvedObject.resourceVersion",
                "involvedObject.fieldPath",
                "reason",
                "reportingComponent",
                "type",
            ]),
            ("events.k8s.io", "Event") => Some(&[
                "regarding.kind",
                "regarding.namespace",
                "regarding.name",
                "regarding.uid",
                "regarding.apiVersion",
                "regarding.resourceVersion",
                "regarding.fieldPath",
                "reason",
                "reportingController",
                "type",
            ]),
            ("batch", "Job") => Some(&["status.successful"]),
            _ => None,
        };
        let mut fields = vec![Field::at("metadata.name"), Field::at("metadata.namespace")];
        fields.extend(extra.into_iter().flatten().map(|label| Field::at(label)));
        if (group, kind) == ("", "Event") {
            fields.push(Field {
                label: "source".into(),
                paths: vec![
                    member_names("source.component"),
                    member_names("reportingComponent"),
                ],
            });
        }
        Self {
            fields,
            declared: extra.is_some(),
        }
    }

    /// Those of a custom resource: its name, its namespace when it has one, and the `selectableFields` of the
    /// served version (each a simple JSON path such as `.spec.color`).
    pub(crate) fn custom<'a>(
        namespaced: bool,
        json_paths: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut fields = vec![Field::at("metadata.name")];
        if namespaced {
            fields.push(Field::at("metadata.namespace"));
        }
        fields.extend(json_paths.into_iter().map(|path| {
            let label = path.strip_prefix('.').unwrap_or(path).to_owned();
            let path = label
                .split('.')
                .map(|name| Cow::Owned(name.to_owned()))
                .collect();
            Field {
                label: Cow::Owned(label),
                paths: vec![path],
            }
        }));
        Self {
            fields,
            declared: true,
        }
    }

    pub(super) fn check(&self, label: &str) -> Result<(), SelectorError> {
        if self.field(label).is_some() {
            return Ok(());
        }
        Err(if self.declared {
            SelectorError::FieldNotSupported(label.to_owned())
        } else {
            SelectorError::FieldNotKnown(label.to_owned())
        })
    }

    pub(super) fn value<'a>(&self, object: &'a Value, label: &str) -> Cow<'a, str> {
        let Some(field) = self.field(label) else {
            return Cow::Borrowed("");
        };
        field
            .paths
            .iter()
            .find_map(|path| text_at(object, path))
            .unwrap_or(Cow::Borrowed(""))
    }

    fn field(&self, label: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.label == label)
    }
}

impl Field {
    fn at(label: &'static str) -> Self {
        Self {
            label: Cow::Borrowed(label),
            paths: vec![member_names(label)],
        }
    }
}

fn member_names(path: &'static str) -> Vec<Cow<'static, str>> {
    path.split('.').map(Cow::Borrowed).collect()
}

/// The text of a string, number or boolean; nothing for an empty string, so that the next path is tried.
fn text_at<'a>(object: &'a Value, path: &[Cow<'static, str>]) -> Option<Cow<'a, str>> {
    let value = path
        .iter()
        .try_fold(object, |value, name| value.get(name.as_ref()))?;
    match value {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(flag) => Some(Cow::Owned(flag.to_string())),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
