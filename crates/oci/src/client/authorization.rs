//! Answering authentication challenges (RFC 7235; distribution's token authentication).

use std::sync::PoisonError;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::challenge::{Challenge, challenges, choose};
use super::request::{Access, Call, detail};
use super::transport_error::transport_error;
use super::{Client, Credential};
use crate::Error;

impl Client {
    /// The `Authorization` that worked last for what `call` needs.
    pub(super) fn known_authorization(&self, call: &Call) -> Option<HeaderValue> {
        let known = self
            .0
            .authorizations
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        known.get(&cache_key(call)).cloned()
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
        let challenges = challenges(&response);
        let said = detail(response).await;
        let credential = self.credential(call)?;
        let authorization = match (choose(challenges), credential) {
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
            _ => return Err(self.unauthorized(call, &said)),
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

    fn credential(&self, call: &Call) -> Result<Option<Credential>, Error> {
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
        let address = url.host_str().unwrap_or_default().to_owned();
        let request = match credential {
            Some(Credential::IdentityToken(token)) => {
                let form = url::form_urlencoded::Serializer::new(String::new())
                    .append_pair("grant_type", "refresh_token")
                    .append_pair("refresh_token", token.expose_secret())
                    .append_pair("client_id", "konflux-local")
                    .append_pair("service", service.unwrap_or_default())
                    .append_pair("scope", scope)
                    .finish();
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
            .map_err(|error| transport_error(&call.action, &address, &error))?;
        match response.status() {
            StatusCode::OK => self.read_token(call, response).await,
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let said = detail(response).await;
                Err(self.unauthorized(call, &format!("its token server says {said}")))
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

    pub(super) fn unauthorized(&self, call: &Call, said: &str) -> Error {
        let name = call.repository.name();
        let who = match self.0.credentials.credential(&call.repository) {
            Ok(Some(Credential::Password { username, .. })) => {
                format!(
                    "the login of `{username}` was sent; check that it is still valid for {name}"
                )
            }
            Ok(Some(_)) => format!("a token was sent; check that it is still valid for {name}"),
            _ => format!("no credential is known for {name}; add one to the docker config"),
        };
        Error::Unauthorized {
            action: call.action.clone(),
            registry: call.repository.registry().to_owned(),
            detail: format!("{said}; {who}"),
        }
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
    for scope in scope.split(' ') {
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
