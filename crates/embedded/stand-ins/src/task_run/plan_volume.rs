//! What is behind the mount paths of a task: workspaces and volumes.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, SecretVolumeSource, Volume, VolumeMount,
};
use konflux_api::tekton::{WorkspaceBinding, WorkspaceDeclaration};

use super::plan::invalid;
use crate::tekton::{Failure, Variables};

/// Where the files of a mount come from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// A directory of the TaskRun.
    EmptyDir,
    /// A claim of the namespace.
    Claim(String),
    /// A ConfigMap of the namespace.
    ConfigMap(ConfigMapVolumeSource),
    /// A Secret of the namespace.
    Secret(SecretVolumeSource),
}

/// A volume of a task.
#[derive(Clone, Debug)]
pub(crate) struct VolumePlan {
    name: String,
    source: Source,
}

/// A directory at a path of the container.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mount {
    /// The workspace or volume; two mounts of one name show the same directory.
    pub(crate) name: String,
    /// Whether `name` is a workspace.
    pub(crate) is_workspace: bool,
    /// The path in the container.
    pub(crate) path: String,
    /// Where the files come from.
    pub(crate) source: Source,
    /// A directory within the source.
    pub(crate) sub_path: Option<String>,
}

impl Mount {
    /// The claim behind the mount, when it is one.
    pub(crate) fn claim(&self) -> Option<&str> {
        match &self.source {
            Source::Claim(name) => Some(name),
            Source::EmptyDir | Source::ConfigMap(_) | Source::Secret(_) => None,
        }
    }
}

/// The mounts of the declared workspaces that are bound.
pub(crate) fn workspaces(
    declared: &[WorkspaceDeclaration],
    bound: &[WorkspaceBinding],
) -> Result<Vec<Mount>, Failure> {
    for binding in bound {
        if declared
            .iter()
            .all(|declaration| declaration.name != binding.name)
        {
            return Err(invalid(format!(
                "the run binds the workspace {:?}, which its task does not declare",
                binding.name
            )));
        }
    }
    let mut mounts = Vec::new();
    for declaration in declared {
        let mut bindings = bound
            .iter()
            .filter(|binding| binding.name == declaration.name);
        match (bindings.next(), bindings.next()) {
            (Some(binding), None) => mounts.push(Mount {
                name: declaration.name.clone(),
                is_workspace: true,
                path: declaration
                    .mount_path
                    .clone()
                    .unwrap_or_else(|| format!("/workspace/{}", declaration.name)),
                source: workspace_source(binding)?,
                sub_path: relative(binding.sub_path.as_deref())?,
            }),
            (None, _) if declaration.optional => {}
            (None, _) => {
                return Err(invalid(format!(
                    "the workspace {:?} is required, but the run does not bind it",
                    declaration.name
                )));
            }
            (Some(_), Some(_)) => {
                return Err(invalid(format!(
                    "the workspace {:?} is bound twice",
                    declaration.name
                )));
            }
        }
    }
    Ok(mounts)
}

fn workspace_source(binding: &WorkspaceBinding) -> Result<Source, Failure> {
    let name = &binding.name;
    if binding.volume_claim_template.is_some() {
        return Err(invalid(format!(
            "the workspace {name:?} of a TaskRun has a volumeClaimTemplate; this model makes claims for PipelineRuns only"
        )));
    }
    let mut sources = Vec::new();
    if let Some(source) = &binding.empty_dir {
        sources.push(empty_dir(name, source)?);
    }
    if let Some(source) = &binding.persistent_volume_claim {
        sources.push(Source::Claim(source.claim_name.clone()));
    }
    sources.extend(binding.config_map.clone().map(Source::ConfigMap));
    sources.extend(binding.secret.clone().map(Source::Secret));
    match <[Source; 1]>::try_from(sources) {
        Ok([source]) => Ok(source),
        Err(_) => Err(invalid(format!(
            "the workspace {name:?} needs exactly one of emptyDir, persistentVolumeClaim, configMap and secret"
        ))),
    }
}

/// The volumes of a task.
pub(crate) fn volumes(volumes: &[Volume]) -> Result<Vec<VolumePlan>, Failure> {
    volumes.iter().map(volume).collect()
}

fn volume(volume: &Volume) -> Result<VolumePlan, Failure> {
    let name = volume.name.clone();
    let modelled = Volume {
        name: name.clone(),
        empty_dir: volume.empty_dir.clone(),
        config_map: volume.config_map.clone(),
        secret: volume.secret.clone(),
        persistent_volume_claim: volume.persistent_volume_claim.clone(),
        ..Volume::default()
    };
    let source = match volume {
        _ if modelled != *volume => None,
        Volume {
            empty_dir: Some(source),
            ..
        } => Some(empty_dir(&name, source)?),
        Volume {
            config_map: Some(source),
            ..
        } => Some(Source::ConfigMap(source.clone())),
        Volume {
            secret: Some(source),
            ..
        } => Some(Source::Secret(source.clone())),
        Volume {
            persistent_volume_claim: Some(source),
            ..
        } => Some(Source::Claim(source.claim_name.clone())),
        _ => None,
    };
    let message = || {
        invalid(format!(
            "the volume {name:?} has a source that this model of Tekton does not implement; emptyDir, configMap, secret and \
             persistentVolumeClaim are"
        ))
    };
    Ok(VolumePlan {
        source: source.ok_or_else(message)?,
        name,
    })
}

fn empty_dir(name: &str, source: &EmptyDirVolumeSource) -> Result<Source, Failure> {
    if *source == EmptyDirVolumeSource::default() {
        return Ok(Source::EmptyDir);
    }
    Err(invalid(format!(
        "the emptyDir {name:?} has a medium or size limit, which this model of Tekton does not implement"
    )))
}

/// The mounts of a step.
pub(crate) fn mounts(
    step: &str,
    mounts: Vec<VolumeMount>,
    volumes: &[VolumePlan],
    variables: &Variables,
) -> Result<Vec<Mount>, Failure> {
    mounts
        .into_iter()
        .map(|mount| plan_mount(step, &mount, volumes, variables))
        .collect()
}

fn plan_mount(
    step: &str,
    mount: &VolumeMount,
    volumes: &[VolumePlan],
    variables: &Variables,
) -> Result<Mount, Failure> {
    let modelled = VolumeMount {
        name: mount.name.clone(),
        mount_path: mount.mount_path.clone(),
        sub_path: mount.sub_path.clone(),
        read_only: mount.read_only,
        ..VolumeMount::default()
    };
    if modelled != *mount {
        return Err(invalid(format!(
            "step {step:?}: the mount {} uses more than name, mountPath, subPath and readOnly, which this model of Tekton does not \
             implement",
            mount.mount_path
        )));
    }
    let Some(volume) = volumes.iter().find(|volume| volume.name == mount.name) else {
        return Err(invalid(format!(
            "step {step:?} mounts the volume {:?}, which the task does not have",
            mount.name
        )));
    };
    let path = variables
        .text(&mount.mount_path)
        .map_err(|error| invalid(format!("step {step:?}: {error}")))?;
    Ok(Mount {
        name: volume.name.clone(),
        is_workspace: false,
        path,
        source: volume.source.clone(),
        sub_path: relative(mount.sub_path.as_deref())?,
    })
}

/// A path within a volume, which must not lead out of it.
fn relative(sub_path: Option<&str>) -> Result<Option<String>, Failure> {
    match sub_path.filter(|path| !path.is_empty()) {
        Some(path) if path.starts_with('/') || path.split('/').any(|part| part == "..") => Err(
            invalid(format!("the subPath {path:?} leads out of its volume")),
        ),
        path => Ok(path.map(str::to_owned)),
    }
}
