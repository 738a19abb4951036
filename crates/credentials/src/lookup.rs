//! Which entry answers for a repository (containers/image, `pkg/docker/config`).

use std::collections::BTreeMap;

use crate::AuthEntry;

const DOCKER_HUB: &str = "docker.io";
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

/// `a/b/c`, `a/b`, `a`.
fn prefixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |longer| {
        longer.rsplit_once('/').map(|(shorter, _)| shorter)
    })
}

/// What a key means: without scheme, API version and trailing slash, host in lower case, one name for Docker Hub.
fn normalized(key: &str) -> String {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key)
        .trim_end_matches('/');
    let (host, path) = key.split_once('/').unwrap_or((key, ""));
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
