//! `/v2/<name>/blobs/<digest>`: pulling, checking and deleting blobs.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::path::Target;
use super::range::{Requested, requested};
use super::respond::{self, CONTENT_DIGEST};
use crate::digest::Digest;
use crate::error::{ApiError, ErrorCode};
use crate::registry::Registry;

pub(crate) async fn get(
    registry: &Registry,
    blob: &Target<Digest>,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let reader = registry
        .storage
        .open_blob(&blob.repository, &blob.name)
        .await?
        .ok_or_else(|| unknown(blob))?;
    let size = reader.size();
    let (status, part) = match requested(headers.get(header::RANGE), size) {
        Requested::Whole => (StatusCode::OK, 0..size),
        Requested::Part(part) => (StatusCode::PARTIAL_CONTENT, part),
        Requested::Unsatisfiable => return Err(unsatisfiable(size)),
    };
    let mut response = described(blob, part.end - part.start);
    if status == StatusCode::PARTIAL_CONTENT {
        let content_range = format!("bytes {}-{}/{size}", part.start, part.end - 1);
        respond::set(&mut response, header::CONTENT_RANGE, &content_range);
    }
    *response.status_mut() = status;
    *response.body_mut() = Body::from_stream(reader.stream(part));
    Ok(response)
}

pub(crate) async fn head(registry: &Registry, blob: &Target<Digest>) -> Result<Response, ApiError> {
    let size = registry
        .storage
        .blob_size(&blob.repository, &blob.name)
        .await?
        .ok_or_else(|| unknown(blob))?;
    Ok(described(blob, size))
}

pub(crate) async fn delete(
    registry: &Registry,
    blob: &Target<Digest>,
) -> Result<Response, ApiError> {
    if registry
        .storage
        .delete_blob(&blob.repository, &blob.name)
        .await?
    {
        Ok(respond::empty(StatusCode::ACCEPTED))
    } else {
        Err(unknown(blob))
    }
}

fn described(blob: &Target<Digest>, length: u64) -> Response {
    let mut response = respond::empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, length.into());
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    respond::set(&mut response, CONTENT_DIGEST, blob.name.as_str());
    respond::set(&mut response, header::ETAG, &format!("\"{}\"", blob.name));
    response
}

fn unsatisfiable(size: u64) -> ApiError {
    let message = format!("the blob has {size} bytes, and the requested range has none of them");
    ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        ErrorCode::SizeInvalid,
        message,
    )
    .with_header(
        header::CONTENT_RANGE,
        HeaderValue::from_str(&format!("bytes */{size}")).ok(),
    )
}

fn unknown(blob: &Target<Digest>) -> ApiError {
    ApiError::not_found(
        ErrorCode::BlobUnknown,
        format!("repository {} has no blob {}", blob.repository, blob.name),
    )
}
