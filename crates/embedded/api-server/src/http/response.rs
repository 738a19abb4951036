//! Answers.

use std::convert::Infallible;

use bytes::Bytes;
use futures::Stream;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use serde_json::Value;

use crate::status::ApiError;

/// The body of every answer.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// An answer with a body that is already encoded.
pub(crate) fn bytes(
    code: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Body> {
    with_body(code, content_type, Full::new(body.into()).boxed_unsync())
}

/// A JSON answer.
pub(crate) fn json(code: StatusCode, value: &Value) -> Response<Body> {
    // A `Value` has only string keys, so that encoding it cannot fail.
    bytes(
        code,
        "application/json",
        serde_json::to_vec(value).unwrap_or_default(),
    )
}

/// An error as a `Status`.
pub(crate) fn error(error: &ApiError) -> Response<Body> {
    json(error.code, &error.to_status())
}

/// An answer whose body arrives over time.
pub(crate) fn stream(
    content_type: &'static str,
    chunks: impl Stream<Item = Bytes> + Send + 'static,
) -> Response<Body> {
    use futures::StreamExt as _;
    let frames = chunks.map(|chunk| Ok(Frame::data(chunk)));
    with_body(
        StatusCode::OK,
        content_type,
        StreamBody::new(frames).boxed_unsync(),
    )
}

fn with_body(code: StatusCode, content_type: &'static str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = code;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// Adds a warning that `kubectl` prints (RFC 7234, code 299).
pub(crate) fn add_warning(response: &mut Response<Body>, warning: &str) {
    let printable: String = warning
        .chars()
        .filter(|character| !character.is_control())
        .collect();
    let text = format!("299 - {}", Value::from(printable));
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(http::header::WARNING, value);
    }
}
