//! How a node's containerd reaches registries: the files of `/etc/containerd/certs.d`.
//!
//! The format is containerd's (`docs/hosts.md` of containerd): one folder for each host of image references, with a `hosts.toml`. The folder
//! is mounted into every node before its containerd starts, and read anew at each pull: what changes in it holds from the
//! next pull on, without touching the cluster.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{CERTS_D, REGISTRY_NODE_PORT};
use crate::embedded::REGISTRY_NAMES;
use crate::state::{read_if_present, update};

/// The first line of files that we may replace and remove.
const HEADER: &str = "# Written by konflux-local, which replaces this file.\n";

/// A registry that is asked before another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The host of image references, for example `docker.io`.
    pub host: String,
    /// The URL of the registry behind that name, which is asked when the mirror does not answer. The same as `endpoint`
    /// where nobody else may be asked.
    pub server: String,
    /// The mirror's URL, as nodes reach it.
    pub endpoint: String,
    /// The authority of the mirror's certificate, PEM.
    pub ca: String,
}

/// The files, by their path in the folder: those of the internal registry, also as `localhost:PORT` where the host has a port for it, and those of
/// mirrors.
///
/// The registry is reached at its node port on the node itself, so no name has to resolve. TLS is verified against `registry_ca`.
#[must_use]
pub fn certs_d(
    registry_ca: &str,
    registry_port: Option<u16>,
    mirrors: &[Mirror],
) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let on_this_host = registry_port.map(|port| format!("localhost:{port}"));
    let names = REGISTRY_NAMES.iter().map(|&name| name.to_owned());
    for host in names.chain(on_this_host) {
        let endpoint = format!("https://localhost:{REGISTRY_NODE_PORT}");
        let hosts = only(&host, &endpoint);
        files.push((Path::new(&host).join("hosts.toml"), hosts));
        files.push((Path::new(&host).join("ca.crt"), registry_ca.to_owned()));
    }
    for mirror in mirrors {
        let Mirror {
            host,
            server,
            endpoint,
            ca,
        } = mirror;
        let hosts = if server == endpoint {
            only(host, endpoint)
        } else {
            format!(
                "{HEADER}server = \"{server}\"\n\n[host.\"{endpoint}\"]\n  capabilities = [\"pull\", \"resolve\"]\n  ca = \"{CERTS_D}/{host}/ca.crt\"\n"
            )
        };
        files.push((Path::new(host).join("hosts.toml"), hosts));
        files.push((Path::new(host).join("ca.crt"), ca.clone()));
    }
    files
}

/// The endpoint set at the root, so that there is no other server to fall back to whose failure would hide this one's.
fn only(host: &str, endpoint: &str) -> String {
    format!(
        "{HEADER}server = \"{endpoint}\"\ncapabilities = [\"pull\", \"resolve\"]\nca = \"{CERTS_D}/{host}/ca.crt\"\n"
    )
}

/// Writes the files, and removes those that an earlier run wrote for hosts that are not among them. What others put into the folder stays.
/// Tells whether anything changed.
///
/// # Errors
///
/// The path, and what the file system says about it.
pub fn write(folder: &Path, files: &[(PathBuf, String)]) -> Result<bool, (PathBuf, io::Error)> {
    let mut changed = remove_ours_except(folder, files)?;
    for (name, content) in files {
        let path = folder.join(name);
        let failed = |source| (path.clone(), source);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(failed)?;
        }
        changed |= update(&path, content.as_bytes()).map_err(failed)?;
    }
    Ok(changed)
}

fn remove_ours_except(
    folder: &Path,
    files: &[(PathBuf, String)],
) -> Result<bool, (PathBuf, io::Error)> {
    let failed = |source| (folder.to_owned(), source);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let mut changed = false;
    for entry in entries {
        let host = entry.map_err(failed)?.file_name();
        let wanted = files.iter().any(|(name, _)| name.starts_with(&host));
        let path = folder.join(&host);
        let hosts = read_if_present(&path.join("hosts.toml")).unwrap_or_default();
        if !wanted && hosts.is_some_and(|hosts| hosts.starts_with(HEADER.as_bytes())) {
            fs::remove_dir_all(&path).map_err(|source| (path.clone(), source))?;
            changed = true;
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror() -> Mirror {
        Mirror {
            host: "docker.io".to_owned(),
            server: "https://registry-1.docker.io".to_owned(),
            endpoint: "https://cache:5000".to_owned(),
            ca: "CACHE CA".to_owned(),
        }
    }

    #[test]
    fn every_name_of_the_registry_leads_to_its_node_port_with_its_authority() {
        let text: String = certs_d("REGISTRY CA", Some(5001), &[mirror()])
            .into_iter()
            .map(|(path, content)| format!("== {}\n{}\n", path.display(), content.trim_end()))
            .collect();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn without_a_port_on_the_host_there_is_no_name_for_one() {
        let files = certs_d("CA", None, &[]);
        assert!(
            files
                .iter()
                .all(|(path, _)| !path.starts_with("localhost:5001"))
        );
        assert_eq!(files.len(), 6);
    }

    #[test]
    fn a_mirror_that_stands_alone_has_nobody_behind_it() {
        let alone = Mirror {
            server: "https://cache:5000".to_owned(),
            ..mirror()
        };
        let files = certs_d("CA", None, &[alone]);
        let hosts = files
            .iter()
            .find(|(path, _)| path == Path::new("docker.io/hosts.toml"));
        let (_, hosts) = hosts.unwrap();
        assert!(hosts.contains("server = \"https://cache:5000\"\n") && !hosts.contains("[host"));
    }

    #[test]
    fn what_is_written_again_changes_nothing_and_what_others_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let of_a_user = folder.path().join("ghcr.io");
        fs::create_dir(&of_a_user).unwrap();
        fs::write(of_a_user.join("hosts.toml"), "server = \"https://mine\"\n").unwrap();
        let with_cache = certs_d("CA", Some(5001), &[mirror()]);
        assert!(write(folder.path(), &with_cache).unwrap());
        assert!(!write(folder.path(), &with_cache).unwrap());
        let without_cache = certs_d("CA", Some(5002), &[]);
        assert!(write(folder.path(), &without_cache).unwrap());
        let mut left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                "ghcr.io",
                "localhost:5002",
                "registry-service.kind-registry",
                "registry-service.kind-registry.svc",
                "registry-service.kind-registry.svc.cluster.local"
            ]
        );
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let (path, _) = write(file.path(), &certs_d("CA", None, &[])).unwrap_err();
        assert!(path.starts_with(file.path()));
    }
}
