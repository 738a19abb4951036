//! Making a cluster.

use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{DELETE, Existence, Kind};
use crate::kind::{ClusterName, KindError, Leftovers, WorkFolder};
use crate::program::OutputLine;

/// How long a creation may take: the node image has 350 MB, and lines are slow.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// A cluster to make.
#[derive(Debug, Clone)]
pub struct Creation<'a> {
    /// Its name.
    pub name: &'a ClusterName,
    /// The document, from [`render`](crate::kind::configuration::render).
    pub document: &'a str,
    /// Where the document and the mark of an unfinished creation are kept.
    pub work_folder: &'a WorkFolder,
    /// The kubeconfig that gets the cluster's context; the user's own is not touched.
    pub kubeconfig: &'a Path,
    /// Gets what `kind` says while it works.
    pub lines: Option<mpsc::Sender<OutputLine>>,
}

impl Kind {
    /// Makes a cluster. Nodes of a failed creation are kept, so that their logs can be collected.
    ///
    /// # Errors
    ///
    /// [`KindError::Exists`] and [`KindError::Program`] when nothing was done; [`KindError::Create`] lists what is left
    /// behind, and [`WorkFolder::unfinished`] knows of it.
    pub async fn create(&self, creation: Creation<'_>) -> Result<(), KindError> {
        let name = creation.name;
        match self.exists(name).await {
            Existence::No => {}
            Existence::Yes => return Err(KindError::Exists(name.clone())),
            Existence::Unknown(error) => return Err(error),
        }
        creation.work_folder.begin(name, creation.document)?;
        let mut command = self
            .command(
                ["create", "cluster", "--name", name.as_str(), "--retain"],
                LIMIT,
            )
            .argument("--kubeconfig")
            .argument(creation.kubeconfig)
            .arguments(["--config", "-"])
            .input_with_copy(creation.document, creation.work_folder.document());
        if let Some(lines) = creation.lines {
            command = command.lines_to(lines);
        }
        let Err(source) = command.run().await else {
            return creation.work_folder.end();
        };
        let leftovers = self.leftovers(name, creation.kubeconfig).await;
        if leftovers.nodes.as_ref().is_ok_and(Vec::is_empty) {
            creation.work_folder.end()?;
        }
        Err(KindError::Create {
            cluster: name.clone(),
            source,
            leftovers: Box::new(leftovers),
        })
    }

    /// What there is of a cluster, asked even when everything else was cancelled.
    pub async fn leftovers(&self, name: &ClusterName, kubeconfig: &Path) -> Leftovers {
        let undisturbed = self.clone().cancelled_by(CancellationToken::new());
        let nodes = undisturbed.nodes(name).await;
        let remedy = self
            .command(["delete", "cluster", "--name", name.as_str()], DELETE)
            .argument("--kubeconfig")
            .argument(kubeconfig);
        Leftovers {
            cluster: name.clone(),
            nodes: nodes.map_err(|error| error.to_string()),
            remedy: remedy.rendering(),
        }
    }
}
