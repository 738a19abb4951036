//! One request: addressed, authorised, sent, and its failure understood.

use std::net::IpAddr;

use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url};

use super::Client;
use super::error_body::detail;
use super::retry_after::retry_after;
use super::transport_error::transport_error;
use crate::error::RefusedBy;
use crate::{Error, ImageReference};

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
    /// The registry's list of repositories.
    Catalog,
    /// Being logged in, and nothing else.
    Login,
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

    /// What a login has to be valid for.
    pub(crate) fn place(&self) -> String {
        match self.access {
            Access::Catalog | Access::Login => self.repository.registry().to_owned(),
            _ => self.repository.name(),
        }
    }
}

impl Client {
    /// `https://ADDRESS/v2/REPOSITORY/REST`
    pub(crate) fn url(&self, call: &Call, rest: &str) -> Result<Url, Error> {
        self.registry_url(call, &format!("{}/{rest}", call.repository.repository()))
    }

    /// `https://ADDRESS/v2/REST`
    pub(crate) fn registry_url(&self, call: &Call, rest: &str) -> Result<Url, Error> {
        let text = format!("https://{}/v2/{rest}", self.address(&call.repository));
        Url::parse(&text).map_err(|error| self.protocol_error(call, format!("{text}: {error}")))
    }

    /// Sends a request, answering one authentication challenge. 401 and 403 are errors, every other status is the caller's.
    pub(crate) async fn send(
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

    pub(crate) async fn send_authorized(
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
            .map_err(|error| self.no_answer_from(call, url, &error))
    }

    /// The HTTP client for `url`: loopback addresses are never asked of a proxy.
    pub(crate) fn http(&self, url: &Url) -> &reqwest::Client {
        match is_loopback(url) {
            true => &self.0.loopback,
            false => &self.0.http,
        }
    }

    /// `HOST[:PORT]` of the proxy that requests to `url` go through.
    pub(crate) fn proxy(&self, url: &Url) -> Option<String> {
        match is_loopback(url) {
            true => None,
            false => self.0.proxy.of(url),
        }
    }

    pub(super) fn is_of_registry(&self, call: &Call, url: &Url) -> bool {
        self.url(call, "")
            .is_ok_and(|registry| registry.origin() == url.origin())
    }

    pub(super) fn no_answer(&self, call: &Call, error: &reqwest::Error) -> Error {
        transport_error(&call.action, self.address(&call.repository), None, error)
    }

    /// The error for a request to `url` that nobody answered: the registry, or whom it sent us to.
    pub(super) fn no_answer_from(&self, call: &Call, url: &Url, error: &reqwest::Error) -> Error {
        let address = address_of(url);
        transport_error(&call.action, &address, self.proxy(url), error)
    }

    pub(crate) fn protocol_error(&self, call: &Call, detail: String) -> Error {
        Error::Protocol {
            action: call.action.clone(),
            address: self.address(&call.repository).to_owned(),
            detail,
        }
    }

    async fn permitted(&self, call: &Call, response: Response) -> Result<Response, Error> {
        match response.status() {
            StatusCode::UNAUTHORIZED => {
                let refused_by = match self.has_token_of_token_server(call) {
                    true => RefusedBy::RegistryDespiteToken,
                    false => RefusedBy::Registry,
                };
                self.forget_authorization(call);
                let said = detail(response).await;
                Err(self.unauthorized(call, said, refused_by))
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
    pub(crate) async fn unexpected(&self, call: &Call, response: Response) -> Error {
        Error::Status {
            action: call.action.clone(),
            address: address_of(response.url()),
            status: response.status().as_u16(),
            retry_after: retry_after(&response),
            detail: detail(response).await,
        }
    }
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    })
}

/// `HOST[:PORT]`, as it is connected to.
fn address_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (host, _) => host.unwrap_or_default().to_owned(),
    }
}
