//! Which entry answers for a repository.
//!
//! Two rules, because two kinds of readers matter:
//!
//! - [`find`] is the rule of containers/image, which Podman, Buildah and Skopeo use, also in the steps of a pipeline: a key is compared as it
//!   is written, and only a key with a scheme is reduced to its host (`findCredentialsInFile` of
//!   <https://github.com/containers/container-libs>, `image/pkg/docker/config/config.go`).
//! - [`find_meant`] also takes what a person evidently meant: `quay.io/`, `Quay.IO`. Whatever it finds is written under its
//!   [`plain`] key before a pipeline gets it.

use std::collections::BTreeMap;

use crate::AuthEntry;

/// The name under which Docker Hub is known here.
pub(crate) const DOCKER_HUB: &str = "docker.io";
/// The name under which Docker itself keeps credentials for Docker Hub.
pub(crate) const DOCKER_HUB_SERVER: &str = "https://index.docker.io/v1/";
const DOCKER_HUB_ALIASES: [&str; 2] = [DOCKER_HUB_INDEX, "registry-1.docker.io"];
/// References with this host are read as references to [`DOCKER_HUB`] (distribution/reference).
const DOCKER_HUB_INDEX: &str = "index.docker.io";

/// The entry that containers/image uses for `repository`, with its key.
pub(crate) fn find<'a>(
    auths: &'a BTreeMap<String, AuthEntry>,
    repository: &str,
) -> Option<(&'a str, &'a AuthEntry)> {
    let repository = as_reference(repository);
    prefixes(&repository)
        .find_map(|prefix| auths.get_key_value(prefix))
        .or_else(|| {
            let mut entries = auths.iter();
            entries.find(|(key, _)| is_whole_registry_of(key, &repository))
        })
        .map(|(key, entry)| (key.as_str(), entry))
}

/// The entry of [`find`], else the one whose key means the longest prefix of `repository`.
pub(crate) fn find_meant<'a>(
    auths: &'a BTreeMap<String, AuthEntry>,
    repository: &str,
) -> Option<(&'a str, &'a AuthEntry)> {
    find(auths, repository).or_else(|| {
        let wanted = plain(repository);
        prefixes(&wanted)
            .map(plain)
            .find_map(|prefix| auths.iter().find(|(key, _)| plain(key) == prefix))
            .map(|(key, entry)| (key.as_str(), entry))
    })
}

/// Whether [`find`] takes a key for `repository` when there is no better one.
pub(crate) fn covers(key: &str, repository: &str) -> bool {
    let repository = as_reference(repository);
    prefixes(&repository).any(|prefix| prefix == key) || is_whole_registry_of(key, &repository)
}

/// Whether a person who wrote `key` meant `repository` to be covered by it.
pub(crate) fn is_meant_for(key: &str, repository: &str) -> bool {
    let (key, repository) = (plain(key), plain(repository));
    prefixes(&repository).any(|prefix| plain(prefix) == key)
}

/// The registry of a repository or key, one name for Docker Hub.
pub(crate) fn registry_of(repository: &str) -> String {
    one_name(host_of(&plain(repository))).to_owned()
}

/// What a key means, as containers/image wants it written: without scheme and trailing slash, host in lower case, one name for Docker
/// Hub.
///
/// A key with a scheme stands for its whole host, whatever follows: Docker and containers/image cut it there. Without one, `/v1` and
/// `/v2` are organizations as good as any other.
pub(crate) fn plain(key: &str) -> String {
    let without_scheme = without_scheme(key);
    let written = without_scheme.unwrap_or(key).trim_end_matches('/');
    let (host, path) = written.split_once('/').unwrap_or((written, ""));
    let host = host.to_ascii_lowercase();
    match path {
        "" => one_name(&host).to_owned(),
        _ if without_scheme.is_some() => one_name(&host).to_owned(),
        _ => as_reference(&format!("{host}/{path}")),
    }
}

/// Whether a key names the registry of `repository` as an address, or by another of Docker Hub's names.
fn is_whole_registry_of(key: &str, repository: &str) -> bool {
    let registry = match without_scheme(key) {
        Some(address) => host_of(address),
        None => key,
    };
    one_name(registry) == one_name(host_of(repository))
}

/// The repository as a reference to an image is read.
fn as_reference(repository: &str) -> String {
    let repository = repository.trim_end_matches('/');
    match repository.strip_prefix(DOCKER_HUB_INDEX) {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("{DOCKER_HUB}{rest}"),
        _ => repository.to_owned(),
    }
}

fn without_scheme(key: &str) -> Option<&str> {
    key.strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
}

fn host_of(name: &str) -> &str {
    name.split_once('/').map_or(name, |(host, _)| host)
}

fn one_name(host: &str) -> &str {
    match DOCKER_HUB_ALIASES.contains(&host) {
        true => DOCKER_HUB,
        false => host,
    }
}

/// `a/b/c`, `a/b`, `a`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |longer| {
        longer.rsplit_once('/').map(|(shorter, _)| shorter)
    })
}
