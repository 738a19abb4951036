use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FieldSelector, LabelSelector, SelectableFields, SelectorError};

fn selects(selector: &str, labels: Value) -> bool {
    LabelSelector::parse(selector)
        .unwrap()
        .matches(Some(&labels))
}

fn label_error(selector: &str) -> String {
    LabelSelector::parse(selector).unwrap_err().to_string()
}

#[test]
fn an_empty_label_selector_matches_objects_with_and_without_labels() {
    let selector = LabelSelector::parse(" ").unwrap();
    assert!(selector.is_empty());
    assert!(selector.matches(None));
    assert!(selector.matches(Some(&json!({"a": "b"}))));
}

#[test]
fn equality_needs_the_label_and_inequality_does_not() {
    for selector in ["a=b", "a==b", " a = b ", "a in (b)", "a in (x,b)"] {
        assert!(selects(selector, json!({"a": "b"})), "{selector}");
        assert!(!selects(selector, json!({"a": "c"})), "{selector}");
        assert!(!selects(selector, json!({})), "{selector}");
    }
    for selector in ["a!=b", "a notin (b)", "a notin (x,b)"] {
        assert!(!selects(selector, json!({"a": "b"})), "{selector}");
        assert!(selects(selector, json!({"a": "c"})), "{selector}");
        assert!(selects(selector, json!({})), "{selector}");
    }
}

#[test]
fn existence_is_asked_by_the_bare_key() {
    assert!(selects("a", json!({"a": ""})));
    assert!(!selects("a", json!({})));
    assert!(selects("!a", json!({})));
    assert!(!selects("!a", json!({"a": "b"})));
}

#[test]
fn every_requirement_must_hold() {
    let selector = "app.kubernetes.io/name=web,tier in (front, back),!canary,region notin (),weight>3,weight<10";
    let labels =
        json!({"app.kubernetes.io/name": "web", "tier": "back", "region": "eu", "weight": "7"});
    assert!(selects(selector, labels.clone()));
    for (key, value) in [
        ("tier", "none"),
        ("canary", "yes"),
        ("region", ""),
        ("weight", "10"),
        ("weight", "many"),
    ] {
        let mut labels = labels.clone();
        labels[key] = json!(value);
        assert!(!selects(selector, labels), "{key}={value}");
    }
}

#[test]
fn an_empty_place_in_a_set_is_the_empty_value() {
    for selector in [
        "a in ()",
        "a in (,b)",
        "a in (b,)",
        "a in (b,,c)",
        "a=",
        "a=,b!=x",
    ] {
        assert!(selects(selector, json!({"a": ""})), "{selector}");
    }
}

#[test]
fn operator_words_are_also_keys_and_values() {
    assert!(selects(
        "in in (in,notin),notin=in",
        json!({"in": "notin", "notin": "in"})
    ));
}

#[test]
fn label_syntax_errors_are_worded_as_the_api_server_words_them() {
    assert_eq!(
        label_error("a,"),
        "found '', expected: identifier after ','"
    );
    assert_eq!(
        label_error("a=b c"),
        "found 'c', expected: ',' or 'end of string'"
    );
    assert_eq!(
        label_error("!a=b"),
        "found '=', expected: ',' or 'end of string'"
    );
    assert_eq!(
        label_error("=b"),
        "found '=', expected: !, identifier, or 'end of string'"
    );
    assert_eq!(
        label_error("a within (b)"),
        "unable to parse requirement: found 'within', expected: in, notin, =, ==, !=, gt, lt"
    );
    assert_eq!(
        label_error("a in b"),
        "unable to parse requirement: found 'b' expected: '('"
    );
    assert_eq!(
        label_error("a in (b"),
        "unable to parse requirement: found '', expected: ',' or ')'"
    );
    assert_eq!(
        label_error("a=(b)"),
        "unable to parse requirement: found '(', expected: identifier"
    );
    assert_eq!(
        label_error("!"),
        "unable to parse requirement: found '', expected: identifier"
    );
    assert_eq!(
        label_error("a>b"),
        "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer"
    );
    assert!(
        label_error("-a").starts_with(
            "unable to parse requirement: <nil>: Invalid value: \"-a\": name part must"
        )
    );
    assert!(label_error("a/b/c").contains("a valid label key must consist of"));
    assert!(label_error("A_b/c").contains("prefix part a lowercase RFC 1123 subdomain"));
    assert!(label_error(&format!("a={}", "x".repeat(64))).contains("values[0][a]: Invalid value"));
}

#[test]
fn a_field_selector_compares_names_and_namespaces_of_every_kind() {
    let fields = SelectableFields::built_in("", "ConfigMap");
    let object = json!({"metadata": {"name": "settings", "namespace": "default"}});
    for (selector, expected) in [
        ("", true),
        ("metadata.name=settings", true),
        (
            "metadata.name==settings,metadata.namespace!=kube-system",
            true,
        ),
        ("metadata.name!=settings", false),
        ("metadata.namespace=", false),
    ] {
        let selector = FieldSelector::parse(selector).unwrap();
        selector.check(&fields).unwrap();
        assert_eq!(selector.matches(&object, &fields), expected, "{selector:?}");
    }
}

#[test]
fn the_fields_of_a_kind_are_compared_as_text() {
    let event = SelectableFields::built_in("", "Event");
    let object = json!({"involvedObject": {"kind": "Pod", "name": "web-0"}, "type": "Warning",
        "source": {"component": "kubelet"}});
    let selector =
        "involvedObject.kind=Pod,involvedObject.name=web-0,type!=Normal,source=kubelet,reason=";
    let selector = FieldSelector::parse(selector).unwrap();
    selector.check(&event).unwrap();
    assert!(selector.matches(&object, &event));

    let custom = SelectableFields::custom(true, [".spec.replicas", ".spec.paused"]);
    let selector = FieldSelector::parse("spec.replicas=3,spec.paused=true").unwrap();
    selector.check(&custom).unwrap();
    assert!(selector.matches(&json!({"spec": {"replicas": 3, "paused": true}}), &custom));
}

#[test]
fn a_field_that_the_kind_cannot_be_selected_by_is_an_error() {
    let refused = |selector: &str, fields| {
        FieldSelector::parse(selector)
            .unwrap()
            .check(&fields)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("spec.x=1", SelectableFields::built_in("", "Pod")),
        "field label not supported: spec.x"
    );
    assert_eq!(
        refused("data.x=1", SelectableFields::built_in("", "ConfigMap")),
        "\"data.x\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    );
    assert_eq!(
        refused("metadata.namespace=a", SelectableFields::custom(false, [])),
        "field label not supported: metadata.namespace"
    );
}

#[test]
fn field_values_are_unescaped_and_bad_escapes_refused() {
    let fields = SelectableFields::built_in("", "Secret");
    let selector = FieldSelector::parse(r"type=a\,b\=c\\d").unwrap();
    assert!(selector.matches(&json!({"type": r"a,b=c\d"}), &fields));
    let error = |selector: &str| FieldSelector::parse(selector).unwrap_err();
    assert_eq!(error(r"a=b\n"), SelectorError::EscapeSequence(r"\n".into()));
    assert_eq!(error(r"a=b\"), SelectorError::EscapeSequence(r"\".into()));
    assert_eq!(error("a=b=c"), SelectorError::UnescapedCharacter('='));
    assert_eq!(
        error("a=b,c").to_string(),
        "invalid selector: 'a=b,c'; can't understand 'c'"
    );
}

#[test]
fn the_one_value_that_a_selector_demands_is_known() {
    let selector = FieldSelector::parse("metadata.name=a,metadata.namespace!=b").unwrap();
    assert_eq!(selector.required_value("metadata.name"), Some("a"));
    assert_eq!(selector.required_value("metadata.namespace"), None);
}

proptest! {
    #[test]
    fn parsing_never_panics(selector in any::<String>()) {
        let _ = LabelSelector::parse(&selector);
        let _ = FieldSelector::parse(&selector);
    }

    #[test]
    fn text_made_of_selector_tokens_never_panics_and_prints_back(selector in "(a|b1|in|notin|=|!|==|,|\\(|\\)|>|<|5| ){0,12}") {
        if let Ok(parsed) = LabelSelector::parse(&selector) {
            prop_assert_eq!(LabelSelector::parse(&parsed.to_string()), Ok(parsed));
        }
    }
}
