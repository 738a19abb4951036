//! Blobs: push (distribution specification, "Pushing blobs": POST then PUT, or mount).

use std::path::PathBuf;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use reqwest::{Body, Method, Response, StatusCode, Url};
use tokio_util::io::ReaderStream;

use super::Client;
use super::request::{Access, Call};
use crate::{Descriptor, Error, ImageReference};

/// Piece in which files are read, in bytes.
const PIECE: usize = 128 * 1024;

/// A blob to be pushed.
pub(crate) struct BlobUpload<'a> {
    pub(crate) descriptor: &'a Descriptor,
    pub(crate) content: BlobContent<'a>,
}

/// Where the bytes of a blob come from. Each can be opened again for another try.
pub(crate) enum BlobContent<'a> {
    File(PathBuf),
    Registry(&'a Client, &'a ImageReference),
}

impl BlobContent<'_> {
    async fn open(&self, descriptor: &Descriptor) -> Result<Body, Error> {
        match self {
            Self::File(path) => {
                let file = tokio::fs::File::open(path).await;
                let file = file.map_err(|error| Error::file("read", path, &error))?;
                Ok(Body::wrap_stream(ReaderStream::with_capacity(file, PIECE)))
            }
            Self::Registry(client, repository) => {
                let blob = client.blob(repository, descriptor).await?;
                Ok(Body::wrap_stream(blob.into_stream()))
            }
        }
    }

    /// The repository to mount from: another one of the same registry.
    fn mountable(&self, destination: &ImageReference) -> Option<&str> {
        match self {
            Self::Registry(_, source)
                if source.registry() == destination.registry()
                    && source.repository() != destination.repository() =>
            {
                Some(source.repository())
            }
            _ => None,
        }
    }
}

impl Client {
    /// Makes sure that `repository` has a blob: it is there already, is mounted, or is streamed. Never held in memory as a whole.
    pub(crate) async fn push_blob(
        &self,
        repository: &ImageReference,
        blob: &BlobUpload<'_>,
    ) -> Result<(), Error> {
        if self.has_blob(repository, &blob.descriptor.digest).await? {
            return Ok(());
        }
        let upload = || async {
            match self.upload(repository, blob).await {
                // The token ran out between the two requests; the body cannot be sent again, the upload can.
                Err(Error::Unauthorized { .. }) => self.upload(repository, blob).await,
                other => other,
            }
        };
        self.retrying(upload).await
    }

    async fn upload(
        &self,
        repository: &ImageReference,
        blob: &BlobUpload<'_>,
    ) -> Result<(), Error> {
        let digest = &blob.descriptor.digest;
        let action = format!("push blob {digest} to {}", repository.name());
        let mut call = Call::new(Access::Push, repository, action);
        let mountable = blob.content.mountable(repository);
        call.also_pull = mountable.map(str::to_owned);
        let mut url = self.url(&call, "blobs/uploads/")?;
        if let Some(from) = mountable {
            url.query_pairs_mut()
                .append_pair("mount", &digest.to_string())
                .append_pair("from", from);
        }
        let opened = self
            .send(&call, Method::POST, &url, |request| {
                request.header(CONTENT_LENGTH, 0)
            })
            .await?;
        let location = match opened.status() {
            StatusCode::CREATED if mountable.is_some() => return Ok(()),
            StatusCode::ACCEPTED => self.location(&call, &url, &opened)?,
            _ => return Err(self.unexpected(&call, opened).await),
        };
        let sent = self.send_content(&call, location.clone(), blob).await;
        if sent.is_err() {
            // Best effort: an upload that nobody finishes is dropped by the registry after a while.
            let _ = self
                .send(&call, Method::DELETE, &location, |request| request)
                .await;
        }
        sent
    }

    async fn send_content(
        &self,
        call: &Call,
        mut location: Url,
        blob: &BlobUpload<'_>,
    ) -> Result<(), Error> {
        let digest = blob.descriptor.digest.to_string();
        location.query_pairs_mut().append_pair("digest", &digest);
        let body = blob.content.open(blob.descriptor).await?;
        let request = self
            .http(&location)
            .put(location.clone())
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, blob.descriptor.size)
            .body(body);
        let response = self.send_once(call, &location, request).await?;
        match response.status() {
            StatusCode::CREATED => Ok(()),
            _ => Err(self.unexpected(call, response).await),
        }
    }

    /// Where the upload goes on, as this machine reaches it.
    pub(crate) fn location(
        &self,
        call: &Call,
        asked: &Url,
        response: &Response,
    ) -> Result<Url, Error> {
        let header = response
            .headers()
            .get(LOCATION)
            .and_then(|value| value.to_str().ok());
        let location = header
            .and_then(|location| asked.join(location).ok())
            .filter(|url| url.scheme() == "https");
        let mut location = location.ok_or_else(|| {
            let found = header.unwrap_or("none");
            self.protocol_error(
                call,
                format!("the upload has no usable Location (found: {found})"),
            )
        })?;
        self.rewrite_address(&mut location);
        Ok(location)
    }
}
