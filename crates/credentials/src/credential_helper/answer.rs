//! What a helper's output means.

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use super::process::Output;
use super::{HelperError, words};
use crate::Credential;

/// What every helper says when it has nothing for a server (docker-credential-helpers, `credentials/error.go`).
const NOTHING: &str = "credentials not found in native keychain";
/// The user name that marks an identity token.
const TOKEN_USER: &str = "<token>";

pub(super) fn read(
    program: &str,
    server: &str,
    output: &Output,
) -> Result<Option<Credential>, HelperError> {
    let stdout = output.stdout.expose_secret();
    if !output.status.success() {
        if stdout.trim_ascii() == NOTHING.as_bytes() {
            return Ok(None);
        }
        return Err(HelperError::Failed {
            program: program.to_owned(),
            server: server.to_owned(),
            status: output.status.to_string(),
            said: words::of_failure(program, server, stdout, &output.stderr),
        });
    }
    credential(stdout).map_err(|problem| HelperError::Nonsense {
        program: program.to_owned(),
        server: server.to_owned(),
        problem,
    })
}

/// Whether `stdout` is a whole answer, although more could follow.
pub(super) fn is_whole(stdout: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(stdout).is_ok()
        && stdout.trim_ascii().starts_with(b"{")
}

fn credential(stdout: &[u8]) -> Result<Option<Credential>, &'static str> {
    if stdout.trim_ascii().is_empty() {
        return Err("nothing");
    }
    let members: Map<String, Value> =
        serde_json::from_slice(stdout).map_err(|_| "something that is not a JSON object")?;
    let username = member(&members, "Username")?;
    let secret = SecretString::from(member(&members, "Secret")?);
    if username.is_empty() && secret.expose_secret().is_empty() {
        return Ok(None);
    }
    if secret.expose_secret().is_empty() {
        return Err("an object whose `Secret` is empty");
    }
    Ok(Some(match username.as_str() {
        TOKEN_USER => Credential {
            username: String::new(),
            password: SecretString::default(),
            identity_token: Some(secret),
            registry_token: None,
        },
        _ => Credential {
            username,
            password: secret,
            identity_token: None,
            registry_token: None,
        },
    }))
}

/// Docker's own reader does not mind the case of a member's name, and some helpers rely on it.
fn member(members: &Map<String, Value>, name: &str) -> Result<String, &'static str> {
    match members
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
    {
        Some((_, Value::String(text))) => Ok(text.clone()),
        Some(_) => Err("an object whose `Username` or `Secret` is not a string"),
        None => Err("an object without `Username` or `Secret`"),
    }
}
