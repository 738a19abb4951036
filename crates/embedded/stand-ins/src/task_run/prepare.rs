//! Everything a TaskRun's steps need on this host, before the first of them starts.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use k8s_openapi::api::core::v1::{ConfigMap, EnvVar, Secret};
use kube::Api;

use super::{
    files::{TaskFiles, at},
    identity::Identity,
    log,
    path_map::PathMap,
    plan::{RESULTS_PATH, TaskPlan, invalid},
    plan_step::StepPlan,
    process::StepCommand,
    registry_endpoints,
};
use crate::{context::Context, error::ReconcileError, options::StepEnvironment, tekton::Failure};

const SERVICE_ACCOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Where and for whom steps are prepared.
pub(crate) struct Preparation<'a> {
    pub(crate) context: &'a Context,
    pub(crate) environment: &'a StepEnvironment,
    pub(crate) namespace: &'a str,
    pub(crate) log_directory: &'a Path,
}

/// A TaskRun that can start. Its files are removed when this is dropped.
pub(crate) struct PreparedTask {
    /// The directory of the TaskRun.
    pub(crate) root: PathBuf,
    /// Where steps write results.
    pub(crate) results: PathBuf,
    /// The steps, in order.
    pub(crate) steps: Vec<PreparedStep>,
    _files: TaskFiles,
}

/// A step that can start.
pub(crate) struct PreparedStep {
    pub(crate) command: StepCommand,
    pub(crate) log: PathBuf,
}

impl Preparation<'_> {
    /// Writes the files of a TaskRun below `root` and completes the commands of its steps.
    pub(crate) async fn prepare(
        &self,
        root: PathBuf,
        plan: &TaskPlan,
        identity: &Identity,
    ) -> Result<Result<PreparedTask, Failure>, ReconcileError> {
        let mut files = TaskFiles::create(root.clone())?;
        let mut shared = PathMap::default();
        let results = files.directory("results")?;
        shared.insert(RESULTS_PATH, results.clone());
        let account = files.directory("service-account")?;
        files.write("service-account/token", identity.token.as_bytes())?;
        files.write(
            "service-account/ca.crt",
            self.environment.kubernetes.ca_pem.as_bytes(),
        )?;
        files.write("service-account/namespace", self.namespace.as_bytes())?;
        shared.insert(SERVICE_ACCOUNT_PATH, account.clone());
        for mount in &plan.workspaces {
            match files.mount(self.context, self.namespace, mount).await? {
                Ok(directory) => shared.insert(&mount.path, directory),
                Err(failure) => return Ok(Err(failure)),
            }
        }
        let mut of_all = self.environment.environment.clone();
        let client = self.context.client.clone();
        if let Err(failure) = registry_endpoints::add(client, self.namespace, &mut of_all).await? {
            return Ok(Err(failure));
        }
        let mut steps = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let mut paths = shared.clone();
            for mount in &step.mounts {
                match files.mount(self.context, self.namespace, mount).await? {
                    Ok(directory) => paths.insert(&mount.path, directory),
                    Err(failure) => return Ok(Err(failure)),
                }
            }
            let home = self.home(&files, step, identity)?;
            let own = match self.variables(step).await? {
                Ok(own) => own,
                Err(failure) => return Ok(Err(failure)),
            };
            let directory = match &step.working_dir {
                None => files.directory("work")?,
                Some(path) => match paths.directory(path) {
                    Some(directory) => directory,
                    None => {
                        let message = format!(
                            "step {:?}: workingDir {path} is in none of its mounts",
                            step.name
                        );
                        return Ok(Err(invalid(message)));
                    }
                },
            };
            let (log, file) = self.log(step, identity)?;
            let mut environment = of_all.clone();
            environment.extend(self.variables_of_pods(&account, &home));
            environment.extend(
                own.into_iter()
                    .map(|(name, value)| (name, paths.rewrite(&value))),
            );
            let command = StepCommand {
                program: self.environment.probe_command.clone(),
                arguments: step
                    .arguments
                    .iter()
                    .map(|argument| paths.rewrite(argument))
                    .collect(),
                environment,
                directory,
                log: file,
            };
            steps.push(PreparedStep { command, log });
        }
        Ok(Ok(PreparedTask {
            root,
            results,
            steps,
            _files: files,
        }))
    }

    fn log(&self, step: &StepPlan, identity: &Identity) -> Result<(PathBuf, File), ReconcileError> {
        let lines: Vec<String> = identity.credentials_problem.iter().cloned().collect();
        log::create(self.log_directory, &step.container, &lines)
    }

    /// The step's home, with the registry credentials in `.docker/config.json`.
    fn home(
        &self,
        files: &TaskFiles,
        step: &StepPlan,
        identity: &Identity,
    ) -> Result<PathBuf, ReconcileError> {
        let name = format!("homes/{}", step.name);
        let home = files.directory(&name)?;
        if let Some(config) = &identity.docker_config {
            let path = files
                .directory(&format!("{name}/.docker"))?
                .join("config.json");
            config
                .write_to(&path)
                .map_err(|error| at(&path, std::io::Error::other(error.to_string())))?;
        }
        Ok(home)
    }

    fn variables_of_pods(&self, account: &Path, home: &Path) -> [(String, String); 4] {
        let kubernetes = &self.environment.kubernetes;
        let own = [
            ("HOME", home.to_string_lossy().into_owned()),
            ("KUBERNETES_SERVICE_HOST", kubernetes.host.clone()),
            ("KUBERNETES_SERVICE_PORT", kubernetes.port.to_string()),
            (
                "KUBERNETES_SERVICE_ACCOUNT_DIR",
                account.to_string_lossy().into_owned(),
            ),
        ];
        own.map(|(name, value)| (name.to_owned(), value))
    }

    async fn variables(
        &self,
        step: &StepPlan,
    ) -> Result<Result<Vec<(String, String)>, Failure>, ReconcileError> {
        let mut variables = Vec::new();
        for variable in &step.env {
            match self.value(variable).await? {
                Ok(Some(value)) => variables.push((variable.name.clone(), value)),
                Ok(None) => {}
                Err(failure) => return Ok(Err(failure)),
            }
        }
        Ok(Ok(variables))
    }

    /// The value of a variable; `None` when its optional source does not exist.
    async fn value(
        &self,
        variable: &EnvVar,
    ) -> Result<Result<Option<String>, Failure>, ReconcileError> {
        let client = || self.context.client.clone();
        let Some(source) = &variable.value_from else {
            return Ok(Ok(Some(variable.value.clone().unwrap_or_default())));
        };
        let (kind, name, key, optional, value) = if let Some(reference) = &source.secret_key_ref {
            let secrets: Api<Secret> = Api::namespaced(client(), self.namespace);
            let secret = secrets.get_opt(&reference.name).await?;
            let bytes = secret
                .and_then(|secret| secret.data?.remove(&reference.key))
                .map(|bytes| bytes.0);
            let value = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            (
                "Secret",
                &reference.name,
                &reference.key,
                reference.optional,
                value,
            )
        } else if let Some(reference) = &source.config_map_key_ref {
            let config_maps: Api<ConfigMap> = Api::namespaced(client(), self.namespace);
            let config_map = config_maps.get_opt(&reference.name).await?;
            let value = config_map.and_then(|config_map| config_map.data?.remove(&reference.key));
            (
                "ConfigMap",
                &reference.name,
                &reference.key,
                reference.optional,
                value,
            )
        } else {
            return Ok(Ok(None));
        };
        if value.is_none() && optional != Some(true) {
            let message = format!(
                "the variable {} needs the key {key:?} of the {kind} {name:?} in the namespace {:?}, which does not exist",
                variable.name, self.namespace
            );
            return Ok(Err(Failure::new("CreateContainerConfigError", message)));
        }
        Ok(Ok(value))
    }
}
