//! From `reqwest`'s errors to ours.

use std::error::Error as StdError;

use rustls::CertificateError;

use crate::Error;

/// What it means that no answer came.
pub(super) fn transport_error(action: &str, address: &str, error: &reqwest::Error) -> Error {
    let mut causes = Vec::new();
    let mut transient = !error.is_builder() && !error.is_redirect() && !error.is_decode();
    let mut next: Option<&(dyn StdError + 'static)> = error.source();
    while let Some(cause) = next {
        // A body that we stream from elsewhere failed: its own error says more.
        if let Some(ours) = cause.downcast_ref::<Error>() {
            return ours.clone();
        }
        let tls = tls_error(cause);
        if let Some(tls) = tls {
            transient = false;
            causes.push(explain(tls));
            break;
        }
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
    Error::Transport {
        action: action.to_owned(),
        address: address.to_owned(),
        cause: causes.join(": "),
        transient,
    }
}

/// The TLS error that `cause` is or wraps. I/O errors hide what they wrap from `source`.
fn tls_error<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = cause;
    while let Some(inner) = cause
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref)
    {
        cause = inner;
    }
    cause.downcast_ref()
}

fn explain(error: &rustls::Error) -> String {
    let remedy = match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "; its certificate authority is not trusted here: pass the registry's CA certificate"
        }
        rustls::Error::InvalidCertificate(CertificateError::BadSignature) => {
            "; it is signed by another certificate authority of the same name than the one known here: pass the registry's current CA certificate"
        }
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "; the registry's certificate does not carry this name: use a name that it carries",
        rustls::Error::InvalidMessage(_) => "; is this a plain HTTP port?",
        _ => "",
    };
    format!("TLS: {error}{remedy}")
}
