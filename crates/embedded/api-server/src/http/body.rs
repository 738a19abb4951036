//! Request bodies: bounded, and decoded by their content type.

use bytes::Bytes;
use http::HeaderMap;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use serde_json::Value;

use crate::protobuf::ProtobufError;
use crate::status::ApiError;

/// Largest accepted body in bytes, as etcd's default request limit (1.5 MiB) makes it for a real API server.
pub(crate) const MAXIMUM_BODY_BYTES: usize = 3 * 512 * 1024;

/// Media type of Kubernetes' protobuf encoding.
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// Reads a whole body.
pub(crate) async fn read(body: Incoming) -> Result<Bytes, ApiError> {
    match Limited::new(body, MAXIMUM_BODY_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(ApiError::too_large(MAXIMUM_BODY_BYTES))
        }
        Err(error) => Err(ApiError::bad_request(format!(
            "the body of the request could not be read: {error}"
        ))),
    }
}

/// The media type of a body without its parameters; JSON when none is given.
pub(crate) fn media_type(headers: &HeaderMap) -> &str {
    headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map_or("application/json", str::trim)
}

/// Decodes an object that came as JSON, YAML or, for some kinds, protobuf.
pub(crate) fn decode(media_type: &str, body: &[u8]) -> Result<Value, ApiError> {
    match media_type {
        "application/json" => json(body),
        "application/yaml" => yaml(body),
        PROTOBUF => crate::protobuf::decode(body).map_err(|error| match error {
            ProtobufError::Malformed => ApiError::bad_request(error.to_string()),
            ProtobufError::Kind { .. } | ProtobufError::Field { .. } => {
                ApiError::unsupported_media_type(error.to_string())
            }
        }),
        other => Err(ApiError::unsupported_media_type(format!(
            "the body of the request was in an unknown format - accepted media types include: application/json, application/yaml (got {other})"
        ))),
    }
}

/// Decodes JSON.
pub(crate) fn json(body: &[u8]) -> Result<Value, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        ApiError::bad_request(format!("the body of the request is not JSON: {error}"))
    })
}

/// Decodes one YAML document; JSON is YAML.
pub(crate) fn yaml(body: &[u8]) -> Result<Value, ApiError> {
    if let Ok(value) = serde_json::from_slice(body) {
        return Ok(value);
    }
    let text = std::str::from_utf8(body)
        .map_err(|_| ApiError::bad_request("the body of the request is not UTF-8"))?;
    serde_saphyr::from_str(text).map_err(|error| {
        ApiError::bad_request(format!("the body of the request is not YAML: {error}"))
    })
}
