//! `deploy-local`, `status` and `destroy` as calls.

mod choose;
mod deploy;
mod destroy;
mod status;

pub use deploy::{DeployError, DeployRequest, Deployed, deploy, embedded_plan};
pub use destroy::{DestroyError, Destroyed, destroy};
pub use status::{Health, Status, StatusError, status};

use cluster::DeploymentDirectory;
use cluster::state::{DeploymentLock, LockError, LockHolder};

/// Takes the deployment's lock; when somebody holds it, says so and waits.
async fn lock(
    directory: &DeploymentDirectory,
    command: &'static str,
    waiting: impl Fn(&LockHolder),
) -> Result<DeploymentLock, LockError> {
    match directory.try_lock(command) {
        Err(LockError::Held(holder)) => {
            waiting(&holder);
            let directory = directory.clone();
            tokio::task::spawn_blocking(move || directory.lock(command))
                .await
                .expect("taking a file lock does not panic, and nobody cancels it")
        }
        taken => taken,
    }
}

/// Takes the deployment's lock for a use that changes nothing; when somebody is changing it, says so and waits.
///
/// # Errors
///
/// The lock cannot be used.
pub async fn lock_for_use(
    directory: &DeploymentDirectory,
    command: &'static str,
    waiting: impl Fn(&LockHolder),
) -> Result<DeploymentLock, LockError> {
    match directory.try_lock_shared(command) {
        Err(LockError::Held(holder)) => {
            waiting(&holder);
            let directory = directory.clone();
            tokio::task::spawn_blocking(move || directory.lock_shared(command))
                .await
                .expect("taking a file lock does not panic, and nobody cancels it")
        }
        taken => taken,
    }
}
