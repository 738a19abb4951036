//! `/v2/<name>/blobs/uploads/`: pushing blobs, at once or in chunks, and mounting them from another repository.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::MutexGuard;
use uuid::Uuid;

use super::path::Target;
use super::query::Query;
use super::{range, respond};
use crate::access::{Caller, Right};
use crate::digest::{Algorithm, Digest};
use crate::error::{ApiError, ErrorCode};
use crate::name::RepositoryName;
use crate::registry::Registry;
use crate::upload::{Announced, Session, TooManyUploads, Upload, UploadError};

const UPLOAD_ID: HeaderName = HeaderName::from_static("docker-upload-uuid");

/// `POST`: mounts a blob, receives a whole one, or opens an upload.
pub(crate) async fn begin(
    registry: &Registry,
    caller: &Caller,
    repository: &RepositoryName,
    request: Request,
) -> Result<Response, ApiError> {
    let query = Query::of(request.uri());
    if let Some(digest) = query.get("mount") {
        let digest = digest.parse()?;
        let source = query.get("from").map(str::parse).transpose()?;
        if mount(registry, caller, source, repository, &digest).await? {
            return Ok(created(repository, &digest));
        }
    } else if let Some(digest) = query.get("digest") {
        return monolithic(registry, repository, digest.parse()?, request).await;
    }
    let algorithm = query
        .get("digest-algorithm")
        .map_or(Ok(Algorithm::Sha256), str::parse)?;
    let upload = Upload::begin(registry.storage.as_ref(), algorithm).await?;
    let session = registry.sessions.insert(repository.clone(), upload)?;
    Ok(progress(StatusCode::ACCEPTED, &session, 0))
}

async fn mount(
    registry: &Registry,
    caller: &Caller,
    source: Option<RepositoryName>,
    target: &RepositoryName,
    digest: &Digest,
) -> Result<bool, ApiError> {
    let sources = match source {
        Some(source) => vec![source],
        None => registry.storage.blob_holders(digest).await?,
    };
    // What the caller may not pull is, for the caller, not there.
    for source in sources
        .into_iter()
        .filter(|source| caller.may(Right::Pull, source))
    {
        if registry.storage.mount_blob(&source, target, digest).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn monolithic(
    registry: &Registry,
    repository: &RepositoryName,
    digest: Digest,
    request: Request,
) -> Result<Response, ApiError> {
    let announced = Announced {
        length: content_length(request.headers())?,
        range: None,
    };
    let _place = registry.sessions.place()?;
    let mut upload = Upload::begin(registry.storage.as_ref(), digest.algorithm()).await?;
    upload
        .append(request.into_body(), &announced, registry.options.idle_limit)
        .await?;
    upload.finish(repository, &digest).await?;
    Ok(created(repository, &digest))
}

/// `PATCH`: appends a chunk, or everything when there is no `Content-Range`.
pub(crate) async fn append(
    registry: &Registry,
    target: &Target<Uuid>,
    request: Request,
) -> Result<Response, ApiError> {
    let session = find(registry, target)?;
    let announced = announced(request.headers())?;
    let mut slot = session.upload.lock().await;
    let upload = receive(
        registry,
        &session,
        &mut slot,
        request.into_body(),
        &announced,
    )
    .await?;
    let response = progress(StatusCode::ACCEPTED, &session, upload.received());
    *slot = Some(upload);
    Ok(response)
}

/// `PUT`: appends what the body still has and stores the blob.
pub(crate) async fn finish(
    registry: &Registry,
    target: &Target<Uuid>,
    request: Request,
) -> Result<Response, ApiError> {
    let session = find(registry, target)?;
    let digest: Digest = Query::of(request.uri())
        .get("digest")
        .ok_or_else(|| {
            ApiError::bad_request(
                ErrorCode::DigestInvalid,
                "the query parameter digest is missing",
            )
        })?
        .parse()?;
    let announced = announced(request.headers())?;
    let mut slot = session.upload.lock().await;
    let upload = receive(
        registry,
        &session,
        &mut slot,
        request.into_body(),
        &announced,
    )
    .await?;
    registry.sessions.remove(session.id);
    upload.finish(&session.repository, &digest).await?;
    Ok(created(&session.repository, &digest))
}

/// Takes the upload out of its session and appends a body. Puts it back only after an error that can be mended.
async fn receive(
    registry: &Registry,
    session: &Session,
    slot: &mut MutexGuard<'_, Option<Upload>>,
    body: Body,
    announced: &Announced,
) -> Result<Upload, ApiError> {
    let mut upload = slot.take().ok_or_else(|| unknown(session.id))?;
    let result = upload
        .append(body, announced, registry.options.idle_limit)
        .await;
    session.touch();
    let Err(error) = result else {
        return Ok(upload);
    };
    if error.can_resume() {
        let received = upload.received();
        **slot = Some(upload);
        let error = ApiError::from(error);
        return Err(error
            .with_header(
                header::LOCATION,
                HeaderValue::from_str(&location(session)).ok(),
            )
            .with_header(
                header::RANGE,
                HeaderValue::from_str(&received_range(received)).ok(),
            ));
    }
    registry.sessions.remove(session.id);
    Err(error.into())
}

/// `GET`: how much has arrived.
pub(crate) async fn status(
    registry: &Registry,
    target: &Target<Uuid>,
) -> Result<Response, ApiError> {
    let session = find(registry, target)?;
    let slot = session.upload.lock().await;
    let upload = slot.as_ref().ok_or_else(|| unknown(session.id))?;
    Ok(progress(
        StatusCode::NO_CONTENT,
        &session,
        upload.received(),
    ))
}

/// `DELETE`: gives an upload up.
pub(crate) fn cancel(registry: &Registry, target: &Target<Uuid>) -> Result<Response, ApiError> {
    let session = find(registry, target)?;
    registry.sessions.remove(session.id);
    Ok(respond::empty(StatusCode::NO_CONTENT))
}

fn find(registry: &Registry, target: &Target<Uuid>) -> Result<std::sync::Arc<Session>, ApiError> {
    registry
        .sessions
        .find(&target.repository, target.name)
        .ok_or_else(|| unknown(target.name))
}

fn unknown(id: Uuid) -> ApiError {
    ApiError::not_found(
        ErrorCode::BlobUploadUnknown,
        format!("there is no upload {id} here: it was finished, cancelled or idle for too long"),
    )
}

fn announced(headers: &HeaderMap) -> Result<Announced, ApiError> {
    let range = headers.get(header::CONTENT_RANGE).map(|value| {
        range::chunk(value).ok_or_else(|| {
            ApiError::bad_request(
                ErrorCode::BlobUploadInvalid,
                "Content-Range of a chunk is <first byte>-<last byte>, for example 0-1023",
            )
        })
    });
    Ok(Announced {
        range: range.transpose()?,
        length: content_length(headers)?,
    })
}

fn content_length(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let invalid =
        || ApiError::bad_request(ErrorCode::SizeInvalid, "Content-Length is not a number");
    headers
        .get(header::CONTENT_LENGTH)
        .map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|text| text.parse().ok())
                .ok_or_else(invalid)
        })
        .transpose()
}

fn location(session: &Session) -> String {
    format!("/v2/{}/blobs/uploads/{}", session.repository, session.id)
}

fn received_range(received: u64) -> String {
    // There is no way to write an empty range; 0-0 is what clients of the Docker registry protocol expect.
    format!("0-{}", received.saturating_sub(1))
}

fn progress(status: StatusCode, session: &Session, received: u64) -> Response {
    let mut response = respond::empty(status);
    respond::set(&mut response, header::LOCATION, &location(session));
    respond::set(&mut response, header::RANGE, &received_range(received));
    respond::set(&mut response, UPLOAD_ID, &session.id.to_string());
    response
}

fn created(repository: &RepositoryName, digest: &Digest) -> Response {
    respond::created(&format!("/v2/{repository}/blobs/{digest}"), digest)
}

impl From<TooManyUploads> for ApiError {
    fn from(error: TooManyUploads) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooManyRequests,
            error.to_string(),
        )
    }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        let (status, code) = match &error {
            UploadError::OutOfOrder { .. } => (
                StatusCode::RANGE_NOT_SATISFIABLE,
                ErrorCode::BlobUploadInvalid,
            ),
            UploadError::Length { .. } => (StatusCode::BAD_REQUEST, ErrorCode::SizeInvalid),
            UploadError::DigestMismatch { .. } => {
                (StatusCode::BAD_REQUEST, ErrorCode::DigestInvalid)
            }
            UploadError::Stalled(_) => (StatusCode::REQUEST_TIMEOUT, ErrorCode::BlobUploadInvalid),
            UploadError::Body(_) => (StatusCode::BAD_REQUEST, ErrorCode::BlobUploadInvalid),
            UploadError::Storage(_) => (StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Unknown),
        };
        match error {
            UploadError::Storage(error) => error.into(),
            error => Self::new(status, code, error.to_string()),
        }
    }
}
