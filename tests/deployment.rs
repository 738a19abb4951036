//! The embedded deployment that the suite makes for itself.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use async_trait::async_trait;
use cluster::{DeploymentDirectory, DeploymentName, StateRoot};
use deploy::{DeployRequest, Settings, Sources, deployment};
use harness::evidence::Redactor;
use harness::runner::{OwnDeployment, Target};
use tempfile::TempDir;

/// Makes an embedded deployment on free ports, in a state folder of its own: it runs beside any other deployment, and as
/// often at once as somebody likes.
pub(crate) struct Own {
    folder: TempDir,
    program: PathBuf,
}

impl Own {
    pub(crate) fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("konflux-local-suite-")
            .tempdir()?;
        Ok(Self {
            folder,
            program: std::env::current_exe()?,
        })
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
        let free_port = ("REGISTRY_HOST_PORT", "the suite".to_owned(), "0".to_owned());
        let sources = Sources {
            arguments: vec![free_port],
            ..Default::default()
        };
        let settings = Settings::resolve(&sources).map_err(|error| error.to_string())?;
        let root = self.root();
        let request = DeployRequest {
            root: &root,
            name: Self::name(),
            settings: &settings,
            program: self.program.clone(),
            keep_going: false,
        };
        let directory = root.deployment(&Self::name());
        match deployment::deploy(&request, Vec::new(), |_holder| {}).await {
            Ok(deployed) => Ok(Target {
                record: deployed.record,
                directory,
            }),
            Err(error) => {
                let kept = self.keep_logs(&directory);
                Err(format!(
                    "the suite's own deployment failed: {error}\n{kept}"
                ))
            }
        }
    }

    async fn destroy(&self) -> Result<(), String> {
        let destroyed = deployment::destroy(&self.root(), &Self::name(), |_holder| {}).await;
        destroyed.map(drop).map_err(|error| error.to_string())
    }

    fn evidence(&self) -> PathBuf {
        // One folder per process, so that two runs at once do not mix their evidence.
        Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("evidence")
            .join(std::process::id().to_string())
    }
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
