//! From what a docker config says to what the registry client sends.

use credentials::DockerConfig;
use oci::{Credential, ImageReference};

/// What an entry of a docker config says, as the registry client takes it. The order is that of Docker and containers/image.
pub(super) fn sendable(found: credentials::Credential) -> Credential {
    match (found.registry_token, found.identity_token) {
        (Some(token), _) => Credential::RegistryToken(token),
        (None, Some(token)) => Credential::IdentityToken(token),
        (None, None) => Credential::Password {
            username: found.username,
            password: found.password,
        },
    }
}

/// What a docker config has for a repository; a damaged entry is told by the client that needs it.
pub(super) fn of_config(
    config: &DockerConfig,
    repository: &ImageReference,
) -> Result<Option<Credential>, String> {
    let found = config.lookup(&repository.name());
    let found = found.map_err(|error| error.to_string())?;
    Ok(found.map(sendable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_win_over_passwords_and_a_damaged_entry_is_named() {
        let config = br#"{"auths": {
            "a.example": {"auth": "dTpw"},
            "b.example": {"auth": "dTpw", "identitytoken": "t"},
            "c.example": {"auth": "dTpw", "identitytoken": "t", "registrytoken": "t"},
            "d.example": {"auth": "damaged"}}}"#;
        let config = DockerConfig::parse(config).unwrap();
        let of = |host: &str| of_config(&config, &format!("{host}/x").parse().unwrap());
        assert!(matches!(
            of("a.example"),
            Ok(Some(Credential::Password { .. }))
        ));
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
