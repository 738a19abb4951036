//! `/v2/<name>/manifests/<tag-or-digest>`: pulling, pushing and deleting manifests and tags.

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderName, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::path::Target;
use super::query::Query;
use super::respond::{self, CONTENT_DIGEST};
use crate::digest::Algorithm;
use crate::error::{ApiError, ErrorCode};
use crate::manifest::{Manifest, ManifestError};
use crate::name::{Reference, RepositoryName, Tag};
use crate::registry::Registry;
use crate::storage::{ManifestInfo, NewManifest};
use crate::verify::VerifiedDigest;

const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");

pub(crate) async fn get(
    registry: &Registry,
    manifest: &Target<Reference>,
) -> Result<Response, ApiError> {
    let found = registry
        .storage
        .manifest(&manifest.repository, &manifest.name)
        .await?;
    let Some((info, bytes)) = found else {
        return Err(unknown(registry, manifest).await?);
    };
    let mut response = described(&info);
    *response.body_mut() = Body::from(bytes);
    Ok(response)
}

pub(crate) async fn head(
    registry: &Registry,
    manifest: &Target<Reference>,
) -> Result<Response, ApiError> {
    match registry
        .storage
        .manifest_info(&manifest.repository, &manifest.name)
        .await?
    {
        Some(info) => Ok(described(&info)),
        None => Err(unknown(registry, manifest).await?),
    }
}

pub(crate) async fn delete(
    registry: &Registry,
    manifest: &Target<Reference>,
) -> Result<Response, ApiError> {
    let deleted = match &manifest.name {
        Reference::Tag(tag) => {
            registry
                .storage
                .delete_tag(&manifest.repository, tag)
                .await?
        }
        Reference::Digest(digest) => {
            registry
                .storage
                .delete_manifest(&manifest.repository, digest)
                .await?
        }
    };
    if deleted {
        Ok(respond::empty(StatusCode::ACCEPTED))
    } else {
        Err(unknown(registry, manifest).await?)
    }
}

pub(crate) async fn put(
    registry: &Registry,
    target: &Target<Reference>,
    request: Request,
) -> Result<Response, ApiError> {
    let repository = &target.repository;
    let mut tags = Query::of(request.uri())
        .all("tag")
        .map(str::parse::<Tag>)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ApiError::bad_request(ErrorCode::ManifestInvalid, error.to_string()))?;
    let content_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    let bytes = receive(registry, request).await?;
    let digest = match &target.name {
        Reference::Tag(tag) => {
            tags.push(tag.clone());
            VerifiedDigest::of(Algorithm::Sha256, &bytes)
        }
        Reference::Digest(promised) => {
            let digest = VerifiedDigest::of(promised.algorithm(), &bytes);
            if digest.digest() != promised {
                let message = format!(
                    "the manifest received has the digest {}, not {promised}; nothing was stored",
                    digest.digest()
                );
                return Err(ApiError::bad_request(ErrorCode::DigestInvalid, message));
            }
            digest
        }
    };
    let manifest = Manifest::parse(content_type.as_deref(), &bytes)?;
    check_references(registry, repository, &manifest).await?;
    let (created, subject) = (digest.digest().clone(), manifest.subject.clone());
    let Manifest {
        media_type,
        subject: referred,
        artifact_type,
        annotations,
        ..
    } = manifest;
    let new = NewManifest {
        digest,
        bytes,
        media_type,
        subject: referred,
        artifact_type,
        annotations,
    };
    registry
        .storage
        .put_manifest(repository, new, &tags)
        .await?;

    let mut response = respond::created(
        &format!("/v2/{repository}/manifests/{}", target.name),
        &created,
    );
    if let Some(subject) = subject {
        respond::set(&mut response, OCI_SUBJECT, subject.as_str());
    }
    if matches!(target.name, Reference::Digest(_)) && !tags.is_empty() {
        respond::set(
            &mut response,
            OCI_TAG,
            &tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(", "),
        );
    }
    Ok(response)
}

async fn receive(registry: &Registry, request: Request) -> Result<Bytes, ApiError> {
    let limit = registry.options.manifest_size_limit;
    let body = Limited::new(request.into_body(), limit).collect();
    let collected = tokio::time::timeout(registry.options.idle_limit, body)
        .await
        .map_err(|_| {
            ApiError::new(
                StatusCode::REQUEST_TIMEOUT,
                ErrorCode::ManifestInvalid,
                "the manifest did not arrive in time",
            )
        })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("a manifest has at most {limit} bytes here");
            Err(ApiError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                ErrorCode::SizeInvalid,
                message,
            ))
        }
        Err(error) => Err(ApiError::bad_request(
            ErrorCode::ManifestInvalid,
            format!("the request body ended early: {error}"),
        )),
    }
}

/// Refuses a manifest whose parts are not in the repository. The subject may be absent, as the specification demands.
async fn check_references(
    registry: &Registry,
    repository: &RepositoryName,
    manifest: &Manifest,
) -> Result<(), ApiError> {
    let mut missing = Vec::new();
    for blob in &manifest.blobs {
        match registry.storage.blob_size(repository, &blob.digest).await? {
            None => missing.push(&blob.digest),
            Some(size) if size != blob.size => {
                let message = format!(
                    "the manifest says that blob {} has {} bytes, but it has {size}",
                    blob.digest, blob.size
                );
                return Err(ApiError::bad_request(ErrorCode::ManifestInvalid, message));
            }
            Some(_) => {}
        }
    }
    for child in &manifest.manifests {
        let reference = Reference::Digest(child.digest.clone());
        if registry
            .storage
            .manifest_info(repository, &reference)
            .await?
            .is_none()
        {
            missing.push(&child.digest);
        }
    }
    if missing.is_empty() || registry.options.sparse_manifests {
        return Ok(());
    }
    let message =
        format!("repository {repository} lacks content that the manifest refers to; push it first");
    Err(ApiError::not_found(ErrorCode::ManifestBlobUnknown, message)
        .with_detail(serde_json::json!({ "missing": missing })))
}

fn described(info: &ManifestInfo) -> Response {
    let mut response = respond::empty(StatusCode::OK);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, info.size.into());
    respond::set(&mut response, header::CONTENT_TYPE, &info.media_type);
    respond::set(&mut response, CONTENT_DIGEST, info.digest.as_str());
    respond::set(&mut response, header::ETAG, &format!("\"{}\"", info.digest));
    response
}

async fn unknown(registry: &Registry, manifest: &Target<Reference>) -> Result<ApiError, ApiError> {
    let repository = &manifest.repository;
    Ok(if registry.storage.repository_exists(repository).await? {
        let message = format!("repository {repository} has no manifest {}", manifest.name);
        ApiError::not_found(ErrorCode::ManifestUnknown, message)
    } else {
        ApiError::not_found(
            ErrorCode::NameUnknown,
            format!("there is no repository {repository}"),
        )
    })
}

impl From<ManifestError> for ApiError {
    fn from(error: ManifestError) -> Self {
        Self::bad_request(ErrorCode::ManifestInvalid, error.to_string())
    }
}
