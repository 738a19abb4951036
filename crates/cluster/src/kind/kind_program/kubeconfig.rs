//! The kubeconfig of a cluster, in a file of the deployment's own.

use std::path::{Path, PathBuf};

use kube::config::Kubeconfig;
use secrecy::ExposeSecret;

use super::{Kind, LOOK};
use crate::kind::{ClusterName, KindError};
use crate::state::update_private;

/// A context by its name and its file: what every call to the cluster names, so that none depends on what is current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinnedContext {
    /// The kubeconfig, mode 0600.
    pub kubeconfig: PathBuf,
    /// The context in it.
    pub context: String,
    /// URL of the API server.
    pub server: String,
}

impl Kind {
    /// Writes the cluster's kubeconfig to `path`, mode 0600, if it differs from what is there.
    ///
    /// # Errors
    ///
    /// [`KindError`]; it shows nothing of the kubeconfig, which holds a client key.
    pub async fn kubeconfig(
        &self,
        name: &ClusterName,
        path: &Path,
    ) -> Result<PinnedContext, KindError> {
        let attempted = format!("get the kubeconfig of Kind cluster {name}");
        let command = self
            .command(["get", "kubeconfig", "--name", name.as_str()], LOOK)
            .secret_output();
        let output = command
            .run()
            .await
            .map_err(KindError::program(&attempted))?;
        let text = output
            .secret_stdout()
            .map_err(KindError::program(&attempted))?;
        let context = name.context();
        let Some(server) = server(text.expose_secret(), &context) else {
            let problem = format!("something that is not a kubeconfig with context {context}");
            return Err(KindError::program(attempted)(output.unusable(problem)));
        };
        let content = text.expose_secret().as_bytes();
        update_private(path, content).map_err(KindError::file(path))?;
        Ok(PinnedContext {
            kubeconfig: path.to_owned(),
            context,
            server,
        })
    }
}

fn server(text: &str, context: &str) -> Option<String> {
    let kubeconfig = Kubeconfig::from_yaml(text).ok()?;
    let context = kubeconfig
        .contexts
        .iter()
        .find(|named| named.name == context)?;
    let cluster = &context.context.as_ref()?.cluster;
    let cluster = kubeconfig
        .clusters
        .iter()
        .find(|named| named.name == *cluster)?;
    cluster.cluster.as_ref()?.server.clone()
}
