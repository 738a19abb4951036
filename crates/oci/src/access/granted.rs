//! What a token says that it grants.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The claims that matter here (distribution, "Token Authentication Implementation").
#[derive(Deserialize)]
struct Claims {
    access: Option<Vec<Access>>,
}

#[derive(Deserialize)]
struct Access {
    r#type: String,
    name: String,
    actions: Vec<String>,
}

/// The actions on `repository` that a JSON Web Token carries; `None` when it is none, or does not say.
///
/// The signature is not checked: the token comes straight from its issuer, and only the registry can judge it. This explains a refusal
/// and decides nothing.
pub(super) fn granted_actions(token: &SecretString, repository: &str) -> Option<Vec<String>> {
    let payload = token.expose_secret().split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let granted = claims
        .access?
        .into_iter()
        .filter(|access| access.r#type == "repository" && access.name == repository);
    Some(granted.flat_map(|access| access.actions).collect())
}

/// Whether `granted` has `action`; `*` stands for all of them.
pub(super) fn grants(granted: &[String], action: &str) -> bool {
    granted
        .iter()
        .any(|granted| granted == action || granted == "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> SecretString {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)).into()
    }

    #[test]
    fn the_actions_on_the_repository_are_read() {
        let claims = r#"{"access": [
            {"type": "repository", "name": "team/app", "actions": ["pull"]},
            {"type": "repository", "name": "team/other", "actions": ["push"]},
            {"type": "registry", "name": "team/app", "actions": ["*"]}
        ]}"#;
        assert_eq!(
            granted_actions(&token(claims), "team/app"),
            Some(vec!["pull".to_owned()])
        );
    }

    #[test]
    fn a_token_that_grants_nothing_is_told_from_one_that_does_not_say() {
        assert_eq!(
            granted_actions(&token(r#"{"access": []}"#), "a"),
            Some(vec![])
        );
        assert_eq!(granted_actions(&token(r#"{"sub": "robot"}"#), "a"), None);
        for opaque in ["", "t0ken", "a.b.c", "a.!.c"] {
            assert_eq!(granted_actions(&opaque.to_owned().into(), "a"), None);
        }
    }
}
