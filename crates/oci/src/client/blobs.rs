//! Blobs: fetch and look.

use std::path::Path;

use bytes::{Bytes, BytesMut};
use reqwest::{Method, StatusCode};
use tokio::io::AsyncWriteExt;

use super::blob_stream::{AskedBlob, BlobSize};
use super::request::{Access, Call};
use super::{BlobStream, Client};
use crate::{ContentError, Descriptor, Digest, Error, ImageReference};

impl Client {
    /// Starts fetching a blob of `repository` (tag and digest of the reference do not matter).
    ///
    /// # Errors
    /// [`ContentError::MissingBlob`], and what a request can end with. Content errors come while reading.
    pub async fn blob(
        &self,
        repository: &ImageReference,
        descriptor: &Descriptor,
    ) -> Result<BlobStream, Error> {
        let size = BlobSize::Exactly(descriptor.size);
        self.open_blob(repository, &descriptor.digest, size).await
    }

    /// Starts fetching a blob whose size nobody told, by its digest alone: what a Konflux trusted artifact is named by. It may have
    /// `most` bytes; how many it has, and that they hash to the digest, is known when the stream has ended without an error.
    ///
    /// # Errors
    /// Those of [`blob`](Self::blob); while reading, [`ContentError::TooLarge`] instead of [`ContentError::SizeMismatch`].
    pub async fn blob_of_unknown_size(
        &self,
        repository: &ImageReference,
        digest: &Digest,
        most: u64,
    ) -> Result<BlobStream, Error> {
        let size = BlobSize::AtMost(most);
        self.open_blob(repository, digest, size).await
    }

    async fn open_blob(
        &self,
        repository: &ImageReference,
        digest: &Digest,
        size: BlobSize,
    ) -> Result<BlobStream, Error> {
        let name = repository.name();
        let object = format!("blob {digest} of {name}");
        let call = Call::new(Access::Pull, repository, format!("fetch {object}"));
        let url = self.url(&call, &format!("blobs/{digest}"))?;
        let response = self
            .send(&call, Method::GET, &url, |request| request)
            .await?;
        match response.status() {
            StatusCode::OK => {
                let asked = AskedBlob {
                    action: call.action,
                    address: self.address(repository).to_owned(),
                    object,
                    digest: digest.clone(),
                    size,
                };
                Ok(BlobStream::new(response, asked))
            }
            StatusCode::NOT_FOUND => Err(ContentError::MissingBlob {
                repository: name,
                digest: digest.clone(),
            }
            .into()),
            _ => Err(self.unexpected(&call, response).await),
        }
    }

    /// Fetches a small blob, a configuration for example, into memory.
    ///
    /// # Errors
    /// Those of [`blob`](Self::blob) and of reading it, and [`ContentError::SizeMismatch`] when it is larger than `largest` bytes.
    pub async fn blob_bytes(
        &self,
        repository: &ImageReference,
        descriptor: &Descriptor,
        largest: u64,
    ) -> Result<Bytes, Error> {
        if descriptor.size > largest {
            return Err(ContentError::SizeMismatch {
                object: format!("blob {} of {}", descriptor.digest, repository.name()),
                expected: largest,
                actual: descriptor.size,
            }
            .into());
        }
        let fetch = || async {
            let mut blob = self.blob(repository, descriptor).await?;
            let mut bytes = BytesMut::new();
            while let Some(chunk) = blob.chunk().await? {
                bytes.extend_from_slice(&chunk);
            }
            Ok(bytes.freeze())
        };
        self.retrying(fetch).await
    }

    /// Fetches a blob into a new file. After an error the file's content is undefined.
    ///
    /// # Errors
    /// Those of [`blob`](Self::blob) and of reading it, and [`Error::File`].
    pub async fn blob_to_file(
        &self,
        repository: &ImageReference,
        descriptor: &Descriptor,
        path: &Path,
    ) -> Result<(), Error> {
        let write_error = |error: std::io::Error| Error::file("write", path, &error);
        let fetch = || async {
            let mut blob = self.blob(repository, descriptor).await?;
            let mut file = tokio::fs::File::create(path).await.map_err(write_error)?;
            while let Some(chunk) = blob.chunk().await? {
                file.write_all(&chunk).await.map_err(write_error)?;
            }
            file.flush().await.map_err(write_error)
        };
        self.retrying(fetch).await
    }

    /// Whether the registry says that it has a blob. No proof of its content.
    ///
    /// # Errors
    /// What a request can end with.
    pub async fn has_blob(
        &self,
        repository: &ImageReference,
        digest: &Digest,
    ) -> Result<bool, Error> {
        let action = format!("look for blob {digest} in {}", repository.name());
        // Asked before pushes, so with the right to push: one token serves both.
        let call = Call::new(Access::Push, repository, action);
        let look = || async {
            let url = self.url(&call, &format!("blobs/{digest}"))?;
            let response = self
                .send(&call, Method::HEAD, &url, |request| request)
                .await?;
            match response.status() {
                StatusCode::OK => Ok(true),
                StatusCode::NOT_FOUND => Ok(false),
                _ => Err(self.unexpected(&call, response).await),
            }
        };
        self.retrying(look).await
    }
}
