//! Which entry answers for a repository (containers/image, `pkg/docker/config`).

use std::collections::BTreeMap;

use crate::AuthEntry;

/// The name under which Docker Hub is known here.
pub(crate) const DOCKER_HUB: &str = "docker.io";
/// The name under which Docker itself keeps credentials for Docker Hub.
pub(crate) const DOCKER_HUB_SERVER: &str = "https://index.docker.io/v1/";
const DOCKER_HUB_ALIASES: [&str; 2] = ["index.docker.io", "registry-1.docker.io"];

/// The entry whose key is the longest prefix of `repository`, with its key.
pub(crate) fn find<'a>(
    auths: &'a BTreeMap<String, AuthEntry>,
    repository: &str,
) -> Option<(&'a str, &'a AuthEntry)> {
    let repository = repository.trim_end_matches('/');
    let wanted = normalized(repository);
    prefixes(repository)
        .zip(prefixes(&wanted))
        .find_map(|(written, meant)| {
            auths
                .get_key_value(written)
                .or_else(|| auths.iter().find(|(key, _)| normalized(key) == meant))
        })
        .map(|(key, entry)| (key.as_str(), entry))
}

/// Whether a key answers for `repository` when nothing longer does.
pub(crate) fn covers(key: &str, repository: &str) -> bool {
    let (key, repository) = (normalized(key), normalized(repository));
    prefixes(&repository).any(|prefix| prefix == key)
}

/// The registry of a repository or key, one name for Docker Hub.
pub(crate) fn registry_of(repository: &str) -> String {
    let normalized = normalized(repository);
    match normalized.split_once('/') {
        Some((host, _)) => host.to_owned(),
        None => normalized,
    }
}

/// `a/b/c`, `a/b`, `a`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |longer| {
        longer.rsplit_once('/').map(|(shorter, _)| shorter)
    })
}

/// What a key means: without scheme, API version and trailing slash, host in lower case, one name for Docker Hub.
///
/// A key with a scheme stands for its whole host, whatever follows: Docker and containers/image cut it there.
pub(crate) fn normalized(key: &str) -> String {
    let without_scheme = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"));
    let plain = without_scheme.unwrap_or(key).trim_end_matches('/');
    let (host, path) = plain.split_once('/').unwrap_or((plain, ""));
    let path = if without_scheme.is_some() { "" } else { path };
    let host = host.to_ascii_lowercase();
    let host = match DOCKER_HUB_ALIASES.contains(&host.as_str()) {
        true => DOCKER_HUB,
        false => &host,
    };
    match path {
        "" | "v1" | "v2" => host.to_owned(),
        _ => format!("{host}/{path}"),
    }
}
