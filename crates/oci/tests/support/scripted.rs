//! A fake registry that follows a script.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// What the fake was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    pub host: String,
    pub authorization: String,
}

impl Asked {
    /// `GET /v2/`, …
    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    pub fn is(&self, method: &str, path_start: &str) -> bool {
        self.method == method && self.path.starts_with(path_start)
    }

    /// Basic, with the password `pass` of `robot`.
    pub fn has_login(&self) -> bool {
        self.authorization == format!("Basic {}", STANDARD.encode("robot:pass"))
    }

    pub fn has_token(&self) -> bool {
        self.authorization.starts_with("Bearer ")
    }

    /// 401 that sends to the fake's own `/token`.
    pub fn bearer_challenge(&self) -> Response {
        let challenge = format!(
            "Bearer realm=\"https://{}/token\",service=\"fake\"",
            self.host
        );
        unauthorized(&challenge)
    }
}

pub type Notes = Arc<Mutex<Vec<Asked>>>;

/// Answers as `script` says, and notes what it was asked.
pub fn scripted(script: fn(&Asked) -> Response) -> (Router, Notes) {
    let notes = Notes::default();
    let noted = notes.clone();
    let router = Router::new().fallback(move |request: Request| {
        let asked = asked(&request);
        noted.lock().unwrap().push(asked.clone());
        async move { script(&asked) }
    });
    (router, notes)
}

fn asked(request: &Request) -> Asked {
    let text = |name| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let host = request.uri().authority().map(ToString::to_string);
    Asked {
        method: request.method().to_string(),
        path: request.uri().path_and_query().unwrap().to_string(),
        host: host.unwrap_or_else(|| text(header::HOST)),
        authorization: text(header::AUTHORIZATION),
    }
}

pub fn unauthorized(challenge: &str) -> Response {
    let said = error(
        StatusCode::UNAUTHORIZED,
        "UNAUTHORIZED",
        "authentication required",
    );
    let mut headers = HeaderMap::new();
    headers.insert(header::WWW_AUTHENTICATE, challenge.parse().unwrap());
    (headers, said).into_response()
}

/// An error in the words of the specification.
pub fn error(status: StatusCode, code: &str, message: &str) -> Response {
    let body = format!(r#"{{"errors": [{{"code": "{code}", "message": "{message}"}}]}}"#);
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A token server's answer, with a JSON Web Token that grants `actions` on `team/app`.
pub fn token_for(actions: &str) -> Response {
    let access = match actions {
        "" => String::new(),
        actions => {
            format!(r#"{{"type": "repository", "name": "team/app", "actions": [{actions}]}}"#)
        }
    };
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"access": [{access}]}}"#));
    format!(r#"{{"token": "e30.{claims}.c2ln"}}"#).into_response()
}

pub fn upload_opened() -> Response {
    let location = [(header::LOCATION, "/v2/team/app/blobs/uploads/1")];
    (StatusCode::ACCEPTED, location).into_response()
}

/// What a registry that allows everything answers.
pub fn allowed(asked: &Asked) -> Response {
    match asked.method.as_str() {
        "POST" => upload_opened(),
        "DELETE" => StatusCode::NO_CONTENT.into_response(),
        _ => r#"{"tags": ["v1"]}"#.into_response(),
    }
}
