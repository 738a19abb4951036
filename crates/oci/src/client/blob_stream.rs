//! A blob on its way, hashed and counted while it passes.

use bytes::Bytes;
use futures::Stream;
use reqwest::Response;

use super::transport_error::transport_error;
use crate::digest::Hasher;
use crate::{Claim, ContentError, Digest, Error};

/// The bytes of a blob. The last piece is handed out only after digest and size were found right, so whoever has consumed the
/// whole stream has consumed the right content.
pub struct BlobStream {
    response: Response,
    asked: AskedBlob,
    /// `None` once the digest was checked.
    hasher: Option<Hasher>,
    received: u64,
    /// The piece that waits until it is known whether it is the last one, where the size does not tell.
    held: Option<Bytes>,
}

/// What was asked for, of whom.
pub(super) struct AskedBlob {
    pub(super) action: String,
    /// `host[:port]` that answers.
    pub(super) address: String,
    /// What it is, in words.
    pub(super) object: String,
    pub(super) digest: Digest,
    pub(super) size: BlobSize,
}

/// What is known about the size of a blob, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BlobSize {
    /// A descriptor says it.
    Exactly(u64),
    /// Nobody says it; whoever reads has room for so much.
    AtMost(u64),
}

impl BlobStream {
    pub(super) fn new(response: Response, asked: AskedBlob) -> Self {
        Self {
            response,
            hasher: Some(Hasher::new(asked.digest.algorithm())),
            asked,
            received: 0,
            held: None,
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`ContentError::SizeMismatch`] or [`ContentError::TooLarge`], [`ContentError::DigestMismatch`], or the transfer broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        match self.asked.size {
            BlobSize::Exactly(size) => self.chunk_of(size).await,
            BlobSize::AtMost(most) => self.chunk_below(most).await,
        }
    }

    /// The same as a stream; it ends after the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        futures::stream::try_unfold(self, |mut blob| async move {
            Ok(blob.chunk().await?.map(|chunk| (chunk, blob)))
        })
    }

    async fn chunk_of(&mut self, size: u64) -> Result<Option<Bytes>, Error> {
        let chunk = self.receive().await?;
        if self.received > size || (chunk.is_none() && self.received < size) {
            return Err(self.wrong_size(size));
        }
        if self.received == size {
            self.check_digest()?;
        }
        Ok(chunk)
    }

    async fn chunk_below(&mut self, most: u64) -> Result<Option<Bytes>, Error> {
        loop {
            let announced = self.response.content_length().unwrap_or(0);
            let Some(chunk) = self.receive().await? else {
                self.check_digest()?;
                return Ok(self.held.take());
            };
            if self.received.max(announced) > most {
                let object = self.asked.object.clone();
                return Err(ContentError::TooLarge { object, most }.into());
            }
            // An empty frame is no last piece: it would let the last one go unchecked.
            if !chunk.is_empty()
                && let Some(before) = self.held.replace(chunk)
            {
                return Ok(Some(before));
            }
        }
    }

    /// The next piece as it comes, hashed and counted.
    async fn receive(&mut self) -> Result<Option<Bytes>, Error> {
        let asked = &self.asked;
        let next = self.response.chunk().await;
        let next =
            next.map_err(|error| transport_error(&asked.action, &asked.address, None, &error))?;
        if let Some(chunk) = &next {
            self.received += chunk.len() as u64;
            if let Some(hasher) = &mut self.hasher {
                hasher.update(chunk);
            }
        }
        Ok(next)
    }

    fn check_digest(&mut self) -> Result<(), ContentError> {
        let Some(hasher) = self.hasher.take() else {
            return Ok(());
        };
        let computed = hasher.finish();
        match computed == self.asked.digest {
            true => Ok(()),
            false => Err(ContentError::DigestMismatch {
                object: self.asked.object.clone(),
                claimed_by: Claim::Descriptor,
                expected: self.asked.digest.clone(),
                computed,
            }),
        }
    }

    fn wrong_size(&self, expected: u64) -> Error {
        ContentError::SizeMismatch {
            object: self.asked.object.clone(),
            expected,
            actual: self
                .response
                .content_length()
                .unwrap_or(self.received)
                .max(self.received),
        }
        .into()
    }
}
