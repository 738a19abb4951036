//! Answering authentication challenges (RFC 7235; distribution's token authentication).

use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::challenge::{Challenge, challenges, choose};
use super::error_body::detail;
use super::request::{Access, Call};
use super::{Client, Credential, SentCredential};
use crate::Error;
use crate::error::RefusedBy;

/// In front of the words of a token server.
pub(crate) const TOKEN_SERVER_SAYS: &str = "its token server says: ";

impl Client {
    /// The `Authorization` that worked last for what `call` needs.
    pub(crate) fn known_authorization(&self, call: &Call) -> Option<HeaderValue> {
        let known = self
            .0
            .authorizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.get(&cache_key(call)).cloned()
    }

    /// Whether the token that worked last was issued by the registry's token server, which takes the credential to be right.
    pub(super) fn has_token_of_token_server(&self, call: &Call) -> bool {
        let is_token = self
            .known_authorization(call)
            .is_some_and(|value| value.as_bytes().starts_with(b"Bearer "));
        is_token && !matches!(self.sent_credential(call), SentCredential::RegistryToken)
    }

    pub(super) fn forget_authorization(&self, call: &Call) {
        let mut known = self
            .0
            .authorizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.remove(&cache_key(call));
    }

    /// Answers the challenge in `response`, so that the next request for the same is authorised.
    pub(super) async fn authorize(&self, call: &Call, response: Response) -> Result<(), Error> {
        let challenge = choose(challenges(&response));
        let said = detail(response).await;
        self.answer(call, challenge, said).await
    }

    /// Answers a challenge; `said` is what the registry said with it.
    pub(crate) async fn answer(
        &self,
        call: &Call,
        challenge: Option<Challenge>,
        said: String,
    ) -> Result<(), Error> {
        let credential = self.credential(call)?;
        let authorization = match (challenge, credential) {
            (_, Some(Credential::RegistryToken(token))) => header("Bearer", &token),
            (Some(Challenge::Basic), Some(Credential::Password { username, password })) => {
                header("Basic", &basic(&username, &password))
            }
            (
                Some(Challenge::Bearer {
                    realm,
                    service,
                    scope,
                }),
                credential,
            ) => {
                let scope = match (scope, &call.also_pull) {
                    (Some(asked), None) => asked,
                    // Registries ask for the repository of the URL alone; a mount reads another one too.
                    _ => wanted_scope(call),
                };
                let token = self
                    .token(call, &realm, service.as_deref(), &scope, credential)
                    .await?;
                header("Bearer", &token)
            }
            (Some(Challenge::Basic), Some(Credential::IdentityToken(_))) => {
                let said = format!("{said}; it takes user name and password, no identity token");
                return Err(self.unauthorized(call, said, RefusedBy::Registry));
            }
            _ => return Err(self.unauthorized(call, said, RefusedBy::Registry)),
        };
        let authorization = authorization.ok_or_else(|| {
            self.protocol_error(call, "its token cannot be sent in a header".into())
        })?;
        let mut known = self
            .0
            .authorizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(cache_key(call), authorization);
        Ok(())
    }

    pub(crate) fn credential(&self, call: &Call) -> Result<Option<Credential>, Error> {
        let found = self.0.credentials.credential(&call.repository);
        found.map_err(|detail| Error::Credential {
            action: call.action.clone(),
            detail,
        })
    }

    /// Fetches a bearer token; without a credential an anonymous one, which public repositories accept.
    async fn token(
        &self,
        call: &Call,
        realm: &str,
        service: Option<&str>,
        scope: &str,
        credential: Option<Credential>,
    ) -> Result<SecretString, Error> {
        let mut url = self.token_url(call, realm)?;
        let exchanged = matches!(credential, Some(Credential::IdentityToken(_)));
        let request = match credential {
            Some(Credential::IdentityToken(token)) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("grant_type", "refresh_token")
                    .append_pair("refresh_token", token.expose_secret())
                    .append_pair("client_id", "konflux-local")
                    .append_pair("service", service.unwrap_or_default());
                if !scope.is_empty() {
                    form.append_pair("scope", scope);
                }
                let form = form.finish();
                self.http(&url)
                    .post(url.clone())
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                    .body(form)
            }
            credential => {
                add_query(&mut url, service, scope);
                let request = self.http(&url).get(url.clone());
                match credential {
                    Some(Credential::Password { username, password }) => {
                        let value =
                            header("Basic", &basic(&username, &password)).ok_or_else(|| {
                                self.protocol_error(
                                    call,
                                    "the credential cannot be sent in a header".into(),
                                )
                            })?;
                        request.header(AUTHORIZATION, value)
                    }
                    _ => request,
                }
            }
        };
        let response = request
            .send()
            .await
            .map_err(|error| self.no_answer_from(call, &url, &error))?;
        match response.status() {
            StatusCode::OK => self.read_token(call, response).await,
            StatusCode::UNAUTHORIZED => {
                let said = format!("{TOKEN_SERVER_SAYS}{}", detail(response).await);
                Err(self.unauthorized(call, said, RefusedBy::TokenServer))
            }
            StatusCode::FORBIDDEN => Err(Error::Forbidden {
                action: call.action.clone(),
                registry: call.repository.registry().to_owned(),
                detail: format!("{TOKEN_SERVER_SAYS}{}", detail(response).await),
            }),
            // RFC 6749, section 5.2: a refresh token that has ended is a bad request.
            StatusCode::BAD_REQUEST if exchanged => {
                let said = format!("{TOKEN_SERVER_SAYS}{}", detail(response).await);
                Err(self.unauthorized(call, said, RefusedBy::TokenServer))
            }
            _ => Err(self.unexpected(call, response).await),
        }
    }

    async fn read_token(&self, call: &Call, response: Response) -> Result<SecretString, Error> {
        #[derive(Deserialize)]
        struct Token {
            token: Option<String>,
            access_token: Option<String>,
        }
        let body = response
            .bytes()
            .await
            .map_err(|error| self.no_answer(call, &error))?;
        let token: Option<Token> = serde_json::from_slice(&body).ok();
        token
            .and_then(|token| token.token.or(token.access_token))
            .map(SecretString::from)
            .ok_or_else(|| {
                self.protocol_error(call, "its token server's answer has no token".into())
            })
    }

    /// The realm's URL, reached where the registry of that name is reached. Tokens travel over TLS only.
    fn token_url(&self, call: &Call, realm: &str) -> Result<Url, Error> {
        let url = Url::parse(realm).ok().filter(|url| url.scheme() == "https");
        let mut url = url.ok_or_else(|| {
            self.protocol_error(
                call,
                format!("its token server `{realm}` is not an https:// address"),
            )
        })?;
        self.rewrite_address(&mut url);
        Ok(url)
    }

    /// Replaces the host of a URL that the registry gave us by the one where that host is reached.
    pub(super) fn rewrite_address(&self, url: &mut Url) {
        let written = match (url.host_str(), url.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return,
        };
        let address = self.0.endpoints.address(&written);
        if address == written {
            return;
        }
        if let Ok(base) = Url::parse(&format!("https://{address}")) {
            // Both setters succeed for https addresses with a host, which `base` is.
            let _ = url.set_host(base.host_str());
            let _ = url.set_port(base.port());
        }
    }

    pub(super) fn unauthorized(&self, call: &Call, said: String, refused_by: RefusedBy) -> Error {
        Error::Unauthorized {
            action: call.action.clone(),
            place: call.place(),
            said,
            sent: self.sent_credential(call),
            refused_by,
        }
    }

    /// The kind of the credential for `call`; a lookup that fails has failed before, and was an error then.
    fn sent_credential(&self, call: &Call) -> SentCredential {
        let found = self.0.credentials.credential(&call.repository);
        found.ok().flatten().as_ref().into()
    }
}

fn cache_key(call: &Call) -> (String, String) {
    (call.repository.registry().to_owned(), wanted_scope(call))
}

fn wanted_scope(call: &Call) -> String {
    let actions = match call.access {
        Access::Pull => "pull",
        Access::Push => "pull,push",
        Access::Delete => "pull,push,delete",
        Access::Catalog => return "registry:catalog:*".to_owned(),
        // A login without a scope, as `docker login` does it.
        Access::Login => return String::new(),
    };
    let scope = format!("repository:{}:{actions}", call.repository.repository());
    match &call.also_pull {
        Some(other) => format!("{scope} repository:{other}:pull"),
        None => scope,
    }
}

/// Several scopes are several parameters.
fn add_query(url: &mut Url, service: Option<&str>, scope: &str) {
    let mut query = url.query_pairs_mut();
    if let Some(service) = service {
        query.append_pair("service", service);
    }
    for scope in scope.split(' ').filter(|scope| !scope.is_empty()) {
        query.append_pair("scope", scope);
    }
}

fn basic(username: &str, password: &SecretString) -> SecretString {
    let joined = SecretString::from(format!("{username}:{}", password.expose_secret()));
    STANDARD.encode(joined.expose_secret()).into()
}

fn header(scheme: &str, value: &SecretString) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("{scheme} {}", value.expose_secret())).ok()?;
    header.set_sensitive(true);
    Some(header)
}
