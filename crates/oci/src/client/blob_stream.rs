//! A blob on its way, hashed and counted while it passes.

use bytes::Bytes;
use futures::Stream;
use reqwest::Response;

use super::transport_error::transport_error;
use crate::digest::Hasher;
use crate::{Claim, ContentError, Descriptor, Error};

/// The bytes of a blob. The last piece is handed out only after digest and size were found right, so whoever has consumed the
/// whole stream has consumed the right content.
pub struct BlobStream {
    response: Response,
    action: String,
    address: String,
    object: String,
    expected: Descriptor,
    /// `None` once the digest was checked.
    hasher: Option<Hasher>,
    received: u64,
}

impl BlobStream {
    pub(super) fn new(
        response: Response,
        action: String,
        address: String,
        object: String,
        expected: Descriptor,
    ) -> Self {
        Self {
            response,
            action,
            address,
            object,
            hasher: Some(Hasher::new(expected.digest.algorithm())),
            expected,
            received: 0,
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`ContentError::SizeMismatch`], [`ContentError::DigestMismatch`], or the transfer broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let next = self.response.chunk().await;
        let next =
            next.map_err(|error| transport_error(&self.action, &self.address, None, &error))?;
        match next {
            Some(chunk) => {
                self.received += chunk.len() as u64;
                if self.received > self.expected.size {
                    return Err(self.wrong_size());
                }
                if let Some(hasher) = &mut self.hasher {
                    hasher.update(&chunk);
                }
                if self.received == self.expected.size {
                    self.check_digest()?;
                }
                Ok(Some(chunk))
            }
            None if self.received < self.expected.size => Err(self.wrong_size()),
            None => {
                self.check_digest()?;
                Ok(None)
            }
        }
    }

    /// The same as a stream; it ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        futures::stream::try_unfold(self, |mut blob| async move {
            Ok(blob.chunk().await?.map(|chunk| (chunk, blob)))
        })
    }

    fn check_digest(&mut self) -> Result<(), ContentError> {
        let Some(hasher) = self.hasher.take() else {
            return Ok(());
        };
        let computed = hasher.finish();
        match computed == self.expected.digest {
            true => Ok(()),
            false => Err(ContentError::DigestMismatch {
                object: self.object.clone(),
                claimed_by: Claim::Descriptor,
                expected: self.expected.digest.clone(),
                computed,
            }),
        }
    }

    fn wrong_size(&self) -> Error {
        ContentError::SizeMismatch {
            object: self.object.clone(),
            expected: self.expected.size,
            actual: self
                .response
                .content_length()
                .unwrap_or(self.received)
                .max(self.received),
        }
        .into()
    }
}
