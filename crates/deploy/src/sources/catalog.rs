//! The typed reading of `fixtures/sources.toml`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use oci::{Digest, ImageReference};
use serde::Deserialize;
use url::Url;

const OF_THIS_PROJECT: &str = include_str!("../../../../fixtures/sources.toml");

/// What other projects release and we deploy.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    #[serde(default, rename = "file")]
    files: Vec<SourceFile>,
    #[serde(default, rename = "image")]
    images: Vec<PinnedImage>,
}

/// A released file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// What it is called here.
    pub name: String,
    /// The release.
    pub version: String,
    /// Where the project publishes it.
    #[serde(deserialize_with = "address")]
    pub url: Url,
    /// The digest of its content, where its source can be named; `None` is written as an empty text.
    #[serde(deserialize_with = "digest_or_nothing")]
    pub digest: Option<Digest>,
}

/// A released image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinnedImage {
    /// What it is called here.
    pub name: String,
    /// The image, by digest where one is known.
    pub reference: ImageReference,
    /// Who says so.
    pub source: String,
}

/// A catalog that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It is not in the form of the catalog.
    #[error("cannot read the list of sources: {0}")]
    Malformed(#[from] Box<toml::de::Error>),
    /// Names and versions become folders.
    #[error(
        "cannot use source `{name}` `{version}`: name and version become folders and may hold only letters, digits, `.`, `-` and `_`, beginning with a letter or digit"
    )]
    NotAFolder {
        /// The name.
        name: String,
        /// The version.
        version: String,
    },
    /// A file must be fetched with the server's identity verified, and must have a name.
    #[error("cannot use source {name}: {url} is no https:// address of a file")]
    Address {
        /// The name.
        name: String,
        /// The address.
        url: Url,
    },
    /// Two entries have one name.
    #[error("two sources are called {0}")]
    Twice(String),
    /// There is no entry of this name.
    #[error("there is no source called {0} in fixtures/sources.toml")]
    Unknown(String),
}

impl Catalog {
    /// The catalog of this project, `fixtures/sources.toml`.
    ///
    /// # Errors
    ///
    /// [`CatalogError`]: a defect of this program, found by its tests.
    pub fn of_this_project() -> Result<Self, CatalogError> {
        Self::parse(OF_THIS_PROJECT)
    }

    /// Reads a catalog and checks it.
    ///
    /// # Errors
    ///
    /// [`CatalogError`].
    pub fn parse(text: &str) -> Result<Self, CatalogError> {
        let catalog: Self = toml::from_str(text).map_err(Box::new)?;
        let mut names = BTreeSet::new();
        for file in &catalog.files {
            file.check()?;
            if !names.insert(&file.name) {
                return Err(CatalogError::Twice(file.name.clone()));
            }
        }
        for image in &catalog.images {
            if !names.insert(&image.name) {
                return Err(CatalogError::Twice(image.name.clone()));
            }
        }
        Ok(catalog)
    }

    /// All files.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// All images.
    #[must_use]
    pub fn images(&self) -> &[PinnedImage] {
        &self.images
    }

    /// The file of this name.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Unknown`].
    pub fn file(&self, name: &str) -> Result<&SourceFile, CatalogError> {
        let found = self.files.iter().find(|file| file.name == name);
        found.ok_or_else(|| CatalogError::Unknown(name.to_owned()))
    }

    /// The image of this name.
    ///
    /// # Errors
    ///
    /// [`CatalogError::Unknown`].
    pub fn image(&self, name: &str) -> Result<&ImageReference, CatalogError> {
        let found = self.images.iter().find(|image| image.name == name);
        found
            .map(|image| &image.reference)
            .ok_or_else(|| CatalogError::Unknown(name.to_owned()))
    }
}

impl SourceFile {
    /// `NAME/VERSION/FILE`: where it lies in a directory of sources and on a mirror.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        [&self.name, &self.version, self.file_name()]
            .iter()
            .collect()
    }

    /// The last part of its address.
    #[must_use]
    pub fn file_name(&self) -> &str {
        let mut segments = self.url.path_segments().into_iter().flatten();
        segments.next_back().unwrap_or_default()
    }

    fn check(&self) -> Result<(), CatalogError> {
        if !(is_folder(&self.name) && is_folder(&self.version)) {
            let (name, version) = (self.name.clone(), self.version.clone());
            return Err(CatalogError::NotAFolder { name, version });
        }
        if self.url.scheme() != "https" || !is_folder(self.file_name()) {
            let (name, url) = (self.name.clone(), self.url.clone());
            return Err(CatalogError::Address { name, url });
        }
        Ok(())
    }
}

/// Can the text be the name of a folder or file, wherever it is put?
fn is_folder(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter))
}

fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|error| serde::de::Error::custom(format!("`{text}` is no address: {error}")))
}

fn digest_or_nothing<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Digest>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one_file(name: &str, version: &str, url: &str, digest: &str) -> String {
        format!(
            "[[file]]\nname = '{name}'\nversion = '{version}'\nurl = '{url}'\ndigest = '{digest}'\n"
        )
    }

    const URL: &str = "https://example.org/v1/release.yaml";

    #[test]
    fn the_sources_of_this_project_can_be_used() {
        let catalog = Catalog::of_this_project().unwrap();
        let tekton = catalog.file("tekton-pipelines").unwrap();
        assert_eq!(
            tekton.path().to_str(),
            Some("tekton-pipelines/v1.15.0/release.yaml")
        );
        for image in catalog.images() {
            assert!(image.reference.digest().is_some(), "{}", image.name);
            assert!(!image.source.is_empty(), "{}", image.name);
        }
        assert_eq!(catalog.image("zot").unwrap().registry(), "quay.io");
    }

    #[test]
    fn an_unknown_name_is_an_error_that_names_it() {
        let catalog = Catalog::of_this_project().unwrap();
        let error = catalog.file("undreamt-of").unwrap_err().to_string();
        assert_eq!(
            error,
            "there is no source called undreamt-of in fixtures/sources.toml"
        );
        assert!(catalog.image("undreamt-of").is_err());
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        let parse = |text: String| Catalog::parse(&text);
        let twice = one_file("a", "v1", URL, "") + &one_file("a", "v2", URL, "");
        assert!(matches!(parse(twice), Err(CatalogError::Twice(_))));
        let plain = one_file("a", "v1", "http://example.org/release.yaml", "");
        assert!(matches!(parse(plain), Err(CatalogError::Address { .. })));
        let folder = one_file("a", "v1", "https://example.org/", "");
        assert!(matches!(parse(folder), Err(CatalogError::Address { .. })));
        let upwards = one_file("a", "..", URL, "");
        assert!(matches!(
            parse(upwards),
            Err(CatalogError::NotAFolder { .. })
        ));
        let wrong = parse(one_file("a", "v1", URL, "sha256:abc")).unwrap_err();
        assert!(
            wrong
                .to_string()
                .contains("it has 3 digits where 64 belong"),
            "{wrong}"
        );
        let unknown = parse("[[file]]\nnme = 'a'\n".to_owned()).unwrap_err();
        assert!(unknown.to_string().contains("nme"), "{unknown}");
    }

    proptest! {
        #[test]
        fn no_accepted_source_leaves_the_folder_that_it_is_put_into(
            name in "[a./_~-]{1,6}", version in "[v1./\\\\ ]{1,6}", file in "[a-z./%]{0,8}",
        ) {
            let url = format!("https://example.org/{file}");
            if let Ok(catalog) = Catalog::parse(&one_file(&name, &version, &url, "")) {
                let path = catalog.files()[0].path();
                prop_assert_eq!(path.components().count(), 3);
                let plain = |part| matches!(part, std::path::Component::Normal(_));
                prop_assert!(path.components().all(plain));
            }
        }
    }
}
