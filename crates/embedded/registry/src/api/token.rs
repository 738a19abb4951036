//! `/token`: the token endpoint of the Docker registry protocol, in both of its forms.
//!
//! `GET` with HTTP Basic ("Token Authentication Specification") and `POST` of a form ("Authentication using OAuth2"), with refresh tokens,
//! which clients call identity tokens, for those who ask for one.

use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;

use super::query::Query;
use super::respond;
use crate::access::{
    Access, Authentication, Claims, Grant, Right, TokenService, Wrong, expiry, log_in, verify,
};
use crate::error::{ApiError, ErrorCode};
use crate::name::RepositoryName;

/// Where the endpoint is.
pub(crate) const PATH: &str = "/token";

/// Longest form that is read, in bytes.
const LONGEST_FORM: usize = 64 * 1024;

const FORM: &str = "application/x-www-form-urlencoded";

/// Someone who asks for a token.
struct Applicant {
    /// `None`: nobody in particular.
    user: Option<String>,
    /// Whether a refresh token is wanted as well.
    offline: bool,
}

/// Issues a token with those of the requested rights that the rules allow, which may be none.
pub(crate) async fn issue(
    access: &Access,
    request: &Parts,
    body: Body,
    idle_limit: Duration,
) -> Result<Response, ApiError> {
    let Authentication::Token(service) = &access.authentication else {
        let message = "this registry does not use tokens";
        return Err(ApiError::not_found(ErrorCode::Unsupported, message));
    };
    let (query, applicant) = match request.method {
        Method::GET => {
            let query = Query::of(&request.uri);
            for_this_service(&query, service)?;
            let user = log_in(&request.headers, &service.users).await;
            let applicant = Applicant {
                user: user.map_err(wrong_login)?,
                offline: query.get("offline_token") == Some("true"),
            };
            (query, applicant)
        }
        Method::POST => {
            let form = form(&request.headers, body, idle_limit).await?;
            for_this_service(&form, service)?;
            let applicant = applicant(&form, service).await?;
            (form, applicant)
        }
        _ => {
            let message = "tokens are issued to GET requests with HTTP Basic authentication and to POST requests with a form";
            let allow = HeaderValue::from_static("GET, POST");
            let status = StatusCode::METHOD_NOT_ALLOWED;
            return Err(ApiError::new(status, ErrorCode::Unsupported, message)
                .with_header(header::ALLOW, Some(allow)));
        }
    };
    let grants = query
        .all("scope")
        .flat_map(|scopes| scopes.split(' '))
        .filter(|scope| !scope.is_empty())
        .map(|scope| grant(access, applicant.user.as_deref(), scope))
        .collect::<Result<Vec<_>, _>>()?;
    answer(service, &applicant, grants.into_iter().flatten().collect())
}

fn for_this_service(query: &Query, service: &TokenService) -> Result<(), ApiError> {
    let ours = &service.settings.service;
    match query.get("service").filter(|name| name != ours) {
        None => Ok(()),
        Some(other) => {
            let message =
                format!("tokens are issued for the service {ours:?} here, not for {other:?}");
            Err(ApiError::bad_request(ErrorCode::Unsupported, message))
        }
    }
}

async fn form(headers: &HeaderMap, body: Body, idle_limit: Duration) -> Result<Query, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    let essence = content_type.and_then(|value| value.split(';').next());
    if !essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(FORM)) {
        let message = format!("the body of a POST to {PATH} is a form, {FORM}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, ErrorCode::Unsupported, message));
    }
    let bytes = axum::body::to_bytes(body, LONGEST_FORM);
    let bytes = tokio::time::timeout(idle_limit, bytes).await.map_err(|_| {
        let message = format!(
            "the form did not arrive within {} s",
            idle_limit.as_secs_f32()
        );
        ApiError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::Unsupported, message)
    })?;
    let bytes = bytes.map_err(|_| {
        let message = format!("the form could not be read, or is longer than {LONGEST_FORM} bytes");
        ApiError::bad_request(ErrorCode::SizeInvalid, message)
    })?;
    Ok(Query::parse(&bytes))
}

/// Who sent a form: someone with a password, or with a refresh token from here.
async fn applicant(form: &Query, service: &TokenService) -> Result<Applicant, ApiError> {
    let field = |name: &str| {
        form.get(name).ok_or_else(|| {
            ApiError::bad_request(
                ErrorCode::Unsupported,
                format!("the form has no field {name}"),
            )
        })
    };
    let user = match field("grant_type")? {
        "password" => {
            let (user, password) = (field("username")?, field("password")?);
            let password = SecretString::from(password);
            verify(user.to_owned(), password, &service.users)
                .await
                .map_err(wrong_login)?
        }
        "refresh_token" => {
            let claims = service.check_refresh(field("refresh_token")?);
            let claims = claims.filter(|claims| service.users.contains(&claims.sub));
            let wrong = Wrong("the refresh token is expired or was not issued here, log in again");
            claims.ok_or_else(|| wrong_login(wrong))?.sub
        }
        other => {
            let message = format!("grant_type is password or refresh_token, not {other:?}");
            return Err(ApiError::bad_request(ErrorCode::Unsupported, message));
        }
    };
    Ok(Applicant {
        user: Some(user),
        offline: form.get("access_type") == Some("offline"),
    })
}

fn answer(
    service: &TokenService,
    applicant: &Applicant,
    access: Vec<Grant>,
) -> Result<Response, ApiError> {
    let settings = &service.settings;
    let scope: Vec<String> = access.iter().map(Grant::to_string).collect();
    let sub = applicant.user.clone().unwrap_or_default();
    let token = sign(
        service,
        &Claims {
            aud: settings.service.clone(),
            sub: sub.clone(),
            exp: expiry(settings.lifetime),
            access,
        },
    )?;
    let mut body = json!({
        "token": token,
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": settings.lifetime.as_secs(),
        "issued_at": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "scope": scope.join(" "),
    });
    if applicant.offline && applicant.user.is_some() {
        let claims = Claims {
            aud: service.refresh_audience(),
            sub,
            exp: expiry(settings.refresh_lifetime),
            access: Vec::new(),
        };
        body["refresh_token"] = sign(service, &claims)?.into();
    }
    let mut response = respond::json(body.to_string());
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn sign(service: &TokenService, claims: &Claims) -> Result<String, ApiError> {
    service.signer.sign(claims).map_err(|error| {
        tracing::error!(%error, "a token could not be written");
        ApiError::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorCode::Unknown,
            "the token could not be written",
        )
    })
}

fn wrong_login(Wrong(message): Wrong) -> ApiError {
    let challenge = HeaderValue::from_static("Basic realm=\"registry tokens\", charset=\"UTF-8\"");
    ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message)
        .with_header(header::WWW_AUTHENTICATE, Some(challenge))
}

/// What a scope, `repository:<name>:<actions>`, is worth to this user. Scopes of other types are worth nothing, but for `registry:catalog:*`,
/// and so are those with a name that no repository here can have.
fn grant(access: &Access, user: Option<&str>, scope: &str) -> Result<Option<Grant>, ApiError> {
    let malformed = || {
        let message = format!("{scope:?} is not a scope, write repository:<name>:<actions>");
        ApiError::bad_request(ErrorCode::Unsupported, message)
    };
    let (r#type, rest) = scope.split_once(':').ok_or_else(malformed)?;
    let (name, actions) = rest.rsplit_once(':').ok_or_else(malformed)?;
    let catalog = Grant::catalog();
    if (r#type, name) == (&catalog.r#type, &catalog.name) {
        return Ok((actions == "*").then_some(catalog));
    }
    let Some(repository) = name
        .parse::<RepositoryName>()
        .ok()
        .filter(|_| r#type == "repository")
    else {
        return Ok(None);
    };
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
