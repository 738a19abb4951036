//! The table of settings. Names and meanings are upstream's where upstream has the setting.

use std::fmt::Write as _;

use cluster::ClusterKind;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The variable's name.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// The value when nobody sets it.
    pub default: Option<&'static str>,
    /// The clusters on which it has an effect.
    pub clusters: &'static [ClusterKind],
    /// What it does, one sentence without a full stop.
    pub meaning: &'static str,
}

/// What a setting's value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text that must never be shown.
    Secret,
    /// The path of a file.
    File,
    /// `0`, `1`, `true` or `false`.
    Switch,
    /// A TCP port; 0 stands for any free one.
    Port,
    /// A whole number above zero.
    Number,
    /// One of these words.
    OneOf(&'static [&'static str]),
}

const KIND: &[ClusterKind] = &[ClusterKind::Kind];
const REAL: &[ClusterKind] = &[ClusterKind::Kind, ClusterKind::Existing];
const EMBEDDED: &[ClusterKind] = &[ClusterKind::Embedded];
const EXISTING: &[ClusterKind] = &[ClusterKind::Existing];
const ALL: &[ClusterKind] = &[
    ClusterKind::Kind,
    ClusterKind::Existing,
    ClusterKind::Embedded,
];

const fn setting(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    clusters: &'static [ClusterKind],
    meaning: &'static str,
) -> Setting {
    Setting {
        name,
        kind,
        default,
        clusters,
        meaning,
    }
}

/// Every setting, in the order in which help and documentation show them.
pub const SETTINGS: &[Setting] = &[
    setting(
        "REGISTRY_HOST_PORT",
        Kind::Port,
        Some("5001"),
        ALL,
        "port of the internal registry on localhost; 0 takes any free one (embedded, existing)",
    ),
    setting(
        "REGISTRY_AUTH",
        Kind::OneOf(&["none", "htpasswd"]),
        Some("none"),
        EMBEDDED,
        "whether the internal registry asks for a login; htpasswd gives one to every tenant",
    ),
    setting(
        "ENABLE_REGISTRY_PORT",
        Kind::Switch,
        Some("1"),
        KIND,
        "map the internal registry to localhost",
    ),
    setting(
        "REGISTRY_ENDPOINT",
        Kind::Text,
        None,
        EXISTING,
        "HOST:PORT at which this machine reaches the registry that the cluster has under the internal registry's names; none is deployed then",
    ),
    setting(
        "REGISTRY_CA",
        Kind::File,
        None,
        EXISTING,
        "file with the certificate of the authority of REGISTRY_ENDPOINT, PEM",
    ),
    setting(
        "TEKTON",
        Kind::OneOf(&["install", "models"]),
        Some("install"),
        EXISTING,
        "who runs PipelineRuns: Tekton Pipelines, which is installed unless the cluster has it, or models of it, as processes of this host",
    ),
    setting(
        "REGISTRY_IMAGE",
        Kind::Text,
        None,
        REAL,
        "image of the internal registry, instead of the pinned zot: a mirror's",
    ),
    setting(
        "SOURCES_MIRROR",
        Kind::Secret,
        None,
        REAL,
        "https:// address of a mirror that holds what other projects release as NAME/VERSION/FILE",
    ),
    setting(
        "KIND_CLUSTER",
        Kind::Text,
        Some("konflux"),
        KIND,
        "name of the Kind cluster",
    ),
    setting(
        "KIND_MEMORY_GB",
        Kind::Number,
        Some("8"),
        KIND,
        "memory the Kind node may use, in GiB",
    ),
    setting(
        "KIND_NODE_IMAGE",
        Kind::Text,
        None,
        KIND,
        "image of the Kind nodes, instead of the pinned one: a mirror's, or one that you made",
    ),
    setting(
        "PODMAN_MACHINE_NAME",
        Kind::Text,
        None,
        KIND,
        "podman machine to use on macOS",
    ),
    setting(
        "INCREASE_PODMAN_PIDS_LIMIT",
        Kind::Switch,
        Some("1"),
        KIND,
        "raise the process limit of a podman node container",
    ),
    setting(
        "ENABLE_IMAGE_CACHE",
        Kind::Switch,
        Some("0"),
        KIND,
        "keep pulled images across clusters",
    ),
    setting(
        "DEPLOY_LOCAL_SKIP_KIND",
        Kind::Switch,
        Some("0"),
        KIND,
        "use the current kubeconfig context and create no Kind cluster; say --cluster existing instead",
    ),
    setting(
        "CONTAINER_TOOL",
        Kind::OneOf(&["docker", "podman", "nerdctl"]),
        None,
        KIND,
        "container engine to use",
    ),
    setting(
        "OPERATOR_INSTALL_METHOD",
        Kind::OneOf(&["checkout", "release", "build", "none", "local"]),
        Some("checkout"),
        REAL,
        "where the Konflux operator comes from",
    ),
    setting(
        "OPERATOR_IMAGE",
        Kind::Text,
        None,
        REAL,
        "image of the Konflux operator",
    ),
    setting(
        "OPERATOR_IMAGE_REPO",
        Kind::Text,
        Some("quay.io/konflux-ci/konflux-operator"),
        REAL,
        "repository of the Konflux operator's image",
    ),
    setting(
        "OPERATOR_GIT_SHA",
        Kind::Text,
        None,
        REAL,
        "commit of the Konflux operator",
    ),
    setting(
        "OPERATOR_RELEASE",
        Kind::Text,
        Some("latest"),
        REAL,
        "release of the Konflux operator",
    ),
    setting(
        "RELEASE_DOWNLOAD_BASE",
        Kind::Text,
        Some("https://github.com/konflux-ci/konflux-ci/releases"),
        REAL,
        "where releases are downloaded from",
    ),
    setting(
        "KONFLUX_CR",
        Kind::File,
        None,
        REAL,
        "Konflux resource to apply; the argument of deploy-local wins over it",
    ),
    setting(
        "SAMPLES_DIR",
        Kind::Text,
        Some("operator/config/samples"),
        REAL,
        "folder of sample Konflux resources",
    ),
    setting(
        "SMEE_CHANNEL",
        Kind::Text,
        None,
        REAL,
        "smee.io channel that forwards webhooks",
    ),
    setting(
        "SET_SKIP_CHECKS",
        Kind::Switch,
        Some("false"),
        REAL,
        "apply the policy that skips checks",
    ),
    setting(
        "SKIP_SECRETS",
        Kind::Switch,
        Some("false"),
        REAL,
        "neither check nor create secrets",
    ),
    setting(
        "USE_OPENSHIFT_PIPELINES",
        Kind::Switch,
        Some("false"),
        REAL,
        "use OpenShift Pipelines instead of Tekton's own operator",
    ),
    setting(
        "GITHUB_APP_ID",
        Kind::Text,
        None,
        REAL,
        "id of the GitHub App of Pipelines as Code",
    ),
    setting(
        "GITHUB_PRIVATE_KEY",
        Kind::Secret,
        None,
        REAL,
        "private key of the GitHub App, PEM",
    ),
    setting(
        "GITHUB_PRIVATE_KEY_PATH",
        Kind::File,
        None,
        REAL,
        "file with the private key of the GitHub App; wins over GITHUB_PRIVATE_KEY",
    ),
    setting(
        "WEBHOOK_SECRET",
        Kind::Secret,
        None,
        REAL,
        "webhook secret of the GitHub App",
    ),
    setting(
        "QUAY_TOKEN",
        Kind::Secret,
        None,
        REAL,
        "OAuth token of a Quay application; enables image-controller together with QUAY_ORGANIZATION",
    ),
    setting(
        "QUAY_ORGANIZATION",
        Kind::Text,
        None,
        REAL,
        "Quay organization in which repositories are created",
    ),
    setting(
        "QUAY_API_URL",
        Kind::Text,
        None,
        REAL,
        "base URL of the Quay API, for a Quay of your own",
    ),
];

/// Settings that are upstream's and part of the design, and that nothing reads yet where the stand-ins run: most belong to the operator.
pub(super) const FOLLOWS: &[&str] = &[
    "PODMAN_MACHINE_NAME",
    "INCREASE_PODMAN_PIDS_LIMIT",
    "DEPLOY_LOCAL_SKIP_KIND",
    "OPERATOR_INSTALL_METHOD",
    "OPERATOR_IMAGE",
    "OPERATOR_IMAGE_REPO",
    "OPERATOR_GIT_SHA",
    "OPERATOR_RELEASE",
    "RELEASE_DOWNLOAD_BASE",
    "KONFLUX_CR",
    "SAMPLES_DIR",
    "SMEE_CHANNEL",
    "SET_SKIP_CHECKS",
    "SKIP_SECRETS",
    "USE_OPENSHIFT_PIPELINES",
    "GITHUB_APP_ID",
    "GITHUB_PRIVATE_KEY",
    "GITHUB_PRIVATE_KEY_PATH",
    "WEBHOOK_SECRET",
];

/// Finds a setting by its exact name.
pub(super) fn find(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name)
}

/// The known name that is closest to an unknown one: by the pairs of letters that both have, so that a word left out counts
/// less than another one in its place.
pub(super) fn nearest(name: &str) -> &'static str {
    let name = name.to_ascii_uppercase();
    let likeness = |setting: &Setting| strsim::sorensen_dice(setting.name, &name);
    SETTINGS
        .iter()
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
        .map_or("", |setting| setting.name)
}

/// The table as Markdown, for `docs/settings.md`; a test keeps file and table alike.
#[must_use]
pub fn documentation() -> String {
    let mut text =
        String::from("| setting | value | default | clusters | meaning |\n|---|---|---|---|---|\n");
    for setting in SETTINGS {
        let clusters: Vec<String> = setting.clusters.iter().map(ToString::to_string).collect();
        let default = setting
            .default
            .map_or_else(|| "–".to_owned(), |value| format!("`{value}`"));
        let row = format!(
            "| `{}` | {} | {default} | {} | {} |",
            setting.name,
            setting.kind.words(),
            clusters.join(", "),
            setting.meaning
        );
        writeln!(text, "{row}").expect("writing to a String cannot fail");
    }
    text
}

impl Kind {
    /// What the value must be, in words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Secret => "text, secret".to_owned(),
            Self::File => "path of a file".to_owned(),
            Self::Switch => "0, 1, true or false".to_owned(),
            Self::Port => "port, 0 to 65535".to_owned(),
            Self::Number => "whole number above 0".to_owned(),
            Self::OneOf(words) => words.join(", "),
        }
    }

    /// Is this a value of this kind?
    pub(super) fn accepts(self, value: &str) -> bool {
        match self {
            Self::Text | Self::Secret | Self::File => true,
            Self::Switch => matches!(value, "0" | "1" | "true" | "false"),
            Self::Port => value.parse::<u16>().is_ok(),
            Self::Number => value.parse::<u32>().is_ok_and(|number| number > 0),
            Self::OneOf(words) => words.contains(&value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_kind() {
        for setting in SETTINGS {
            assert!(
                setting
                    .default
                    .is_none_or(|value| setting.kind.accepts(value)),
                "{}",
                setting.name
            );
        }
    }

    #[test]
    fn a_misspelt_name_finds_its_neighbour() {
        assert_eq!(nearest("REGISTRY_HOSTPORT"), "REGISTRY_HOST_PORT");
        assert_eq!(nearest("REGISTRY_PORT"), "REGISTRY_HOST_PORT");
        assert_eq!(nearest("REGISTRY_AUTHENTICATION"), "REGISTRY_AUTH");
        assert_eq!(nearest("quay_org"), "QUAY_ORGANIZATION");
        assert_eq!(nearest("QUAY_ORGANISATION"), "QUAY_ORGANIZATION");
    }

    #[test]
    fn the_guide_lists_exactly_the_table() {
        let guide = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/settings.md"
        ))
        .unwrap();
        assert!(
            guide.contains(&documentation()),
            "docs/settings.md must contain this table:\n{}",
            documentation()
        );
    }
}
