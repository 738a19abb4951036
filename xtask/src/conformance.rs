//! `cargo xtask conformance`: builds the scenario program, points it at a deployment, and passes its verdict on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, anyhow, bail};
use cluster::host::Environment;
use cluster::state::LockHolder;
use cluster::{ClusterKind, DeploymentName, StateRoot};
use deploy::deployment::Target;
use deploy::{Settings, Sources, deployment};
use harness::runner::{RegistrySetting, Request};
use serde::Deserialize;
use xshell::{Shell, cmd};

use crate::arguments::{Conformance, state_root};
use crate::deploy_local::{self, Signals, models};
use crate::exit::{Exit, Failure};
use crate::report::say;
use crate::view;

pub(crate) async fn run(arguments: Conformance) -> Result<Exit, Failure> {
    // The scenario program reads it again; here it is judged before anything is built or made.
    RegistrySetting::from_environment().map_err(|error| Exit::WrongUse.with(error))?;
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let program = scenario_program().map_err(|error| Exit::HostLacks.with(error))?;
    let name = arguments.name.clone().unwrap_or_default();
    let request = request(&arguments, &root, &name)?;
    if arguments.list {
        return run_program(&program, &request).await;
    }
    let directory = root.deployment(&name);
    let waiting = |holder: &LockHolder| say(format!("waiting: {holder}"));
    if directory.path().exists() {
        let _in_use = deployment::lock_for_use(&directory, "conformance", waiting)
            .await
            .map_err(|error| Exit::Failed.with(error))?;
        let recorded = directory
            .read_record()
            .map_err(|error| Exit::Failed.with(error))?;
        if let Some(recorded) = recorded {
            say(format!("scenarios run against deployment {name}"));
            say(models(recorded.cluster));
            return run_program(&program, &request).await;
        }
    }
    if arguments.name.is_some() || arguments.keep {
        let error = anyhow!(
            "there is no deployment called {name}; `{}` makes one",
            name.command("deploy-local")
        );
        return Err(Exit::WrongUse.with(error));
    }
    if !matches(&program, &request)? {
        let patterns = request.scenarios.join("`, `");
        say(format!(
            "nothing ran: no scenario matches `{patterns}`; `cargo xtask conformance --list` shows all"
        ));
        return Ok(Exit::NothingRan);
    }
    run_on_own_deployment(&root, &program, request).await
}

fn request(
    arguments: &Conformance,
    root: &StateRoot,
    name: &DeploymentName,
) -> Result<Request, Failure> {
    let report_dir = arguments
        .report_dir
        .as_ref()
        .map(std::path::absolute)
        .transpose();
    Ok(Request {
        state_root: Some(root.path().to_owned()),
        name: Some(name.clone()),
        scenarios: arguments.scenarios.clone(),
        report_dir: report_dir.map_err(|error| Exit::WrongUse.with(error))?,
        keep: arguments.keep,
        list: arguments.list,
    })
}

/// Makes a deployment for this run and destroys it; the evidence of failures stays, outside of it.
async fn run_on_own_deployment(
    root: &StateRoot,
    program: &Path,
    mut request: Request,
) -> Result<Exit, Failure> {
    let name: DeploymentName = format!("conformance-{}", std::process::id())
        .parse()
        .map_err(|error| Exit::Failed.with(anyhow::Error::new(error)))?;
    say(format!(
        "there is no deployment; {name} is made for this run"
    ));
    say(models(ClusterKind::Embedded));
    request.name = Some(name.clone());
    if request.report_dir.is_none() {
        request.report_dir =
            Some(fresh_report_folder(program).map_err(|error| Exit::HostLacks.with(error))?);
    }
    let outcome = deploy_and_run(root, &name, program, &request).await;
    let environment = Environment::of_this_process();
    let waiting = |holder: &LockHolder| say(format!("waiting: {holder}"));
    let destroyed = deployment::destroy(root, &name, &environment, waiting).await;
    if let Err(error) = &destroyed {
        say(format!(
            "warning: deployment {name} was not destroyed: {error}"
        ));
    }
    let exit = outcome?;
    destroyed.map_err(|error| Exit::Failed.with(error))?;
    Ok(exit)
}

/// `target/conformance`, emptied: the deployment is destroyed after the run, and evidence in it would be too.
fn fresh_report_folder(program: &Path) -> anyhow::Result<PathBuf> {
    let target = program
        .ancestors()
        .nth(3)
        .context("cargo puts programs below its target folder")?;
    let folder = target.join("conformance");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    Ok(folder)
}

/// Does any scenario match? Asked before a deployment is made for nothing; the program says what is wrong.
fn matches(program: &Path, request: &Request) -> Result<bool, Failure> {
    let list = Request {
        list: true,
        ..request.clone()
    };
    let variable = serde_json::to_string(&list).map_err(|error| Exit::Failed.with(error))?;
    let status = Command::new(program)
        .env(Request::VARIABLE, variable)
        .stdout(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", program.display()))
        .map_err(|error| Exit::HostLacks.with(error))?;
    Ok(status.code() != Some(4))
}

async fn deploy_and_run(
    root: &StateRoot,
    name: &DeploymentName,
    program: &Path,
    request: &Request,
) -> Result<Exit, Failure> {
    let setting = |name: &'static str, value: &str| (name, name.to_owned(), value.to_owned());
    // With a login, so that the scenarios about credentials run too.
    let sources = Sources {
        arguments: vec![
            setting("REGISTRY_HOST_PORT", "0"),
            setting("REGISTRY_AUTH", "htpasswd"),
        ],
        ..Default::default()
    };
    let settings = Settings::resolve(&sources).map_err(|error| Exit::WrongUse.with(error))?;
    deploy_local::deploy(
        root,
        name.clone(),
        Target::Embedded,
        &settings,
        false,
        view::best(),
    )
    .await?;
    run_program(program, request).await
}

fn pass_on_termination(child: &tokio::process::Child) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = pid.and_then(rustix::process::Pid::from_raw) {
        // It may be gone already, which is what was asked of it.
        let _gone_already = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
}

/// Runs the scenario program and translates its exit code, which follows the same table. Ctrl-C reaches it too, as it shares our
/// terminal, and SIGTERM is passed on; we wait for it, so that a deployment of its own is destroyed afterwards.
async fn run_program(program: &Path, request: &Request) -> Result<Exit, Failure> {
    let variable = serde_json::to_string(request).map_err(|error| Exit::Failed.with(error))?;
    let mut child = tokio::process::Command::new(program)
        .env(Request::VARIABLE, variable)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))
        .map_err(|error| Exit::HostLacks.with(error))?;
    let mut signals = Signals::listen().map_err(|error| Exit::HostLacks.with(error))?;
    let status = loop {
        let name = tokio::select! {
            status = child.wait() => break status.map_err(|error| Exit::Failed.with(error))?,
            name = signals.next() => name,
        };
        say(format!("{name}: waiting for the scenarios to clean up"));
        if name == Signals::TERMINATE {
            pass_on_termination(&child);
        }
    };
    match status.code() {
        Some(0) => Ok(Exit::Done),
        Some(1) => Ok(Exit::Failed),
        Some(4) => Ok(Exit::NothingRan),
        _ => Err(Exit::Failed.with(anyhow::anyhow!(
            "the scenario program ended with {status}, which is a defect of it"
        ))),
    }
}

/// Compiles the scenarios, unless they are, and finds the program.
fn scenario_program() -> anyhow::Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        executable: Option<PathBuf>,
        target: Option<Target>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let shell = Shell::new()?;
    shell.change_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let build = cmd!(
        shell,
        "{cargo} test --quiet --package conformance --test scenarios --no-run --message-format=json-render-diagnostics"
    );
    let mut build = Command::from(build);
    // `cargo run` describes our package in the environment. Build scripts that look at it would run again for the
    // inner cargo, and once more for the next outer one.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&name);
        }
    }
    let output = build
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!("the scenarios do not compile; cargo's messages are above");
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut programs = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .filter(|message| {
            message.reason == "compiler-artifact"
                && message
                    .target
                    .as_ref()
                    .is_some_and(|target| target.name == "scenarios")
        })
        .filter_map(|message| message.executable);
    programs
        .next()
        .context("cargo compiled the scenarios and did not say where the program is")
}
