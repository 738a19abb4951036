//! Push secrets in a cluster: written, linked to a ServiceAccount, and read as Tekton reads them. Needs the feature `kubernetes`.
//!
//! ```no_run
//! use credentials::cluster::{LinkAs, apply_push_secret, link_secret};
//! use credentials::{DockerConfig, Environment, Search};
//!
//! # async fn push_secret(client: kube::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let found = Search::new(None, &Environment::of_process()).find("quay.io/team/application").await?;
//! let config = DockerConfig::for_push([&found])?;
//! apply_push_secret(&client, "user-ns1", "regcred", &config, &Default::default()).await?;
//! link_secret(&client, "user-ns1", "build-pipeline-application", "regcred", LinkAs::SECRETS).await?;
//! # Ok(())
//! # }
//! ```

mod error;
mod link;
mod linked;
mod ownership;
mod push_secret;
mod wait;

pub use error::{KubernetesError, LinkError, SecretError, WaitError};
pub use link::{LinkAs, LinkChange, link_secret};
pub use linked::{LinkedSecrets, service_account_secrets};
pub use push_secret::{SecretChange, apply_push_secret, predict_push_secret};
pub use wait::wait_for_service_account;

/// The field manager under which this program writes.
pub const FIELD_MANAGER: &str = "konflux-local";

/// How often a change is made again on an object that somebody else changed in between.
const ATTEMPTS: usize = 5;

/// Name of the type of push secrets.
const DOCKER_CONFIG_JSON: &str = "kubernetes.io/dockerconfigjson";
/// The key under which such a Secret holds its docker config.
const DATA_KEY: &str = ".dockerconfigjson";
