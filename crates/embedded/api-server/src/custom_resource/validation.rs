//! Rules for CustomResourceDefinitions, among them what this server does not model and therefore refuses.

use serde_json::Value;

use super::definition::{printer_columns, versions};
use crate::rest::text;
use crate::schema::StructuralSchema;
use crate::selector::syntax::{dns_label_problems, dns_subdomain_problems};
use crate::status::StatusCause;
use crate::table::Printer;

/// Problems of a definition.
pub(crate) fn problems(definition: &Value) -> Vec<StatusCause> {
    let spec = &definition["spec"];
    let mut causes = names(definition);
    if !matches!(spec["scope"].as_str(), Some("Namespaced" | "Cluster")) {
        causes.push(StatusCause::required(
            "spec.scope",
            "must be Cluster or Namespaced",
        ));
    }
    match text(spec, &["conversion", "strategy"]) {
        None | Some("None") => {}
        Some("Webhook") => causes.push(StatusCause::forbidden(
            "spec.conversion.strategy",
            "this embedded API server does not model webhook conversion; use the strategy None",
        )),
        Some(other) => causes.push(StatusCause::invalid(
            "spec.conversion.strategy",
            other,
            "must be None",
        )),
    }
    let stored = versions(definition)
        .filter(|version| version["storage"] == true)
        .count();
    if stored != 1 {
        let problem = "must have exactly one version marked as storage version";
        causes.push(StatusCause::new(
            "FieldValueInvalid",
            "spec.versions",
            format!("Invalid value: {problem}"),
        ));
    }
    for (index, version) in versions(definition).enumerate() {
        causes.extend(of_version(&format!("spec.versions[{index}]"), version));
    }
    causes
}

fn names(definition: &Value) -> Vec<StatusCause> {
    let mut causes = Vec::new();
    let field = |path: &[&str]| text(&definition["spec"], path).unwrap_or_default();
    let (group, plural) = (field(&["group"]), field(&["names", "plural"]));
    let expected = format!("{plural}.{group}");
    let name = text(definition, &["metadata", "name"]).unwrap_or_default();
    if name != expected {
        let problem = format!("must be spec.names.plural+\".\"+spec.group: {expected:?}");
        causes.push(StatusCause::invalid("metadata.name", name, &problem));
    }
    causes.extend(
        dns_subdomain_problems(group)
            .iter()
            .map(|problem| StatusCause::invalid("spec.group", group, problem)),
    );
    if !group.contains('.') {
        causes.push(StatusCause::invalid(
            "spec.group",
            group,
            "should be a domain with at least one dot",
        ));
    }
    for part in ["plural", "singular", "kind", "listKind"] {
        let value = field(&["names", part]);
        let problems = dns_label_problems(&value.to_lowercase());
        causes.extend(
            problems
                .iter()
                .map(|problem| StatusCause::invalid(format!("spec.names.{part}"), value, problem)),
        );
    }
    causes
}

fn of_version(path: &str, version: &Value) -> Vec<StatusCause> {
    let mut causes = Vec::new();
    let name = text(version, &["name"]).unwrap_or_default();
    causes.extend(
        dns_label_problems(name)
            .iter()
            .map(|problem| StatusCause::invalid(format!("{path}.name"), name, problem)),
    );
    if version["subresources"]
        .get("scale")
        .is_some_and(|scale| !scale.is_null())
    {
        let problem = "this embedded API server does not model the scale subresource";
        causes.push(StatusCause::forbidden(
            format!("{path}.subresources.scale"),
            problem,
        ));
    }
    if let Err(error) = Printer::custom(printer_columns(version)) {
        let message = format!("Invalid value: {error}");
        causes.push(StatusCause::new(
            "FieldValueInvalid",
            format!("{path}.additionalPrinterColumns"),
            message,
        ));
    }
    let schema_path = format!("{path}.schema.openAPIV3Schema");
    match version["schema"].get("openAPIV3Schema") {
        None => causes.push(StatusCause::required(schema_path, "schemas are required")),
        Some(schema) => {
            if let Err(error) = StructuralSchema::compile(schema) {
                causes.extend(error.problems.into_iter().map(|problem| {
                    let separator = if problem.field.is_empty() { "" } else { "." };
                    let field = format!("{schema_path}{separator}{}", problem.field);
                    StatusCause::new(problem.reason.as_str(), field, problem.message)
                }));
            }
        }
    }
    causes
}
