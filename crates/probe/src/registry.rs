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

/// What an entry of a docker config says, as the registry client takes it.
pub(crate) fn credential(found: credentials::Credential) -> Credential {
    match (found.registry_token, found.identity_token) {
        (Some(token), _) => Credential::RegistryToken(token),
        (None, Some(token)) => Credential::IdentityToken(token),
        (None, None) => Credential::Password {
            username: found.username,
            password: found.password,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_entry_becomes_its_kind_of_credential() {
        let config = br#"{"auths": {
            "a.example": {"auth": "dTpw"},
            "b.example": {"auth": "dTpw", "identitytoken": "t"},
            "c.example": {"auth": "dTpw", "registrytoken": "t"},
            "d.example": {"auth": "damaged"}}}"#;
        let lookup = credentials(DockerConfig::parse(config).unwrap());
        let of = |host: &str| lookup(&format!("{host}/x").parse().unwrap());
        assert!(
            matches!(of("a.example"), Ok(Some(Credential::Password { username, .. })) if username == "u")
        );
        assert!(matches!(
            of("b.example"),
            Ok(Some(Credential::IdentityToken(_)))
        ));
        assert!(matches!(
            of("c.example"),
            Ok(Some(Credential::RegistryToken(_)))
        ));
        assert!(of("d.example").unwrap_err().contains("`d.example`"));
        assert!(matches!(of("e.example"), Ok(None)));
    }
}
