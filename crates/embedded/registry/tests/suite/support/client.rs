//! Requests to a registry: in this process, or over a real connection.

use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use registry::storage::Storage;
use registry::{Digest, Options, Registry};
use serde_json::Value;
use tower::ServiceExt as _;

use super::server::Server;

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header that must be there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no header {name} in {self:?}"))
            .to_str()
            .unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    /// An error in the form of the specification, with this status and code.
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        let error = &self.json()["errors"][0];
        assert_eq!(error["code"], code, "{self:?}");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
        self
    }
}

pub struct Client(Way);

/// How requests reach the registry.
enum Way {
    /// As calls of the service: nothing is serialised, so what is tested is the registry alone.
    Call(axum::Router),
    /// Over TLS and the HTTP version that was asked for.
    Connection {
        server: Server,
        client: reqwest::Client,
        version: http::Version,
    },
}

impl Client {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self::with(storage, Options::default())
    }

    pub fn with(storage: Arc<dyn Storage>, options: Options) -> Self {
        Self(Way::Call(Registry::new(storage, options).router()))
    }

    /// Starts a server, which ends with the test.
    pub async fn connected(
        storage: Arc<dyn Storage>,
        options: Options,
        version: http::Version,
    ) -> Self {
        let server = Server::start_with(storage, options).await;
        let client = server.client_with(|builder| match version {
            http::Version::HTTP_11 => builder.http1_only(),
            _ => builder,
        });
        Self(Way::Connection {
            server,
            client,
            version,
        })
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        match &self.0 {
            Way::Call(router) => {
                let mut request = Request::builder().method(method).uri(path);
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                let request = request.body(body.into()).unwrap();
                let response = router.clone().oneshot(request).await.unwrap();
                let (parts, body) = response.into_parts();
                Answer {
                    status: parts.status,
                    headers: parts.headers,
                    body: body.collect().await.unwrap().to_bytes(),
                }
            }
            Way::Connection {
                server,
                client,
                version,
            } => {
                let mut request = client.request(method, server.url(path));
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                let request = request.body(over_the_network(body.into()).await);
                let response = request.send().await.unwrap();
                assert_eq!(response.version(), *version);
                Answer {
                    status: response.status(),
                    headers: response.headers().clone(),
                    body: response.bytes().await.unwrap(),
                }
            }
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub async fn head(&self, path: &str) -> Answer {
        self.send(Method::HEAD, path, &[], Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], Body::empty()).await
    }

    pub async fn post(&self, path: &str) -> Answer {
        self.send(Method::POST, path, &[], Body::empty()).await
    }

    /// Sends bytes with the headers that the specification wants for them.
    pub async fn upload(
        &self,
        method: Method,
        path: &str,
        range: Option<(usize, usize)>,
        bytes: &[u8],
    ) -> Answer {
        let length = bytes.len().to_string();
        let range = range.map(|(first, last)| format!("{first}-{last}"));
        let mut headers = vec![
            ("content-type", "application/octet-stream"),
            ("content-length", length.as_str()),
        ];
        headers.extend(range.as_deref().map(|range| ("content-range", range)));
        self.send(method, path, &headers, bytes.to_vec()).await
    }

    /// Opens an upload and returns its location.
    pub async fn open_upload(&self, repository: &str) -> String {
        let answer = self
            .post(&format!("/v2/{repository}/blobs/uploads/"))
            .await
            .expect(202);
        answer.header("location").to_owned()
    }

    pub async fn push_blob(&self, repository: &str, digest: &Digest, bytes: &[u8]) -> Answer {
        let location = self.open_upload(repository).await;
        self.upload(
            Method::PUT,
            &format!("{location}?digest={digest}"),
            None,
            bytes,
        )
        .await
    }

    pub async fn push_manifest(&self, path: &str, media_type: &str, bytes: &[u8]) -> Answer {
        self.send(
            Method::PUT,
            path,
            &[("content-type", media_type)],
            bytes.to_vec(),
        )
        .await
    }
}

/// Bytes travel with their length, a stream without.
async fn over_the_network(body: Body) -> reqwest::Body {
    match body.size_hint().exact() {
        Some(_) => body.collect().await.unwrap().to_bytes().into(),
        None => reqwest::Body::wrap_stream(body.into_data_stream()),
    }
}
