//! The registry client of a step: credentials from `$HOME/.docker/config.json`, addresses and certificate authorities from the
//! environment and the command line.

use std::path::{Path, PathBuf};

use credentials::DockerConfig;
use oci::{Client, Credential, CredentialSource, Endpoints, ImageReference};

use crate::error::Error;

/// Makes the client.
pub(crate) fn client(ca_file: Option<&Path>) -> Result<Client, Error> {
    client_with(ca_file, credentials(docker_config(None)?))
}

/// Makes a client that takes its credentials from elsewhere.
pub(crate) fn client_with(
    ca_file: Option<&Path>,
    credentials: impl CredentialSource + 'static,
) -> Result<Client, Error> {
    let mut builder = Client::builder()
        .endpoints(endpoints()?)
        .credentials(credentials);
    if let Some(path) = ca_file {
        match std::fs::read(path) {
            Ok(pem) => builder = builder.ca_certificate_pem(pem),
            // Pipelines mount the authorities from a ConfigMap that need not exist.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                crate::command::say(format_args!(
                    "{} does not exist: only the system's certificate authorities are trusted",
                    path.display()
                ));
            }
            Err(error) => return Err(Error::file("read", path, error)),
        }
    }
    Ok(builder.build()?)
}

fn endpoints() -> Result<Endpoints, Error> {
    let text = match std::env::var(Endpoints::VARIABLE) {
        Ok(text) => text,
        Err(std::env::VarError::NotPresent) => return Ok(Endpoints::new()),
        Err(error) => return Err(environment(error.to_string())),
    };
    text.parse()
        .map_err(|error: oci::EndpointsError| environment(error.to_string()))
}

fn environment(detail: String) -> Error {
    Error::Environment {
        name: Endpoints::VARIABLE,
        detail,
    }
}

/// `named`, else the file that Tekton writes for a step; without it everything is accessed anonymously.
pub(crate) fn docker_config(named: Option<&Path>) -> Result<DockerConfig, Error> {
    let path = match (named, std::env::var_os("HOME")) {
        (Some(path), _) => path.to_owned(),
        (None, Some(home)) => PathBuf::from(home).join(".docker/config.json"),
        (None, None) => return Ok(DockerConfig::new()),
    };
    match path.exists() {
        true => Ok(DockerConfig::from_file(path)?),
        false => Ok(DockerConfig::new()),
    }
}

fn credentials(
    config: DockerConfig,
) -> impl Fn(&ImageReference) -> Result<Option<Credential>, String> + Send + Sync {
    move |repository| {
        let found = config
            .lookup(&repository.name())
            .map_err(|error| error.to_string())?;
        Ok(found.map(credential))
    }
}

/// What an entry of a docker config says, as the registry client takes it: no more than Buildah and Skopeo read, which know no
/// `registrytoken`.
pub(crate) fn credential(found: credentials::Credential) -> Credential {
    match found.identity_token {
        Some(token) => Credential::IdentityToken(token),
        None => Credential::Password {
            username: found.username,
            password: found.password,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(config: &str, repository: &str) -> Result<Option<Credential>, String> {
        let config = DockerConfig::parse(config.as_bytes()).unwrap();
        credentials(config)(&repository.parse().unwrap())
    }

    #[test]
    fn every_kind_of_entry_becomes_the_credential_that_skopeo_takes_it_for() {
        let of = |entry: &str| {
            let config = format!(r#"{{"auths": {{"a.example": {entry}}}}}"#);
            of(&config, "a.example/x")
        };
        for login in [
            r#"{"auth": "dTpw"}"#,
            r#"{"auth": "dTpw", "registrytoken": "t"}"#,
        ] {
            assert!(
                matches!(of(login), Ok(Some(Credential::Password { username, .. })) if username == "u"),
                "{login}"
            );
        }
        assert!(matches!(
            of(r#"{"auth": "dTpw", "identitytoken": "t"}"#),
            Ok(Some(Credential::IdentityToken(_)))
        ));
        for nothing in [
            r#"{"username": "u", "password": "p"}"#,
            r#"{"identitytoken": "t"}"#,
            r#"{"registrytoken": "t"}"#,
            "{}",
        ] {
            assert!(matches!(of(nothing), Ok(None)), "{nothing}");
        }
        let damaged = of(r#"{"auth": "damaged"}"#).unwrap_err();
        assert!(damaged.contains("`a.example`"), "{damaged}");
    }

    #[test]
    fn keys_are_read_as_skopeo_reads_them() {
        for (key, is_read) in [
            ("quay.io", true),
            ("https://quay.io/v1/", true),
            ("quay.io/", false),
            ("quay.io/v2", false),
            ("Quay.IO", false),
        ] {
            let config = format!(r#"{{"auths": {{"{key}": {{"auth": "dTpw"}}}}}}"#);
            let found = of(&config, "quay.io/team/app").unwrap();
            assert_eq!(found.is_some(), is_read, "{key}");
        }
    }
}
