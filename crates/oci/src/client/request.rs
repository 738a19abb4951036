//! One request: addressed, authorised, sent, and its failure understood.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};
use serde::Deserialize;

use super::Client;
use super::transport_error::transport_error;
use crate::{Error, ImageReference};

/// Longest error body that is read, in bytes.
const LONGEST_ERROR_BODY: usize = 8 * 1024;

/// What a request is about, for authorisation and for error texts.
pub(crate) struct Call {
    /// `fetch manifest quay.io/a:v1`
    pub(crate) action: String,
    /// The repository; tag and digest are ignored.
    pub(crate) repository: ImageReference,
    /// The right that is needed.
    pub(crate) access: Access,
    /// Another repository of the registry that must be readable (mounts).
    pub(crate) also_pull: Option<String>,
}

/// A right on a repository.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Pull,
    Push,
    Delete,
}

impl Call {
    pub(crate) fn new(access: Access, repository: &ImageReference, action: String) -> Self {
        Self {
            action,
            repository: repository.clone(),
            access,
            also_pull: None,
        }
    }
}

impl Client {
    /// `https://ADDRESS/v2/REPOSITORY/REST`
    pub(super) fn url(&self, call: &Call, rest: &str) -> Result<Url, Error> {
        let address = self.address(&call.repository);
        let text = format!(
            "https://{address}/v2/{}/{rest}",
            call.repository.repository()
        );
        Url::parse(&text).map_err(|error| self.protocol_error(call, format!("{text}: {error}")))
    }

    /// Sends a request, answering one authentication challenge. 401 and 403 are errors, every other status is the caller's.
    pub(super) async fn send(
        &self,
        call: &Call,
        method: Method,
        url: &Url,
        build: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Error> {
        let request = || build(self.http(url).request(method.clone(), url.clone()));
        let response = self.send_authorized(call, url, request()).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !self.is_of_registry(call, url) {
            return self.permitted(call, response).await;
        }
        self.authorize(call, response).await?;
        let response = self.send_authorized(call, url, request()).await?;
        self.permitted(call, response).await
    }

    /// Sends a request whose body can be sent only once, with the authorization that worked last.
    pub(super) async fn send_once(
        &self,
        call: &Call,
        url: &Url,
        request: RequestBuilder,
    ) -> Result<Response, Error> {
        let response = self.send_authorized(call, url, request).await?;
        self.permitted(call, response).await
    }

    async fn send_authorized(
        &self,
        call: &Call,
        url: &Url,
        mut request: RequestBuilder,
    ) -> Result<Response, Error> {
        // A registry may send us elsewhere (storage behind it); its token is for itself alone.
        if self.is_of_registry(call, url)
            && let Some(authorization) = self.known_authorization(call)
        {
            request = request.header(AUTHORIZATION, authorization);
        }
        request
            .send()
            .await
            .map_err(|error| self.no_answer(call, &error))
    }

    /// The HTTP client for `url`: loopback addresses are never asked of a proxy.
    pub(super) fn http(&self, url: &Url) -> &reqwest::Client {
        let loopback = url.host_str().is_some_and(|host| {
            let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
            host == "localhost" || address.is_ok_and(|address| address.is_loopback())
        });
        match loopback {
            true => &self.0.loopback,
            false => &self.0.http,
        }
    }

    pub(super) fn is_of_registry(&self, call: &Call, url: &Url) -> bool {
        self.url(call, "")
            .is_ok_and(|registry| registry.origin() == url.origin())
    }

    pub(super) fn no_answer(&self, call: &Call, error: &reqwest::Error) -> Error {
        transport_error(&call.action, self.address(&call.repository), error)
    }

    pub(super) fn protocol_error(&self, call: &Call, detail: String) -> Error {
        Error::Protocol {
            action: call.action.clone(),
            address: self.address(&call.repository).to_owned(),
            detail,
        }
    }

    async fn permitted(&self, call: &Call, response: Response) -> Result<Response, Error> {
        match response.status() {
            StatusCode::UNAUTHORIZED => {
                self.forget_authorization(call);
                let said = detail(response).await;
                Err(self.unauthorized(call, &said))
            }
            StatusCode::FORBIDDEN => Err(Error::Forbidden {
                action: call.action.clone(),
                registry: call.repository.registry().to_owned(),
                detail: detail(response).await,
            }),
            _ => Ok(response),
        }
    }

    /// The error for a status that is not among those the caller understands.
    pub(super) async fn unexpected(&self, call: &Call, response: Response) -> Error {
        Error::Status {
            action: call.action.clone(),
            address: self.address(&call.repository).to_owned(),
            status: response.status().as_u16(),
            retry_after: retry_after(&response),
            detail: detail(response).await,
        }
    }
}

/// `Retry-After` in seconds; the form with a date is left alone, the usual backoff serves.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// What the registry says about an error (distribution specification, "Error Codes"), in one line.
pub(super) async fn detail(mut response: Response) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<Problem>,
    }
    #[derive(Deserialize)]
    struct Problem {
        code: String,
        #[serde(default)]
        message: String,
    }
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ERROR_BODY {
            body.truncate(LONGEST_ERROR_BODY);
            break;
        }
    }
    if let Ok(errors) = serde_json::from_slice::<Errors>(&body) {
        let texts: Vec<String> = errors
            .errors
            .iter()
            .map(|problem| format!("{}: {}", problem.code, problem.message))
            .collect();
        return texts.join("; ");
    }
    let text = String::from_utf8_lossy(&body);
    let line = text.lines().next().unwrap_or_default().trim();
    match line.is_empty() {
        true => "no explanation".to_owned(),
        false => line.chars().take(200).collect(),
    }
}
