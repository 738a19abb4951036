//! `/token`: the token endpoint of the Docker registry protocol ("Token Authentication Specification").

use axum::response::Response;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::query::Query;
use super::respond;
use crate::access::{Access, Authentication, Claims, Grant, Right, Wrong, expiry, log_in};
use crate::error::{ApiError, ErrorCode};
use crate::name::RepositoryName;

/// Where the endpoint is.
pub(crate) const PATH: &str = "/token";

/// Issues a token with those of the requested rights that the rules allow, which may be none.
pub(crate) async fn issue(access: &Access, request: &Parts) -> Result<Response, ApiError> {
    let Authentication::Token(service) = &access.authentication else {
        let message = "this registry does not use tokens";
        return Err(ApiError::not_found(ErrorCode::Unsupported, message));
    };
    if request.method != Method::GET {
        let message = "tokens are issued to GET requests with HTTP Basic authentication";
        return Err(ApiError::new(
            StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::Unsupported,
            message,
        )
        .with_header(header::ALLOW, Some(HeaderValue::from_static("GET"))));
    }
    let query = Query::of(&request.uri);
    let settings = &service.settings;
    if let Some(other) = query
        .get("service")
        .filter(|name| *name != settings.service)
    {
        let message = format!(
            "tokens are issued for the service {:?} here, not for {other:?}",
            settings.service
        );
        return Err(ApiError::bad_request(ErrorCode::Unsupported, message));
    }
    let user = log_in(&request.headers, &service.users)
        .await
        .map_err(wrong_login)?;
    let scopes = query
        .all("scope")
        .flat_map(|scopes| scopes.split(' '))
        .filter(|scope| !scope.is_empty());
    let grants = scopes
        .map(|scope| grant(access, user.as_deref(), scope))
        .collect::<Result<Vec<_>, _>>()?;
    let claims = Claims {
        aud: settings.service.clone(),
        sub: user.unwrap_or_default(),
        exp: expiry(settings.lifetime),
        access: grants.into_iter().flatten().collect(),
    };
    let token = service.signer.sign(&claims).map_err(|error| {
        tracing::error!(%error, "a token could not be written");
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Unknown,
            "the token could not be written",
        )
    })?;
    let body =
        json!({ "token": token, "access_token": token, "expires_in": settings.lifetime.as_secs() });
    let mut response = respond::json(body.to_string());
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn wrong_login(Wrong(message): Wrong) -> ApiError {
    let challenge = HeaderValue::from_static("Basic realm=\"registry tokens\", charset=\"UTF-8\"");
    ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
        .with_header(header::WWW_AUTHENTICATE, Some(challenge))
}

/// What a scope, `repository:<name>:<actions>`, is worth to this user. Scopes of other types are worth nothing.
fn grant(access: &Access, user: Option<&str>, scope: &str) -> Result<Option<Grant>, ApiError> {
    let malformed = || {
        let message = format!("{scope:?} is not a scope, write repository:<name>:<actions>");
        ApiError::bad_request(ErrorCode::Unsupported, message)
    };
    let (r#type, rest) = scope.split_once(':').ok_or_else(malformed)?;
    let (name, actions) = rest.rsplit_once(':').ok_or_else(malformed)?;
    if r#type != "repository" {
        return Ok(None);
    }
    let repository: RepositoryName = name.parse()?;
    let wanted = |right: Right| {
        actions
            .split(',')
            .any(|action| action == right.name() || action == "*")
    };
    let rights = [Right::Pull, Right::Push].into_iter();
    let granted =
        rights.filter(|&right| wanted(right) && access.rules.allow(user, right, &repository));
    let actions: Vec<_> = granted.map(|right| right.name().to_owned()).collect();
    Ok((!actions.is_empty()).then(|| Grant {
        r#type: r#type.to_owned(),
        name: name.to_owned(),
        actions,
    }))
}
