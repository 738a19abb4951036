//! How a person gets credentials for a registry (docs/registry.md).

use crate::lookup::{DOCKER_HUB, registry_of};

/// The shortest path to credentials for the registry of `repository`, as text for a person. It ends with a line feed.
#[must_use]
pub fn advice(repository: &str) -> String {
    let registry = registry_of(repository);
    match registry.as_str() {
        "quay.io" => QUAY.to_owned(),
        DOCKER_HUB => DOCKER_HUB_STEPS.to_owned(),
        _ => format!(
            "To get credentials for {registry}:\n\
             \x20 1. Run `podman login {registry}` or `docker login {registry}` with an account that may push;\n\
             \x20    the registry's own documentation says how to obtain a robot account or access token for it.\n\
             \x20 2. Run this command again: it finds what the login wrote.\n"
        ),
    }
}

const QUAY: &str = "To get credentials for quay.io:
  1. On https://quay.io open your user's Account Settings and choose `Generate Encrypted Password`.
  2. Enter your login password, choose `Docker Configuration` and download `<your-username>-auth.json`.
  3. Run this command again with `--auth-file <your-username>-auth.json`.
";

const DOCKER_HUB_STEPS: &str = "To get credentials for Docker Hub (docker.io):
  1. On https://hub.docker.com open Account Settings, Security and create an access token that may read and write.
  2. Run `podman login docker.io` with your user name, and the token in place of the password.
  3. Run this command again: it finds what the login wrote.
";
