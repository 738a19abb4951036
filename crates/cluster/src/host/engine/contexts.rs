//! Docker contexts: named addresses in the client's configuration folder.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::environment::Environment;
use super::address::WITH_TLS;
use super::{Address, EngineError};

/// The name of the context that stands for the default socket.
const DEFAULT: &str = "default";

#[derive(Deserialize)]
struct Configuration {
    #[serde(default, rename = "currentContext")]
    current_context: String,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Endpoint,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Endpoint {
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// The context that Docker's client would use, `None` for the default one: `DOCKER_CONTEXT`, else `currentContext` of
/// `config.json`.
pub(super) fn current(environment: &Environment) -> Result<Option<String>, EngineError> {
    let named = match environment.variable("DOCKER_CONTEXT") {
        Some(name) => Some(name.to_owned()),
        None => in_configuration(environment)?,
    };
    Ok(named.filter(|name| name != DEFAULT))
}

/// The address that a context names.
pub(super) fn address(environment: &Environment, name: &str) -> Result<Address, EngineError> {
    let unusable = |problem: String| EngineError::Context {
        name: name.to_owned(),
        problem,
    };
    let folder = folder(environment)
        .ok_or_else(|| unusable("cannot be looked up without HOME or DOCKER_CONFIG".to_owned()))?;
    let id = id(name);
    let path = folder.join("contexts/meta").join(&id).join("meta.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| unusable(format!("cannot be read from {}: {error}", path.display())))?;
    let metadata: Metadata = serde_json::from_str(&text).map_err(|error| {
        unusable(format!(
            "has no Docker endpoint in {}: {error}",
            path.display()
        ))
    })?;
    let endpoint = metadata.endpoints.docker;
    if endpoint.skip_tls_verify {
        return Err(unusable(
            "switches TLS verification off, which this program never does".to_owned(),
        ));
    }
    let address = Address::read(&endpoint.host).map_err(unusable)?;
    let tls = folder.join("contexts/tls").join(&id).join("docker");
    if matches!(address, Address::Tcp { .. }) && tls.is_dir() {
        return Err(unusable(WITH_TLS.to_owned()));
    }
    Ok(address)
}

fn in_configuration(environment: &Environment) -> Result<Option<String>, EngineError> {
    let Some(path) = folder(environment).map(|folder| folder.join("config.json")) else {
        return Ok(None);
    };
    let unusable = |problem: String| EngineError::Configuration {
        path: path.clone(),
        problem,
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable(error.to_string())),
    };
    // The text of a parse error names a position and never a value: the file may hold logins.
    let configuration: Configuration = serde_json::from_str(&text).map_err(|error| {
        unusable(format!(
            "line {}, column {} is not as expected",
            error.line(),
            error.column()
        ))
    })?;
    Ok(Some(configuration.current_context).filter(|name| !name.is_empty()))
}

fn folder(environment: &Environment) -> Option<PathBuf> {
    environment
        .variable("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(environment.home()?.join(".docker")))
}

/// Contexts lie in folders that are called by the SHA-256 of their name.
fn id(name: &str) -> String {
    Sha256::digest(name.as_bytes())
        .iter()
        .fold(String::new(), |mut id, byte| {
            let _infallible = write!(id, "{byte:02x}");
            id
        })
}

#[cfg(test)]
mod tests {
    use super::super::super::environment::Platform;
    use super::*;
    use std::path::Path;

    /// A configuration folder with one context, written as Docker's client does it.
    fn with(name: &str, endpoint: &serde_json::Value) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let meta = folder.path().join("contexts/meta").join(id(name));
        std::fs::create_dir_all(&meta).unwrap();
        let metadata =
            serde_json::json!({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}});
        std::fs::write(meta.join("meta.json"), metadata.to_string()).unwrap();
        folder
    }

    fn environment(folder: &Path) -> Environment {
        Environment::new(Path::new("/"), Platform::Linux, 1000)
            .with("DOCKER_CONFIG", folder.to_str().unwrap())
    }

    #[test]
    fn the_folder_of_a_context_is_called_as_docker_calls_it() {
        assert_eq!(
            id("desktop-linux"),
            "fe9c6bd7a66301f49ca9b6a70b217107cd1284598bfc254700c989b916da791e"
        );
    }

    #[test]
    fn the_current_context_names_the_address_and_a_variable_wins_over_it() {
        let folder = with(
            "rootless",
            &serde_json::json!({"Host": "unix:///run/user/1000/docker.sock"}),
        );
        let configuration = r#"{"auths": {}, "currentContext": "rootless"}"#;
        std::fs::write(folder.path().join("config.json"), configuration).unwrap();
        let environment = environment(folder.path());
        assert_eq!(current(&environment).unwrap().as_deref(), Some("rootless"));
        assert_eq!(
            address(&environment, "rootless").unwrap().to_string(),
            "/run/user/1000/docker.sock"
        );
        let environment = environment.with("DOCKER_CONTEXT", "default");
        assert_eq!(current(&environment).unwrap(), None);
    }

    #[test]
    fn a_context_that_does_not_verify_tls_is_refused() {
        let endpoint = serde_json::json!({"Host": "tcp://127.0.0.1:2376", "SkipTLSVerify": true});
        let folder = with("lax", &endpoint);
        let error = address(&environment(folder.path()), "lax").unwrap_err();
        assert!(
            error.to_string().contains("TLS verification off"),
            "{error}"
        );
    }

    #[test]
    fn a_context_by_ssh_or_without_a_file_is_named_in_the_error() {
        let folder = with("far", &serde_json::json!({"Host": "ssh://me@far"}));
        let error = address(&environment(folder.path()), "far")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("context `far`") && error.contains("ssh"),
            "{error}"
        );
        let error = address(&environment(folder.path()), "gone")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("context `gone` cannot be read from"),
            "{error}"
        );
    }

    #[test]
    fn damaged_configuration_is_an_error_that_shows_no_login() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("config.json"),
            r#"{"currentContext": ["c2VjcmV0"]}"#,
        )
        .unwrap();
        let error = current(&environment(folder.path()))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("line 1") && !error.contains("c2VjcmV0"),
            "{error}"
        );
    }

    #[test]
    fn without_a_configuration_the_default_context_is_used() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(current(&environment(folder.path())).unwrap(), None);
    }
}
