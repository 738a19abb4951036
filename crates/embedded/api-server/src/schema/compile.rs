//! From the JSON of an `openAPIV3Schema` to its structure, with every rule of structural schemas checked
//! (`k8s.io/apiextensions-apiserver/pkg/apiserver/schema/validation.go`).

use serde_json::{Map, Value};

use super::SchemaError;
use super::cause::{Cause, CauseReason};
use super::keywords::{Use, placement, type_problem};
use super::node::{AdditionalProperties, Kind, ListType, Node};
use super::{extensions, formats, json_schema, nested, prune};

/// Where a schema stands, which decides the wording of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

pub(super) fn compile(schema: &Value) -> Result<Node, SchemaError> {
    let mut problems = Problems::default();
    let node = structure(schema, Level::Root, "openAPIV3Schema", &mut problems);
    if problems.0.is_empty() {
        Ok(node)
    } else {
        Err(SchemaError {
            problems: problems.0,
        })
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(pub(super) Vec<Cause>);

impl Problems {
    pub(super) fn required(&mut self, path: String, detail: &str) {
        self.0
            .push(Cause::without_value(CauseReason::Required, path, detail));
    }

    pub(super) fn forbidden(&mut self, path: String, detail: &str) {
        self.0
            .push(Cause::without_value(CauseReason::Forbidden, path, detail));
    }

    pub(super) fn invalid(&mut self, path: String, value: &Value, detail: &str) {
        self.0
            .push(Cause::with_value(CauseReason::Invalid, path, value, detail));
    }

    /// Checks the placement of each keyword and the type of its value, at one schema.
    pub(super) fn check_keywords(&mut self, schema: &Map<String, Value>, nested: bool, path: &str) {
        for (keyword, value) in schema {
            let path = format!("{path}.{keyword}");
            match placement(keyword) {
                None => self.forbidden(path, "unknown keyword"),
                Some(Use::Nowhere) => self.forbidden(path, "must not be used in a structural schema"),
                Some(Use::NotModelled) => self.forbidden(
                    path,
                    "validation rules (CEL) are not modelled by this API server; remove them or express them as \
                     value validations",
                ),
                Some(Use::Structure) if nested => {
                    self.forbidden(path, "must be undefined to be structural");
                }
                Some(Use::Structure | Use::Anywhere) => {
                    self.check_value(keyword, value, path);
                }
            }
        }
    }

    fn check_value(&mut self, keyword: &str, value: &Value, path: String) {
        if let Some(problem) = type_problem(keyword, value) {
            self.invalid(path, value, problem);
        } else if keyword == "uniqueItems" && value == &Value::Bool(true) {
            self.forbidden(
                path,
                "must not be true since the run time becomes quadratic",
            );
        } else if keyword == "format" && value.as_str().is_some_and(formats::is_not_modelled) {
            self.forbidden(path, "this format is not modelled by this API server");
        }
    }
}

fn structure(schema: &Value, level: Level, path: &str, problems: &mut Problems) -> Node {
    let Some(schema_object) = schema.as_object() else {
        problems.invalid(path.to_owned(), schema, "must be a schema");
        return Node::default();
    };
    problems.check_keywords(schema_object, false, path);
    let mut node = own_keywords(schema_object, path, problems);
    check_type(&node, level, path, problems);
    for (name, property) in members(schema_object, "properties") {
        let property = structure(
            property,
            Level::Field,
            &format!("{path}.properties[{name}]"),
            problems,
        );
        node.properties.insert(name.clone(), property);
    }
    if let Some(items) = schema_object.get("items") {
        node.items = Some(Box::new(structure(
            items,
            Level::Item,
            &format!("{path}.items"),
            problems,
        )));
    } else if node.kind == Some(Kind::Array) {
        problems.required(format!("{path}.items"), "must be specified");
    }
    node.additional_properties = additional_properties(schema_object, level, path, problems);
    extensions::check(&node, schema_object, path, problems);
    if level == Level::Root || node.embedded_resource {
        check_object_fields(&node, schema, level, path, problems);
    }
    nested::check(schema_object, &node, path, problems);
    // A default can only be judged by a schema that is right.
    if problems.0.is_empty() {
        check_default(&node, schema, path, problems);
    }
    node
}

fn own_keywords(schema: &Map<String, Value>, path: &str, problems: &mut Problems) -> Node {
    let flag = |keyword: &str| {
        schema
            .get(keyword)
            .and_then(Value::as_bool)
            .unwrap_or(false)
    };
    let text = |keyword: &str| schema.get(keyword).and_then(Value::as_str);
    let names = |keyword: &str| -> Vec<String> {
        let names = schema.get(keyword).and_then(Value::as_array);
        names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let kind = text("type").and_then(|name| {
        let kind = Kind::parse(name);
        if kind.is_none() {
            problems.0.push(not_one_of(
                path,
                "type",
                name,
                "\"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"",
            ));
        }
        kind
    });
    let list_type = match text("x-kubernetes-list-type") {
        None | Some("atomic") => ListType::Atomic,
        Some("set") => ListType::Set,
        Some("map") => ListType::Map(names("x-kubernetes-list-map-keys")),
        Some(other) => {
            problems.0.push(not_one_of(
                path,
                "x-kubernetes-list-type",
                other,
                "\"atomic\", \"map\", \"set\"",
            ));
            ListType::Atomic
        }
    };
    if let Some(other) =
        text("x-kubernetes-map-type").filter(|map_type| !["atomic", "granular"].contains(map_type))
    {
        problems.0.push(not_one_of(
            path,
            "x-kubernetes-map-type",
            other,
            "\"atomic\", \"granular\"",
        ));
    }
    Node {
        kind,
        nullable: flag("nullable"),
        default: schema
            .get("default")
            .filter(|default| !default.is_null())
            .cloned(),
        required: names("required"),
        int_or_string: flag("x-kubernetes-int-or-string"),
        embedded_resource: flag("x-kubernetes-embedded-resource"),
        preserve_unknown_fields: flag("x-kubernetes-preserve-unknown-fields"),
        list_type,
        atomic_map: text("x-kubernetes-map-type") == Some("atomic"),
        ..Node::default()
    }
}

fn not_one_of(path: &str, keyword: &str, value: &str, supported: &str) -> Cause {
    let detail = format!("supported values: {supported}");
    Cause::with_value(
        CauseReason::NotSupported,
        format!("{path}.{keyword}"),
        &value.into(),
        &detail,
    )
}

fn check_type(node: &Node, level: Level, path: &str, problems: &mut Problems) {
    let path = format!("{path}.type");
    match (node.kind, level) {
        (Some(Kind::Object), _) => {}
        (None, _) if node.embedded_resource => {
            problems.required(
                path,
                "must be object if x-kubernetes-embedded-resource is true",
            );
        }
        (Some(_), _) if node.embedded_resource => {
            problems.forbidden(
                path,
                "must be object if x-kubernetes-embedded-resource is true",
            );
        }
        (Some(_), Level::Root) => problems.forbidden(path, "must be object at the root"),
        (Some(_), _) => {}
        (None, _) if node.int_or_string || node.preserve_unknown_fields => {}
        (None, Level::Root) => problems.required(path, "must not be empty at the root"),
        (None, Level::Item) => {
            problems.required(path, "must not be empty for specified array items")
        }
        (None, Level::Field) => {
            problems.required(path, "must not be empty for specified object fields")
        }
    }
}

fn additional_properties(
    schema: &Map<String, Value>,
    level: Level,
    path: &str,
    problems: &mut Problems,
) -> AdditionalProperties {
    let Some(additional) = schema.get("additionalProperties") else {
        return AdditionalProperties::Pruned;
    };
    let path = format!("{path}.additionalProperties");
    if level == Level::Root {
        problems.forbidden(path.clone(), "must not be used at the root");
    }
    if schema.contains_key("properties") {
        problems.forbidden(
            path.clone(),
            "additionalProperties and properties are mutual exclusive",
        );
    }
    match additional {
        Value::Bool(true) => AdditionalProperties::Any,
        Value::Bool(false) => {
            problems.forbidden(path, "additionalProperties cannot be set to false");
            AdditionalProperties::Pruned
        }
        described => AdditionalProperties::Described(Box::new(structure(
            described,
            Level::Field,
            &path,
            problems,
        ))),
    }
}

/// `apiVersion`, `kind` and `metadata` of the root and of embedded resources.
fn check_object_fields(
    node: &Node,
    schema: &Value,
    level: Level,
    path: &str,
    problems: &mut Problems,
) {
    for (name, kind, problem) in [
        ("apiVersion", Kind::String, "must be string"),
        ("kind", Kind::String, "must be string"),
        ("metadata", Kind::Object, "must be object"),
    ] {
        if node
            .properties
            .get(name)
            .is_some_and(|property| property.kind != Some(kind))
        {
            problems.forbidden(format!("{path}.properties[{name}].type"), problem);
        }
    }
    let Some(metadata) = schema
        .pointer("/properties/metadata")
        .and_then(Value::as_object)
    else {
        return;
    };
    let restricts_names_only = metadata
        .keys()
        .all(|keyword| ["type", "description", "properties"].contains(&keyword.as_str()))
        && members(metadata, "properties")
            .all(|(name, _)| name == "name" || name == "generateName");
    if level == Level::Root && !restricts_names_only {
        problems.forbidden(
            format!("{path}.properties[metadata]"),
            "must not specify anything other than name and generateName, but metadata is implicitly specified",
        );
    }
}

/// A default must survive pruning and satisfy its own schema.
fn check_default(node: &Node, schema: &Value, path: &str, problems: &mut Problems) {
    let Some(default) = &node.default else { return };
    let path = format!("{path}.default");
    let mut pruned = default.clone();
    prune::prune_value(&mut pruned, node);
    if &pruned != default {
        problems.invalid(path, default, "must not have unknown fields");
        return;
    }
    match json_schema::validator(schema) {
        Ok(validator) if !validator.is_valid(default) => {
            problems.invalid(
                path,
                default,
                "must satisfy the schema that it is the default of",
            );
        }
        Ok(_) => {}
        Err(problem) => problems.0.push(problem),
    }
}

pub(super) fn members<'a>(
    schema: &'a Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    schema
        .get(keyword)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}
