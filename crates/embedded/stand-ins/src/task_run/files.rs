//! The files of one TaskRun on this host.

use std::{
    collections::BTreeMap,
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use k8s_openapi::{
    ByteString,
    api::core::v1::{ConfigMap, KeyToPath, PersistentVolumeClaim, Secret},
};
use kube::{Api, ResourceExt};

use super::plan_volume::{Mount, Source};
use crate::{claims, context::Context, error::ReconcileError, tekton::Failure};

/// The directory of a TaskRun, which only this user can read; it is removed with everything in it when dropped.
pub(crate) struct TaskFiles {
    root: PathBuf,
    volumes: BTreeMap<(bool, String), PathBuf>,
}

impl Drop for TaskFiles {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.root) {
            tracing::warn!(path = %self.root.display(), %error, "cannot remove the files of a TaskRun");
        }
    }
}

impl TaskFiles {
    /// An empty directory for a TaskRun.
    pub(crate) fn create(root: PathBuf) -> Result<Self, ReconcileError> {
        if root.exists() {
            fs::remove_dir_all(&root).map_err(|source| at(&root, source))?;
        }
        private_directory(&root)?;
        Ok(Self {
            root,
            volumes: BTreeMap::new(),
        })
    }

    /// A directory in it, made if needed.
    pub(crate) fn directory(&self, name: &str) -> Result<PathBuf, ReconcileError> {
        let path = self.root.join(name);
        private_directory(&path)?;
        Ok(path)
    }

    /// A file in it.
    pub(crate) fn write(&self, name: &str, content: &[u8]) -> Result<(), ReconcileError> {
        let path = self.root.join(name);
        fs::write(&path, content).map_err(|source| at(&path, source))
    }

    /// The directory behind a mount, made from its source if this is the first use of it.
    pub(crate) async fn mount(
        &mut self,
        context: &Context,
        namespace: &str,
        mount: &Mount,
    ) -> Result<Result<PathBuf, Failure>, ReconcileError> {
        let key = (mount.is_workspace, mount.name.clone());
        let directory = match self.volumes.get(&key) {
            Some(directory) => directory.clone(),
            None => {
                let kind = if mount.is_workspace {
                    "workspaces"
                } else {
                    "volumes"
                };
                let path = self.directory(kind)?.join(&mount.name);
                let directory = match fill(context, namespace, &mount.source, path).await? {
                    Ok(directory) => directory,
                    Err(failure) => return Ok(Err(failure)),
                };
                self.volumes.insert(key, directory.clone());
                directory
            }
        };
        let Some(sub_path) = &mount.sub_path else {
            return Ok(Ok(directory));
        };
        let directory = directory.join(sub_path);
        if !directory.exists() {
            private_directory(&directory)?;
        }
        Ok(Ok(directory))
    }
}

async fn fill(
    context: &Context,
    namespace: &str,
    source: &Source,
    path: PathBuf,
) -> Result<Result<PathBuf, Failure>, ReconcileError> {
    let missing = |kind: &str, name: &str| {
        let message = format!("the {kind} {name:?} does not exist in the namespace {namespace:?}");
        Failure::new("CreateContainerConfigError", message)
    };
    let (files, items) = match source {
        Source::EmptyDir => (BTreeMap::new(), None),
        Source::Claim(name) => {
            let claims: Api<PersistentVolumeClaim> =
                Api::namespaced(context.client.clone(), namespace);
            return match claims.get_opt(name).await? {
                Some(claim) => {
                    let directory = claims::directory(context, &claim.uid().unwrap_or_default());
                    private_directory(&directory)?;
                    Ok(Ok(directory))
                }
                None => Ok(Err(missing("PersistentVolumeClaim", name))),
            };
        }
        Source::ConfigMap(source) => {
            let config_maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), namespace);
            match config_maps.get_opt(&source.name).await? {
                Some(config_map) => (config_map_files(config_map), source.items.as_ref()),
                None if source.optional == Some(true) => (BTreeMap::new(), None),
                None => return Ok(Err(missing("ConfigMap", &source.name))),
            }
        }
        Source::Secret(source) => {
            let name = source.secret_name.as_deref().unwrap_or_default();
            let secrets: Api<Secret> = Api::namespaced(context.client.clone(), namespace);
            match secrets.get_opt(name).await? {
                Some(secret) => (secret_files(secret), source.items.as_ref()),
                None if source.optional == Some(true) => (BTreeMap::new(), None),
                None => return Ok(Err(missing("Secret", name))),
            }
        }
    };
    match select(files, items) {
        Ok(files) => {
            write_volume(&path, &files)?;
            Ok(Ok(path))
        }
        Err(problem) => Ok(Err(Failure::new("CreateContainerConfigError", problem))),
    }
}

fn config_map_files(config_map: ConfigMap) -> BTreeMap<String, Vec<u8>> {
    let texts = config_map
        .data
        .into_iter()
        .flatten()
        .map(|(key, text)| (key, text.into_bytes()));
    let binaries = config_map
        .binary_data
        .into_iter()
        .flatten()
        .map(|(key, ByteString(bytes))| (key, bytes));
    texts.chain(binaries).collect()
}

fn secret_files(secret: Secret) -> BTreeMap<String, Vec<u8>> {
    secret
        .data
        .into_iter()
        .flatten()
        .map(|(key, ByteString(bytes))| (key, bytes))
        .collect()
}

/// The files by their path in the volume: all keys, or the listed ones under the listed paths.
fn select(
    mut files: BTreeMap<String, Vec<u8>>,
    items: Option<&Vec<KeyToPath>>,
) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let Some(items) = items else { return Ok(files) };
    let mut selected = BTreeMap::new();
    for item in items {
        if item.path.starts_with('/')
            || item
                .path
                .split('/')
                .any(|part| part == ".." || part.is_empty())
        {
            return Err(format!(
                "the path {:?} of the key {:?} leads out of the volume",
                item.path, item.key
            ));
        }
        let Some(content) = files.remove(&item.key) else {
            return Err(format!(
                "a volume refers to the key {:?}, which does not exist",
                item.key
            ));
        };
        selected.insert(item.path.clone(), content);
    }
    Ok(selected)
}

/// Writes files as kubelet does: below a hidden directory, with `..data` and each top-level name as links into it.
fn write_volume(path: &Path, files: &BTreeMap<String, Vec<u8>>) -> Result<(), ReconcileError> {
    const PAYLOAD: &str = "..payload";
    private_directory(path)?;
    if files.is_empty() {
        return Ok(());
    }
    private_directory(&path.join(PAYLOAD))?;
    link(PAYLOAD, &path.join("..data"))?;
    for (name, content) in files {
        let file = path.join(PAYLOAD).join(name);
        if let Some(parent) = file.parent() {
            private_directory(parent)?;
        }
        fs::write(&file, content).map_err(|source| at(&file, source))?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600))
            .map_err(|source| at(&file, source))?;
        let top = name.split('/').next().unwrap_or(name);
        if path.join(top).symlink_metadata().is_err() {
            link(&format!("..data/{top}"), &path.join(top))?;
        }
    }
    Ok(())
}

fn link(target: &str, path: &Path) -> Result<(), ReconcileError> {
    symlink(target, path).map_err(|source| at(path, source))
}

/// Makes a directory, and those above it, readable for this user only.
pub(crate) fn private_directory(path: &Path) -> Result<(), ReconcileError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| at(path, source))
}

/// Says which file an input or output error is about.
pub(crate) fn at(path: &Path, source: io::Error) -> ReconcileError {
    ReconcileError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(key: &str, path: &str) -> KeyToPath {
        KeyToPath {
            key: key.to_owned(),
            path: path.to_owned(),
            ..KeyToPath::default()
        }
    }

    #[test]
    fn items_choose_and_rename_keys() {
        let files = BTreeMap::from([
            ("app..main".to_owned(), b"x".to_vec()),
            ("other".to_owned(), b"y".to_vec()),
        ]);
        let selected = select(files, Some(&vec![item("app..main", "app/main")])).unwrap();
        assert_eq!(
            selected,
            BTreeMap::from([("app/main".to_owned(), b"x".to_vec())])
        );
    }

    #[test]
    fn an_item_without_a_key_or_with_a_path_out_of_the_volume_is_refused() {
        assert!(
            select(BTreeMap::new(), Some(&vec![item("a", "a")]))
                .unwrap_err()
                .contains("\"a\"")
        );
        for path in ["../a", "/a", "a//b"] {
            assert!(
                select(
                    BTreeMap::from([("a".to_owned(), Vec::new())]),
                    Some(&vec![item("a", path)])
                )
                .is_err(),
                "{path}"
            );
        }
    }

    #[test]
    fn a_volume_shows_its_files_through_links_as_kubelet_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("volume");
        let files = BTreeMap::from([
            ("app/main".to_owned(), b"x".to_vec()),
            ("Dockerfile".to_owned(), b"FROM".to_vec()),
        ]);
        write_volume(&path, &files).unwrap();
        assert_eq!(fs::read(path.join("app/main")).unwrap(), b"x");
        assert_eq!(
            fs::read_link(path.join("Dockerfile")).unwrap(),
            Path::new("..data/Dockerfile")
        );
        assert_eq!(
            fs::metadata(path.join("Dockerfile"))
                .unwrap()
                .permissions()
                .mode()
                & 0o777,
            0o600
        );
    }

    #[test]
    fn nothing_is_left_when_the_files_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("run");
        let files = TaskFiles::create(root.clone()).unwrap();
        files.directory("home").unwrap();
        files.write("home/secret", b"s").unwrap();
        assert_eq!(
            fs::metadata(&root).unwrap().permissions().mode() & 0o777,
            0o700
        );
        drop(files);
        assert!(!root.exists());
    }
}
