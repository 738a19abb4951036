//! Replacing secrets in texts.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::api::core::v1::Secret;
use regex::Regex;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::forms;

/// Shorter values are no secrets worth the name, and replacing them would make evidence unreadable.
const SHORTEST_SECRET: usize = 6;
/// Kept by Kubernetes for its service accounts; beside the token it holds the namespace's name and a certificate.
const SERVICE_ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";

/// What looks like a secret wherever it stands: JSON web tokens, private keys, `Authorization` headers, the `auth` of a docker
/// config, also where its quotes are escaped, and a whole docker config in base64, as a Secret has it.
static SHAPES: LazyLock<[(Regex, &str); 6]> = LazyLock::new(|| {
    let shape = |pattern: &str| {
        Regex::new(pattern).expect("the pattern is written here and compiled by every test")
    };
    [
        (
            shape(r"eyJ[\w-]{10,}\.[\w-]{2,}\.[\w-]*"),
            "<redacted token>",
        ),
        (
            shape(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----"),
            "<redacted private key>",
        ),
        (
            shape(r"(?i)\b(authorization:?\s+(?:basic|bearer)\s+)\S+"),
            "$1<redacted>",
        ),
        (
            shape(r#"(\\?"(?:auth|password|identitytoken|registrytoken)\\?"\s*:\s*\\?")[^"\\]+"#),
            "$1<redacted>",
        ),
        (
            shape(r#"(\.dockerconfigjson\\?"?\s*:\s*\\?"?)[A-Za-z0-9+/]{12,}=*"#),
            "$1<redacted docker config>",
        ),
        // `{"auths":` in base64.
        (
            shape(r"eyJhdXRocyI6[A-Za-z0-9+/_-]*=*"),
            "<redacted docker config>",
        ),
    ]
});

/// Replaces secrets in texts: those it was told, and what has the shape of one.
#[derive(Default)]
pub struct Redactor {
    /// Value and what to write in its place, longest value first.
    known: Vec<(String, String)>,
    /// Changes nothing.
    idle: bool,
}

impl Redactor {
    /// Replaces nothing: for looking whether there is anything to replace.
    #[must_use]
    pub fn idle() -> Self {
        Self {
            idle: true,
            ..Self::default()
        }
    }

    /// Knows every value of these Secrets, also the ones inside docker configs.
    pub fn knowing<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut known = Vec::new();
        for secret in secrets {
            let is_token = secret.type_.as_deref() == Some(SERVICE_ACCOUNT_TOKEN);
            for (key, value) in secret.data.iter().flatten() {
                if is_token && key != "token" {
                    continue;
                }
                let name = secret.metadata.name.as_deref().unwrap_or_default();
                let place = format!("<redacted: Secret {name}, {key}>");
                let text = String::from_utf8_lossy(&value.0).into_owned();
                // As the API server and `kubectl get -o yaml` write it.
                let dumped = STANDARD.encode(&value.0);
                let inside = serde_json::from_str::<Value>(&text)
                    .map(|json| leaves(&json))
                    .unwrap_or_default();
                known.extend(
                    inside
                        .into_iter()
                        .chain([text, dumped])
                        .map(|value| (value.trim().to_owned(), place.clone())),
                );
            }
        }
        Self::of(known)
    }

    /// Knows these too, each with what it is: one may be in no Secret any more.
    #[must_use]
    pub fn and(self, secrets: impl IntoIterator<Item = (SecretString, String)>) -> Self {
        let mut known = self.known;
        for (secret, what) in secrets {
            let place = format!("<redacted: {what}>");
            known.push((secret.expose_secret().to_owned(), place));
        }
        Self::of(known)
    }

    fn of(mut known: Vec<(String, String)>) -> Self {
        known.retain(|(value, _)| value.len() >= SHORTEST_SECRET);
        let disguised: Vec<(String, String)> = known
            .iter()
            .flat_map(|(value, place)| {
                let forms = forms(&value.as_str().into());
                forms
                    .into_iter()
                    .map(|form| (form.expose_secret().to_owned(), place.clone()))
            })
            .collect();
        known.extend(disguised);
        known.sort_by(|(one, _), (other, _)| (other.len(), one).cmp(&(one.len(), other)));
        known.dedup_by(|(one, _), (other, _)| one == other);
        Self { known, idle: false }
    }

    /// The text without secrets.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        if self.idle {
            return text;
        }
        for (value, place) in &self.known {
            if text.contains(value) {
                text = text.replace(value, place);
            }
        }
        for (shape, place) in SHAPES.iter() {
            text = shape.replace_all(&text, *place).into_owned();
        }
        text
    }
}

/// Every text in a JSON document, and the password inside of one that is the `auth` of a docker config.
fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => [text.clone()].into_iter().chain(password(text)).collect(),
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(entries) => entries.values().flat_map(leaves).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// The password in base64 of `user:password`.
fn password(text: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
    decoded
        .split_once(':')
        .map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret(kind: &str, entries: &[(&str, &str)]) -> Secret {
        let data: serde_json::Map<String, Value> = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        let mut secret: Secret =
            serde_json::from_value(json!({"metadata": {"name": "push"}, "type": kind})).unwrap();
        let bytes =
            |value: &Value| k8s_openapi::ByteString(value.as_str().unwrap().as_bytes().to_vec());
        secret.data = Some(
            data.iter()
                .map(|(key, value)| (key.clone(), bytes(value)))
                .collect(),
        );
        secret
    }

    #[test]
    fn the_values_of_known_secrets_are_replaced_by_their_place() {
        let config =
            r#"{"auths": {"quay.io": {"password": "hunter2hunter2", "auth": "dTpodW50ZXIy"}}}"#;
        let redactor = Redactor::knowing(&[secret(
            "kubernetes.io/dockerconfigjson",
            &[(".dockerconfigjson", config)],
        )]);
        let clean = redactor.clean("login with hunter2hunter2 (dTpodW50ZXIy) failed");
        let place = "<redacted: Secret push, .dockerconfigjson>";
        assert_eq!(clean, format!("login with {place} ({place}) failed"));
    }

    #[test]
    fn a_password_is_found_inside_the_auth_of_a_docker_config_and_among_those_of_a_story() {
        let config = r#"{"auths": {"quay.io": {"auth": "dTpodW50ZXIyaHVudGVyMg=="}}}"#;
        let another = ("another-password".into(), "password of robot r".to_owned());
        let redactor = Redactor::knowing(&[secret(
            "kubernetes.io/dockerconfigjson",
            &[(".dockerconfigjson", config)],
        )]);
        let clean = redactor
            .and([another])
            .clean("hunter2hunter2, another-password");
        assert_eq!(
            clean,
            "<redacted: Secret push, .dockerconfigjson>, <redacted: password of robot r>"
        );
    }

    #[test]
    fn a_known_secret_is_replaced_in_every_form_in_which_it_travels() {
        let secret_value = "hunter2-hunter2-x";
        let secret = || SecretString::from(secret_value);
        let redactor = Redactor::default().and([(secret(), "password of robot r".to_owned())]);
        for (place, text) in super::super::forms::tests::disguises(secret_value) {
            let clean = redactor.clean(&text);
            assert!(clean.contains("<redacted"), "{place}: {clean}");
            let mut forms = forms(&secret()).into_iter();
            assert!(
                !forms.any(|form| clean.contains(form.expose_secret())),
                "{place}: {clean}"
            );
        }
    }

    #[test]
    fn a_dumped_docker_config_is_replaced_whole_whether_its_secret_is_known_or_not() {
        let config = r#"{"auths": {"quay.io": {"auth": "dTpodW50ZXIyaHVudGVyMg=="}}}"#;
        let known = secret(
            "kubernetes.io/dockerconfigjson",
            &[(".dockerconfigjson", config)],
        );
        let dumped = STANDARD.encode(config);
        let clean = Redactor::knowing(&[known]).clean(&format!("it holds {dumped}"));
        assert_eq!(clean, "it holds <redacted: Secret push, .dockerconfigjson>");
        for (text, expected) in [
            (
                format!("data:\n  .dockerconfigjson: {dumped}\ntype: x"),
                "data:\n  .dockerconfigjson: <redacted docker config>\ntype: x",
            ),
            (
                format!(r#"{{".dockerconfigjson": "{dumped}"}}"#),
                r#"{".dockerconfigjson": "<redacted docker config>"}"#,
            ),
            (
                STANDARD.encode(config.replace(": ", ":")),
                "<redacted docker config>",
            ),
            (
                r#"{\"auth\":\"dTpodW50ZXIy\"}"#.to_owned(),
                r#"{\"auth\":\"<redacted>\"}"#,
            ),
        ] {
            assert_eq!(Redactor::default().clean(&text), expected);
        }
    }

    #[test]
    fn a_namespace_that_a_token_secret_repeats_stays_readable() {
        let token = secret(
            SERVICE_ACCOUNT_TOKEN,
            &[("namespace", "user-ns1"), ("token", "opaque-token")],
        );
        let clean = Redactor::knowing(&[token]).clean("user-ns1 uses opaque-token");
        assert_eq!(clean, "user-ns1 uses <redacted: Secret push, token>");
    }

    #[test]
    fn what_has_the_shape_of_a_secret_is_replaced_wherever_it_comes_from() {
        let redactor = Redactor::default();
        for (text, secret) in [
            (
                "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl.",
                "c2lnbmF0dXJl",
            ),
            ("Authorization: Bearer abcdef", "abcdef"),
            (r#"{"auth": "dTpw"}"#, "dTpw"),
            (
                "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----",
                "MHcC",
            ),
        ] {
            let clean = redactor.clean(text);
            assert!(
                clean.contains("<redacted") && !clean.contains(secret),
                "{clean}"
            );
        }
        assert_eq!(
            redactor.clean("digest sha256:abc of tag 1.0"),
            "digest sha256:abc of tag 1.0"
        );
    }
}
