use serde_json::{Value, json};

use super::*;

fn digest() -> String {
    oci::Digest::sha256(b"image").to_string()
}

fn snapshot() -> Value {
    json!({
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"components": [
            {"name": "one", "containerImage": format!("registry.example/ns/one@{}", digest()), "source": {"git": {"url": "https://x", "revision": "0123456789abcdef"}}},
            {"name": "two", "containerImage": format!("registry.example/ns/two@{}", digest())},
        ]},
    })
}

fn mapped(mapping: Value) -> Result<Mapped, String> {
    let admission = json!({"spec": {"data": {"mapping": mapping}}});
    apply(&admission, &snapshot(), false).map_err(|error| error.to_string())
}

fn destinations(component: Value, defaults: Value) -> Result<Vec<String>, String> {
    let mapped = mapped(json!({"components": [component], "defaults": defaults}))?;
    Ok(mapped.images[0]
        .destinations
        .iter()
        .map(ToString::to_string)
        .collect())
}

#[test]
fn the_older_and_the_newer_form_are_both_carried_out() {
    let older = json!({"name": "one", "repository": "quay.io/a/one", "tags": ["v1", "latest"]});
    assert_eq!(
        destinations(older, json!({})).unwrap(),
        ["quay.io/a/one:v1", "quay.io/a/one:latest"]
    );
    let newer = json!({"name": "one", "repositories": [{"url": "quay.io/a/one", "tags": ["v1"]}, {"url": "docker.io/b/one"}]});
    assert_eq!(
        destinations(newer, json!({"tags": ["all", "v1"]})).unwrap(),
        [
            "quay.io/a/one:all",
            "quay.io/a/one:v1",
            "docker.io/b/one:all",
            "docker.io/b/one:v1"
        ]
    );
}

#[test]
fn unmapped_components_are_dropped_and_named() {
    let mapped = mapped(
        json!({"components": [{"name": "one", "repository": "quay.io/a/one", "tags": ["v1"]}]}),
    )
    .unwrap();
    assert_eq!(mapped.unmapped, ["two"]);
    assert_eq!(
        mapped.images[0].source.to_string(),
        format!("registry.example/ns/one@{}", digest())
    );
}

#[test]
fn four_templates_are_replaced() {
    let component = json!({"name": "one", "repository": "quay.io/a/one", "tags": ["{{ git_sha }}", "x-{{git_short_sha}}-{{ timestamp }}", "{{ digest_sha }}"]});
    let hex = digest().replace("sha256:", "");
    assert_eq!(
        destinations(component, json!({})).unwrap(),
        [
            "quay.io/a/one:0123456789abcdef".to_owned(),
            "quay.io/a/one:x-0123456-1767225600".to_owned(),
            format!("quay.io/a/one:{hex}")
        ]
    );
}

#[test]
fn other_templates_and_missing_values_are_errors() {
    let error = |name: &str, tag: &str| {
        destinations(
            json!({"name": name, "repository": "quay.io/a/b", "tags": [tag]}),
            json!({}),
        )
        .unwrap_err()
    };
    assert!(error("one", "{{ incrementer }}").contains("`{{ incrementer }}` is not carried out"));
    assert!(error("two", "{{ git_sha }}").contains("needs source.git.revision"));
    assert!(error("one", "{{ git_sha").contains("is not closed"));
    assert!(error("one", "a/b").contains("is not a tag"));
}

#[test]
fn what_a_mapping_lacks_or_has_too_much_is_an_error() {
    let error = |component: Value| destinations(component, json!({})).unwrap_err();
    assert!(error(json!({"name": "one"})).contains("mapped to no repository"));
    assert!(
        error(json!({"name": "one", "repository": "quay.io/a/b"}))
            .contains("has no tag for quay.io/a/b")
    );
    assert!(
        error(json!({"name": "one", "repository": "no-registry", "tags": ["x"]}))
            .contains("names no registry")
    );
    assert!(
        error(json!({"name": "one", "pushSourceContainer": true})).contains("pushSourceContainer")
    );
}

#[test]
fn an_image_without_digest_or_with_a_port_is_refused_as_in_the_catalog() {
    let admission = json!({"spec": {"data": {"mapping": {"components": [{"name": "one", "repository": "quay.io/a/b", "tags": ["x"]}]}}}});
    for image in [
        "registry.example/a:v1".to_owned(),
        format!("registry.example:5000/a@{}", digest()),
        format!("registry.example/a:v1@{}", digest()),
        "registry.example/a@sha256:12".to_owned(),
    ] {
        let snapshot = json!({"spec": {"components": [{"name": "one", "containerImage": image}]}});
        let error = apply(&admission, &snapshot, false).unwrap_err().to_string();
        assert!(error.contains("sha reference is required"), "{error}");
    }
}

#[test]
fn an_empty_result_is_an_error_only_when_asked_for() {
    assert!(
        apply(&json!({}), &snapshot(), false)
            .unwrap()
            .images
            .is_empty()
    );
    assert!(matches!(
        apply(&json!({}), &snapshot(), true),
        Err(MappingError::Empty)
    ));
    assert!(
        mapped(json!({"failOnEmptyResult": true}))
            .unwrap_err()
            .contains("failOnEmptyResult")
    );
}
