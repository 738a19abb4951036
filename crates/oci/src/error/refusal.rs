//! Refused logins.

use crate::SentCredential;

/// Who answered 401. It tells a wrong credential from one that is right and not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedBy {
    /// The registry, which saw the credential itself, or none.
    Registry,
    /// The registry's token server, which saw the credential.
    TokenServer,
    /// The registry, though its token server took the credential and issued a token: the token does not carry the right.
    RegistryDespiteToken,
}

pub(super) fn registry_of(place: &str) -> &str {
    place.split('/').next().unwrap_or(place)
}

pub(super) fn what_to_check(sent: &SentCredential, place: &str) -> String {
    match sent {
        SentCredential::Nothing => {
            format!("no credential is known for {place}; add one to the docker config")
        }
        SentCredential::Password { .. } => {
            format!("{sent} was sent; check that it is still valid for {place}")
        }
        SentCredential::IdentityToken | SentCredential::RegistryToken => {
            format!("a token was sent; check that it is still valid for {place}")
        }
    }
}
