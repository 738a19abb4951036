//! A cache's container, as it should be.

use std::collections::HashMap;
use std::fmt::Write as _;

use bollard::models::{
    ContainerCreateBody, HostConfig, Mount, MountType, RestartPolicy, RestartPolicyNameEnum,
};

use super::{LABEL, Upstream};
use crate::certificate_authority::ServerCertificate;

/// The label that tells whether a container is as it should be.
pub(super) const REVISION: &str = "konflux-local.revision";
/// The port on which it serves, over TLS.
pub(super) const PORT: u16 = 5000;
const FOLDER: &str = "konflux-local";

/// What decides how a cache runs: when it differs, the container is replaced. Its volume stays.
pub(super) fn revision(
    image: &str,
    remote: Option<&str>,
    certificate: &ServerCertificate,
) -> String {
    let mut text = format!("1 {image} {} ", remote.unwrap_or("offline"));
    text.push_str(&certificate.server.certificate);
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _infallible = write!(hex, "{byte:02x}");
        hex
    })
}

pub(super) fn labels(upstream: &Upstream) -> HashMap<String, String> {
    HashMap::from([(LABEL.to_owned(), upstream.host.to_owned())])
}

/// The container; `remote` is whom it asks for what it does not hold. The variables are those of the distribution registry, which has one
/// for every field of its configuration.
pub(super) fn body(
    image: &str,
    upstream: &Upstream,
    remote: Option<&str>,
    revision: String,
) -> ContainerCreateBody {
    let mut variables = vec![
        format!("REGISTRY_HTTP_ADDR=:{PORT}"),
        format!("REGISTRY_HTTP_TLS_CERTIFICATE=/{FOLDER}/server.crt"),
        format!("REGISTRY_HTTP_TLS_KEY=/{FOLDER}/server.key"),
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/var/lib/registry".to_owned(),
    ];
    variables.extend(remote.map(|url| format!("REGISTRY_PROXY_REMOTEURL={url}")));
    let mut labels = labels(upstream);
    labels.insert(REVISION.to_owned(), revision);
    ContainerCreateBody {
        image: Some(image.to_owned()),
        env: Some(variables),
        labels: Some(labels),
        host_config: Some(HostConfig {
            mounts: Some(vec![Mount {
                target: Some("/var/lib/registry".to_owned()),
                source: Some(upstream.cache_name()),
                typ: Some(MountType::VOLUME),
                ..Default::default()
            }]),
            // It comes back with the engine, as the nodes do.
            restart_policy: Some(RestartPolicy {
                name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
                maximum_retry_count: None,
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// Its certificate and key as an archive to unpack at its root: they reach the engine wherever it runs, and no folder of the host
/// has to be shared with it.
pub(super) fn files(certificate: &ServerCertificate) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content, mode) in [
        ("server.crt", &certificate.server.certificate, 0o644),
        ("server.key", &certificate.server.key, 0o600),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        let path = format!("{FOLDER}/{name}");
        archive.append_data(&mut header, path, content.as_bytes())?;
    }
    archive.into_inner()
}
