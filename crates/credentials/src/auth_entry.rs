//! One entry of a docker config.

use std::fmt;

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, PAD, STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};

use crate::json::{object_value, take_secret, take_string};
use crate::{EntryProblem, ParseError};

/// Base64 as Go's decoder takes it.
const LIKE_GO: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    PAD.with_decode_allow_trailing_bits(true),
);

/// One entry of `auths`, as written: nothing decoded, nothing lost.
///
/// Docker, Podman and Kubernetes write different subsets of these members; see
/// <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>.
#[derive(Clone, Default)]
pub struct AuthEntry {
    /// User name, in files that keep it apart from the password.
    pub username: Option<String>,
    /// Password, in files that keep it apart from the user name.
    pub password: Option<SecretString>,
    /// Base64 of `username:password`.
    pub auth: Option<SecretString>,
    /// Mail address; no registry asks for it, old files have it.
    pub email: Option<String>,
    /// OAuth2 refresh token that stands in place of a password.
    pub identity_token: Option<SecretString>,
    /// Bearer token that is sent to the registry as it is.
    pub registry_token: Option<SecretString>,
    /// Members that this crate does not interpret, kept for writing back. Their values may be secrets.
    pub(crate) other: Map<String, Value>,
}

/// What an entry says about logging in.
#[derive(Clone, Debug)]
pub struct Credential {
    /// User name. Empty when the entry holds nothing but a token.
    pub username: String,
    /// Password. Empty when the entry holds nothing but a token.
    pub password: SecretString,
    /// OAuth2 refresh token; when there is one it is used in place of the password.
    pub identity_token: Option<SecretString>,
    /// Bearer token that is sent to the registry as it is; when there is one it is used in place of everything else.
    pub registry_token: Option<SecretString>,
}

impl Credential {
    /// Whether both say the same in every respect.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let token = |token: &Option<SecretString>| {
            token.as_ref().map(|token| token.expose_secret().to_owned())
        };
        self.username == other.username
            && self.password.expose_secret() == other.password.expose_secret()
            && token(&self.identity_token) == token(&other.identity_token)
            && token(&self.registry_token) == token(&other.registry_token)
    }
}

impl AuthEntry {
    /// The entry that `docker login` writes: `auth` holds both values, nothing else is set.
    #[must_use]
    pub fn login(username: &str, password: &SecretString) -> Self {
        let joined = SecretString::from(format!("{username}:{}", password.expose_secret()));
        Self {
            auth: Some(STANDARD.encode(joined.expose_secret()).into()),
            ..Self::default()
        }
    }

    /// What the entry means; `None` when it holds no credential at all (`{}` is what files with a credential store have).
    ///
    /// As in Docker's own reader, a non-empty `auth` wins over `username` and `password`, it is cut at its first colon, and
    /// NUL bytes around the password are not part of it. (containers/image reads nothing but `auth`, see
    /// [`DockerConfig::lookup`](crate::DockerConfig::lookup).)
    ///
    /// # Errors
    /// `auth` cannot be decoded, or one of user name and password is missing.
    pub fn credential(&self) -> Result<Option<Credential>, EntryProblem> {
        let pair = match non_empty(self.auth.as_ref()) {
            Some(auth) => Some(decode_auth(auth)?),
            None => self.pair()?,
        };
        let identity_token = non_empty(self.identity_token.as_ref()).cloned();
        let registry_token = non_empty(self.registry_token.as_ref()).cloned();
        if pair.is_none() && identity_token.is_none() && registry_token.is_none() {
            return Ok(None);
        }
        let (username, password) = pair.unwrap_or_default();
        Ok(Some(Credential {
            username,
            password,
            identity_token,
            registry_token,
        }))
    }

    /// Whether `auth` holds something.
    pub(crate) fn has_auth(&self) -> bool {
        non_empty(self.auth.as_ref()).is_some()
    }

    fn pair(&self) -> Result<Option<(String, SecretString)>, EntryProblem> {
        let username = self.username.as_ref().filter(|name| !name.is_empty());
        let has_token = self.identity_token.is_some() || self.registry_token.is_some();
        match (username, non_empty(self.password.as_ref())) {
            (Some(username), Some(password)) => Ok(Some((username.clone(), password.clone()))),
            (None, None) => Ok(None),
            _ if has_token => Ok(None),
            (Some(_), None) => Err(EntryProblem::Incomplete {
                present: "username",
                absent: "password",
            }),
            (None, Some(_)) => Err(EntryProblem::Incomplete {
                present: "password",
                absent: "username",
            }),
        }
    }

    pub(crate) fn from_json(key: &str, value: Value) -> Result<Self, ParseError> {
        let mut members = object_value(value, || format!("auths.\"{key}\""))?;
        Ok(Self {
            username: take_string(&mut members, "username", key)?,
            password: take_secret(&mut members, "password", key)?,
            auth: take_secret(&mut members, "auth", key)?,
            email: take_string(&mut members, "email", key)?,
            identity_token: take_secret(&mut members, "identitytoken", key)?,
            registry_token: take_secret(&mut members, "registrytoken", key)?,
            other: members,
        })
    }

    pub(crate) fn to_json(&self) -> Value {
        let expose = |secret: &Option<SecretString>| {
            secret
                .as_ref()
                .map(|value| value.expose_secret().to_owned())
        };
        let known = [
            ("username", self.username.clone()),
            ("password", expose(&self.password)),
            ("auth", expose(&self.auth)),
            ("email", self.email.clone()),
            ("identitytoken", expose(&self.identity_token)),
            ("registrytoken", expose(&self.registry_token)),
        ];
        let mut members = self.other.clone();
        for (name, value) in known {
            if let Some(value) = value {
                members.insert(name.to_owned(), Value::String(value));
            }
        }
        Value::Object(members)
    }
}

impl fmt::Debug for AuthEntry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthEntry")
            .field("username", &self.username)
            .field("password", &self.password)
            .field("auth", &self.auth)
            .field("email", &self.email)
            .field("identity_token", &self.identity_token)
            .field("registry_token", &self.registry_token)
            .field("other", &self.other.keys().collect::<Vec<_>>())
            .finish()
    }
}

fn non_empty(secret: Option<&SecretString>) -> Option<&SecretString> {
    secret.filter(|value| !value.expose_secret().is_empty())
}

fn decode_auth(auth: &SecretString) -> Result<(String, SecretString), EntryProblem> {
    // Line breaks are all that Go's decoder passes over.
    let written = auth.expose_secret().split(['\r', '\n']);
    let written = SecretString::from(written.collect::<String>());
    let bytes = LIKE_GO
        .decode(written.expose_secret())
        .map_err(|_| EntryProblem::AuthNotBase64)?;
    let text = SecretString::from(String::from_utf8(bytes).map_err(|_| EntryProblem::AuthNotText)?);
    let (username, password) = text
        .expose_secret()
        .split_once(':')
        .ok_or(EntryProblem::AuthWithoutColon)?;
    Ok((username.to_owned(), password.trim_matches('\0').into()))
}
