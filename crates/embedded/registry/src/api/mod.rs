//! The HTTP API: one file per family of endpoints (distribution specification, section "Endpoints").

mod blobs;
mod catalog;
mod manifests;
mod path;
mod query;
mod range;
mod referrers;
mod respond;
mod rest_of_body;
mod tags;
mod token;
mod uploads;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode};

use self::path::Route;
use crate::access::{Caller, Right};
use crate::error::{ApiError, ErrorCode};
use crate::registry::Registry;

/// Present on every answer, so that a client can tell a registry from any other web server (Docker registry protocol).
const API_VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("docker-distribution-api-version"),
    HeaderValue::from_static("registry/2.0"),
);

pub(crate) fn router(registry: Registry) -> Router {
    Router::new().fallback(answer).with_state(registry)
}

async fn answer(State(registry): State<Registry>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let (body, rest) = rest_of_body::returned(body);
    let mut response = match dispatch(&registry, Request::from_parts(head, body)).await {
        Ok(response) => response,
        Err(error) => {
            rest.drain(registry.options.idle_limit).await;
            error.into_response()
        }
    };
    let (name, value) = API_VERSION;
    response.headers_mut().insert(name, value);
    response
}

async fn dispatch(registry: &Registry, request: Request) -> Result<Response, ApiError> {
    let (head, body) = request.into_parts();
    let access = registry.options.access.current();
    if head.uri.path() == token::PATH {
        return token::issue(&access, &head, body, registry.options.idle_limit).await;
    }
    let caller = Caller::of(&access, &head).await;
    let route = path::parse(head.uri.path())?;
    let method = head.method.clone();
    match (&route, route.repository()) {
        (Route::Catalog, _) => caller.require_catalog()?,
        (_, None) => caller.require_login()?,
        (_, Some(repository)) => caller.require(needed_right(&route, &method), repository)?,
    }
    let request = Request::from_parts(head, body);
    match (route, method) {
        (Route::Base, Method::GET | Method::HEAD) => Ok(respond::json("{}".to_owned())),
        (Route::Catalog, Method::GET | Method::HEAD) => {
            catalog::list(registry, &caller, request.uri()).await
        }
        (Route::Blob(blob), Method::GET) => blobs::get(registry, &blob, request.headers()).await,
        (Route::Blob(blob), Method::HEAD) => blobs::head(registry, &blob).await,
        (Route::Blob(blob), Method::DELETE) => blobs::delete(registry, &blob).await,
        (Route::Uploads(repository), Method::POST) => {
            uploads::begin(registry, &caller, &repository, request).await
        }
        (Route::Upload(upload), Method::GET | Method::HEAD) => {
            uploads::status(registry, &upload).await
        }
        (Route::Upload(upload), Method::PATCH) => uploads::append(registry, &upload, request).await,
        (Route::Upload(upload), Method::PUT) => uploads::finish(registry, &upload, request).await,
        (Route::Upload(upload), Method::DELETE) => uploads::cancel(registry, &upload),
        (Route::Manifest(manifest), Method::GET) => manifests::get(registry, &manifest).await,
        (Route::Manifest(manifest), Method::HEAD) => manifests::head(registry, &manifest).await,
        (Route::Manifest(manifest), Method::PUT) => {
            manifests::put(registry, &manifest, request).await
        }
        (Route::Manifest(manifest), Method::DELETE) => manifests::delete(registry, &manifest).await,
        (Route::Tags(repository), Method::GET | Method::HEAD) => {
            tags::list(registry, &repository, request.uri()).await
        }
        (Route::Referrers(subject), Method::GET | Method::HEAD) => {
            referrers::list(registry, &subject, request.uri()).await
        }
        (route, method) => {
            let message = format!(
                "{method} is not supported here, use one of: {}",
                route.methods()
            );
            let allow = HeaderValue::from_static(route.methods());
            Err(ApiError::new(
                StatusCode::METHOD_NOT_ALLOWED,
                ErrorCode::Unsupported,
                message,
            )
            .with_header(http::header::ALLOW, Some(allow)))
        }
    }
}

fn needed_right(route: &Route, method: &Method) -> Right {
    let reading = matches!(*method, Method::GET | Method::HEAD);
    if reading && !matches!(route, Route::Upload(_)) {
        Right::Pull
    } else {
        Right::Push
    }
}
