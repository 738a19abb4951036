//! From `reqwest`'s errors to ours.

use std::error::Error as StdError;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use rustls::CertificateError;
use rustls::pki_types::UnixTime;

use super::TransportProblem;
use super::certificate_verifier::UnknownIssuer;
use super::resolver::NameError;
use crate::Error;

/// What it means that no answer came. `proxy` is the one that was asked to connect, if any.
pub(super) fn transport_error(
    action: &str,
    address: &str,
    proxy: Option<String>,
    error: &reqwest::Error,
) -> Error {
    let mut causes = Vec::new();
    let mut problem = None;
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    if error.is_connect() {
        // The first one says no more than that.
        next = next.and_then(StdError::source).or(next);
    }
    while let Some(cause) = next {
        // A body that we stream from elsewhere failed: its own error says more.
        if let Some(ours) = cause.downcast_ref::<Error>() {
            return ours.clone();
        }
        if let Some(tls) = wrapped::<rustls::Error>(cause) {
            let found = tls_problem(tls);
            causes.push(format!("TLS: {tls}{}", remedy(&found)));
            problem = Some(found);
            break;
        }
        if let Some(name) = wrapped::<NameError>(cause) {
            let host = name.host.clone();
            causes = vec![name.to_string()];
            problem = Some(TransportProblem::NameNotFound { host });
            break;
        }
        problem = cause
            .downcast_ref()
            .and_then(connection_problem)
            .or(problem);
        let text = cause.to_string();
        // Wrappers repeat the text of what they wrap.
        if causes
            .last()
            .is_none_or(|last: &String| !last.ends_with(&text))
        {
            causes.push(text);
        }
        next = cause.source();
    }
    if causes.is_empty() {
        causes.push(error.to_string());
    }
    let problem = match (problem, proxy) {
        // What lies behind a proxy that connected shows its own certificate.
        (Some(problem), _) if problem.is_lasting() => problem,
        (_, Some(proxy)) if error.is_connect() => TransportProblem::Proxy { proxy },
        (Some(problem), _) => problem,
        (None, _) if error.is_connect() && error.is_timeout() => TransportProblem::ConnectTimeout,
        (None, _) if error.is_connect() => TransportProblem::HandshakeInterrupted,
        (None, _) => TransportProblem::Interrupted,
    };
    let may_pass = !error.is_builder() && !error.is_redirect() && !error.is_decode();
    Error::Transport {
        action: action.to_owned(),
        address: address.to_owned(),
        cause: causes.join(": "),
        transient: may_pass && !problem.is_lasting(),
        problem,
    }
}

/// The error of type `T` that `cause` is or wraps. I/O errors hide what they wrap from `source`.
fn wrapped<'a, T: StdError + 'static>(cause: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut cause = cause;
    while let Some(inner) = cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
    {
        cause = inner;
    }
    cause.downcast_ref()
}

fn connection_problem(error: &std::io::Error) -> Option<TransportProblem> {
    match error.kind() {
        ErrorKind::ConnectionRefused => Some(TransportProblem::ConnectionRefused),
        ErrorKind::NetworkUnreachable
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable => Some(TransportProblem::Unreachable),
        _ => None,
    }
}

fn tls_problem(error: &rustls::Error) -> TransportProblem {
    let certificate = match error {
        rustls::Error::InvalidCertificate(certificate) => certificate,
        rustls::Error::InvalidMessage(_) => return TransportProblem::PlainHttp,
        _ => return TransportProblem::Tls,
    };
    match certificate {
        CertificateError::UnknownIssuer => TransportProblem::UnknownAuthority { issuer: None },
        CertificateError::Other(other) => match other.0.downcast_ref::<UnknownIssuer>() {
            Some(unknown) => TransportProblem::UnknownAuthority {
                issuer: Some(unknown.issuer.clone()),
            },
            None => TransportProblem::Tls,
        },
        CertificateError::BadSignature => TransportProblem::ReplacedAuthority,
        CertificateError::NotValidForName => TransportProblem::WrongCertificateName {
            presented: Vec::new(),
        },
        CertificateError::NotValidForNameContext { presented, .. } => {
            TransportProblem::WrongCertificateName {
                presented: presented.iter().map(|name| plain_name(name)).collect(),
            }
        }
        CertificateError::Expired => TransportProblem::CertificateExpired { since: None },
        CertificateError::ExpiredContext { not_after, .. } => {
            TransportProblem::CertificateExpired {
                since: Some(date(*not_after)),
            }
        }
        _ => TransportProblem::Tls,
    }
}

/// `DnsName("quay.io")`, as rustls writes a name, without its type.
fn plain_name(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').to_owned()
}

fn date(time: UnixTime) -> String {
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs()))
}

fn remedy(problem: &TransportProblem) -> &'static str {
    match problem {
        TransportProblem::UnknownAuthority { .. } => {
            "; its certificate authority is not trusted here: pass the registry's CA certificate"
        }
        TransportProblem::ReplacedAuthority => {
            "; it is signed by another certificate authority of the same name than the one known here: pass the registry's current CA certificate"
        }
        TransportProblem::WrongCertificateName { .. } => {
            "; the registry's certificate does not carry this name: use a name that it carries"
        }
        TransportProblem::PlainHttp => "; is this a plain HTTP port?",
        _ => "",
    }
}
