//! The embedded deployment that the suite makes for itself.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use async_trait::async_trait;
use cluster::embedded::Daemon;
use cluster::host::Environment;
use cluster::{DeploymentDirectory, DeploymentName, DeploymentRecord, StateRoot};
use deploy::{DeployRequest, Settings, Sources, deployment};
use harness::evidence::Redactor;
use harness::runner::{OwnDeployment, Target};
use harness::{Deployment, Failure, Verdict};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tempfile::TempDir;

/// Makes an embedded deployment on free ports, in a state folder of its own: it runs beside any other deployment, and as
/// often at once as somebody likes.
pub(crate) struct Own {
    folder: TempDir,
}

impl Own {
    pub(crate) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("konflux-local-suite-")
            .tempdir()?;
        Ok(Self { folder })
    }

    fn root(&self) -> StateRoot {
        // Below the folder: `destroy` removes a state root that has become empty.
        StateRoot::at(self.folder.path().join("state"))
    }

    /// Saves the logs of a deployment that is about to be destroyed.
    fn keep_logs(&self, directory: &DeploymentDirectory) -> String {
        let folder = self.evidence().join("deployment");
        let keep = |log: &PathBuf| match (std::fs::read_to_string(log), log.file_name()) {
            (Ok(text), Some(name)) => std::fs::create_dir_all(&folder)
                .and_then(|()| std::fs::write(folder.join(name), Redactor::default().clean(&text))),
            // It did not get that far.
            _ => Ok(()),
        };
        match [directory.embedded_log(), directory.events()]
            .iter()
            .try_for_each(keep)
        {
            Ok(()) => format!("its logs: {}", folder.display()),
            Err(error) => format!("its logs could not be kept: {error}"),
        }
    }

    fn name() -> DeploymentName {
        "suite"
            .parse()
            .expect("a lower-case word can name a deployment")
    }
}

#[async_trait]
impl OwnDeployment for Own {
    async fn deploy(&self) -> Result<Target, String> {
        let directory = self.root().deployment(&Self::name());
        match deploy(&self.root(), Self::name()).await {
            Ok(record) => Ok(Target { record, directory }),
            Err(error) => Err(format!(
                "the suite's own deployment failed: {error}\n{}",
                self.keep_logs(&directory)
            )),
        }
    }

    async fn destroy(&self) -> Result<(), String> {
        let environment = Environment::of_this_process();
        let destroyed =
            deployment::destroy(&self.root(), &Self::name(), &environment, |_holder| {}).await;
        destroyed.map(drop).map_err(|error| error.to_string())
    }

    fn evidence(&self) -> PathBuf {
        // One folder per process, so that two runs at once do not mix their evidence.
        Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("evidence")
            .join(std::process::id().to_string())
    }
}

/// Deploys on any free port, or mends what is there: this very program is the embedded cluster's.
async fn deploy(root: &StateRoot, name: DeploymentName) -> Result<DeploymentRecord, String> {
    let setting = |name, value: &str| (name, "the suite".to_owned(), value.to_owned());
    // With a login, so that everything is tested; a registry without one asks less of everybody.
    let sources = Sources {
        arguments: vec![
            setting("REGISTRY_HOST_PORT", "0"),
            setting("REGISTRY_AUTH", "htpasswd"),
        ],
        ..Default::default()
    };
    let settings = Settings::resolve(&sources).map_err(|error| error.to_string())?;
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let request = DeployRequest {
        root,
        name,
        target: deployment::Target::Embedded,
        settings: &settings,
        program,
        keep_going: false,
    };
    let deployed = deployment::deploy(&request, Vec::new(), |_holder| {}).await;
    deployed
        .map(|deployed| deployed.record)
        .map_err(|error| error.to_string())
}

/// Kills the process of an embedded deployment with SIGKILL, and waits until it is gone.
pub(crate) fn kill(deployment: &Deployment) -> Verdict {
    let failed = |why: String| {
        Failure::Scenario(format!("the deployment's process cannot be killed: {why}"))
    };
    let running = Daemon::of(&deployment.directory)
        .find()
        .map_err(|error| failed(error.to_string()))?;
    let pid = running.and_then(|running| Pid::from_raw(i32::try_from(running.pid).ok()?));
    let pid = pid.ok_or_else(|| failed("it does not run".to_owned()))?;
    rustix::process::kill_process(pid, Signal::KILL).map_err(|error| failed(error.to_string()))?;
    // The process is a child of this one. Whoever collects it first, it is gone then.
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    match rustix::process::waitid(WaitId::Pid(pid), options) {
        Ok(_) | Err(Errno::CHILD) => Ok(()),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Deploys again where a deployment is, as a person does after a crash.
pub(crate) async fn mend(deployment: &Deployment) -> Verdict {
    let failed = |why: String| Failure::Scenario(format!("the deployment cannot be mended: {why}"));
    let root = deployment.directory.path().parent().map(StateRoot::at);
    let root = root.ok_or_else(|| failed("it has no state root".to_owned()))?;
    let mended = deploy(&root, deployment.record.name.clone())
        .await
        .map_err(failed)?;
    if mended.kubernetes == deployment.record.kubernetes
        && mended.registry == deployment.record.registry
    {
        return Ok(());
    }
    Err(failed(format!(
        "it came back under other addresses: {:?}",
        mended.registry
    )))
}

/// The suite cannot even begin.
#[expect(
    clippy::print_stderr,
    reason = "there is no runner yet that could print it"
)]
pub(crate) fn refuse(error: &io::Error) -> ExitCode {
    eprintln!("error: cannot make a folder for the suite's own deployment: {error}");
    ExitCode::FAILURE
}
