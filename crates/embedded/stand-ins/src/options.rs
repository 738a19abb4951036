//! What the stand-ins need to know about the deployment they serve.

use std::{ffi::OsString, path::PathBuf};

/// The settings of [`crate::run`].
#[derive(Clone, Debug)]
pub struct Options {
    /// How PipelineRuns and TaskRuns are executed on this host; `None` where Tekton itself is installed and does it.
    pub steps: Option<StepEnvironment>,
    /// PEM certificates that pipelines must trust, written to the ConfigMap `trusted-ca` of every namespace.
    pub trust_bundle_pem: String,
    /// Whether a build becomes a Snapshot only when Tekton Chains has annotated it (`chains.tekton.dev/signed`), as in
    /// Konflux. Chains is not modelled, so that this is only useful where the real one runs.
    pub await_signature: bool,
}

/// Where and how the steps of TaskRuns run on this host.
#[derive(Clone, Debug)]
pub struct StepEnvironment {
    /// The program that stands for the probe image's entrypoint, with leading arguments: a step's `command: [probe]` is
    /// replaced by it.
    pub probe_command: Vec<OsString>,
    /// A directory for the files of running steps and for volume claims. Secrets in it are removed when a step ends.
    pub work_dir: PathBuf,
    /// Step logs are kept as `<logs_dir>/<namespace>/<pod>/<container>.log`.
    pub logs_dir: PathBuf,
    /// Variables that every step gets besides its own.
    pub environment: Vec<(String, String)>,
    /// The Kubernetes API as steps reach it.
    pub kubernetes: KubernetesAccess,
}

/// The address of a Kubernetes API, given to steps as pods get it.
#[derive(Clone, Debug)]
pub struct KubernetesAccess {
    /// The value of `KUBERNETES_SERVICE_HOST`.
    pub host: String,
    /// The value of `KUBERNETES_SERVICE_PORT`.
    pub port: u16,
    /// The certificate authority of the API, as PEM; the file `ca.crt` of the service account directory.
    pub ca_pem: String,
}

impl Options {
    /// The settings of a deployment whose pipelines run on this host, and where nothing signs builds.
    pub fn new(steps: StepEnvironment, trust_bundle_pem: String) -> Self {
        Self {
            steps: Some(steps),
            trust_bundle_pem,
            await_signature: false,
        }
    }
}
