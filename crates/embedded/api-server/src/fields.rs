//! Who manages which fields: the link between writes and [`crate::apply`].

use serde_json::Value;

use crate::apply::{self, Applied, ApplyError, BuiltIn, Shape, Topology};
use crate::resource::{Origin, Resource};
use crate::rest::{Stage, WriteOptions, now};
use crate::schema::StructuralSchema;
use crate::status::{ApiError, StatusCause};

/// How the objects of a resource merge.
pub(crate) enum ResourceTopology<'a> {
    BuiltIn(BuiltIn),
    Custom(&'a StructuralSchema),
}

impl<'a> ResourceTopology<'a> {
    /// That of a resource.
    pub(crate) fn of(resource: &'a Resource) -> Self {
        match &resource.origin {
            Origin::BuiltIn(kind) => Self::BuiltIn(BuiltIn::of(kind.group, kind.kind)),
            Origin::Custom(custom) => Self::Custom(&custom.schema),
        }
    }
}

impl Topology for ResourceTopology<'_> {
    fn shape(&self) -> &Shape {
        match self {
            Self::BuiltIn(built_in) => built_in.shape(),
            Self::Custom(schema) => schema.shape(),
        }
    }
}

/// Updates `metadata.managedFields` of an object that is about to be written.
pub(crate) fn record_update(
    resource: &Resource,
    before: Option<&Value>,
    after: &mut Value,
    stage: Stage,
    options: &WriteOptions,
) {
    let topology = ResourceTopology::of(resource);
    apply::record_update(
        before,
        after,
        &options.field_manager,
        stage.subresource(),
        &topology,
        &now(),
    );
}

/// Merges an applied configuration into the live object.
pub(crate) fn apply_configuration(
    resource: &Resource,
    live: Option<&Value>,
    configuration: &Value,
    stage: Stage,
    options: &WriteOptions,
) -> Result<Value, ApiError> {
    let applied = Applied {
        configuration,
        manager: &options.field_manager,
        force: options.force,
        subresource: stage.subresource(),
    };
    apply::apply(live, applied, &ResourceTopology::of(resource), &now()).map_err(refusal)
}

/// Whether nothing but the times of managers would change. Defaulting may put back what a configuration left out, so
/// that only the finished object tells (`ignoreManagedFieldsTimestampsTransformer` in k8s.io/apiserver).
pub(crate) fn same_but_for_times(before: &Value, after: &Value) -> bool {
    same_members(before, after, |name, before, after| match name {
        "metadata" => same_members(before, after, |name, before, after| match name {
            "managedFields" => same_managers(before, after),
            _ => before == after,
        }),
        _ => before == after,
    })
}

fn same_managers(before: &Value, after: &Value) -> bool {
    let (Some(before), Some(after)) = (before.as_array(), after.as_array()) else {
        return before == after;
    };
    before.len() == after.len()
        && before.iter().zip(after).all(|(before, after)| {
            same_members(before, after, |name, before, after| {
                name == "time" || before == after
            })
        })
}

fn same_members(
    before: &Value,
    after: &Value,
    same: impl Fn(&str, &Value, &Value) -> bool,
) -> bool {
    let (Some(before), Some(after)) = (before.as_object(), after.as_object()) else {
        return before == after;
    };
    before.len() == after.len()
        && before.iter().all(|(name, before)| {
            after
                .get(name)
                .is_some_and(|after| same(name, before, after))
        })
}

fn refusal(error: ApplyError) -> ApiError {
    let message = error.to_string();
    match error {
        ApplyError::Conflicts(conflicts) => {
            let causes: Vec<_> = conflicts
                .iter()
                .map(|conflict| {
                    StatusCause::new(
                        "FieldManagerConflict",
                        &conflict.field,
                        conflict.cause_message(),
                    )
                })
                .collect();
            ApiError::new(http::StatusCode::CONFLICT, "Conflict", message).with_causes(&causes)
        }
        ApplyError::ManagedFieldsMalformed(_) => ApiError::internal(message),
        ApplyError::NotAnObject | ApplyError::ManagedFieldsSpecified | ApplyError::List { .. } => {
            ApiError::bad_request(message)
        }
    }
}
