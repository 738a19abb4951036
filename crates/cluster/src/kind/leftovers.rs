//! What a failure left behind, and what removes it.

use std::fmt;

use super::ClusterName;

/// What is there of a cluster after its creation failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftovers {
    /// The cluster.
    pub cluster: ClusterName,
    /// Its nodes, by the names of their containers; or why they could not be listed.
    pub nodes: Result<Vec<String>, String>,
    /// The command that removes them, to paste.
    pub remedy: String,
}

impl fmt::Display for Leftovers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cluster,
            nodes,
            remedy,
        } = self;
        match nodes {
            Ok(nodes) if nodes.is_empty() => formatter.write_str("nothing is left behind"),
            Ok(nodes) => {
                let s = if nodes.len() == 1 { "" } else { "s" };
                let nodes = nodes.join(", ");
                write!(
                    formatter,
                    "left behind: container{s} {nodes}; `{remedy}` removes what there is"
                )
            }
            Err(why) => write!(
                formatter,
                "what is left behind of cluster {cluster} could not be told: {why}; `{remedy}` removes what there is"
            ),
        }
    }
}
