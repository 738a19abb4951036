//! Blobs on their way in: hashed while they stream to the store, and stored only when the digest is the promised one.

mod sessions;

use std::ops::RangeInclusive;
use std::time::Duration;

use axum::body::Body;
use futures::StreamExt as _;
use http_body_util::BodyExt as _;

pub(crate) use self::sessions::{Session, Sessions, TooManyUploads};
use crate::digest::{Algorithm, Digest};
use crate::name::RepositoryName;
use crate::storage::{BlobWriter, Storage, StorageError};
use crate::verify::ContentHasher;

/// Why bytes were not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UploadError {
    /// The chunk does not begin where the last one ended.
    #[error("the chunk begins at byte {found}, but byte {expected} is next")]
    OutOfOrder { expected: u64, found: u64 },
    /// More or fewer bytes than the request announced.
    #[error("the request announced {announced} bytes and had {received}")]
    Length { announced: u64, received: u64 },
    /// The content is not what the digest says.
    #[error("the content received has the digest {found}, not {promised}; nothing was stored")]
    DigestMismatch { promised: Digest, found: Digest },
    /// The client sent nothing for too long.
    #[error("no data arrived for {} seconds", .0.as_secs_f32())]
    Stalled(Duration),
    /// The connection broke, or the body contradicts its own framing.
    #[error("the request body ended early: {0}")]
    Body(axum::Error),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl UploadError {
    /// Whether what was received before the error is still worth keeping.
    pub(crate) fn can_resume(&self) -> bool {
        matches!(
            self,
            Self::OutOfOrder { .. } | Self::Stalled(_) | Self::Body(_)
        )
    }
}

/// What a request says about the bytes in its body.
#[derive(Clone, Debug, Default)]
pub(crate) struct Announced {
    /// `Content-Range`: where in the blob they belong.
    pub(crate) range: Option<RangeInclusive<u64>>,
    /// `Content-Length`.
    pub(crate) length: Option<u64>,
}

/// One blob being received. Dropping it removes what was received.
pub(crate) struct Upload {
    writer: Box<dyn BlobWriter>,
    hasher: ContentHasher,
    received: u64,
}

impl Upload {
    /// Begins a blob that will probably be named by `algorithm`; any other works too, at the price of reading the blob again.
    pub(crate) async fn begin(
        storage: &dyn Storage,
        algorithm: Algorithm,
    ) -> Result<Self, StorageError> {
        Ok(Self {
            writer: storage.begin_blob().await?,
            hasher: ContentHasher::new(algorithm),
            received: 0,
        })
    }

    /// How many bytes have arrived.
    pub(crate) fn received(&self) -> u64 {
        self.received
    }

    /// Appends a request body.
    pub(crate) async fn append(
        &mut self,
        mut body: Body,
        announced: &Announced,
        idle: Duration,
    ) -> Result<(), UploadError> {
        let begin = self.received;
        let mut expected = announced.length;
        if let Some(range) = &announced.range {
            if *range.start() != begin {
                return Err(UploadError::OutOfOrder {
                    expected: begin,
                    found: *range.start(),
                });
            }
            let length = range.end().saturating_sub(*range.start()).saturating_add(1);
            if let Some(announced) = announced.length.filter(|&announced| announced != length) {
                return Err(UploadError::Length {
                    announced: length,
                    received: announced,
                });
            }
            expected = Some(length);
        }
        while let Some(frame) = tokio::time::timeout(idle, body.frame())
            .await
            .map_err(|_| UploadError::Stalled(idle))?
        {
            let Ok(bytes) = frame.map_err(UploadError::Body)?.into_data() else {
                continue;
            };
            self.received += bytes.len() as u64;
            self.hasher.update(&bytes);
            self.writer.write(bytes).await?;
        }
        let received = self.received - begin;
        match expected {
            Some(announced) if announced != received => Err(UploadError::Length {
                announced,
                received,
            }),
            _ => Ok(()),
        }
    }

    /// Stores the blob in `repository`, if its digest is `promised`.
    pub(crate) async fn finish(
        self,
        repository: &RepositoryName,
        promised: &Digest,
    ) -> Result<(), UploadError> {
        let Self {
            mut writer,
            mut hasher,
            ..
        } = self;
        if hasher.algorithm() != promised.algorithm() {
            hasher = ContentHasher::new(promised.algorithm());
            let mut written = writer.read_back().await?;
            while let Some(bytes) = written.next().await {
                hasher.update(&bytes?);
            }
        }
        let verified = hasher.finish();
        if verified.digest() != promised {
            return Err(UploadError::DigestMismatch {
                promised: promised.clone(),
                found: verified.digest().clone(),
            });
        }
        Ok(writer.commit(repository, &verified).await?)
    }
}
