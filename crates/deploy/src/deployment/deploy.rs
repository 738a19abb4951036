//! `deploy-local`: from a request to a recorded, ready deployment.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cluster::embedded::{Daemon, DaemonError};
use cluster::host::{clock, disk, ports};
use cluster::state::{DeploymentLock, LockError, LockHolder, RecordError, RootError};
use cluster::{ClusterKind, DeploymentDirectory, DeploymentName, DeploymentRecord, StateRoot};
use tokio_util::sync::CancellationToken;

use super::Target;
use super::choose::choose;
use crate::events::{EventSink, Events, JsonLines};
use crate::plan::{self, Conduct, Finished, Interruption, StepFailure};
use crate::settings::Settings;
use crate::steps::DeployContext;
use crate::steps::kind::HOST;
use crate::timings;

/// What is asked of `deploy-local`; the flavour is decided.
#[derive(Debug)]
pub struct DeployRequest<'a> {
    /// Where state lives.
    pub root: &'a StateRoot,
    /// The deployment's name.
    pub name: DeploymentName,
    /// Where to deploy.
    pub target: Target,
    /// Checked settings.
    pub settings: &'a Settings,
    /// The program that offers the hidden subcommands: the running one.
    pub program: PathBuf,
    /// Go on with independent steps after a failure.
    pub keep_going: bool,
}

/// A ready deployment.
#[derive(Debug)]
pub struct Deployed {
    /// Its record.
    pub record: DeploymentRecord,
    /// Names of the steps that changed something; empty when everything was as it should be.
    pub changed: Vec<&'static str>,
    /// What was asked and is different in the deployment that exists; nothing of it was changed.
    pub differences: Vec<String>,
    /// From the request to readiness.
    pub elapsed: Duration,
}

/// `deploy-local` did not end with a ready deployment.
#[derive(Debug, thiserror::Error)]
pub enum DeployError {
    /// The host lacks something. Nothing was created.
    #[error("{0}")]
    Host(#[from] HostError),
    /// The lock cannot be used.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The record of an earlier run cannot be used.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The background process cannot be judged.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// The deployment is on another cluster than the one that is asked for.
    #[error(
        "deployment {name} is on the {there} cluster, and the {asked} cluster is asked for: `{}` removes it, another --name leaves it",
        .name.command("destroy")
    )]
    Elsewhere {
        /// The deployment.
        name: DeploymentName,
        /// Where it is.
        there: ClusterKind,
        /// What is asked for.
        asked: ClusterKind,
    },
    /// The deployment's folder cannot be used.
    #[error("cannot create {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Steps failed.
    #[error("{}", failures(.failed))]
    Steps {
        /// The failed steps with their errors.
        failed: Vec<StepFailure>,
        /// What stays behind, and what to do with it.
        left_behind: String,
    },
    /// It was interrupted, and left something undone.
    #[error("{}{interruption}", lines(.failed))]
    Interrupted {
        /// What was left undone.
        interruption: Interruption,
        /// Steps that had failed before.
        failed: Vec<StepFailure>,
        /// What stays behind, and what to do with it.
        left_behind: String,
    },
    /// It was interrupted before it changed anything.
    #[error("interrupted; nothing was changed")]
    InterruptedBefore,
}

/// What the host lacks.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The state folder.
    #[error(transparent)]
    State(#[from] RootError),
    /// A plausible clock.
    #[error(transparent)]
    Clock(#[from] clock::ImplausibleClock),
    /// Free space.
    #[error(transparent)]
    Disk(#[from] disk::DiskError),
    /// A free port.
    #[error(transparent)]
    Port(#[from] ports::PortTaken),
    /// What the first step looks at.
    #[error("{0}")]
    Unfit(String),
}

/// Deploys, or completes and repairs what an earlier run left, or finds everything as it should be.
///
/// # Errors
///
/// [`DeployError`]. After [`DeployError::Host`] nothing was created.
pub async fn deploy(
    request: &DeployRequest<'_>,
    views: Vec<Arc<dyn EventSink>>,
    waiting: impl Fn(&LockHolder),
) -> Result<Deployed, DeployError> {
    deploy_until_cancelled(request, views, waiting, CancellationToken::new()).await
}

/// As [`deploy`], until somebody cancels it: steps that run are given a moment, and what is left is said.
///
/// # Errors
///
/// [`DeployError`]. After [`DeployError::Host`] and [`DeployError::InterruptedBefore`] nothing was created.
pub async fn deploy_until_cancelled(
    request: &DeployRequest<'_>,
    views: Vec<Arc<dyn EventSink>>,
    waiting: impl Fn(&LockHolder),
    cancellation: CancellationToken,
) -> Result<Deployed, DeployError> {
    let begun = Instant::now();
    request.root.ensure_writable().map_err(HostError::from)?;
    let directory = request.root.deployment(&request.name);
    let lock = super::lock(&directory, "deploy-local", waiting);
    let lock = match cancellation.run_until_cancelled(lock).await {
        Some(lock) => lock?,
        None => return Err(DeployError::InterruptedBefore),
    };
    let earlier = directory.read_record()?;
    let asked = request.target.cluster();
    if let Some(earlier) = &earlier
        && earlier.cluster != asked
    {
        return Err(DeployError::Elsewhere {
            name: request.name.clone(),
            there: earlier.cluster,
            asked,
        });
    }
    let chosen = choose(request, &directory, earlier.as_ref())?;
    let is_new = !directory.path().exists();
    let forget = |lock: DeploymentLock| {
        // Nothing was created but the lock, and that goes too, as far as it can.
        let _stays = lock.remove();
        let _not_empty = fs::remove_dir(request.root.path());
    };
    let port = (asked == ClusterKind::Embedded).then_some(chosen.ports.registry);
    if Daemon::of(&directory).find()?.is_none()
        && let Err(refusal) = check_host(request.root, port)
    {
        if is_new {
            forget(lock);
        }
        return Err(refusal.into());
    }
    create_folders(&directory)?;

    let mut sinks = views;
    let events = directory.events();
    let lines = JsonLines::open(&events).map_err(|source| DeployError::Folder {
        path: events.clone(),
        source,
    })?;
    sinks.push(Arc::new(lines));
    let context = DeployContext::new(
        request.name.clone(),
        directory.clone(),
        request.program.clone(),
        chosen.registry_auth,
    );
    let plan = request.target.plan_on(chosen.ports);
    let conduct = Conduct {
        keep_going: request.keep_going,
        cancellation,
        evidence: Some(directory.evidence()),
        ..Conduct::default()
    };
    let finished = plan::run(&plan, &context, &Events::new(sinks), &conduct).await;
    if is_new && let Some(lacks) = only_the_host(&finished) {
        // It was judged before anything was touched.
        let _stays = fs::remove_dir_all(directory.path());
        forget(lock);
        return Err(HostError::Unfit(lacks).into());
    }
    if let Err(error) = timings::write(&events) {
        // A view of the run, never a reason for it to fail.
        tracing::warn!("{error}");
    }
    conclude(
        &context,
        &directory,
        finished,
        earlier,
        chosen.differences,
        begun,
    )
}

/// The cluster's own data holds Secrets, keys and credentials of steps: nobody else may look into it.
fn create_folders(directory: &DeploymentDirectory) -> Result<(), DeployError> {
    let data = directory.data();
    fs::create_dir_all(&data)
        .and_then(|()| fs::set_permissions(&data, fs::Permissions::from_mode(0o700)))
        .map_err(|source| DeployError::Folder { path: data, source })
}

/// Writes down how it ended.
fn conclude(
    context: &DeployContext,
    directory: &DeploymentDirectory,
    finished: Finished,
    earlier: Option<DeploymentRecord>,
    differences: Vec<String>,
    begun: Instant,
) -> Result<Deployed, DeployError> {
    let complete = finished.complete();
    let record = context.connected().map(|connection| {
        let mut record = connection.record.clone();
        record.steps_done = finished.done.iter().map(ToString::to_string).collect();
        record.complete = complete;
        record
    });
    match record {
        Some(record) if complete => {
            // Steps end in any order; an unchanged deployment keeps its file to the byte.
            let unchanged =
                finished.changed.is_empty() && earlier.is_some_and(|earlier| earlier.complete);
            if !unchanged {
                directory.write_record(&record)?;
            }
            Ok(Deployed {
                record,
                changed: finished.changed,
                differences,
                elapsed: begun.elapsed(),
            })
        }
        partial => {
            if let Some(record) = &partial {
                directory.write_record(record)?;
            }
            let left = match (&partial, &earlier) {
                (Some(_), _) => Left::Running,
                (None, Some(_)) if finished.changed.is_empty() => Left::AsItWas,
                _ => Left::Incomplete,
            };
            let left_behind = left_behind(&context.name, directory, left);
            let failed = finished.failed;
            Err(match finished.interrupted {
                Some(interruption) => DeployError::Interrupted {
                    interruption,
                    failed,
                    left_behind,
                },
                None => DeployError::Steps {
                    failed,
                    left_behind,
                },
            })
        }
    }
}

/// What a run that did not come to its end leaves.
#[derive(Clone, Copy)]
enum Left {
    /// A cluster that it talked to.
    Running,
    /// A deployment of an earlier run, to which nothing was done.
    AsItWas,
    Incomplete,
}

fn left_behind(name: &DeploymentName, directory: &DeploymentDirectory, left: Left) -> String {
    let path = directory.path().display();
    let what = match left {
        Left::Running => "the cluster is running and",
        Left::Incomplete => "the deployment is incomplete;",
        Left::AsItWas => {
            return format!(
                "the deployment in {path} is as it was before; `{}` removes it",
                name.command("destroy")
            );
        }
    };
    format!(
        "{what} {path} keeps what was made, and timings.html in it shows where the time went; run the same command again to continue, or `{}` to remove it all",
        name.command("destroy")
    )
}

fn check_host(root: &StateRoot, port: Option<u16>) -> Result<(), HostError> {
    clock::check(SystemTime::now())?;
    disk::check(root.path())?;
    if let Some(port) = port {
        ports::check_free(port)?;
    }
    Ok(())
}

/// What the host lacks, when nothing but judging it was done.
fn only_the_host(finished: &Finished) -> Option<String> {
    match finished.failed.as_slice() {
        [failure] if failure.step == HOST => Some(failure.to_string()),
        _ => None,
    }
}

fn failures(failed: &[StepFailure]) -> String {
    lines(failed).trim_end().to_owned()
}

/// One failure after the other, each with its last line ended.
fn lines(failed: &[StepFailure]) -> String {
    failed
        .iter()
        .map(|failure| format!("{failure}\n"))
        .collect()
}
