//! What to do about an obstacle.

use super::granted::grants;
use super::{Obstacle, Right};
use crate::{SentCredential, printable};

impl Obstacle {
    /// What a person can do about it, as a sentence fragment.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::CredentialLookup { .. } => {
                "mend the entry that is named, or log in again".to_owned()
            }
            Self::NameNotFound { host, .. } => format!(
                "check the spelling of {host}; a name that only a cluster knows needs an endpoint to reach it from here; else check the network's DNS"
            ),
            Self::ConnectionRefused { .. } => {
                "check the port, and that the registry runs".to_owned()
            }
            Self::ConnectTimeout { .. } => {
                "check that a firewall lets this machine through; behind a company's proxy set HTTPS_PROXY".to_owned()
            }
            Self::Unreachable { .. } => {
                "check this machine's network, and that the address is one that can be reached from it".to_owned()
            }
            Self::HandshakeInterrupted { .. } => {
                "check the port; if it is right, try again, and look for a firewall that stops TLS connections to this name".to_owned()
            }
            Self::Proxy { proxy, address, .. } => format!(
                "allow {address} at the proxy {proxy} (a login for it belongs into the URL in HTTPS_PROXY), or name the host in NO_PROXY"
            ),
            Self::Interrupted { .. } => {
                "try again; if it stays, look into the registry's log and at what lies between".to_owned()
            }
            Self::PlainHttp { .. } => {
                "use the registry's TLS port, or give the registry a certificate; credentials are never sent without TLS".to_owned()
            }
            Self::WrongCertificateName { presented, .. } => match presented.first() {
                Some(name) => format!("use a name that it carries ({}), or have it issued for this name too", printable(name)),
                None => "have a certificate issued for this name".to_owned(),
            },
            Self::UnknownAuthority { issuer, .. } => {
                let whose = issuer.as_ref().map(|issuer| format!(" of `{}`", printable(issuer))).unwrap_or_default();
                format!(
                    "pass the CA certificate{whose} as a PEM file, or add it to the system's store; the operator of the registry has it, and a deployment keeps that of its own registry as ca.crt in its state folder"
                )
            }
            Self::ReplacedAuthority { .. } => {
                "pass the registry's current CA certificate: the one known here is of an earlier installation".to_owned()
            }
            Self::CertificateExpired { .. } => {
                "have the registry's certificate renewed, and check this machine's clock".to_owned()
            }
            Self::Tls { .. } => {
                "check the port, and which TLS versions and certificates the registry offers".to_owned()
            }
            Self::NotARegistry { address, .. } => format!(
                "check host and port; https://{address}/v2/ must be answered by a registry, not by a proxy, a login page or a web site"
            ),
            Self::LoginNeeded { repository, .. } => format!(
                "log in to {} with an account that has access, or pass a docker config with an entry for {repository}",
                host(repository)
            ),
            Self::WrongPassword { registry, .. } => format!(
                "log in to {registry} again; where two-factor authentication is on, use a robot account, an encrypted password or an access token instead of the password"
            ),
            Self::TokenRefused { registry, sent, .. } => match sent {
                SentCredential::IdentityToken => format!("log in to {registry} again for a new identity token"),
                _ => format!("fetch a new token for {registry}; registry tokens live for minutes, so prefer user name and password"),
            },
            Self::ScopesTooSmall { repository, .. } => format!(
                "give it the missing right on {repository} in the registry's settings (at Quay: write permission of the robot account), or use another credential"
            ),
            Self::NoRight { repository, right, .. } => format!(
                "give it the right to {right} on {repository} in the registry's settings, or use another credential"
            ),
            Self::RepositoryMustExist { repository, .. } => format!(
                "create {repository} in the registry first, or use a credential that may create and push repositories there"
            ),
            Self::NoRightOrNoRepository { repository, .. } => format!(
                "give it the right to push to {repository}, and to create it, in the registry's settings, or use another credential; if it has that right, create {repository} in the registry first"
            ),
            Self::Hidden { repository, .. } => format!(
                "check the spelling of {repository}; if it exists, give the credential the right to pull there in the registry's settings; if not, create it first"
            ),
            Self::RateLimited { retry_after_seconds, .. } => match retry_after_seconds {
                Some(seconds) => format!("try again in {seconds} seconds; with a login the limit is usually higher"),
                None => "try again later; with a login the limit is usually higher".to_owned(),
            },
            Self::ServerFailure { .. } => {
                "wait for the registry to recover, or look into its log; nothing on this side mends it".to_owned()
            }
            Self::UnexpectedStatus { status: 405, .. } => {
                "use another registry for this: it is a mirror, or read-only".to_owned()
            }
            Self::UnexpectedStatus { .. } | Self::AgainstSpecification { .. } => {
                "check that the address is a registry's, and that it implements the OCI distribution specification".to_owned()
            }
        }
    }

    /// The right whose lack the obstacle is, if it is one.
    #[must_use]
    pub fn missing_right(&self) -> Option<Right> {
        match self {
            Self::NoRight { right, .. } => Some(*right),
            Self::RepositoryMustExist { .. } | Self::NoRightOrNoRepository { .. } => {
                Some(Right::Push)
            }
            Self::ScopesTooSmall { granted, .. } => {
                Some(match grants(granted, Right::Pull.name()) {
                    true => Right::Push,
                    false => Right::Pull,
                })
            }
            _ => None,
        }
    }
}

fn host(repository: &str) -> &str {
    repository.split('/').next().unwrap_or(repository)
}
