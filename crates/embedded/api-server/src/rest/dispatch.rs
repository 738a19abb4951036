//! From a request to the verb that answers it.

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response, StatusCode};
use hyper::body::Incoming;

use super::Api;
use super::call::Call;
use crate::authentication::{Identity, bearer_token};
use crate::http::path::{ObjectPath, Target};
use crate::http::query::Query;
use crate::http::{body, response};
use crate::status::ApiError;

impl Api {
    /// Answers one request. `certified` is the user of the connection's client certificate.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        certified: Option<Arc<Identity>>,
    ) -> Response<response::Body> {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        match self.route(request, certified).await {
            Ok(answer) => answer,
            Err(error) => {
                if error.code.is_server_error() && error.code != StatusCode::NOT_IMPLEMENTED {
                    tracing::error!(%method, path, %error, "a request failed");
                } else {
                    tracing::debug!(%method, path, code = error.code.as_u16(), %error, "a request was refused");
                }
                response::error(&error)
            }
        }
    }

    async fn route(
        self: Arc<Self>,
        request: Request<Incoming>,
        certified: Option<Arc<Identity>>,
    ) -> Result<Response<response::Body>, ApiError> {
        if let "/readyz" | "/livez" | "/healthz" = request.uri().path().trim_end_matches('/') {
            return Ok(response::bytes(
                http::StatusCode::OK,
                "text/plain; charset=utf-8",
                "ok",
            ));
        }
        let identity = self.identify(&request, certified)?;
        refuse_impersonation(request.headers())?;
        let target = Target::parse(request.uri().path()).ok_or_else(ApiError::no_such_path)?;
        match target {
            Target::Objects(path) => self.objects(request, path, identity).await,
            target => self.describe(&target, request.method(), request.headers()),
        }
    }

    fn identify(
        &self,
        request: &Request<Incoming>,
        certified: Option<Arc<Identity>>,
    ) -> Result<Arc<Identity>, ApiError> {
        if let Some(identity) = certified {
            return Ok(identity);
        }
        let token = bearer_token(request.headers())?.ok_or_else(ApiError::unauthorized)?;
        self.user_of_token(token)?
            .map(Arc::new)
            .ok_or_else(ApiError::unauthorized)
    }

    async fn objects(
        self: Arc<Self>,
        request: Request<Incoming>,
        path: ObjectPath,
        identity: Arc<Identity>,
    ) -> Result<Response<response::Body>, ApiError> {
        let catalog = self.catalog.snapshot();
        let resource = catalog
            .find(&path.group, &path.version, &path.plural)
            .ok_or_else(ApiError::no_such_path)?;
        let resource = Arc::clone(resource);
        if resource.namespaced != path.namespace.is_some()
            && (path.namespace.is_some() || path.name.is_some())
        {
            return Err(ApiError::no_such_path());
        }
        let (parts, incoming) = request.into_parts();
        let call = Call {
            query: Query::parse(parts.uri.query().unwrap_or_default())?,
            method: parts.method,
            headers: parts.headers,
            identity,
            body: body::read(incoming).await?,
            resource,
            namespace: path.namespace.unwrap_or_default(),
            name: path.name.unwrap_or_default(),
            subresource: path.subresource,
        };
        self.perform(call).await
    }

    /// Performs a request that has arrived completely. A write is performed to its end even if the returned future is dropped.
    pub(super) async fn perform(
        self: Arc<Self>,
        call: Call,
    ) -> Result<Response<response::Body>, ApiError> {
        if call.method.is_safe() {
            return self.verb(call).await;
        }
        let write = Box::pin(Arc::clone(&self).verb(call));
        self.writes.finish(write).await
    }

    pub(super) async fn verb(
        self: Arc<Self>,
        call: Call,
    ) -> Result<Response<response::Body>, ApiError> {
        match call.subresource.clone() {
            None if call.name.is_empty() => self.collection(call).await,
            None => self.object(call).await,
            Some(subresource) => self.subresource(call, &subresource).await,
        }
    }

    async fn collection(self: Arc<Self>, call: Call) -> Result<Response<response::Body>, ApiError> {
        if call
            .resource
            .built_in()
            .is_some_and(|built_in| !built_in.stored)
        {
            return if call.method == Method::POST {
                self.review(&call)
            } else {
                Err(ApiError::method_not_allowed())
            };
        }
        match call.method {
            Method::GET if call.query.flag("watch")? => self.watch(&call),
            Method::GET => self.list(&call),
            Method::POST => self.create(&call).await,
            Method::DELETE => self.delete_collection(&call).await,
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    async fn object(self: Arc<Self>, call: Call) -> Result<Response<response::Body>, ApiError> {
        if call
            .resource
            .built_in()
            .is_some_and(|built_in| !built_in.stored)
        {
            return Err(ApiError::method_not_allowed());
        }
        match call.method {
            Method::GET => self.get(&call),
            Method::PUT => self.update(&call, super::Stage::Object).await,
            Method::PATCH => self.patch(&call, super::Stage::Object).await,
            Method::DELETE => self.delete(&call).await,
            _ => Err(ApiError::method_not_allowed()),
        }
    }

    async fn subresource(
        self: Arc<Self>,
        call: Call,
        subresource: &str,
    ) -> Result<Response<response::Body>, ApiError> {
        if !call.resource.subresources().contains(&subresource) {
            return Err(match subresource {
                "scale"
                | "eviction"
                | "exec"
                | "attach"
                | "portforward"
                | "proxy"
                | "ephemeralcontainers"
                | "resize"
                | "binding"
                | "approval" => ApiError::not_modelled(format!(
                    "the subresource {subresource:?} of {}",
                    call.resource.plural
                )),
                _ => ApiError::no_such_path(),
            });
        }
        match (subresource, call.method.clone()) {
            ("status", Method::GET) => self.get(&call),
            ("status", Method::PUT) => self.update(&call, super::Stage::Status).await,
            ("status", Method::PATCH) => self.patch(&call, super::Stage::Status).await,
            ("finalize", Method::PUT) => self.update(&call, super::Stage::Finalize).await,
            ("token", Method::POST) => self.create_token(&call),
            ("log", Method::GET) => self.pod_log(&call).await,
            _ => Err(ApiError::method_not_allowed()),
        }
    }
}

/// A request on behalf of somebody else must not run as the caller.
fn refuse_impersonation(headers: &HeaderMap) -> Result<(), ApiError> {
    let names = headers.keys().map(http::HeaderName::as_str);
    match names
        .into_iter()
        .find(|name| name.starts_with("impersonate-"))
    {
        Some(name) => Err(ApiError::not_modelled(format!(
            "impersonation (header {name})"
        ))),
        None => Ok(()),
    }
}
