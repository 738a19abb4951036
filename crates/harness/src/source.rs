//! Source code that scenarios build, and the image it must become.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use konflux_api::{labels, source_repository};

use crate::images::Description;
use crate::{Failure, fixtures};

/// The label that the build pipeline puts on every image.
const REVISION_LABEL: &str = "org.opencontainers.image.revision";

/// The files of a source repository: those of the sample, or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    files: BTreeMap<String, Vec<u8>>,
}

impl Source {
    /// The sample component of the fixtures, `fixtures/sources/sample-component`.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            files: fixtures::sample_source(),
        }
    }

    /// The same source with a file more, or with another content of the file.
    #[must_use]
    pub fn with_file(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), content.into());
        self
    }

    /// The revision of these files; it stands in for a commit.
    #[must_use]
    pub fn revision(&self) -> String {
        oci::source::revision(&self.files)
    }

    /// The files, path → content.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// What the image of this source must be, as long as its Dockerfile is the sample's.
    #[must_use]
    pub fn image(&self) -> Description {
        let mut image = sample_image(&self.files);
        image
            .labels
            .insert(REVISION_LABEL.to_owned(), self.revision());
        image
    }

    /// The ConfigMap that holds the source where there is no git server.
    pub(crate) fn config_map(&self, namespace: &str, name: &str) -> Result<ConfigMap, Failure> {
        let mut config_map = ConfigMap {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                namespace: Some(namespace.to_owned()),
                labels: Some([(labels::SOURCE_REPOSITORY.to_owned(), "true".to_owned())].into()),
                ..Default::default()
            },
            ..Default::default()
        };
        for (path, content) in &self.files {
            let key = source_repository::key_of_path(path)
                .map_err(|error| Failure::Scenario(error.to_string()))?;
            match String::from_utf8(content.clone()) {
                Ok(text) => config_map.data.get_or_insert_default().insert(key, text),
                Err(bytes) => {
                    config_map
                        .binary_data
                        .get_or_insert_default()
                        .insert(key, ByteString(bytes.into_bytes()));
                    None
                }
            };
        }
        Ok(config_map)
    }
}

/// The sample's Dockerfile as a person reads it. Written by hand: what reads Dockerfiles by program is under test here.
fn sample_image(files: &BTreeMap<String, Vec<u8>>) -> Description {
    let folders = [
        ("config/", "etc/guestbook/"),
        ("static/", "srv/guestbook/"),
        ("app/", "opt/guestbook/app/"),
    ];
    let copied = folders.iter().flat_map(|(from, to)| {
        let inside = files
            .iter()
            .filter_map(move |(path, content)| Some((path.strip_prefix(from)?, content)));
        inside.map(move |(path, content)| (format!("{to}{path}"), content.clone()))
    });
    let texts = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    Description {
        files: copied.collect(),
        environment: texts(&[
            ("GUESTBOOK_SETTINGS", "/etc/guestbook/settings.json"),
            ("GUESTBOOK_STATIC", "/srv/guestbook"),
            ("PYTHONUNBUFFERED", "1"),
        ]),
        labels: texts(&[
            ("org.opencontainers.image.title", "guestbook"),
            ("org.opencontainers.image.licenses", "Apache-2.0"),
        ]),
        working_directory: Some("/opt/guestbook".to_owned()),
        user: Some("1001".to_owned()),
        exposed_ports: ["8080/tcp".to_owned()].into(),
        entrypoint: ["python3", "-m", "app"].map(str::to_owned).into(),
        command: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_becomes_an_image_with_files_of_every_folder_that_its_dockerfile_copies() {
        let image = Source::sample().image();
        for path in [
            "etc/guestbook/settings.json",
            "srv/guestbook/index.html",
            "opt/guestbook/app/__main__.py",
        ] {
            assert!(image.files.contains_key(path), "{path}");
        }
        assert!(!image.files.keys().any(|path| path.contains("Dockerfile")));
        assert_eq!(image.labels[REVISION_LABEL], Source::sample().revision());
    }

    #[test]
    fn a_source_becomes_a_config_map_with_a_key_for_every_file() {
        let source = Source::sample().with_file("static/logo.png", [0x89, 0xff, 0x00]);
        let config_map = source.config_map("story", "sample").unwrap();
        assert!(config_map.data.unwrap().contains_key("static..index.html"));
        assert_eq!(
            config_map.binary_data.unwrap()["static..logo.png"].0,
            [0x89, 0xff, 0x00]
        );
    }

    #[test]
    fn another_file_is_another_revision() {
        assert_ne!(
            Source::sample().with_file("new", "x").revision(),
            Source::sample().revision()
        );
    }

    #[test]
    fn a_path_that_no_config_map_can_hold_is_a_mistake_of_the_scenario() {
        let failure = Source::sample()
            .with_file("a b", "")
            .config_map("story", "sample")
            .unwrap_err();
        assert!(matches!(failure, Failure::Scenario(_)), "{failure}");
    }
}
