//! Removing what a creation left that did not end well.

use std::path::Path;

use bollard::Docker;

use super::Kind;
use crate::kind::inspect::inspect;
use crate::kind::{ClusterName, KindError, WorkFolder};

impl Kind {
    /// Removes the cluster that this deployment began to make and did not finish, so that it can be made anew: it is a part, and
    /// nobody has put anything into it. Gives its name; `None` when nothing is unfinished. The registry's certificate and the
    /// folder of the mounts stay.
    ///
    /// Where the engine can be asked, each node must mount this deployment's `certs.d`; without that nobody can tell that it is ours.
    ///
    /// # Errors
    ///
    /// [`KindError::NotOurs`] when somebody else's cluster has the name by now; everything else means that it could not be told or done.
    pub async fn discard_unfinished(
        &self,
        engine: Option<&Docker>,
        work_folder: &WorkFolder,
        kubeconfig: &Path,
    ) -> Result<Option<ClusterName>, KindError> {
        let Some(cluster) = work_folder.unfinished()? else {
            return Ok(None);
        };
        if let Some(engine) = engine
            && let Some(found) = inspect(engine, &cluster).await?
        {
            let certs_d = work_folder.certs_d();
            let is_ours = |mounts: &[(String, String)]| {
                mounts.iter().any(|(host, _)| Path::new(host) == certs_d)
            };
            // The load balancer of several control planes mounts nothing.
            let mut nodes = found.nodes.into_iter();
            let other =
                nodes.find(|node| node.role != "external-load-balancer" && !is_ours(&node.mounts));
            if let Some(node) = other {
                return Err(KindError::NotOurs {
                    cluster,
                    node: node.name,
                    certs_d,
                });
            }
        }
        self.delete(&cluster, kubeconfig).await?;
        work_folder.end()?;
        Ok(Some(cluster))
    }
}
