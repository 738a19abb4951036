//! One layer, hashed as it is stored and as it is meant.

use std::io::Write;

use flate2::write::MultiGzDecoder;

use crate::digest::Hasher;
use crate::media_type::{Compression, layer_compression};
use crate::{Claim, Client, ContentError, Descriptor, Digest, Error, ImageReference};

impl Client {
    /// Fetches and checks a layer. True when `diff_id` was compared with the uncompressed content.
    ///
    /// A layer of an image (it has a `diff_id`) must have the media type of one; artifacts carry what they like.
    pub(super) async fn verify_layer(
        &self,
        repository: &ImageReference,
        layer: &Descriptor,
        diff_id: Option<&Digest>,
    ) -> Result<bool, Error> {
        let object = format!("layer {} of {}", layer.digest, repository.name());
        let compression = layer_compression(&layer.media_type);
        if diff_id.is_some() && compression.is_none() {
            return Err(ContentError::WrongMediaType {
                object,
                expected: "an image layer".to_owned(),
                found: layer.media_type.clone(),
            }
            .into());
        }
        self.retrying(|| async {
            let mut uncompressed = diff_id
                .zip(compression)
                .and_then(|(diff_id, compression)| Uncompressed::new(compression, diff_id));
            let mut blob = self.blob(repository, layer).await?;
            while let Some(chunk) = blob.chunk().await? {
                if let Some(uncompressed) = &mut uncompressed {
                    uncompressed.write(&object, &chunk)?;
                }
            }
            match (uncompressed, diff_id) {
                (Some(uncompressed), Some(diff_id)) => {
                    uncompressed.check(&object, diff_id)?;
                    Ok(true)
                }
                _ => Ok(false),
            }
        })
        .await
    }
}

/// Hashes what a layer uncompresses to.
enum Uncompressed {
    Plain(Box<HashWriter>),
    Gzip(Box<MultiGzDecoder<HashWriter>>),
}

impl Uncompressed {
    fn new(compression: Compression, diff_id: &Digest) -> Option<Self> {
        let writer = HashWriter(Hasher::new(diff_id.algorithm()));
        match compression {
            Compression::None => Some(Self::Plain(Box::new(writer))),
            Compression::Gzip => Some(Self::Gzip(Box::new(MultiGzDecoder::new(writer)))),
            Compression::Zstandard => None,
        }
    }

    fn write(&mut self, object: &str, chunk: &[u8]) -> Result<(), ContentError> {
        match self {
            Self::Plain(writer) => writer.write_all(chunk),
            Self::Gzip(decoder) => decoder.write_all(chunk),
        }
        .map_err(|error| not_gzip(object, &error))
    }

    fn check(self, object: &str, expected: &Digest) -> Result<(), ContentError> {
        let HashWriter(hasher) = match self {
            Self::Plain(writer) => *writer,
            Self::Gzip(decoder) => decoder.finish().map_err(|error| not_gzip(object, &error))?,
        };
        let computed = hasher.finish();
        match computed == *expected {
            true => Ok(()),
            false => Err(ContentError::DigestMismatch {
                object: object.to_owned(),
                claimed_by: Claim::DiffId,
                expected: expected.clone(),
                computed,
            }),
        }
    }
}

fn not_gzip(object: &str, error: &std::io::Error) -> ContentError {
    ContentError::Malformed {
        object: object.to_owned(),
        detail: format!("it does not uncompress: {error}"),
    }
}

struct HashWriter(Hasher);

impl Write for HashWriter {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.0.update(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
