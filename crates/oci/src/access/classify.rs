//! From errors to obstacles.

use super::{Obstacle, Step};
use crate::client::{NO_EXPLANATION, TOKEN_SERVER_SAYS};
use crate::{Error, SentCredential, TransportProblem};

/// The obstacle that `error` is. A refused login counts as a wrong credential here; whoever knows that it was taken before says so first.
pub(super) fn obstacle(error: Error) -> Obstacle {
    match error {
        Error::Transport {
            address,
            cause,
            problem,
            ..
        } => transport(address, cause, problem),
        Error::Unauthorized {
            place, said, sent, ..
        } => refused_login(place, said, sent),
        Error::Status {
            action,
            address,
            status,
            detail,
            retry_after,
        } => {
            let said = said_by_registry(&detail);
            match status {
                429 => Obstacle::RateLimited {
                    address,
                    retry_after_seconds: retry_after.map(|wait| wait.as_secs()),
                    said,
                },
                500.. => Obstacle::ServerFailure {
                    address,
                    status,
                    said,
                },
                _ => Obstacle::UnexpectedStatus {
                    address,
                    status,
                    action,
                    said,
                },
            }
        }
        Error::Protocol {
            address, detail, ..
        } => Obstacle::AgainstSpecification { address, detail },
        // Nothing else comes out of a request without content.
        other => Obstacle::AgainstSpecification {
            address: "the registry".to_owned(),
            detail: other.to_string(),
        },
    }
}

fn transport(address: String, cause: String, problem: TransportProblem) -> Obstacle {
    match problem {
        TransportProblem::NameNotFound { host } => Obstacle::NameNotFound { host, cause },
        TransportProblem::ConnectionRefused => Obstacle::ConnectionRefused { address },
        TransportProblem::Unreachable => Obstacle::Unreachable { address, cause },
        TransportProblem::HandshakeInterrupted => Obstacle::HandshakeInterrupted { address, cause },
        TransportProblem::ConnectTimeout => Obstacle::ConnectTimeout { address },
        TransportProblem::WrongCertificateName { presented } => {
            Obstacle::WrongCertificateName { address, presented }
        }
        TransportProblem::UnknownAuthority { issuer } => {
            Obstacle::UnknownAuthority { address, issuer }
        }
        TransportProblem::ReplacedAuthority => Obstacle::ReplacedAuthority { address },
        TransportProblem::CertificateExpired { since } => {
            Obstacle::CertificateExpired { address, since }
        }
        TransportProblem::PlainHttp => Obstacle::PlainHttp { address },
        TransportProblem::Tls => Obstacle::Tls { address, cause },
        TransportProblem::Proxy { proxy } => Obstacle::Proxy {
            proxy,
            address,
            cause,
        },
        TransportProblem::Interrupted => Obstacle::Interrupted { address, cause },
    }
}

fn refused_login(place: String, said: String, sent: SentCredential) -> Obstacle {
    let registry = place.split('/').next().unwrap_or(&place).to_owned();
    let said = said_by_registry(&said);
    match sent {
        SentCredential::Nothing => Obstacle::LoginNeeded {
            repository: place,
            said,
        },
        SentCredential::Password { username } => Obstacle::WrongPassword {
            registry,
            username,
            said,
        },
        sent => Obstacle::TokenRefused {
            registry,
            sent,
            said,
        },
    }
}

/// The registry's words, as the end of a sentence.
pub(super) fn said_by_registry(words: &str) -> String {
    match words {
        NO_EXPLANATION => "it does not say why".to_owned(),
        words if words.starts_with(TOKEN_SERVER_SAYS) => words.to_owned(),
        words => format!("it says: {words}"),
    }
}

/// The step at which an obstacle on the way to the registry stands; `None` when an answer came.
pub(super) fn step_of(obstacle: &Obstacle) -> Option<Step> {
    match obstacle {
        Obstacle::NameNotFound { .. } => Some(Step::Address),
        Obstacle::ConnectionRefused { .. }
        | Obstacle::ConnectTimeout { .. }
        | Obstacle::Unreachable { .. }
        | Obstacle::Proxy { .. } => Some(Step::Connection),
        Obstacle::PlainHttp { .. }
        | Obstacle::HandshakeInterrupted { .. }
        | Obstacle::WrongCertificateName { .. }
        | Obstacle::UnknownAuthority { .. }
        | Obstacle::ReplacedAuthority { .. }
        | Obstacle::CertificateExpired { .. }
        | Obstacle::Tls { .. } => Some(Step::Tls),
        _ => None,
    }
}
