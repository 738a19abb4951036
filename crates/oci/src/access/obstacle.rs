//! What stands between a credential and a repository.

use serde::Serialize;

use super::Right;
use crate::{SentCredential, printable};

/// Where the way to a repository ends. The text says what was seen; [`remedy`](Self::remedy) says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Obstacle {
    /// The credential could not be looked up.
    #[error("the credential for {repository} could not be looked up: {}", printable(.detail))]
    CredentialLookup {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// Why, without any secret.
        detail: String,
    },
    /// A name does not resolve.
    #[error("{cause}")]
    NameNotFound {
        /// The name.
        host: String,
        /// The name again, and what the operating system said about it.
        cause: String,
    },
    /// Nobody listens.
    #[error("{address} refused the connection: nothing listens there")]
    ConnectionRefused {
        /// `HOST[:PORT]`.
        address: String,
    },
    /// The connection was not accepted in time.
    #[error("{address} did not accept a connection in time")]
    ConnectTimeout {
        /// `HOST[:PORT]`.
        address: String,
    },
    /// No route, or no network at all.
    #[error("there is no way to {address} from here ({cause})")]
    Unreachable {
        /// `HOST[:PORT]`.
        address: String,
        /// What the operating system said.
        cause: String,
    },
    /// The proxy did not make the connection.
    #[error("the proxy {proxy} did not connect to {address} ({cause})")]
    Proxy {
        /// `HOST[:PORT]` of the proxy.
        proxy: String,
        /// `HOST[:PORT]` that it was asked for.
        address: String,
        /// What was seen.
        cause: String,
    },
    /// The connection broke, or the answer stopped coming.
    #[error("the connection to {address} broke ({cause})")]
    Interrupted {
        /// `HOST[:PORT]`.
        address: String,
        /// What was seen.
        cause: String,
    },
    /// The other side hung up during the TLS handshake.
    #[error("{address} hung up during the TLS handshake ({cause})")]
    HandshakeInterrupted {
        /// `HOST[:PORT]`.
        address: String,
        /// What was seen.
        cause: String,
    },
    /// The port does not speak TLS.
    #[error("{address} does not speak TLS; it looks like a plain HTTP port")]
    PlainHttp {
        /// `HOST[:PORT]`.
        address: String,
    },
    /// The certificate is for other names.
    #[error("the certificate of {address} is for other names: {}", names(.presented))]
    WrongCertificateName {
        /// `HOST[:PORT]`.
        address: String,
        /// The names that the certificate carries.
        presented: Vec<String>,
    },
    /// The certificate leads to an authority that is not trusted.
    #[error("the certificate of {address} was issued by {}, which is not trusted here", issuer_or_unknown(.issuer.as_deref()))]
    UnknownAuthority {
        /// `HOST[:PORT]`.
        address: String,
        /// The distinguished name of the authority, where the certificate says it.
        issuer: Option<String>,
    },
    /// The certificate is signed by another authority of the same name as a trusted one.
    #[error(
        "the certificate of {address} was signed with another key than that of the trusted authority of the same name"
    )]
    ReplacedAuthority {
        /// `HOST[:PORT]`.
        address: String,
    },
    /// The certificate is no longer valid.
    #[error("the certificate of {address} expired{}", on(.since.as_deref()))]
    CertificateExpired {
        /// `HOST[:PORT]`.
        address: String,
        /// The end of its validity.
        since: Option<String>,
    },
    /// The TLS handshake failed for another reason.
    #[error("the TLS handshake with {address} failed ({cause})")]
    Tls {
        /// `HOST[:PORT]`.
        address: String,
        /// What was seen.
        cause: String,
    },
    /// A web server, a proxy or a login page answered.
    #[error("something other than a registry answered at {address}: status {status}, {shows}")]
    NotARegistry {
        /// `HOST[:PORT]`.
        address: String,
        /// HTTP status code.
        status: u16,
        /// What the answer looks like.
        shows: String,
    },
    /// 401, and no credential is known.
    #[error("{repository} is not open to everyone, and no credential for it is known; {said}")]
    LoginNeeded {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// What the registry said.
        said: String,
    },
    /// 401: user name or password is wrong.
    #[error("{registry} refuses user `{}` or its password (401); {said}", printable(.username))]
    WrongPassword {
        /// The registry.
        registry: String,
        /// The user.
        username: String,
        /// What the registry said.
        said: String,
    },
    /// 401: the token has expired, was revoked, or is for another registry.
    #[error(
        "{registry} refuses {sent} (401): it has expired, was revoked or is for another registry; {said}"
    )]
    TokenRefused {
        /// The registry.
        registry: String,
        /// Which token.
        sent: SentCredential,
        /// What the registry said.
        said: String,
    },
    /// The token that was granted carries less than was asked for.
    #[error("{sent} was taken, and its token for {repository} grants {} where {asked} was asked for", granted_or_nothing(.granted))]
    ScopesTooSmall {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// The credential.
        sent: SentCredential,
        /// The actions that were asked for.
        asked: String,
        /// The actions that the token carries.
        granted: Vec<String>,
    },
    /// 403, or 401 for a credential that was taken before: it has no right.
    #[error("{sent} may not {right} at {repository}; {said}")]
    NoRight {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// The credential.
        sent: SentCredential,
        /// The right that is missing.
        right: Right,
        /// What the registry said.
        said: String,
    },
    /// The repository does not exist and a push does not make it.
    #[error("{repository} does not exist, and a push with {sent} does not create it; {said}")]
    RepositoryMustExist {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// The credential.
        sent: SentCredential,
        /// What the registry said.
        said: String,
    },
    /// A push to a repository that does not exist is denied, and the registry does not say whether it would be to any repository.
    #[error(
        "{sent} may not push to {repository}, which does not exist yet: either it has no right to push there, or the registry wants the repository to be created first; {said}"
    )]
    NoRightOrNoRepository {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// The credential.
        sent: SentCredential,
        /// What the registry said.
        said: String,
    },
    /// 404, and the token carries no right to pull: the registry may hide the repository.
    #[error(
        "whether {sent} may pull from {repository} cannot be told: the registry finds nothing there, and its token grants {}; {said}",
        granted_or_nothing(.granted)
    )]
    Hidden {
        /// `HOST/REPOSITORY`.
        repository: String,
        /// The credential.
        sent: SentCredential,
        /// The actions that the token carries.
        granted: Vec<String>,
        /// What the registry said.
        said: String,
    },
    /// 429.
    #[error("{address} limits the rate of requests (429) {}; {said}", wait(*.retry_after_seconds))]
    RateLimited {
        /// `HOST[:PORT]`.
        address: String,
        /// The time that it asks to wait.
        retry_after_seconds: Option<u64>,
        /// What it said.
        said: String,
    },
    /// 5xx, after the last try.
    #[error("{address} fails with {status}; {said}")]
    ServerFailure {
        /// `HOST[:PORT]`.
        address: String,
        /// HTTP status code.
        status: u16,
        /// What it said.
        said: String,
    },
    /// A status that no registry should answer with.
    #[error("{address} answered {status} when asked to {action}; {said}")]
    UnexpectedStatus {
        /// `HOST[:PORT]`.
        address: String,
        /// HTTP status code.
        status: u16,
        /// What was asked.
        action: String,
        /// What it said.
        said: String,
    },
    /// The answer breaks the distribution specification.
    #[error("the answer of {address} is against the distribution specification: {detail}")]
    AgainstSpecification {
        /// `HOST[:PORT]`.
        address: String,
        /// What is wrong with it.
        detail: String,
    },
}

fn names(names: &[String]) -> String {
    match names.is_empty() {
        true => "it does not say which".to_owned(),
        false => printable(&names.join(", ")),
    }
}

fn issuer_or_unknown(issuer: Option<&str>) -> String {
    match issuer {
        Some(issuer) => format!("`{}`", printable(issuer)),
        None => "an authority that it does not name".to_owned(),
    }
}

fn on(date: Option<&str>) -> String {
    date.map(|date| format!(" on {date}")).unwrap_or_default()
}

fn granted_or_nothing(granted: &[String]) -> String {
    match granted.is_empty() {
        true => "nothing".to_owned(),
        false => printable(&granted.join(",")),
    }
}

fn wait(seconds: Option<u64>) -> String {
    match seconds {
        Some(seconds) => format!("and asks to wait {seconds} seconds"),
        None => "and does not say for how long".to_owned(),
    }
}
