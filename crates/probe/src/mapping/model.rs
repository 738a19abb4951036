//! The parts of a mapping and of a Snapshot that are carried out. Unknown members of a mapping are errors: they would change what
//! is pushed where.

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Mapping {
    #[serde(default)]
    pub(super) components: Vec<MappedComponent>,
    #[serde(default)]
    pub(super) defaults: Defaults,
    #[serde(default)]
    pub(super) fail_on_empty_result: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Defaults {
    #[serde(default)]
    pub(super) tags: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappedComponent {
    pub(super) name: String,
    /// The older form: one repository and its tags.
    repository: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// The newer form: several repositories with tags of their own.
    #[serde(default)]
    repositories: Vec<Repository>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Repository {
    url: String,
    #[serde(default)]
    tags: Vec<String>,
}

impl MappedComponent {
    /// Repositories with their tags, of both forms.
    pub(super) fn targets(&self) -> Vec<(&str, &[String])> {
        let older = self
            .repository
            .iter()
            .map(|repository| (repository.as_str(), self.tags.as_slice()));
        let newer = self
            .repositories
            .iter()
            .map(|repository| (repository.url.as_str(), repository.tags.as_slice()));
        older.chain(newer).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Component {
    pub(super) name: String,
    pub(super) container_image: String,
    #[serde(default)]
    pub(super) source: Source,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    pub(super) git: Git,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Git {
    pub(super) revision: Option<String>,
}
