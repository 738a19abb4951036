//! Who is calling: a client certificate or a service account token.

use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::status::ApiError;

/// An authenticated user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) username: String,
    pub(crate) uid: String,
    pub(crate) groups: Vec<String>,
}

impl Identity {
    /// The user of a verified client certificate: common name and organizations, as Kubernetes reads them. Nothing when the
    /// certificate names nobody.
    pub(crate) fn from_certificate(
        certificate: &rustls::pki_types::CertificateDer<'_>,
    ) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let subject = certificate.subject();
        let username = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
        let organizations = subject
            .iter_organization()
            .filter_map(|organization| organization.as_str().ok());
        let groups = organizations
            .chain(["system:authenticated"])
            .map(str::to_owned)
            .collect();
        Some(Self {
            username,
            uid: String::new(),
            groups,
        })
    }

    /// The user of a service account.
    pub(crate) fn service_account(namespace: &str, name: &str, uid: &str) -> Self {
        Self {
            username: format!("system:serviceaccount:{namespace}:{name}"),
            uid: uid.to_owned(),
            groups: vec![
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
                "system:authenticated".to_owned(),
            ],
        }
    }

    /// `authentication.k8s.io/v1` UserInfo.
    pub(crate) fn user_info(&self) -> Value {
        let mut info = json!({"username": self.username, "groups": self.groups});
        if !self.uid.is_empty() {
            info["uid"] = self.uid.clone().into();
        }
        info
    }
}

/// The bearer token of a request, if it has one.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, ApiError> {
    let Some(header) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let text = header.to_str().map_err(|_| ApiError::unauthorized())?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(ApiError::unauthorized()),
    }
}
