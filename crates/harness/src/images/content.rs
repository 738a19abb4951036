//! What is inside an image's layers.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Component, Path};

use flate2::read::MultiGzDecoder;
use oci::media_type::{Compression, layer_compression};
use oci::{ContentError, Descriptor, ImageReference, VerifiedManifest};

use crate::Failure;

/// Largest layer that a scenario reads into memory, in bytes.
const LARGEST_LAYER: u64 = 64 * 1024 * 1024;
/// Prefix of a file that removes a file of a lower layer (OCI image specification, "Whiteouts").
const WHITEOUT: &str = ".wh.";

/// The regular files that a container of this image sees, path without leading `/` → content.
pub(super) async fn files(
    registry: &oci::Client,
    repository: &ImageReference,
    image: &VerifiedManifest,
) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    for layer in &image.layers {
        let descriptor = Descriptor::new(&layer.media_type, layer.digest.clone(), layer.size);
        let fetching = format!("read layer {} of {}", layer.digest, repository.name());
        let blob = registry
            .blob_bytes(repository, &descriptor, LARGEST_LAYER)
            .await;
        let blob = blob.map_err(Failure::registry(fetching.clone()))?;
        let unreadable = |detail: String| {
            let object = format!("layer {}", layer.digest);
            Failure::registry(fetching.clone())(ContentError::Malformed { object, detail }.into())
        };
        let applied = match layer_compression(&layer.media_type) {
            Some(Compression::None) => apply(&mut files, &blob[..]),
            Some(Compression::Gzip) => apply(&mut files, MultiGzDecoder::new(&blob[..])),
            _ => {
                return Err(unreadable(format!(
                    "the suite does not read {}",
                    layer.media_type
                )));
            }
        };
        applied.map_err(|error| unreadable(error.to_string()))?;
    }
    Ok(files)
}

/// Puts a layer on top of the layers below it.
fn apply(files: &mut BTreeMap<String, Vec<u8>>, layer: impl Read) -> io::Result<()> {
    let mut archive = tar::Archive::new(layer);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = normalised(&entry.path()?);
        let (folder, name) = path
            .rsplit_once('/')
            .map_or(("", path.as_str()), |(folder, name)| (folder, name));
        if let Some(removed) = name.strip_prefix(WHITEOUT) {
            // `.wh..wh..opq` empties the folder, any other whiteout removes one file or folder in it.
            let removed = if removed.starts_with(WHITEOUT) {
                folder.to_owned()
            } else {
                path.replace(WHITEOUT, "")
            };
            files.retain(|file, _| *file != removed && !file.starts_with(&format!("{removed}/")));
        } else if entry.header().entry_type().is_file() {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            files.insert(path, content);
        }
    }
    Ok(())
}

fn normalised(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => Some(part.to_string_lossy()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(files: &[(&str, &str)]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        for (path, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder
                .append_data(&mut header, path, content.as_bytes())
                .unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn an_upper_layer_replaces_and_removes_files_of_lower_ones() {
        let mut files = BTreeMap::new();
        apply(
            &mut files,
            &layer(&[("./a", "1"), ("b/c", "2"), ("b/d", "3"), ("e/f", "4")])[..],
        )
        .unwrap();
        apply(
            &mut files,
            &layer(&[
                ("a", "5"),
                ("b/.wh.c", ""),
                ("e/.wh..wh..opq", ""),
                ("e/g", "6"),
            ])[..],
        )
        .unwrap();
        let expected = [("a", "5"), ("b/d", "3"), ("e/g", "6")];
        let expected =
            expected.map(|(path, content)| (path.to_owned(), content.as_bytes().to_vec()));
        assert_eq!(files, BTreeMap::from(expected));
    }

    #[test]
    fn a_damaged_layer_is_an_error() {
        let whole = layer(&[("a", "content")]);
        // The header of an entry has 512 bytes; four of the seven bytes behind it are missing.
        assert!(apply(&mut BTreeMap::new(), &whole[..515]).is_err());
    }
}
