//! `deploy-local`, `status` and `destroy` as calls.

mod choose;
mod deploy;
mod destroy;
mod destroy_existing;
mod destroy_kind;
mod status;
mod target;

pub use deploy::{DeployError, DeployRequest, Deployed, deploy, deploy_until_cancelled};
pub use destroy::{DestroyError, Destroyed, destroy};
pub use status::{Health, Status, StatusError, status};
pub use target::Target;

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
            on_a_thread(move || directory.lock(command)).await
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
            on_a_thread(move || directory.lock_shared(command)).await
        }
        taken => taken,
    }
}

/// Waits on a thread that nobody waits for: the runtime waits for its own blocking tasks when it ends, and then an interrupted
/// command would wait for a lock that it no longer wants.
async fn on_a_thread<T: Send + 'static>(take: impl FnOnce() -> T + Send + 'static) -> T {
    let (give, taken) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // When nobody waits any more, the lock is released at once.
        let _nobody = give.send(take());
    });
    taken.await.expect("taking a file lock does not panic")
}
