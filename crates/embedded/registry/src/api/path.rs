//! Request paths. Repository names contain slashes, so a path is read from its end.

use http::StatusCode;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::digest::Digest;
use crate::error::{ApiError, ErrorCode};
use crate::name::{Reference, RepositoryName};

/// Something in a repository that a path names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<T> {
    pub(crate) repository: RepositoryName,
    pub(crate) name: T,
}

/// An endpoint of the specification.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/v2/`
    Base,
    /// `/v2/_catalog`
    Catalog,
    /// `/v2/<name>/blobs/<digest>`
    Blob(Target<Digest>),
    /// `/v2/<name>/blobs/uploads/`
    Uploads(RepositoryName),
    /// `/v2/<name>/blobs/uploads/<id>`
    Upload(Target<Uuid>),
    /// `/v2/<name>/manifests/<tag-or-digest>`
    Manifest(Target<Reference>),
    /// `/v2/<name>/tags/list`
    Tags(RepositoryName),
    /// `/v2/<name>/referrers/<digest>`
    Referrers(Target<Digest>),
}

impl Route {
    /// The repository it belongs to.
    pub(crate) fn repository(&self) -> Option<&RepositoryName> {
        match self {
            Self::Base | Self::Catalog => None,
            Self::Uploads(repository) | Self::Tags(repository) => Some(repository),
            Self::Blob(Target { repository, .. }) | Self::Referrers(Target { repository, .. }) => {
                Some(repository)
            }
            Self::Upload(Target { repository, .. }) => Some(repository),
            Self::Manifest(Target { repository, .. }) => Some(repository),
        }
    }

    /// The methods it answers to, as in the `Allow` header.
    pub(crate) fn methods(&self) -> &'static str {
        match self {
            Self::Base | Self::Catalog | Self::Tags(_) | Self::Referrers(_) => "GET, HEAD",
            Self::Blob(_) => "GET, HEAD, DELETE",
            Self::Uploads(_) => "POST",
            Self::Upload(_) => "GET, HEAD, PATCH, PUT, DELETE",
            Self::Manifest(_) => "GET, HEAD, PUT, DELETE",
        }
    }
}

pub(crate) fn parse(path: &str) -> Result<Route, ApiError> {
    // Decoded first and parsed strictly after, so that an encoded slash or dot is the same as a plain one.
    let path = percent_decode_str(path).decode_utf8().map_err(|_| {
        ApiError::bad_request(
            ErrorCode::NameInvalid,
            "the path is not UTF-8 once its percent-encoding is resolved",
        )
    })?;
    let no_endpoint = || {
        let message = format!(
            "{path:?} is no endpoint of the distribution specification; its endpoints begin with /v2/"
        );
        ApiError::new(StatusCode::NOT_FOUND, ErrorCode::Unsupported, message)
    };
    if path == "/v2" || path == "/v2/" {
        return Ok(Route::Base);
    }
    // No repository name begins with an underscore.
    if path == "/v2/_catalog" {
        return Ok(Route::Catalog);
    }
    let segments: Vec<&str> = path
        .strip_prefix("/v2/")
        .ok_or_else(no_endpoint)?
        .split('/')
        .collect();
    let name = |components: &[&str]| components.join("/").parse::<RepositoryName>();
    match segments.as_slice() {
        [repository @ .., "tags", "list"] => Ok(Route::Tags(name(repository)?)),
        [repository @ .., "blobs", "uploads"] | [repository @ .., "blobs", "uploads", ""] => {
            Ok(Route::Uploads(name(repository)?))
        }
        [repository @ .., "manifests", reference] => Ok(Route::Manifest(Target {
            repository: name(repository)?,
            name: reference.parse::<Reference>()?,
        })),
        [repository @ .., "referrers", digest] => Ok(Route::Referrers(Target {
            repository: name(repository)?,
            name: digest.parse()?,
        })),
        [repository @ .., "blobs", "uploads", id] => Ok(Route::Upload(Target {
            repository: name(repository)?,
            name: id.parse().map_err(|_| {
                ApiError::not_found(
                    ErrorCode::BlobUploadUnknown,
                    format!("there is no upload {id:?}"),
                )
            })?,
        })),
        [repository @ .., "blobs", digest] => Ok(Route::Blob(Target {
            repository: name(repository)?,
            name: digest.parse()?,
        })),
        _ => Err(no_endpoint()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(repository: &str, reference: &str) -> Route {
        Route::Manifest(Target {
            repository: repository.parse().unwrap(),
            name: reference.parse().unwrap(),
        })
    }

    #[test]
    fn names_may_contain_the_words_of_the_endpoints() {
        assert_eq!(
            parse("/v2/a/manifests/manifests/latest").unwrap(),
            manifest("a/manifests", "latest")
        );
        assert_eq!(
            parse("/v2/a/blobs/uploads/manifests/v1").unwrap(),
            manifest("a/blobs/uploads", "v1")
        );
        assert_eq!(
            parse("/v2/tags/list/tags/list").unwrap(),
            Route::Tags("tags/list".parse().unwrap())
        );
    }

    #[test]
    fn an_encoded_path_means_what_the_plain_one_means() {
        assert_eq!(
            parse("/v2/a%2Fb/manifests/v1").unwrap(),
            manifest("a/b", "v1")
        );
        for path in [
            "/v2/..%2f..%2fetc/manifests/v1",
            "/v2/%2e%2e/manifests/v1",
            "/v2//manifests/v1",
            "/v2/a/manifests/..",
            "/v3/",
        ] {
            assert!(parse(path).is_err(), "{path}");
        }
    }
}
