//! `cargo xtask conformance`: builds the scenario program, points it at a deployment, and passes its verdict on.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};
use cluster::{DeploymentName, StateRoot};
use deploy::{Settings, Sources, deployment};
use harness::runner::Request;
use serde::Deserialize;
use xshell::{Shell, cmd};

use crate::arguments::{Conformance, state_root};
use crate::deploy_local::{self, MODELS};
use crate::exit::{Exit, Failure};
use crate::report::say;
use crate::view;

pub(crate) async fn run(arguments: Conformance) -> Result<Exit, Failure> {
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let program = scenario_program().map_err(|error| Exit::HostLacks.with(error))?;
    let request = |root: &StateRoot, name: DeploymentName| -> Result<Request, Failure> {
        let report_dir = arguments
            .report_dir
            .as_ref()
            .map(std::path::absolute)
            .transpose();
        Ok(Request {
            state_root: Some(root.path().to_owned()),
            name: Some(name),
            scenarios: arguments.scenarios.clone(),
            report_dir: report_dir.map_err(|error| Exit::WrongUse.with(error))?,
            keep: arguments.keep,
            list: arguments.list,
        })
    };
    if arguments.list {
        return run_program(&program, &request(&root, DeploymentName::default())?).await;
    }
    let name = arguments.name.clone().unwrap_or_default();
    let recorded = root
        .deployment(&name)
        .read_record()
        .map_err(|error| Exit::Failed.with(error))?;
    if recorded.is_some() {
        say(format!("scenarios run against deployment {name}"));
        say(MODELS);
        return run_program(&program, &request(&root, name)?).await;
    }
    if arguments.name.is_some() {
        return Err(Exit::WrongUse.with(anyhow::anyhow!("there is no deployment called {name}; `cargo xtask deploy-local --name {name}` makes one")));
    }
    let name: DeploymentName = format!("conformance-{}", std::process::id())
        .parse()
        .map_err(|error| Exit::Failed.with(anyhow::Error::new(error)))?;
    say(format!(
        "there is no deployment; {name} is made for this run"
    ));
    say(MODELS);
    let outcome = deploy_and_run(&root, &name, &program, &request(&root, name.clone())?).await;
    let destroyed =
        deployment::destroy(&root, &name, |holder| say(format!("waiting: {holder}"))).await;
    if let Err(error) = &destroyed {
        say(format!(
            "warning: deployment {name} was not destroyed: {error}"
        ));
    }
    let exit = outcome?;
    destroyed.map_err(|error| Exit::Failed.with(error))?;
    Ok(exit)
}

async fn deploy_and_run(
    root: &StateRoot,
    name: &DeploymentName,
    program: &PathBuf,
    request: &Request,
) -> Result<Exit, Failure> {
    let any_port = (
        "REGISTRY_HOST_PORT",
        "REGISTRY_HOST_PORT".to_owned(),
        "0".to_owned(),
    );
    let sources = Sources {
        arguments: vec![any_port],
        ..Default::default()
    };
    let settings = Settings::resolve(&sources).map_err(|error| Exit::WrongUse.with(error))?;
    deploy_local::deploy(root, name.clone(), &settings, false, view::best()).await?;
    run_program(program, request).await
}

/// Runs the scenario program and translates its exit code, which follows the same table. An interrupt reaches it too,
/// as it shares our terminal; we wait for it, so that a deployment of its own is destroyed afterwards.
async fn run_program(program: &PathBuf, request: &Request) -> Result<Exit, Failure> {
    let variable = serde_json::to_string(request).map_err(|error| Exit::Failed.with(error))?;
    let mut child = tokio::process::Command::new(program)
        .env(Request::VARIABLE, variable)
        .spawn()
        .with_context(|| format!("cannot start {}", program.display()))
        .map_err(|error| Exit::HostLacks.with(error))?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|error| Exit::Failed.with(error))?,
            _ = tokio::signal::ctrl_c() => say("interrupted; waiting for the scenarios to clean up"),
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
    let output = Command::from(build)
        .stderr(std::process::Stdio::inherit())
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
