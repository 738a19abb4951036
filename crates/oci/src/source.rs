//! The revision of a source tree that no version control system holds.

use std::collections::BTreeMap;

use crate::digest::{Algorithm, Hasher};

/// Length of a revision in hexadecimal digits; that of a Git commit, which is what revisions stand in for.
pub const REVISION_LENGTH: usize = 40;

/// The revision of a set of files: the first 40 hexadecimal digits of the SHA-256 over `<path>\0<length>\0<content>` of every file,
/// sorted by path. Paths are relative, with `/` between their parts; `<length>` is the content's length in bytes, in decimal.
///
/// The order in which files are given does not matter. Of two files with the same path the last one counts.
///
/// ```
/// let revision = oci::source::revision([("Dockerfile", &b"FROM scratch\n"[..]), ("src/main", &b"x"[..])]);
/// assert_eq!(revision.len(), oci::source::REVISION_LENGTH);
/// ```
#[must_use]
pub fn revision<Path, Content>(files: impl IntoIterator<Item = (Path, Content)>) -> String
where
    Path: AsRef<str> + Ord,
    Content: AsRef<[u8]>,
{
    let files: BTreeMap<Path, Content> = files.into_iter().collect();
    let mut hasher = Hasher::new(Algorithm::Sha256);
    for (path, content) in &files {
        let content = content.as_ref();
        hasher.update(path.as_ref().as_bytes());
        hasher.update(b"\0");
        hasher.update(content.len().to_string().as_bytes());
        hasher.update(b"\0");
        hasher.update(content);
    }
    let mut revision = hasher.finish().hex().to_owned();
    revision.truncate(REVISION_LENGTH);
    revision
}

#[cfg(test)]
mod tests {
    use super::revision;
    use crate::Digest;

    #[test]
    fn it_is_the_documented_hash() {
        let expected = Digest::sha256(b"a\x001\0xb/c\x002\0yz");
        assert_eq!(revision([("b/c", "yz"), ("a", "x")]), expected.hex()[..40]);
    }

    #[test]
    fn order_does_not_matter_and_every_part_does() {
        let of = |files: [(&str, &str); 2]| revision(files);
        let base = of([("a", "1"), ("b", "2")]);
        assert_eq!(base, of([("b", "2"), ("a", "1")]));
        assert_ne!(base, of([("a", "2"), ("b", "1")]));
        assert_ne!(base, of([("a", "1"), ("c", "2")]));
        assert_ne!(of([("a", "1b"), ("c", "")]), of([("a", "1"), ("bc", "")]));
    }

    #[test]
    fn no_files_have_a_revision_too() {
        assert_eq!(
            revision::<&str, &str>([]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4"
        );
    }
}
