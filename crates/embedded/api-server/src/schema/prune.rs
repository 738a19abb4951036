//! Pruning of unspecified fields (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning`).

use serde_json::Value;

use super::cause::child;
use super::node::{AdditionalProperties, Node};

const OBJECT_FIELDS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// What is specified of a value.
#[derive(Clone, Copy)]
enum Specified<'a> {
    By(&'a Node),
    /// Scalars are allowed, fields are not.
    NoFields,
    /// Everything, as far as this node does not specify it more closely.
    Everything(Option<&'a Node>),
}

/// Prunes a whole object, whose `apiVersion`, `kind` and `metadata` always stay.
pub(super) fn prune(object: &mut Value, root: &Node) {
    visit_mut(object, Specified::from(root), true);
}

/// Prunes a value inside an object.
pub(super) fn prune_value(value: &mut Value, node: &Node) {
    visit_mut(value, Specified::from(node), false);
}

/// What pruning a whole object would remove, as sorted sentences.
pub(super) fn unknown_fields(object: &Value, root: &Node) -> Vec<String> {
    let mut paths = Vec::new();
    visit(object, Specified::from(root), true, "", &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| format!("unknown field {path:?}"))
        .collect()
}

impl<'a> From<&'a Node> for Specified<'a> {
    fn from(node: &'a Node) -> Self {
        if node.preserve_unknown_fields {
            Self::Everything(Some(node))
        } else {
            Self::By(node)
        }
    }
}

/// What is known of one member of an object.
enum Member<'a> {
    Kept,
    Known(Specified<'a>),
    Unknown,
}

impl<'a> Specified<'a> {
    fn member(self, name: &str, is_object: bool) -> Member<'a> {
        let (node, otherwise) = match self {
            Self::NoFields => return Member::Unknown,
            Self::By(node) => (node, Member::Unknown),
            Self::Everything(Some(node)) => (node, Member::Kept),
            Self::Everything(None) => return Member::Kept,
        };
        if (is_object || node.embedded_resource) && OBJECT_FIELDS.contains(&name) {
            return Member::Kept;
        }
        match (node.member(name), &node.additional_properties) {
            (Some(member), _) => Member::Known(member.into()),
            (None, AdditionalProperties::Any) => Member::Known(Self::NoFields),
            (None, _) => otherwise,
        }
    }

    fn item(self) -> Self {
        match self {
            Self::NoFields => Self::NoFields,
            Self::By(node) => node.items.as_deref().map_or(Self::NoFields, Self::from),
            Self::Everything(node) => Self::Everything(node.and_then(|node| node.items.as_deref())),
        }
    }
}

fn visit_mut(value: &mut Value, specified: Specified<'_>, is_object: bool) {
    match value {
        Value::Object(members) => {
            members.retain(|name, member| match specified.member(name, is_object) {
                Member::Kept => true,
                Member::Known(inner) => {
                    visit_mut(member, inner, false);
                    true
                }
                Member::Unknown => false,
            })
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| visit_mut(item, specified.item(), false)),
        _ => {}
    }
}

fn visit(
    value: &Value,
    specified: Specified<'_>,
    is_object: bool,
    path: &str,
    unknown: &mut Vec<String>,
) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = child(path, name);
                match specified.member(name, is_object) {
                    Member::Kept => {}
                    Member::Known(inner) => visit(member, inner, false, &path, unknown),
                    Member::Unknown => unknown.push(path),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                visit(
                    item,
                    specified.item(),
                    false,
                    &format!("{path}[{index}]"),
                    unknown,
                );
            }
        }
        _ => {}
    }
}
