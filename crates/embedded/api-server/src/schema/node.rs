//! The structural part of a schema: what fields there are and how they merge, without value validations.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::apply::{Merge, Others, Shape};

/// What a schema says about one place in an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Node {
    pub(super) kind: Option<Kind>,
    pub(super) nullable: bool,
    pub(super) default: Option<Value>,
    pub(super) properties: BTreeMap<String, Node>,
    pub(super) additional_properties: AdditionalProperties,
    pub(super) items: Option<Box<Node>>,
    pub(super) required: Vec<String>,
    pub(super) int_or_string: bool,
    pub(super) embedded_resource: bool,
    pub(super) preserve_unknown_fields: bool,
    pub(super) list_type: ListType,
    pub(super) atomic_map: bool,
}

/// The values of `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Boolean,
    Integer,
    Number,
    Object,
    String,
}

impl Kind {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "array" => Self::Array,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "number" => Self::Number,
            "object" => Self::Object,
            "string" => Self::String,
            _ => return None,
        })
    }

    pub(super) fn is_scalar(self) -> bool {
        !matches!(self, Self::Array | Self::Object)
    }
}

/// What other members an object may have.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum AdditionalProperties {
    /// None: they are pruned.
    #[default]
    Pruned,
    /// `additionalProperties: true`: any, though what is inside them is pruned.
    Any,
    /// Any that this describes.
    Described(Box<Node>),
}

/// The values of `x-kubernetes-list-type`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum ListType {
    #[default]
    Atomic,
    Set,
    /// With the `x-kubernetes-list-map-keys`.
    Map(Vec<String>),
}

impl Node {
    /// What describes the member `name`, if anything does.
    pub(super) fn member(&self, name: &str) -> Option<&Node> {
        match (self.properties.get(name), &self.additional_properties) {
            (Some(property), _) => Some(property),
            (None, AdditionalProperties::Described(node)) => Some(node),
            (None, _) => None,
        }
    }

    /// How values at this place merge under server-side apply.
    pub(super) fn shape(&self) -> Shape {
        let merge = match (&self.list_type, self.kind) {
            (_, Some(Kind::Object)) if self.atomic_map => Merge::Atomic,
            (ListType::Set, Some(Kind::Array)) => Merge::Set,
            (ListType::Map(keys), Some(Kind::Array)) => {
                let default =
                    |key: &String| self.items.as_ref()?.properties.get(key)?.default.clone();
                Merge::Map(keys.iter().map(|key| (key.clone(), default(key))).collect())
            }
            _ => Merge::Granular,
        };
        let fields = self
            .properties
            .iter()
            .map(|(name, node)| (name.clone(), node.shape()))
            .collect();
        let elements = match (&self.items, &self.additional_properties) {
            (Some(items), _) => Some(Box::new(items.shape())),
            (None, AdditionalProperties::Described(values)) => Some(Box::new(values.shape())),
            (None, _) => None,
        };
        Shape {
            merge,
            fields,
            elements,
            others: Others::Entries,
        }
    }
}
