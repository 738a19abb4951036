//! Structural schemas of custom resources.
//!
//! A [`StructuralSchema`] is compiled once from a CustomResourceDefinition's `openAPIV3Schema` and then does, for every
//! object, what the real API server does with it (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema`): fill in
//! defaults, drop what the schema does not specify, and judge the rest. Call them in that order:
//! [`apply_defaults`](StructuralSchema::apply_defaults), [`unknown_fields`](StructuralSchema::unknown_fields),
//! [`prune`](StructuralSchema::prune), [`validate`](StructuralSchema::validate). `apiVersion`, `kind` and `metadata` at
//! the root belong to every object and are none of the schema's business.
//!
//! Not modelled, and refused by [`compile`](StructuralSchema::compile): `x-kubernetes-validations` (CEL) and the
//! formats `bsonobjectid`, `creditcard`, `hexcolor`, `isbn*`, `rgbcolor`, `ssn`, `uuid3`, `uuid4` and `uuid5`. Formats
//! unknown to Kubernetes are ignored, as Kubernetes ignores them.

mod cause;
mod compile;
mod defaults;
mod extensions;
mod formats;
mod json_schema;
mod keywords;
mod list_types;
mod messages;
mod nested;
mod node;
mod prune;

use serde_json::Value;

pub(crate) use cause::Cause;

use crate::apply::{Shape, Topology};
use node::Node;

/// A schema in the structural form that Kubernetes requires of custom resources, ready to be applied.
#[derive(Debug)]
pub(crate) struct StructuralSchema {
    root: Node,
    validator: jsonschema::Validator,
    shape: Shape,
}

/// A schema that is not structural, or that uses something this API server does not model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", cause::join(.problems))]
pub(crate) struct SchemaError {
    /// Every problem; their field paths start at `openAPIV3Schema`.
    pub(crate) problems: Vec<Cause>,
}

impl StructuralSchema {
    /// Compiles the `openAPIV3Schema` of one version of a CustomResourceDefinition.
    ///
    /// # Errors
    /// All violations of the rules of structural schemas, all unknown keywords, and all that is not modelled.
    pub(crate) fn compile(open_api_v3_schema: &Value) -> Result<Self, SchemaError> {
        let root = compile::compile(open_api_v3_schema)?;
        let validator =
            json_schema::validator(open_api_v3_schema).map_err(|problem| SchemaError {
                problems: vec![problem],
            })?;
        let mut shape = root.shape();
        shape
            .fields
            .insert("metadata".to_owned(), crate::apply::metadata_shape());
        Ok(Self {
            root,
            validator,
            shape,
        })
    }

    /// Removes every field that the schema does not specify, outside `x-kubernetes-preserve-unknown-fields`.
    pub(crate) fn prune(&self, object: &mut Value) {
        prune::prune(object, &self.root);
    }

    /// The fields that [`Self::prune`] would remove, in the words of `fieldValidation=Strict` and `Warn`:
    /// `unknown field "spec.foo"`; sorted.
    pub(crate) fn unknown_fields(&self, object: &Value) -> Vec<String> {
        prune::unknown_fields(object, &self.root)
    }

    /// Fills in the schema's defaults, also in place of nulls that are not `nullable`, and removes the other such
    /// nulls from objects.
    pub(crate) fn apply_defaults(&self, object: &mut Value) {
        defaults::apply(object, &self.root);
    }

    /// Checks an object against the schema's value validations and the uniqueness of sets and list maps.
    ///
    /// # Errors
    /// Every violation, sorted by field, in the words of the real API server.
    pub(crate) fn validate(&self, object: &Value) -> Result<(), Vec<Cause>> {
        let mut causes = messages::causes(&self.validator, object);
        list_types::check(object, &self.root, "", &mut causes);
        if causes.is_empty() {
            return Ok(());
        }
        causes.sort_by(|left, right| left.field.cmp(&right.field));
        Err(causes)
    }
}

/// How objects of this schema merge under server-side apply.
impl Topology for StructuralSchema {
    fn shape(&self) -> &Shape {
        &self.shape
    }
}

#[cfg(test)]
pub(crate) mod tests;
