//! Which directories a stack of layers makes (image specification, layer.md, with its whiteouts).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::media_type::{Compression, layer_compression};
use crate::{Descriptor, Error, Layout};

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// Paths of directories, and of symbolic links, which as a rule lead to directories (`/bin`); relative to the root.
pub(super) fn directories(
    layout: &Layout,
    layers: &[Descriptor],
) -> Result<BTreeSet<String>, Error> {
    let mut known = BTreeSet::new();
    for layer in layers {
        let path = layout.blob_path(&layer.digest);
        let file = File::open(&path).map_err(|error| Error::file("read", &path, &error))?;
        let reader: Box<dyn Read> = match layer_compression(&layer.media_type) {
            Some(Compression::None) => Box::new(file),
            Some(Compression::Gzip) => Box::new(MultiGzDecoder::new(file)),
            Some(Compression::Zstandard) | None => {
                return Err(Error::Assembly(format!(
                    "the base's layer {} is {}, which cannot be read here; use a base with gzip layers",
                    layer.digest, layer.media_type
                )));
            }
        };
        apply(&mut known, reader).map_err(|error| Error::file("read", &path, &error))?;
    }
    Ok(known)
}

fn apply(known: &mut BTreeSet<String>, layer: impl Read) -> std::io::Result<()> {
    let mut added = BTreeSet::new();
    for entry in tar::Archive::new(layer).entries()? {
        let entry = entry?;
        let path = entry.path()?.to_string_lossy().into_owned();
        let path = path.trim_start_matches("./").trim_matches('/');
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        // Whiteouts hide what lower layers have, never what this one adds.
        if name == OPAQUE {
            known.retain(|path| !is_below(path, parent));
        } else if let Some(hidden) = name.strip_prefix(WHITEOUT) {
            let hidden = format!("{parent}/{hidden}");
            let hidden = hidden.trim_start_matches('/');
            known.retain(|path| path != hidden && !is_below(path, hidden));
        } else {
            let kind = entry.header().entry_type();
            match kind.is_dir() || kind.is_symlink() {
                true => drop(added.insert(path.to_owned())),
                false => drop(known.remove(path)),
            }
            added.extend(
                path.match_indices('/')
                    .map(|(end, _)| path[..end].to_owned()),
            );
        }
    }
    known.append(&mut added);
    known.remove("");
    Ok(())
}

fn is_below(path: &str, directory: &str) -> bool {
    directory.is_empty()
        || path
            .strip_prefix(directory)
            .is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(entries: &[(&str, tar::EntryType)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, kind) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_entry_type(*kind);
            header.set_size(0);
            match kind.is_symlink() {
                true => archive.append_link(&mut header, path, "target").unwrap(),
                false => archive
                    .append_data(&mut header, path, std::io::empty())
                    .unwrap(),
            }
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn directories_links_and_what_stands_above_files_are_known_until_they_are_hidden() {
        use tar::EntryType::{Directory, Regular, Symlink};
        let mut known = BTreeSet::new();
        let lower = layer(&[
            ("usr/", Directory),
            ("bin", Symlink),
            ("etc/a/b", Regular),
            ("opt/x/", Directory),
            ("srv/y/", Directory),
            ("was/", Directory),
        ]);
        apply(&mut known, lower.as_slice()).unwrap();
        assert_eq!(
            known.iter().collect::<Vec<_>>(),
            [
                "bin", "etc", "etc/a", "opt", "opt/x", "srv", "srv/y", "usr", "was"
            ]
        );
        let upper = layer(&[
            ("opt/new/", Directory),
            ("opt/.wh..wh..opq", Regular),
            (".wh.srv", Regular),
            ("was", Regular),
        ]);
        apply(&mut known, upper.as_slice()).unwrap();
        assert_eq!(
            known.iter().collect::<Vec<_>>(),
            ["bin", "etc", "etc/a", "opt", "opt/new", "usr"]
        );
    }
}
