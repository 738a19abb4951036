//! From a request's `Authorization` header to what its sender may do.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use secrecy::SecretString;

use super::{Access, Authentication, Claims, Grant, Htpasswd, Right, TokenService};
use crate::error::{ApiError, ErrorCode};
use crate::name::RepositoryName;

/// The sender of a request.
pub(crate) struct Caller {
    access: Access,
    user: Option<String>,
    /// The token that was shown, where tokens are used.
    claims: Option<Claims>,
    /// What is wrong with what was shown.
    wrong: Option<Wrong>,
    /// `https://<host>/token`, or what is configured.
    realm: String,
}

impl Caller {
    /// Finds out who sent a request. Credentials that are wrong are refused when it is known what they were sent for, because the challenge
    /// names that.
    pub(crate) async fn of(access: &Access, request: &Parts) -> Self {
        let mut caller = Self {
            access: access.clone(),
            user: None,
            claims: None,
            wrong: None,
            realm: realm(access, request),
        };
        let shown = match &access.authentication {
            Authentication::Nobody => Ok(()),
            Authentication::Basic(users) => log_in(&request.headers, users)
                .await
                .map(|user| caller.user = user),
            Authentication::Token(service) => bearer(&request.headers, service).map(|claims| {
                let user = claims.as_ref().map(|claims| claims.sub.clone());
                caller.user = user.filter(|user| !user.is_empty());
                caller.claims = claims;
            }),
        };
        caller.wrong = shown.err();
        caller
    }

    /// Whether the sender may do this.
    pub(crate) fn may(&self, right: Right, repository: &RepositoryName) -> bool {
        self.allowed(right, repository) && self.granted(right, repository)
    }

    /// Whether the rules allow it, whatever a token was issued for.
    pub(crate) fn allowed(&self, right: Right, repository: &RepositoryName) -> bool {
        self.access
            .rules
            .allow(self.user.as_deref(), right, repository)
    }

    /// Whether the token, where tokens are used, was issued for it.
    fn granted(&self, right: Right, repository: &RepositoryName) -> bool {
        match (&self.access.authentication, &self.claims) {
            (Authentication::Nobody | Authentication::Basic(_), _) => true,
            (Authentication::Token(_), None) => false,
            (Authentication::Token(_), Some(claims)) => claims.access.iter().any(|grant| {
                grant.name == repository.as_str()
                    && grant.actions.iter().any(|action| action == right.name())
            }),
        }
    }

    /// # Errors
    /// 401 when another login or token may help, 403 `DENIED` when the sender is known and has not the right.
    pub(crate) fn require(
        &self,
        right: Right,
        repository: &RepositoryName,
    ) -> Result<(), ApiError> {
        // Who may push reads as well, and a client that asks once saves a round trip.
        let actions = match right {
            Right::Push => "pull,push",
            Right::Pull => "pull",
        };
        let scope = format!("repository:{repository}:{actions}");
        self.require_right_credentials(Some(&scope))?;
        if self.may(right, repository) {
            return Ok(());
        }
        if let Some(user) = self
            .user
            .as_deref()
            .filter(|_| !self.allowed(right, repository))
        {
            let message = format!(
                "user {user} may not {} in repository {repository}",
                right.name()
            );
            return Err(ApiError::new(
                StatusCode::FORBIDDEN,
                ErrorCode::Denied,
                message,
            ));
        }
        Err(self.challenge("log in with the right to do this", Some(&scope)))
    }

    /// # Errors
    /// 401 when authentication is used and the sender did not show anything: this is how clients learn what to show.
    pub(crate) fn require_login(&self) -> Result<(), ApiError> {
        self.require_right_credentials(None)?;
        let shown = match self.access.authentication {
            Authentication::Nobody => true,
            Authentication::Basic(_) => self.user.is_some(),
            Authentication::Token(_) => self.claims.is_some(),
        };
        match shown {
            true => Ok(()),
            false => Err(self.challenge("log in", None)),
        }
    }

    /// # Errors
    /// 401 when the sender did not show the right to list repositories; each is listed only to those who may pull it.
    pub(crate) fn require_catalog(&self) -> Result<(), ApiError> {
        let Authentication::Token(_) = self.access.authentication else {
            return self.require_login();
        };
        let scope = Grant::catalog().to_string();
        self.require_right_credentials(Some(&scope))?;
        let claims = self.claims.as_ref();
        match claims.is_some_and(|claims| claims.access.contains(&Grant::catalog())) {
            true => Ok(()),
            false => Err(self.challenge("log in to list repositories", Some(&scope))),
        }
    }

    /// # Errors
    /// 401 with a challenge when credentials were sent and are wrong.
    fn require_right_credentials(&self, scope: Option<&str>) -> Result<(), ApiError> {
        match &self.wrong {
            None => Ok(()),
            Some(Wrong(reason)) => Err(self.challenge(reason, scope)),
        }
    }

    /// The answer that says how to log in, and for what.
    fn challenge(&self, message: &str, scope: Option<&str>) -> ApiError {
        let challenge = match &self.access.authentication {
            Authentication::Nobody | Authentication::Basic(_) => {
                "Basic realm=\"registry\", charset=\"UTF-8\"".to_owned()
            }
            Authentication::Token(service) => {
                let name = &service.settings.service;
                let mut challenge = format!("Bearer realm=\"{}\",service=\"{name}\"", self.realm);
                if let Some(scope) = scope {
                    challenge.push_str(&format!(",scope=\"{scope}\""));
                }
                // RFC 6750, section 3.1.
                if self.wrong.is_some() {
                    challenge.push_str(",error=\"invalid_token\"");
                } else if scope.is_some() && self.claims.is_some() {
                    challenge.push_str(",error=\"insufficient_scope\"");
                }
                challenge
            }
        };
        ApiError::new(StatusCode::UNAUTHORIZED, ErrorCode::Unauthorized, message).with_header(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_str(&challenge).ok(),
        )
    }
}

/// Credentials that were sent and are wrong.
pub(crate) struct Wrong(pub(crate) &'static str);

fn bearer(headers: &HeaderMap, service: &TokenService) -> Result<Option<Claims>, Wrong> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| scheme(value, "bearer"));
    let token = token.ok_or(Wrong(
        "this registry takes bearer tokens, fetch one from its token endpoint",
    ))?;
    service.check(token).map(Some).ok_or(Wrong(
        "the token is expired or was not issued here, fetch a new one",
    ))
}

/// The user whose name and password a request shows, if it shows any.
pub(crate) async fn log_in(
    headers: &HeaderMap,
    users: &Arc<Htpasswd>,
) -> Result<Option<String>, Wrong> {
    let Some((user, password)) = basic_credentials(headers)? else {
        return Ok(None);
    };
    verify(user, password, users).await.map(Some)
}

/// The user, if this is the password.
pub(crate) async fn verify(
    user: String,
    password: SecretString,
    users: &Arc<Htpasswd>,
) -> Result<String, Wrong> {
    let wrong = Wrong("the user name or the password is wrong");
    if users.remembers(&user, &password) {
        return Ok(user);
    }
    // Guessers wait for each other, and not in the threads that read and write content.
    let turns = users.turns();
    let Ok(_turn) = turns.acquire().await else {
        return Err(wrong);
    };
    let (users, name) = (Arc::clone(users), user.clone());
    match tokio::task::spawn_blocking(move || users.verify(&name, &password)).await {
        Ok(true) => Ok(user),
        _ => Err(wrong),
    }
}

/// User and password of a Basic `Authorization` header; none when there is no header, or when both are empty, as some clients
/// say that they have none.
fn basic_credentials(headers: &HeaderMap) -> Result<Option<(String, SecretString)>, Wrong> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let encoded = value.to_str().ok().and_then(|value| scheme(value, "basic"));
    let encoded = encoded.ok_or(Wrong("log in with HTTP Basic authentication"))?;
    let decoded = BASE64
        .decode(encoded)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let (user, password) = decoded
        .as_deref()
        .and_then(|text| text.split_once(':'))
        .ok_or(Wrong(
            "the Authorization header is not Basic with base64 of user:password",
        ))?;
    let shown = !user.is_empty() || !password.is_empty();
    Ok(shown.then(|| (user.to_owned(), password.into())))
}

/// What follows the name of an authentication scheme, which is case-insensitive.
fn scheme<'value>(value: &'value str, name: &str) -> Option<&'value str> {
    let (scheme, rest) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(name).then(|| rest.trim())
}

fn realm(access: &Access, request: &Parts) -> String {
    let Authentication::Token(service) = &access.authentication else {
        return String::new();
    };
    if let Some(realm) = &service.settings.realm {
        return realm.clone();
    }
    let header = request
        .headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = request
        .uri
        .authority()
        .map(http::uri::Authority::as_str)
        .or(header)
        .unwrap_or("localhost");
    // Only what can be a host: the text goes into a quoted part of a header.
    let host: String = host
        .chars()
        .filter(|character| character.is_ascii_alphanumeric() || ".-:[]_".contains(*character))
        .collect();
    format!("https://{host}/token")
}
