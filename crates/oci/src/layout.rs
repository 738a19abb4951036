//! OCI image layout directories (image specification, image-layout.md).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::json;

use crate::digest::Hasher;
use crate::media_type::OCI_INDEX;
use crate::{Claim, ContentError, Descriptor, Digest, Error, Index, Manifest};

const LAYOUT_VERSION: &str = "1.0.0";

/// A directory with `oci-layout`, `index.json` and `blobs/<algorithm>/<hex>`.
#[derive(Debug, Clone)]
pub struct Layout {
    directory: PathBuf,
}

impl Layout {
    /// Makes an empty layout in `directory`, which must be missing or empty.
    ///
    /// # Errors
    /// [`Error::Layout`] when something is in the way, [`Error::File`].
    pub fn create(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let layout = Self {
            directory: directory.into(),
        };
        let blobs = layout.directory.join("blobs/sha256");
        std::fs::create_dir_all(&layout.directory)
            .map_err(|error| Error::file("create", &layout.directory, &error))?;
        let mut entries = std::fs::read_dir(&layout.directory)
            .map_err(|error| Error::file("read", &layout.directory, &error))?;
        if entries.next().is_some() {
            return Err(layout.unusable(
                "the directory is not empty; name one that is, or one that does not exist",
            ));
        }
        std::fs::create_dir_all(&blobs).map_err(|error| Error::file("create", &blobs, &error))?;
        let version = json!({ "imageLayoutVersion": LAYOUT_VERSION }).to_string();
        layout.write("oci-layout", version.as_bytes())?;
        Ok(layout)
    }

    /// Opens the layout in `directory`.
    ///
    /// # Errors
    /// [`Error::Layout`] when it is not one of version 1.0.0, [`Error::File`].
    pub fn open(directory: impl Into<PathBuf>) -> Result<Self, Error> {
        let layout = Self {
            directory: directory.into(),
        };
        let header: serde_json::Value = serde_json::from_slice(&layout.read("oci-layout")?)
            .map_err(|error| layout.unusable(&format!("oci-layout: {error}")))?;
        match header
            .get("imageLayoutVersion")
            .and_then(|version| version.as_str())
        {
            Some(LAYOUT_VERSION) => Ok(layout),
            version => Err(layout.unusable(&format!(
                "its version is {version:?}, only {LAYOUT_VERSION} is known"
            ))),
        }
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The one image in the layout.
    ///
    /// # Errors
    /// [`Error::Layout`] when `index.json` lists none or several.
    pub fn image(&self) -> Result<Descriptor, Error> {
        let index: Index = serde_json::from_slice(&self.read("index.json")?)
            .map_err(|error| self.unusable(&format!("index.json: {error}")))?;
        let found = index.manifests.len();
        let mut manifests = index.manifests.into_iter();
        match (manifests.next(), found) {
            (Some(image), 1) => Ok(image),
            _ => Err(self.unusable(&format!(
                "index.json lists {found} images, exactly one is needed"
            ))),
        }
    }

    /// Names the one image of the layout, replacing what was named before.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn set_image(&self, image: &Descriptor) -> Result<(), Error> {
        let index = Index {
            schema_version: 2,
            media_type: Some(OCI_INDEX.to_owned()),
            manifests: vec![image.clone()],
            subject: None,
            annotations: BTreeMap::new(),
        };
        let bytes =
            serde_json::to_vec(&index).map_err(|error| self.unusable(&error.to_string()))?;
        self.write("index.json", &bytes)
    }

    /// Path of a blob, whether it exists or not.
    #[must_use]
    pub fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.directory
            .join("blobs")
            .join(digest.algorithm().name())
            .join(digest.hex())
    }

    /// Stores a blob.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn write_blob(&self, media_type: &str, content: &[u8]) -> Result<Descriptor, Error> {
        let descriptor = Descriptor::of(media_type, content);
        let path = self.blob_path(&descriptor.digest);
        std::fs::write(&path, content).map_err(|error| Error::file("write", &path, &error))?;
        Ok(descriptor)
    }

    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// A [`ContentError`] when it is missing or not what the descriptor says.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, Error> {
        let object = format!(
            "manifest {} in {}",
            descriptor.digest,
            self.directory.display()
        );
        let bytes = Bytes::from(self.read_blob(descriptor)?);
        let actual = bytes.len() as u64;
        if actual != descriptor.size {
            return Err(ContentError::SizeMismatch {
                object,
                expected: descriptor.size,
                actual,
            }
            .into());
        }
        self.check(
            &object,
            &descriptor.digest,
            Digest::of(descriptor.digest.algorithm(), &bytes),
        )?;
        let algorithm = descriptor.digest.algorithm();
        Ok(Manifest::parse(
            &object,
            bytes,
            Some(&descriptor.media_type),
            algorithm,
        )?)
    }

    /// Checks a blob's size and digest without reading it into memory, and returns its path.
    ///
    /// # Errors
    /// A [`ContentError`] when it is missing or not what the descriptor says.
    pub async fn checked_blob(&self, descriptor: &Descriptor) -> Result<PathBuf, Error> {
        use tokio::io::AsyncReadExt;
        let path = self.blob_path(&descriptor.digest);
        let object = format!("blob {} in {}", descriptor.digest, self.directory.display());
        let read_error = |error: std::io::Error| Error::file("read", &path, &error);
        let mut file = match tokio::fs::File::open(&path).await {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(self.missing(descriptor));
            }
            Err(error) => return Err(read_error(error)),
        };
        let mut hasher = Hasher::new(descriptor.digest.algorithm());
        let mut actual = 0;
        let mut buffer = vec![0; 128 * 1024];
        loop {
            let count = file.read(&mut buffer).await.map_err(read_error)?;
            if count == 0 {
                break;
            }
            hasher.update(&buffer[..count]);
            actual += count as u64;
        }
        if actual != descriptor.size {
            return Err(ContentError::SizeMismatch {
                object,
                expected: descriptor.size,
                actual,
            }
            .into());
        }
        self.check(&object, &descriptor.digest, hasher.finish())?;
        Ok(path)
    }

    fn check(&self, object: &str, expected: &Digest, computed: Digest) -> Result<(), ContentError> {
        match computed == *expected {
            true => Ok(()),
            false => Err(ContentError::DigestMismatch {
                object: object.to_owned(),
                claimed_by: Claim::Descriptor,
                expected: expected.clone(),
                computed,
            }),
        }
    }

    fn read_blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        let path = self.blob_path(&descriptor.digest);
        std::fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => self.missing(descriptor),
            _ => Error::file("read", &path, &error),
        })
    }

    fn missing(&self, descriptor: &Descriptor) -> Error {
        ContentError::MissingBlob {
            repository: self.directory.display().to_string(),
            digest: descriptor.digest.clone(),
        }
        .into()
    }

    fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        let path = self.directory.join(name);
        std::fs::read(&path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => self.unusable(&format!("it has no {name}")),
            _ => Error::file("read", &path, &error),
        })
    }

    fn write(&self, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = self.directory.join(name);
        std::fs::write(&path, content).map_err(|error| Error::file("write", &path, &error))
    }

    fn unusable(&self, detail: &str) -> Error {
        Error::Layout {
            path: self.directory.clone(),
            detail: detail.to_owned(),
        }
    }
}
