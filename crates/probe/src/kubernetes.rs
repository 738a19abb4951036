//! The Kubernetes API as a pod sees it: address from the environment, token and CA from the mounted service account.

use std::path::PathBuf;

use reqwest::{Certificate, Client, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const DIRECTORY: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const GROUP_VERSION: &str = "apis/appstudio.redhat.com/v1alpha1";

/// A request to the Kubernetes API failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KubernetesError {
    #[error("{0} is not set; this command runs in a pod, or with what a pod is given")]
    Variable(&'static str),
    #[error("cannot read the service account's {}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the service account's {} is not a certificate authority: {detail}", path.display())]
    Certificate { path: PathBuf, detail: String },
    #[error("cannot {action}: no answer from {address}: {detail}")]
    NoAnswer {
        action: String,
        address: String,
        detail: String,
    },
    #[error("cannot {action}: the API server answered {status}: {message}{}", remedy(*status))]
    Refused {
        action: String,
        status: u16,
        message: String,
    },
    #[error("cannot {action}: the answer is not JSON: {detail}")]
    NotJson { action: String, detail: String },
}

/// A namespaced object of Konflux.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ObjectName {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

impl std::str::FromStr for ObjectName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |part: &str| {
            !part.is_empty()
                && part.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)
                })
        };
        match text.split_once('/') {
            Some((namespace, name)) if is_name(namespace) && is_name(name) => Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err("write NAMESPACE/NAME".to_owned()),
        }
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.namespace, self.name)
    }
}

/// A client of the API server.
pub(crate) struct Kubernetes {
    http: Client,
    address: String,
    token: SecretString,
}

impl Kubernetes {
    /// Reads what a pod is given: `KUBERNETES_SERVICE_HOST`, `KUBERNETES_SERVICE_PORT`, and the files `token` and `ca.crt` in
    /// `KUBERNETES_SERVICE_ACCOUNT_DIR`.
    pub(crate) fn in_cluster() -> Result<Self, KubernetesError> {
        let variable = |name| std::env::var(name).map_err(|_| KubernetesError::Variable(name));
        let host = variable("KUBERNETES_SERVICE_HOST")?;
        let port = variable("KUBERNETES_SERVICE_PORT")?;
        let directory = std::env::var_os("KUBERNETES_SERVICE_ACCOUNT_DIR")
            .map_or_else(|| DIRECTORY.into(), PathBuf::from);
        let token = read(directory.join("token"))?;
        let ca_path = directory.join("ca.crt");
        let ca = read(ca_path.clone())?;
        let unusable = |error: reqwest::Error| KubernetesError::Certificate {
            path: ca_path.clone(),
            detail: causes(&error),
        };
        let authorities = Certificate::from_pem_bundle(ca.as_bytes()).map_err(unusable)?;
        let http = Client::builder()
            .tls_certs_only(authorities)
            .https_only(true)
            .no_proxy()
            .build()
            .map_err(unusable)?;
        let host = if host.contains(':') {
            format!("[{host}]")
        } else {
            host
        };
        Ok(Self {
            http,
            address: format!("{host}:{port}"),
            token: token.trim().into(),
        })
    }

    /// Reads an object, for example of `snapshots`.
    pub(crate) async fn get(
        &self,
        resource: &str,
        object: &ObjectName,
    ) -> Result<Value, KubernetesError> {
        let action = format!("read {object} of {resource}");
        self.send(Method::GET, &action, &path(resource, object, ""), None)
            .await
    }

    /// Merges `status` into an object's status.
    pub(crate) async fn merge_status(
        &self,
        resource: &str,
        object: &ObjectName,
        status: &Value,
    ) -> Result<(), KubernetesError> {
        let action = format!("set the status of {object} of {resource}");
        let patch = serde_json::json!({ "status": status });
        self.send(
            Method::PATCH,
            &action,
            &path(resource, object, "/status"),
            Some(&patch),
        )
        .await
        .map(drop)
    }

    async fn send(
        &self,
        method: Method,
        action: &str,
        path: &str,
        patch: Option<&Value>,
    ) -> Result<Value, KubernetesError> {
        let no_answer = |error: reqwest::Error| KubernetesError::NoAnswer {
            action: action.to_owned(),
            address: self.address.clone(),
            detail: causes(&error),
        };
        let mut request = self
            .http
            .request(method, format!("https://{}/{path}", self.address))
            .bearer_auth(self.token.expose_secret())
            .header("accept", "application/json");
        if let Some(patch) = patch {
            request = request
                .header("content-type", "application/merge-patch+json")
                .body(patch.to_string());
        }
        let response = request.send().await.map_err(no_answer)?;
        let status = response.status();
        let body = response.bytes().await.map_err(no_answer)?;
        if status != StatusCode::OK {
            return Err(KubernetesError::Refused {
                action: action.to_owned(),
                status: status.as_u16(),
                message: message(&body),
            });
        }
        serde_json::from_slice(&body).map_err(|error| KubernetesError::NotJson {
            action: action.to_owned(),
            detail: error.to_string(),
        })
    }
}

fn path(resource: &str, object: &ObjectName, subresource: &str) -> String {
    let ObjectName { namespace, name } = object;
    format!("{GROUP_VERSION}/namespaces/{namespace}/{resource}/{name}{subresource}")
}

fn read(path: PathBuf) -> Result<String, KubernetesError> {
    std::fs::read_to_string(&path).map_err(|source| KubernetesError::File { path, source })
}

/// The `message` of a `Status` object.
fn message(body: &[u8]) -> String {
    let status: Option<Value> = serde_json::from_slice(body).ok();
    let message = status
        .as_ref()
        .and_then(|status| status.get("message")?.as_str());
    message.unwrap_or("no explanation").to_owned()
}

fn remedy(status: u16) -> &'static str {
    match status {
        401 => "; the service account's token has expired or is of another cluster",
        403 => "; grant the pipeline's service account that right",
        _ => "",
    }
}

fn causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
