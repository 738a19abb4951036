//! `cargo xtask deploy-local`.

mod signals;
mod target;

use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use cluster::{ClusterKind, DeploymentName, DeploymentRecord, Flavour, StateRoot};
use deploy::deployment::Target;
use deploy::plan::Outline;
use deploy::{DeployError, DeployRequest, Deployed, EventSink, Settings, Sources, deployment};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::arguments::{DeployLocal, Format, state_root};
use crate::exit::{Exit, Failure};
use crate::report::{self, say};
use crate::view;
pub(crate) use signals::Signals;

/// Said once by everything that could be mistaken for real Konflux.
pub(crate) fn models(cluster: ClusterKind) -> &'static str {
    match cluster {
        ClusterKind::Embedded => {
            "note: Kubernetes, Tekton and the Konflux controllers here are models (docs/models.md)"
        }
        ClusterKind::Kind | ClusterKind::Existing => {
            "note: the Konflux controllers here are models (docs/models.md)"
        }
    }
}

/// Read when no `--env-file` is given.
const DEFAULT_ENV_FILE: &str = "deploy-local.env";

pub(crate) async fn run(arguments: DeployLocal) -> Result<Exit, Failure> {
    let settings = settings(&arguments)?;
    let root = state_root().map_err(|error| Exit::HostLacks.with(error))?;
    let choice = target::choose(&arguments, &root, &settings).await?;
    let notes = settings
        .for_cluster(choice.cluster, Flavour::StandIns)
        .map_err(|error| Exit::WrongUse.with(error))?;
    say(format!("cluster: {} ({})", choice.cluster, choice.reason));
    notes.iter().for_each(|note| say(format!("note: {note}")));
    if choice.cluster == ClusterKind::Embedded && arguments.sources.is_some() {
        say(
            "note: --sources has no effect: the embedded cluster needs nothing that other projects release",
        );
    }
    let target = target::target(choice.cluster, &arguments, &root, &settings)?;
    if arguments.dry_run {
        return print_plan(&target, arguments.output.output);
    }
    say(models(choice.cluster));
    let deployed = deploy(
        &root,
        arguments.name.name,
        target,
        &settings,
        arguments.keep_going,
        view::best(),
    )
    .await?;
    print_deployed(&deployed, arguments.output.output)?;
    Ok(Exit::Done)
}

/// Deploys with this program as the one that offers the hidden subcommands. An interrupt lets running steps come to an end and says
/// what is left; a second one ends at once. An interrupted command never ends well.
pub(crate) async fn deploy(
    root: &StateRoot,
    name: DeploymentName,
    target: Target,
    settings: &Settings,
    keep_going: bool,
    view: Arc<dyn EventSink>,
) -> Result<Deployed, Failure> {
    let program = std::env::current_exe().map_err(|error| Exit::HostLacks.with(error))?;
    let mut signals = Signals::listen().map_err(|error| Exit::HostLacks.with(error))?;
    let (folder, destroy) = (root.deployment(&name), name.command("destroy"));
    let request = DeployRequest {
        root,
        name,
        target,
        settings,
        program,
        keep_going,
    };
    let cancellation = CancellationToken::new();
    let mut deploying = pin!(deployment::deploy_until_cancelled(
        &request,
        vec![view],
        |holder| say(format!("waiting: {holder}")),
        cancellation.clone(),
    ));
    tokio::select! {
        outcome = &mut deploying => return outcome.map_err(failure),
        signal = signals.next() => say(format!("{signal}: running steps are given a moment to end; {signal} again ends at once")),
    }
    cancellation.cancel();
    tokio::select! {
        outcome = deploying => {
            let deployed = outcome.map_err(failure)?;
            Err(Exit::Failed.with(anyhow::anyhow!(
                "interrupted when everything was done: deployment {} is ready", deployed.record.name
            )))
        }
        signal = signals.next() => Err(Exit::Failed.with(anyhow::anyhow!(
            "{signal} again: ended at once; what was made stays in {}: run the same command again to continue, or `{destroy}` to remove it",
            folder.path().display(),
        ))),
    }
}

fn failure(error: DeployError) -> Failure {
    match error {
        DeployError::Host(_) => Exit::HostLacks.with(error),
        DeployError::Elsewhere { .. } => Exit::WrongUse.with(error),
        DeployError::Steps {
            ref left_behind, ..
        }
        | DeployError::Interrupted {
            ref left_behind, ..
        } => {
            let text = format!("{error}\n{left_behind}");
            Exit::Failed.with(anyhow::anyhow!(text))
        }
        other => Exit::Failed.with(other),
    }
}

fn settings(arguments: &DeployLocal) -> Result<Settings, Failure> {
    let default = PathBuf::from(DEFAULT_ENV_FILE);
    let env_file = arguments
        .env_file
        .clone()
        .or_else(|| default.exists().then_some(default));
    let konflux_cr = arguments
        .konflux_cr
        .iter()
        .map(|path| ("KONFLUX_CR", "KONFLUX_CR".to_owned(), path.clone()));
    let registry_auth = arguments
        .registry_auth
        .iter()
        .map(|auth| ("REGISTRY_AUTH", "--registry-auth".to_owned(), auth.clone()));
    let sources = Sources {
        arguments: konflux_cr.chain(registry_auth).collect(),
        // A variable that is not text cannot be one of ours: their values are checked to be text.
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        env_file,
    };
    Settings::resolve(&sources).map_err(|error| Exit::WrongUse.with(error))
}

fn print_plan(target: &Target, format: Format) -> Result<Exit, Failure> {
    let outline = Outline::of(&target.plan());
    if format == Format::Json {
        report::json(&json!({"cluster": target.cluster(), "steps": outline}))?;
    } else {
        report::result(outline.to_string())?;
    }
    say("dry run: nothing was changed");
    Ok(Exit::Done)
}

fn print_deployed(deployed: &Deployed, format: Format) -> Result<(), Failure> {
    deployed
        .differences
        .iter()
        .for_each(|difference| say(format!("note: {difference}")));
    let name = &deployed.record.name;
    let seconds = seconds(deployed.elapsed);
    say(match deployed.changed.len() {
        0 => format!("deployment {name} was ready already; nothing was changed ({seconds})"),
        1 => format!("deployment {name} is ready ({seconds}, 1 step changed something)"),
        count => format!("deployment {name} is ready ({seconds}, {count} steps changed something)"),
    });
    if format == Format::Json {
        let document = json!({
            "record": deployed.record,
            "changed": deployed.changed,
            "differences": deployed.differences,
            "elapsedMilliseconds": u64::try_from(deployed.elapsed.as_millis()).unwrap_or(u64::MAX),
        });
        return report::json(&document);
    }
    say("");
    access(&deployed.record).iter().for_each(say);
    let timings = deployed
        .record
        .ca_file
        .with_file_name(deploy::timings::PAGE);
    say(format!("  timings     {}", timings.display()));
    let next = ["conformance", "status", "destroy"].map(|command| name.command(command));
    say(format!("  next        {}", next.join("    ")));
    Ok(())
}

/// How to reach a deployment, as commands to paste.
pub(crate) fn access(record: &DeploymentRecord) -> Vec<String> {
    let folder = record.ca_file.parent().unwrap_or(&record.ca_file).display();
    let registry = &record.registry;
    let (asks, login) = match &registry.auth_file {
        None => ("no login", String::new()),
        Some(path) => (
            "asks for a login",
            format!(" --authfile {}", path.display()),
        ),
    };
    vec![
        format!("  kubernetes  {}", record.kubernetes.server),
        format!(
            "              kubectl --kubeconfig {} get namespaces",
            record.kubernetes.kubeconfig.display()
        ),
        format!(
            "  registry    {} ({asks}; in the cluster: {})",
            registry.host_endpoint, registry.in_cluster_host
        ),
        format!(
            "              skopeo inspect --cert-dir {folder}{login} docker://{}/konflux-local/registry-proof:latest",
            registry.host_endpoint
        ),
    ]
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
