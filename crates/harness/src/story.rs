//! The frame of every scenario: a tenant of its own, evidence when it fails, cleaning up in any case.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;

use crate::cleanup::Cleanup;
use crate::evidence;
use crate::runner::RegistrySetting;
use crate::tenant::{Credentials, Tenant};
use crate::{Deployment, Failure, Journal, Scenario, Verdict};

/// What the runner gives to the scenario that runs on this thread.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) deployment: Deployment,
    pub(crate) runtime: Handle,
    pub(crate) journal: Journal,
    /// Where evidence goes if the scenario fails.
    pub(crate) evidence: PathBuf,
    /// Leave in place what the scenario makes.
    pub(crate) keep: bool,
    /// The external registry, if a person named one.
    pub(crate) external: Option<RegistrySetting>,
    /// Ends the story early.
    pub(crate) interrupted: CancellationToken,
}

thread_local! {
    /// Scenarios have no parameters, because the attributes of `serial_test` allow none; the runner runs each on a thread
    /// and hands over here what it is to run against.
    static SCENE: RefCell<Option<Scene>> = const { RefCell::new(None) };
}

impl Scene {
    /// Plays a scenario on this thread. A panic outside of its tenant is its failure too.
    pub(crate) fn play(self, scenario: &Scenario) -> Verdict {
        SCENE.set(Some(self));
        let verdict = catch_unwind(AssertUnwindSafe(|| scenario.tell()));
        SCENE.set(None);
        verdict.unwrap_or_else(|panic| Err(panicked(&*panic)))
    }

    fn current() -> Result<Self, Failure> {
        let no_runner = || Failure::Scenario("it was not started by harness::runner".to_owned());
        SCENE
            .with_borrow(|scene| scene.clone())
            .ok_or_else(no_runner)
    }
}

/// Tells a story in a fresh tenant: a namespace for it and one that it releases to.
///
/// When the story fails or panics, evidence is taken first. Then what was made is removed in reverse order, unless the
/// run was asked to keep it. A failure to clean up never takes the place of the story's own failure.
///
/// # Errors
///
/// The story's failure; else why the tenant could not be made or removed.
pub fn with_tenant(story: impl AsyncFnOnce(&Tenant) -> Verdict) -> Verdict {
    tell(Credentials::Working, story)
}

/// Tells a story as [`with_tenant`] does, in a tenant that has no credentials for the registry: they are what the story is
/// about.
///
/// # Errors
///
/// As [`with_tenant`].
pub fn with_tenant_without_credentials(story: impl AsyncFnOnce(&Tenant) -> Verdict) -> Verdict {
    tell(Credentials::None, story)
}

/// Tells a story as [`with_tenant`] does, about a registry that is not the deployment's: the tenant has no credentials for any, and
/// nobody makes accounts for it.
///
/// # Errors
///
/// As [`with_tenant`].
pub fn with_tenant_elsewhere(story: impl AsyncFnOnce(&Tenant) -> Verdict) -> Verdict {
    tell(Credentials::Elsewhere, story)
}

fn tell(credentials: Credentials, story: impl AsyncFnOnce(&Tenant) -> Verdict) -> Verdict {
    let scene = Scene::current()?;
    let runtime = scene.runtime.clone();
    scene.journal.begin();
    runtime.block_on(perform(scene, credentials, story))
}

async fn perform(
    scene: Scene,
    credentials: Credentials,
    story: impl AsyncFnOnce(&Tenant) -> Verdict,
) -> Verdict {
    let cleanup = Cleanup::new(scene.deployment.clone(), scene.journal.clone(), scene.keep);
    let (deployment, journal) = (scene.deployment.clone(), scene.journal.clone());
    let tenant = Tenant::new(deployment, journal, cleanup, scene.external.clone());
    let telling = async {
        tenant.create(credentials).await?;
        story(&tenant).await
    };
    let telling = AssertUnwindSafe(telling).catch_unwind();
    let verdict = match scene.interrupted.run_until_cancelled(telling).await {
        None => Err(Failure::Interrupted),
        Some(verdict) => verdict.unwrap_or_else(|panic| Err(panicked(&*panic))),
    };
    match &verdict {
        Ok(()) | Err(Failure::Interrupted) => {}
        Err(failure) => {
            scene
                .journal
                .note("failed; evidence comes before cleaning up");
            evidence::take(&tenant, failure, &scene.evidence).await;
        }
    }
    let cleaned = tenant.into_cleanup().run().await;
    match (verdict, cleaned) {
        (Err(failure), Err(remains)) => {
            scene
                .journal
                .note(format!("cleaning up failed too: {remains}"));
            Err(failure)
        }
        (Ok(()), Err(remains)) => Err(Failure::Cleanup(remains)),
        (verdict, Ok(())) => verdict,
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let words = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Failure::Panicked(words.unwrap_or("without words").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_without_a_runner_says_so() {
        let failure = with_tenant(async |_tenant| Ok(())).unwrap_err();
        assert!(
            failure
                .to_string()
                .contains("not started by harness::runner"),
            "{failure}"
        );
    }

    #[test]
    fn the_words_of_a_panic_become_the_failure() {
        let caught =
            std::panic::catch_unwind(|| std::panic::panic_any("a lie".to_owned())).unwrap_err();
        assert_eq!(panicked(&*caught).to_string(), "panicked: a lie");
    }
}
